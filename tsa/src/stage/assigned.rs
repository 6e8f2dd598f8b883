//! A request that a TSU in service has taken on, with its serial number.

use std::sync::Arc;

use super::{AdmittedRequest, TimedRequest, TokenTime};
use crate::{
    refusal::Refusal,
    serial::{Serial, SerialSource},
    timekeeper::Timekeeper,
    tsu::Tsu,
};

/// A request with a TSU whose key is active, and whose certificate and key-usage period cover its time.
#[derive(Debug)]
pub struct AssignedTsu {
    request: AdmittedRequest,
    time: TokenTime,
    tsu: Arc<Tsu>,
    serial: Serial,
}

impl AssignedTsu {
    /// Assigns `tsu`. The serial is used up here, whether or not a token comes of it.
    ///
    /// # Errors
    /// As [`Tsu::check_in_service`]; [`Refusal::TimeOutOfRange`] where the time fits no serial.
    pub fn new(timed: TimedRequest, tsu: &Arc<Tsu>, serials: &SerialSource) -> Result<Self, Refusal> {
        let (request, time) = timed.into_parts();
        let micros = time.micros();
        tsu.check_in_service(micros)?;
        let serial = serials.next(micros).ok_or(Refusal::TimeOutOfRange { micros })?;
        Ok(Self { request, time, tsu: Arc::clone(tsu), serial })
    }

    /// The same request with a reading young enough to be signed: this one, or a new one with a new serial (THR-35).
    ///
    /// # Errors
    /// [`Refusal::ReadingTooOld`] if even the new one is, and all of [`Self::new`]'s.
    pub fn refreshed(self, keeper: &Timekeeper, serials: &SerialSource) -> Result<Self, Refusal> {
        if keeper.check_age(&self.time.reading).is_ok() {
            // A key suspended while the request waited must not be used (THR-65).
            self.tsu.check_active()?;
            return Ok(self);
        }
        let renewed = Self::new(TimedRequest::new(self.request, keeper)?, &self.tsu, serials)?;
        keeper.check_age(&renewed.time.reading)?;
        Ok(renewed)
    }

    /// The same request under the same number, with a reading young enough to be signed: this one, or a new one (THR-35).
    ///
    /// # Errors
    /// [`Refusal::ReadingTooOld`] if even the new one is, and all of [`Self::new`]'s.
    pub fn reread(self, keeper: &Timekeeper) -> Result<Self, Refusal> {
        if keeper.check_age(&self.time.reading).is_ok() {
            self.tsu.check_active()?;
            return Ok(self);
        }
        let (request, time) = TimedRequest::new(self.request, keeper)?.into_parts();
        self.tsu.check_in_service(time.micros())?;
        keeper.check_age(&time.reading)?;
        Ok(Self { request, time, ..self })
    }

    /// The TSU that signs.
    #[must_use]
    pub const fn tsu(&self) -> &Arc<Tsu> {
        &self.tsu
    }

    /// What the token repeats.
    #[must_use]
    pub const fn request(&self) -> &AdmittedRequest {
        &self.request
    }

    /// When it says it was made.
    #[must_use]
    pub const fn time(&self) -> &TokenTime {
        &self.time
    }

    /// Its number.
    #[must_use]
    pub const fn serial(&self) -> &Serial {
        &self.serial
    }
}
