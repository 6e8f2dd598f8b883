//! The database: schema, migrations, rows and repositories.
//!
//! Lives here: all SQL. May use: `audit`, diesel. Must not know: HTTP types, CMS, keys.
