//! One worker's way through the stages.

use std::{cell::RefCell, sync::Arc};

use crate::{
    desk::Desk,
    refusal::Refusal,
    response::ResponseBytes,
    seat::Seat,
    service::Service,
    stage::{
        AdmittedRequest, AssignedTsu, IntendedTst, ParsedRequest, RecordedTst, RequestBytes, SignedTst, TimedRequest,
    },
    unit::Unit,
};

/// What one worker thread owns: a desk for each key it signs with, and a share in the service.
#[derive(Debug)]
pub struct Worker {
    service: Arc<Service>,
    /// By the number of the seat.
    desks: RefCell<Vec<(u64, Desk)>>,
}

impl Worker {
    /// A worker of `service`.
    #[must_use]
    pub fn new(service: &Arc<Service>) -> Self {
        Self { desks: RefCell::default(), service: Arc::clone(service) }
    }

    /// The service it works for.
    #[must_use]
    pub fn service(&self) -> &Service {
        &self.service
    }

    /// Answers one body at `/tsa`.
    pub async fn answer(&self, body: &[u8]) -> ResponseBytes {
        self.answer_at(&self.service.default_unit(), body).await
    }

    /// Answers one body with a `TimeStampResp`, whatever the body is (TSP-45).
    pub async fn answer_at(&self, unit: &Unit, body: &[u8]) -> ResponseBytes {
        match self.issue_at(unit, body).await {
            Ok(recorded) => {
                self.service.meter.token();
                unit.counts.tokens.add(1);
                ResponseBytes::granted(&recorded)
            }
            Err(refusal) => {
                let class = refusal.class();
                self.service.refusals.add(class);
                self.service.meter.refusal(class);
                unit.counts.refused.add(1);
                tracing::debug!(code = refusal.code(), %refusal, "request refused");
                ResponseBytes::refused(&refusal)
            }
        }
    }

    /// A token of the unit at `/tsa`.
    ///
    /// # Errors
    /// As [`Self::issue_at`].
    pub async fn issue(&self, body: &[u8]) -> Result<RecordedTst, Refusal> {
        self.issue_at(&self.service.default_unit(), body).await
    }

    /// A token of `unit`. One whose key was replaced while the request waited for it is made by the key that follows.
    ///
    /// # Errors
    /// The rule that kept the token from being issued.
    pub async fn issue_at(&self, unit: &Unit, body: &[u8]) -> Result<RecordedTst, Refusal> {
        RecordedTst::new(self.sign_at(unit, body).await?, unit.keeper(), &self.service.log).await
    }

    /// A token of `unit` that the log does not hold yet, made as [`Self::issue_at`] does.
    ///
    /// # Errors
    /// The rule that kept it from being signed.
    pub(crate) async fn sign_at(&self, unit: &Unit, body: &[u8]) -> Result<SignedTst, Refusal> {
        match self.signed(unit, body).await {
            Err(Refusal::NotActive { .. }) if unit.seats().len() > 1 => self.signed(unit, body).await,
            outcome => outcome,
        }
    }

    /// The stages up to the signature, in their only order.
    async fn signed(&self, unit: &Unit, body: &[u8]) -> Result<SignedTst, Refusal> {
        let service = &*self.service;
        let parsed = ParsedRequest::new(RequestBytes::new(body)?)?;
        let admitted = AdmittedRequest::new(parsed, unit.offer()?)?;
        if !service.log.is_writable() {
            return Err(Refusal::LogNotWritable);
        }
        let timed = TimedRequest::new(admitted, unit.keeper())?;
        let seat = unit.seat_at(timed.micros())?;
        let assigned = AssignedTsu::new(timed, seat.tsu(), &service.serials)?;
        match seat.pool() {
            Some(pool) => {
                // Looked at first: what cannot be signed is not announced.
                let place = pool.place()?;
                let intended = IntendedTst::new(assigned, &service.log, &service.intent_secret).await?;
                pool.sign(place, intended).await
            }
            None => {
                let intended = IntendedTst::new(assigned, &service.log, &service.intent_secret).await?;
                self.at_desk(seat, |desk| SignedTst::new(intended, desk, unit.keeper(), &service.serials))
            }
        }
    }

    /// Works at this worker's desk for `seat`. Making a new one clears away those of seats that are gone.
    fn at_desk<T>(&self, seat: &Seat, work: impl FnOnce(&mut Desk) -> T) -> T {
        let mut desks = self.desks.borrow_mut();
        let place = desks.iter().position(|(number, _)| *number == seat.number()).unwrap_or_else(|| {
            let units = self.service.units();
            desks.retain(|(number, _)| units.seats().any(|seat| seat.number() == *number));
            desks.push((seat.number(), seat.desk()));
            desks.len() - 1
        });
        work(&mut desks[place].1)
    }
}
