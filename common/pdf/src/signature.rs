//! The signatures and document time-stamps of a file, as they are written in it.

use std::fmt;

use crate::{change::Change, error::SignatureFault};

mod collect;
mod contents;
mod history;
mod read;

pub use collect::{signatures, signatures_within};

/// Number and generation of an indirect object.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ObjectNumber {
    /// Object number.
    pub number: u32,
    /// Generation.
    pub generation: u16,
}

impl fmt::Display for ObjectNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.number, self.generation)
    }
}

impl From<(u32, u16)> for ObjectNumber {
    fn from((number, generation): (u32, u16)) -> Self {
        Self { number, generation }
    }
}

/// What a signature field holds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SignatureKind {
    /// A signature over the document.
    Signature,
    /// A document time-stamp: `/SubFilter /ETSI.RFC3161` (PAD-07).
    DocTimeStamp,
}

/// One well-formed signature of a file. That its ranges are right is checked; what is in `contents` is not looked at.
#[derive(Clone, Debug)]
pub struct PdfSignature {
    /// Fully qualified name of the field.
    pub field_name: String,
    /// The signature dictionary's object, or the field's where the dictionary is written inside it.
    pub object: ObjectNumber,
    /// The revision that it signs, counted from 1.
    pub revision: usize,
    /// Revisions of the file.
    pub revisions: usize,
    /// `/ByteRange`, in octets: start, length, start, length.
    pub byte_range: [u64; 4],
    /// The CMS or token, without the zeros that pad it.
    pub contents: Vec<u8>,
    /// Octets of the whole `/Contents` string, padding included.
    pub contents_room: usize,
    /// `/SubFilter`, as in `ETSI.CAdES.detached`.
    pub sub_filter: String,
    /// `/Filter`, as in `Adobe.PPKLite`.
    pub filter: Option<String>,
    /// `/Type`, where present.
    pub type_name: Option<String>,
    /// Signature or document time-stamp.
    pub kind: SignatureKind,
    /// `/M`, as written: a claim.
    pub claimed_time: Option<String>,
    /// `/Reason`.
    pub reason: Option<String>,
    /// `/Location`.
    pub location: Option<String>,
    /// `/Name`.
    pub name: Option<String>,
    /// Whether the dictionary has `/Cert`, which PAdES forbids (PAD-01).
    pub has_cert_entry: bool,
    /// `/P` of a `DocMDP` transform: this signature certifies the document (PAD-08).
    pub doc_mdp: Option<u8>,
    /// Whether nothing follows the signed revision.
    pub covers_whole_file: bool,
    /// Everything that changed after the signed revision, oldest first.
    pub changes: Vec<Change>,
}

impl PdfSignature {
    /// The two slices of `file` that are signed. `file` is the file that the signature was read from.
    #[must_use]
    pub fn signed_bytes<'a>(&self, file: &'a [u8]) -> [&'a [u8]; 2] {
        let slice = |start: u64, len: u64| -> &'a [u8] {
            let start = usize::try_from(start).unwrap_or(usize::MAX);
            let len = usize::try_from(len).unwrap_or(usize::MAX);
            file.get(start..start.saturating_add(len)).unwrap_or_default()
        };
        let [a, b, c, d] = self.byte_range;
        [slice(a, b), slice(c, d)]
    }
}

/// A signature field, or a signature dictionary, that is not as it must be.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MalformedSignature {
    /// Fully qualified name of the field; empty for a dictionary without one.
    pub field_name: String,
    /// The signature dictionary's object, where it has one.
    pub object: Option<ObjectNumber>,
    /// What is wrong.
    pub fault: SignatureFault,
}
