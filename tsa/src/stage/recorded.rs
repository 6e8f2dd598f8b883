//! A token whose log entry is durable: the only one that may leave.

use kokuin_audit::{
    Log,
    entry::{LogTime, TstRef},
};

use super::SignedTst;
use crate::refusal::Refusal;

/// A token that the log holds.
#[derive(Debug)]
pub struct RecordedTst {
    token: Vec<u8>,
}

impl RecordedTst {
    /// Appends the token's entry and waits until it is durable. The only way to make one: no token leaves unlogged.
    ///
    /// # Errors
    /// [`Refusal::NotRecorded`]. The token is dropped, its serial never used again.
    pub async fn new(signed: SignedTst, log: &Log) -> Result<Self, Refusal> {
        let (token, assigned, commitments) = signed.into_parts();
        let (tsu, time) = (assigned.tsu(), assigned.time());
        let serial = assigned.serial().logged();
        let entry = TstRef {
            time: LogTime::from_unix_micros(time.micros()),
            serial: &serial,
            key: tsu.key_name(),
            policy: tsu.offer().logged(assigned.request().policy()),
            bound_us: time.reading.uncertainty().as_micros(),
            measured: time.reading.measured(),
            clock: time.clock_entry,
            cert: tsu.certificate_entry(),
            digest: commitments.token,
            sig: commitments.signature,
            attrs: commitments.attributes,
        };
        log.append_encoded(entry.encode()).await.map_err(Refusal::NotRecorded)?;
        Ok(Self { token })
    }

    /// The token (`ContentInfo`, DER).
    #[must_use]
    pub fn token(&self) -> &[u8] {
        &self.token
    }
}
