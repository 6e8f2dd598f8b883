//! A request that the log knows of before a device is asked to sign it.

use kokuin_audit::{Log, OpenIntent, TenantSecret};
use kokuin_key::Protection;

use super::AssignedTsu;
use crate::{refusal::Refusal, serial::SerialSource, timekeeper::Timekeeper};

/// A request that may be signed. A device's has an intent that is durable; dropped, it says in the log what became of it (THR-44).
#[derive(Debug)]
pub struct IntendedTst {
    assigned: AssignedTsu,
    intent: Option<OpenIntent>,
}

impl IntendedTst {
    /// Announces the signature of a device under the request's number, and waits until that is durable: requests that come at a time share one append. A
    /// software key needs none.
    ///
    /// # Errors
    /// [`Refusal::NotRecorded`]: nothing may be signed.
    pub async fn new(assigned: AssignedTsu, log: &Log, secret: &TenantSecret) -> Result<Self, Refusal> {
        let tsu = assigned.tsu();
        let intent = match tsu.key().protection() {
            Protection::Software => None,
            Protection::Device => {
                let (serial, imprint) = (assigned.serial().logged(), assigned.request().imprint());
                let announced = OpenIntent::announce(log, serial, tsu.key_name().clone(), imprint, secret);
                Some(announced.await.map_err(Refusal::NotRecorded)?)
            }
        };
        Ok(Self { assigned, intent })
    }

    /// What may be signed now: with a reading that is young enough, by a key that is still active. The number of an intent stays.
    ///
    /// # Errors
    /// As [`AssignedTsu::refreshed`]; the intent is withdrawn.
    pub(super) fn ready(
        self,
        keeper: &Timekeeper,
        serials: &SerialSource,
    ) -> Result<(AssignedTsu, Option<OpenIntent>), Refusal> {
        let Self { assigned, mut intent } = self;
        let ready = match intent {
            None => assigned.refreshed(keeper, serials),
            Some(_) => assigned.reread(keeper),
        };
        if let (Err(refusal), Some(intent)) = (&ready, &mut intent) {
            intent.because(refusal.code());
        }
        Ok((ready?, intent))
    }
}
