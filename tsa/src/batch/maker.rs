//! The token on a root: the stages of every other token, and another entry.

use std::sync::Arc;

use kokuin_asn1::tsp::RequestBuilder;
use kokuin_audit::{
    Entry,
    entry::{self, Digest, LogTime, RootValue},
};
use kokuin_clock_record::label;
use kokuin_evidence::Batch;
use kokuin_store::BatchStamp;

use super::wait::wait_for;
use crate::{Service, Worker, refusal::Refusal, stage::SignedTst, unit::Unit};

/// Asks for tokens as any client would.
#[derive(Debug)]
pub(super) struct Maker {
    service: Arc<Service>,
    worker: Worker,
}

impl Maker {
    pub(super) fn new(service: &Arc<Service>) -> Self {
        Self { worker: Worker::new(service), service: Arc::clone(service) }
    }

    /// The unit of this name, unless it never signs again.
    pub(super) fn unit(&self, tsu: &str) -> Option<Arc<Unit>> {
        self.service.unit(tsu).filter(|unit| unit.offer().is_ok())
    }

    /// Makes the token of a batch. The reading is taken here, so `genTime` follows the last digest; the entry is durable when it returns.
    ///
    /// # Errors
    /// The rule that kept the token from being issued.
    pub(super) fn stamp(&self, unit: &Unit, id: &str, batch: &Batch) -> Result<BatchStamp, Refusal> {
        let body = RequestBuilder::new(&batch.algorithm().oid(), batch.root()).cert_req(true).encode();
        let mut signed = wait_for(self.worker.sign_at(unit, &body))?;
        signed.check_release(unit.keeper())?;
        let (serial, gen_time) = (signed.assigned().serial().logged(), signed.assigned().time().micros());
        let recorded = self.service.log.append(&entry(&signed, id, batch)).map_err(Refusal::NotRecorded)?;
        let token = signed.into_token();
        recorded.wait().map_err(Refusal::NotRecorded)?;
        self.service.meter.token();
        unit.counts.tokens.add(1);
        let gen_time = LogTime::from_unix_micros(gen_time);
        Ok(BatchStamp { serial: serial.as_bytes().to_vec(), gen_time, token })
    }
}

/// The one entry of a batch.
fn entry(signed: &SignedTst, id: &str, batch: &Batch) -> Entry {
    let (assigned, commitments) = (signed.assigned(), signed.commitments());
    let (tsu, time) = (assigned.tsu(), assigned.time());
    Entry::Batch(entry::Batch {
        time: LogTime::from_unix_micros(time.micros()),
        serial: assigned.serial().logged(),
        key: tsu.key_name().clone(),
        policy: tsu.offer().logged(assigned.request().policy()).clone(),
        bound_us: time.reading.uncertainty().as_micros(),
        measured: time.reading.measured(),
        clock: time.clock_entry,
        cert: tsu.certificate_entry(),
        digest: commitments.token,
        sig: commitments.signature,
        attrs: commitments.attributes,
        id: Digest::of(id.as_bytes()),
        algorithm: label(batch.algorithm().name()),
        root: RootValue::new(batch.root()).expect("invariant: a root is a digest, 32 to 64 octets"),
        count: batch.digests().len() as u64,
    })
}
