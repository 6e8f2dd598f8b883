"""Servers to talk to: one that runs already, or our own."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

START_SECONDS = 60


class NotStarted(Exception):
    """The server ended, or was not ready in time."""


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=5) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


class Server:
    """A server of our own, started when entered and stopped when left."""

    def __init__(self, *options: str, data: Path | None = None) -> None:
        self.temporary = Path(tempfile.mkdtemp(prefix="kokuin-interop-"))
        self.data = data or self.temporary / "data"
        self.tsa = f"http://127.0.0.1:{free_port()}"
        self.seal = f"http://127.0.0.1:{free_port()}"
        self.options = options

    def __enter__(self) -> "Server":
        command = [os.environ["KOKUIN_BIN"], "serve", "--dev", "--data", str(self.data), *self.options]
        command += ["--tsa-listen", self.tsa.removeprefix("http://")]
        command += ["--seal-listen", self.seal.removeprefix("http://")]
        self.log = open(self.temporary / "server.log", "wb")
        self.process = subprocess.Popen(command, stdout=self.log, stderr=subprocess.STDOUT, cwd=self.temporary)
        deadline = time.monotonic() + START_SECONDS
        while not (is_ready(self.tsa) and is_ready(self.seal)):
            if self.process.poll() is not None or time.monotonic() > deadline:
                said = (self.temporary / "server.log").read_text(errors="replace")
                self.__exit__()
                raise NotStarted(f"{' '.join(command)} did not get ready:\n{said}")
            time.sleep(0.05)
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
        shutil.rmtree(self.temporary, ignore_errors=True)


class RunningServer:
    """A server that runs already, named by the environment; it is left alone."""

    def __init__(self, data: str, tsa: str, seal: str) -> None:
        self.data, self.tsa, self.seal = Path(data), tsa.rstrip("/"), seal.rstrip("/")

    def __enter__(self) -> "RunningServer":
        return self

    def __exit__(self, *_: object) -> None:
        pass


def from_environment() -> Server | RunningServer:
    given = [os.environ.get(name) for name in ("DATA", "TSA_URL", "SEAL_URL")]
    return RunningServer(*given) if all(given) else Server()
