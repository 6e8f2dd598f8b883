//! A token whose log entry is durable: the only one that may leave.

use kokuin_audit::{
    Log,
    entry::{LogTime, TstRef},
};

use super::SignedTst;
use crate::{refusal::Refusal, timekeeper::Timekeeper};

/// A token that the log holds.
#[derive(Debug)]
pub struct RecordedTst {
    token: Vec<u8>,
}

impl RecordedTst {
    /// Looks at the age of the reading again, appends the token's entry and waits until it is durable. The only way to make one: no token
    /// leaves unlogged, and none whose signature took too long.
    ///
    /// # Errors
    /// [`Refusal::ReadingTooOld`], [`Refusal::NotRecorded`]. The token is dropped, its serial never used again.
    pub async fn new(mut signed: SignedTst, keeper: &Timekeeper, log: &Log) -> Result<Self, Refusal> {
        signed.check_release(keeper)?;
        let (assigned, commitments) = (signed.assigned(), signed.commitments());
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
        let recorded = log.append_encoded(entry.encode());
        // Whoever goes away from here on leaves an entry that is on its way, and no other.
        let token = signed.into_token();
        recorded.await.map_err(Refusal::NotRecorded)?;
        Ok(Self { token })
    }

    /// The token (`ContentInfo`, DER).
    #[must_use]
    pub fn token(&self) -> &[u8] {
        &self.token
    }
}
