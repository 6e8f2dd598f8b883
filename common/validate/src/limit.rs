//! Bounds on the work that one artefact may cause (THR-90). Reaching one is an answer, never an endless search.

use std::cell::Cell;

/// Certificates looked at, from the artefact and the caller together.
pub(crate) const CERTIFICATES: usize = 256;
/// Revocation lists of the artefact looked at.
pub(crate) const REVOCATION_LISTS: usize = 64;
/// Signatures of one artefact.
pub(crate) const SIGNATURES: usize = 64;
/// Time-stamps over one signature.
pub(crate) const TIMESTAMPS: usize = 16;
/// Time-stamps of one evidence record: a renewal every two years for more than a century.
pub(crate) const ARCHIVE_TIMESTAMPS: usize = 64;
/// Certificates of one path, the anchor not counted.
pub(crate) const PATH_LENGTH: usize = 10;
/// Paths that are checked for one signer.
pub(crate) const PATHS: usize = 32;

/// What is left for one artefact.
#[derive(Debug)]
pub(crate) struct Budget {
    signatures: Cell<u32>,
    steps: Cell<u32>,
}

impl Budget {
    pub(crate) const fn new() -> Self {
        Self { signatures: Cell::new(1_024), steps: Cell::new(65_536) }
    }

    /// Takes one signature verification; false when there is none left.
    pub(crate) fn take_signature(&self) -> bool {
        take(&self.signatures)
    }

    /// Takes one step of a search; false when there is none left.
    pub(crate) fn take_step(&self) -> bool {
        take(&self.steps)
    }
}

fn take(left: &Cell<u32>) -> bool {
    match left.get().checked_sub(1) {
        Some(rest) => {
            left.set(rest);
            true
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_after_its_last_step() {
        let budget = Budget::new();
        let taken = (0..100_000).filter(|_| budget.take_step()).count();
        assert_eq!(taken, 65_536);
    }
}
