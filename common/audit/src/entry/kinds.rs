//! The members of every kind but `tst`, in the order in which they are written.

use serde::{Deserialize, Serialize};

use super::{Commitment, Digest, KeyName, Label, LogTime, Serial, Text};
use crate::name::LeafIndex;

/// A log begins: its first entry, and possibly an entry in another log of the same authority.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogOpen {
    /// When, by the system clock.
    pub time: LogTime,
    /// Origin of the log.
    pub origin: String,
    /// Its verifier key.
    pub vkey: String,
    /// Its short name.
    pub name: String,
    /// The log that it succeeds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub previous: Option<PreviousLog>,
}

/// The log that a new one succeeds, and why.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PreviousLog {
    /// Origin of the old log.
    pub origin: String,
    /// Its last known checkpoint, the whole note.
    pub checkpoint: String,
    /// Why it could not be continued.
    pub reason: Text,
}

/// A service begins or ends.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// When.
    pub time: LogTime,
    /// Which service: `tsa`, `eseal`.
    pub service: Label,
    /// Version of the software.
    pub version: Label,
}

/// The configuration that is in force from here on.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// When.
    pub time: LogTime,
    /// Which service.
    pub service: Label,
    /// SHA-256 of the configuration file as read.
    pub sha256: Digest,
    /// The settings that changed since the entry before; empty: none, or not known.
    pub changed: Vec<Label>,
}

/// What a key is for.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyPurpose {
    /// Time-stamp tokens.
    Tst,
    /// Seals.
    Seal,
    /// Checkpoints of a log.
    Log,
    /// Certificates of the development CA.
    Ca,
}

/// A certificate comes into use. Objects refer to it by its index, so that their algorithms and dates are part of what is proven.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// When.
    pub time: LogTime,
    /// The key that it certifies.
    pub key: KeyName,
    /// What for.
    pub purpose: KeyPurpose,
    /// SHA-256 of the DER certificate.
    pub sha256: Digest,
    /// Begin of validity.
    pub not_before: LogTime,
    /// End of validity.
    pub not_after: LogTime,
    /// Algorithm of the key: `p256`, `rsa3072`.
    pub key_algorithm: Label,
    /// Algorithm that the key signs with.
    pub signature_algorithm: Label,
}

/// The clock's state changes.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockState {
    /// When, as far as is known.
    pub time: LogTime,
    /// State before; absent at the start.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub from: Option<Label>,
    /// State after.
    pub to: Label,
    /// Code of the reason.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<Label>,
}

/// A reading that issued objects refer to.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockReading {
    /// What the clock said.
    pub time: LogTime,
    /// Which clock or source.
    pub source: Label,
    /// How far it may be from UTC, in microseconds, rounded up.
    pub bound_us: u64,
    /// Whether that was measured; false: stated only.
    pub measured: bool,
}

/// Where the digest that was sealed comes from.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DigestSource {
    /// Computed here from the document.
    Computed,
    /// Supplied by the caller: the document was never seen.
    Supplied,
}

/// A seal was made.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seal {
    /// When.
    pub time: LogTime,
    /// The seal's id.
    pub serial: Serial,
    /// The seal's key.
    pub key: KeyName,
    /// Format: `pades`, `cades`.
    pub format: Label,
    /// Level reached: `B-B`, `B-T`.
    pub level: Label,
    /// How far `time` may be from UTC, in microseconds, rounded up.
    pub bound_us: u64,
    /// Whether that was measured; false: stated only.
    pub measured: bool,
    /// The clock-reading entry that the bound comes from.
    pub clock: LeafIndex,
    /// The certificate entry of the seal's key.
    pub cert: LeafIndex,
    /// SHA-256 of the object as it left.
    pub digest: Digest,
    /// SHA-256 of the signature value.
    pub sig: Digest,
    /// SHA-256 of the signed attributes as signed: DER SET OF, tag 0x31.
    pub attrs: Digest,
    /// Salted commitment to the tenant.
    pub tenant: Commitment,
    /// Salted commitment to the actor.
    pub actor: Commitment,
    /// Where the digest that was sealed comes from.
    pub source: DigestSource,
}

/// Refusals of one class in one minute, counted, so that strangers cannot grow the log.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refusals {
    /// When this was written.
    pub time: LogTime,
    /// Which service.
    pub service: Label,
    /// Code of the refusal.
    pub class: Label,
    /// Begin of the minute.
    pub minute: LogTime,
    /// How many.
    pub count: u64,
}

/// State of a key.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyStateName {
    /// Certified and waiting for its turn; does not sign tokens or seals yet.
    Prepared,
    /// Signs.
    Active,
    /// Does not sign, may again.
    Suspended,
    /// Its time to sign is over; its certificate goes on to verify what it signed.
    Retired,
    /// Will never sign again.
    Lost,
}

/// A key's state changes.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyStateChange {
    /// When.
    pub time: LogTime,
    /// The key.
    pub key: KeyName,
    /// State after.
    pub state: KeyStateName,
    /// Code of the reason.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<Label>,
}

/// Whether self-tests passed.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TestResult {
    /// Signed, and the signature verified.
    Passed,
    /// Anything else.
    Failed,
}

/// Self-tests of a key: each is a signature, so each is counted (THR-57).
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SelfTest {
    /// When the last of them ended.
    pub time: LogTime,
    /// The key.
    pub key: KeyName,
    /// How the last of them ended.
    pub result: TestResult,
    /// Signatures asked for since the entry before.
    pub count: u64,
    /// Code of the failure.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub code: Option<Label>,
    /// The intent that it ends, where the key is in a device.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub intent: Option<LeafIndex>,
}

/// Something an administrator did, or the log itself to see whether it can write again.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Admin {
    /// When.
    pub time: LogTime,
    /// What was done.
    pub action: Label,
    /// To what.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub target: Option<Label>,
    /// Salted commitment to who did it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub actor: Option<Commitment>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<Text>,
    /// The intent that it ends: a ceremony that signed with a key in a device.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub intent: Option<LeafIndex>,
}

/// A device is about to sign: durable before the call, so that every signature it makes is explained (THR-44).
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Intent {
    /// When.
    pub time: LogTime,
    /// Number of the token or seal to be.
    pub serial: Serial,
    /// The key.
    pub key: KeyName,
    /// Salted commitment to what is to be signed.
    pub imprint: Commitment,
}

/// What became of an intent, where no token or seal came of it.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OutcomeResult {
    /// The device did not sign.
    Failed,
    /// The device signed, the signature was thrown away.
    Discarded,
    /// Nobody knows: crash, lost answer.
    Unknown,
    /// The device was never asked: the queue was full, the key suspended, the client gone.
    Withdrawn,
}

/// The end of an intent that no token or seal came of.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// When.
    pub time: LogTime,
    /// Number in the intent.
    pub serial: Serial,
    /// The key.
    pub key: KeyName,
    /// The intent's entry.
    pub intent: LeafIndex,
    /// What happened.
    pub result: OutcomeResult,
    /// Code of the failure.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub code: Option<Label>,
    /// SHA-256 of a signature that was thrown away.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sig: Option<Digest>,
}

impl From<kokuin_key::Purpose> for KeyPurpose {
    fn from(purpose: kokuin_key::Purpose) -> Self {
        match purpose {
            kokuin_key::Purpose::Tst => Self::Tst,
            kokuin_key::Purpose::Seal => Self::Seal,
            kokuin_key::Purpose::Log => Self::Log,
            kokuin_key::Purpose::Ca => Self::Ca,
        }
    }
}

impl From<kokuin_key::KeyState> for KeyStateName {
    fn from(state: kokuin_key::KeyState) -> Self {
        match state {
            kokuin_key::KeyState::Active => Self::Active,
            kokuin_key::KeyState::Suspended => Self::Suspended,
            kokuin_key::KeyState::Lost => Self::Lost,
        }
    }
}
