//! The classes that refusals are counted, named and answered by.

/// A rule without its values. Fieldless, so that a counter per class is an array.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum RefusalClass {
    /// [`Refusal::BodyEmpty`](crate::Refusal::BodyEmpty).
    BodyEmpty,
    /// [`Refusal::BodyTooLong`](crate::Refusal::BodyTooLong).
    BodyTooLong,
    /// [`Refusal::Malformed`](crate::Refusal::Malformed).
    Malformed,
    /// [`Refusal::Version`](crate::Refusal::Version).
    Version,
    /// [`Refusal::ImprintLength`](crate::Refusal::ImprintLength).
    ImprintLength,
    /// [`Refusal::AlgorithmUnknown`](crate::Refusal::AlgorithmUnknown).
    AlgorithmUnknown,
    /// [`Refusal::AlgorithmParameters`](crate::Refusal::AlgorithmParameters).
    AlgorithmParameters,
    /// [`Refusal::AlgorithmNotAccepted`](crate::Refusal::AlgorithmNotAccepted).
    AlgorithmNotAccepted,
    /// [`Refusal::PolicyNotOffered`](crate::Refusal::PolicyNotOffered).
    PolicyNotOffered,
    /// [`Refusal::Extension`](crate::Refusal::Extension).
    Extension,
    /// [`Refusal::Clock`](crate::Refusal::Clock).
    Clock,
    /// [`Refusal::ClockTooUncertain`](crate::Refusal::ClockTooUncertain).
    ClockTooUncertain,
    /// [`Refusal::ReadingTooOld`](crate::Refusal::ReadingTooOld).
    ReadingTooOld,
    /// [`Refusal::ClockNotRecorded`](crate::Refusal::ClockNotRecorded).
    ClockNotRecorded,
    /// [`Refusal::TimeOutOfRange`](crate::Refusal::TimeOutOfRange).
    TimeOutOfRange,
    /// [`Refusal::OutsideCertificate`](crate::Refusal::OutsideCertificate).
    OutsideCertificate,
    /// [`Refusal::OutsideKeyPeriod`](crate::Refusal::OutsideKeyPeriod).
    OutsideKeyPeriod,
    /// [`Refusal::AlgorithmEnded`](crate::Refusal::AlgorithmEnded).
    AlgorithmEnded,
    /// [`Refusal::NotActive`](crate::Refusal::NotActive).
    NotActive,
    /// [`Refusal::SelfTestFailed`](crate::Refusal::SelfTestFailed).
    SelfTestFailed,
    /// [`Refusal::KeyNotActive`](crate::Refusal::KeyNotActive).
    KeyNotActive,
    /// [`Refusal::Key`](crate::Refusal::Key).
    Key,
    /// [`Refusal::SignatureWrong`](crate::Refusal::SignatureWrong).
    SignatureWrong,
    /// [`Refusal::QueueFull`](crate::Refusal::QueueFull).
    QueueFull,
    /// [`Refusal::SignerGone`](crate::Refusal::SignerGone).
    SignerGone,
    /// [`Refusal::LogNotWritable`](crate::Refusal::LogNotWritable).
    LogNotWritable,
    /// [`Refusal::NotRecorded`](crate::Refusal::NotRecorded).
    NotRecorded,
}

impl RefusalClass {
    /// Every class, in the order of the pipeline.
    pub const ALL: [Self; 27] = [
        Self::BodyEmpty,
        Self::BodyTooLong,
        Self::Malformed,
        Self::Version,
        Self::ImprintLength,
        Self::AlgorithmUnknown,
        Self::AlgorithmParameters,
        Self::AlgorithmNotAccepted,
        Self::PolicyNotOffered,
        Self::Extension,
        Self::Clock,
        Self::ClockTooUncertain,
        Self::ReadingTooOld,
        Self::ClockNotRecorded,
        Self::TimeOutOfRange,
        Self::OutsideCertificate,
        Self::OutsideKeyPeriod,
        Self::AlgorithmEnded,
        Self::NotActive,
        Self::SelfTestFailed,
        Self::KeyNotActive,
        Self::Key,
        Self::SignatureWrong,
        Self::QueueFull,
        Self::SignerGone,
        Self::LogNotWritable,
        Self::NotRecorded,
    ];

    /// Place in [`Self::ALL`].
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Stable name.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::BodyEmpty => "tsa.body-empty",
            Self::BodyTooLong => "tsa.body-too-long",
            Self::Malformed => "tsa.malformed",
            Self::Version => "tsa.version",
            Self::ImprintLength => "tsa.imprint-length",
            Self::AlgorithmUnknown => "tsa.algorithm-unknown",
            Self::AlgorithmParameters => "tsa.algorithm-parameters",
            Self::AlgorithmNotAccepted => "tsa.algorithm-not-accepted",
            Self::PolicyNotOffered => "tsa.policy-not-offered",
            Self::Extension => "tsa.extension",
            Self::Clock => "tsa.clock",
            Self::ClockTooUncertain => "tsa.clock-too-uncertain",
            Self::ReadingTooOld => "tsa.reading-too-old",
            Self::ClockNotRecorded => "tsa.clock-not-recorded",
            Self::TimeOutOfRange => "tsa.time-out-of-range",
            Self::OutsideCertificate => "tsa.outside-certificate",
            Self::OutsideKeyPeriod => "tsa.outside-key-period",
            Self::AlgorithmEnded => "tsa.algorithm-ended",
            Self::NotActive => "tsa.not-active",
            Self::SelfTestFailed => "tsa.self-test-failed",
            Self::KeyNotActive => "tsa.key-not-active",
            Self::Key => "tsa.key",
            Self::SignatureWrong => "tsa.signature-wrong",
            Self::QueueFull => "tsa.queue-full",
            Self::SignerGone => "tsa.signer-gone",
            Self::LogNotWritable => "tsa.log-not-writable",
            Self::NotRecorded => "tsa.not-recorded",
        }
    }

    /// The text that makes it a rule.
    #[must_use]
    pub const fn clause(self) -> &'static str {
        match self {
            Self::BodyEmpty | Self::BodyTooLong => "RFC 3161 3.4",
            Self::Malformed
            | Self::Version
            | Self::ImprintLength
            | Self::AlgorithmUnknown
            | Self::PolicyNotOffered
            | Self::Extension => "RFC 3161 2.4.1",
            Self::AlgorithmParameters => "RFC 5754 2",
            Self::AlgorithmNotAccepted => "EN 319 422 5.1.3",
            Self::Clock => "EN 319 421 TIS-7.7.1-07",
            Self::ClockTooUncertain | Self::ReadingTooOld => "EN 319 421 TIS-7.7.2-05",
            Self::ClockNotRecorded => "EN 319 421 OVR-7.12-04",
            Self::TimeOutOfRange | Self::Key | Self::SignatureWrong | Self::QueueFull | Self::SignerGone => {
                "RFC 3161 2.4.2"
            }
            Self::OutsideCertificate | Self::NotActive => "EN 319 421 TIS-7.6.7-01",
            Self::OutsideKeyPeriod => "EN 319 421 TIS-7.7.1-09",
            Self::AlgorithmEnded => "TS 119 312",
            Self::SelfTestFailed => "EN 319 421 TIS-7.6.2-03",
            Self::KeyNotActive => "EN 319 421 OVR-7.13-02",
            Self::LogNotWritable | Self::NotRecorded => "EN 319 421 OVR-7.12-01",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_class_has_its_own_place_and_code() {
        let codes: HashSet<_> = RefusalClass::ALL.iter().map(|class| class.code()).collect();
        assert_eq!(codes.len(), RefusalClass::ALL.len());
        assert!(RefusalClass::ALL.iter().enumerate().all(|(place, class)| class.index() == place));
    }

    #[test]
    fn each_class_is_explained_in_the_table_of_errors() {
        let table = include_str!("../../docs/errors.md");
        for class in RefusalClass::ALL {
            assert!(table.contains(&format!("| `{}` |", class.code())), "{}", class.code());
        }
    }
}
