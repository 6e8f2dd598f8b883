"""Kokuin's own verifier on Kokuin's own tokens and receipts: exit codes, JSON, and what makes it refuse."""

import json
from pathlib import Path

from report import Report, equal, expect
from world import World, text

FIELDS = {
    "file", "kind", "status", "sub_indication", "reason", "gen_time", "signer", "policy", "serial", "accuracy",
    "valid_until", "checks", "paths", "algorithms",
}  # fmt: skip


def run(world: World, report: Report) -> None:
    report.check("kokuin-verify: TOTAL-PASSED for a token, with every JSON field", lambda: passes(world))
    report.check("kokuin-verify: text says TOTAL-PASSED and that it is not shown to be logged", lambda: says(world))
    report.check("kokuin-verify: TOTAL-FAILED, HASH_FAILURE for another document", lambda: other_document(world))
    report.check("kokuin-verify: TOTAL-FAILED, SIG_CRYPTO_FAILURE for a changed signature", lambda: tampered(world))
    report.check("kokuin-verify: INDETERMINATE without a trust anchor", lambda: no_anchor(world))
    report.check("kokuin-verify: INDETERMINATE under another root", lambda: other_root(world))
    report.check("kokuin-verify: INDETERMINATE, TRY_LATER without revocation data", lambda: no_revocation_data(world))
    report.check("kokuin-verify: 64 for wrong usage, 66 for input that is not there", lambda: usage(world))
    report.check("kokuin-verify receipt: the token is in the log", lambda: receipt(world))
    report.check("kokuin-verify receipt: refuses a changed receipt and another token's", lambda: false_receipts(world))
    report.check("receipts come over HTTP too, and are the same log's", lambda: receipt_over_http(world))


def stamped(world: World) -> tuple[Path, Path]:
    document = world.document(world.folder())
    world.kokuin("timestamp", document, "--tsa", world.tsa)
    return document, Path(f"{document}.tsr")


def passes(world: World) -> None:
    document, response = stamped(world)
    found = world.verdict(response, "--data", document, "--trust", world.root, *world.crls(), status=0)
    missing = FIELDS - found.keys()
    expect(not missing, f"fields missing: {sorted(missing)}")
    equal((found["kind"], found["status"], found["sub_indication"]), ("tsr", "TOTAL-PASSED", None), "verdict")
    equal(found["policy"], "2.999.3161.1", "policy")
    equal(found["signer"]["corporate_number"], "9000000000000", "corporate number")
    equal(found["signer"]["organization_identifier"], "NTRJP-9000000000000", "organizationIdentifier")
    expect(found["gen_time"].endswith("Z") and found["valid_until"].endswith("Z"), f"times in {found}")
    expect(found["valid_until"] > found["gen_time"], f"times in {found}")
    for check in found["checks"]:
        expect({"id", "clause", "outcome", "detail"} <= check.keys(), f"check {check}")


def says(world: World) -> None:
    document, response = stamped(world)
    shown = text(world.verify(response, "--data", document, "--trust", world.root, *world.crls()))
    expect("TOTAL-PASSED" in shown, shown)
    expect("not shown to be logged" in shown.lower(), shown)


def other_document(world: World) -> None:
    _, response = stamped(world)
    other = world.document(world.folder())
    found = world.verdict(response, "--data", other, "--trust", world.root, *world.crls(), status=1)
    equal((found["status"], found["sub_indication"]), ("TOTAL-FAILED", "HASH_FAILURE"), "verdict")


def tampered(world: World) -> None:
    document, response = stamped(world)
    octets = bytearray(response.read_bytes())
    # The signature value is the last thing in the response.
    octets[-1] ^= 1
    response.write_bytes(octets)
    found = world.verdict(response, "--data", document, "--trust", world.root, *world.crls(), status=1)
    equal((found["status"], found["sub_indication"]), ("TOTAL-FAILED", "SIG_CRYPTO_FAILURE"), "verdict")


def no_anchor(world: World) -> None:
    document, response = stamped(world)
    found = world.verdict(response, "--data", document, status=2)
    equal((found["status"], found["sub_indication"]), ("INDETERMINATE", "NO_CERTIFICATE_CHAIN_FOUND"), "verdict")


def other_root(world: World) -> None:
    document, response = stamped(world)
    found = world.verdict(response, "--data", document, "--trust", world.other_root(), *world.crls(), status=2)
    equal((found["status"], found["sub_indication"]), ("INDETERMINATE", "NO_CERTIFICATE_CHAIN_FOUND"), "verdict")


def no_revocation_data(world: World) -> None:
    document, response = stamped(world)
    found = world.verdict(response, "--data", document, "--trust", world.root, status=2)
    equal((found["status"], found["sub_indication"]), ("INDETERMINATE", "TRY_LATER"), "verdict")


def usage(world: World) -> None:
    world.verify("--no-such-option", status=64)
    world.verify(world.work / "nothing-here", status=66)


def verify_receipt(world: World, proof: Path, artefact: Path, status: int = 0):
    return world.verify("receipt", proof, "--for", artefact, "--vkey", world.vkey(), status=status)


def receipt(world: World) -> None:
    document, response = stamped(world)
    proof = Path(f"{response}.tlog-proof")
    verify_receipt(world, proof, response)
    options = ["--trust", world.root, *world.crls(), "--receipt", proof, "--require-receipt", "--vkey", world.vkey()]
    found = world.verdict(response, "--data", document, *options, status=0)
    equal(found["status"], "TOTAL-PASSED", "status")


def false_receipts(world: World) -> None:
    _, response = stamped(world)
    _, other = stamped(world)
    proof = Path(f"{response}.tlog-proof")
    done = verify_receipt(world, proof, other, status=None)
    expect(done.returncode not in (0, 64), f"another token's receipt was accepted: {text(done)}")
    octets = bytearray(proof.read_bytes())
    changed = 0
    for at in range(0, len(octets), max(1, len(octets) // 40)):
        if octets[at : at + 1].isalnum():
            spoiled = bytearray(octets)
            spoiled[at] = ord("A") if octets[at] != ord("A") else ord("B")
            path = world.folder() / "spoiled.tlog-proof"
            path.write_bytes(spoiled)
            done = verify_receipt(world, path, response, status=None)
            expect(done.returncode not in (0, 64), f"accepted with octet {at} changed: {text(done)}")
            changed += 1
    expect(changed > 10, f"only {changed} octets were changed")


def receipt_over_http(world: World) -> None:
    document, response = stamped(world)
    found = world.verdict(response, "--data", document, "--trust", world.root, *world.crls(), status=0)
    serial = found["serial"].lower().removeprefix("0x").replace(":", "")
    proof = world.folder() / "http.tlog-proof"
    proof.write_bytes(world.receipt(f"{world.tsa_root}/tsa/receipts/{serial}"))
    verify_receipt(world, proof, response)
    logs = world.http("GET", f"{world.tsa_root}/logs")
    equal(logs.status, 200, "HTTP status of /logs")
    vkey = world.vkey().read_text().strip()
    expect(vkey in json.dumps(json.loads(logs.body)).replace("\\/", "/"), f"/logs does not list {vkey}")
    checkpoint = world.http("GET", f"{world.tsa_root}/log/checkpoint")
    equal(checkpoint.status, 200, "HTTP status of the checkpoint")
    expect(checkpoint.body.decode().startswith(vkey.split("+")[0]), checkpoint.body.decode())
