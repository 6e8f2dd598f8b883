//! The database: one file of SQLite, with every log, seal and API token of a service.
//!
//! Lives here: schema, migrations, rows, repositories, the anchor's file. May use: `audit` (whose storage traits it implements), diesel. Must
//! not know: HTTP types, CMS, keys.

mod anchor;
mod batch;
mod connection;
mod database;
mod error;
mod lock;
mod log_reader;
mod log_store;
mod schema;
mod seal;
mod token;

pub use anchor::FileAnchor;
pub use batch::{BatchRecord, BatchRepository, BatchStamp, BatchState, SubmissionRecord};
pub use database::{Database, LogRecord, LogState};
pub use error::StoreError;
pub use log_reader::SqliteLogReader;
pub use log_store::SqliteLogStore;
pub use seal::{SealRecord, SealRepository};
pub use token::{TokenHash, TokenKey, TokenRecord, TokenRepository};
