//! What a token is to its artefact, and what follows from that for its validation.

use crate::{request::Request, verdict};

/// What the token is to its artefact.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Role {
    /// The artefact itself.
    Artefact,
    /// Evidence inside another artefact.
    Evidence,
    /// One of an evidence record's.
    Archive {
        /// Whether it is the one that first covered the data: receipts are about that one.
        is_first: bool,
        /// When the token is shown to have existed by the one that renews it, Unix seconds.
        existed: Option<i64>,
    },
}

impl Role {
    /// Whether receipts are about this token.
    pub(super) const fn has_receipt(self) -> bool {
        match self {
            Self::Artefact => true,
            Self::Evidence => false,
            Self::Archive { is_first, existed: _ } => is_first,
        }
    }

    /// When the token is shown to have existed.
    pub(super) const fn existed(self) -> Option<i64> {
        match self {
            Self::Artefact | Self::Evidence => None,
            Self::Archive { existed, is_first: _ } => existed,
        }
    }

    /// The time that the caller chose, where the token's own answer has to say so: a record says it once.
    pub(super) fn chosen_time(self, request: &Request<'_>) -> Option<i64> {
        match self {
            Self::Artefact | Self::Evidence => verdict::chosen_time(request),
            Self::Archive { .. } => None,
        }
    }
}
