//! Rules that the configuration breaks and its types cannot say.

use kokuin_asn1::Oid;

use super::{ConfiguredState, Moment};

/// A rule that the configuration breaks and its types cannot say.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ConfigError {
    /// There is no TSU.
    #[error("there is no [[tsa.tsu]]")]
    NoTsu,
    /// The name cannot stand in an address.
    #[error("tsu.name `{0}` is not 1 to 64 of a-z, 0-9 and `-`")]
    Name(String),
    /// A name that is an address of something else.
    #[error("tsu.name `{0}` is an address of the service itself")]
    NameTaken(String),
    /// Two TSUs of one name.
    #[error("two TSUs are named `{0}`")]
    NameTwice(String),
    /// No policy is offered.
    #[error("policies of TSU {0} is empty")]
    NoPolicy(String),
    /// The default is none of the policies.
    #[error("default_policy {policy} of TSU {tsu} is not among its policies")]
    DefaultPolicy {
        /// Whose.
        tsu: String,
        /// As configured.
        policy: Oid,
    },
    /// Nothing can be stamped.
    #[error("hashes of TSU {0} is empty")]
    NoHash(String),
    /// Worse than EN 319 422 allows, or nothing.
    #[error("accuracy_ms of TSU {tsu} is {found}, 1 to 1000 is allowed")]
    Accuracy {
        /// Whose.
        tsu: String,
        /// As configured.
        found: u32,
    },
    /// A reading could be older than the accuracy.
    #[error("reading_max_age is {age_ms} ms, accuracy_ms {accuracy_ms} of TSU {tsu} is the most")]
    ReadingAge {
        /// Whose accuracy.
        tsu: String,
        /// As configured.
        age_ms: u128,
        /// The policy's.
        accuracy_ms: u32,
    },
    /// A queue without places.
    #[error("signing_queue is 0")]
    NoQueue,
    /// More threads or places than one key has use for.
    #[error("{name} is {found}, {most} is the most")]
    TooMany {
        /// Which setting.
        name: &'static str,
        /// As configured.
        found: usize,
        /// What is allowed.
        most: usize,
    },
    /// A time of being active that ends before it begins.
    #[error("TSU {tsu} would be active from {from} until {until}")]
    Period {
        /// Whose.
        tsu: String,
        /// Begin.
        from: Moment,
        /// End.
        until: Moment,
    },
    /// A next key where there is none to follow.
    #[error("TSU {tsu} is {state} and cannot have a next key")]
    Next {
        /// Whose.
        tsu: String,
        /// As configured.
        state: ConfiguredState,
    },
    /// `/tsa` cannot be two TSUs.
    #[error("TSUs {0} and {1} both have default = true")]
    TwoDefaults(String, String),
    /// `/tsa` would be one access point of qualified and other time-stamps (TSP-72).
    #[error("TSU {qualified} is qualified and {other} is not: default = true must say which of them /tsa is")]
    Mixed {
        /// One that is.
        qualified: String,
        /// One that is not.
        other: String,
    },
}

impl ConfigError {
    /// Stable name.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoTsu => "tsa.config.no-tsu",
            Self::Name(_) => "tsa.config.name",
            Self::NameTaken(_) => "tsa.config.name-taken",
            Self::NameTwice(_) => "tsa.config.name-twice",
            Self::NoPolicy(_) => "tsa.config.no-policy",
            Self::DefaultPolicy { .. } => "tsa.config.default-policy",
            Self::NoHash(_) => "tsa.config.no-hash",
            Self::Accuracy { .. } => "tsa.config.accuracy",
            Self::ReadingAge { .. } => "tsa.config.reading-age",
            Self::NoQueue => "tsa.config.no-queue",
            Self::TooMany { .. } => "tsa.config.too-many",
            Self::Period { .. } => "tsa.config.period",
            Self::Next { .. } => "tsa.config.next",
            Self::TwoDefaults(..) => "tsa.config.two-defaults",
            Self::Mixed { .. } => "tsa.config.mixed",
        }
    }

    /// The text that makes it a rule.
    #[must_use]
    pub const fn clause(&self) -> &'static str {
        match self {
            Self::NoTsu
            | Self::Name(_)
            | Self::NameTaken(_)
            | Self::NameTwice(_)
            | Self::NoQueue
            | Self::TooMany { .. }
            | Self::Period { .. }
            | Self::Next { .. }
            | Self::TwoDefaults(..) => "docs/tsa.md",
            Self::NoPolicy(_) | Self::DefaultPolicy { .. } => "RFC 3161 2.4.2",
            Self::NoHash(_) => "EN 319 422 5.1.3",
            Self::Accuracy { .. } => "EN 319 422 5.2.2",
            Self::ReadingAge { .. } => "EN 319 421 TIS-7.7.2-02",
            Self::Mixed { .. } => "EN 319 421 TIS-8.2-02",
        }
    }
}
