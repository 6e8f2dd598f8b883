//! What is shown about the transparency log. Receipts are verified elsewhere; here they are matched to a signature.

/// An entry that a verified receipt proves to be in a log.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LoggedSignature {
    /// Which log.
    pub origin: String,
    /// Where in it.
    pub index: u64,
    /// SHA-256 of the signature value.
    pub signature: [u8; 32],
    /// SHA-256 of the signed attributes as a DER `SET OF` (tag 0x31).
    pub attributes: [u8; 32],
}

/// The caller's answer to "is it logged?".
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum LogEvidence {
    /// No receipt was given.
    NotGiven,
    /// Receipts were given and hold; whether they belong to this artefact is decided here, by signature and signed attributes.
    Verified(Vec<LoggedSignature>),
    /// A receipt was given and does not hold: why, in one clause.
    Refused(String),
}
