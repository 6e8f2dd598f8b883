//! The clock that is measured: several NTP servers, or a chrony, are asked, their answers are combined, and what they vouch for is told.
//!
//! Lives here: answers and their bounds, the combination, leap pauses, the polling thread. Must not know: policies of
//! tokens, the log. `sntpc` builds, reads and checks packets; NTP without authentication proves nothing about who answered.

mod chrony;
mod combine;
mod known;
mod leap;
mod measured;
mod monitor;
mod report;
mod rules;
mod sample;
mod server;
mod sntp;
mod source;
mod status;

pub use chrony::ChronyDaemon;
pub use measured::MeasuredClock;
pub use monitor::Monitor;
pub use report::{ClockReport, LeapOutcome, LeapRecord, Mark, SourceReport};
pub use rules::{LeapPolicy, Rules};
pub use sample::{Authentication, Leap, Sample};
pub use server::{TimeServer, Unanswered};
pub use sntp::SntpServer;
