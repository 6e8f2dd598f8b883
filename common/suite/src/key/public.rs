//! A public key taken apart, checked as far as can be without arithmetic on its curve.

use kokuin_asn1::{AlgorithmId, Asn1Error, Oid, Reader, enc, integer, oids, tag};

use crate::key::edwards::is_strong_edwards_point;
use crate::key::roca::is_factorable;
use crate::key::{KeyAlgorithm, KeyRefusal};
use crate::signature::SignatureAlgorithm;
use crate::signature::pss::PssParameters;

/// The longest RSA modulus that is read, in bits: beyond it a verification costs more than any key in use is worth.
const MAX_MODULUS_BITS: u32 = 16_384;

const NULL: &[u8] = &[tag::NULL, 0];

/// The parts of a `SubjectPublicKeyInfo` that arithmetic needs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PublicKey<'a> {
    /// Uncompressed point, 65 octets.
    P256(&'a [u8]),
    /// Uncompressed point, 97 octets.
    P384(&'a [u8]),
    /// Uncompressed point, 133 octets.
    P521(&'a [u8]),
    /// Modulus and exponent.
    Rsa(RsaKey<'a>),
    /// Canonical encoding of a point whose order is not small.
    Ed25519(&'a [u8; 32]),
    /// 1312 octets.
    MlDsa44(&'a [u8]),
    /// 1952 octets.
    MlDsa65(&'a [u8]),
    /// 2592 octets.
    MlDsa87(&'a [u8]),
}

/// An RSA public key: big-endian numbers without leading zeros.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RsaKey<'a> {
    /// Odd, at most 16384 bits.
    pub modulus: &'a [u8],
    /// Odd, at least 3.
    pub exponent: &'a [u8],
    /// What the key may sign with, if it is an RSASSA-PSS key.
    pub restriction: PssRestriction,
}

/// What an RSA key's own `AlgorithmIdentifier` allows (RFC 4055 sections 1.2 and 3.3).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PssRestriction {
    /// `rsaEncryption`: either padding.
    None,
    /// `id-RSASSA-PSS` without parameters: PSS only.
    AnyPss,
    /// `id-RSASSA-PSS` with parameters: PSS with these only.
    Pss(PssParameters),
}

impl RsaKey<'_> {
    /// Length of the modulus, in bits.
    #[must_use]
    pub fn bits(&self) -> u32 {
        bit_len(self.modulus)
    }
}

impl<'a> PublicKey<'a> {
    /// Takes a DER `SubjectPublicKeyInfo` apart. That a point is on its curve is left to the engine.
    ///
    /// # Errors
    /// [`KeyRefusal`], one variant per rule.
    pub fn parse(spki: &'a [u8]) -> Result<Self, KeyRefusal> {
        let (algorithm, key) = split(spki)?;
        let oid = &algorithm.oid;
        if *oid == oids::EC_PUBLIC_KEY {
            parse_point(&algorithm, key)
        } else if *oid == oids::RSA_ENCRYPTION {
            // RFC 3279 section 2.3.1: the parameters MUST be NULL.
            if algorithm.parameters != Some(NULL) {
                return Err(KeyRefusal::Parameters("rsaEncryption"));
            }
            parse_rsa(key, PssRestriction::None)
        } else if *oid == oids::RSASSA_PSS {
            let restriction = match algorithm.parameters {
                None => PssRestriction::AnyPss,
                Some(parameters) => PssRestriction::Pss(
                    PssParameters::parse(parameters).map_err(|refusal| KeyRefusal::Pss(Box::new(refusal)))?,
                ),
            };
            parse_rsa(key, restriction)
        } else if *oid == oids::ED25519 {
            absent(&algorithm, "Ed25519")?;
            let point: &[u8; 32] = key.try_into().map_err(|_| KeyRefusal::Length {
                algorithm: "Ed25519",
                expected: 32,
                found: key.len(),
            })?;
            if !is_strong_edwards_point(point) {
                return Err(KeyRefusal::WeakPoint);
            }
            Ok(Self::Ed25519(point))
        } else if *oid == oids::ML_DSA_44 {
            parse_raw(&algorithm, key, "ML-DSA-44", 1312).map(Self::MlDsa44)
        } else if *oid == oids::ML_DSA_65 {
            parse_raw(&algorithm, key, "ML-DSA-65", 1952).map(Self::MlDsa65)
        } else if *oid == oids::ML_DSA_87 {
            parse_raw(&algorithm, key, "ML-DSA-87", 2592).map(Self::MlDsa87)
        } else {
            Err(KeyRefusal::UnknownAlgorithm(oid.to_string()))
        }
    }

    /// What kind of key it is.
    #[must_use]
    pub fn algorithm(&self) -> KeyAlgorithm {
        match self {
            Self::P256(_) => KeyAlgorithm::P256,
            Self::P384(_) => KeyAlgorithm::P384,
            Self::P521(_) => KeyAlgorithm::P521,
            Self::Rsa(key) => KeyAlgorithm::Rsa { bits: key.bits() },
            Self::Ed25519(_) => KeyAlgorithm::Ed25519,
            Self::MlDsa44(_) => KeyAlgorithm::MlDsa44,
            Self::MlDsa65(_) => KeyAlgorithm::MlDsa65,
            Self::MlDsa87(_) => KeyAlgorithm::MlDsa87,
        }
    }

    /// Whether this very key may make signatures of `algorithm`, its own restriction included.
    #[must_use]
    pub fn allows(&self, algorithm: SignatureAlgorithm) -> bool {
        let fits = self.algorithm().fits(algorithm);
        match self {
            Self::Rsa(key) => match key.restriction {
                PssRestriction::None => fits,
                PssRestriction::AnyPss => fits && algorithm.is_pss(),
                PssRestriction::Pss(parameters) => fits && parameters.signature_algorithm() == algorithm,
            },
            Self::P256(_)
            | Self::P384(_)
            | Self::P521(_)
            | Self::Ed25519(_)
            | Self::MlDsa44(_)
            | Self::MlDsa65(_)
            | Self::MlDsa87(_) => fits,
        }
    }
}

fn split(spki: &[u8]) -> Result<(AlgorithmId<'_>, &[u8]), KeyRefusal> {
    let mut parts = Reader::enter_only(spki, tag::SEQUENCE, "subjectPublicKeyInfo")?;
    let algorithm = AlgorithmId::read(&mut parts, "algorithm")?;
    let at = parts.place("subjectPublicKey");
    let key = parts.bit_string("subjectPublicKey")?;
    parts.finish()?;
    if key.unused != 0 {
        return Err(Asn1Error::BitStringMalformed { at }.into());
    }
    Ok((algorithm, key.bytes))
}

fn absent(algorithm: &AlgorithmId<'_>, name: &'static str) -> Result<(), KeyRefusal> {
    if algorithm.parameters.is_some() { Err(KeyRefusal::Parameters(name)) } else { Ok(()) }
}

fn parse_raw<'a>(
    algorithm: &AlgorithmId<'_>,
    key: &'a [u8],
    name: &'static str,
    expected: usize,
) -> Result<&'a [u8], KeyRefusal> {
    absent(algorithm, name)?;
    if key.len() != expected {
        return Err(KeyRefusal::Length { algorithm: name, expected, found: key.len() });
    }
    Ok(key)
}

fn parse_point<'a>(algorithm: &AlgorithmId<'_>, point: &'a [u8]) -> Result<PublicKey<'a>, KeyRefusal> {
    let parameters = algorithm.parameters.ok_or(KeyRefusal::Parameters("id-ecPublicKey"))?;
    if parameters.first() != Some(&tag::OID) {
        return Err(KeyRefusal::UnknownCurve("written out as explicit parameters".to_owned()));
    }
    let is = |curve: &Oid| parameters == enc::oid(curve);
    let (name, expected, make): (_, _, fn(&'a [u8]) -> PublicKey<'a>) = if is(&oids::P256) {
        ("P-256", 65, PublicKey::P256)
    } else if is(&oids::P384) {
        ("P-384", 97, PublicKey::P384)
    } else if is(&oids::P521) {
        ("P-521", 133, PublicKey::P521)
    } else {
        let curve = Reader::new(parameters, "namedCurve").oid("namedCurve")?;
        return Err(KeyRefusal::UnknownCurve(curve.to_string()));
    };
    match point.first() {
        Some(0x04) if point.len() == expected => Ok(make(point)),
        Some(0x04) | None => Err(KeyRefusal::Length { algorithm: name, expected, found: point.len() }),
        Some(form) => Err(KeyRefusal::PointForm(*form)),
    }
}

fn parse_rsa(key: &[u8], restriction: PssRestriction) -> Result<PublicKey<'_>, KeyRefusal> {
    let mut numbers = Reader::enter_only(key, tag::SEQUENCE, "RSAPublicKey")?;
    let modulus = numbers.integer("modulus")?;
    let exponent = numbers.integer("publicExponent")?;
    numbers.finish()?;
    let modulus = integer::magnitude(modulus).unwrap_or_default();
    let exponent = integer::magnitude(exponent).unwrap_or_default();
    let bits = bit_len(modulus);
    if bits > MAX_MODULUS_BITS || !is_odd(modulus) {
        return Err(KeyRefusal::Modulus { bits, limit: MAX_MODULUS_BITS });
    }
    // How large the exponent must be to be suitable is the policy's matter (ALG-14); even or one, it is no RSA key.
    if !is_odd(exponent) || exponent == [1] {
        return Err(KeyRefusal::Exponent);
    }
    if is_factorable(modulus) {
        return Err(KeyRefusal::Factorable);
    }
    Ok(PublicKey::Rsa(RsaKey { modulus, exponent, restriction }))
}

fn is_odd(number: &[u8]) -> bool {
    number.last().is_some_and(|octet| octet & 1 == 1)
}

/// Bits of a big-endian number without leading zero octets.
pub(crate) fn bit_len(number: &[u8]) -> u32 {
    let octets = u32::try_from(number.len()).unwrap_or(u32::MAX);
    number.first().map_or(0, |first| octets.saturating_mul(8) - first.leading_zeros())
}
