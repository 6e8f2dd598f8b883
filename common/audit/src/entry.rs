//! What an entry says. The bytes stored are for ever: version, kind and time first, every member in one fixed order, nothing optional
//! written when absent, no white space. `docs/log.md` is the same schema in prose.
//!
//! A reader takes nothing but these bytes: an entry that this schema would write differently is refused, so that a duplicate or unknown
//! member, another order or another spelling cannot say two things to two readers (THR-48, THR-55).

mod accounts;
mod batch;
mod clock;
mod error;
mod field;
mod kinds;
mod octets;
mod retention;
mod time;
mod tst;

pub use accounts::{DeviceAccount, DeviceLog, DeviceShare, DeviceSignatures, KeyAccount, Settled, Statement};
pub use batch::Batch;
pub use clock::{Authentication, ClockSource, LeapSign, SourceSample, TimeAudit, TimeMark};
pub use error::{EntryError, FieldError};
pub use field::{Commitment, Digest, KeyName, Label, PolicyOid, Serial, Text};
pub use kinds::{
    Admin, Certificate, ClockReading, ClockState, Config, DigestSource, Intent, KeyPurpose, KeyStateChange,
    KeyStateName, LogOpen, Outcome, OutcomeResult, PreviousLog, Refusals, Seal, SelfTest, Service, TestResult,
};
pub use octets::{DeviceLines, ReferenceId, RootValue, TokenDer};
pub use retention::{Erasure, Pruning};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
pub use time::LogTime;
pub use tst::{Tst, TstRef};

use crate::{accounts::Step, tile::MAX_ENTRY};

/// Version of the schema: the first member of every entry.
pub const VERSION: u64 = 1;

/// What kind of entry.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A log begins.
    LogOpen,
    /// A service begins to run.
    ServiceStart,
    /// A service ends orderly.
    ServiceStop,
    /// The configuration that is in force.
    Config,
    /// A certificate comes into use.
    Certificate,
    /// The clock's state changes.
    ClockState,
    /// A reading that issued objects refer to.
    ClockReading,
    /// A time-stamp token.
    Tst,
    /// A seal.
    Seal,
    /// Refusals of one class in one minute.
    Refusals,
    /// A key's state changes.
    KeyState,
    /// Self-tests of a key.
    SelfTest,
    /// Something an administrator did.
    Admin,
    /// A device is about to sign.
    Intent,
    /// What became of an intent that no token or seal came of.
    Outcome,
    /// What one time source said, and whether it counted.
    ClockSource,
    /// A foreign authority's token over a checkpoint of this log.
    TimeMark,
    /// An outside authority's record about this clock, imported.
    TimeAudit,
    /// One token over many digests.
    Batch,
    /// Records beyond their retention were deleted.
    Pruning,
    /// The secret of a tenant was erased.
    Erasure,
    /// Lines of a device's own log.
    DeviceLog,
    /// How the signatures of devices stand.
    Accounts,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 23] = [
        Self::LogOpen,
        Self::ServiceStart,
        Self::ServiceStop,
        Self::Config,
        Self::Certificate,
        Self::ClockState,
        Self::ClockReading,
        Self::Tst,
        Self::Seal,
        Self::Refusals,
        Self::KeyState,
        Self::SelfTest,
        Self::Admin,
        Self::Intent,
        Self::Outcome,
        Self::ClockSource,
        Self::TimeMark,
        Self::TimeAudit,
        Self::Batch,
        Self::Pruning,
        Self::Erasure,
        Self::DeviceLog,
        Self::Accounts,
    ];

    /// The spelling in entries.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LogOpen => "log-open",
            Self::ServiceStart => "service-start",
            Self::ServiceStop => "service-stop",
            Self::Config => "config",
            Self::Certificate => "certificate",
            Self::ClockState => "clock-state",
            Self::ClockReading => "clock-reading",
            Self::Tst => "tst",
            Self::Seal => "seal",
            Self::Refusals => "refusals",
            Self::KeyState => "key-state",
            Self::SelfTest => "self-test",
            Self::Admin => "admin",
            Self::Intent => "intent",
            Self::Outcome => "outcome",
            Self::ClockSource => "clock-source",
            Self::TimeMark => "time-mark",
            Self::TimeAudit => "time-audit",
            Self::Batch => "batch",
            Self::Pruning => "pruning",
            Self::Erasure => "erasure",
            Self::DeviceLog => "device-log",
            Self::Accounts => "accounts",
        }
    }

    /// The kind spelled so.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// One entry of a log.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Entry {
    /// A log begins.
    LogOpen(LogOpen),
    /// A service begins to run.
    ServiceStart(Service),
    /// A service ends orderly.
    ServiceStop(Service),
    /// The configuration that is in force.
    Config(Config),
    /// A certificate comes into use.
    Certificate(Certificate),
    /// The clock's state changes.
    ClockState(ClockState),
    /// A reading that issued objects refer to.
    ClockReading(ClockReading),
    /// A time-stamp token.
    Tst(Tst),
    /// A seal.
    Seal(Seal),
    /// Refusals of one class in one minute.
    Refusals(Refusals),
    /// A key's state changes.
    KeyState(KeyStateChange),
    /// Self-tests of a key.
    SelfTest(SelfTest),
    /// Something an administrator did.
    Admin(Admin),
    /// A device is about to sign.
    Intent(Intent),
    /// What became of an intent that no token or seal came of.
    Outcome(Outcome),
    /// What one time source said, and whether it counted.
    ClockSource(ClockSource),
    /// A foreign authority's token over a checkpoint of this log.
    TimeMark(TimeMark),
    /// An outside authority's record about this clock, imported.
    TimeAudit(TimeAudit),
    /// One token over many digests.
    Batch(Batch),
    /// Records beyond their retention were deleted.
    Pruning(Pruning),
    /// The secret of a tenant was erased.
    Erasure(Erasure),
    /// Lines of a device's own log.
    DeviceLog(DeviceLog),
    /// How the signatures of devices stand.
    Accounts(Statement),
}

impl Entry {
    /// Which kind.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::LogOpen(_) => Kind::LogOpen,
            Self::ServiceStart(_) => Kind::ServiceStart,
            Self::ServiceStop(_) => Kind::ServiceStop,
            Self::Config(_) => Kind::Config,
            Self::Certificate(_) => Kind::Certificate,
            Self::ClockState(_) => Kind::ClockState,
            Self::ClockReading(_) => Kind::ClockReading,
            Self::Tst(_) => Kind::Tst,
            Self::Seal(_) => Kind::Seal,
            Self::Refusals(_) => Kind::Refusals,
            Self::KeyState(_) => Kind::KeyState,
            Self::SelfTest(_) => Kind::SelfTest,
            Self::Admin(_) => Kind::Admin,
            Self::Intent(_) => Kind::Intent,
            Self::Outcome(_) => Kind::Outcome,
            Self::ClockSource(_) => Kind::ClockSource,
            Self::TimeMark(_) => Kind::TimeMark,
            Self::TimeAudit(_) => Kind::TimeAudit,
            Self::Batch(_) => Kind::Batch,
            Self::Pruning(_) => Kind::Pruning,
            Self::Erasure(_) => Kind::Erasure,
            Self::DeviceLog(_) => Kind::DeviceLog,
            Self::Accounts(_) => Kind::Accounts,
        }
    }

    /// When.
    #[must_use]
    pub const fn time(&self) -> LogTime {
        match self {
            Self::LogOpen(entry) => entry.time,
            Self::ServiceStart(entry) | Self::ServiceStop(entry) => entry.time,
            Self::Config(entry) => entry.time,
            Self::Certificate(entry) => entry.time,
            Self::ClockState(entry) => entry.time,
            Self::ClockReading(entry) => entry.time,
            Self::Tst(entry) => entry.time,
            Self::Seal(entry) => entry.time,
            Self::Refusals(entry) => entry.time,
            Self::KeyState(entry) => entry.time,
            Self::SelfTest(entry) => entry.time,
            Self::Admin(entry) => entry.time,
            Self::Intent(entry) => entry.time,
            Self::Outcome(entry) => entry.time,
            Self::ClockSource(entry) => entry.time,
            Self::TimeMark(entry) => entry.time,
            Self::TimeAudit(entry) => entry.time,
            Self::Batch(entry) => entry.time,
            Self::Pruning(entry) => entry.time,
            Self::Erasure(entry) => entry.time,
            Self::DeviceLog(entry) => entry.time,
            Self::Accounts(entry) => entry.time,
        }
    }

    /// The number of the token or seal that the entry is the record of; the log holds each once.
    #[must_use]
    pub const fn serial(&self) -> Option<&Serial> {
        match self {
            Self::Tst(entry) => Some(&entry.serial),
            Self::Seal(entry) => Some(&entry.serial),
            Self::Batch(entry) => Some(&entry.serial),
            Self::LogOpen(_)
            | Self::ServiceStart(_)
            | Self::ServiceStop(_)
            | Self::Config(_)
            | Self::Certificate(_)
            | Self::ClockState(_)
            | Self::ClockReading(_)
            | Self::Refusals(_)
            | Self::KeyState(_)
            | Self::SelfTest(_)
            | Self::Admin(_)
            | Self::Intent(_)
            | Self::Outcome(_)
            | Self::ClockSource(_)
            | Self::TimeMark(_)
            | Self::TimeAudit(_)
            | Self::Pruning(_)
            | Self::Erasure(_)
            | Self::DeviceLog(_)
            | Self::Accounts(_) => None,
        }
    }

    /// The time, if a clock vouched for it: of tokens, batches, seals and readings. The monotonic guard starts after the latest of these.
    #[must_use]
    pub const fn vouched_time(&self) -> Option<LogTime> {
        match self.vouched() {
            Some((time, _)) => Some(time),
            None => None,
        }
    }

    /// The time that a clock vouched for, and how far it may be from UTC, in microseconds.
    #[must_use]
    pub const fn vouched(&self) -> Option<(LogTime, u64)> {
        match self {
            Self::Tst(entry) => Some((entry.time, entry.bound_us)),
            Self::Batch(entry) => Some((entry.time, entry.bound_us)),
            Self::Seal(entry) => Some((entry.time, entry.bound_us)),
            Self::ClockReading(entry) => Some((entry.time, entry.bound_us)),
            Self::LogOpen(_)
            | Self::ServiceStart(_)
            | Self::ServiceStop(_)
            | Self::Config(_)
            | Self::Certificate(_)
            | Self::ClockState(_)
            | Self::Refusals(_)
            | Self::KeyState(_)
            | Self::SelfTest(_)
            | Self::Admin(_)
            | Self::Intent(_)
            | Self::Outcome(_)
            | Self::ClockSource(_)
            | Self::TimeMark(_)
            | Self::TimeAudit(_)
            | Self::Pruning(_)
            | Self::Erasure(_)
            | Self::DeviceLog(_)
            | Self::Accounts(_) => None,
        }
    }

    /// The bytes to store and to hash.
    ///
    /// # Errors
    /// [`EntryError::TooLong`] beyond what an entry bundle can carry (TLOG-15).
    pub fn encode(&self) -> Result<Encoded, EntryError> {
        let members = match self {
            Self::LogOpen(entry) => json(entry),
            Self::ServiceStart(entry) | Self::ServiceStop(entry) => json(entry),
            Self::Config(entry) => json(entry),
            Self::Certificate(entry) => json(entry),
            Self::ClockState(entry) => json(entry),
            Self::ClockReading(entry) => json(entry),
            Self::Tst(entry) => json(entry),
            Self::Seal(entry) => json(entry),
            Self::Refusals(entry) => json(entry),
            Self::KeyState(entry) => json(entry),
            Self::SelfTest(entry) => json(entry),
            Self::Admin(entry) => json(entry),
            Self::Intent(entry) => json(entry),
            Self::Outcome(entry) => json(entry),
            Self::ClockSource(entry) => json(entry),
            Self::TimeMark(entry) => json(entry),
            Self::TimeAudit(entry) => json(entry),
            Self::Batch(entry) => json(entry),
            Self::Pruning(entry) => json(entry),
            Self::Erasure(entry) => json(entry),
            Self::DeviceLog(entry) => json(entry),
            Self::Accounts(entry) => json(entry),
        };
        let mut body = head(self.kind()).into_bytes();
        body.extend_from_slice(&members[1..]);
        if body.len() > MAX_ENTRY {
            return Err(EntryError::TooLong { found: body.len() });
        }
        Ok(Encoded { body, serial: self.serial().cloned(), vouched_time: self.vouched_time(), step: Step::of(self) })
    }

    /// Reads the bytes of an entry.
    ///
    /// # Errors
    /// [`EntryError`] unless they are exactly what [`Self::encode`] writes.
    pub fn parse(body: &[u8]) -> Result<Self, EntryError> {
        if body.len() > MAX_ENTRY {
            return Err(EntryError::TooLong { found: body.len() });
        }
        let text = std::str::from_utf8(body).map_err(|_| EntryError::NotUtf8)?;
        let rest = text.strip_prefix(r#"{"v":"#).ok_or(EntryError::Head)?;
        let (version, rest) = rest.split_once(r#","kind":""#).ok_or(EntryError::Head)?;
        if version != "1" {
            return Err(EntryError::Version { found: version.chars().take(20).collect() });
        }
        let (kind, rest) = rest.split_once(r#"","#).ok_or(EntryError::Head)?;
        let kind = Kind::parse(kind).ok_or_else(|| EntryError::Kind { found: kind.chars().take(40).collect() })?;
        let members = format!("{{{rest}");
        let entry = match kind {
            Kind::LogOpen => Self::LogOpen(members_of(kind, &members)?),
            Kind::ServiceStart => Self::ServiceStart(members_of(kind, &members)?),
            Kind::ServiceStop => Self::ServiceStop(members_of(kind, &members)?),
            Kind::Config => Self::Config(members_of(kind, &members)?),
            Kind::Certificate => Self::Certificate(members_of(kind, &members)?),
            Kind::ClockState => Self::ClockState(members_of(kind, &members)?),
            Kind::ClockReading => Self::ClockReading(members_of(kind, &members)?),
            Kind::Tst => Self::Tst(members_of(kind, &members)?),
            Kind::Seal => Self::Seal(members_of(kind, &members)?),
            Kind::Refusals => Self::Refusals(members_of(kind, &members)?),
            Kind::KeyState => Self::KeyState(members_of(kind, &members)?),
            Kind::SelfTest => Self::SelfTest(members_of(kind, &members)?),
            Kind::Admin => Self::Admin(members_of(kind, &members)?),
            Kind::Intent => Self::Intent(members_of(kind, &members)?),
            Kind::Outcome => Self::Outcome(members_of(kind, &members)?),
            Kind::ClockSource => Self::ClockSource(members_of(kind, &members)?),
            Kind::TimeMark => Self::TimeMark(members_of(kind, &members)?),
            Kind::TimeAudit => Self::TimeAudit(members_of(kind, &members)?),
            Kind::Batch => Self::Batch(members_of(kind, &members)?),
            Kind::Pruning => Self::Pruning(members_of(kind, &members)?),
            Kind::Erasure => Self::Erasure(members_of(kind, &members)?),
            Kind::DeviceLog => Self::DeviceLog(members_of(kind, &members)?),
            Kind::Accounts => Self::Accounts(members_of(kind, &members)?),
        };
        if entry.encode()?.body == body { Ok(entry) } else { Err(EntryError::NotCanonical { kind }) }
    }
}

fn head(kind: Kind) -> String {
    format!(r#"{{"v":{VERSION},"kind":"{}","#, kind.as_str())
}

/// The kind that the bytes of an entry say they are of, without reading them further.
pub(crate) fn kind_of(body: &[u8]) -> Option<Kind> {
    let rest = body.strip_prefix(br#"{"v":1,"kind":""#)?;
    let end = rest.iter().take(32).position(|octet| *octet == b'"')?;
    Kind::parse(std::str::from_utf8(&rest[..end]).ok()?)
}

fn json<T: Serialize>(members: &T) -> Vec<u8> {
    serde_json::to_vec(members).expect("entries have text keys only, and writing to memory cannot fail")
}

fn members_of<T: DeserializeOwned>(kind: Kind, members: &str) -> Result<T, EntryError> {
    serde_json::from_str(members).map_err(|error| EntryError::Members { kind, reason: error.to_string() })
}

/// An entry as it will be stored.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Encoded {
    pub(crate) body: Vec<u8>,
    pub(crate) serial: Option<Serial>,
    pub(crate) vouched_time: Option<LogTime>,
    pub(crate) step: Option<Step>,
}

impl Encoded {
    /// The bytes that are stored and hashed.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The number of the token or seal.
    #[must_use]
    pub const fn serial(&self) -> Option<&Serial> {
        self.serial.as_ref()
    }
}

#[cfg(test)]
mod tests;
