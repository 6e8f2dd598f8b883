//! What a service answers its operator.

use serde::{Deserialize, Serialize};

/// What became of a change.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Answer {
    /// It is in force; these settings changed.
    Changed(Vec<String>),
    /// All stays as it was, and why.
    Refused(String),
}

impl From<anyhow::Result<Vec<String>>> for Answer {
    fn from(outcome: anyhow::Result<Vec<String>>) -> Self {
        match outcome {
            Ok(changed) => Self::Changed(changed),
            Err(error) => Self::Refused(format!("{error:#}")),
        }
    }
}
