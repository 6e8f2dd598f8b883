//! A wrap key in the hands of several people: Shamir's scheme, by the crate `blahaj`. The device has no such thing.

use std::collections::BTreeSet;

use blahaj::Sharks;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::manifest::{Custodians, ObjectId};
use crate::yubihsm::manage::secrets::SIZE;
use crate::yubihsm::manage::spki;

/// One person's share, as its file has it.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Share {
    /// The wrap key's number on the device.
    pub wrap_key: String,
    /// Its label.
    pub label: String,
    /// Which share it is, from 1.
    pub number: u8,
    /// How many there are.
    pub shares: u8,
    /// How many are needed.
    pub threshold: u8,
    /// SHA-256 of the whole key: of 32 random octets it tells nothing, and shows that the right shares came together.
    pub key_sha256: String,
    /// The share itself, hexadecimal.
    pub share: String,
}

impl std::fmt::Debug for Share {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Share({} of {} of {})", self.number, self.shares, self.wrap_key)
    }
}

/// Why shares are not a key.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SharesError {
    /// Too few people.
    #[error("{found} shares of {threshold} that are needed")]
    TooFew {
        /// Given.
        found: usize,
        /// Needed.
        threshold: u8,
    },
    /// One share given twice.
    #[error("share {0} is given twice")]
    Twice(u8),
    /// Shares of several keys.
    #[error("share {0} is of another key")]
    Other(u8),
    /// A share that is none.
    #[error("share {0} is damaged")]
    Damaged(u8),
    /// What comes of them is not the key.
    #[error("the shares do not make the key they were made of: one of them is not what it was")]
    Wrong,
}

impl SharesError {
    /// Stable name, for logs and `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooFew { .. } => "hsm.shares-too-few",
            Self::Twice(_) => "hsm.shares-twice",
            Self::Other(_) => "hsm.shares-other",
            Self::Damaged(_) => "hsm.shares-damaged",
            Self::Wrong => "hsm.shares-wrong",
        }
    }

    /// The text that makes it a rule.
    #[must_use]
    pub const fn clause(&self) -> &'static str {
        "EN 319 421 7.6.2"
    }
}

/// Splits a key.
#[must_use]
pub fn split(id: ObjectId, label: &str, custodians: Custodians, key: &[u8; SIZE]) -> Vec<Share> {
    let dealt = Sharks(custodians.threshold).dealer(key).take(custodians.shares.into());
    let share = |(number, share): (u8, blahaj::Share)| Share {
        wrap_key: id.to_string(),
        label: label.to_owned(),
        number,
        shares: custodians.shares,
        threshold: custodians.threshold,
        key_sha256: spki::fingerprint(key),
        share: hex::encode(Zeroizing::new(Vec::from(&share))),
    };
    (1..=u8::MAX).zip(dealt).map(share).collect()
}

/// Puts a key together.
///
/// # Errors
/// [`SharesError`]; nothing is learned of the key then.
pub fn recover(shares: &[Share]) -> Result<Zeroizing<[u8; SIZE]>, SharesError> {
    let Some(first) = shares.first() else { return Err(SharesError::TooFew { found: 0, threshold: 2 }) };
    let mut numbers = BTreeSet::new();
    let mut parts = Vec::new();
    for share in shares {
        if (&share.wrap_key, &share.key_sha256, share.threshold)
            != (&first.wrap_key, &first.key_sha256, first.threshold)
        {
            return Err(SharesError::Other(share.number));
        }
        let damaged = || SharesError::Damaged(share.number);
        let octets = Zeroizing::new(hex::decode(&share.share).map_err(|_| damaged())?);
        if octets.len() != SIZE + 1 || octets.first() != Some(&share.number) {
            return Err(damaged());
        }
        if !numbers.insert(share.number) {
            return Err(SharesError::Twice(share.number));
        }
        parts.push(blahaj::Share::try_from(octets.as_slice()).map_err(|_| damaged())?);
    }
    let threshold = first.threshold;
    if parts.len() < usize::from(threshold) || threshold < 2 {
        return Err(SharesError::TooFew { found: parts.len(), threshold });
    }
    let octets = Zeroizing::new(Sharks(threshold).recover(&parts).map_err(|_| SharesError::Wrong)?);
    let key: [u8; SIZE] = octets.as_slice().try_into().map_err(|_| SharesError::Wrong)?;
    let key = Zeroizing::new(key);
    if spki::fingerprint(key.as_slice()) != first.key_sha256 {
        return Err(SharesError::Wrong);
    }
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OF: Custodians = Custodians { shares: 5, threshold: 3 };

    fn id() -> ObjectId {
        ObjectId::new(0x10).unwrap()
    }

    #[test]
    fn any_three_of_five_have_the_key_and_no_two() {
        let key = [7; SIZE];
        let shares = split(id(), "backup", OF, &key);
        assert_eq!(shares.len(), 5);
        for a in 0..5 {
            for b in (0..5).filter(|b| *b != a) {
                let two = [shares[a].clone(), shares[b].clone()];
                assert_eq!(recover(&two), Err(SharesError::TooFew { found: 2, threshold: 3 }));
                for c in (0..5).filter(|c| *c != a && *c != b) {
                    let three = [two.as_slice(), &[shares[c].clone()]].concat();
                    assert_eq!(*recover(&three).unwrap(), key);
                }
            }
        }
        assert_eq!(*recover(&shares).unwrap(), key, "all of them too");
    }

    #[test]
    fn shares_that_are_not_what_they_were_make_no_key() {
        let shares = split(id(), "backup", OF, &[7; SIZE]);
        let with = |change: fn(&mut Share)| {
            let mut shares = shares[..3].to_vec();
            change(&mut shares[1]);
            recover(&shares).unwrap_err()
        };
        assert_eq!(with(|share| share.share.replace_range(4..5, "")), SharesError::Damaged(2));
        assert_eq!(with(|share| share.number = 9), SharesError::Damaged(9));
        assert_eq!(with(|share| share.threshold = 2), SharesError::Other(2));
        let changed = with(|share| {
            let flipped = if share.share.ends_with('0') { "1" } else { "0" };
            share.share.replace_range(65..66, flipped);
        });
        assert_eq!(changed, SharesError::Wrong);
        let twice = [shares[0].clone(), shares[0].clone(), shares[1].clone()];
        assert_eq!(recover(&twice), Err(SharesError::Twice(1)));
        let other = split(id(), "backup", OF, &[8; SIZE]);
        let mixed = [shares[0].clone(), shares[1].clone(), other[2].clone()];
        assert_eq!(recover(&mixed), Err(SharesError::Other(3)));
        assert_eq!(recover(&[]), Err(SharesError::TooFew { found: 0, threshold: 2 }));
    }

    /// A threshold that somebody wrote smaller into every share makes no key of too few of them.
    #[test]
    fn a_smaller_threshold_in_the_files_helps_nobody() {
        let mut shares = split(id(), "backup", OF, &[7; SIZE]);
        for share in &mut shares {
            share.threshold = 2;
        }
        assert_eq!(recover(&shares[..2]), Err(SharesError::Wrong));
    }

    #[test]
    fn nothing_shows_a_share_thr_104() {
        let shares = split(id(), "backup", OF, &[7; SIZE]);
        assert_eq!(format!("{:?}", shares[0]), "Share(1 of 5 of 0x0010)");
    }
}
