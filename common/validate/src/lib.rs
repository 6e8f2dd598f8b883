//! Path building, revocation, proof of existence, validation of time-stamps and seals, and the report.
//!
//! Lives here: EN 319 102-1. May use: `asn1`, `suite`, `profile`, `pdf`, `evidence`. Must not know: sockets, files, system time; evidence and time arrive as values.
//!
//! The way of one artefact: [`artifact::DetectedArtifact`] -> parsed -> [`signer::IdentifiedSigner`] -> candidate paths ->
//! `CheckedPath` at a stated time -> [`report::ValidationReport`]. Text, JSON and exit codes are renderings of that last value.

pub mod artifact;
pub mod attributes;
mod cades;
pub mod chain;
mod checks;
mod evidence;
mod existence;
pub mod instant;
mod integrity;
mod limit;
pub mod log;
mod material;
mod name;
mod pades;
pub mod path;
pub mod report;
pub mod request;
mod revocation;
pub mod rule;
mod seal;
pub mod signer;
pub mod status;
pub mod strength;
pub mod trust;
mod tst;
mod validate;
mod verdict;

pub use artifact::{ArtifactKind, DetectedArtifact};
pub use chain::{ChainFault, check_chain};
pub use log::{LogEvidence, LoggedSignature, NothingSigned, SignedParts, signed_parts};
pub use report::{Check, Outcome, SignatureReport, ValidationReport};
pub use request::{ControlTime, ControlTimeSource, DetachedData, Request, RevocationRule};
pub use rule::Rule;
pub use status::{Status, SubIndication};
pub use trust::{Purpose, Purposes, TrustAnchor, TrustStore};
pub use validate::{inspect, validate, validate_cades, validate_evidence_record, validate_pades, validate_tst};
