//! The e-seal service: the way of one document, from submission to a sealed object that may leave.
//!
//! The order of the stages is in their types: [`stage::SubmissionBytes`] -> [`stage::DocumentDigest`] -> [`stage::AuthorizedSeal`] ->
//! [`stage::SignedSeal`] -> [`stage::TimestampedSeal`] -> [`stage::SealWithEvidence`] -> [`stage::RecordedSeal`]. Each is made only from the
//! one before. May use: everything in `common`. Must not know: `tsa` (it asks a TSA over HTTP like anybody else), SQL, which device signs.
//!
//! Documents are never logged and never kept.

mod actor;
mod bounds;
pub mod config;
mod count;
mod credential;
mod error;
mod format;
mod http;
mod id;
mod idempotency;
mod journal;
mod meter;
mod request;
mod service;
mod signers;
pub mod stage;
mod start;
mod timekeeper;

pub use actor::{Actor, SCOPE_READ, SCOPE_SEAL};
pub use config::{Config, ConfigError, CredentialConfig, TsaConfig};
pub use credential::Credential;
pub use error::{RefusalClass, SealError};
pub use format::{SealFormat, SealLevel};
pub use http::routes;
pub use id::SealId;
pub use request::SealRequest;
pub use service::{Parts, Service, Tsa};
pub use start::StartError;
