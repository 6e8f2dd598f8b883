//! The same ECDSA nonce twice gives the key away: it shows as the same `r` (THR-66).

use std::collections::VecDeque;

use kokuin_suite::{KeyAlgorithm, verify::ecdsa_r};

use crate::error::KeyError;

/// A key's last ECDSA signatures. A generator that is stuck or was set back repeats itself soon; one that repeats itself later than `capacity` signatures is
/// not noticed here.
#[derive(Debug)]
pub struct Nonces {
    recent: VecDeque<Vec<u8>>,
    capacity: usize,
}

impl Nonces {
    /// Remembers so many, one at least.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { recent: VecDeque::new(), capacity: capacity.max(1) }
    }

    /// Looks at a signature before it leaves: DER of `SEQUENCE { r INTEGER, s INTEGER }`, or of a kind that has no `r`.
    ///
    /// # Errors
    /// [`KeyError::WrongAnswer`] without an `r`, or for one that another signature had. The same signature again is no fault: RFC 6979 makes it of the same
    /// message.
    pub fn check(&mut self, algorithm: KeyAlgorithm, signature: &[u8]) -> Result<(), KeyError> {
        match algorithm {
            KeyAlgorithm::P256 | KeyAlgorithm::P384 | KeyAlgorithm::P521 => {}
            KeyAlgorithm::Rsa { .. }
            | KeyAlgorithm::Ed25519
            | KeyAlgorithm::MlDsa44
            | KeyAlgorithm::MlDsa65
            | KeyAlgorithm::MlDsa87 => return Ok(()),
        }
        let r = ecdsa_r(signature).ok_or(KeyError::WrongAnswer)?;
        if let Some(before) = self.recent.iter().find(|before| ecdsa_r(before) == Some(r)) {
            return if before == signature { Ok(()) } else { Err(KeyError::WrongAnswer) };
        }
        // The oldest one's memory serves the newest.
        let oldest = if self.recent.len() < self.capacity { None } else { self.recent.pop_front() };
        let mut newest = oldest.unwrap_or_default();
        newest.clear();
        newest.extend_from_slice(signature);
        self.recent.push_back(newest);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn of(r: u8, s: u8) -> [u8; 8] {
        [0x30, 6, 2, 1, r, 2, 1, s]
    }

    #[test]
    fn the_same_r_is_refused_as_long_as_it_is_remembered_thr_66() {
        let mut nonces = Nonces::new(2);
        let mut check = |r, s| nonces.check(KeyAlgorithm::P256, &of(r, s));
        assert_eq!(
            [check(1, 1), check(2, 1), check(1, 2), check(2, 3)].map(|it| it.is_ok()),
            [true, true, false, false]
        );
        assert_eq!(check(1, 1), Ok(()), "the same message, signed as RFC 6979 says");
        assert_eq!([check(3, 1), check(1, 3)], [Ok(()), Ok(())], "only the last two are remembered");
    }

    #[test]
    fn other_kinds_have_no_r() {
        let mut nonces = Nonces::new(1);
        for _ in 0..2 {
            assert_eq!(nonces.check(KeyAlgorithm::Ed25519, &of(1, 1)), Ok(()));
        }
        assert_eq!(nonces.check(KeyAlgorithm::P384, b"no DER"), Err(KeyError::WrongAnswer));
    }
}
