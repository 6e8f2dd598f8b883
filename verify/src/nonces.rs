//! One ECDSA nonce in two signatures gives the key away to whoever has both: it shows as the same `r` (THR-66).

use std::collections::HashMap;

use kokuin_asn1::{cms::SignedData, tsp::TimeStampResp};
use kokuin_suite::verify::ecdsa_r;

/// The signatures of one run that hold, by signer and `r`.
#[derive(Default)]
pub(crate) struct Nonces(HashMap<(Vec<u8>, Vec<u8>), Seen>);

struct Seen {
    signature: Vec<u8>,
    file: String,
}

impl Nonces {
    /// Takes a file whose signatures hold; says in which file before it a signer used the same nonce for another signature.
    pub(crate) fn first_with_the_same(&mut self, artifact: &[u8], file: &str) -> Option<String> {
        let token = TimeStampResp::parse(artifact).ok().and_then(|response| response.token);
        let signed = SignedData::parse(token.unwrap_or(artifact)).ok()?;
        let mut found = None;
        for signer in &signed.signer_infos {
            let Some(r) = ecdsa_r(signer.signature) else { continue };
            let before = self
                .0
                .entry((signer.sid_raw.to_vec(), r.to_vec()))
                .or_insert_with(|| Seen { signature: signer.signature.to_vec(), file: file.to_owned() });
            // The same signature again is the same file again.
            if before.signature != signer.signature {
                found = Some(before.file.clone());
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use kokuin_asn1::{
        cms::{SignedDataParts, SignerIdParts, SignerParts, build_signed_data},
        enc, oids,
    };

    use super::*;

    fn signed(signer: &[u8], r: u8, s: u8) -> Vec<u8> {
        let digest = enc::sequence(&[&enc::oid(&oids::SHA256)]);
        let algorithm = enc::sequence(&[&enc::oid(&oids::ECDSA_WITH_SHA256)]);
        build_signed_data(&SignedDataParts {
            digest_algorithms: &[&digest],
            content_type: &oids::ID_DATA,
            content: None,
            certificates: &[],
            crls: &[],
            signers: &[SignerParts {
                sid: SignerIdParts::KeyId(signer),
                digest_algorithm: &digest,
                signed_attributes: None,
                signature_algorithm: &algorithm,
                signature: &enc::sequence(&[&enc::integer(&[r]), &enc::integer(&[s])]),
                unsigned_attributes: &[],
            }],
        })
    }

    #[test]
    fn one_nonce_in_two_signatures_of_a_key_is_found_thr_66() {
        let mut nonces = Nonces::default();
        let mut take = |file: &str, bytes: &[u8]| nonces.first_with_the_same(bytes, file);
        assert_eq!(take("a", &signed(b"key", 1, 1)), None);
        assert_eq!(take("b", &signed(b"key", 2, 1)), None, "another nonce");
        assert_eq!(take("c", &signed(b"other", 1, 2)), None, "another key");
        assert_eq!(take("d", &signed(b"key", 1, 1)), None, "the same signature");
        assert_eq!(take("e", &signed(b"key", 1, 2)).as_deref(), Some("a"));
        let token = TimeStampResp::encode_granted(&signed(b"key", 2, 2));
        assert_eq!(take("f", &token).as_deref(), Some("b"), "in a response as well");
        assert_eq!(take("g", b"no signature"), None);
    }
}
