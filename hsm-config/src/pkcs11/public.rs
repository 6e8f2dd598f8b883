//! A token's public key as `SubjectPublicKeyInfo`.

use cryptoki::object::{Attribute, AttributeType, KeyType, MlDsaParameterSetType, ObjectHandle};
use cryptoki::session::Session;
use kokuin_asn1::{Certificate, Oid, Reader, enc, oids, tag};

use crate::pkcs11::Pkcs11Error;
use crate::pkcs11::error::PublicKeyError;
use crate::public::DeviceKey;

/// What a public key consists of, by its type.
const PARTS: [AttributeType; 7] = [
    AttributeType::KeyType,
    AttributeType::EcParams,
    AttributeType::EcPoint,
    AttributeType::Modulus,
    AttributeType::PublicExponent,
    AttributeType::ParameterSet,
    AttributeType::Value,
];

/// The public key in a `CKO_PUBLIC_KEY`.
pub(super) fn of_object(
    session: &Session,
    object: ObjectHandle,
) -> Result<Result<DeviceKey, PublicKeyError>, Pkcs11Error> {
    let attributes = session.get_attributes(object, &PARTS)?;
    Ok(spki(&attributes).ok_or(PublicKeyError::Attributes).and_then(device_key))
}

/// The public key in a `CKO_CERTIFICATE`.
pub(super) fn of_certificate(
    session: &Session,
    object: ObjectHandle,
) -> Result<Result<DeviceKey, PublicKeyError>, Pkcs11Error> {
    let attributes = session.get_attributes(object, &[AttributeType::Value])?;
    let [Attribute::Value(der)] = attributes.as_slice() else { return Ok(Err(PublicKeyError::Attributes)) };
    let certificate = Certificate::parse(der).map_err(|_| PublicKeyError::Attributes);
    Ok(certificate.and_then(|certificate| device_key(certificate.spki().to_vec())))
}

fn device_key(spki: Vec<u8>) -> Result<DeviceKey, PublicKeyError> {
    Ok(DeviceKey::new(spki)?)
}

/// `None` where attributes are missing or are not what the key's type says.
fn spki(attributes: &[Attribute]) -> Option<Vec<u8>> {
    let kind = attributes.iter().find_map(|found| match found {
        Attribute::KeyType(kind) => Some(*kind),
        _ => None,
    })?;
    match kind {
        KeyType::EC => elliptic(attributes),
        KeyType::EC_EDWARDS => edwards(attributes),
        KeyType::RSA => rsa(attributes),
        KeyType::ML_DSA => ml_dsa(attributes),
        _ => None,
    }
}

/// RFC 5480. The point is an OCTET STRING; some tokens leave the header away.
fn elliptic(attributes: &[Attribute]) -> Option<Vec<u8>> {
    let (parameters, point) = (parameters(attributes)?, point(attributes)?);
    let point = unwrapped(point, tag::OCTET_STRING).unwrap_or(point);
    let algorithm = enc::sequence(&[&enc::oid(&oids::EC_PUBLIC_KEY), parameters]);
    Some(enc::sequence(&[&algorithm, &enc::bit_string(point, 0)]))
}

/// RFC 8410. The curve is a name (PKCS#11 3.0) or an object identifier (3.1), the point an OCTET STRING, a BIT STRING or plain.
fn edwards(attributes: &[Attribute]) -> Option<Vec<u8>> {
    let (parameters, point) = (parameters(attributes)?, point(attributes)?);
    if parameters != enc::oid(&oids::ED25519) && parameters != enc::printable_string("edwards25519") {
        return None;
    }
    let plain = match point.len() {
        32 => point,
        34 => unwrapped(point, tag::OCTET_STRING)?,
        35 => unwrapped(point, tag::BIT_STRING)?.strip_prefix(&[0])?,
        _ => return None,
    };
    Some(enc::sequence(&[&enc::sequence(&[&enc::oid(&oids::ED25519)]), &enc::bit_string(plain, 0)]))
}

/// RFC 3279 2.3.1.
fn rsa(attributes: &[Attribute]) -> Option<Vec<u8>> {
    let modulus = attributes.iter().find_map(|found| match found {
        Attribute::Modulus(modulus) => Some(modulus),
        _ => None,
    })?;
    let exponent = attributes.iter().find_map(|found| match found {
        Attribute::PublicExponent(exponent) => Some(exponent),
        _ => None,
    })?;
    let key = enc::sequence(&[&enc::uint(modulus), &enc::uint(exponent)]);
    let algorithm = enc::sequence(&[&enc::oid(&oids::RSA_ENCRYPTION), &enc::null()]);
    Some(enc::sequence(&[&algorithm, &enc::bit_string(&key, 0)]))
}

/// RFC 9881.
fn ml_dsa(attributes: &[Attribute]) -> Option<Vec<u8>> {
    let set = attributes.iter().find_map(|found| match found {
        Attribute::ParameterSet(set) => Some(MlDsaParameterSetType::from(*set)),
        _ => None,
    })?;
    let value = attributes.iter().find_map(|found| match found {
        Attribute::Value(value) => Some(value),
        _ => None,
    })?;
    let oid: Oid = match set {
        MlDsaParameterSetType::ML_DSA_44 => oids::ML_DSA_44,
        MlDsaParameterSetType::ML_DSA_65 => oids::ML_DSA_65,
        MlDsaParameterSetType::ML_DSA_87 => oids::ML_DSA_87,
        _ => return None,
    };
    Some(enc::sequence(&[&enc::sequence(&[&enc::oid(&oid)]), &enc::bit_string(value, 0)]))
}

fn parameters(attributes: &[Attribute]) -> Option<&[u8]> {
    attributes.iter().find_map(|found| match found {
        Attribute::EcParams(parameters) => Some(parameters.as_slice()),
        _ => None,
    })
}

fn point(attributes: &[Attribute]) -> Option<&[u8]> {
    attributes.iter().find_map(|found| match found {
        Attribute::EcPoint(point) => Some(point.as_slice()),
        _ => None,
    })
}

/// The content of `der`, if it is exactly one element with `tag`.
fn unwrapped(der: &[u8], tag: u8) -> Option<&[u8]> {
    let mut reader = Reader::new(der, "CKA_EC_POINT");
    let element = reader.expect(tag, "CKA_EC_POINT").ok()?;
    reader.is_empty().then_some(element.value)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The base point of Ed25519.
    const POINT: [u8; 32] = [
        0x58, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
        0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
    ];

    #[test]
    fn every_form_of_an_ed25519_key_is_the_same_key() {
        let expected = [&[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00][..], &POINT].concat();
        let bits = [&[3, 33, 0][..], &POINT].concat();
        for parameters in [enc::oid(&oids::ED25519), enc::printable_string("edwards25519")] {
            for point in [POINT.to_vec(), enc::octet_string(&POINT), bits.clone()] {
                let attributes = [
                    Attribute::KeyType(KeyType::EC_EDWARDS),
                    Attribute::EcParams(parameters.clone()),
                    Attribute::EcPoint(point),
                ];
                assert_eq!(spki(&attributes), Some(expected.clone()));
            }
        }
    }

    #[test]
    fn what_is_no_key_of_ours_is_none() {
        let curve = enc::printable_string("edwards448");
        let other =
            [Attribute::KeyType(KeyType::EC_EDWARDS), Attribute::EcParams(curve), Attribute::EcPoint(POINT.into())];
        assert_eq!(spki(&other), None);
        assert_eq!(spki(&[Attribute::KeyType(KeyType::AES)]), None);
        assert_eq!(spki(&[Attribute::KeyType(KeyType::RSA), Attribute::Modulus(vec![5])]), None);
        assert_eq!(spki(&[]), None);
    }
}
