//! The database: one file of SQLite, or PostgreSQL for several machines, with every log, seal and API token of a service.
//!
//! Lives here: schema, migrations, rows, repositories, the anchor's file. May use: `audit` (whose storage traits it implements), diesel. Must
//! not know: HTTP types, CMS, keys.

mod anchor;
mod batch;
mod connection;
mod database;
mod error;
mod lease;
mod lock;
mod log_reader;
mod log_store;
mod noted;
mod schema;
mod seal;
mod session;
mod tenant;
mod token;

pub use anchor::FileAnchor;
pub use batch::{BatchRecord, BatchRepository, BatchStamp, BatchState, SubmissionRecord};
pub use connection::PostgresUrl;
pub use database::{Database, LogRecord, LogState};
pub use error::{StoreError, Unreachable};
pub use lease::PostgresOptions;
pub use log_reader::LogReader;
pub use log_store::LogWriter;
pub use seal::{SealRecord, SealRepository};
pub use tenant::{Erased, TenantRepository};
pub use token::{TokenHash, TokenKey, TokenRecord, TokenRepository};
