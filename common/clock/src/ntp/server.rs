//! Something that can be asked for the time over a network.

use crate::{Monotonic, SourceName, ntp::Sample};

/// One source of UTC.
pub trait TimeServer: Send + Sync + std::fmt::Debug {
    /// What the configuration calls it.
    fn name(&self) -> &SourceName;

    /// Asks once. `clock` is the time base that the answer is measured against.
    ///
    /// # Errors
    /// [`Unanswered`] if there is no answer to be used.
    fn ask(&self, clock: &dyn Fn() -> Monotonic) -> Result<Sample, Unanswered>;
}

/// Why a server's answer is not used.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Unanswered {
    /// The name has no address.
    #[error("the name has no address")]
    NoAddress,
    /// The operating system gives no socket, or cannot send.
    #[error("cannot be asked: {0}")]
    Unreachable(std::io::ErrorKind),
    /// No answer to this question came in time. What did come did not fit the question, and was ignored (THR-33).
    #[error("no answer in time")]
    Silent,
    /// The server asks to be asked less often, or not at all, in an answer to our own question.
    #[error("kiss-o'-death {0}")]
    KissOfDeath(String),
    /// The server says that it does not know the time.
    #[error("the server is not synchronised")]
    Unsynchronised,
    /// Its time is not UTC around a leap second, and may be some way off now.
    #[error("the source smears: {0}")]
    Smearing(&'static str),
    /// The machine's clock was set while the source was asked for it.
    #[error("the machine's clock moved by {by_us} us while it was asked for")]
    Unsteady {
        /// By how much.
        by_us: i64,
    },
    /// The answer breaks RFC 5905, or what its client prints is not what this program knows.
    #[error("the answer breaks a rule: {0}")]
    Malformed(String),
}

impl Unanswered {
    /// Stable name, for logs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoAddress => "ntp.no-address",
            Self::Unreachable(_) => "ntp.unreachable",
            Self::Silent => "ntp.silent",
            Self::KissOfDeath(_) => "ntp.kiss-of-death",
            Self::Unsynchronised => "ntp.unsynchronised",
            Self::Smearing(_) => "ntp.smearing",
            Self::Unsteady { .. } => "ntp.unsteady",
            Self::Malformed(_) => "ntp.malformed",
        }
    }
}
