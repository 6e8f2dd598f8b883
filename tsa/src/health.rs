//! Whether tokens can be made at the moment, from what is known already: asking costs no signature (THR-95).

use std::sync::atomic::{AtomicBool, Ordering};

/// What the last self-test said.
#[derive(Debug)]
pub struct Health {
    key_signs: AtomicBool,
}

impl Default for Health {
    fn default() -> Self {
        Self { key_signs: AtomicBool::new(true) }
    }
}

impl Health {
    /// Whether the key signed when it was last tested.
    #[must_use]
    pub fn key_signs(&self) -> bool {
        self.key_signs.load(Ordering::Relaxed)
    }

    pub(crate) fn set_key(&self, signs: bool) {
        self.key_signs.store(signs, Ordering::Relaxed);
    }
}
