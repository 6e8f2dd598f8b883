//! A request that is sent twice makes one seal.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

use actix_web::http::header::HeaderMap;
use kokuin_store::SealRepository;

use crate::{error::SealError, id::SealId};

const HEADER: &str = "idempotency-key";

/// The caller's own name for a request.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) struct IdempotencyKey(String);

impl IdempotencyKey {
    /// The header's value, if there is one.
    ///
    /// # Errors
    /// [`SealError::IdempotencyKey`].
    pub(crate) fn read(headers: &HeaderMap) -> Result<Option<Self>, SealError> {
        let mut all = headers.get_all(HEADER);
        let Some(value) = all.next() else { return Ok(None) };
        let text = value.to_str().map_err(|_| SealError::IdempotencyKey)?;
        let visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        if all.next().is_some() || !visible || !(1..=128).contains(&text.len()) {
            return Err(SealError::IdempotencyKey);
        }
        Ok(Some(Self(text.to_owned())))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Keys that are being worked on now.
#[derive(Clone, Debug, Default)]
pub(crate) struct InProgress(Arc<Mutex<HashSet<IdempotencyKey>>>);

/// The right to work on a key; given back when dropped.
#[derive(Debug)]
pub(crate) struct Claim {
    keys: InProgress,
    key: IdempotencyKey,
}

impl InProgress {
    /// Takes `key`, unless somebody works on it or it has been used.
    ///
    /// # Errors
    /// [`SealError::InProgress`], [`SealError::AlreadySealed`] for the same request, [`SealError::IdempotencyKeyReused`] for another.
    pub(crate) fn claim(
        &self,
        seals: &SealRepository,
        tenant: &str,
        key: &IdempotencyKey,
        request_hash: &[u8],
    ) -> Result<Claim, SealError> {
        if !self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone()) {
            return Err(SealError::InProgress);
        }
        let claim = Claim { keys: self.clone(), key: key.clone() };
        match seals.by_idempotency_key(tenant, key.as_str())? {
            None => Ok(claim),
            Some(record) if record.request_hash == request_hash => {
                Err(SealId::from_octets(&record.id).map_or(SealError::SealUnknown, SealError::AlreadySealed))
            }
            Some(_) => Err(SealError::IdempotencyKeyReused),
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.keys.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}
