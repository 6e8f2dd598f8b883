//! Hash trees as RFC 4998 4.2 makes them: sort, concatenate, hash; one value alone stays as it is (ERS-02).

use kokuin_suite::{DigestAlgorithm, Hasher};

/// One value for a group of hashes, whose order means nothing.
pub(crate) fn join(algorithm: DigestAlgorithm, hashes: &[&[u8]]) -> Vec<u8> {
    if let [alone] = hashes {
        return alone.to_vec();
    }
    let mut sorted = hashes.to_vec();
    sorted.sort_unstable();
    concatenated(algorithm, &sorted)
}

/// The hash of `parts` in the order given.
pub(crate) fn concatenated(algorithm: DigestAlgorithm, parts: &[&[u8]]) -> Vec<u8> {
    let mut hasher = Hasher::new(algorithm);
    parts.iter().for_each(|part| hasher.update(part));
    hasher.finish()
}

/// The root of a reduced hash tree: each list is joined together with what came of the lists before.
pub(crate) fn root(algorithm: DigestAlgorithm, lists: &[Vec<&[u8]>]) -> Vec<u8> {
    let mut below: Option<Vec<u8>> = None;
    for list in lists {
        let group: Vec<&[u8]> = below.as_deref().into_iter().chain(list.iter().copied()).collect();
        below = Some(join(algorithm, &group));
    }
    below.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use kokuin_suite::digest;

    use super::*;

    #[test]
    fn ers_02_sorts_joins_and_leaves_one_value_alone() {
        let sha256 = DigestAlgorithm::Sha256;
        assert_eq!(join(sha256, &[b"b", b"a"]), digest(sha256, b"ab"));
        assert_eq!(join(sha256, &[b"a", b"b"]), digest(sha256, b"ab"));
        assert_eq!(join(sha256, &[b"alone"]), b"alone");
        assert_eq!(join(sha256, &[b"a", b"a"]), digest(sha256, b"aa"));
    }

    #[test]
    fn ers_02_what_came_of_a_list_joins_the_next() {
        let sha256 = DigestAlgorithm::Sha256;
        let (first, second) = ([1_u8; 32], [2_u8; 32]);
        let expected = digest(sha256, &[first, second].concat());
        assert_eq!(root(sha256, &[vec![&first], vec![&second]]), expected);
        assert_eq!(root(sha256, &[vec![&second], vec![&first]]), expected);
    }
}
