//! A connection is used only after the settings that durability depends on have been read back (THR-46).

mod any;
pub(crate) mod postgres;
pub(crate) mod sqlite;
mod url;

pub(crate) use any::AnyConnection;
pub use url::PostgresUrl;

/// What a connection may do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Access {
    /// Read and write; an SQLite file is made if there is none.
    Write,
    /// Read, while others may write.
    Read,
}
