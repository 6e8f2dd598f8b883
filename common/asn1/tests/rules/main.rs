//! Rules of the encodings, each with a test that can fail.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod ber;
mod certificate;
mod cms;
mod fixture;
mod hostile;
mod reader;
mod round_trip;
mod tsp;
