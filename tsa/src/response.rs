//! The answer's bytes, and the one place where a rule meets its `PKIFailureInfo` bit.

use kokuin_asn1::tsp::{FailureInfo, TimeStampResp};

use crate::{refusal::Refusal, stage::RecordedTst};

/// A DER `TimeStampResp` that may leave.
#[derive(Debug)]
pub struct ResponseBytes(Vec<u8>);

impl ResponseBytes {
    /// `granted`, with a token whose log entry is durable (TSP-18).
    #[must_use]
    pub fn granted(tst: &RecordedTst) -> Self {
        Self(TimeStampResp::encode_granted(tst.token()))
    }

    /// `rejection`, with one failure bit and a text, and no token (TSP-18, TSP-21).
    #[must_use]
    pub fn refused(refusal: &Refusal) -> Self {
        Self(TimeStampResp::encode_rejection(&refusal.public_text(), failure_info(refusal)))
    }

    /// The DER.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

/// The failure bit of a rule (TSP-10 to TSP-17). No rule here ends in `addInfoNotAvailable` (TSP-16): what it stands for
/// can be asked for in extensions only, and those have a bit of their own.
#[must_use]
pub const fn failure_info(refusal: &Refusal) -> FailureInfo {
    match refusal {
        Refusal::BodyEmpty | Refusal::BodyTooLong { .. } | Refusal::Malformed(_) | Refusal::ImprintLength { .. } => {
            FailureInfo::BadDataFormat
        }
        Refusal::Version { .. } => FailureInfo::BadRequest,
        Refusal::AlgorithmUnknown(_) | Refusal::AlgorithmParameters(_) | Refusal::AlgorithmNotAccepted(_) => {
            FailureInfo::BadAlg
        }
        Refusal::PolicyNotOffered(_) => FailureInfo::UnacceptedPolicy,
        Refusal::Extension(_) => FailureInfo::UnacceptedExtension,
        Refusal::Clock(_)
        | Refusal::ClockTooUncertain { .. }
        | Refusal::ReadingTooOld { .. }
        | Refusal::ClockNotRecorded
        | Refusal::TimeOutOfRange { .. } => FailureInfo::TimeNotAvailable,
        Refusal::OutsideCertificate { .. }
        | Refusal::OutsideKeyPeriod { .. }
        | Refusal::AlgorithmEnded { .. }
        | Refusal::NotActive { .. }
        | Refusal::SelfTestFailed { .. }
        | Refusal::KeyNotActive { .. }
        | Refusal::Key(_)
        | Refusal::SignatureWrong { .. }
        | Refusal::QueueFull { .. }
        | Refusal::SignerGone
        | Refusal::LogNotWritable
        | Refusal::NotRecorded(_) => FailureInfo::SystemFailure,
    }
}
