"""The log, checked from outside: its tiles over HTTP, an export, and the store itself while the service runs."""

import base64
import hashlib
import json

import der
from report import Report, equal, expect
from world import World, text


def run(world: World, report: Report) -> None:
    report.check("log: kokuin-verify log checks a running log's tiles", lambda: online(world))
    report.check("log: kokuin audit verify derives the tree of a running service again", lambda: derived(world))
    report.check("log: an export is checked offline, and a changed one is refused", lambda: exported(world))
    report.check("log: kokuin audit show finds a token by its digest", lambda: shown(world))


def granted(world: World) -> bytes:
    answer = world.post_query(der.query(nonce=der.random_nonce()))
    equal(der.status_of(answer.body), (0, set(), True), "status, failure bits and token")
    return der.token_of(answer.body)


def online(world: World) -> None:
    granted(world)
    options = ["--vkey", world.vkey()]
    world.verify("log", f"{world.tsa_root}/log", *options, "--online")
    done = world.verify("log", f"{world.tsa_root}/log", *options, status=None)
    expect(done.returncode != 0, f"the network was used without --online: {text(done)}")


def derived(world: World) -> None:
    granted(world)
    world.kokuin("audit", "verify", "--data", world.data, "--vkey", world.vkey())


def exported(world: World) -> None:
    granted(world)
    folder = world.folder()
    export = folder / "log.jsonl"
    world.kokuin("audit", "export", "--data", world.data, "-o", export)
    world.verify("log", export, "--vkey", world.vkey())
    octets = bytearray(export.read_bytes())
    at = len(octets) // 2
    while not chr(octets[at]).isalnum():
        at += 1
    octets[at] = ord("7") if octets[at] != ord("7") else ord("3")
    export.write_bytes(octets)
    done = world.verify("log", export, "--vkey", world.vkey(), status=None)
    expect(done.returncode not in (0, 64), f"accepted with octet {at} changed: {text(done)}")


def shown(world: World) -> None:
    token = granted(world)
    digest = base64.urlsafe_b64encode(hashlib.sha256(token).digest()).rstrip(b"=").decode()
    done = world.kokuin("audit", "show", "--data", world.data, "--kind", "tst", "--digest", digest, "--json")
    lines = done.stdout.decode().splitlines()
    equal(len(lines), 1, "number of entries with the token's digest")
    entry = json.loads(lines[0])["entry"]
    equal((entry["kind"], entry["digest"]), ("tst", digest), "kind and digest")
    equal(entry["measured"], False, "whether the development clock's bound is measured")
