//! Exit codes, and why a run ends before there is a verdict.

use std::{io::Write as _, path::PathBuf, process::ExitCode};

use clap::error::ErrorKind;
use kokuin_validate::Status;

use crate::shown::Shown;

/// How a run ends; the order is from best to worst (1 over 2 over 0; wrong usage and unreadable input end the run).
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Exit {
    /// Everything asked for is shown to hold.
    Passed,
    /// Not settled.
    Indeterminate,
    /// Shown to be wrong.
    Failed,
    /// The arguments make no sense (sysexits' `EX_USAGE`).
    Usage,
    /// An input cannot be read (sysexits' `EX_NOINPUT`).
    Unreadable,
}

impl Exit {
    const fn code(self) -> u8 {
        match self {
            Self::Passed => 0,
            Self::Failed => 1,
            Self::Indeterminate => 2,
            Self::Usage => 64,
            Self::Unreadable => 66,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

impl From<Status> for Exit {
    fn from(status: Status) -> Self {
        match status {
            Status::TotalPassed => Self::Passed,
            Status::Indeterminate => Self::Indeterminate,
            Status::TotalFailed => Self::Failed,
        }
    }
}

/// Why there is no verdict.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RunError {
    /// Arguments that do not go together.
    #[error("{0}")]
    Usage(String),
    /// A file, or standard input, cannot be read.
    #[error("cannot read {}: {reason}", path.display())]
    Unreadable {
        /// Which one.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A file that should hold certificates, lists or keys does not.
    #[error("{}: {reason}", path.display())]
    Content {
        /// Which one.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The log cannot be read where it should be.
    #[error("cannot read the log: {0}")]
    Log(String),
    /// The output cannot be written.
    #[error("cannot write: {0}")]
    Output(#[from] std::io::Error),
}

impl From<&RunError> for Exit {
    fn from(error: &RunError) -> Self {
        match error {
            RunError::Usage(_) => Self::Usage,
            RunError::Unreadable { .. } | RunError::Content { .. } | RunError::Log(_) | RunError::Output(_) => {
                Self::Unreadable
            }
        }
    }
}

/// Prints why there is no verdict.
pub(crate) fn complain(error: &RunError) {
    let message = error.to_string();
    // Nothing is left to be done when standard error is gone, too.
    let _ignored = writeln!(std::io::stderr(), "kokuin-verify: {}", Shown(&message));
}

/// clap's own message, and our exit code for it.
pub(crate) fn of_clap(error: &clap::Error) -> Exit {
    let _ignored = error.print();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Exit::Passed,
        _ => Exit::Usage,
    }
}
