//! What is refused, and why: one variant per broken rule.

use crate::signature::ObjectNumber;

/// Something in a document that can change what a reader sees without changing the file (THR-16).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ActiveContent {
    /// The indirect object that holds it; `None` for the trailer.
    pub object: Option<ObjectNumber>,
    /// What it is, in a few words.
    pub what: &'static str,
}

impl std::fmt::Display for ActiveContent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.object {
            Some(object) => write!(f, "object {object}: {}", self.what),
            None => write!(f, "trailer: {}", self.what),
        }
    }
}

/// Why a file as a whole cannot be sealed or read.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum PdfError {
    /// There is no `%PDF-` header.
    #[error("not a PDF: the file does not begin with %PDF-")]
    NotPdf,
    /// Bytes precede the header, so that offsets mean different things to different readers.
    #[error("the PDF header is at offset {offset}, it must be at 0")]
    HeaderOffset {
        /// Where the header was found.
        offset: usize,
    },
    /// The file is larger than the limit.
    #[error("the file has {found} octets, at most {limit} are read")]
    TooLarge {
        /// Octets of the file.
        found: usize,
        /// Octets allowed.
        limit: usize,
    },
    /// More objects than the limit.
    #[error("the file has more than {limit} objects")]
    TooManyObjects {
        /// Objects allowed.
        limit: usize,
    },
    /// More cross-reference sections than the limit.
    #[error("the file has more than {limit} cross-reference sections")]
    TooManyRevisions {
        /// Sections allowed.
        limit: usize,
    },
    /// Objects overlap, inflate or take longer than an honest file's do.
    #[error("reading the file costs too much: {what}")]
    TooCostly {
        /// Which bound was met.
        what: &'static str,
    },
    /// Arrays and dictionaries are nested deeper than is read.
    #[error("objects are nested more than {limit} deep at offset {offset}")]
    TooDeep {
        /// Levels allowed.
        limit: usize,
        /// Where in the file.
        offset: usize,
    },
    /// The file is encrypted.
    #[error("the file is encrypted")]
    Encrypted,
    /// `startxref`, a cross-reference section or a trailer is broken. Readers repair such files, each in its own way, so that they see different documents.
    #[error("the cross-reference data at offset {offset} is broken ({what}) and is not repaired")]
    BrokenXref {
        /// Where in the file.
        offset: usize,
        /// What is wrong.
        what: &'static str,
    },
    /// A table and a stream describe the same revision, and readers differ on which one they follow.
    #[error("the cross-reference section at offset {offset} is hybrid (table and stream)")]
    HybridXref {
        /// Where in the file.
        offset: usize,
    },
    /// A dictionary has a key twice: some readers take the first value, some the last, and so they show different documents.
    #[error("a dictionary has a key twice")]
    DoubleKey,
    /// An object cannot be read where the cross-reference data says it is.
    #[error("object {object} cannot be read where the cross-reference data says it is")]
    BrokenObject {
        /// Which one.
        object: ObjectNumber,
    },
    /// The PDF library does not read the file as it is written.
    #[error("the file cannot be read without repair: {0}")]
    Unreadable(String),
    /// Catalog or page tree is missing, cyclic or of the wrong type.
    #[error("the page tree is broken: {what}")]
    BrokenPages {
        /// What is wrong.
        what: &'static str,
    },
    /// The document already has form fields.
    #[error("the document has a form with {fields} field(s)")]
    ExistingForm {
        /// Fields at the form's root.
        fields: usize,
    },
    /// The document is already signed or time-stamped.
    #[error("the document already has {signatures} signature(s)")]
    ExistingSignature {
        /// Signature fields with a value, or signature dictionaries.
        signatures: usize,
    },
    /// The document is certified or carries usage rights (`/Perms`).
    #[error("the document is certified or carries usage rights")]
    Certified,
    /// Scripts, forms in XML, launch actions or external content.
    #[error("the document has active content: {}", list(.0))]
    ActiveContent(Vec<ActiveContent>),
    /// A field name, reason or location that cannot be written.
    #[error("{what} is empty, too long or has control characters")]
    BadText {
        /// Which member of the request.
        what: &'static str,
    },
    /// A time before 1970 or after 9999.
    #[error("signing time {0} cannot be written as a PDF date")]
    BadTime(i64),
    /// The hole asked for is empty or absurdly large.
    #[error("{found} octets cannot be reserved for the signature, 1 to {limit} can")]
    BadHole {
        /// Octets asked for.
        found: usize,
        /// Octets allowed.
        limit: usize,
    },
    /// The signature does not fit into the hole (PAD-11).
    #[error("the signature has {found} octets, {room} are reserved")]
    SignatureTooLong {
        /// Octets of the signature.
        found: usize,
        /// Octets of the hole.
        room: usize,
    },
}

/// Findings in one line.
fn list(findings: &[ActiveContent]) -> String {
    findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

impl PdfError {
    /// Stable name, for logs, metrics and `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotPdf => "pdf.not-a-pdf",
            Self::HeaderOffset { .. } => "pdf.header-offset",
            Self::TooLarge { .. } => "pdf.too-large",
            Self::TooManyObjects { .. } => "pdf.too-many-objects",
            Self::TooManyRevisions { .. } => "pdf.too-many-revisions",
            Self::TooCostly { .. } => "pdf.too-costly",
            Self::TooDeep { .. } => "pdf.too-deep",
            Self::Encrypted => "pdf.encrypted",
            Self::BrokenXref { .. } => "pdf.broken-xref",
            Self::HybridXref { .. } => "pdf.hybrid-xref",
            Self::DoubleKey => "pdf.double-key",
            Self::BrokenObject { .. } => "pdf.broken-object",
            Self::Unreadable(_) => "pdf.unreadable",
            Self::BrokenPages { .. } => "pdf.broken-pages",
            Self::ExistingForm { .. } => "pdf.existing-form",
            Self::ExistingSignature { .. } => "pdf.existing-signature",
            Self::Certified => "pdf.certified",
            Self::ActiveContent(_) => "pdf.active-content",
            Self::BadText { .. } => "pdf.bad-text",
            Self::BadTime(_) => "pdf.bad-time",
            Self::BadHole { .. } => "pdf.bad-hole",
            Self::SignatureTooLong { .. } => "pdf.signature-too-long",
        }
    }

    /// The text that makes it a rule.
    #[must_use]
    pub const fn clause(&self) -> &'static str {
        match self {
            Self::NotPdf | Self::HeaderOffset { .. } => "ISO 32000-2 7.5.2",
            Self::TooLarge { .. } | Self::TooManyObjects { .. } | Self::TooManyRevisions { .. } => "Kokuin limits",
            Self::TooCostly { .. } | Self::TooDeep { .. } => "Kokuin limits",
            Self::Encrypted => "ISO 32000-2 7.6",
            Self::BrokenXref { .. } | Self::BrokenObject { .. } | Self::Unreadable(_) => "ISO 32000-2 7.5.4",
            Self::HybridXref { .. } => "ISO 32000-2 7.5.8.4",
            Self::DoubleKey => "ISO 32000-2 7.3.7",
            Self::BrokenPages { .. } => "ISO 32000-2 7.7",
            Self::ExistingForm { .. } | Self::ExistingSignature { .. } => "ISO 32000-2 12.7",
            Self::Certified => "ISO 32000-2 12.8.2.2",
            Self::ActiveContent(_) => "Kokuin seal policy (THR-16)",
            Self::BadText { .. } | Self::BadTime(_) => "ISO 32000-2 12.8.1",
            Self::BadHole { .. } | Self::SignatureTooLong { .. } => "EN 319 142-1 5.3 (PAD-11)",
        }
    }
}

/// Why one signature field is malformed: always `FORMAT_FAILURE` in the sense of EN 319 102-1, never a signature that is passed over.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SignatureFault {
    /// The field's value is no dictionary.
    #[error("the field's value is no signature dictionary")]
    NotADictionary,
    /// The dictionary has an entry twice, so that readers differ on its value.
    #[error("the signature dictionary has /{0} twice")]
    DuplicateEntry(String),
    /// `/SubFilter` is missing or no name.
    #[error("/SubFilter is missing")]
    SubFilterMissing,
    /// `/Type` is neither absent, `/Sig` nor `/DocTimeStamp`.
    #[error("/Type is /{0}")]
    TypeUnknown(String),
    /// `/ByteRange` is missing.
    #[error("/ByteRange is missing")]
    ByteRangeMissing,
    /// `/ByteRange` is no array of four non-negative integers.
    #[error("/ByteRange is not four non-negative integers")]
    ByteRangeNotFour,
    /// The first range does not begin at the file's first byte.
    #[error("/ByteRange begins at {0}, it must begin at 0")]
    ByteRangeStart(u64),
    /// A range is empty.
    #[error("/ByteRange has an empty range")]
    ByteRangeEmpty,
    /// The ranges overlap each other.
    #[error("the second range of /ByteRange begins at {second}, inside the first, which ends at {first_end}")]
    ByteRangeOverlap {
        /// End of the first range.
        first_end: u64,
        /// Start of the second range.
        second: u64,
    },
    /// The ranges reach beyond the file.
    #[error("/ByteRange ends at {end}, the file at {file_len}")]
    ByteRangeBeyondFile {
        /// End of the second range.
        end: u64,
        /// Octets of the file.
        file_len: u64,
    },
    /// The gap between the ranges is not exactly this dictionary's `/Contents` string (PAD-03, PAD-27).
    #[error(
        "the gap of /ByteRange is {gap_start}..{gap_end}, the /Contents string is {contents_start}..{contents_end}"
    )]
    GapIsNotContents {
        /// Start of the gap.
        gap_start: u64,
        /// End of the gap.
        gap_end: u64,
        /// Offset of `<`.
        contents_start: u64,
        /// Offset after `>`.
        contents_end: u64,
    },
    /// The dictionary lies inside an object stream, where no gap can be left for it.
    #[error("the signature dictionary is compressed, so that /ByteRange cannot leave its /Contents out")]
    Compressed,
    /// The second range does not end where a revision ends.
    #[error("/ByteRange ends at {end}, which is no end of a revision")]
    NotARevision {
        /// End of the second range.
        end: u64,
    },
    /// The ranges collide with another signature's (PAD-04).
    #[error("/ByteRange collides with that of field {other}")]
    Collision {
        /// Name of the other field.
        other: String,
    },
    /// `/Contents` is missing, null or empty.
    #[error("/Contents is missing or empty")]
    ContentsMissing,
    /// `/Contents` is no hexadecimal string.
    #[error("/Contents is no hexadecimal string")]
    ContentsNotHex,
    /// `/Contents` holds no ASN.1 SEQUENCE.
    #[error("/Contents holds no complete ASN.1 SEQUENCE")]
    ContentsNotDer,
    /// Something other than zeros follows the CMS in `/Contents`.
    #[error("/Contents has bytes other than zero after the signature")]
    ContentsPadding,
    /// The dictionary differs between the signed revision and the file as it is now (PAD-04).
    #[error("the signature dictionary was changed after the revision that it signs")]
    ChangedSince,
    /// The same dictionary is the value of several fields.
    #[error("the signature is also the value of field {other}")]
    SharedBetweenFields {
        /// Name of the other field.
        other: String,
    },
    /// A signature of an earlier revision is no longer in the document.
    #[error("the signature of revision {revision} was removed later")]
    Removed {
        /// The last revision that has it.
        revision: usize,
    },
    /// A signature dictionary that no field refers to.
    #[error("the signature dictionary belongs to no field")]
    NoField,
}

impl SignatureFault {
    /// Stable name, for reports and `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotADictionary => "pdf.signature.not-a-dictionary",
            Self::DuplicateEntry(_) => "pdf.signature.duplicate-entry",
            Self::SubFilterMissing => "pdf.signature.sub-filter-missing",
            Self::TypeUnknown(_) => "pdf.signature.type-unknown",
            Self::ByteRangeMissing => "pdf.signature.byte-range-missing",
            Self::ByteRangeNotFour => "pdf.signature.byte-range-not-four",
            Self::ByteRangeStart(_) => "pdf.signature.byte-range-start",
            Self::ByteRangeEmpty => "pdf.signature.byte-range-empty",
            Self::ByteRangeOverlap { .. } => "pdf.signature.byte-range-overlap",
            Self::ByteRangeBeyondFile { .. } => "pdf.signature.byte-range-beyond-file",
            Self::GapIsNotContents { .. } => "pdf.signature.gap-is-not-contents",
            Self::Compressed => "pdf.signature.compressed",
            Self::NotARevision { .. } => "pdf.signature.not-a-revision",
            Self::Collision { .. } => "pdf.signature.collision",
            Self::ContentsMissing => "pdf.signature.contents-missing",
            Self::ContentsNotHex => "pdf.signature.contents-not-hex",
            Self::ContentsNotDer => "pdf.signature.contents-not-der",
            Self::ContentsPadding => "pdf.signature.contents-padding",
            Self::ChangedSince => "pdf.signature.changed-since",
            Self::SharedBetweenFields { .. } => "pdf.signature.shared-between-fields",
            Self::Removed { .. } => "pdf.signature.removed",
            Self::NoField => "pdf.signature.no-field",
        }
    }

    /// The text that makes it a rule.
    #[must_use]
    pub const fn clause(&self) -> &'static str {
        match self {
            Self::NotADictionary | Self::DuplicateEntry(_) | Self::TypeUnknown(_) => "ISO 32000-2 12.8.1",
            Self::SubFilterMissing => "EN 319 142-1 6.3 (PAD-01)",
            Self::ByteRangeMissing
            | Self::ByteRangeNotFour
            | Self::ByteRangeStart(_)
            | Self::ByteRangeEmpty
            | Self::ByteRangeOverlap { .. }
            | Self::ByteRangeBeyondFile { .. }
            | Self::GapIsNotContents { .. }
            | Self::Compressed
            | Self::NotARevision { .. } => "ISO 32000-2 12.8.1 (PAD-03, PAD-27)",
            Self::Collision { .. } | Self::ChangedSince | Self::SharedBetweenFields { .. } => {
                "EN 319 102-1 5.2.2 (PAD-04)"
            }
            Self::ContentsMissing | Self::ContentsNotHex | Self::ContentsNotDer | Self::ContentsPadding => {
                "ISO 32000-2 12.8.3.3 (PAD-25)"
            }
            Self::Removed { .. } | Self::NoField => "ISO 32000-2 12.7.5.5 (PAD-25)",
        }
    }
}
