//! An evidence record that has been read, and nothing decided about it (RFC 4998 3.1, 5.1; ERS-01).

mod stamp;

use kokuin_asn1::{AlgorithmId, Asn1Error, Reader, enc, tag};

pub use stamp::ArchiveTimeStamp;
pub(crate) use stamp::read_info;

use crate::error::EvidenceError;

/// Algorithms that a record may list.
const MAX_ALGORITHMS: usize = 32;
/// Chains of one record.
const MAX_CHAINS: usize = 32;
/// Archive time-stamps of one chain.
const MAX_STAMPS: usize = 32;

/// `EvidenceRecord`, in DER. A record in BER goes through [`kokuin_asn1::ber::to_der`] first: what is hashed at a renewal is DER (ERS-06).
#[derive(Clone, Debug)]
pub struct EvidenceRecord<'a> {
    /// The whole SEQUENCE.
    pub raw: &'a [u8],
    /// `digestAlgorithms`: what the record says about itself; each stamp names its own.
    pub digest_algorithms: Vec<AlgorithmId<'a>>,
    /// `cryptoInfos`, not looked into.
    pub crypto_infos: Option<&'a [u8]>,
    /// `encryptionInfo`, not looked into: the data covered is the encrypted data then.
    pub encryption_info: Option<&'a [u8]>,
    /// `archiveTimeStampSequence`, oldest first, never empty.
    pub chains: Vec<Chain<'a>>,
}

/// `ArchiveTimeStampChain`: stamps by one algorithm, each renewing the one before.
#[derive(Clone, Debug)]
pub struct Chain<'a> {
    /// The whole SEQUENCE.
    pub raw: &'a [u8],
    /// Oldest first, never empty.
    pub stamps: Vec<ArchiveTimeStamp<'a>>,
}

impl<'a> EvidenceRecord<'a> {
    /// Reads octets that are one record and nothing else.
    ///
    /// # Errors
    /// What is not DER or not that syntax; another version; more than the limits allow; time-stamps that are no RFC 3161 tokens.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, EvidenceError> {
        let mut reader = Reader::enter_only(bytes, tag::SEQUENCE, "EvidenceRecord")?;
        let found = reader.i64("version")?;
        if found != 1 {
            return Err(EvidenceError::Version { found });
        }
        let mut digest_algorithms = Vec::new();
        let mut list = reader.enter(tag::SEQUENCE, "digestAlgorithms")?;
        while !list.is_empty() {
            limited("digest algorithms", digest_algorithms.len(), MAX_ALGORITHMS)?;
            digest_algorithms.push(AlgorithmId::read(&mut list, "digestAlgorithm")?);
        }
        let crypto_infos = reader.optional(tag::context_constructed(0), "cryptoInfos")?.map(|tlv| tlv.raw);
        let encryption_info = reader.optional(tag::context_constructed(1), "encryptionInfo")?.map(|tlv| tlv.raw);
        let mut sequence = reader.enter(tag::SEQUENCE, "archiveTimeStampSequence")?;
        reader.finish()?;
        let mut chains = Vec::new();
        while !sequence.is_empty() {
            limited("chains", chains.len(), MAX_CHAINS)?;
            chains.push(Chain::read(&mut sequence)?);
        }
        if chains.is_empty() {
            return Err(EvidenceError::Empty { what: "archiveTimeStampSequence" });
        }
        Ok(Self { raw: bytes, digest_algorithms, crypto_infos, encryption_info, chains })
    }

    /// Whether `bytes` have the outline of a record and of nothing else that begins with a version: a list of algorithms in second place, a
    /// SEQUENCE in last. A request has an imprint there and no SEQUENCE after it.
    #[must_use]
    pub fn is_outlined(bytes: &[u8]) -> bool {
        has_outline(bytes).unwrap_or(false)
    }

    /// Every stamp, oldest first.
    #[must_use]
    pub fn stamps(&self) -> impl DoubleEndedIterator<Item = &ArchiveTimeStamp<'a>> {
        self.chains.iter().flat_map(|chain| &chain.stamps)
    }

    /// `ArchiveTimeStampSequence` of the first `count` chains: what a hash-tree renewal covers (ERS-05, ERS-06).
    pub(crate) fn sequence_of(&self, count: usize) -> Vec<u8> {
        let chains: Vec<&[u8]> = self.chains.iter().take(count).map(|chain| chain.raw).collect();
        enc::sequence(&chains)
    }
}

impl<'a> Chain<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, EvidenceError> {
        let tlv = reader.expect(tag::SEQUENCE, "ArchiveTimeStampChain")?;
        let mut inner = reader.inside(tlv, "ArchiveTimeStampChain");
        let mut stamps = Vec::new();
        while !inner.is_empty() {
            limited("time-stamps of one chain", stamps.len(), MAX_STAMPS)?;
            stamps.push(ArchiveTimeStamp::read(&mut inner)?);
        }
        if stamps.is_empty() {
            return Err(EvidenceError::Empty { what: "ArchiveTimeStampChain" });
        }
        Ok(Self { raw: tlv.raw, stamps })
    }
}

/// Refuses the element after `limit`.
const fn limited(what: &'static str, count: usize, limit: usize) -> Result<(), EvidenceError> {
    if count < limit { Ok(()) } else { Err(EvidenceError::TooMany { what, limit }) }
}

fn has_outline(bytes: &[u8]) -> Result<bool, Asn1Error> {
    let mut reader = Reader::enter_only(bytes, tag::SEQUENCE, "EvidenceRecord")?;
    reader.integer("version")?;
    let mut algorithms = reader.enter(tag::SEQUENCE, "digestAlgorithms")?;
    while !algorithms.is_empty() {
        if algorithms.next()?.tag != tag::SEQUENCE {
            return Ok(false);
        }
    }
    let mut last = None;
    while !reader.is_empty() {
        last = Some(reader.next()?.tag);
    }
    Ok(last == Some(tag::SEQUENCE))
}
