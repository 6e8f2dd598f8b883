//! The service as its callers see it: bytes in, bytes out, with a real log, real keys and clocks that a test moves.
#![allow(clippy::unwrap_used, clippy::unwrap_in_result, reason = "a test that cannot be set up fails")]

#[path = "service/batch.rs"]
mod batch;
#[path = "service/bombs.rs"]
mod bombs;
#[path = "service/chain.rs"]
mod chain;
#[path = "service/clocks.rs"]
mod clocks;
#[path = "service/elsewhere.rs"]
mod elsewhere;
#[path = "service/faulty_key.rs"]
mod faulty_key;
#[path = "service/fixture.rs"]
mod fixture;
#[path = "service/http.rs"]
mod http;
#[path = "service/intents.rs"]
mod intents;
#[path = "service/keys.rs"]
mod keys;
#[path = "service/lives.rs"]
mod lives;
#[path = "service/logged.rs"]
mod logged;
#[path = "service/moved_clock.rs"]
mod moved_clock;
#[path = "service/property.rs"]
mod property;
#[path = "service/real.rs"]
mod real;
#[path = "service/refused.rs"]
mod refused;
#[path = "service/reload.rs"]
mod reload;
#[path = "service/start.rs"]
mod start;
#[path = "service/test_key.rs"]
mod test_key;
#[path = "service/token.rs"]
mod token;
#[path = "service/units.rs"]
mod units;
