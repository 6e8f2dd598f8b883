//! One worker's way through the stages.

use std::{cell::RefCell, sync::Arc};

use crate::{
    desk::Desk,
    refusal::Refusal,
    response::ResponseBytes,
    service::Service,
    stage::{AdmittedRequest, AssignedTsu, ParsedRequest, RecordedTst, RequestBytes, SignedTst, TimedRequest},
};

/// What one worker thread owns: its desk, and a share in the service.
#[derive(Debug)]
pub struct Worker {
    service: Arc<Service>,
    desk: RefCell<Desk>,
}

impl Worker {
    /// A worker of `service`.
    #[must_use]
    pub fn new(service: &Arc<Service>) -> Self {
        Self { desk: RefCell::new(service.desk()), service: Arc::clone(service) }
    }

    /// The service it works for.
    #[must_use]
    pub fn service(&self) -> &Service {
        &self.service
    }

    /// Answers one body with a `TimeStampResp`, whatever the body is (TSP-45).
    pub async fn answer(&self, body: &[u8]) -> ResponseBytes {
        match self.issue(body).await {
            Ok(recorded) => {
                self.service.meter.token();
                ResponseBytes::granted(&recorded)
            }
            Err(refusal) => {
                let class = refusal.class();
                self.service.refusals.add(class);
                self.service.meter.refusal(class);
                tracing::debug!(code = refusal.code(), %refusal, "request refused");
                ResponseBytes::refused(&refusal)
            }
        }
    }

    /// The stages, in their only order.
    ///
    /// # Errors
    /// The rule that kept the token from being issued.
    pub async fn issue(&self, body: &[u8]) -> Result<RecordedTst, Refusal> {
        let service = &*self.service;
        let parsed = ParsedRequest::new(RequestBytes::new(body)?)?;
        let admitted = AdmittedRequest::new(parsed, service.tsu.offer())?;
        if !service.log.is_writable() {
            return Err(Refusal::LogNotWritable);
        }
        let timed = TimedRequest::new(admitted, &service.keeper)?;
        let assigned = AssignedTsu::new(timed, &service.tsu, &service.serials)?;
        let signed = match &service.pool {
            Some(pool) => pool.sign(assigned).await?,
            None => SignedTst::new(assigned, &mut self.desk.borrow_mut(), &service.keeper, &service.serials)?,
        };
        RecordedTst::new(signed, &service.log).await
    }
}
