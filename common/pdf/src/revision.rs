//! The states a file went through: each ends with a `startxref` and `%%EOF` of its own.

use crate::{chain, error::PdfError, limit::Limits};

/// One state of the file. The first is the original, each later one an incremental update.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Revision {
    /// Counted from 1.
    pub number: usize,
    /// Where its bytes begin: the end of the revision before it.
    pub start: usize,
    /// After `%%EOF`.
    pub end: usize,
    /// After the white space that follows `%%EOF`; a signature may count it in or not.
    pub end_with_space: usize,
}

impl Revision {
    /// Whether a byte range that ends at `offset` ends with this revision (PAD-03).
    #[must_use]
    pub const fn ends_at(&self, offset: usize) -> bool {
        self.end <= offset && offset <= self.end_with_space
    }
}

/// The revisions of `bytes`, oldest first.
///
/// # Errors
/// [`PdfError`] if the file is no PDF or its cross-reference data is broken.
pub fn revisions(bytes: &[u8]) -> Result<Vec<Revision>, PdfError> {
    chain::Chain::parse(bytes, &Limits::default()).map(|chain| chain.revisions)
}
