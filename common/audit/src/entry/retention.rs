//! What was deleted, on purpose and by rule.

use serde::{Deserialize, Serialize};

use super::{Commitment, Label, LogTime, Serial, Text};

/// Records beyond their retention were deleted (JP-TS-19, JP-ES-18). Entries of the log never are.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pruning {
    /// When.
    pub time: LogTime,
    /// Class of record.
    pub class: Label,
    /// Records older than this were deleted.
    pub before: LogTime,
    /// Retention of that class, in days, at that time.
    pub retention_days: u32,
    /// How many were deleted.
    pub count: u64,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<Text>,
}

/// The secret of a tenant was erased: from here on nobody can tell which entries are about it.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Erasure {
    /// When.
    pub time: LogTime,
    /// Random number of this erasure.
    pub serial: Serial,
    /// Salted commitment to the tenant, made with `serial` and the secret that was erased: nobody can open it any more.
    pub tenant: Commitment,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<Text>,
}
