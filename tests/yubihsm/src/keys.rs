//! Key pairs by OpenSSL: made, imported, opened from an object's payload, and their public halves.

use openssl::{
    bn::{BigNum, BigNumContext, BigNumRef},
    ec::{EcGroup, EcKey, EcPoint, PointConversionForm},
    nid::Nid,
    pkey::{Id, PKey, Private},
    rsa::{Rsa, RsaPrivateKeyBuilder},
};

use crate::{algorithm::Algorithm, refusal::Refusal};

/// The only public exponent there is.
const EXPONENT: u32 = 65_537;
/// A seed and a public key of Ed25519, each.
const ED25519: usize = 32;

/// Payload of a new key pair.
///
/// # Errors
/// [`Refusal::InvalidData`] if `algorithm` has none.
pub fn generate(algorithm: Algorithm) -> Result<Vec<u8>, Refusal> {
    if let Some(bits) = algorithm.rsa_bits() {
        let key = Rsa::generate(bits)?;
        let (p, q) = key.p().zip(key.q()).ok_or(Refusal::InvalidData)?;
        return rsa_payload(p, q, bits);
    }
    if let Some((curve, size)) = algorithm.curve() {
        let key = EcKey::generate(&*EcGroup::from_curve_name(curve)?)?;
        return point_payload(key.private_key(), curve, size);
    }
    if algorithm == Algorithm::ED25519 {
        return ed25519_payload(&PKey::generate_ed25519()?.raw_private_key()?);
    }
    Err(Refusal::InvalidData)
}

/// Payload of an imported key pair: `p || q`, `d` or a seed.
///
/// # Errors
/// [`Refusal::WrongLength`] and [`Refusal::InvalidData`] as they say.
pub fn import(algorithm: Algorithm, secret: &[u8]) -> Result<Vec<u8>, Refusal> {
    let exactly = |size: usize| if secret.len() == size { Ok(()) } else { Err(Refusal::WrongLength) };
    if let Some(bits) = algorithm.rsa_bits() {
        exactly(bytes(bits))?;
        let (p, q) = secret.split_at(secret.len() / 2);
        return rsa_payload(&*BigNum::from_slice(p)?, &*BigNum::from_slice(q)?, bits);
    }
    if let Some((curve, size)) = algorithm.curve() {
        exactly(size)?;
        return point_payload(&*BigNum::from_slice(secret)?, curve, size);
    }
    exactly(ED25519)?;
    if algorithm == Algorithm::ED25519 { ed25519_payload(secret) } else { Err(Refusal::InvalidData) }
}

/// The private key of a payload.
///
/// # Errors
/// [`Refusal::InvalidData`] if the payload is not one of `algorithm`'s.
pub fn open(algorithm: Algorithm, payload: &[u8]) -> Result<PKey<Private>, Refusal> {
    if let Some(bits) = algorithm.rsa_bits() {
        return Ok(PKey::from_rsa(open_rsa(payload, bits)?)?);
    }
    if algorithm.curve().is_some() {
        return Ok(PKey::from_ec_key(open_ec(algorithm, payload)?)?);
    }
    let seed = payload.get(..ED25519).ok_or(Refusal::InvalidData)?;
    Ok(PKey::private_key_from_raw_bytes(seed, Id::ED25519)?)
}

/// The EC key of a payload.
///
/// # Errors
/// [`Refusal::InvalidData`] if the payload is not one of `algorithm`'s, or `algorithm` has no curve.
pub fn open_ec(algorithm: Algorithm, payload: &[u8]) -> Result<EcKey<Private>, Refusal> {
    let (curve, size) = algorithm.curve().ok_or(Refusal::InvalidData)?;
    let group = EcGroup::from_curve_name(curve)?;
    let (scalar, point) = payload.split_at_checked(size).ok_or(Refusal::InvalidData)?;
    let point = EcPoint::from_bytes(&group, &[&[4], point].concat(), &mut *BigNumContext::new()?)?;
    Ok(EcKey::from_private_components(&group, &*BigNum::from_slice(scalar)?, &point)?)
}

/// The payload of a P-256 key.
///
/// # Errors
/// [`Refusal::InvalidData`] if it is on another curve.
pub fn ec_payload(key: &EcKey<Private>) -> Result<Vec<u8>, Refusal> {
    point_payload(key.private_key(), Nid::X9_62_PRIME256V1, 32)
}

/// The public half of a payload as `GetPublicKey` tells it: n, `X || Y`, or 32 bytes.
///
/// # Errors
/// [`Refusal::InvalidData`] if the payload is not one of `algorithm`'s.
pub fn public(algorithm: Algorithm, payload: &[u8]) -> Result<&[u8], Refusal> {
    let secret = match (algorithm.rsa_bits(), algorithm.curve()) {
        (Some(bits), _) => bytes(bits) / 2 * 5,
        (None, Some((_, size))) => size,
        (None, None) => ED25519,
    };
    payload.get(secret..).ok_or(Refusal::InvalidData)
}

fn bytes(bits: u32) -> usize {
    // 4096 at most.
    usize::try_from(bits / 8).unwrap_or(0)
}

fn rsa_payload(p: &BigNumRef, q: &BigNumRef, bits: u32) -> Result<Vec<u8>, Refusal> {
    let mut context = BigNumContext::new()?;
    let (one, exponent) = (BigNum::from_u32(1)?, BigNum::from_u32(EXPONENT)?);
    let reduced = |prime: &BigNumRef, context: &mut BigNumContext| -> Result<BigNum, Refusal> {
        let mut order = BigNum::new()?;
        order.checked_sub(prime, &one)?;
        let mut inverse = BigNum::new()?;
        inverse.mod_inverse(&exponent, &order, context)?;
        Ok(inverse)
    };
    let (dp, dq) = (reduced(p, &mut context)?, reduced(q, &mut context)?);
    let mut qinv = BigNum::new()?;
    qinv.mod_inverse(q, p, &mut context)?;
    let mut modulus = BigNum::new()?;
    modulus.checked_mul(p, q, &mut context)?;
    if u32::try_from(modulus.num_bits()) != Ok(bits) {
        return Err(Refusal::InvalidData);
    }
    let (half, whole) = (i32::try_from(bits / 16).unwrap_or(0), i32::try_from(bits / 8).unwrap_or(0));
    let mut payload = Vec::new();
    for part in [p, q, &*dp, &*dq, &*qinv] {
        payload.extend(part.to_vec_padded(half)?);
    }
    payload.extend(modulus.to_vec_padded(whole)?);
    Ok(payload)
}

fn open_rsa(payload: &[u8], bits: u32) -> Result<Rsa<Private>, Refusal> {
    let half = bytes(bits) / 2;
    if payload.len() != half * 7 {
        return Err(Refusal::InvalidData);
    }
    let part = |index: usize| BigNum::from_slice(&payload[index * half..(index + 1) * half]);
    let (p, q, dp, dq, qinv) = (part(0)?, part(1)?, part(2)?, part(3)?, part(4)?);
    let modulus = BigNum::from_slice(&payload[5 * half..])?;
    let mut context = BigNumContext::new()?;
    let (one, exponent) = (BigNum::from_u32(1)?, BigNum::from_u32(EXPONENT)?);
    let (mut less_p, mut less_q, mut order, mut private) =
        (BigNum::new()?, BigNum::new()?, BigNum::new()?, BigNum::new()?);
    less_p.checked_sub(&p, &one)?;
    less_q.checked_sub(&q, &one)?;
    order.checked_mul(&less_p, &less_q, &mut context)?;
    private.mod_inverse(&exponent, &order, &mut context)?;
    let key = RsaPrivateKeyBuilder::new(modulus, exponent, private)?;
    Ok(key.set_factors(p, q)?.set_crt_params(dp, dq, qinv)?.build())
}

fn point_payload(scalar: &BigNumRef, curve: Nid, size: usize) -> Result<Vec<u8>, Refusal> {
    let group = EcGroup::from_curve_name(curve)?;
    let mut context = BigNumContext::new()?;
    let mut point = EcPoint::new(&group)?;
    point.mul_generator2(&group, scalar, &mut context)?;
    let point = point.to_bytes(&group, PointConversionForm::UNCOMPRESSED, &mut context)?;
    let mut payload = scalar.to_vec_padded(i32::try_from(size).unwrap_or(0))?;
    // Without the 04 of an uncompressed point; the point of scalar 0 has no more than one byte.
    payload.extend_from_slice(point.get(1..=2 * size).ok_or(Refusal::InvalidData)?);
    Ok(payload)
}

fn ed25519_payload(seed: &[u8]) -> Result<Vec<u8>, Refusal> {
    let public = PKey::private_key_from_raw_bytes(seed, Id::ED25519)?.raw_public_key()?;
    Ok([seed, &public].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sizes that Yubico documents for `GetObjectInfo`.
    #[test]
    fn payloads_have_the_devices_sizes() {
        for (algorithm, size) in
            [(Algorithm::RSA_2048, 896), (Algorithm::RSA_3072, 1344), (Algorithm::P256, 96), (Algorithm::P384, 144)]
        {
            let payload = generate(algorithm).unwrap();
            assert_eq!(payload.len(), size, "{algorithm:?}");
            assert!(open(algorithm, &payload).unwrap().private_key_to_der().is_ok(), "{algorithm:?}");
        }
    }

    #[test]
    fn an_imported_rsa_key_is_the_same_key() {
        let key = Rsa::generate(2048).unwrap();
        let secret = [key.p().unwrap().to_vec(), key.q().unwrap().to_vec()].concat();
        let payload = import(Algorithm::RSA_2048, &secret).unwrap();
        assert_eq!(public(Algorithm::RSA_2048, &payload).unwrap(), key.n().to_vec());
        assert!(open_rsa(&payload, 2048).unwrap().check_key().unwrap());
    }
}
