"""THR-92, THR-95: many requests, of one client and for what costs nothing."""

import json
import os
import subprocess
import threading
import time

from server import Server, latencies, p99, post, query, read_answer

SECONDS = 4


def ask_often(server, path, rate, until, counts):
    """Asks `rate` times a second on one kept connection."""
    stream, start, sent = server.connect(), time.monotonic(), 0
    request = f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode()
    while time.monotonic() < until:
        ahead = start + sent / rate - time.monotonic()
        if ahead > 0:
            time.sleep(ahead)
        try:
            stream.sendall(request)
            status = read_answer(stream)[0]
        except OSError:
            status = 0
        if status == 0:
            stream.close()
            stream = server.connect()
        counts[status] = counts.get(status, 0) + 1
        sent += 1
    stream.close()


def run(report, work, _connections):
    (work / "open").mkdir()
    server = Server(work / "open")
    for _ in range(300):
        server.ask(post(query()))
    time.sleep(3)
    plain, _ = latencies(server, 200)
    for path in ("/readyz", "/metrics", "/log/tile/entries/000", "/log/checkpoint", "/openapi.json"):
        report.check(f"THR-95 {path} is there", server.get(path)[0] == 200)
        counts, until = {}, time.monotonic() + SECONDS
        threads = [threading.Thread(target=ask_often, args=(server, path, 250, until, counts)) for _ in range(4)]
        for thread in threads:
            thread.start()
        beside, failed = latencies(server, 60)
        for thread in threads:
            thread.join()
        report.check(f"THR-95 {path}: {sum(counts.values()) // SECONDS}/s, only 200, 429 and 503", set(counts) <= {200, 429, 503}, str(counts))
        bound = 5 * p99(plain) + 500
        report.check(f"THR-95 beside {path} tokens leave: p99 {p99(beside):.0f} ms (alone {p99(plain):.0f})",
                     failed == 0 and p99(beside) < bound, f"failed {failed}")
    server.stop()
    # One at the start; then one in five minutes.
    report.check(f"THR-95 {self_tests(server)} signatures that were no token", 1 <= self_tests(server) <= 3)

    (work / "rated").mkdir()
    server = Server(work / "rated", limits="[limits]\nrate = { per_second = 20, burst = 20 }\n")
    latencies(server, 10, source="127.0.0.8")
    plain, failed = latencies(server, 15, source="127.0.0.9")
    stop, counts, retry = threading.Event(), {}, set()

    def one_client():
        stream = None
        while not stop.is_set():
            try:
                stream = stream or server.connect("127.0.0.2")
                stream.sendall(post(query()))
                status, head, _ = read_answer(stream)
            except OSError:
                status = 0
            if status == 0:
                # The body of a request that was turned away is not read, so its connection ends.
                stream = None
                continue
            counts[status] = counts.get(status, 0) + 1
            if status == 429:
                retry.add(b"retry-after: " in head.lower())

    thread = threading.Thread(target=one_client)
    thread.start()
    time.sleep(2)
    others = [latencies(server, 10, source=f"127.0.0.{last}") for last in (20, 21, 22)]
    stop.set()
    thread.join()
    times = sorted(time for some, _ in others for time in some)
    report.check("THR-92 one client without end: 429 with Retry-After", counts.get(429, 0) > 0 and retry == {True}, str(counts))
    report.check("THR-92 not more tokens than its allowance", counts.get(200, 0) <= 20 + 20 * 60, str(counts))
    report.check(f"THR-92 others are served: p99 {p99(times):.0f} ms (alone {p99(plain):.0f})",
                 failed == 0 and all(bad == 0 for _, bad in others) and p99(times) < 5 * p99(plain) + 500)
    report.check("THR-92 the service is ready", server.get("/readyz")[0] == 200)
    server.stop()



def self_tests(server):
    """Signatures that were no token, by the log."""
    command = [os.environ["KOKUIN_BIN"], "audit", "show", "--data", str(server.data), "--kind", "self-test", "--json"]
    lines = subprocess.run(command, capture_output=True, timeout=60).stdout.decode().splitlines()
    return sum(json.loads(line).get("count", 1) for line in lines)
