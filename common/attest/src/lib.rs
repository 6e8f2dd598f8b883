//! What outsiders say about a log and its clock: a foreign authority's token over a checkpoint, an outside authority's record of a time audit.
//!
//! Lives here: making and judging `time-mark` entries, reading signed audit records into `time-audit` entries. May use: `audit`, `validate`,
//! `fetch`. Must not know: whom to trust (the caller says), where records are kept.

pub mod mark;
pub mod stamp;
pub mod time_audit;

pub use mark::{AnchoredJudge, MarkError};
pub use stamp::{StampError, Stamper};
pub use time_audit::{AuditRecord, AuditRecordError};
