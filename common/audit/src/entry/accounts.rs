//! What devices say of the signatures that they made, and how those stand against the intents of the log.

use serde::{Deserialize, Serialize};

use super::{DeviceLines, KeyName, Label, LogTime, Text};
use crate::name::LeafIndex;

/// Lines of a device's own log, as they were before the device was let forget them.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceLog {
    /// When.
    pub time: LogTime,
    /// The device: its kind and serial number.
    pub device: Label,
    /// The device's number of the last line.
    pub last: u16,
    /// How many lines.
    pub count: u64,
    /// The lines as the device gave them, whole and in order.
    pub lines: DeviceLines,
    /// The first entry of a process about this device: lines of an earlier one may be among them, which no call of this one explains.
    pub begins: bool,
    /// What the lines say of each key.
    pub signatures: Vec<DeviceSignatures>,
    /// How much no call of this process explains, or should be in the lines and is not.
    pub unexplained: u64,
    /// The first of it, in words.
    pub reasons: Vec<Text>,
    /// Events that the device counted without a line, since the lines before; since it counts, in the first entry of a process.
    pub unlogged: u32,
}

impl DeviceLog {
    /// Most reasons that an entry names; all are counted.
    pub const MAX_REASONS: usize = 16;
}

/// What a device's lines say of one key.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceSignatures {
    /// The key.
    pub key: KeyName,
    /// Signatures made.
    pub made: u64,
    /// Of these, such whose call was answered by no signature: no outcome explains them by the service's word alone (THR-56).
    pub doubtful: u64,
    /// Attempts that the device refused.
    pub refused: u64,
}

/// How the signatures of devices stand, as of this entry: all entries before it are counted, and itself says the same as they do.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// When.
    pub time: LogTime,
    /// Each key that had an intent, or that a device spoke of.
    pub keys: Vec<KeyAccount>,
    /// Each device.
    pub devices: Vec<DeviceAccount>,
    /// The first intent that has no end yet; absent: all have.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub open_from: Option<LeafIndex>,
}

/// What the log says of one key in a device, since it began.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyAccount {
    /// The key.
    pub key: KeyName,
    /// Intents.
    pub intents: u64,
    /// Of these, such that the device was never asked for.
    pub withdrawn: u64,
    /// Of these, ended by a token.
    pub tokens: u64,
    /// By a seal.
    pub seals: u64,
    /// By the token of a batch.
    pub batches: u64,
    /// By a self-test that passed.
    pub tests: u64,
    /// By a self-test that failed.
    pub failed_tests: u64,
    /// By a certificate request.
    pub requests: u64,
    /// By an outcome: not signed.
    pub failed: u64,
    /// By an outcome: signed and thrown away.
    pub discarded: u64,
    /// By an outcome: nobody knows.
    pub unknown: u64,
    /// What devices say of it; absent: none did.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub device: Option<DeviceShare>,
}

/// What devices say of one key, since their lines are kept.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceShare {
    /// The devices that spoke of it.
    pub devices: Vec<Label>,
    /// Signatures made.
    pub made: u64,
    /// Of these, such whose call was answered by no signature.
    pub doubtful: u64,
    /// Attempts refused.
    pub refused: u64,
    /// Signatures beyond those that entries explained when they were read.
    pub surplus: u64,
    /// What of each count lies before that: a device's first lines in a process settle what the process before it left.
    pub settled: Settled,
}

/// Counts at a settlement.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settled {
    /// Signatures that devices made.
    pub made: u64,
    /// Signatures that entries say were made.
    pub signed: u64,
    /// Intents of which nobody knows.
    pub unknown: u64,
}

/// What the log says of one device, since it began.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceAccount {
    /// The device.
    pub device: Label,
    /// Its last `device-log` entry.
    pub entry: LeafIndex,
    /// Lines kept.
    pub lines: u64,
    /// How much nothing explains.
    pub unexplained: u64,
    /// Events without a line.
    pub unlogged: u64,
}
