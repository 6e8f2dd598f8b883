//! A request that is one strict DER `TimeStampReq` of version 1 with an imprint as long as its algorithm makes it.

use kokuin_asn1::tsp::TimeStampReq;
use kokuin_suite::DigestAlgorithm;

use super::RequestBytes;
use crate::refusal::{DigestName, Refusal};

/// DER NULL, the one value that a digest algorithm's parameters may have (TSP-04).
const NULL: &[u8] = &[0x05, 0x00];

/// What was asked for, still in the octets it came in.
#[derive(Debug)]
pub struct ParsedRequest<'a> {
    request: TimeStampReq<'a>,
    algorithm: DigestAlgorithm,
}

impl<'a> ParsedRequest<'a> {
    /// Reads the body (TSP-01, TSP-02).
    ///
    /// # Errors
    /// [`Refusal::Malformed`], [`Refusal::Version`], [`Refusal::AlgorithmUnknown`], [`Refusal::AlgorithmParameters`],
    /// [`Refusal::ImprintLength`].
    pub fn new(bytes: RequestBytes<'a>) -> Result<Self, Refusal> {
        let request = TimeStampReq::parse(bytes.into_inner())?;
        if request.version != 1 {
            return Err(Refusal::Version { found: request.version });
        }
        let named = &request.imprint.algorithm;
        let Some(algorithm) = DigestAlgorithm::from_oid(&named.oid) else {
            return Err(Refusal::AlgorithmUnknown(named.oid.clone()));
        };
        if named.parameters.is_some_and(|parameters| parameters != NULL) {
            return Err(Refusal::AlgorithmParameters(named.oid.clone()));
        }
        let (expected, found) = (algorithm.output_len(), request.imprint.digest.len());
        if found != expected {
            return Err(Refusal::ImprintLength { algorithm: DigestName(algorithm), expected, found });
        }
        Ok(Self { request, algorithm })
    }

    /// Hands over the request and the digest algorithm it names.
    #[must_use]
    pub fn into_parts(self) -> (TimeStampReq<'a>, DigestAlgorithm) {
        (self.request, self.algorithm)
    }
}
