//! RSASSA-PSS parameters (RFC 4055 section 3.1), read strictly.

use kokuin_asn1::{AlgorithmId, Asn1Error, Oid, Reader, enc, tag};

use crate::digest::DigestAlgorithm;
use crate::signature::{AlgorithmRefusal, SignatureAlgorithm, parse_digest};

/// 1.2.840.113549.1.1.8
const MGF1: Oid = Oid::from_static(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08]);
/// What the salt is when the field is absent, in octets.
const DEFAULT_SALT: u64 = 20;

/// PSS as we use and accept it: one digest for message and mask, salt as long as the digest, trailer 1.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PssParameters(SignatureAlgorithm);

impl PssParameters {
    /// Reads the parameters' element.
    ///
    /// # Errors
    /// [`AlgorithmRefusal`]: not DER, another digest than SHA-256/384/512 (the default is SHA-1), MGF1 with another
    /// digest, a salt of another length, a trailer other than 1.
    pub fn parse(parameters: &[u8]) -> Result<Self, AlgorithmRefusal> {
        let mut fields = Reader::enter_only(parameters, tag::SEQUENCE, "RSASSA-PSS-params")?;
        let digest = match fields.enter_optional(tag::context_constructed(0), "hashAlgorithm")? {
            Some(mut field) => {
                let id = AlgorithmId::read(&mut field, "hashAlgorithm")?;
                field.finish()?;
                parse_digest(&id)?
            }
            None => DigestAlgorithm::Sha1,
        };
        let mask = match fields.enter_optional(tag::context_constructed(1), "maskGenAlgorithm")? {
            Some(mut field) => {
                let id = AlgorithmId::read(&mut field, "maskGenAlgorithm")?;
                field.finish()?;
                parse_mask(&id)?
            }
            None => DigestAlgorithm::Sha1,
        };
        let salt = match fields.enter_optional(tag::context_constructed(2), "saltLength")? {
            Some(mut field) => {
                let at = field.place("saltLength");
                let salt = field.i64("saltLength")?;
                field.finish()?;
                u64::try_from(salt).map_err(|_| Asn1Error::IntegerOutOfRange { at })?
            }
            None => DEFAULT_SALT,
        };
        let trailer = match fields.enter_optional(tag::context_constructed(3), "trailerField")? {
            Some(mut field) => {
                let trailer = field.i64("trailerField")?;
                field.finish()?;
                trailer
            }
            None => 1,
        };
        fields.finish()?;
        if trailer != 1 {
            return Err(AlgorithmRefusal::PssTrailer(trailer));
        }
        Self::new(digest, mask, salt)
    }

    fn new(digest: DigestAlgorithm, mask: DigestAlgorithm, salt: u64) -> Result<Self, AlgorithmRefusal> {
        let algorithm = match digest {
            DigestAlgorithm::Sha256 => SignatureAlgorithm::RsaPssSha256,
            DigestAlgorithm::Sha384 => SignatureAlgorithm::RsaPssSha384,
            DigestAlgorithm::Sha512 => SignatureAlgorithm::RsaPssSha512,
            DigestAlgorithm::Sha1
            | DigestAlgorithm::Sha3_256
            | DigestAlgorithm::Sha3_384
            | DigestAlgorithm::Sha3_512 => return Err(AlgorithmRefusal::PssDigest(digest)),
        };
        if mask != digest {
            return Err(AlgorithmRefusal::PssMaskDigest { digest, mask });
        }
        let expected = digest.output_len();
        if usize::try_from(salt) != Ok(expected) {
            return Err(AlgorithmRefusal::PssSaltLength { digest, expected, found: salt });
        }
        Ok(Self(algorithm))
    }

    /// The algorithm these parameters make.
    #[must_use]
    pub const fn signature_algorithm(self) -> SignatureAlgorithm {
        self.0
    }
}

fn parse_mask(id: &AlgorithmId<'_>) -> Result<DigestAlgorithm, AlgorithmRefusal> {
    if id.oid != MGF1 {
        return Err(AlgorithmRefusal::PssMaskFunction(id.oid.to_string()));
    }
    let inner = id.parameters.ok_or_else(|| AlgorithmRefusal::Parameters(id.oid.to_string()))?;
    parse_digest(&AlgorithmId::parse(inner)?)
}

/// The parameters for one of our PSS algorithms, DER: digest and mask with NULL (RFC 4055 section 2.1), trailer left out.
pub(super) fn parameters_der(digest: DigestAlgorithm) -> Vec<u8> {
    let hash = enc::sequence(&[&enc::oid(&digest.oid()), &enc::null()]);
    let mask = enc::sequence(&[&enc::oid(&MGF1), &hash]);
    let salt = enc::uint_u64(digest.output_len() as u64);
    enc::sequence(&[&enc::explicit(0, &hash), &enc::explicit(1, &mask), &enc::explicit(2, &salt)])
}
