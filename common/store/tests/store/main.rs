//! The database through its whole life, on SQLite and on PostgreSQL: the same tests on both, and what only one of them can do.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod batch;
mod lease;
mod log;
mod place;
mod repositories;
mod sqlite;
mod tenant;
#[path = "../../../audit/src/testing.rs"]
mod testing;
