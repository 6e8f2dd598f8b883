//! Whether the service can issue now, without using a key.

use kokuin_web::{NotReady, Readiness};

use crate::{Refusal, Service, unit::Unit};

impl Readiness for Service {
    /// Ready while one unit can issue: a fault of one takes no other out of service.
    fn check(&self) -> Result<(), NotReady> {
        let mut reason: Option<Refusal> = None;
        for unit in self.units().all() {
            match self.check_can_issue(unit) {
                Ok(()) => return Ok(()),
                // A unit that is not to sign now says less than one that should and cannot.
                Err(refusal) if matches!(reason, None | Some(Refusal::NotActive { .. })) => reason = Some(refusal),
                Err(_) => (),
            }
        }
        let reason = reason.expect("invariant: there is a unit");
        Err(NotReady { code: reason.code(), detail: reason.public_text() })
    }

    /// Units that should issue now and cannot, each with the rule.
    fn impaired(&self) -> Vec<String> {
        let units = self.units();
        let faults = units.all().iter().filter_map(|unit| match self.check_can_issue(unit) {
            Ok(()) | Err(Refusal::NotActive { .. }) => None,
            Err(refusal) => Some(format!("{}: {}", unit.name(), refusal.code())),
        });
        faults.collect()
    }
}

impl Service {
    /// What each request would meet behind the parser: log, clock, key, certificate.
    fn check_can_issue(&self, unit: &Unit) -> Result<(), Refusal> {
        if !self.log().is_writable() {
            return Err(Refusal::LogNotWritable);
        }
        let time = unit.keeper().check()?;
        unit.seat_at(time)?.tsu().check_in_service(time)
    }
}
