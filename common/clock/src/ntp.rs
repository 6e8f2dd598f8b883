//! The clock that is measured: several NTP servers are asked, their answers are combined, and what they vouch for is told.
//!
//! Lives here: answers and their bounds, the combination, leap pauses, the polling thread. Must not know: policies of
//! tokens, the log. `sntpc` builds, reads and checks packets; NTP without authentication proves nothing about who answered.

mod combine;
mod leap;
mod measured;
mod monitor;
mod rules;
mod sample;
mod server;
mod sntp;
mod status;

pub use measured::MeasuredClock;
pub use monitor::Monitor;
pub use rules::Rules;
pub use sample::{Leap, Sample};
pub use server::{TimeServer, Unanswered};
pub use sntp::SntpServer;
