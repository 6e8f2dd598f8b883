"""Time-stamps with OpenSSL and curl, and with Kokuin's own client."""

import re
from pathlib import Path

import der
from report import Report, equal, expect
from world import QUERY, REPLY, World, text

DEVELOPMENT_POLICY = "2.999.3161.1"


def run(world: World, report: Report) -> None:
    for algorithm in ("sha256", "sha384", "sha512"):
        for certificates in (True, False):
            words = "with" if certificates else "without"
            report.check(
                f"openssl ts: {algorithm} {words} certificates",
                lambda algorithm=algorithm, certificates=certificates: stamp(world, algorithm, certificates),
            )
    report.check("openssl ts: the policy asked for", lambda: stamp(world, "sha256", True, DEVELOPMENT_POLICY))
    report.check("openssl ts: refuses a token for another document", lambda: refuses_other_data(world))
    report.check("openssl ts: refuses a token under another root", lambda: refuses_other_root(world))
    report.check("curl posts a query", lambda: curl(world))
    report.check("tsp: echoes the imprint as it came, NULL parameters too (TSP-04)", lambda: echoes_imprint(world))
    report.check("tsp: copies nonces of every size and sign (TSP-06)", lambda: copies_nonces(world))
    report.check("tsp: two tokens, two serial numbers (TSP-36)", lambda: serials_differ(world))
    report.check("GET /tsa/certchain gives a chain that openssl verifies", lambda: chain(world))
    report.check("kokuin timestamp saves token and receipt", lambda: own_client(world))


def ask(world: World, folder: Path, *options: str, document: Path | None = None) -> tuple[Path, Path, Path]:
    """Document, query and answer."""
    document = document or world.document(folder)
    query, response = folder / "q.tsq", folder / "r.tsr"
    world.program("openssl", "ts", "-query", "-data", document, *options, "-out", query)
    answer = world.post_query(query.read_bytes())
    equal((answer.status, answer.headers["content-type"]), (200, REPLY), "HTTP answer")
    response.write_bytes(answer.body)
    return document, query, response


def stamp(world: World, algorithm: str, certificates: bool, policy: str | None = None) -> None:
    folder = world.folder()
    options = [f"-{algorithm}"] + (["-cert"] if certificates else []) + (["-tspolicy", policy] if policy else [])
    document, query, response = ask(world, folder, *options)
    # Without certificates in the token, the verifier brings its own.
    untrusted = [] if certificates else ["-untrusted", world.single("tsu/*.pem")]
    for subject in (["-queryfile", query], ["-data", document]):
        done = world.program("openssl", "ts", "-verify", "-in", response, *subject, "-CAfile", world.root, *untrusted)
        expect("Verification: OK" in text(done), text(done))
    shown = text(world.program("openssl", "ts", "-reply", "-in", response, "-text"))
    expect("Status: Granted." in shown, shown)
    # OpenSSL 3.0 prints the accuracy in its parts: 1 s or better is promised (TSP-51).
    accuracy = re.search(r"Accuracy: (0x01|unspecified) seconds", shown)
    expect(accuracy, f"no accuracy of a second or better in\n{shown}")
    expect("Ordering: no" in shown, shown)
    expect(f"Policy OID: {DEVELOPMENT_POLICY}" in shown, shown)
    token = der.token_of(response.read_bytes())
    signed = der.Reader(token).enter(0x30)
    signed.next()
    data = signed.enter(0xA0).enter(0x30)
    tags = []
    while data.rest:
        tags.append(data.next()[0])
    equal(0xA0 in tags, certificates, "presence of SignedData.certificates (TSP-07)")


def refuses_other_data(world: World) -> None:
    folder = world.folder()
    _, _, response = ask(world, folder, "-sha256", "-cert")
    other = folder / "other"
    other.write_bytes(b"other")
    done = world.program("openssl", "ts", "-verify", "-in", response, "-data", other, "-CAfile", world.root, status=1)
    expect("message imprint mismatch" in text(done), text(done))


def refuses_other_root(world: World) -> None:
    folder = world.folder()
    document, _, response = ask(world, folder, "-sha256", "-cert")
    other = world.other_root()
    world.program("openssl", "ts", "-verify", "-in", response, "-data", document, "-CAfile", other, status=1)


def curl(world: World) -> None:
    folder = world.folder()
    document = world.document(folder)
    query, response = folder / "q.tsq", folder / "r.tsr"
    world.program("openssl", "ts", "-query", "-data", document, "-sha256", "-cert", "-out", query)
    header = f"Content-Type: {QUERY}"
    world.program("curl", "-sS", "--fail", "-H", header, "--data-binary", f"@{query}", world.tsa, "-o", response)
    world.program("openssl", "ts", "-verify", "-in", response, "-queryfile", query, "-CAfile", world.root)


def granted(world: World, query: bytes) -> list[tuple[int, bytes]]:
    answer = world.post_query(query)
    equal(answer.status, 200, "HTTP status")
    equal(der.status_of(answer.body), (0, set(), True), "status, failure bits and token")
    return der.tst_info_of(answer.body)


def echoes_imprint(world: World) -> None:
    for parameters in (b"", b"\x05\x00"):
        message = der.imprint(parameters=parameters)
        fields = granted(world, der.query(message=message))
        equal(der.tlv(*fields[2]), message, "messageImprint")


def copies_nonces(world: World) -> None:
    for nonce in (b"\x00", b"\x01", b"\xff", b"\x80\x00", b"\x7f" * 32, b"\x00\x80", b"\x80" + b"\x01" * 31):
        fields = granted(world, der.query(nonce=nonce))
        # After the accuracy; the serial number is the fourth field.
        found = [content for tag, content in fields[4:] if tag == 2]
        equal(found, [nonce], "nonce")
    fields = granted(world, der.query())
    equal([tag for tag, _ in fields[4:] if tag == 2], [], "nonce where none was sent")


def serials_differ(world: World) -> None:
    serials = {granted(world, der.query())[3][1] for _ in range(20)}
    equal(len(serials), 20, "number of serial numbers")
    for serial in serials:
        expect(len(serial) <= 20 and serial[0] < 0x80, f"serial number {serial.hex()}")


def chain(world: World) -> None:
    folder = world.folder()
    answer = world.http("GET", f"{world.tsa_root}/tsa/certchain")
    equal(answer.status, 200, "HTTP status")
    path = folder / "chain.pem"
    path.write_bytes(answer.body)
    expect(answer.body.count(b"BEGIN CERTIFICATE") >= 1, "no certificate in the chain")
    purpose = ["-purpose", "timestampsign", "-x509_strict"]
    world.program("openssl", "verify", *purpose, "-CAfile", world.root, "-untrusted", path, path)


def own_client(world: World) -> None:
    folder = world.folder()
    document = world.document(folder)
    world.kokuin("timestamp", document, "--tsa", world.tsa)
    response, proof = Path(f"{document}.tsr"), Path(f"{document}.tsr.tlog-proof")
    world.program("openssl", "ts", "-verify", "-in", response, "-data", document, "-CAfile", world.root)
    expect(proof.read_bytes().startswith(b"c2sp.org/tlog-proof@v1\n"), proof.read_bytes()[:80].decode(errors="replace"))
    for algorithm in ("sha384", "sha512"):
        another = world.document(world.folder())
        options = ["--hash", algorithm, "--policy", DEVELOPMENT_POLICY, "--no-cert"]
        world.kokuin("timestamp", another, "--tsa", world.tsa, *options)
        untrusted = ["-untrusted", world.single("tsu/*.pem")]
        response = f"{another}.tsr"
        world.program("openssl", "ts", "-verify", "-in", response, "-data", another, "-CAfile", world.root, *untrusted)
