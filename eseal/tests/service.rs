//! The service as its callers see it: real routes, keys, log and database; a TSA that a test tells what to answer.
#![allow(clippy::unwrap_used, clippy::unwrap_in_result, reason = "a test that cannot be set up fails")]

#[path = "service/cross_protocol.rs"]
mod cross_protocol;
#[path = "service/devices.rs"]
mod devices;
#[path = "service/fake_tsa.rs"]
mod fake_tsa;
#[path = "service/faults.rs"]
mod faults;
#[path = "service/fixture.rs"]
mod fixture;
#[path = "service/moved_clock.rs"]
mod moved_clock;
#[path = "service/pdf.rs"]
mod pdf;
#[path = "service/read.rs"]
mod read;
#[path = "service/refused.rs"]
mod refused;
#[path = "service/sealed.rs"]
mod sealed;
#[path = "service/start.rs"]
mod start;
#[path = "service/test_key.rs"]
mod test_key;
