//! `[retention]`: how long each class of record is kept (JP-TS-19, JP-ES-18).

use serde::Deserialize;

/// Fifteen years: what a Japanese authority keeps its archive for. The period that the present scheme wants was not verified; set it.
const FIFTEEN_YEARS: u32 = 5479;

/// As long as the service itself keeps answers of the batch lane unless told otherwise (`tsa.batch.keep`): records of them are the customer's.
const WEEK: u32 = 7;

/// A class of record that the database keeps outside the log.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub(crate) enum Class {
    /// Seals: what was made for whom. The log keeps the entries
    Seal,
    /// API tokens that were revoked or have expired
    ApiToken,
    /// Batches of digests that have their token: what answers of the batch lane are given again from
    Batch,
    /// Entries of the log
    Log,
}

impl Class {
    /// The name in entries and messages.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Seal => "seal",
            Self::ApiToken => "api-token",
            Self::Batch => "batch",
            Self::Log => "log",
        }
    }
}

/// Days that each class is kept at least.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Retention {
    seal_days: u32,
    api_token_days: u32,
    batch_days: u32,
}

impl Default for Retention {
    fn default() -> Self {
        Self { seal_days: FIFTEEN_YEARS, api_token_days: FIFTEEN_YEARS, batch_days: WEEK }
    }
}

impl Retention {
    /// Days that `class` is kept; `None`: for ever.
    pub(crate) const fn days(self, class: Class) -> Option<u32> {
        match class {
            Class::Seal => Some(self.seal_days),
            Class::ApiToken => Some(self.api_token_days),
            Class::Batch => Some(self.batch_days),
            Class::Log => None,
        }
    }
}
