//! The batch lane (RFC 4998): many digests under one token, an evidence record for each.
//!
//! Digests that arrive within a short window become one hash tree. The batch is in the store before its token is asked for, and has its one log
//! entry before anything leaves; a batch that a crash left without a token gets one at the next start. A thread of its own does all this, so
//! that `/tsa` meets nothing of it but a request to the signer now and then.

mod config;
mod fair;
mod lane;
mod maker;
mod queue;
mod refusal;
mod request;
mod shelf;
mod wait;

pub use config::{BatchConfig, BatchConfigError};
pub use lane::{Lane, LaneError};
pub use queue::Outcome;
pub use refusal::BatchRefusal;
pub use request::{BatchRequest, body_limit};
pub use shelf::{Shelf, Shown, SubmissionId};
