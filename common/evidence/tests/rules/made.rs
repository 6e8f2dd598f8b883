//! Tokens whose signature is none: nothing here looks at it.

use kokuin_asn1::{
    cades,
    cms::{SignedAttributes, SignedDataParts, SignerIdParts, SignerParts, build_signed_data},
    oids,
    tsp::{GenTime, MessageImprint, TstInfoParts},
};
use kokuin_evidence::encode;
use kokuin_suite::{DigestAlgorithm, digest};

pub(crate) const SHA256: DigestAlgorithm = DigestAlgorithm::Sha256;
pub(crate) const SHA512: DigestAlgorithm = DigestAlgorithm::Sha512;

/// A token with this imprint.
pub(crate) fn token(algorithm: DigestAlgorithm, imprint: &[u8]) -> Vec<u8> {
    let info = TstInfoParts {
        policy: &oids::DEVELOPMENT_TS_POLICY,
        imprint: &MessageImprint::encode(&algorithm.oid(), imprint),
        serial: &[7],
        gen_time: GenTime::from_unix_micros(1_795_435_200_000_000).expect("a time"),
        accuracy: None,
        ordering: false,
        nonce: None,
        tsa: None,
        extensions: &[],
    }
    .encode();
    let attributes = SignedAttributes::new()
        .with(cades::content_type(&oids::ID_CT_TST_INFO))
        .with(cades::message_digest(&digest(SHA256, &info)))
        .der_set();
    build_signed_data(&SignedDataParts {
        digest_algorithms: &[&SHA256.algorithm_id_der()],
        content_type: &oids::ID_CT_TST_INFO,
        content: Some(&info),
        certificates: &[],
        crls: &[],
        signers: &[SignerParts {
            sid: SignerIdParts::KeyId(&[1; 20]),
            digest_algorithm: &SHA256.algorithm_id_der(),
            signed_attributes: Some(&attributes),
            signature_algorithm: &SHA256.algorithm_id_der(),
            signature: b"none",
            unsigned_attributes: &[],
        }],
    })
}

/// A stamp without a tree over `value`.
pub(crate) fn plain(algorithm: DigestAlgorithm, value: &[u8]) -> Vec<u8> {
    encode::archive_time_stamp(algorithm, &[], &token(algorithm, value))
}

/// A record of one chain of these stamps.
pub(crate) fn record(stamps: &[&[u8]]) -> Vec<u8> {
    encode::record(&[SHA256], &[&encode::chain(stamps)])
}
