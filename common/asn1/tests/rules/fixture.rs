//! Certificates, CRLs and tokens put together by hand, unsigned.

use kokuin_asn1::{
    Certificate, Extension, Oid, cades,
    cms::{SignedAttributes, SignedDataTemplate, SignerIdParts, TemplateParts},
    enc, oids, tag,
    tsp::{Accuracy, GenTime, MessageImprint, TstInfoParts},
};

/// 2026-11-23T12:00:00Z.
pub(crate) const NOON: i64 = 1_795_435_200;

pub(crate) fn algorithm(oid: &Oid) -> Vec<u8> {
    enc::sequence(&[&enc::oid(oid)])
}

pub(crate) fn name(attributes: &[(&Oid, Vec<u8>)]) -> Vec<u8> {
    let rdns: Vec<u8> =
        attributes.iter().flat_map(|(oid, value)| enc::set_of(&[&enc::sequence(&[&enc::oid(oid), value])])).collect();
    enc::sequence(&[&rdns])
}

pub(crate) fn tsu_name() -> Vec<u8> {
    name(&[
        (&oids::C, enc::printable_string("JP")),
        (&oids::O, enc::utf8_string("刻印, \u{202e}K.K.")),
        (&oids::CN, enc::utf8_string("TSU #1 ")),
    ])
}

pub(crate) struct CertificateParts {
    pub(crate) serial: Vec<u8>,
    pub(crate) not_before: Vec<u8>,
    pub(crate) not_after: Vec<u8>,
    pub(crate) extensions: Vec<Vec<u8>>,
}

impl Default for CertificateParts {
    fn default() -> Self {
        Self {
            serial: vec![0x00, 0x9f, 0x01],
            not_before: enc::time(NOON).unwrap(),
            not_after: enc::time(NOON + 86_400 * 365).unwrap(),
            extensions: Vec::new(),
        }
    }
}

impl CertificateParts {
    pub(crate) fn with(oid: &Oid, critical: bool, value: &[u8]) -> Self {
        Self { extensions: vec![Extension::encode(oid, critical, value)], ..Self::default() }
    }

    pub(crate) fn der(&self) -> Vec<u8> {
        let signature_algorithm = algorithm(&oids::ECDSA_WITH_SHA256);
        let spki = enc::sequence(&[
            &enc::sequence(&[&enc::oid(&oids::EC_PUBLIC_KEY), &enc::oid(&oids::P256)]),
            &enc::bit_string(&[4; 65], 0),
        ]);
        let extensions: Vec<&[u8]> = self.extensions.iter().map(Vec::as_slice).collect();
        let extensions = if extensions.is_empty() { Vec::new() } else { enc::explicit(3, &enc::sequence(&extensions)) };
        let tbs = enc::sequence(&[
            &enc::explicit(0, &enc::uint_u64(2)),
            &enc::integer(&self.serial),
            &signature_algorithm,
            &name(&[(&oids::CN, enc::utf8_string("CA"))]),
            &enc::sequence(&[&self.not_before, &self.not_after]),
            &tsu_name(),
            &spki,
            &extensions,
        ]);
        enc::sequence(&[&tbs, &signature_algorithm, &enc::bit_string(b"not a signature", 0)])
    }

    pub(crate) fn parse(&self) -> Certificate {
        Certificate::parse(&self.der()).unwrap()
    }
}

pub(crate) fn imprint() -> Vec<u8> {
    MessageImprint::encode(&oids::SHA256, &[0x5a; 32])
}

pub(crate) fn tst_info() -> Vec<u8> {
    TstInfoParts {
        policy: &oids::BEST_PRACTICES_TS_POLICY,
        imprint: &imprint(),
        serial: &[0x01, 0x02],
        gen_time: GenTime::from_unix_micros(NOON * 1_000_000 + 123_456).unwrap(),
        accuracy: Some(Accuracy::from_micros(500_000)),
        ordering: false,
        nonce: Some(&[0x00, 0xff]),
        tsa: None,
        extensions: &[],
    }
    .encode()
}

pub(crate) fn signed_attributes(certificate: &Certificate) -> SignedAttributes<'static> {
    SignedAttributes::new()
        .with(cades::signing_certificate_v2(certificate, &algorithm(&oids::SHA256), &certificate.sha256()))
        .with(cades::message_digest(&[7; 32]))
        .with(cades::content_type(&oids::ID_CT_TST_INFO))
}

pub(crate) fn token() -> Vec<u8> {
    let certificate = CertificateParts::default().parse();
    let template = SignedDataTemplate::new(&TemplateParts {
        content_type: &oids::ID_CT_TST_INFO,
        sid: SignerIdParts::IssuerSerial { issuer: certificate.issuer(), serial: certificate.serial() },
        digest_algorithm: &algorithm(&oids::SHA256),
        signature_algorithm: &algorithm(&oids::ECDSA_WITH_SHA256),
        certificates: &[certificate.der()],
        crls: &[],
    });
    template.finish(Some(&tst_info()), &signed_attributes(&certificate).der_set(), &[0x30, 0])
}

/// A CRL with the entries given, each an encoded SEQUENCE.
pub(crate) fn crl(entries: &[&[u8]], extensions: &[&[u8]]) -> Vec<u8> {
    let signature_algorithm = algorithm(&oids::ECDSA_WITH_SHA256);
    let entries = if entries.is_empty() { Vec::new() } else { enc::sequence(entries) };
    let extensions = if extensions.is_empty() { Vec::new() } else { enc::explicit(0, &enc::sequence(extensions)) };
    let tbs = enc::sequence(&[
        &enc::uint_u64(1),
        &signature_algorithm,
        &name(&[(&oids::CN, enc::utf8_string("CA"))]),
        &enc::time(NOON).unwrap(),
        &enc::time(NOON + 3_600).unwrap(),
        &entries,
        &extensions,
    ]);
    enc::sequence(&[&tbs, &signature_algorithm, &enc::bit_string(b"not a signature", 0)])
}

/// An entry of a CRL.
pub(crate) fn entry(serial: &[u8], extensions: &[&[u8]]) -> Vec<u8> {
    let extensions = if extensions.is_empty() { Vec::new() } else { enc::sequence(extensions) };
    enc::sequence(&[&enc::integer(serial), &enc::time(NOON - 60).unwrap(), &extensions])
}

/// `reasonCode`.
pub(crate) fn reason(critical: bool, reason: u8) -> Vec<u8> {
    Extension::encode(&oids::CRL_REASON, critical, &[tag::ENUMERATED, 1, reason])
}
