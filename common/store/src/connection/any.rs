//! One of both databases, as the repositories see it: what they ask is the same SQL.

#![allow(missing_docs, missing_debug_implementations, unreachable_pub, reason = "the derive writes the module")]

use diesel::{PgConnection, SqliteConnection};

/// A connection of either kind. A new repository writes its queries once, on this: everything but upserts and inserts of many rows, for which
/// it matches on the variant, as `log_store` does.
#[derive(diesel::MultiConnection)]
pub enum AnyConnection {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}
