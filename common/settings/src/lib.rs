//! Configuration loading: TOML, unknown fields refused, secrets from files, durations and sizes with units.
//!
//! Lives here: how a setting is read. Must not know: what a setting means.
