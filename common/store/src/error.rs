//! Why the database did not do it.

use std::{io, path::PathBuf, sync::Arc, time::Duration};

use kokuin_audit::{LogName, StorageError};

/// A rule of the database that was broken, or a failure of it.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// The file could not be opened.
    #[error("cannot open database {}: {reason}", path.display())]
    Open {
        /// Which.
        path: PathBuf,
        /// From SQLite.
        reason: String,
    },
    /// No PostgreSQL that takes writes answered. What libpq says is not repeated: it may quote the address.
    #[error("cannot reach the database: {}", kinds.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(", "))]
    Unreachable {
        /// What the servers answered, as far as it was understood.
        kinds: Vec<Unreachable>,
    },
    /// The address of a PostgreSQL is a URI.
    #[error("the database's address {rule}: this one does not (it is not shown)")]
    Url {
        /// What it must be.
        rule: &'static str,
    },
    /// The database did not answer in time. What it made of the statement is not known.
    #[error("the database has not answered within {waited:?}")]
    TimedOut {
        /// So long.
        waited: Duration,
    },
    /// A commit that the standbys demanded have not confirmed (THR-46).
    #[error("{demanded} synchronous standbys have not confirmed the commit")]
    Unconfirmed {
        /// How many must.
        demanded: u32,
    },
    /// Another process holds the log's lease.
    #[error("log {name} is being written by {holder}, whose lease ends in {left:?} unless it is renewed")]
    Leased {
        /// The log.
        name: LogName,
        /// Who.
        holder: String,
        /// What is left of it by the database's clock.
        left: Duration,
    },
    /// The lease was taken by another process: this one writes nothing any more.
    #[error("the lease of epoch {epoch} has been taken over")]
    LeaseLost {
        /// The lease that this process had.
        epoch: i64,
    },
    /// The lease's time is over, and it could not be renewed.
    #[error("the lease of epoch {epoch} has not been renewed in time")]
    LeaseOver {
        /// The lease that this process had.
        epoch: i64,
    },
    /// A path that is not UTF-8 cannot be given to SQLite.
    #[error("database path {} is not UTF-8", .0.display())]
    Path(PathBuf),
    /// A setting that durability depends on was not taken (THR-46).
    #[error("database setting {setting} is {found}, must be {expected}")]
    Setting {
        /// Name of the pragma or setting.
        setting: &'static str,
        /// Read back.
        found: String,
        /// Needed.
        expected: &'static str,
    },
    /// The schema could not be brought up to date.
    #[error("cannot migrate the database: {0}")]
    Migration(String),
    /// A statement failed.
    #[error("database: {0}")]
    Query(Arc<diesel::result::Error>),
    /// A file beside the database.
    #[error("{}: {error}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What happened.
        error: Arc<io::Error>,
    },
    /// A log has one writer.
    #[error("log {name} is being written by another process ({} is locked)", lock.display())]
    Locked {
        /// The log.
        name: LogName,
        /// The lock file.
        lock: PathBuf,
    },
    /// There is no such log.
    #[error("the database holds no log {0}")]
    NoLog(LogName),
    /// The log has been closed for good.
    #[error("log {0} is retired: nothing is written to it any more")]
    Retired(LogName),
    /// The name is taken by a log of another origin or key, or the origin by another name.
    #[error("log {name} is {found} in this database, not {expected}")]
    OtherLog {
        /// Its name.
        name: LogName,
        /// Verifier key in the database.
        found: String,
        /// Verifier key expected.
        expected: String,
    },
    /// The tenant used this idempotency key before.
    #[error("idempotency key is taken")]
    IdempotencyKeyTaken,
    /// Seal ids, token ids and token hashes are unique.
    #[error("{what} exists already")]
    Exists {
        /// What.
        what: &'static str,
    },
    /// The operating system gave no random octets.
    #[error("no random octets for the salt of a tenant")]
    NoRandomness,
    /// A row cannot have been written by us.
    #[error("stored {what} is damaged")]
    Damaged {
        /// What.
        what: &'static str,
    },
}

impl StoreError {
    /// Stable name, for logs and `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Open { .. } => "store.open",
            Self::Unreachable { .. } => "store.unreachable",
            Self::Url { .. } => "store.url",
            Self::TimedOut { .. } => "store.timed-out",
            Self::Unconfirmed { .. } => "store.unconfirmed",
            Self::Leased { .. } => "store.leased",
            Self::LeaseLost { .. } => "store.lease-lost",
            Self::LeaseOver { .. } => "store.lease-over",
            Self::Path(_) => "store.path",
            Self::Setting { .. } => "store.setting",
            Self::Migration(_) => "store.migration",
            Self::Query(_) => "store.query",
            Self::File { .. } => "store.file",
            Self::Locked { .. } => "store.locked",
            Self::NoLog(_) => "store.no-log",
            Self::Retired(_) => "store.retired",
            Self::OtherLog { .. } => "store.other-log",
            Self::IdempotencyKeyTaken => "store.idempotency-key-taken",
            Self::Exists { .. } => "store.exists",
            Self::NoRandomness => "store.no-randomness",
            Self::Damaged { .. } => "store.damaged",
        }
    }

    pub(crate) fn file(path: impl Into<PathBuf>, error: io::Error) -> Self {
        Self::File { path: path.into(), error: Arc::new(error) }
    }
}

impl From<diesel::result::Error> for StoreError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Query(Arc::new(error))
    }
}

impl From<StoreError> for StorageError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Retired(_) => Self::Retired,
            StoreError::LeaseLost { epoch } => Self::LeaseLost { epoch: epoch.unsigned_abs() },
            StoreError::Open { .. }
            | StoreError::Unreachable { .. }
            | StoreError::Url { .. }
            | StoreError::TimedOut { .. }
            | StoreError::Unconfirmed { .. }
            | StoreError::Leased { .. }
            | StoreError::LeaseOver { .. }
            | StoreError::Path(_)
            | StoreError::Setting { .. }
            | StoreError::Migration(_)
            | StoreError::Query(_)
            | StoreError::File { .. }
            | StoreError::Locked { .. }
            | StoreError::NoLog(_)
            | StoreError::OtherLog { .. }
            | StoreError::IdempotencyKeyTaken
            | StoreError::Exists { .. }
            | StoreError::NoRandomness
            | StoreError::Damaged { .. } => Self::failed(error),
        }
    }
}

/// Why a server could not be used.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Unreachable {
    /// Nobody listens there.
    Refused,
    /// No answer in time.
    Silent,
    /// The name has no address.
    Name,
    /// User or password are wrong.
    Password,
    /// It takes no writes: a standby.
    Standby,
    /// It starts or stops.
    Starting,
    /// It has too many connections.
    Full,
    /// It has no such database or role.
    Unknown,
    /// The connection broke.
    Broken,
    /// TLS could not be agreed on.
    Tls,
}

impl Unreachable {
    /// Every kind.
    pub(crate) const ALL: [Self; 10] = [
        Self::Refused,
        Self::Silent,
        Self::Name,
        Self::Password,
        Self::Standby,
        Self::Starting,
        Self::Full,
        Self::Unknown,
        Self::Broken,
        Self::Tls,
    ];

    /// In words.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "nobody listens there",
            Self::Silent => "no answer in time",
            Self::Name => "a name has no address",
            Self::Password => "user or password are wrong",
            Self::Standby => "a server takes no writes",
            Self::Starting => "a server is starting or stopping",
            Self::Full => "a server has too many connections",
            Self::Unknown => "no such database or role",
            Self::Broken => "a connection broke",
            Self::Tls => "TLS was not agreed on",
        }
    }

    /// Words of libpq and the server, in small letters, that tell it.
    pub(crate) const fn signs(self) -> &'static [&'static str] {
        match self {
            Self::Refused => {
                &["connection refused", "no such file or directory", "no route to host", "network is unreachable"]
            }
            Self::Silent => &["timeout expired", "timed out"],
            Self::Name => &["could not translate host name"],
            Self::Password => &["authentication failed", "no password supplied", "no pg_hba.conf entry"],
            Self::Standby => &["session is read-only", "hot standby"],
            Self::Starting => &["starting up", "shutting down", "not yet accepting", "in recovery mode"],
            Self::Full => &["too many clients", "connection slots", "too many connections"],
            Self::Unknown => &["does not exist", "is not permitted to log in"],
            Self::Broken => &["closed the connection unexpectedly", "connection reset", "broken pipe"],
            Self::Tls => &["ssl"],
        }
    }
}
