"""A real server of its own for each part, and what it costs."""

import os
import pathlib
import signal
import socket
import subprocess
import time

BIN = os.environ["KOKUIN_BIN"]
TYPE = "application/timestamp-query"
TICKS = os.sysconf("SC_CLK_TCK")


class Report:
    def __init__(self):
        self.passed = self.failed = 0

    def check(self, name, holds, detail=""):
        if holds:
            self.passed += 1
            print(f"ok    {name}", flush=True)
        else:
            self.failed += 1
            print(f"FAIL  {name} {detail}", flush=True)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def query():
    """A TimeStampReq over SHA-256 with a nonce, from the standard's own syntax."""
    digest = os.urandom(32)
    imprint = bytes.fromhex("3031300d060960864801650304020105000420") + digest
    nonce = b"\x02\x08\x01" + os.urandom(7)
    body = b"\x02\x01\x01" + imprint + nonce + b"\x01\x01\xff"
    return b"\x30" + bytes([len(body)]) + body


def post(body, path="/tsa", fields="", host="a"):
    head = f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: {TYPE}\r\n{fields}Content-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def read_answer(stream):
    """Status, head and body of one answer with a length; (0, b"", b"") if the peer closed first."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = stream.recv(65536)
        if not piece:
            return 0, data, b""
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    while len(body) < length:
        piece = stream.recv(65536)
        if not piece:
            break
        body += piece
    return int(head[9:12]), head, body


def until_closed(stream, seconds=20):
    stream.settimeout(seconds)
    data = b""
    try:
        while piece := stream.recv(65536):
            data += piece
    except OSError:
        pass
    return data


class Server:
    """`kokuin serve --dev` with settings added to its own configuration."""

    def __init__(self, folder, limits="", listen="", tsu="", tls_ca=None, bearer=None):
        self.data = pathlib.Path(folder) / "data"
        self.port, self.seal_port = free_port(), free_port()
        self.process = None
        if limits or listen or tsu:
            self.start()
            self.stop()
            self.configure(limits, listen, tsu, tls_ca, bearer)
        self.start()

    def configure(self, limits, listen, tsu, tls_ca, bearer):
        path = self.data / "kokuin.toml"
        text = path.read_text()
        # Behind the last key of its table, before the next one.
        if tsu:
            head, _, tail = text.partition("[[tsa.tsu]]")
            table, bracket, rest = tail.partition("\n[")
            text = head + "[[tsa.tsu]]" + table.rstrip("\n") + "\n\n" + tsu + "\n" + bracket + rest
        if tls_ca:
            # What the process asks of itself, it asks over TLS too.
            own = f'url = "https://localhost:{self.port}/tsa"\ntls_ca = "{tls_ca}"\n'
            if bearer:
                own += f'bearer_file = "{bearer}"\n'
                listen += f'[log.time_mark]\n{own}trust = ["ca/root.pem"]\nevery = "10s"\n'
            text = text.replace(f'url = "http://127.0.0.1:{self.port}/tsa"\n', own)
        text += "\n" + listen + "\n" + limits + "\n"
        path.write_text(text)

    def start(self, wait=True):
        command = [BIN, "serve", "--dev", "--data", str(self.data), "--tsa-listen", f"127.0.0.1:{self.port}",
                   "--seal-listen", f"127.0.0.1:{self.seal_port}"]
        self.log = open(self.data.parent / "server.log", "ab")
        self.started = self.log.tell()
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log)
        if wait:
            self.wait_until_up()

    def wait_until_up(self):
        for _ in range(1200):
            # Both listeners say so once signals are heard; a port alone is taken long before.
            said = (self.data.parent / "server.log").read_bytes()[self.started:]
            if said.count(b"listening") >= 2:
                return
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended: {said[-2000:].decode()}")
            time.sleep(0.05)
        raise RuntimeError("the server does not listen")

    def stop(self, sign=signal.SIGTERM):
        self.process.send_signal(sign)
        try:
            return self.process.wait(60)
        finally:
            self.log.close()

    def connect(self, source=None, seconds=30, seal=False):
        address = ("127.0.0.1", self.seal_port if seal else self.port)
        return socket.create_connection(address, timeout=seconds, source_address=(source, 0) if source else None)

    def ask(self, request, source=None, seconds=30):
        """The answer to one request on a connection of its own."""
        with self.connect(source, seconds) as stream:
            stream.sendall(request)
            return read_answer(stream)

    def get(self, path):
        return self.ask(f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())

    def cpu_ms(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) * 1000 // TICKS

    def rss_kib(self):
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        raise RuntimeError("no VmRSS")

    def metric(self, name):
        for line in self.get("/metrics")[2].decode().splitlines():
            if line.startswith(name + " "):
                return float(line.rsplit(" ", 1)[1])
        return None


def latencies(server, count, source=None, stream=None):
    """Milliseconds of `count` stamps on one kept connection, sorted; statuses other than 200 count as failed."""
    times, failed = [], 0
    for _ in range(count):
        start = time.monotonic()
        try:
            stream = stream or server.connect(source)
            stream.sendall(post(query()))
            status, _, body = read_answer(stream)
            if status != 200 or b"\x30\x03\x02\x01\x00" not in body[:16]:
                failed += 1
        except OSError:
            failed, stream = failed + 1, None
        times.append((time.monotonic() - start) * 1000)
    if stream:
        stream.close()
    return sorted(times), failed


def p99(times):
    return times[min(len(times) - 1, len(times) * 99 // 100)]
