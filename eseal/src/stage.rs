//! The stages of a seal. Each type is made only from the one before, and consumes it.

mod authorized;
mod digest;
mod evidence;
mod intended;
mod recorded;
mod signed;
mod submission;
mod timestamped;

pub use authorized::AuthorizedSeal;
pub use digest::DocumentDigest;
pub use evidence::SealWithEvidence;
pub use intended::IntendedSeal;
pub use recorded::{RecordedSeal, SealMetadata};
pub use signed::SignedSeal;
pub use submission::SubmissionBytes;
pub use timestamped::TimestampedSeal;
