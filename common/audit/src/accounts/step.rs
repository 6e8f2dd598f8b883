//! What an entry means to the accounts.

use crate::{
    entry::{
        Admin, Batch, DeviceLog, Entry, Intent, KeyName, Outcome, OutcomeResult, Seal, SelfTest, Serial, TestResult,
        Tst,
    },
    name::LeafIndex,
};

/// What was made with a key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Object {
    /// A time-stamp token.
    Token,
    /// A seal.
    Seal,
    /// The token of a batch.
    Batch,
}

/// What an entry means to the accounts.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Step {
    /// A device is about to sign.
    Intent {
        /// The key.
        key: KeyName,
        /// The number of what is to be.
        serial: Serial,
    },
    /// Something was made with a key; of a device's it ends the intent of the same number.
    Object {
        /// What.
        object: Object,
        /// The key.
        key: KeyName,
        /// Its number.
        serial: Serial,
    },
    /// An intent ended without an object.
    Outcome {
        /// The key.
        key: KeyName,
        /// The intent.
        intent: LeafIndex,
        /// How.
        result: OutcomeResult,
    },
    /// An intent was a self-test's.
    Test {
        /// The key.
        key: KeyName,
        /// The intent.
        intent: LeafIndex,
        /// How it ended.
        result: TestResult,
    },
    /// An intent was a ceremony's.
    Request {
        /// The intent.
        intent: LeafIndex,
    },
    /// A device's lines.
    Device(Box<DeviceLog>),
}

impl Step {
    /// What `entry` means, if anything.
    #[must_use]
    pub fn of(entry: &Entry) -> Option<Self> {
        match entry {
            Entry::Intent(Intent { key, serial, .. }) => {
                Some(Self::Intent { key: key.clone(), serial: serial.clone() })
            }
            Entry::Tst(Tst { key, serial, .. }) => Some(Self::object(Object::Token, key, serial)),
            Entry::Seal(Seal { key, serial, .. }) => Some(Self::object(Object::Seal, key, serial)),
            Entry::Batch(Batch { key, serial, .. }) => Some(Self::object(Object::Batch, key, serial)),
            Entry::Outcome(Outcome { key, intent, result, .. }) => {
                Some(Self::Outcome { key: key.clone(), intent: *intent, result: *result })
            }
            Entry::SelfTest(SelfTest { key, intent: Some(intent), result, .. }) => {
                Some(Self::Test { key: key.clone(), intent: *intent, result: *result })
            }
            Entry::Admin(Admin { intent: Some(intent), .. }) => Some(Self::Request { intent: *intent }),
            Entry::DeviceLog(entry) => Some(Self::Device(Box::new(entry.clone()))),
            Entry::SelfTest(_)
            | Entry::Admin(_)
            | Entry::LogOpen(_)
            | Entry::ServiceStart(_)
            | Entry::ServiceStop(_)
            | Entry::Config(_)
            | Entry::Certificate(_)
            | Entry::ClockState(_)
            | Entry::ClockReading(_)
            | Entry::Refusals(_)
            | Entry::KeyState(_)
            | Entry::ClockSource(_)
            | Entry::TimeMark(_)
            | Entry::TimeAudit(_)
            | Entry::Pruning(_)
            | Entry::Erasure(_)
            | Entry::Accounts(_) => None,
        }
    }

    /// Something made with `key`.
    #[must_use]
    pub fn object(object: Object, key: &KeyName, serial: &Serial) -> Self {
        Self::Object { object, key: key.clone(), serial: serial.clone() }
    }
}
