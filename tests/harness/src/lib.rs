//! Harness for cross-crate tests: real processes, real clients.
