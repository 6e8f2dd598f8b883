//! What changed after a signed revision, object by object (PAD-20, PAD-21).

use std::fmt;

use crate::signature::ObjectNumber;

mod classify;
mod role;

pub(crate) use classify::{between, same};
pub(crate) use role::is_signature;

/// How grave a change is. The order is that of PAD-20.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum ChangeKind {
    /// Evidence, extensions, metadata, document time-stamps: never alters what is shown.
    Extension,
    /// The form got a resource or a default, such as a font, where it had none.
    FormResource,
    /// A signature was added or a form field filled in.
    FormFill,
    /// An annotation was made, changed or removed.
    Annotation,
    /// Anything else: what is shown may differ from what was signed.
    Undefined,
}

impl ChangeKind {
    /// Stable name, for reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Extension => "extension",
            Self::FormResource => "form-resource",
            Self::FormFill => "form-fill",
            Self::Annotation => "annotation",
            Self::Undefined => "undefined",
        }
    }
}

/// What happened to an object.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Act {
    /// It was not there before.
    Added,
    /// It was there, with another value.
    Changed,
    /// It is no longer there.
    Removed,
}

impl Act {
    /// As a word of a sentence.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Removed => "removed",
        }
    }
}

/// One object that differs from the revision before.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Change {
    /// The revision that made it, counted from 1; one more than the file has for bytes after its last `%%EOF`.
    pub revision: usize,
    /// The object; `None` where the change is not one object's.
    pub object: Option<ObjectNumber>,
    /// How grave it is.
    pub kind: ChangeKind,
    /// What happened.
    pub act: Act,
    /// What it happened to, as in `page content`.
    pub reason: String,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.object {
            Some(object) => {
                write!(f, "object {object} ({}) {} in revision {}", self.reason, self.act.name(), self.revision)
            }
            None => write!(f, "{} {} in revision {}", self.reason, self.act.name(), self.revision),
        }
    }
}
