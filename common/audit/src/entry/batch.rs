//! The entry of a batch: one token over a hash tree of many digests (RFC 4998).

use serde::{Deserialize, Serialize};

use super::{Digest, KeyName, Label, LogTime, PolicyOid, RootValue, Serial};
use crate::name::LeafIndex;

/// One token over many digests. It is the only entry of that token: there is no `tst` beside it.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Batch {
    /// genTime of the token.
    pub time: LogTime,
    /// serialNumber of the token, content octets.
    pub serial: Serial,
    /// The TSU's key.
    pub key: KeyName,
    /// The TSA policy.
    pub policy: PolicyOid,
    /// How far genTime may be from UTC, in microseconds, rounded up.
    pub bound_us: u64,
    /// Whether the bound was measured; false: stated only.
    pub measured: bool,
    /// The clock-reading entry that bound comes from.
    pub clock: LeafIndex,
    /// The certificate entry of the TSU.
    pub cert: LeafIndex,
    /// SHA-256 of the token as it left.
    pub digest: Digest,
    /// SHA-256 of the signature value.
    pub sig: Digest,
    /// SHA-256 of the signed attributes as signed: DER SET OF, tag 0x31.
    pub attrs: Digest,
    /// SHA-256 of the batch's identifier, in hexadecimal, as answers name it: only who has an answer can tell which batch this is.
    pub id: Digest,
    /// Hash algorithm of tree and message imprint: `sha256`.
    pub algorithm: Label,
    /// Root of the tree: the token's message imprint.
    pub root: RootValue,
    /// Digests stamped.
    pub count: u64,
}
