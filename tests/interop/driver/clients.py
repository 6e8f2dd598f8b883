"""Other clients: rfc3161-client and Java's jarsigner."""

import hashlib
import urllib.request
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    VerifierBuilder,
    decode_timestamp_response,
)
from rfc3161_client.errors import VerificationError

from report import Failed, Report, equal, expect
from world import QUERY, World, text

DIGESTS = {HashAlgorithm.SHA256: hashlib.sha256, HashAlgorithm.SHA512: hashlib.sha512}


def run(world: World, report: Report) -> None:
    for algorithm in (HashAlgorithm.SHA256, HashAlgorithm.SHA512):
        report.check(
            f"rfc3161-client: {algorithm.name} is requested and verified",
            lambda algorithm=algorithm: python_client(world, algorithm),
        )
    report.check("rfc3161-client: refuses another document", lambda: python_client_refuses(world))
    report.check("jarsigner -tsa signs a jar and verifies it with its time-stamp", lambda: jarsigner(world))


def response_for(world: World, data: bytes, algorithm: HashAlgorithm):
    builder = TimestampRequestBuilder().data(data).hash_algorithm(algorithm)
    request = builder.nonce(nonce=True).cert_request(cert_request=True).build()
    http = urllib.request.Request(world.tsa, data=request.as_bytes(), headers={"Content-Type": QUERY})
    with urllib.request.urlopen(http, timeout=30) as answer:
        return request, decode_timestamp_response(answer.read())


def verifier(world: World, request):
    root = x509.load_pem_x509_certificate(world.root.read_bytes())
    return VerifierBuilder().add_root_certificate(root).nonce(request.nonce).build()


def python_client(world: World, algorithm: HashAlgorithm) -> None:
    data = b"document of the Python client"
    request, response = response_for(world, data, algorithm)
    equal(response.status, 0, "status")
    checker = verifier(world, request)
    expect(checker.verify_message(response, data), "not verified")
    expect(checker.verify(response, DIGESTS[algorithm](data).digest()), "not verified by its digest")
    expect(response.tst_info.accuracy.seconds in (0, 1), f"accuracy is {response.tst_info.accuracy.seconds} s")


def python_client_refuses(world: World) -> None:
    request, response = response_for(world, b"one", HashAlgorithm.SHA256)
    try:
        verifier(world, request).verify_message(response, b"another")
    except VerificationError:
        return
    raise Failed("a token for another document was verified")


def jarsigner(world: World) -> None:
    folder = world.folder()
    (folder / "content.txt").write_text("Kokuin\n")
    jar, store = folder / "small.jar", folder / "keys.p12"
    world.program("jar", "--create", "--file", jar, "-C", folder, "content.txt")
    password = ["-keystore", store, "-storepass", "changeit", "-storetype", "PKCS12"]
    dname = ["-alias", "signer", "-dname", "CN=Interop signer", "-keyalg", "EC", "-groupname", "secp256r1"]
    world.program("keytool", "-genkeypair", *password, *dname, "-validity", "30")
    # Both roots are put into the store that the verifier trusts.
    world.program("keytool", "-importcert", "-noprompt", "-alias", "kokuin", "-file", world.root, *password)
    done = world.program("jarsigner", *password, "-tsa", world.tsa, jar, "signer")
    expect("jar signed" in text(done), text(done))
    done = world.program("jarsigner", "-verify", "-verbose", "-certs", *password, jar)
    shown = text(done)
    expect("jar verified" in shown, shown)
    expect("Timestamped by" in shown, shown)
    expect("timestamp is invalid" not in shown.lower() and "TSA certificate chain is invalid" not in shown, shown)
    check_embedded_token(world, folder, jar)


def check_embedded_token(world: World, folder: Path, jar: Path) -> None:
    """The token is the one that our TSA made: its certificate is in the signature block."""
    world.program("jar", "--extract", "--file", jar, cwd=folder)
    block = next((folder / "META-INF").glob("SIGNER.*C")).read_bytes()
    tsu = x509.load_pem_x509_certificates(world.single("tsu/*.pem").read_bytes())[0]
    expect(tsu.public_bytes(Encoding.DER) in block, "the TSU's certificate is not in the jar's signature")
