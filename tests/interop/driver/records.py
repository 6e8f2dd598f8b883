"""Evidence records of the batch lane (ERS-01 to ERS-07), judged by EU DSS, Bouncy Castle and kokuin-verify."""

import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile
import urllib.request
from pathlib import Path

from report import Report, expect
from world import World

HASHES = {"sha256": "SHA256", "sha384": "SHA384", "sha512": "SHA512"}
COUNTS = (1, 2, 3, 1000)


def cache() -> Path:
    return Path(os.environ.get("KOKUIN_CACHE", Path.home() / ".cache" / "kokuin"))


def post(world: World, algorithm: str, digests: list[str]) -> dict:
    body = json.dumps({"hashAlgorithm": algorithm, "digests": digests}).encode()
    request = urllib.request.Request(f"{world.tsa}/batches", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        expect(answer.status == 201, f"status {answer.status}")
        return json.load(answer)


def fetch(world: World, answer: dict) -> dict[str, bytes]:
    with urllib.request.urlopen(world.tsa_root + answer["recordsAt"], timeout=60) as archive:
        files = tarfile.open(fileobj=io.BytesIO(archive.read()))
    return {Path(member.name).stem: files.extractfile(member).read() for member in files.getmembers()}


def documents(algorithm: str, count: int) -> list[bytes]:
    return [f"{algorithm} {count} {number}".encode() for number in range(count)]


def changed(record: bytes, digest: bytes) -> bytes:
    """One bit of the random octets beside the digest is another."""
    place = record.index(digest) + len(digest) + 6
    return record[:place] + bytes([record[place] ^ 1]) + record[place + 1 :]


def write_cases(world: World, folder: Path) -> None:
    lines = []

    def case(name: str, kind: str, content: bytes, algorithm: str, digest: str, outcome: str) -> None:
        file = f"{len(lines)}.{'ers' if kind == 'record' else 'tst'}"
        (folder / file).write_bytes(content)
        lines.append("\t".join((name, kind, file, HASHES[algorithm], digest, outcome)))

    for algorithm in HASHES:
        for count in COUNTS:
            digests = [hashlib.new(algorithm, document).hexdigest() for document in documents(algorithm, count)]
            # The first one twice: equal digests share a record.
            records = fetch(world, post(world, algorithm, digests + digests[:1]))
            expect(len(records) == count, f"{len(records)} records of {count}")
            for number in sorted({0, count // 2, count - 1}):
                digest = digests[number]
                case(f"{algorithm}, {number + 1} of {count}", "record", records[digest], algorithm, digest, "good")
            broken = changed(records[digests[0]], bytes.fromhex(digests[0]))
            case(f"{algorithm}, of {count}, changed", "record", broken, algorithm, digests[0], "bad")
            other = hashlib.new(algorithm, b"other").hexdigest()
            case(f"{algorithm}, of {count}, other data", "record", records[digests[0]], algorithm, other, "bad")
    (folder / "cases").write_text("\n".join(lines) + "\n")
    shutil.copy(world.root, folder / "anchor.pem")
    for crl in world.data.glob("ca/*.crl"):
        shutil.copy(crl, folder)


def run(world: World, report: Report) -> None:
    folder = world.folder()

    def judged() -> dict[str, str]:
        write_cases(world, folder)
        java = cache() / "maven"
        command = ["java", "-XX:+UseSerialGC", "-cp", f"{java}/classes:{java}/lib/*", "Records", str(folder)]
        said = subprocess.run(command, capture_output=True, text=True, timeout=600)
        expect(said.returncode == 0, said.stderr[-2000:])
        return {line.split("\t")[1]: line for line in said.stdout.splitlines()}

    found: dict[str, str] = {}

    def all_judged() -> None:
        found.update(judged())
        expect(len(found) >= 2 * len(HASHES) * len(COUNTS) * 3, f"only {len(found)} verdicts")

    report.check("evidence records: judged by EU DSS and Bouncy Castle", all_judged)
    for name, line in found.items():
        report.check(name, lambda line=line: expect(line.startswith("ok"), line))

    def verified_with_receipt() -> None:
        document = world.document(folder)
        digest = hashlib.sha256(document.read_bytes()).hexdigest()
        answer = post(world, "sha256", [digest])
        record = folder / "document.ers"
        record.write_bytes(fetch(world, answer)[digest])
        receipt = folder / "document.ers.tlog-proof"
        receipt.write_bytes(world.receipt(f"{world.tsa_root}{answer['receipt']}"))
        command = [world.verify_bin, str(record), "--data", str(document), "--trust", str(world.root), *world.crls()]
        command += ["--receipt", str(receipt), "--require-receipt", "--vkey", str(world.vkey())]
        said = subprocess.run(command, capture_output=True, text=True, timeout=60)
        expect(said.returncode == 0, said.stdout + said.stderr)

    report.check("kokuin-verify: a record with the receipt of its batch (ERS-09)", verified_with_receipt)
