//! `ArchiveTimeStamp` (RFC 4998 4.1): a token and the part of a hash tree that leads to it.

use kokuin_asn1::{AlgorithmId, Asn1Error, Oid, Place, Reader, cms::SignedData, oids, tag, tsp::TstInfo};

use super::limited;
use crate::error::EvidenceError;

/// Lists of one reduced hash tree: a binary tree that deep has more leaves than anybody's archive.
const MAX_LISTS: usize = 64;
/// Attributes of one stamp.
const MAX_ATTRIBUTES: usize = 64;
/// Hashes of one list.
const MAX_HASHES: usize = 1 << 16;

/// `ArchiveTimeStamp`. That token and tree belong together is not known yet.
#[derive(Clone, Debug)]
pub struct ArchiveTimeStamp<'a> {
    /// The whole SEQUENCE.
    pub raw: &'a [u8],
    /// `digestAlgorithm`, where it is named.
    pub digest_algorithm: Option<AlgorithmId<'a>>,
    /// `attributes`, not looked into.
    pub attributes: Option<&'a [u8]>,
    /// `reducedHashtree`, from the leaf upwards; no list is empty.
    pub reduced_tree: Option<Vec<Vec<&'a [u8]>>>,
    /// `timeStamp`, a `ContentInfo`.
    pub token: &'a [u8],
    /// What is in the token; nobody has verified it.
    pub info: TstInfo<'a>,
}

impl<'a> ArchiveTimeStamp<'a> {
    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, EvidenceError> {
        let tlv = reader.expect(tag::SEQUENCE, "ArchiveTimeStamp")?;
        let mut inner = reader.inside(tlv, "ArchiveTimeStamp");
        let algorithm_tag = tag::context_constructed(0);
        let digest_algorithm = match inner.peek_tag() {
            Some(tag) if tag == algorithm_tag => Some(AlgorithmId::read_implicit(&mut inner, tag, "digestAlgorithm")?),
            Some(_) | None => None,
        };
        let attributes = inner.optional(tag::context_constructed(1), "attributes")?;
        if let Some(tlv) = attributes {
            inner.inside(tlv, "attributes").all(tag::SEQUENCE, MAX_ATTRIBUTES)?;
        }
        let attributes = attributes.map(|tlv| tlv.raw);
        let reduced_tree = match inner.enter_optional(tag::context_constructed(2), "reducedHashtree")? {
            Some(lists) => Some(read_lists(lists)?),
            None => None,
        };
        let place = inner.place("timeStamp");
        let token = inner.expect(tag::SEQUENCE, "timeStamp")?.raw;
        inner.finish()?;
        let info = read_info(token, place)?;
        Ok(Self { raw: tlv.raw, digest_algorithm, attributes, reduced_tree, token, info })
    }

    /// The algorithm of the tree: the one named, else that of the token's imprint (RFC 4998 4.1).
    #[must_use]
    pub fn algorithm(&self) -> &Oid {
        self.digest_algorithm.as_ref().map_or(&self.info.imprint.algorithm.oid, |algorithm| &algorithm.oid)
    }
}

fn read_lists(mut lists: Reader<'_>) -> Result<Vec<Vec<&[u8]>>, EvidenceError> {
    let mut tree = Vec::new();
    while !lists.is_empty() {
        limited("lists in a reduced hash tree", tree.len(), MAX_LISTS)?;
        let mut list = lists.enter(tag::SEQUENCE, "PartialHashtree")?;
        let mut hashes = Vec::new();
        while !list.is_empty() {
            limited("hashes in one list", hashes.len(), MAX_HASHES)?;
            hashes.push(list.octet_string("hash")?);
        }
        if hashes.is_empty() {
            return Err(EvidenceError::Empty { what: "PartialHashtree" });
        }
        tree.push(hashes);
    }
    if tree.is_empty() { Err(EvidenceError::Empty { what: "reducedHashtree" }) } else { Ok(tree) }
}

/// The content of a token of RFC 3161, the one kind of time-stamp that is read here.
pub(crate) fn read_info(token: &[u8], at: Place) -> Result<TstInfo<'_>, Asn1Error> {
    let signed_data = SignedData::parse(token)?;
    match signed_data.content {
        Some(content) if signed_data.content_type == oids::ID_CT_TST_INFO => TstInfo::parse(content),
        Some(_) | None => Err(Asn1Error::Missing { at, expected: tag::OCTET_STRING }),
    }
}
