//! What a back end knows of a key without opening it.

use kokuin_key::{KeyId, KeyState, Protection, Purpose};
use kokuin_suite::KeyAlgorithm;

/// One key in a list.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct KeyRecord {
    /// Its name.
    pub id: KeyId,
    /// Kind and size.
    pub algorithm: KeyAlgorithm,
    /// What it may sign.
    pub purpose: Purpose,
    /// Whether it may sign now.
    pub state: KeyState,
    /// Where the private key is.
    pub protection: Protection,
}
