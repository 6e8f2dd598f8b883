"""TSP-47 and who may use a TSU: real curl and openssl against TLS, keys, certificates and networks."""

import hashlib
import os
import re
import signal
import subprocess
import time

from server import TYPE, Server, post, query, read_answer


def openssl(*arguments, data=None):
    done = subprocess.run(["openssl", *arguments], input=data, capture_output=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


def authority(folder, name):
    key, certificate = folder / f"{name}.key", folder / f"{name}.pem"
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj", f"/CN={name}",
            "-keyout", str(key), "-out", str(certificate))
    return certificate, key


def issue(folder, issuer, file, subject, extra="subjectAltName=DNS:localhost,IP:127.0.0.1"):
    key, request, certificate = (folder / f"{file}.{end}" for end in ("key", "csr", "pem"))
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", subject, "-keyout", str(key),
            "-out", str(request))
    extensions = folder / f"{file}.ext"
    extensions.write_text(extra + "\n")
    openssl("x509", "-req", "-in", str(request), "-CA", str(issuer[0]), "-CAkey", str(issuer[1]), "-CAcreateserial", "-days", "20",
            "-extfile", str(extensions), "-out", str(certificate))
    key.chmod(0o600)
    return certificate, key


def curl(server, root, *arguments, path="/tsa"):
    command = ["curl", "-sS", "--cacert", str(root), "-o", "-", "-w", "\n%{http_code}", "-H", f"Content-Type: {TYPE}", "--data-binary", "@-",
               *arguments, f"https://localhost:{server.port}{path}", "--resolve", f"localhost:{server.port}:127.0.0.1"]
    done = subprocess.run(command, input=query(), capture_output=True, timeout=60)
    body, _, status = done.stdout.rpartition(b"\n")
    return status.decode(), body


def client_arguments(identity):
    return ["--cert", str(identity[0]), "--key", str(identity[1])]


def run(report, work, _connections):
    root, clients, strangers = (authority(work, name) for name in ("root", "clients", "strangers"))
    server_identity = issue(work, root, "server", "/CN=localhost")
    device = issue(work, clients, "device", "/C=JP/O=Example/CN=device 1", "extendedKeyUsage=clientAuth")
    other = issue(work, clients, "other", "/CN=other", "extendedKeyUsage=clientAuth")
    stranger = issue(work, strangers, "stranger", "/C=JP/O=Example/CN=device 1", "extendedKeyUsage=clientAuth")
    keys = work / "api-keys"
    made = subprocess.run([os.environ["KOKUIN_BIN"], "tsa", "api-key", "device-7", "--file", str(keys)], capture_output=True, timeout=60)
    key = made.stdout.decode().strip()
    good = re.fullmatch("kokuin_[0-9a-f]{64}", key) and keys.stat().st_mode & 0o777 == 0o600
    line = f"device-7 {hashlib.sha256(key.encode()).hexdigest()}\n"
    report.check("kokuin tsa api-key shows a key and keeps its hash", bool(good) and keys.read_text() == line, made.stderr.decode())
    listen = f'[listen.tls]\ncertificate = "{server_identity[0]}"\nkey_file = "{server_identity[1]}"\nclient_ca = "{clients[0]}"\n'
    tsu = (f'[tsa.tsu.access]\nnetworks = ["127.0.0.0/8"]\napi_keys_file = "{keys}"\nclient_ca = "{clients[0]}"\n'
           'subjects = ["C=JP, O=Example, CN=device 1"]\n')
    key_file = work / "key"
    key_file.write_text(key + "\n")
    key_file.chmod(0o600)
    server = Server(work, limits="[limits]\nrate = { per_second = 1000, burst = 50 }\n", listen=listen, tsu=tsu, tls_ca=root[0], bearer=key_file)
    bearer = ["-H", f"Authorization: Bearer {key}"]

    for name, arguments, expected in [
        ("an API key", bearer, "200"),
        ("a listed certificate", client_arguments(device), "200"),
        ("a key and a certificate that is not listed", bearer + client_arguments(other), "200"),
        ("neither", [], "401"),
        ("a wrong key", ["-H", "Authorization: Bearer kokuin_00"], "401"),
        ("a wrong key beside a listed certificate", ["-H", "Authorization: Bearer x"] + client_arguments(device), "401"),
        ("a certificate that is not listed", client_arguments(other), "403"),
        ("a certificate of another authority", client_arguments(stranger), "000"),
    ]:
        status, body = curl(server, root[0], *arguments)
        good = status == expected and (status != "200" or b"\x30\x03\x02\x01\x00" in body[:16])
        report.check(f"access with {name}: {expected}", good, f"{status} {body[:200]}")
    report.check("access: 401 is a problem with its challenge", b"web.credentials-missing" in curl(server, root[0])[1])

    for version, shakes in [("-tls1_3", True), ("-tls1_2", True), ("-tls1_1", False), ("-tls1", False)]:
        _, said = openssl("s_client", "-connect", f"127.0.0.1:{server.port}", version, "-CAfile", str(root[0]), "-cipher",
                          "DEFAULT@SECLEVEL=0", data=b"")
        has = bool(re.search(rb"Verify return code: 0|Verification: OK", said)) and b"Cipher is (NONE)" not in said
        report.check(f"TSP-47 s_client {version}: {'a handshake' if shakes else 'none'}", has == shakes, said.decode(errors="replace")[-400:])
    for name, cipher in [("CBC", "ECDHE-ECDSA-AES128-SHA"), ("static RSA", "AES128-GCM-SHA256"), ("NULL", "eNULL")]:
        _, said = openssl("s_client", "-connect", f"127.0.0.1:{server.port}", "-tls1_2", "-cipher", f"{cipher}:@SECLEVEL=0", data=b"")
        report.check(f"TSP-47 no {name} cipher", b"Cipher is (NONE)" in said or b"alert" in said, said.decode(errors="replace")[-300:])
    _, said = openssl("s_client", "-connect", f"127.0.0.1:{server.port}", "-alpn", "h2", data=b"")
    report.check("THR-87 no HTTP/2", b"no application protocol" in said or b"alert number 120" in said, said.decode(errors="replace")[-300:])
    _, said = openssl("s_client", "-connect", f"127.0.0.1:{server.port}", "-alpn", "h2,http/1.1", data=b"")
    report.check("TSP-47 ALPN agrees on HTTP/1.1", b"ALPN protocol: http/1.1" in said)
    with server.connect() as stream:
        stream.sendall(post(query()))
        try:
            answer = read_answer(stream)
        except OSError:
            answer = (0,)
        report.check("TSP-47 nothing is answered in the clear", answer[0] == 0)

    (work / "sample").write_text("sample")
    kokuin = [os.environ["KOKUIN_BIN"], "timestamp", str(work / "sample"), "--tsa", f"https://localhost:{server.port}/tsa"]
    stamp = lambda *more: subprocess.run([*kokuin, "--force", *more], capture_output=True, timeout=60)
    trusted = stamp("--tls-ca", str(root[0]))
    report.check("kokuin timestamp speaks TLS and is told why it gets nothing", b"(web.credentials-missing, status 401)" in trusted.stderr,
                 trusted.stderr.decode())
    for name, arguments in [("trusts no other authority", ["--tls-ca", str(strangers[0])]), ("trusts nobody unless told", [])]:
        wrong = stamp(*arguments)
        report.check(f"kokuin timestamp {name}", b"401" not in wrong.stderr and wrong.returncode == 1, wrong.stderr.decode())
    ca = ["--tls-ca", str(root[0])]
    for name, arguments in [("an API key", ["--api-key-file", str(key_file)]),
                            ("a client certificate", ["--client-cert", str(device[0]), "--client-key", str(device[1])])]:
        let_in = stamp(*ca, *arguments)
        report.check(f"kokuin timestamp with {name} gets a token and its receipt", let_in.returncode == 0 and b"log receipt" in let_in.stdout,
                     let_in.stderr.decode())
    batch = stamp("--batch", *ca, "--api-key-file", str(key_file))
    report.check("kokuin timestamp --batch with an API key gets its record and receipt", batch.returncode == 0 and b"log receipt" in batch.stdout,
                 batch.stderr.decode())
    seal = lambda *more: subprocess.run(
        [os.environ["KOKUIN_BIN"], "seal", str(work / "sample"), "--api", f"https://localhost:{server.seal_port}", "--token-file",
         str(server.data / "api-token"), "--format", "cades", "--level", "B-T", "-o", str(work / "sample.p7s"), "--force", *more],
        capture_output=True, timeout=60)
    sealed = seal(*ca)
    report.check("TSP-47 kokuin seal and eseal.tsa.tls_ca: a seal at B-T over TLS on both ways",
                 sealed.returncode == 0 and b"B-T" in sealed.stdout and b"log receipt" in sealed.stdout, sealed.stderr.decode())
    for name, arguments, said in [("trusts no other authority", ["--tls-ca", str(strangers[0])], b"no trusted TLS connection"),
                                  ("trusts nobody unless told", [], b"--tls-ca FILE")]:
        wrong = seal(*arguments)
        report.check(f"kokuin seal {name}", wrong.returncode == 1 and said in wrong.stderr, wrong.stderr.decode())
    shows = [os.environ["KOKUIN_BIN"], "audit", "show", "--data", str(server.data), "--kind", "time-mark"]
    marked = until(lambda: b"time-mark" in subprocess.run(shows, capture_output=True, timeout=60).stdout)
    report.check("TSP-47 log.time_mark.tls_ca: a time mark over TLS", marked)
    key_file.chmod(0o644)
    report.check("THR-103 kokuin timestamp reads no key that others read", stamp(*ca, "--api-key-file", str(key_file)).returncode == 1)

    reload_tls(report, server, work, root, server_identity)
    codes = [curl(server, root[0], *bearer)[0] for _ in range(3)]
    report.check("access: a client is let in again and again", codes == ["200"] * 3, str(codes))
    server.stop()
    shown = (work / "server.log").read_bytes()
    report.check("THR-104 no key and no subject in the messages", key.encode() not in shown and b"device 1" not in shown)
    keys.chmod(0o644)
    report.check("THR-103 no start with a file of keys that others read", refuses(server))
    keys.chmod(0o600)
    server_identity[1].chmod(0o640)
    report.check("THR-103 no start with a key file that others read", refuses(server))
    server_identity[1].chmod(0o600)

    key_file.chmod(0o600)
    config = server.data / "kokuin.toml"
    good = config.read_text()
    config.write_text(good.replace(f"https://localhost:{server.port}/tsa", f"http://127.0.0.1:{server.port}/tsa"))
    report.check("no start where the e-seal service would ask a listener of HTTPS by HTTP", refuses(server))
    config.write_text(good)
    config.write_text(config.read_text().replace('networks = ["127.0.0.0/8"]', 'networks = ["10.0.0.0/8"]'))
    server.start()
    status, body = curl(server, root[0], *bearer)
    report.check("access from another network: 403", status == "403" and b"web.forbidden" in body, f"{status} {body[:200]}")
    server.stop()


def serial(server, root):
    _, said = openssl("s_client", "-connect", f"127.0.0.1:{server.port}", "-CAfile", str(root[0]), data=b"")
    return openssl("x509", "-noout", "-serial", data=said)[1].strip()


def reload_tls(report, server, work, root, identity):
    """SIGHUP, as `kokuin tsa reload`: new connections get the new certificate; a wrong one changes nothing."""
    first = serial(server, root)
    fresh = issue(work, root, "fresh", "/CN=localhost")
    before = [file.read_bytes() for file in identity]
    kept = server.connect()
    for file, new in zip(identity, fresh):
        file.write_bytes(new.read_bytes())
    server.process.send_signal(signal.SIGHUP)
    report.check("TSP-47 SIGHUP: new connections get the new certificate", until(lambda: serial(server, root) not in (first, b"")))
    second = serial(server, root)
    # The certificate from before with the key of the new one.
    identity[0].write_bytes(before[0])
    at = len((work / "server.log").read_bytes())
    server.process.send_signal(signal.SIGHUP)
    said = until(lambda: b"does not hold the key" in (work / "server.log").read_bytes()[at:])
    report.check("TSP-47 SIGHUP with the key of another: refused, and what was served is served", said and serial(server, root) == second,
                 (work / "server.log").read_bytes()[at:].decode())
    identity[0].write_bytes(fresh[0].read_bytes())
    kept.close()


def until(holds, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.2)
    return False


def refuses(server):
    server.start(wait=False)
    try:
        return server.process.wait(60) != 0
    except subprocess.TimeoutExpired:
        server.stop(signal.SIGKILL)
        return False
