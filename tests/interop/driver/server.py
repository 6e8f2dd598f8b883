"""A server to talk to: the one named by the environment, or one of our own."""

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
    """Started when entered, stopped when left; a server that ran before is left alone."""

    def __init__(self) -> None:
        given = [os.environ.get(name) for name in ("DATA", "TSA_URL", "SEAL_URL")]
        self.process: subprocess.Popen[bytes] | None = None
        self.temporary: Path | None = None
        if all(given):
            self.data, self.tsa, self.seal = Path(given[0]), given[1].rstrip("/"), given[2].rstrip("/")
            return
        self.temporary = Path(tempfile.mkdtemp(prefix="kokuin-interop-"))
        self.data = self.temporary / "data"
        self.tsa = f"http://127.0.0.1:{free_port()}"
        self.seal = f"http://127.0.0.1:{free_port()}"

    def __enter__(self) -> "Server":
        if self.temporary is None:
            return self
        command = [os.environ["KOKUIN_BIN"], "serve", "--dev", "--data", str(self.data)]
        command += ["--tsa-listen", self.tsa.removeprefix("http://")]
        command += ["--seal-listen", self.seal.removeprefix("http://")]
        self.log = open(self.temporary / "server.log", "wb")
        self.process = subprocess.Popen(command, stdout=self.log, stderr=subprocess.STDOUT, cwd=self.temporary)
        deadline = time.monotonic() + START_SECONDS
        while not (is_ready(self.tsa) and is_ready(self.seal)):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise SystemExit(f"the server did not start:\n{self.read_log()}\n0 passed, 1 failed")
            time.sleep(0.05)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        if self.temporary is not None:
            shutil.rmtree(self.temporary, ignore_errors=True)

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.log.close()

    def read_log(self) -> str:
        return (self.temporary / "server.log").read_text(errors="replace") if self.temporary else ""
