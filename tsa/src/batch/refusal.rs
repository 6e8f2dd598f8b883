//! Why a request of the batch lane gets no answer: one variant per broken rule.

use kokuin_evidence::BatchError;
use kokuin_store::StoreError;

/// A rule that a request to `/tsa/batches` broke, or what kept it from being answered.
#[derive(Debug, thiserror::Error)]
pub enum BatchRefusal {
    /// The body is not the JSON object described.
    #[error("the body is not a batch request: {0}")]
    Malformed(serde_json::Error),
    /// No digest algorithm is called so.
    #[error("digest algorithm {0:?} is not known")]
    AlgorithmUnknown(String),
    /// Known, and not stamped by this TSU.
    #[error("digest algorithm {0} is not accepted")]
    AlgorithmNotAccepted(&'static str),
    /// A digest is not spelled in hexadecimal.
    #[error("digest {index} is not hexadecimal")]
    DigestSpelling {
        /// Its place, from 0.
        index: usize,
    },
    /// No digest, too many, a wrong length, or an algorithm of the past.
    #[error("{0}")]
    Digests(BatchError),
    /// More digests than the operator allows in one request.
    #[error("{found} digests, a request may have {limit}")]
    TooMany {
        /// In the request.
        found: usize,
        /// As configured.
        limit: usize,
    },
    /// No TSU has this name.
    #[error("there is no TSU {0:?}")]
    TsuUnknown(String),
    /// The idempotency key cannot be one.
    #[error("Idempotency-Key is 1 to {limit} visible ASCII characters, and given once")]
    IdempotencyKey {
        /// Most characters.
        limit: usize,
    },
    /// The idempotency key was used for another request.
    #[error("the idempotency key belongs to another request")]
    IdempotencyKeyTaken,
    /// The request with this idempotency key is being answered.
    #[error("the request with this idempotency key is being answered")]
    InProgress,
    /// The client has as much waiting as one may have.
    #[error("{waiting} digests of this client wait, {limit} may")]
    ClientFull {
        /// Digests waiting.
        waiting: usize,
        /// What is allowed.
        limit: usize,
    },
    /// The client sends digests faster than it may.
    #[error("more digests than this client may send, wait {seconds} s")]
    ClientRate {
        /// Seconds to wait.
        seconds: u64,
    },
    /// The lane has as much waiting as it may have.
    #[error("{waiting} digests wait, {limit} may")]
    LaneFull {
        /// Digests waiting.
        waiting: usize,
        /// What is allowed.
        limit: usize,
    },
    /// The lane did not get to the request in time; nothing was kept of it.
    #[error("the lane did not get to this request in time")]
    NotReached,
    /// The service is stopping.
    #[error("the service is stopping")]
    Stopping,
    /// The store does not answer.
    #[error("store: {0}")]
    Store(#[from] StoreError),
    /// No random octets.
    #[error("no random octets: {0}")]
    Random(getrandom::Error),
    /// Nothing is known under this address.
    #[error("no batch is known under this address")]
    Unknown,
    /// The request did not bring this digest.
    #[error("the request did not bring this digest")]
    DigestUnknown,
    /// The records are not made yet.
    #[error("the batch has no token yet")]
    NotYet,
    /// There will be no records.
    #[error("the batch failed: {code}")]
    Failed {
        /// Code of the rule that kept it from a token.
        code: String,
    },
}

impl BatchRefusal {
    /// Stable name.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "tsa.batch.malformed",
            Self::AlgorithmUnknown(_) => "tsa.batch.algorithm-unknown",
            Self::AlgorithmNotAccepted(_) => "tsa.batch.algorithm-not-accepted",
            Self::DigestSpelling { .. } => "tsa.batch.digest-spelling",
            Self::Digests(error) => error.code(),
            Self::TooMany { .. } => "tsa.batch.too-many",
            Self::TsuUnknown(_) => "tsa.batch.tsu-unknown",
            Self::IdempotencyKey { .. } => "tsa.batch.idempotency-key",
            Self::IdempotencyKeyTaken => "tsa.batch.idempotency-key-taken",
            Self::InProgress => "tsa.batch.in-progress",
            Self::ClientFull { .. } => "tsa.batch.client-full",
            Self::ClientRate { .. } => "tsa.batch.client-rate",
            Self::LaneFull { .. } => "tsa.batch.lane-full",
            Self::NotReached => "tsa.batch.not-reached",
            Self::Stopping => "tsa.batch.stopping",
            Self::Store(_) => "tsa.batch.store",
            Self::Random(_) => "tsa.batch.random",
            Self::Unknown => "tsa.batch.unknown",
            Self::DigestUnknown => "tsa.batch.digest-unknown",
            Self::NotYet => "tsa.batch.not-yet",
            Self::Failed { .. } => "tsa.batch.failed",
        }
    }

    /// The text that makes it a rule.
    #[must_use]
    pub const fn clause(&self) -> &'static str {
        match self {
            Self::Digests(error) => error.clause(),
            Self::AlgorithmUnknown(_) | Self::AlgorithmNotAccepted(_) => "RFC 4998 4.3",
            Self::ClientFull { .. } | Self::ClientRate { .. } => "RFC 6585 4",
            Self::LaneFull { .. } | Self::NotReached | Self::Stopping | Self::Store(_) | Self::Random(_) => {
                "RFC 9110 15.6.4"
            }
            Self::Unknown | Self::DigestUnknown | Self::TsuUnknown(_) => "RFC 9110 15.5.5",
            Self::Malformed(_)
            | Self::DigestSpelling { .. }
            | Self::TooMany { .. }
            | Self::IdempotencyKey { .. }
            | Self::IdempotencyKeyTaken
            | Self::InProgress
            | Self::NotYet
            | Self::Failed { .. } => "docs/tsa.md",
        }
    }
}
