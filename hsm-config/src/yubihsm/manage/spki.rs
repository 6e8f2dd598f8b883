//! A device's public key as `SubjectPublicKeyInfo`.

use kokuin_asn1::{enc, oids};
use kokuin_suite::{DigestAlgorithm, digest};
use yubihsm::asymmetric::{Algorithm, PublicKey};

/// 65537, the only exponent of a device's RSA keys.
const EXPONENT: [u8; 3] = [1, 0, 1];

/// The key, DER; `None` if its octets are not its algorithm's, or it is none that signs for us.
pub(in crate::yubihsm) fn encode(key: &PublicKey) -> Option<Vec<u8>> {
    let bytes = key.as_slice();
    let size = match key.algorithm {
        Algorithm::EcP256 => 64,
        Algorithm::EcP384 => 96,
        Algorithm::Ed25519 => 32,
        Algorithm::Rsa3072 => 384,
        Algorithm::Rsa4096 => 512,
        _ => return None,
    };
    if bytes.len() != size {
        return None;
    }
    let curve = |curve| enc::sequence(&[&enc::oid(&oids::EC_PUBLIC_KEY), &enc::oid(curve)]);
    let point = || enc::bit_string(&[&[4], bytes].concat(), 0);
    Some(match key.algorithm {
        Algorithm::EcP256 => enc::sequence(&[&curve(&oids::P256), &point()]),
        Algorithm::EcP384 => enc::sequence(&[&curve(&oids::P384), &point()]),
        Algorithm::Ed25519 => {
            enc::sequence(&[&enc::sequence(&[&enc::oid(&oids::ED25519)]), &enc::bit_string(bytes, 0)])
        }
        _ => {
            let key = enc::sequence(&[&enc::uint(bytes), &enc::uint(&EXPONENT)]);
            let algorithm = enc::sequence(&[&enc::oid(&oids::RSA_ENCRYPTION), &enc::null()]);
            enc::sequence(&[&algorithm, &enc::bit_string(&key, 0)])
        }
    })
}

/// SHA-256 in hexadecimal.
pub(super) fn fingerprint(bytes: &[u8]) -> String {
    hex::encode(digest(DigestAlgorithm::Sha256, bytes))
}
