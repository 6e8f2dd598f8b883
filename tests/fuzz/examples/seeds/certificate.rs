//! Certificates and CRLs with every extension that is read, unsigned.

use kokuin_asn1::{Extension, KeyUsage, Oid, enc, oids, pem, qc, tag};

use crate::Seeds;

/// 2026-11-23T12:00:00Z.
pub(crate) const NOON: i64 = 1_795_435_200;

pub(crate) fn algorithm(oid: &Oid) -> Vec<u8> {
    enc::sequence(&[&enc::oid(oid)])
}

fn name(attributes: &[(&Oid, Vec<u8>)]) -> Vec<u8> {
    let rdns: Vec<u8> =
        attributes.iter().flat_map(|(oid, value)| enc::set_of(&[&enc::sequence(&[&enc::oid(oid), value])])).collect();
    enc::sequence(&[&rdns])
}

pub(crate) fn certificate(extensions: &[Vec<u8>]) -> Vec<u8> {
    let ecdsa = algorithm(&oids::ECDSA_WITH_SHA256);
    let key = enc::sequence(&[&enc::oid(&oids::EC_PUBLIC_KEY), &enc::oid(&oids::P256)]);
    let subject = name(&[
        (&oids::C, enc::printable_string("JP")),
        (&oids::O, enc::utf8_string("刻印, \u{202e}K.K.")),
        (&oids::ORG_ID, enc::tlv(tag::TELETEX_STRING, b"NTRJP-1")),
        (&oids::CN, enc::tlv(tag::BMP_STRING, &[0x52, 0x3b, 0x53, 0x70])),
    ]);
    let extensions = match extensions.concat().as_slice() {
        [] => Vec::new(),
        extensions => enc::explicit(3, &enc::sequence(&[extensions])),
    };
    let tbs = enc::sequence(&[
        &enc::explicit(0, &enc::uint_u64(2)),
        &enc::uint(&[0x9f, 1]),
        &ecdsa,
        &name(&[(&oids::CN, enc::utf8_string("CA"))]),
        &enc::sequence(&[&time(NOON), &time(NOON + 3_000_000_000)]),
        &subject,
        &enc::sequence(&[&key, &enc::bit_string(&[4; 65], 0)]),
        &extensions,
    ]);
    enc::sequence(&[&tbs, &ecdsa, &enc::bit_string(b"no signature", 0)])
}

pub(crate) fn crl() -> Vec<u8> {
    let ecdsa = algorithm(&oids::ECDSA_WITH_SHA256);
    let reason = Extension::encode(&oids::CRL_REASON, false, &[tag::ENUMERATED, 1, 1]);
    let invalidity = enc::generalized_time(NOON).expect("a time of this century");
    let invalidity = Extension::encode(&oids::INVALIDITY_DATE, false, &invalidity);
    let entry = enc::sequence(&[&enc::uint_u64(5), &time(NOON), &enc::sequence(&[&reason, &invalidity])]);
    let idp = enc::sequence(&[&point_name("http://a/crl"), &enc::implicit_primitive(1, &[0xff])]);
    let extensions = [
        Extension::encode(&oids::CRL_NUMBER, false, &enc::uint_u64(300)),
        Extension::encode(&oids::DELTA_CRL_INDICATOR, true, &enc::uint_u64(299)),
        Extension::encode(&oids::ISSUING_DISTRIBUTION_POINT, true, &idp),
        Extension::encode(&oids::AKI, false, &enc::sequence(&[&enc::implicit_primitive(0, &[1; 20])])),
    ]
    .concat();
    let tbs = enc::sequence(&[
        &enc::uint_u64(1),
        &ecdsa,
        &name(&[(&oids::CN, enc::utf8_string("CA"))]),
        &time(NOON),
        &time(NOON + 3_600),
        &enc::sequence(&[&entry]),
        &enc::explicit(0, &enc::sequence(&[&extensions])),
    ]);
    enc::sequence(&[&tbs, &ecdsa, &enc::bit_string(b"no signature", 0)])
}

fn time(seconds: i64) -> Vec<u8> {
    enc::time(seconds).expect("a time of this century or the next")
}

fn uri(text: &str) -> Vec<u8> {
    enc::implicit_primitive(6, text.as_bytes())
}

fn point_name(text: &str) -> Vec<u8> {
    enc::implicit_constructed(0, &enc::implicit_constructed(0, &uri(text)))
}

fn extensions() -> Vec<Vec<u8>> {
    let pds = qc::PdsLocation { url: "https://a/pds".into(), language: "en".into() };
    let statements = qc::encode(&[
        &qc::encode_statement(&oids::QC_COMPLIANCE, None),
        &qc::encode_type(&oids::QC_TYPE_ESEAL),
        &qc::encode_legislation(&["JP"]),
        &qc::encode_disclosure_statements(&[pds]),
        &qc::encode_statement(&oids::QCS_PKIX_SYNTAX_V2, Some(&enc::sequence(&[&enc::oid(&oids::SEMANTICS_ID_LEGAL)]))),
    ]);
    let usage_period = enc::sequence(&[&enc::implicit_primitive(0, b"20261123120000Z")]);
    let access = enc::sequence(&[&enc::oid(&oids::AD_CA_ISSUERS), &uri("http://a/ca")]);
    vec![
        Extension::encode(&oids::KEY_USAGE, true, &(KeyUsage::DIGITAL_SIGNATURE | KeyUsage::NON_REPUDIATION).encode()),
        Extension::encode(&oids::EXT_KEY_USAGE, true, &enc::sequence(&[&enc::oid(&oids::KP_TIME_STAMPING)])),
        Extension::encode(&oids::BASIC_CONSTRAINTS, true, &enc::sequence(&[&enc::boolean(true), &enc::uint_u64(0)])),
        Extension::encode(&oids::SKI, false, &enc::octet_string(&[1; 20])),
        Extension::encode(&oids::AKI, false, &enc::sequence(&[&enc::implicit_primitive(0, &[2; 20])])),
        Extension::encode(&oids::CRL_DP, false, &enc::sequence(&[&enc::sequence(&[&point_name("http://a/crl")])])),
        Extension::encode(&oids::PRIVATE_KEY_USAGE_PERIOD, false, &usage_period),
        Extension::encode(&oids::AIA, false, &enc::sequence(&[&access])),
        Extension::encode(
            &oids::CERT_POLICIES,
            false,
            &enc::sequence(&[&enc::sequence(&[&enc::oid(&oids::NCP_PLUS)])]),
        ),
        Extension::encode(&oids::QC_STATEMENTS, false, &statements),
    ]
}

pub(crate) fn all() -> Seeds {
    let full = certificate(&extensions());
    let pem = [pem::encode("CERTIFICATE", &certificate(&[])), pem::encode("X509 CRL", &[5, 0])].concat();
    vec![("plain", certificate(&[])), ("extensions", full), ("crl", crl()), ("pem", pem.into_bytes())]
}
