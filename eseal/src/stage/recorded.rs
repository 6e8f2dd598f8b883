//! The seal whose log entry is durable: the only one that leaves.

use actix_web::web::Bytes;
use kokuin_audit::{
    Entry, Log, TenantSecret,
    commitment::CommitmentLabel,
    entry::{Digest, LogTime, Seal},
};
use kokuin_clock_record::label;
use kokuin_store::{SealRecord, SealRepository, StoreError};

use crate::{
    error::SealError,
    format::{SealFormat, SealLevel},
    id::SealId,
    stage::SealWithEvidence,
};

/// What is known about a seal; the document is not.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SealMetadata {
    /// Its id.
    pub id: SealId,
    /// When it was made.
    pub created: LogTime,
    /// Its format.
    pub format: SealFormat,
    /// The level reached.
    pub level: SealLevel,
    /// SHA-256 of the sealed object.
    pub digest: Digest,
}

/// A sealed object that may leave.
#[derive(Debug)]
pub struct RecordedSeal {
    metadata: SealMetadata,
    object: Bytes,
}

impl RecordedSeal {
    /// Appends the seal's entry, waits until it is durable, and enters the seal into the store.
    ///
    /// # Errors
    /// [`SealError::Log`] or [`SealError::Store`]: the object does not leave then.
    pub(crate) fn record(
        seal: SealWithEvidence,
        log: &Log,
        seals: &SealRepository,
        secret: &TenantSecret,
    ) -> Result<Self, SealError> {
        let SealWithEvidence { signed, object } = seal;
        let (document, credential) = (signed.authorized.digest, signed.authorized.credential);
        let serial = document.id.serial();
        let created = LogTime::from_unix_micros(document.time.unix_micros());
        let digest = Digest::of(&object);
        let tenant = secret.commit(&serial, CommitmentLabel::Tenant, document.actor.tenant().as_bytes());
        let actor = secret.commit(&serial, CommitmentLabel::Actor, document.actor.name().as_bytes());
        let entry = Entry::Seal(Seal {
            time: created,
            serial: serial.clone(),
            key: credential.key_name().clone(),
            format: label(document.format.name()),
            level: label(document.level.name()),
            bound_us: document.time.bound_us(),
            measured: document.time.measured(),
            clock: document.time.clock_entry(),
            cert: credential.certificate_entry(),
            digest,
            sig: signed.commitments.signature,
            attrs: signed.commitments.attributes,
            tenant,
            actor,
            source: document.source,
        });
        let recorded = log.append(&entry)?;
        // Its entry is on its way: that is the end of the intent.
        if let Some(intent) = signed.intent {
            intent.spend();
        }
        recorded.wait()?;
        let record = SealRecord {
            id: document.id.octets().to_vec(),
            tenant: document.actor.tenant().to_owned(),
            created,
            format: document.format.name().to_owned(),
            level: document.level.name().to_owned(),
            digest: digest.as_bytes().to_vec(),
            log_serial: serial.as_bytes().to_vec(),
            idempotency_key: document.idempotency_key.map(|key| key.as_str().to_owned()),
            request_hash: document.request_hash,
        };
        seals.insert(&record).map_err(|error| match error {
            StoreError::IdempotencyKeyTaken => SealError::InProgress,
            other => SealError::Store(other),
        })?;
        let metadata =
            SealMetadata { id: document.id, created, format: document.format, level: document.level, digest };
        Ok(Self { metadata, object })
    }

    /// What is known about it.
    #[must_use]
    pub const fn metadata(&self) -> &SealMetadata {
        &self.metadata
    }

    /// Hands over the sealed object.
    #[must_use]
    pub fn into_object(self) -> Bytes {
        self.object
    }
}

impl SealMetadata {
    /// Reads what the store has.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if this service cannot have written it.
    pub(crate) fn from_record(record: &SealRecord) -> Result<Self, SealError> {
        let damaged = || StoreError::Damaged { what: "seal" };
        let formats = [SealFormat::Pades, SealFormat::Cades];
        let levels = [SealLevel::Basic, SealLevel::Timestamped];
        let digest = <[u8; 32]>::try_from(record.digest.as_slice()).map_err(|_| damaged())?;
        Ok(Self {
            id: SealId::from_octets(&record.id).ok_or_else(damaged)?,
            created: record.created,
            format: formats.into_iter().find(|format| format.name() == record.format).ok_or_else(damaged)?,
            level: levels.into_iter().find(|level| level.name() == record.level).ok_or_else(damaged)?,
            digest: Digest::from_bytes(digest),
        })
    }
}
