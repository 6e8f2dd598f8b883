//! Devices' own logs, drained into ours and compared with it: a signature that this service did not ask for is found within a second.
//!
//! Lives here: one thread for each device that keeps a log, what it makes of a device's lines, what operators see of it. May use: `audit`, `key`,
//! `web` (metrics). Must not know: which kind of device it is, how its lines are written.

mod drain;
mod error;
mod lines;
mod seen;
#[cfg(test)]
mod testing;

pub use drain::Drains;
pub use error::DrainError;
