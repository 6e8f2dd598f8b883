//! What must hold between what clients hold and what the log says.

use std::collections::{BTreeMap, HashMap, HashSet};

use kokuin_audit::{Hash, entry::Digest};

use crate::clients::Token;

pub(crate) fn check(good: bool, why: impl FnOnce() -> String) -> anyhow::Result<()> {
    if good { Ok(()) } else { Err(anyhow::Error::msg(why())) }
}

/// Every token is logged under its serial number, with its own digest.
pub(crate) fn logged(log: &HashMap<Vec<u8>, Digest>, held: &[Token]) -> anyhow::Result<()> {
    let lost: Vec<_> = held.iter().filter(|token| log.get(&token.serial) != Some(&token.digest)).collect();
    check(lost.is_empty(), || format!("{} of {} are not, first {:?}", lost.len(), held.len(), lost.first()))
}

/// No serial number is in the log twice, nor with two clients.
pub(crate) fn unique(twice: &[String], held: &[Token]) -> anyhow::Result<()> {
    check(twice.is_empty(), || format!("in the log: {twice:?}"))?;
    let serials: HashSet<&[u8]> = held.iter().map(|token| token.serial.as_slice()).collect();
    check(serials.len() == held.len(), || "two clients hold the same".to_owned())
}

/// Every checkpoint that was shown is what the log's first entries make.
pub(crate) fn consistent(
    roots: &BTreeMap<u64, Hash>,
    log_size: u64,
    shown: impl IntoIterator<Item = (u64, Hash)>,
) -> anyhow::Result<()> {
    for (size, root) in shown {
        check(size <= log_size, || format!("size {size} was shown, the log has {log_size}"))?;
        let own = if size == 0 { Some(Hash::empty_root()) } else { roots.get(&size).copied() };
        check(own == Some(root), || format!("another root at size {size}"))?;
    }
    Ok(())
}

/// No token is earlier than the one before.
pub(crate) fn forward(tokens: &[Token]) -> anyhow::Result<()> {
    let back = tokens.windows(2).find(|pair| pair[1].gen_time < pair[0].gen_time);
    check(back.is_none(), || format!("it went back: {back:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(serial: u8, gen_time: i64) -> Token {
        Token { serial: vec![serial], digest: Digest::of(&[serial]), gen_time }
    }

    #[test]
    fn finds_a_token_that_is_not_logged_thr_44() {
        let held = [token(1, 0), token(2, 0)];
        let mut log: HashMap<_, _> = held.iter().map(|token| (token.serial.clone(), token.digest)).collect();
        assert!(logged(&log, &held).is_ok());
        log.insert(vec![2], Digest::of(b"another token"));
        assert!(logged(&log, &held).is_err());
        log.remove(&vec![2]);
        assert!(logged(&log, &held).is_err());
    }

    #[test]
    fn finds_a_serial_number_given_twice_thr_44() {
        assert!(unique(&[], &[token(1, 0), token(2, 0)]).is_ok());
        assert!(unique(&[], &[token(1, 0), token(1, 1)]).is_err());
        assert!(unique(&["01".to_owned()], &[]).is_err());
    }

    #[test]
    fn finds_a_history_that_was_changed_or_cut_thr_44() {
        let (root, other) = (Hash::leaf(b"a"), Hash::leaf(b"b"));
        let roots = BTreeMap::from([(1, root)]);
        assert!(consistent(&roots, 5, [(0, Hash::empty_root()), (1, root)]).is_ok());
        assert!(consistent(&roots, 5, [(1, other)]).is_err());
        assert!(consistent(&roots, 5, [(6, root)]).is_err());
        assert!(consistent(&roots, 5, [(2, root)]).is_err());
    }

    #[test]
    fn finds_time_that_goes_back_thr_36() {
        assert!(forward(&[token(1, 5), token(2, 5), token(3, 6)]).is_ok());
        assert!(forward(&[token(1, 5), token(2, 4)]).is_err());
    }
}
