"""THR-85, THR-86: requests made to cost, and labels made to grow."""

import os
import random
import time

from server import TYPE, Server, post, read_answer

# The row says 50 ms of processor time and 1 MB of growth. The counter of /proc ticks every 10 ms and counts the journal too,
# so each request is sent several times and the mean is compared; memory that the allocator keeps is allowed once.
ROUNDS = 5
CPU_MS = 50
GROWTH_KIB = 1024
# What all kinds together may add the first time: the allocator takes memory from the system by several MiB at a time, for each thread, and keeps it for the next.
FIRST_KIB = 32 * 1024


def length(value):
    if value < 128:
        return bytes([value])
    octets = value.to_bytes((value.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(octets)]) + octets


def tlv(tag, content):
    return bytes([tag]) + length(len(content)) + content


def request(*parts, imprint=None):
    algorithm = tlv(0x30, bytes.fromhex("0609608648016503040201") + b"\x05\x00")
    imprint = imprint or tlv(0x30, algorithm + tlv(0x04, b"\x00" * 32))
    return tlv(0x30, b"\x02\x01\x01" + imprint + b"".join(parts))


def nested(depth):
    body = b"\x05\x00"
    for _ in range(depth):
        body = tlv(0x30, body)
    return body


def bombs():
    oid = tlv(0x06, b"\x2a" + b"\x01" * 1_000_000)
    extension = tlv(0x30, b"\x06\x03\x2a\x03\x04" + tlv(0x04, b""))
    small_oid = tlv(0x06, b"\x2a" + b"\x01" * 12_000)
    return {
        "nonce of 1 MB": request(tlv(0x02, b"\x01" * (1 << 20))),
        "nonce of 12 KiB": request(tlv(0x02, b"\x01" * 12_000)),
        "OID of a million arcs": request(oid),
        "OID of 12,000 arcs": request(small_oid),
        "100,000 extensions": request(tlv(0xA0, extension * 100_000)),
        "1,400 extensions": request(tlv(0xA0, extension * 1_400)),
        "depth 10,000": nested(10_000),
        "depth 4,000": nested(4_000),
        "indefinite length": b"\x30\x80" + b"\x30\x80" * 5_000,
        "random octets": os.urandom(16_000),
    }


def raw(fields, body=b"", rest=b""):
    return f"POST /tsa HTTP/1.1\r\nHost: a\r\n{fields}\r\n".encode() + body + rest


def send(server, data):
    """Sends as much as the server takes; the first line of its answer."""
    with server.connect() as stream:
        try:
            stream.sendall(data)
        except OSError:
            pass
        try:
            return read_answer(stream)
        except OSError:
            return 0, b"", b""


def run(report, work, _connections):
    messages(report, work / "messages")
    server = Server(work)
    kind = f"Content-Type: {TYPE}\r\n"
    chunk = b"1000\r\n" + b"x" * 4096 + b"\r\n"
    requests = {name: post(body) for name, body in bombs().items()}
    requests["body of 1 GB, announced"] = raw(kind + "Content-Length: 1073741824\r\n", b"x" * 65536)
    requests["body of 1 GB, announced, as much as it takes"] = raw(kind + "Content-Length: 1073741824\r\n", b"x" * (64 << 20))
    requests["chunks without end"] = raw(kind + "Transfer-Encoding: chunked\r\n", chunk * 16_384)
    requests["Content-Type a million times"] = raw(kind * 1_000_000)
    requests["one header of 1 MB"] = raw(f"X: {'a' * (1 << 20)}\r\n")
    for _ in range(200):
        assert server.ask(post(request()))[0] == 200
    before = server.rss_kib()
    for data in requests.values():
        for _ in range(ROUNDS):
            send(server, data)
    first = server.rss_kib() - before
    report.check(f"THR-85 all kinds together, the first time: {first} KiB", first < FIRST_KIB)
    for name, data in requests.items():
        # Allocators take memory by 2 MiB at a time and keep it, each thread its own; what is lost grows every time.
        for _ in range(6):
            before_cpu, before_rss = server.cpu_ms(), server.rss_kib()
            answers = [send(server, data) for _ in range(ROUNDS)]
            cpu, growth = (server.cpu_ms() - before_cpu) / ROUNDS, server.rss_kib() - before_rss
            if growth < GROWTH_KIB:
                break
        refused = all(status in (0, 400, 408, 413, 431) or (status == 200 and b"\x02\x01\x02" in body[:8])
                      for status, _, body in answers)
        report.check(f"THR-85 {name}: refused", refused, str([answer[:2] for answer in answers[:1]]))
        report.check(f"THR-85 {name}: {cpu:.0f} ms, {growth} KiB", cpu < CPU_MS and growth < GROWTH_KIB)
    report.check("THR-85 issues as before", server.ask(post(request()))[0] == 200)

    series = lambda: sorted(line.rsplit(" ", 1)[0] for line in server.get("/metrics")[2].decode().splitlines()
                            if line and not line.startswith("#"))
    before = series()
    with server.connect() as stream:
        for number in range(300):
            random.seed(number)
            method = random.choice(["GET", "PUT", "BREW", f"M{number}", "DELETE"])
            path = random.choice([f"/x{number}", f"/tsa/t{number}", "/tsa", f"/logs/l{number}/checkpoint", f"/tsa/receipts/{number:x}"])
            stream.sendall(f"{method} {path} HTTP/1.1\r\nHost: h{number}\r\nUser-Agent: u{number}\r\n\r\n".encode())
            assert read_answer(stream)[0] >= 400
    for number in range(300):
        policy = tlv(0x06, bytes([0x2A, 3 + number % 100, number % 127]))
        server.ask(post(request(policy)))
    report.check("THR-86 random paths, methods, policies and tenants add no series", series() == before)
    server.stop()


def messages(report, work):
    """THR-55: what a request says makes no line of the messages, at any level."""
    work.mkdir()
    before = os.environ.pop("KOKUIN_LOG", None)
    os.environ["KOKUIN_LOG"] = "trace"
    try:
        server = Server(work)
    finally:
        del os.environ["KOKUIN_LOG"]
        if before is not None:
            os.environ["KOKUIN_LOG"] = before
    forged = b"\r\nforged\x1b[2J"
    quoted = b"%0d%0aforged%1b[2J%0a"
    for request in [
        b"GET /logs/" + quoted + b"/checkpoint HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /tsa/receipts/" + quoted + b" HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /openapi.json?" + quoted + b" HTTP/1.1\r\nHost: " + quoted + b"\r\nX-Request-Id: a\x85forged\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: a\r\nX-Request-Id: a" + forged[2:] + b"\r\n\r\n",
        b"GET /a" + forged[2:] + b" HTTP/1.1\r\nHost: a\r\n\r\n",
        b"G\x1bET / HTTP/1.1\r\nHost: a\r\n\r\n",
        post(b"\x30\x00", fields="X-Forwarded-For: a\tforged\r\n"),
        post(b"\nforged\n\x1b[2J"),
    ]:
        for seal in (False, True):
            try:
                with server.connect(seal=seal) as stream:
                    stream.sendall(request)
                    read_answer(stream)
            except OSError:
                pass
    server.stop()
    lines = (work / "server.log").read_bytes().decode(errors="replace").split("\n")
    bad = [line for line in lines if line.lstrip().startswith("forged") or any(ord(c) < 32 or 127 <= ord(c) < 160 for c in line)]
    report.check(f"THR-55 {len(lines)} messages at the level trace, each one line without control characters", len(lines) > 20 and not bad, repr(bad[:3]))
