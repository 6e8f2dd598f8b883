//! The way into a running service for the operator on the same machine: a Unix socket in the key folder, which only the service's user reaches.
//!
//! One question a connection, one answer: `reload PATH` gets a JSON object, `{"changed": [...]}` or `{"refused": "..."}`.

mod answer;
mod ask;
mod listener;

use std::path::{Path, PathBuf};

pub(crate) use answer::Answer;
pub(crate) use ask::ask;
pub(crate) use listener::{Listener, Reload};

/// A question is shorter than this, and so is an answer: a path and a list of settings.
const LIMIT: u64 = 64 * 1024;

/// Where the service called `service` listens, beside the keys in `keys`.
pub(crate) fn socket(keys: &Path, service: &str) -> PathBuf {
    keys.join(format!("{service}.sock"))
}
