//! Requests, answers, tokens and other signed messages, with signatures that are none.

use kokuin_asn1::{
    Certificate, Extension, cades,
    cms::{
        SignedAttributes, SignedDataParts, SignedDataTemplate, SignerIdParts, SignerParts, TemplateParts,
        build_signed_data, insert_unsigned_attribute,
    },
    enc, oids, qc,
    tsp::{Accuracy, FailureInfo, GenTime, MessageImprint, RequestBuilder, TimeStampResp, TstInfoParts},
};

use crate::{
    Seeds,
    certificate::{NOON, algorithm, certificate, crl},
};

pub(crate) fn requests() -> Seeds {
    let plain = RequestBuilder::new(&oids::SHA256, &[0; 32]);
    let full = RequestBuilder::new(&oids::SHA512, &[1; 64])
        .policy(&oids::DEVELOPMENT_TS_POLICY)
        .nonce(&[0xff; 8])
        .cert_req(true)
        .extension(&Extension::encode(&oids::QC_STATEMENTS, true, &[5, 0]));
    let null = enc::sequence(&[&enc::oid(&oids::SHA256), &enc::null()]);
    let with_null = RequestBuilder::with_imprint(&enc::sequence(&[&null, &enc::octet_string(&[2; 32])]));
    let version_2 = enc::sequence(&[&enc::uint_u64(2), &MessageImprint::encode(&oids::SHA256, &[3; 32])]);
    vec![
        ("plain", plain.encode()),
        ("full", full.encode()),
        ("null-parameters", with_null.encode()),
        ("version-2", version_2),
    ]
}

fn tst_info(full: bool) -> Vec<u8> {
    tst_info_on(&MessageImprint::encode(&oids::SHA256, &[0; 32]), full)
}

fn tst_info_on(imprint: &[u8], full: bool) -> Vec<u8> {
    let extension = Extension::encode(&oids::QC_STATEMENTS, false, &qc::qualified_timestamp());
    let name = enc::sequence(&[]);
    let tsa = enc::implicit_constructed(4, &name);
    TstInfoParts {
        policy: &oids::DEVELOPMENT_TS_POLICY,
        imprint,
        serial: &[1, 2, 3],
        gen_time: GenTime::from_unix_micros(NOON * 1_000_000 + 120_000).expect("a time of this century"),
        accuracy: full.then_some(Accuracy { seconds: 1, millis: 2, micros: 3 }),
        ordering: full,
        nonce: full.then_some(&[0, 0xff]),
        tsa: full.then_some(&tsa),
        extensions: if full { &extension } else { &[] },
    }
    .encode()
}

fn token(full: bool) -> Vec<u8> {
    token_with(&tst_info(full), full)
}

/// A token without certificate, with this imprint.
pub(crate) fn token_on(imprint: &[u8]) -> Vec<u8> {
    token_with(&tst_info_on(imprint, false), false)
}

fn token_with(info: &[u8], full: bool) -> Vec<u8> {
    let der = certificate(&[]);
    let certificate = Certificate::parse(&der).expect("our own certificate");
    let certificates: &[&[u8]] = if full { &[&der] } else { &[] };
    let template = SignedDataTemplate::new(&TemplateParts {
        content_type: &oids::ID_CT_TST_INFO,
        sid: SignerIdParts::IssuerSerial { issuer: certificate.issuer(), serial: certificate.serial() },
        digest_algorithm: &algorithm(&oids::SHA256),
        signature_algorithm: &algorithm(&oids::ECDSA_WITH_SHA256),
        certificates,
        crls: &[],
    });
    let attributes = SignedAttributes::new()
        .with(cades::content_type(&oids::ID_CT_TST_INFO))
        .with(cades::message_digest(&[7; 32]))
        .with(cades::signing_certificate_v2(&certificate, &algorithm(&oids::SHA256), &certificate.sha256()));
    template.finish(Some(info), &attributes.der_set(), b"no signature")
}

/// What streaming signers write: the same message with indefinite lengths, the content in pieces.
fn streamed() -> Vec<u8> {
    let indefinite = |tag: u8, parts: &[&[u8]]| [&[tag, 0x80], &parts.concat()[..], &[0, 0]].concat();
    let content = tst_info(false);
    let (first, second) = content.split_at(10);
    let pieces = indefinite(0x24, &[&enc::octet_string(first), &enc::octet_string(second)]);
    let encapsulated = indefinite(0x30, &[&enc::oid(&oids::ID_CT_TST_INFO), &indefinite(0xa0, &[&pieces])]);
    let body = indefinite(0x30, &[&[2, 1, 3], &enc::set_of(&[]), &encapsulated, &enc::set_of(&[])]);
    indefinite(0x30, &[&enc::oid(&oids::ID_SIGNED_DATA), &indefinite(0xa0, &[&body])])
}

/// Detached, by key identifier, with every signed attribute that is read, a certificate, a CRL and an OCSP response.
fn seal() -> Vec<u8> {
    let der = certificate(&[]);
    let certificate = Certificate::parse(&der).expect("our own certificate");
    let (digest, signature) = (algorithm(&oids::SHA512), algorithm(&oids::ED25519));
    let signed = SignedAttributes::new()
        .with(cades::content_type(&oids::ID_DATA))
        .with(cades::message_digest(&[7; 64]))
        .with(cades::signing_time(NOON).expect("a time of this century"))
        .with(cades::signing_certificate_v2(&certificate, &digest, &[1; 64]))
        .with(cades::cms_algorithm_protection(&digest, &signature))
        .der_set();
    let ocsp = enc::implicit_constructed(1, &[enc::oid(&oids::RI_OCSP_RESPONSE), enc::sequence(&[])].concat());
    let seal = build_signed_data(&SignedDataParts {
        digest_algorithms: &[&digest],
        content_type: &oids::ID_DATA,
        content: None,
        certificates: &[&der, &[0xa1, 0], &[0xa2, 0]],
        crls: &[&crl(), &ocsp],
        signers: &[SignerParts {
            sid: SignerIdParts::KeyId(&[1; 20]),
            digest_algorithm: &digest,
            signed_attributes: Some(&signed),
            signature_algorithm: &signature,
            signature: &[9; 64],
            unsigned_attributes: &[],
        }],
    });
    insert_unsigned_attribute(&seal, &oids::SIGNATURE_TIME_STAMP, &token(false)).expect("our own message")
}

pub(crate) fn answers() -> Seeds {
    vec![
        ("granted", TimeStampResp::encode_granted(&token(true))),
        ("rejected", TimeStampResp::encode_rejection("no", FailureInfo::SystemFailure)),
        ("token", token(true)),
        ("tst-info", tst_info(true)),
        ("tst-info-plain", tst_info(false)),
    ]
}

pub(crate) fn messages() -> Seeds {
    vec![("token", token(false)), ("streamed", streamed()), ("seal", seal())]
}
