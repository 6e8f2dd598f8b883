//! The RFC 3161 time-stamp service: the way of one request, from bytes to a token that may leave.
//!
//! Lives here: the order of the stages, what a TSU is, what is refused and how. May use: `asn1`, `suite`, `profile`, `validate` (its chains), `clock`, `key`,
//! `audit`, `settings`, in [`batch`] `evidence` and `store`, and in [`http`], counts and metrics `web`. Must not know: SQL, which device signs, where keys and certificates are kept.

mod assemble;
pub mod batch;
pub mod changed;
pub mod config;
pub mod count;
mod desk;
pub mod health;
pub mod http;
mod journal;
pub mod life;
mod meter;
pub mod offer;
mod past;
mod pool;
pub mod refusal;
mod refusal_class;
pub mod reload;
pub mod response;
pub mod seat;
pub mod serial;
pub mod service;
pub mod stage;
pub mod start;
pub mod template;
mod tester;
pub mod timekeeper;
pub mod tsu;
pub mod unit;
pub mod units;
pub mod worker;

pub use assemble::check_parts;
pub use changed::Changed;
pub use config::{Config, ConfigError, DEVELOPMENT_POLICY, TsuConfig};
pub use refusal::Refusal;
pub use refusal_class::RefusalClass;
pub use reload::{Reload, ReloadError};
pub use service::{KeyParts, Parts, Service, TsuParts};
pub use start::StartError;
pub use worker::Worker;
