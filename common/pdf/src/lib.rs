//! PDF as sealing and validation need it: revisions, byte ranges, signature dictionaries, the incremental update, and what changed after a seal.
//!
//! Lives here: everything about PDF syntax. May use: a PDF library, behind limits. Must not know: CMS, keys, HTTP.
//!
//! Two doors: [`prepare()`] appends a signature dictionary with a hole for the CMS, [`signatures()`] reads every signature of a file back.

pub mod change;
pub mod error;
pub mod limit;
pub mod prepare;
pub mod revision;
pub mod signature;

mod chain;
mod cost;
mod listed;
mod load;
mod scan;
mod tree;

pub use change::{Act, Change, ChangeKind};
pub use error::{ActiveContent, PdfError, SignatureFault};
pub use limit::Limits;
pub use prepare::{Prepared, SignatureRequest, SubFilter, prepare, prepare_within};
pub use revision::{Revision, revisions};
pub use signature::{MalformedSignature, ObjectNumber, PdfSignature, SignatureKind, signatures, signatures_within};
