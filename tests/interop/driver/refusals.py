"""Every failure that a client can provoke: what HTTP decides before a body is parsed, and every PKIFailureInfo."""

import json
import os

import der
from report import Report, equal, expect
from world import QUERY, REPLY, World

PROBLEM = "application/problem+json"
BAD_ALG, BAD_REQUEST, BAD_DATA_FORMAT, UNACCEPTED_POLICY, UNACCEPTED_EXTENSION = 0, 2, 5, 15, 16
REJECTION = 2


def extension(critical: bool) -> bytes:
    flag = der.tlv(1, b"\xff") if critical else b""
    return der.tlv(0xA0, der.sequence(der.oid("2.999.1"), flag, der.tlv(4, b"\x05\x00")))


def indefinite(query: bytes) -> bytes:
    return b"\x30\x80" + query[2:] + b"\x00\x00"


# Name, body, failure bit.
BODIES = [
    ("badAlg: SHA-1 (TSP-03)", der.query(message=der.imprint("sha1")), BAD_ALG),
    ("badAlg: MD5 (TSP-03)", der.query(message=der.imprint("md5")), BAD_ALG),
    ("badAlg: SHA-224 (JP-TS-24)", der.query(message=der.imprint("sha224")), BAD_ALG),
    ("badAlg: an algorithm nobody knows", der.query(message=der.imprint("2.999.2", bytes(32))), BAD_ALG),
    ("badRequest: version 2 (TSP-11)", der.query(version=2), BAD_REQUEST),
    ("badRequest: version 0 (TSP-11)", der.query(version=0), BAD_REQUEST),
    ("badDataFormat: imprint a byte short (TSP-02)", der.query(message=der.imprint(digest=bytes(31))), BAD_DATA_FORMAT),
    ("badDataFormat: imprint a byte long (TSP-02)", der.query(message=der.imprint(digest=bytes(33))), BAD_DATA_FORMAT),
    ("badDataFormat: bytes left over (TSP-01)", der.query() + b"\x00", BAD_DATA_FORMAT),
    ("badDataFormat: cut short (TSP-01)", der.query()[:-1], BAD_DATA_FORMAT),
    ("badDataFormat: indefinite length (TSP-01)", indefinite(der.query()), BAD_DATA_FORMAT),
    ("badDataFormat: default FALSE encoded (TSP-01)", der.query(extensions=der.tlv(1, b"\x00")), BAD_DATA_FORMAT),
    ("badDataFormat: TRUE that is not FF (TSP-01)", der.query(extensions=der.tlv(1, b"\x01")), BAD_DATA_FORMAT),
    ("badDataFormat: nonce not minimal (TSP-01)", der.query(nonce=b"\x00\x01"), BAD_DATA_FORMAT),
    ("badDataFormat: no DER at all", b"GET / HTTP/1.1", BAD_DATA_FORMAT),
    ("badDataFormat: an empty body", b"", BAD_DATA_FORMAT),
    ("unacceptedPolicy: not offered (TSP-05)", der.query(policy="2.999.9"), UNACCEPTED_POLICY),
    ("unacceptedExtension: critical (TSP-08)", der.query(extensions=extension(True)), UNACCEPTED_EXTENSION),
    ("unacceptedExtension: not critical (TSP-08)", der.query(extensions=extension(False)), UNACCEPTED_EXTENSION),
]


def run(world: World, report: Report) -> None:
    for name, body, bit in BODIES:
        report.check(f"tsp: {name}", lambda body=body, bit=bit: refused(world, body, bit))
    report.check("tsp: a nonce of 33 octets gets no token (TSP-06)", lambda: long_nonce(world))
    report.check("tsp: random bodies get an answer, never a token", lambda: random_bodies(world))
    report.check("tsa: 405 for GET, with Allow", lambda: wrong_method(world))
    report.check("tsa: 415 for another media type", lambda: wrong_media_type(world))
    report.check("tsa: 413 for a body over 16 KiB", lambda: large_body(world))
    report.check("tsa: 404 for a TSU and a receipt that do not exist", lambda: unknown_resources(world))
    report.check("tsa: serves on after all that", lambda: serves_on(world))
    report.check("eseal: 401 without and with a wrong token", lambda: unauthorized(world))
    report.check("eseal: 405 for PUT, with Allow", lambda: seal_wrong_method(world))
    report.check("eseal: 415 for another media type", lambda: seal_wrong_media_type(world))
    report.check("eseal: refuses requests it does not understand", lambda: seal_bad_requests(world))
    report.check("eseal: 404 for a seal that does not exist", lambda: unknown_seal(world))


def refused(world: World, body: bytes, bit: int) -> None:
    answer = world.post_query(body)
    equal((answer.status, answer.headers.get("content-type")), (200, REPLY), "HTTP answer")
    equal(der.status_of(answer.body), (REJECTION, {bit}, False), "status, failure bits and token")


def long_nonce(world: World) -> None:
    answer = world.post_query(der.query(nonce=b"\x01" * 33))
    equal(answer.status, 200, "HTTP status")
    status, bits, token = der.status_of(answer.body)
    equal((status, token, len(bits)), (REJECTION, False, 1), "status, token and number of failure bits")


def random_bodies(world: World) -> None:
    good = der.query(nonce=der.random_nonce(), certificates=True)
    for round_ in range(100):
        body = os.urandom(1 + round_ * 3)
        if round_ % 2:
            at = 2 + round_ % (len(good) - 40)
            body = good[:at] + os.urandom(1) + os.urandom(2) + good[at:]
        answer = world.post_query(body)
        equal(answer.status, 200, f"HTTP status for {body.hex()}")
        status, bits, token = der.status_of(answer.body)
        equal((status, token, len(bits)), (REJECTION, False, 1), f"answer to {body.hex()}")


def problem(answer, status: int) -> dict:
    """An RFC 9457 answer with a stable code."""
    equal(answer.status, status, f"HTTP status ({answer.body[:300]!r})")
    expect(answer.headers.get("content-type", "").startswith(PROBLEM), f"content type {answer.headers}")
    body = json.loads(answer.body)
    equal(body["status"], status, "status in the problem")
    expect(body["code"] and body["title"], f"problem without code or title: {body}")
    return body


def wrong_method(world: World) -> None:
    answer = world.http("GET", world.tsa)
    equal(answer.status, 405, "HTTP status")
    expect("POST" in answer.headers.get("allow", ""), f"Allow is {answer.headers.get('allow')!r}")


def wrong_media_type(world: World) -> None:
    for media_type in ("application/octet-stream", "text/plain", REPLY):
        answer = world.http("POST", world.tsa, der.query(), {"Content-Type": media_type})
        equal(answer.status, 415, f"HTTP status for {media_type}")


def large_body(world: World) -> None:
    answer = world.http("POST", world.tsa, der.query() + bytes(17 * 1024), {"Content-Type": QUERY})
    equal(answer.status, 413, "HTTP status")


def unknown_resources(world: World) -> None:
    answer = world.http("POST", f"{world.tsa}/nobody", der.query(), {"Content-Type": QUERY})
    equal(answer.status, 404, "HTTP status of an unknown TSU")
    answer = world.http("GET", f"{world.tsa_root}/tsa/receipts/0123456789abcdef")
    equal(answer.status, 404, "HTTP status of an unknown receipt")


def serves_on(world: World) -> None:
    answer = world.post_query(der.query())
    equal(der.status_of(answer.body), (0, set(), True), "status, failure bits and token")


def unauthorized(world: World) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic eDp5"}):
        answer = world.http("POST", f"{world.seal}/v1/seals", b"{}", {"Content-Type": "application/json", **headers})
        problem(answer, 401)
        expect("bearer" in answer.headers.get("www-authenticate", "").lower(), f"headers {answer.headers}")
    equal(world.http("GET", f"{world.seal}/v1/credentials").status, 401, "HTTP status of the credentials")


def bearer(world: World, **headers: str) -> dict[str, str]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return {"Authorization": f"Bearer {world.token()}", **named}


def seal_wrong_method(world: World) -> None:
    answer = world.http("PUT", f"{world.seal}/v1/seals", b"{}", bearer(world, Content_Type="application/json"))
    equal(answer.status, 405, "HTTP status")
    expect("POST" in answer.headers.get("allow", ""), f"Allow is {answer.headers.get('allow')!r}")


def seal_wrong_media_type(world: World) -> None:
    answer = world.http("POST", f"{world.seal}/v1/seals", b"x", bearer(world, Content_Type="text/plain"))
    problem(answer, 415)


def seal_bad_requests(world: World) -> None:
    bodies = [b"", b"{", b"[]", b"{}", b'{"format":"cades","level":"B-X"}', b'{"format":"doc","level":"B-B"}']
    for body in bodies:
        headers = bearer(world, Content_Type="application/json")
        answer = world.http("POST", f"{world.seal}/v1/seals", body, headers)
        expect(400 <= answer.status < 500, f"HTTP status {answer.status} for {body!r}")
        problem(answer, answer.status)


def unknown_seal(world: World) -> None:
    answer = world.http("GET", f"{world.seal}/v1/seals/00000000-0000-7000-8000-000000000000", headers=bearer(world))
    problem(answer, 404)
