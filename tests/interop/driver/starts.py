"""Servers of their own: other keys for the TSU, and a second start on the same data."""

import hashlib
import shutil
import tempfile
from pathlib import Path

import timestamps
from clients import python_client
from report import Report, equal, expect
from rfc3161_client import HashAlgorithm
from server import Server
from world import World, text

KEYS = {"p384": "ecdsa-with-SHA384", "rsa3072": "sha256WithRSAEncryption", "rsa4096": "sha256WithRSAEncryption"}


def run(report: Report) -> None:
    for key, algorithm in KEYS.items():
        report.check(
            f"serve --dev --tsu {key}: openssl, rfc3161-client and kokuin-verify accept its tokens",
            lambda key=key, algorithm=algorithm: other_key(key, algorithm),
        )
    report.check("serve --dev: a second start changes nothing, and the first's tokens stay good", second_start)


def other_key(key: str, algorithm: str) -> None:
    with Server("--tsu", key) as server:
        world = World(server)
        for certificates in (True, False):
            timestamps.stamp(world, "sha256", certificates)
        python_client(world, HashAlgorithm.SHA256)
        document, response = stamped(world)
        world.verdict(response, "--data", document, "--trust", world.root, *world.crls(), status=0)
        token = world.folder() / "token.tst"
        world.program("openssl", "ts", "-reply", "-in", response, "-token_out", "-out", token)
        shown = text(world.program("openssl", "cms", "-cmsout", "-print", "-inform", "DER", "-in", token))
        signer = shown[shown.index("signerInfos:") :]
        expect(algorithm in signer, f"{algorithm} is not in\n{signer}")


def stamped(world: World) -> tuple[Path, Path]:
    document = world.document(world.folder())
    world.kokuin("timestamp", document, "--tsa", world.tsa)
    return document, Path(f"{document}.tsr")


def second_start() -> None:
    folder = Path(tempfile.mkdtemp(prefix="kokuin-interop-data-"))
    try:
        data = folder / "data"
        with Server(data=data) as server:
            # Its folder holds the documents, so it outlives its server.
            first = World(server)
            document, response = stamped(first)
            before = digests(data)
        expect(before, "the first start made no files")
        with Server(data=data) as server:
            world = World(server)
            equal(digests(data), before, "files after the second start")
            world.verdict(response, "--data", document, "--trust", world.root, *world.crls(), status=0)
            proof = f"{response}.tlog-proof"
            world.verify("receipt", proof, "--for", response, "--vkey", world.vkey())
            stamped(world)
            world.kokuin("audit", "verify", "--data", data)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def digests(data: Path) -> dict[str, str]:
    """What a start must not change: everything but the databases and the CRL, which stays fresh."""
    kept = [path for path in sorted(data.rglob("*")) if path.is_file() and not changes(path)]
    return {str(path.relative_to(data)): hashlib.sha256(path.read_bytes()).hexdigest() for path in kept}


def changes(path: Path) -> bool:
    return path.suffix == ".crl" or path.name.startswith(("kokuin.db", "batches.db")) or path.name.endswith(".checkpoint")
