//! Receipts: the proof that an entry is in the log, in one file that needs nothing else (C2SP tlog-proof, TLOG-19).
//!
//! The entry travels in the `extra` line. It is a claim like any other until its own leaf hash has been proven included under a checkpoint whose
//! signature verifies: only [`Receipt::verify`] gives it out (THR-52).

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use kokuin_suite::Verify;

use crate::{
    checkpoint::{CheckpointError, SignedCheckpoint},
    entry::{Batch, Digest, Entry, EntryError, Seal, Tst},
    hash::Hash,
    merkle::{MAX_PROOF, ProofError, check_inclusion},
    name::LeafIndex,
    note::{MAX_NOTE, VerifierKey},
    tile::MAX_ENTRY,
};

const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";
/// Longest receipt that is looked at, in octets: entry, proof and note at their longest.
pub const MAX_RECEIPT: usize = MAX_NOTE + MAX_ENTRY * 2;

/// Why a receipt proves nothing, or nothing about this artefact.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ReceiptError {
    /// Our limit.
    #[error("receipt of {found} octets, at most {MAX_RECEIPT} are read")]
    TooLong {
        /// Octets.
        found: usize,
    },
    /// Not a tlog-proof of version 1.
    #[error("first line is not {FIRST_LINE}")]
    FirstLine,
    /// A line is missing, or not what stands there.
    #[error("line {number} is not {expected}")]
    Line {
        /// From one.
        number: usize,
        /// What should be there.
        expected: &'static str,
    },
    /// The log's signed checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The proof.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// The receipt does not carry the entry, and it was not given beside it.
    #[error("receipt carries no entry")]
    NoEntry,
    /// The entry is in the log, and says nothing that this version understands.
    #[error("logged entry: {0}")]
    Entry(EntryError),
    /// The entry is about no token or seal.
    #[error("logged entry is of kind {kind}, not about a token or seal")]
    NoObject {
        /// Its kind.
        kind: &'static str,
    },
    /// The entry is about another token or seal.
    #[error("logged {what} has digest {logged}, this one {found}")]
    OtherObject {
        /// Signature value or signed attributes.
        what: &'static str,
        /// In the entry.
        logged: Digest,
        /// Of the artefact.
        found: Digest,
    },
}

impl ReceiptError {
    /// Stable name, for logs and `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => "audit.receipt-too-long",
            Self::FirstLine => "audit.receipt-first-line",
            Self::Line { .. } => "audit.receipt-line",
            Self::Checkpoint(error) => error.code(),
            Self::Proof(error) => error.code(),
            Self::NoEntry => "audit.receipt-no-entry",
            Self::Entry(error) => error.code(),
            Self::NoObject { .. } => "audit.receipt-no-object",
            Self::OtherObject { .. } => "audit.receipt-other-object",
        }
    }

    /// The text that makes it a rule.
    #[must_use]
    pub const fn clause(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => "docs/log.md, Limits",
            Self::FirstLine | Self::Line { .. } => "C2SP tlog-proof, Format",
            Self::Checkpoint(error) => error.clause(),
            Self::Proof(error) => error.clause(),
            Self::NoEntry | Self::NoObject { .. } | Self::OtherObject { .. } => "docs/log.md, Receipts",
            Self::Entry(error) => error.clause(),
        }
    }
}

/// A receipt as read or made. Nothing in it has been checked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Receipt {
    extra: Option<Vec<u8>>,
    index: LeafIndex,
    proof: Vec<Hash>,
    note: String,
}

impl Receipt {
    pub(crate) const fn new(extra: Option<Vec<u8>>, index: LeafIndex, proof: Vec<Hash>, note: String) -> Self {
        Self { extra, index, proof, note }
    }

    /// Reads a receipt.
    ///
    /// # Errors
    /// [`ReceiptError`] for the first line that does not belong there.
    pub fn parse(receipt: &[u8]) -> Result<Self, ReceiptError> {
        if receipt.len() > MAX_RECEIPT {
            return Err(ReceiptError::TooLong { found: receipt.len() });
        }
        let text = std::str::from_utf8(receipt).map_err(|_| ReceiptError::FirstLine)?;
        let mut rest =
            text.strip_prefix(FIRST_LINE).and_then(|rest| rest.strip_prefix('\n')).ok_or(ReceiptError::FirstLine)?;
        let mut number = 1;
        let mut line = |expected| {
            number += 1;
            let (line, after) = rest.split_once('\n').ok_or(ReceiptError::Line { number, expected })?;
            rest = after;
            Ok::<_, ReceiptError>((number, line))
        };
        let wrong = |number, expected| ReceiptError::Line { number, expected };
        let (mut at, mut current) = line("an index")?;
        let mut extra = None;
        if let Some(coded) = current.strip_prefix("extra ") {
            extra = Some(STANDARD.decode(coded).map_err(|_| wrong(at, "base64"))?);
            (at, current) = line("an index")?;
        }
        let digits = current.strip_prefix("index ").ok_or_else(|| wrong(at, "an index"))?;
        let index: u64 = digits.parse().map_err(|_| wrong(at, "an index"))?;
        if index.to_string() != digits {
            return Err(wrong(at, "an index"));
        }
        let mut proof = Vec::new();
        loop {
            let (at, current) = line("a hash or the blank line")?;
            if current.is_empty() {
                break;
            }
            if proof.len() == MAX_PROOF {
                return Err(wrong(at, "the blank line"));
            }
            proof.push(Hash::from_base64(current).ok_or_else(|| wrong(at, "a hash"))?);
        }
        Ok(Self { extra, index: LeafIndex(index), proof, note: rest.to_owned() })
    }

    /// The checkpoint's note, not verified.
    #[must_use]
    pub fn unverified_note(&self) -> &str {
        &self.note
    }

    /// Checks the checkpoint's signature, then that the entry carried along is in the log, and only then reads the entry.
    ///
    /// # Errors
    /// [`ReceiptError`] for the first thing that is not proven.
    pub fn verify(&self, key: &VerifierKey, engine: &dyn Verify) -> Result<VerifiedReceipt, ReceiptError> {
        self.verify_entry(self.extra.as_deref().ok_or(ReceiptError::NoEntry)?, key, engine)
    }

    /// The same for an entry that was kept elsewhere; the `extra` line is not looked at.
    ///
    /// # Errors
    /// [`ReceiptError`] for the first thing that is not proven.
    pub fn verify_entry(
        &self,
        entry: &[u8],
        key: &VerifierKey,
        engine: &dyn Verify,
    ) -> Result<VerifiedReceipt, ReceiptError> {
        let checkpoint = SignedCheckpoint::verify(self.note.as_bytes(), key, engine)?;
        check_inclusion(self.index, checkpoint.size(), Hash::leaf(entry), &self.proof, checkpoint.root())?;
        let parsed = Entry::parse(entry).map_err(ReceiptError::Entry)?;
        Ok(VerifiedReceipt { entry: parsed, body: entry.to_vec(), index: self.index, checkpoint })
    }
}

impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{FIRST_LINE}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", STANDARD.encode(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        self.proof.iter().try_for_each(|hash| writeln!(f, "{hash}"))?;
        write!(f, "\n{}", self.note)
    }
}

/// An entry that has been shown to be in the log.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct VerifiedReceipt {
    entry: Entry,
    body: Vec<u8>,
    index: LeafIndex,
    checkpoint: SignedCheckpoint,
}

impl VerifiedReceipt {
    /// What the log says.
    #[must_use]
    pub const fn entry(&self) -> &Entry {
        &self.entry
    }

    /// The logged bytes.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Where it is in the log.
    #[must_use]
    pub const fn index(&self) -> LeafIndex {
        self.index
    }

    /// The checkpoint that covers it.
    #[must_use]
    pub const fn checkpoint(&self) -> &SignedCheckpoint {
        &self.checkpoint
    }

    /// SHA-256 of the signature value and of the signed attributes of the token or seal that the entry is about.
    ///
    /// # Errors
    /// [`ReceiptError::NoObject`].
    pub fn artefact(&self) -> Result<(Digest, Digest), ReceiptError> {
        match &self.entry {
            Entry::Tst(Tst { sig, attrs, .. })
            | Entry::Seal(Seal { sig, attrs, .. })
            | Entry::Batch(Batch { sig, attrs, .. }) => Ok((*sig, *attrs)),
            Entry::LogOpen(_)
            | Entry::ServiceStart(_)
            | Entry::ServiceStop(_)
            | Entry::Config(_)
            | Entry::Certificate(_)
            | Entry::ClockState(_)
            | Entry::ClockReading(_)
            | Entry::Refusals(_)
            | Entry::KeyState(_)
            | Entry::SelfTest(_)
            | Entry::Admin(_)
            | Entry::Intent(_)
            | Entry::Outcome(_)
            | Entry::ClockSource(_)
            | Entry::TimeMark(_)
            | Entry::TimeAudit(_)
            | Entry::Pruning(_)
            | Entry::Erasure(_)
            | Entry::DeviceLog(_)
            | Entry::Accounts(_) => Err(ReceiptError::NoObject { kind: self.entry.kind().as_str() }),
        }
    }

    /// Checks that the entry is about the artefact with this signature value and these signed attributes (DER SET OF, tag 0x31, as signed).
    /// Unsigned attributes and augmentation change neither.
    ///
    /// # Errors
    /// [`ReceiptError::NoObject`] or [`ReceiptError::OtherObject`].
    pub fn check_about(&self, signature: &[u8], signed_attributes: &[u8]) -> Result<(), ReceiptError> {
        let (sig, attrs) = self.artefact()?;
        let same = |what, logged, bytes| {
            let found = Digest::of(bytes);
            if logged == found { Ok(()) } else { Err(ReceiptError::OtherObject { what, logged, found }) }
        };
        same("signature value", sig, signature)?;
        same("set of signed attributes", attrs, signed_attributes)
    }
}

#[cfg(test)]
mod tests;
