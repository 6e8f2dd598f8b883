//! The stages of one request. Each is made only from the one before, which it consumes.

mod admitted;
mod assigned;
mod bytes;
mod intended;
mod parsed;
mod recorded;
mod signed;
mod timed;

pub use admitted::AdmittedRequest;
pub use assigned::AssignedTsu;
pub use bytes::{BODY_LIMIT, RequestBytes};
pub use intended::IntendedTst;
pub use parsed::ParsedRequest;
pub use recorded::RecordedTst;
pub use signed::{Commitments, SignedTst};
pub use timed::{TimedRequest, TokenTime};
