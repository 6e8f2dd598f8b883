"""What checks share: the server's addresses, its files, a folder to work in, and how programs are run."""

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from report import Failed, expect
from server import RunningServer, Server

QUERY = "application/timestamp-query"
REPLY = "application/timestamp-reply"
TIMEOUT = 60


@dataclass
class Answer:
    """An HTTP answer, of whatever status."""

    status: int
    headers: dict[str, str]
    body: bytes


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


class World:
    def __init__(self, server: Server | RunningServer) -> None:
        self.data, self.tsa, self.seal = server.data, f"{server.tsa}/tsa", server.seal
        self.tsa_root = server.tsa
        self.root = self.data / "ca" / "root.pem"
        self.kokuin_bin = os.environ["KOKUIN_BIN"]
        self.verify_bin = os.environ["KOKUIN_VERIFY_BIN"]
        self._temporary = tempfile.TemporaryDirectory(prefix="kokuin-interop-work-")
        self.work = Path(self._temporary.name)
        self._count = 0
        self._opener = urllib.request.build_opener(NoRedirect)

    # Files

    def folder(self) -> Path:
        """A new folder of its own for a check."""
        self._count += 1
        path = self.work / str(self._count)
        path.mkdir()
        return path

    def document(self, folder: Path, size: int = 100_000) -> Path:
        path = folder / "document.bin"
        path.write_bytes(os.urandom(size))
        return path

    def single(self, pattern: str) -> Path:
        found = sorted(self.data.glob(pattern))
        expect(found, f"no {pattern} below {self.data}")
        return found[0]

    def crls(self) -> list[str]:
        return [word for crl in sorted(self.data.glob("ca/*.crl")) for word in ("--crl", str(crl))]

    def vkey(self) -> Path:
        return self.single("log/*.vkey")

    def token(self) -> str:
        return (self.data / "api-token").read_text().strip()

    def other_root(self) -> Path:
        """A root that has nothing to do with the server."""
        path = self.work / "other.pem"
        if not path.exists():
            subject = ["-subj", "/CN=Other root", "-nodes", "-keyout", self.work / "other.key", "-out", path]
            self.program("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", *subject)
        return path

    # Programs

    def program(self, *command: object, status: int | None = 0, cwd: Path | None = None) -> subprocess.CompletedProcess:
        """Runs a program; `status` None takes any."""
        words = [str(word) for word in command]
        environment = dict(os.environ, LC_ALL="C.UTF-8", TZ="UTC")
        done = subprocess.run(words, capture_output=True, timeout=TIMEOUT, cwd=cwd or self.work, env=environment)
        if status is not None and done.returncode != status:
            raise Failed(f"{' '.join(words)}\nended with {done.returncode}, expected {status}\n{text(done)}")
        return done

    def python(self, name: str) -> str:
        """A program that came with a Python package."""
        return str(Path(sys.executable).parent / name)

    def kokuin(self, *command: object, status: int | None = 0, cwd: Path | None = None) -> subprocess.CompletedProcess:
        return self.program(self.kokuin_bin, *command, status=status, cwd=cwd)

    def verify(self, *command: object, status: int | None = 0) -> subprocess.CompletedProcess:
        return self.program(self.verify_bin, *command, status=status)

    def verdict(self, *command: object, status: int) -> dict:
        """The first JSON object that kokuin-verify prints; `status` is the exit code expected."""
        done = self.verify(*command, "--format", "json", status=status)
        return json.loads(done.stdout.splitlines()[0])

    # HTTP

    def http(self, method: str, url: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Answer:
        request = urllib.request.Request(url, data=body, headers=headers or {}, method=method)
        try:
            with self._opener.open(request, timeout=TIMEOUT) as answer:
                return Answer(answer.status, {k.lower(): v for k, v in answer.headers.items()}, answer.read())
        except urllib.error.HTTPError as error:
            return Answer(error.code, {k.lower(): v for k, v in error.headers.items()}, error.read())

    def post_query(self, query: bytes) -> Answer:
        return self.http("POST", self.tsa, query, {"Content-Type": QUERY})

    def receipt(self, url: str, headers: dict[str, str] | None = None) -> bytes:
        """A receipt; waits while no checkpoint covers the entry, as Retry-After asks."""
        deadline = time.monotonic() + 10
        while True:
            answer = self.http("GET", url, headers=headers)
            if answer.status != 503 or time.monotonic() > deadline:
                expect(answer.status == 200, f"{url} answers {answer.status}: {answer.body[:300]!r}")
                return answer.body
            expect("retry-after" in answer.headers, f"503 without Retry-After from {url}")
            time.sleep(0.1)


def text(done: subprocess.CompletedProcess) -> str:
    return (done.stdout + done.stderr).decode(errors="replace")
