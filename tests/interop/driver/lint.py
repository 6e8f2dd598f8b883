"""pkilint and OpenSSL on the certificates and CRLs that the development CA makes."""

import json
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from report import Failed, Report, equal, expect
from world import World, text

EXCEPTIONS = json.loads(Path(__file__).with_name("lint_exceptions.json").read_text())


def run(world: World, report: Report) -> None:
    report.check("pkilint: root, TSU and seal certificate keep RFC 5280", lambda: rfc_5280(world))
    for name in ("tsu", "seal"):
        report.check(f"pkilint: the {name} certificate keeps EN 319 412-3", lambda name=name: en_319_412(world, name))
    report.check("pkilint: the CRL keeps RFC 5280", lambda: crl(world))
    report.check("openssl verify: chain, purpose and CRL, strictly", lambda: openssl_verify(world))
    report.check("kokuin profile lint agrees", lambda: own_lint(world))
    report.check("certificates say that they are not for production (THR-62)", lambda: marked(world))


def leaf(world: World, name: str) -> x509.Certificate:
    return x509.load_pem_x509_certificates(world.single(f"{name}/*.pem").read_bytes())[0]


def der_file(world: World, name: str) -> Path:
    path = world.folder() / f"{name}.der"
    certificate = x509.load_pem_x509_certificate(world.root.read_bytes()) if name == "root" else leaf(world, name)
    path.write_bytes(certificate.public_bytes(Encoding.DER))
    return path


def findings(world: World, *command: object) -> set[tuple[str, str]]:
    """Severity and code of everything from a notice upwards."""
    done = world.program(world.python(command[0]), "lint", *command[1:], "-s", "NOTICE", "-f", "JSON", status=None)
    try:
        report = json.loads(done.stdout)
    except json.JSONDecodeError:
        raise Failed(f"{command[0]}: {text(done)}") from None
    return {
        (finding["severity"], finding["code"])
        for result in report["results"]
        for finding in result["finding_descriptions"]
    }


def compare(found: set[tuple[str, str]], linter: str, name: str) -> None:
    """Every finding is an exception with a reason, and every exception is still found."""
    allowed = {entry["code"]: entry["why"] for entry in EXCEPTIONS if linter == entry["linter"] and name in entry["of"]}
    unexpected = {pair for pair in found if pair[1] not in allowed}
    expect(not unexpected, f"{name}: {sorted(unexpected)}")
    stale = allowed.keys() - {code for _, code in found}
    expect(not stale, f"{name}: exceptions that are not needed any more: {sorted(stale)}")


def rfc_5280(world: World) -> None:
    for name in ("root", "tsu", "seal"):
        compare(findings(world, "lint_pkix_cert", der_file(world, name)), "lint_pkix_cert", name)


def en_319_412(world: World, name: str) -> None:
    options = ["-t", "NCP-LEGAL-PERSON-CERTIFICATE", der_file(world, name)]
    compare(findings(world, "lint_etsi_cert", *options), "lint_etsi_cert", name)


def crl(world: World) -> None:
    for path in sorted(world.data.glob("ca/*.crl")):
        compare(findings(world, "lint_crl", "-t", "CRL", "-p", "PKIX", path), "lint_crl", path.name)


def crl_as_pem(world: World) -> Path:
    octets = world.single("ca/*.crl").read_bytes()
    load = x509.load_der_x509_crl if octets[:1] == b"\x30" else x509.load_pem_x509_crl
    path = world.folder() / "crl.pem"
    path.write_bytes(load(octets).public_bytes(Encoding.PEM))
    return path


def openssl_verify(world: World) -> None:
    strict = ["-x509_strict", "-check_ss_sig", "-CAfile", world.root, "-crl_check", "-CRLfile", crl_as_pem(world)]
    for name, purpose in (("tsu", "timestampsign"), ("seal", "any")):
        path = world.folder() / f"{name}.pem"
        path.write_bytes(leaf(world, name).public_bytes(Encoding.PEM))
        done = world.program("openssl", "verify", *strict, "-purpose", purpose, path)
        expect(": OK" in text(done), text(done))
    # A seal is no time-stamp: its certificate must not do for one.
    path = world.folder() / "seal.pem"
    path.write_bytes(leaf(world, "seal").public_bytes(Encoding.PEM))
    world.program("openssl", "verify", *strict, "-purpose", "timestampsign", path, status=2)


def own_lint(world: World) -> None:
    for name, profile in (("tsu", "tsu"), ("seal", "seal-jp")):
        path = world.single(f"{name}/*.pem")
        world.kokuin("profile", "lint", path, "--profile", profile)
    done = world.kokuin("profile", "lint", world.single("seal/*.pem"), "--profile", "tsu", "--json", status=None)
    expect(done.returncode != 0, "a seal certificate passes for a TSU's")
    expect("KOK-CERT-24" in text(done), text(done))


def marked(world: World) -> None:
    for name in ("tsu", "seal"):
        certificate = leaf(world, name)
        for part in (certificate.subject, certificate.issuer):
            organizations = part.get_attributes_for_oid(x509.NameOID.ORGANIZATION_NAME)
            expect("NOT FOR PRODUCTION" in organizations[0].value, part.rfc4514_string())
    root = x509.load_pem_x509_certificate(world.root.read_bytes())
    equal(root.issuer, root.subject, "issuer of the root")
