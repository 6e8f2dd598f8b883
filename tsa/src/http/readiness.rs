//! Whether the service can issue now, without using the key.

use kokuin_web::{NotReady, Readiness};

use crate::{Refusal, Service};

impl Readiness for Service {
    fn check(&self) -> Result<(), NotReady> {
        self.check_can_issue().map_err(|refusal| NotReady { code: refusal.code(), detail: refusal.public_text() })
    }
}

impl Service {
    /// What each request would meet behind the parser: log, clock, key, certificate.
    fn check_can_issue(&self) -> Result<(), Refusal> {
        if !self.log().is_writable() {
            return Err(Refusal::LogNotWritable);
        }
        let time = self.keeper.check()?;
        self.tsu().check_in_service(time)?;
        if self.health.key_signs() {
            Ok(())
        } else {
            Err(Refusal::SignatureWrong { key: self.tsu().key().id().to_string() })
        }
    }
}
