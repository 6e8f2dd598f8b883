"""The real service as production starts it, and a client that holds every token against the true time."""

import calendar
import hashlib
import http.client
import json
import os
import shutil
import signal
import subprocess
import threading
import time

KOKUIN = os.environ["KOKUIN_BIN"]
POLICY = "1.3.6.1.4.1.99999.1"
SHA256 = bytes.fromhex("300d06096086480165030402010500")


def run(*command, **more):
    done = subprocess.run(command, capture_output=True, text=True, **more)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr or done.stdout}")
    return done.stdout


def make_template(folder):
    """A folder as `kokuin init` makes it, with a certificate by a CA of the openssl command."""
    data, config = f"{folder}/tsa", f"{folder}/tsa/kokuin.toml"
    run(KOKUIN, "init", "--data", data, "--service", "tsa", "--policy", POLICY, "--origin", "clock.example/log",
        "--clock-source", "127.0.0.2", "--clock-source", "127.0.0.3", "--software-keys")
    run(KOKUIN, "keys", "create", "--config", config, "tsu-1", "--algorithm", "p256", "--purpose", "tst")
    request = run(KOKUIN, "keys", "csr", "--config", config, "tsu-1", "--organization", "Example K.K.",
                  "--organization-identifier", "NTRJP-9000000000000", "--common-name", "Clock test TSU")
    open(f"{folder}/tsu.csr", "w").write(request)
    ca = ["-keyout", f"{folder}/ca.key", "-out", f"{folder}/ca.pem"]
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "6000",
        "-subj", "/C=JP/O=Example K.K./CN=Clock test CA", "-addext", "keyUsage=critical,keyCertSign,cRLSign", *ca)
    until = time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + 365 * 86_400)).encode()
    period = (b"\x30\x11\x81\x0f" + until).hex(":")
    open(f"{folder}/tsu.ext", "w").write(
        "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=critical,timeStamping\n"
        "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\ncrlDistributionPoints=URI:http://crl.example/ca.crl\n"
        f"2.5.29.16=DER:{period}\n")
    chain = run("openssl", "x509", "-req", "-in", f"{folder}/tsu.csr", "-CA", f"{folder}/ca.pem", "-CAkey",
                f"{folder}/ca.key", "-CAcreateserial", "-days", "4060", "-sha256", "-extfile", f"{folder}/tsu.ext")
    open(f"{folder}/chain.pem", "w").write(chain + open(f"{folder}/ca.pem").read())
    run(KOKUIN, "keys", "import-cert", "--config", config, "tsu-1", f"{folder}/chain.pem")
    return data


class Service:
    """One process with its own `[clock]`."""

    def __init__(self, template, data, port, clock, world, environment=None):
        self.data, self.port, self.world, self.environment = data, port, world, environment or {}
        shutil.copytree(template, data)
        text = open(f"{data}/kokuin.toml").read()
        head, rest = text.split("[clock]", 1)
        rest = rest[rest.index("\n# One table"):] if "\n# One table" in rest else rest[rest.index("\n[["):]
        text = head.replace("127.0.0.1:3161", f"127.0.0.1:{port}") + "[clock]\n" + clock + rest
        open(f"{data}/kokuin.toml", "w").write(text)
        self.tokens, self.refused, self.wrong, self.last_refusal = 0, 0, [], ""
        self.newest = 0
        self.lock, self.loading, self.process = threading.Lock(), False, None

    def start(self):
        command = [KOKUIN, "serve", "tsa", "--config", f"{self.data}/kokuin.toml"]
        self.process = subprocess.Popen(command, env={**os.environ, **self.environment}, stdout=subprocess.DEVNULL,
                                        stderr=open(f"{self.data}/stderr", "w"))

    def load(self, clients=3):
        """Asks for tokens without end."""
        self.loading = True
        for client in range(clients):
            threading.Thread(target=self.ask_on, args=(client,), daemon=True).start()

    def ask_on(self, client):
        connection, count = None, 0
        while self.loading:
            count += 1
            try:
                connection = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
                self.ask(connection, f"{client}/{count}".encode())
            except (OSError, http.client.HTTPException):
                connection = None
                time.sleep(0.2)
            time.sleep(0.01)

    def ask(self, connection, document):
        imprint = der(0x30, SHA256 + der(0x04, hashlib.sha256(document).digest()))
        request = der(0x30, der(0x02, b"\x01") + imprint)
        before = self.world.counted()
        connection.request("POST", "/tsa", request, {"Content-Type": "application/timestamp-query"})
        body = connection.getresponse().read()
        after = self.world.counted()
        with self.lock:
            self.judge(body, before, after)

    def judge(self, body, before, after):
        """A token is right if UTC was within its accuracy of its genTime at some moment between question and answer."""
        parts = list(children(body)) if body[:1] == b"\x30" else []
        if len(parts) < 2:
            self.refused += 1
            # PKIFailureInfo: timeNotAvailable is bit 14.
            self.last_refusal = "timeNotAvailable" if body.endswith(b"\x03\x03\x01\x00\x02") or b"\x03\x03\x01\x00\x02" in body else body.hex()
            return
        at_us, accuracy_us = read_token(parts[1][1])
        self.tokens += 1
        if not before - accuracy_us <= self.world.count(at_us) <= after + accuracy_us:
            self.wrong.append(f"genTime {at_us}, accuracy {accuracy_us} us, asked between {before} and {after}")
        midnight = self.world.midnight
        if midnight is not None and midnight <= before and after < midnight + 1_000_000:
            self.wrong.append(f"genTime {at_us} was issued in 23:59:60")
        self.newest = max(self.newest, at_us)

    def until(self, condition, seconds):
        """Waits for a condition; whether it came true in time."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if condition():
                return True
            time.sleep(0.05)
        return False

    def issues(self, seconds=90):
        """Whether tokens are issued, from now on."""
        before = self.tokens
        return self.until(lambda: self.tokens > before + 3, seconds)

    def refuses(self, seconds=90):
        """Whether timeNotAvailable is answered, and nothing is issued after."""
        before, self.last_refusal = self.refused, ""
        if not self.until(lambda: self.refused > before + 3 and self.last_refusal, seconds):
            return False
        time.sleep(0.5)
        tokens = self.tokens
        time.sleep(0.5)
        return self.tokens == tokens and self.last_refusal == "timeNotAvailable"

    def keeps_issuing(self, seconds):
        refused, tokens = self.refused, self.tokens
        time.sleep(seconds)
        return self.refused == refused and self.tokens > tokens + 3

    def entries(self, kind):
        text = run(KOKUIN, "audit", "show", "--data", self.data, "--json")
        found = [json.loads(line)["entry"] for line in text.splitlines()]
        return [entry for entry in found if entry["kind"] == kind]

    def states(self):
        return [entry["to"] for entry in self.entries("clock-state")]

    def metrics(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request("GET", "/metrics")
        lines = connection.getresponse().read().decode().splitlines()
        return dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))

    def stop(self):
        self.loading = False
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
        time.sleep(0.1)


def der(tag, content):
    length = bytes([len(content)]) if len(content) < 128 else bytes([0x81, len(content)])
    return bytes([tag]) + length + content


def children(encoded):
    """Tag and content of each member of a constructed encoding; content of primitive ones as is."""
    _, content, _ = read(encoded, 0)
    at = 0
    while at < len(content):
        tag, inner, end = read(content, at)
        yield tag, content[at:end] if tag & 0x20 else inner
        at = end


def read(data, at):
    tag, length, at = data[at], data[at + 1], at + 2
    if length >= 0x80:
        octets = length & 0x7F
        length, at = int.from_bytes(data[at:at + octets], "big"), at + octets
    return tag, data[at:at + length], at + length


def read_token(token):
    """genTime and accuracy of a TimeStampToken, in microseconds."""
    signed = list(children(list(children(token))[1][1]))[0][1]
    content = list(children(signed))[2][1]
    wrapped = list(children(list(children(content))[1][1]))[0][1]
    info = list(children(wrapped))
    text = info[4][1].decode()
    whole, _, fraction = text.rstrip("Z").partition(".")
    at_us = calendar.timegm(time.strptime(whole, "%Y%m%d%H%M%S")) * 1_000_000 + int(fraction.ljust(6, "0")[:6] or 0)
    accuracy = 0
    for tag, value in children(info[5][1]):
        accuracy += int.from_bytes(value, "big") * {0x02: 1_000_000, 0x80: 1_000, 0x81: 1}[tag]
    return at_us, accuracy
