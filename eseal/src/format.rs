//! Which kind of seal, and how long it lasts.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Formats that a request may name. Two are made here so far.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SealFormat {
    /// Inside a PDF (EN 319 142).
    Pades,
    /// A CMS signature beside any file (EN 319 122).
    Cades,
    /// Not offered yet.
    Jades,
    /// Not offered yet.
    Xades,
    /// Not offered yet.
    AsicS,
    /// Not offered yet.
    AsicE,
}

impl SealFormat {
    /// As requests, the log and answers spell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pades => "pades",
            Self::Cades => "cades",
            Self::Jades => "jades",
            Self::Xades => "xades",
            Self::AsicS => "asic-s",
            Self::AsicE => "asic-e",
        }
    }
}

impl fmt::Display for SealFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Baseline levels that a request may name. Two are made here so far.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub enum SealLevel {
    /// The signature alone.
    #[serde(rename = "B-B")]
    Basic,
    /// With a time-stamp over the signature.
    #[serde(rename = "B-T")]
    Timestamped,
    /// Not offered yet.
    #[serde(rename = "B-LT")]
    LongTerm,
    /// Not offered yet.
    #[serde(rename = "B-LTA")]
    Archived,
}

impl SealLevel {
    /// As requests, the log and answers spell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Basic => "B-B",
            Self::Timestamped => "B-T",
            Self::LongTerm => "B-LT",
            Self::Archived => "B-LTA",
        }
    }
}

impl fmt::Display for SealLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
