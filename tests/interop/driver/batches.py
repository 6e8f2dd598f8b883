"""`kokuin timestamp --batch` against the service, and against services that say what is not so."""

import json
import threading
from base64 import b64decode, b64encode
from collections.abc import Callable
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import records
from report import Report, equal, expect
from world import Answer, World, text

Change = Callable[[str, Answer], Answer]


def run(world: World, report: Report) -> None:
    report.check("kokuin timestamp --batch: each record verifies alone, with its receipt", lambda: few(world))
    report.check("kokuin timestamp --batch: more than an answer holds, in an archive", lambda: many(world))
    report.check("kokuin timestamp --batch: waits where the service says 202, 429 or 503", lambda: waits(world))
    for what, change, words in (
        ("another algorithm", other_algorithm, "is by sha384"),
        ("records of other digests", swapped, "does not cover the data"),
        ("a changed record", changed, "not over the root"),
        ("the token of another batch", other_token, "another token"),
        ("a digest left out", left_out, "without its digest"),
        ("a batch that failed", failed, "gets no token (tsa.test)"),
    ):
        report.check(
            f"kokuin timestamp --batch: refuses {what} and writes nothing",
            lambda change=change, words=words: refuses(world, change, words),
        )
    report.check("kokuin timestamp --batch: tells what the service refused", lambda: told(world))


def files(folder: Path, count: int) -> list[Path]:
    found = [folder / f"document-{number}" for number in range(count)]
    for number, file in enumerate(found):
        file.write_text(f"{folder} {number}\n")
    return found


def verified(world: World, file: Path) -> None:
    record, receipt = Path(f"{file}.ers"), Path(f"{file}.ers.tlog-proof")
    options = ["--trust", world.root, *world.crls(), "--receipt", receipt, "--require-receipt", "--vkey", world.vkey()]
    world.verify(record, "--data", file, *options)


def few(world: World) -> None:
    for algorithm in ("sha256", "sha384", "sha512"):
        documents = files(world.folder(), 3)
        documents[2].write_bytes(documents[0].read_bytes())
        done = world.kokuin("timestamp", "--batch", "--hash", algorithm, "--tsa", world.tsa, *documents)
        expect("one token (serial " in text(done), text(done))
        for document in documents:
            verified(world, document)
        # Of another file it proves nothing.
        record = Path(f"{documents[0]}.ers")
        other = world.verify(record, "--data", documents[1], "--trust", world.root, *world.crls(), status=None)
        expect(other.returncode == 1, text(other))
        again = world.kokuin("timestamp", "--batch", "--tsa", world.tsa, *documents, status=1)
        expect("exists already" in text(again), text(again))


def many(world: World) -> None:
    documents = files(world.folder(), 150)
    world.kokuin("timestamp", "--batch", "--tsa", world.tsa, *documents)
    expect(all(Path(f"{document}.ers").exists() for document in documents), "a record is missing")
    for document in documents[::49]:
        verified(world, document)


@contextmanager
def between(world: World, change: Change):
    """A service that changes what the real one answers."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self, body: bytes | None) -> None:
            headers = {"Content-Type": "application/json"} if body is not None else {}
            answer = change(self.path, world.http(self.command, world.tsa_root + self.path, body, headers))
            self.send_response(answer.status)
            for name in ("content-type", "retry-after"):
                if name in answer.headers:
                    self.send_header(name, answer.headers[name])
            self.send_header("content-length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def do_GET(self) -> None:
            self.answer(None)

        def do_POST(self) -> None:
            self.answer(self.rfile.read(int(self.headers["content-length"])))

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/tsa"
    finally:
        server.shutdown()
        server.server_close()


def edited(edit: Callable[[dict], None]) -> Change:
    def change(path: str, answer: Answer) -> Answer:
        if not path.endswith("/batches"):
            return answer
        body = json.loads(answer.body)
        edit(body)
        return Answer(answer.status, answer.headers, json.dumps(body).encode())

    return change


@edited
def other_algorithm(body: dict) -> None:
    body["hashAlgorithm"] = "sha384"


@edited
def swapped(body: dict) -> None:
    body["records"] = dict(zip(body["records"], reversed(body["records"].values())))


@edited
def changed(body: dict) -> None:
    """One bit of the random octets beside each digest is another."""
    for digest, record in body["records"].items():
        body["records"][digest] = b64encode(records.changed(b64decode(record), bytes.fromhex(digest))).decode()


@edited
def other_token(body: dict) -> None:
    body["token"] = "MAA="


@edited
def left_out(body: dict) -> None:
    body["records"].popitem()


@edited
def failed(body: dict) -> None:
    body.update(status="failed", code="tsa.test")


def refuses(world: World, change: Change, words: str) -> None:
    folder = world.folder()
    documents = files(folder, 2)
    with between(world, change) as address:
        done = world.kokuin("timestamp", "--batch", "--tsa", address, *documents, status=1)
    expect(words in text(done), text(done))
    equal(sorted(folder.iterdir()), sorted(documents), "files afterwards")


def waits(world: World) -> None:
    said = []

    def change(path: str, answer: Answer) -> Answer:
        """Full, then slow: of each address the first answers are no."""
        if "receipts" in path:
            return answer
        said.append(path)
        later = dict(answer.headers, **{"retry-after": "1"})
        if len(said) <= 2:
            return Answer((429, 503)[len(said) - 1], later, b"")
        if len(said) <= 4:
            pending = {key: value for key, value in json.loads(answer.body).items() if key in ("id", "batch", "hashAlgorithm")}
            return Answer(202, later, json.dumps(dict(pending, status="pending", count=2)).encode())
        return answer

    documents = files(world.folder(), 2)
    with between(world, change) as address:
        world.kokuin("timestamp", "--batch", "--tsa", address, *documents)
    expect(len(said) == 5 and said[:3] == ["/tsa/batches"] * 3, str(said))
    for document in documents:
        verified(world, document)


def told(world: World) -> None:
    documents = files(world.folder(), 1)
    done = world.kokuin("timestamp", "--batch", "--tsa", f"{world.tsa}/no-such-tsu", *documents, status=1)
    expect("status 404" in text(done) and "tsa.batch" in text(done), text(done))
