//! RSA verification.

use kokuin_suite::key::RsaKey;
use kokuin_suite::verify::Question;
use kokuin_suite::{SignatureAlgorithm, VerifyError};
use rsa::{BoxedUint, Pkcs1v15Sign, Pss, PublicKey};
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};

use crate::engine::NAME;

/// Whether the question's value is right for `hashed`, the digest that its algorithm names.
pub(crate) fn verify(question: &Question<'_>, rsa: RsaKey<'_>, hashed: &[u8]) -> Result<(), VerifyError> {
    let modulus = BoxedUint::from_be_slice_vartime(rsa.modulus);
    let exponent = BoxedUint::from_be_slice_vartime(rsa.exponent);
    // Refuses moduli outside 1024 to 8192 bits and exponents above 2^33: OpenSSL answers for those.
    let key = PublicKey::new(modulus, exponent).map_err(|_| question.unsupported(NAME))?;
    let value = question.signature();
    let verdict = match question.algorithm() {
        SignatureAlgorithm::RsaPkcs1Sha1 => key.verify(Pkcs1v15Sign::new::<Sha1>(), hashed, value),
        SignatureAlgorithm::RsaPkcs1Sha256 => key.verify(Pkcs1v15Sign::new::<Sha256>(), hashed, value),
        SignatureAlgorithm::RsaPkcs1Sha384 => key.verify(Pkcs1v15Sign::new::<Sha384>(), hashed, value),
        SignatureAlgorithm::RsaPkcs1Sha512 => key.verify(Pkcs1v15Sign::new::<Sha512>(), hashed, value),
        SignatureAlgorithm::RsaPssSha256 => key.verify(Pss::<Sha256>::new(), hashed, value),
        SignatureAlgorithm::RsaPssSha384 => key.verify(Pss::<Sha384>::new(), hashed, value),
        SignatureAlgorithm::RsaPssSha512 => key.verify(Pss::<Sha512>::new(), hashed, value),
        SignatureAlgorithm::EcdsaSha256
        | SignatureAlgorithm::EcdsaSha384
        | SignatureAlgorithm::EcdsaSha512
        | SignatureAlgorithm::Ed25519
        | SignatureAlgorithm::MlDsa44
        | SignatureAlgorithm::MlDsa65
        | SignatureAlgorithm::MlDsa87 => return Err(question.unsupported(NAME)),
    };
    verdict.map_err(|_| VerifyError::Mismatch)
}
