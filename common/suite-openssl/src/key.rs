//! Public keys as OpenSSL objects, made from parts that `suite` has checked.

use kokuin_suite::VerifyError;
use kokuin_suite::key::{PublicKey, RsaKey};
use kokuin_suite::verify::Question;
use openssl::bn::{BigNum, BigNumContext};
use openssl::ec::{EcGroup, EcKey, EcPoint};
use openssl::error::ErrorStack;
use openssl::nid::Nid;
use openssl::pkey::{Id, PKey, Public};
use openssl::rsa::Rsa;

/// Name of the engine.
pub(crate) const NAME: &str = "openssl";

/// Above this many bits of modulus OpenSSL takes exponents of at most 64 bits only.
const SMALL_MODULUS_BITS: u32 = 3072;

/// The key of a question.
pub(crate) fn load(question: &Question<'_>, spki: &[u8]) -> Result<PKey<Public>, VerifyError> {
    let failed = |_: ErrorStack| VerifyError::Engine(NAME);
    match question.key() {
        PublicKey::P256(point) => load_point(Nid::X9_62_PRIME256V1, point),
        PublicKey::P384(point) => load_point(Nid::SECP384R1, point),
        PublicKey::P521(point) => load_point(Nid::SECP521R1, point),
        PublicKey::Rsa(rsa) if rsa.bits() > SMALL_MODULUS_BITS && rsa.exponent.len() > 8 => {
            Err(question.unsupported(NAME))
        }
        PublicKey::Rsa(rsa) => load_rsa(rsa).map_err(failed),
        PublicKey::Ed25519(point) => PKey::public_key_from_raw_bytes(point, Id::ED25519).map_err(failed),
        PublicKey::MlDsa44(_) | PublicKey::MlDsa65(_) | PublicKey::MlDsa87(_) => {
            PKey::public_key_from_der(spki).map_err(failed)
        }
    }
}

fn load_point(curve: Nid, point: &[u8]) -> Result<PKey<Public>, VerifyError> {
    let failed = |_: ErrorStack| VerifyError::Engine(NAME);
    let group = EcGroup::from_curve_name(curve).map_err(failed)?;
    let mut context = BigNumContext::new().map_err(failed)?;
    // The length and form of the point are right: what is refused now is not on the curve.
    let point = EcPoint::from_bytes(&group, point, &mut context).map_err(|_| VerifyError::NotOnCurve)?;
    let key = EcKey::from_public_key(&group, &point).map_err(failed)?;
    PKey::from_ec_key(key).map_err(failed)
}

fn load_rsa(rsa: RsaKey<'_>) -> Result<PKey<Public>, ErrorStack> {
    let key = Rsa::from_public_components(BigNum::from_slice(rsa.modulus)?, BigNum::from_slice(rsa.exponent)?)?;
    PKey::from_rsa(key)
}
