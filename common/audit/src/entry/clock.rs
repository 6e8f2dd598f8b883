//! What is known about the clock from outside: single sources, foreign tokens over the log, outside audits.

use serde::{Deserialize, Serialize};

use super::{Digest, Label, LogTime, PolicyOid, ReferenceId, Text, TokenDer};
use crate::name::TreeSize;

/// How it is known that a source's answer is its own.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Authentication {
    /// It is not.
    None,
    /// Network Time Security (RFC 8915).
    Nts,
    /// A chrony on this machine said so; what it hears is not authenticated.
    Chrony,
    /// A chrony on this machine said so, and every source that it combined was authenticated by NTS.
    ChronyNts,
}

/// What a source announces for the end of the day.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LeapSign {
    /// Nothing.
    None,
    /// The last minute has 61 seconds.
    Insert,
    /// The last minute has 59 seconds.
    Delete,
    /// It says that it does not know the time.
    Unsynchronised,
}

/// What one time source said, and whether it counted.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockSource {
    /// When this was written.
    pub time: LogTime,
    /// Which source.
    pub source: Label,
    /// How its answers are authenticated.
    pub authenticated: Authentication,
    /// Whether it was part of what the sources agreed on.
    pub used: bool,
    /// Code of why it was not, or of what is doubtful about it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<Label>,
    /// Its last answer; absent: it gave none that can be used.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sample: Option<SourceSample>,
}

/// One answer of a source.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceSample {
    /// The source's time minus that which tokens and seals get, in microseconds; absent while they get none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub offset_us: Option<i64>,
    /// The source's time minus the machine's clock, in microseconds.
    pub system_us: i64,
    /// UTC is within this of the source's time, in microseconds, rounded up, age included.
    pub bound_us: u64,
    /// From question to answer.
    pub delay_us: u64,
    /// The source's round trip to its reference.
    pub root_delay_us: u64,
    /// What the source says its error may be.
    pub root_dispersion_us: u64,
    /// Steps from a reference clock.
    pub stratum: u8,
    /// What it announces.
    pub leap: LeapSign,
    /// Its reference.
    pub reference: ReferenceId,
    /// How old the answer is.
    pub age_us: u64,
}

/// A foreign authority's token over a checkpoint of this log: what that checkpoint covers existed before the token's time.
///
/// The token's message imprint is the SHA-256 of the checkpoint's text: origin, size and root, each with its line end, as in the note, without
/// its signatures.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeMark {
    /// When this was written.
    pub time: LogTime,
    /// Entries that the checkpoint covers.
    pub size: TreeSize,
    /// Its root.
    pub root: Digest,
    /// genTime of the token.
    pub gen_time: LogTime,
    /// Accuracy that the token states; absent: none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub accuracy_us: Option<u64>,
    /// Policy of the token.
    pub policy: PolicyOid,
    /// Subject of the certificate that signed.
    pub tsa: Text,
    /// SHA-256 of that certificate.
    pub signer: Digest,
    /// SHA-256 of the token (`ContentInfo`).
    pub digest: Digest,
    /// The token itself; absent where it would not fit an entry.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub token: Option<TokenDer>,
}

impl TimeMark {
    /// What it says, without the token that says it.
    #[must_use]
    pub fn without_token(&self) -> Self {
        Self {
            time: self.time,
            size: self.size,
            root: self.root,
            gen_time: self.gen_time,
            accuracy_us: self.accuracy_us,
            policy: self.policy.clone(),
            tsa: self.tsa.clone(),
            signer: self.signer,
            digest: self.digest,
            token: None,
        }
    }
}

/// A signed record of an outside authority about this clock. The record is kept beside the log, under its digest.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeAudit {
    /// When it was imported.
    pub time: LogTime,
    /// Who measured, as the record says.
    pub source: Label,
    /// Begin of the period measured.
    pub from: LogTime,
    /// Its end.
    pub to: LogTime,
    /// Smallest offset in the period: this clock minus the authority's, in microseconds.
    pub min_offset_us: i64,
    /// Largest.
    pub max_offset_us: i64,
    /// The limit that the authority judged by.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub threshold_us: Option<u64>,
    /// How often it was exceeded.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub anomalies: Option<u64>,
    /// `cms` or `timestamp`: how the record is signed.
    pub format: Label,
    /// SHA-256 of the record as imported.
    pub digest: Digest,
    /// SHA-256 of the certificate that signed it.
    pub signer: Digest,
}
