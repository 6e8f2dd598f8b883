//! `[log.time_mark]`: who stamps the log's checkpoints.

use std::path::PathBuf;

use kokuin_settings::HumanDuration;
use serde::Deserialize;

/// A foreign authority whose tokens over checkpoints become entries (`docs/log.md`, Time marks).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TimeMark {
    /// Where it answers (RFC 3161 over HTTP).
    pub(crate) url: String,
    /// PEM file of the certificates that an `https` authority's own must lead to. Without it there is no `https`.
    #[serde(default)]
    pub(crate) tls_ca: Option<PathBuf>,
    /// The only policy that will do, dotted.
    #[serde(default)]
    pub(crate) policy: Option<String>,
    /// Certificates that its tokens must lead to. Without one nothing would be believed, so there must be one.
    pub(crate) trust: Vec<PathBuf>,
    /// Between two marks.
    #[serde(default = "hourly")]
    pub(crate) every: HumanDuration,
    /// How long it may take to answer.
    #[serde(default = "seconds")]
    pub(crate) timeout: HumanDuration,
    /// A bearer token, if it wants one.
    #[serde(default)]
    pub(crate) bearer_file: Option<PathBuf>,
}

const fn hourly() -> HumanDuration {
    HumanDuration::from_millis(3_600_000)
}

const fn seconds() -> HumanDuration {
    HumanDuration::from_millis(10_000)
}

impl TimeMark {
    /// Every path in it.
    pub(crate) fn paths_mut(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        self.trust.iter_mut().chain(&mut self.bearer_file).chain(&mut self.tls_ca)
    }
}
