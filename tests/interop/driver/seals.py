"""Seals: what Poppler, pyHanko, qpdf, OpenSSL and Kokuin's own verifier make of them."""

import json
from pathlib import Path

from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
from asn1crypto import pem, x509

import pdfs
from report import Report, equal, expect
from world import World, text


def run(world: World, report: Report) -> None:
    for kind in pdfs.KINDS:
        for level in ("B-B", "B-T"):
            report.check(
                f"pades {level}: a PDF with {kind}",
                lambda kind=kind, level=level: pades(world, kind, level),
            )
    report.check("pades: refuses an encrypted, a sealed and a broken PDF with a problem", lambda: refused_pdfs(world))
    report.check("pades: TOTAL-FAILED after a byte of the document changed", lambda: tampered_pdf(world))
    for level in ("B-B", "B-T"):
        report.check(f"cades {level}: openssl cms and kokuin-verify", lambda level=level: cades(world, level))
    report.check("cades: refuses another document", lambda: cades_other(world))
    report.check("kokuin seal: the receipt verifies for the seal", lambda: seal_receipt(world))


def seal(world: World, source: Path, out: Path, format_: str, level: str, status: int | None = 0):
    options = ["--api", world.seal, "--token-file", world.data / "api-token", "--format", format_, "--level", level]
    return world.kokuin("seal", source, "-o", out, *options, status=status)


def context(world: World) -> ValidationContext:
    _, _, der = pem.unarmor(world.root.read_bytes())
    crls = [crl.read_bytes() for crl in world.data.glob("ca/*.crl")]
    return ValidationContext(
        trust_roots=[x509.Certificate.load(der)],
        crls=[crl if crl[:1] == b"\x30" else pem.unarmor(crl)[2] for crl in crls],
        allow_fetching=False,
        revocation_mode="hard-fail",
    )


def pades(world: World, kind: str, level: str) -> None:
    folder = world.folder()
    source, out = pdfs.KINDS[kind](world, folder / "invoice.pdf"), folder / "sealed.pdf"
    seal(world, source, out, "pades", level)
    expect(out.read_bytes().startswith(source.read_bytes()), "the original is no prefix of the sealed file")
    world.program("qpdf", "--check", out)
    poppler(world, folder, out, level)
    pyhanko(world, out, level)
    found = world.verdict(out, "--trust", world.root, *world.crls(), status=0)
    equal((found["kind"], found["status"], found["level"]), ("pades", "TOTAL-PASSED", level), "verdict")
    equal(len(found.get("signatures", [found])), 1, "number of signatures")


def poppler(world: World, folder: Path, out: Path, level: str) -> None:
    done = world.program("pdfsig", "-nocert", out, cwd=folder)
    shown = text(done)
    expect("Signature Validation: Signature is Valid." in shown, shown)
    expect("Total document signed" in shown, shown)
    expect("Signature Type: ETSI.CAdES.detached" in shown, shown)


def pyhanko(world: World, out: Path, level: str) -> None:
    with out.open("rb") as handle:
        reader = PdfFileReader(handle)
        signatures = reader.embedded_signatures
        equal(len(signatures), 1, "number of signatures pyHanko sees")
        status = validate_pdf_signature(
            signatures[0], signer_validation_context=context(world), ts_validation_context=context(world)
        )
        summary = status.pretty_print_details()
        expect(status.intact and status.valid, summary)
        expect(status.trusted, summary)
        expect(status.bottom_line, summary)
        expect("ENTIRE_FILE" in str(status.coverage), f"coverage is {status.coverage}")
        token = status.timestamp_validity
        equal(token is not None, level == "B-T", "presence of a time-stamp")
        if token is not None:
            expect(token.intact and token.valid and token.trusted, summary)


def refused_pdfs(world: World) -> None:
    folder = world.folder()
    once = folder / "once.pdf"
    seal(world, pdfs.table(folder / "plain.pdf"), once, "pades", "B-B")
    broken = folder / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7\nnothing else")
    text_file = folder / "text.pdf"
    text_file.write_bytes(b"no PDF")
    for source in (pdfs.encrypted(world, folder / "encrypted.pdf"), once, broken, text_file):
        out = folder / f"out-{source.name}"
        done = seal(world, source, out, "pades", "B-B", status=None)
        expect(done.returncode != 0 and not out.exists(), f"{source.name} was sealed: {text(done)}")
        answer = post(world, source.read_bytes(), {"format": "pades", "level": "B-B"})
        expect(answer.status in (400, 422), f"HTTP status {answer.status} for {source.name}")
        body = json.loads(answer.body)
        expect(body["code"] and answer.headers["content-type"].startswith("application/problem+json"), str(body))


def post(world: World, document: bytes, request: dict):
    """The REST call itself: two parts, as interfaces say."""
    boundary = "kokuin-interop-boundary"
    parts = [
        (b'name="request"', b"application/json", json.dumps(request).encode()),
        (b'name="document"; filename="document"', b"application/octet-stream", document),
    ]
    body = b"".join(
        b"--%s\r\nContent-Disposition: form-data; %s\r\nContent-Type: %s\r\n\r\n%s\r\n"
        % (boundary.encode(), disposition, media_type, content)
        for disposition, media_type, content in parts
    )
    body += b"--%s--\r\n" % boundary.encode()
    headers = {
        "Authorization": f"Bearer {world.token()}",
        "Content-Type": f"multipart/form-data; boundary={boundary}",
    }
    return world.http("POST", f"{world.seal}/v1/seals", body, headers)


def tampered_pdf(world: World) -> None:
    folder = world.folder()
    out = folder / "sealed.pdf"
    seal(world, pdfs.table(folder / "invoice.pdf"), out, "pades", "B-B")
    octets = bytearray(out.read_bytes())
    at = octets.index(b"Invoice 2026")
    octets[at] = ord("i")
    out.write_bytes(octets)
    found = world.verdict(out, "--trust", world.root, *world.crls(), status=1)
    equal((found["status"], found["sub_indication"]), ("TOTAL-FAILED", "HASH_FAILURE"), "verdict")
    shown = text(world.program("pdfsig", "-nocert", out, status=None, cwd=folder))
    expect("Digest Mismatch" in shown, shown)


def cades(world: World, level: str) -> None:
    folder = world.folder()
    document, out = world.document(folder), folder / "document.p7s"
    seal(world, document, out, "cades", level)
    openssl_cms(world, out, document)
    found = world.verdict(out, "--data", document, "--trust", world.root, *world.crls(), status=0)
    equal((found["kind"], found["status"], found["level"]), ("cades", "TOTAL-PASSED", level), "verdict")
    equal(found["signer"]["corporate_number"], "9000000000000", "corporate number")
    shown = text(world.program("openssl", "cms", "-cmsout", "-print", "-inform", "DER", "-in", out))
    expect("eContent: <ABSENT>" in shown or "eContent: \n" in shown, "the document is in the seal")
    expect("id-smime-aa-signingCertificateV2" in shown, shown)
    equal("id-smime-aa-timeStampToken" in shown, level == "B-T", "presence of a time-stamp")


def openssl_cms(world: World, out: Path, document: Path, status: int = 0):
    options = ["-binary", "-inform", "DER", "-content", document, "-CAfile", world.root, "-purpose", "any"]
    return world.program("openssl", "cms", "-verify", "-in", out, *options, "-out", "/dev/null", status=status)


def cades_other(world: World) -> None:
    folder = world.folder()
    document, out = world.document(folder), folder / "document.p7s"
    seal(world, document, out, "cades", "B-B")
    other = folder / "other"
    other.write_bytes(b"another document")
    openssl_cms(world, out, other, status=4)
    found = world.verdict(out, "--data", other, "--trust", world.root, *world.crls(), status=1)
    equal((found["status"], found["sub_indication"]), ("TOTAL-FAILED", "HASH_FAILURE"), "verdict")
    found = world.verdict(out, "--trust", world.root, *world.crls(), status=2)
    equal((found["status"], found["sub_indication"]), ("INDETERMINATE", "SIGNED_DATA_NOT_FOUND"), "verdict")


def seal_receipt(world: World) -> None:
    folder = world.folder()
    for name, format_ in (("document.p7s", "cades"), ("sealed.pdf", "pades")):
        source = pdfs.table(folder / f"{format_}.pdf")
        out = folder / name
        seal(world, source, out, format_, "B-T")
        proof = Path(f"{out}.tlog-proof")
        world.verify("receipt", proof, "--for", out, "--vkey", world.vkey())
        other = folder / f"other-{name}"
        seal(world, source, other, format_, "B-T")
        done = world.verify("receipt", proof, "--for", other, "--vkey", world.vkey(), status=None)
        expect(done.returncode not in (0, 64), f"another seal's receipt was accepted: {text(done)}")
