//! A signature of a device, from the entry that announces it to the one that explains it (THR-44).
//!
//! An intent is durable before the device is asked, and is a value that has to be used up: an entry of its own ends it (a token, a seal, a self-test, a
//! ceremony), or it is dropped, wherever that is, and says in the log itself what became of it. After a crash the next start says so.

use std::mem;

use kokuin_key::{KeyError, Protection, SELF_TEST, SigningKey, self_test};
use kokuin_suite::Verify;

use crate::{
    commitment::{CommitmentLabel, TenantSecret},
    entry::{Digest, Entry, Intent, KeyName, Label, LogTime, Outcome, OutcomeResult, Serial},
    log::{Log, LogError, Pending},
    name::LeafIndex,
};

/// What a signature is worth that nothing else explains.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Fate {
    result: OutcomeResult,
    code: Option<&'static str>,
    sig: Option<Digest>,
}

impl Fate {
    const WITHDRAWN: Self = Self { result: OutcomeResult::Withdrawn, code: None, sig: None };
    const UNKNOWN: Self = Self { result: OutcomeResult::Unknown, ..Self::WITHDRAWN };

    const fn of(error: &KeyError) -> Self {
        let result = match error {
            KeyError::WrongPurpose { .. }
            | KeyError::WrongAlgorithm { .. }
            | KeyError::Suspended
            | KeyError::Unavailable => OutcomeResult::Withdrawn,
            KeyError::Lost | KeyError::LogFull | KeyError::Refused(_) | KeyError::Library(_) => OutcomeResult::Failed,
            KeyError::SessionLost | KeyError::TimedOut | KeyError::AnswerLost => OutcomeResult::Unknown,
            KeyError::WrongAnswer => OutcomeResult::Discarded,
        };
        Self { result, code: Some(error.code()), sig: None }
    }
}

#[derive(Debug)]
enum Place {
    /// Handed to the log.
    Appended(Pending),
    /// In the log.
    Durable(LeafIndex),
    /// Explained, or not in the log.
    Ended,
}

/// An intent that nothing explains yet.
#[derive(Debug)]
#[must_use = "dropped, it says in the log that the device was not asked"]
pub struct OpenIntent {
    log: Log,
    serial: Serial,
    key: KeyName,
    place: Place,
    fate: Fate,
}

impl OpenIntent {
    /// Announces a signature of `key` over what `value` is made of, and waits until that is durable. Dropped before, it is withdrawn as soon as it is.
    ///
    /// # Errors
    /// [`LogError`]: nothing may be signed.
    pub async fn announce(
        log: &Log,
        serial: Serial,
        key: KeyName,
        value: &[u8],
        secret: &TenantSecret,
    ) -> Result<Self, LogError> {
        let (mut intent, pending) = Self::append(log, serial, key, value, secret)?;
        intent.place = Place::Appended(pending);
        let Place::Appended(pending) = &mut intent.place else { return Err(LogError::Closed) };
        let stored = pending.await;
        // What is not known to be in the log is explained by the next start.
        intent.place = stored.as_ref().map_or(Place::Ended, |index| Place::Durable(*index));
        stored.map(|_| intent)
    }

    /// The same, for a thread that may block.
    ///
    /// # Errors
    /// As [`Self::announce`].
    pub fn announce_and_wait(
        log: &Log,
        serial: Serial,
        key: KeyName,
        value: &[u8],
        secret: &TenantSecret,
    ) -> Result<Self, LogError> {
        let (mut intent, pending) = Self::append(log, serial, key, value, secret)?;
        intent.place = Place::Durable(pending.wait()?);
        Ok(intent)
    }

    fn append(
        log: &Log,
        serial: Serial,
        key: KeyName,
        value: &[u8],
        secret: &TenantSecret,
    ) -> Result<(Self, Pending), LogError> {
        let imprint = secret.commit(&serial, CommitmentLabel::Imprint, value);
        let pending =
            log.announce(Intent { time: LogTime::system_now(), serial: serial.clone(), key: key.clone(), imprint })?;
        Ok((Self { log: log.clone(), serial, key, place: Place::Ended, fate: Fate::WITHDRAWN }, pending))
    }

    /// From now on the device may have signed.
    pub const fn asked(&mut self) {
        self.fate = Fate::UNKNOWN;
    }

    /// The device, or what stands before it, gave no signature.
    pub const fn failed(&mut self, error: &KeyError) {
        self.fate = Fate::of(error);
    }

    /// The device gave a signature that nobody has yet.
    pub const fn signed(&mut self, signature: Digest) {
        self.fate = Fate { result: OutcomeResult::Discarded, sig: Some(signature), ..Fate::WITHDRAWN };
    }

    /// The rule that keeps the signature from being made or released.
    pub const fn because(&mut self, code: &'static str) {
        self.fate.code = Some(code);
    }

    /// Its entry, for the one that explains it.
    #[must_use]
    pub const fn index(&self) -> Option<LeafIndex> {
        match self.place {
            Place::Durable(index) => Some(index),
            Place::Appended(_) | Place::Ended => None,
        }
    }

    /// An entry that explains it has been handed to the log.
    pub fn spend(mut self) {
        self.place = Place::Ended;
    }
}

impl Drop for OpenIntent {
    fn drop(&mut self) {
        let index = match mem::replace(&mut self.place, Place::Ended) {
            Place::Ended => return,
            Place::Durable(index) => index,
            Place::Appended(pending) => match pending.abandon() {
                Some(index) => index,
                // The log withdraws it when it is durable.
                None => return,
            },
        };
        let outcome = outcome(&self.serial, &self.key, index, self.fate);
        // Nobody waits for it: what the log does not take, the next start says.
        drop(self.log.append(&outcome));
    }
}

fn outcome(serial: &Serial, key: &KeyName, intent: LeafIndex, fate: Fate) -> Entry {
    Entry::Outcome(Outcome {
        time: LogTime::system_now(),
        serial: serial.clone(),
        key: key.clone(),
        intent,
        result: fate.result,
        code: fate.code.and_then(|code| Label::new(code).ok()),
        sig: fate.sig,
    })
}

/// What the log writes after an intent whose sender has gone.
pub(crate) fn withdrawal(intent: &Intent, index: LeafIndex) -> Entry {
    outcome(&intent.serial, &intent.key, index, Fate::WITHDRAWN)
}

/// How a key's self-test ended, and the intent that its entry ends.
#[derive(Debug)]
pub struct Tested {
    /// What the test said.
    pub outcome: Result<(), KeyError>,
    /// Of a device's key.
    pub intent: Option<OpenIntent>,
}

/// Tests `key`. The signature of a device's is announced first, under `serial` and `secret`, and explained by the test's own entry, or by the intent where that is
/// dropped (THR-57).
///
/// # Errors
/// [`LogError`]: nothing was signed.
pub fn test_key(
    log: &Log,
    key: &dyn SigningKey,
    engine: &dyn Verify,
    serial: Serial,
    secret: &TenantSecret,
) -> Result<Tested, LogError> {
    let mut intent = match key.protection() {
        Protection::Software => None,
        Protection::Device => Some(OpenIntent::announce_and_wait(log, serial, key.id().into(), SELF_TEST, secret)?),
    };
    if let Some(intent) = &mut intent {
        intent.asked();
    }
    let outcome = self_test(key, engine);
    if let Some(intent) = &mut intent {
        match &outcome {
            Ok(()) => intent.fate = Fate { result: OutcomeResult::Discarded, ..Fate::WITHDRAWN },
            Err(error) => intent.failed(error),
        }
    }
    Ok(Tested { outcome, intent })
}

#[cfg(test)]
mod tests;
