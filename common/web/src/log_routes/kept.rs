//! Pieces of logs that were read lately, and how many reads run at a time.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use actix_web::web::Bytes;

use crate::Turns;

/// Full pieces that are kept. They never change.
const PIECES: usize = 64;
/// Octets of them, together; a piece of more than an eighth of it is not kept.
const OCTETS: usize = 16 << 20;
/// Reads of the store at a time, over all workers: tokens and seals write to it meanwhile.
const READS: usize = 2;
/// Requests that may wait for one; more are answered 503.
const WAITING: usize = 128;

/// Shared by all workers of a listener.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    shared: Arc<Shared>,
    /// To read the store.
    pub(super) turns: Turns,
}

#[derive(Debug, Default)]
struct Shared {
    /// The one that was asked for last stands at the end.
    pieces: Mutex<VecDeque<(Key, Bytes)>>,
}

/// Origin of the log, and the path below it.
type Key = (String, String);

impl Default for Kept {
    fn default() -> Self {
        Self { shared: Arc::default(), turns: Turns::new(READS, WAITING) }
    }
}

impl Kept {
    /// The piece at `path` of the log `origin`, if it was kept.
    pub(super) fn find(&self, origin: &str, path: &str) -> Option<Bytes> {
        let mut pieces = self.shared.pieces.lock().unwrap_or_else(PoisonError::into_inner);
        let at = pieces.iter().position(|((its_origin, its_path), _)| its_path == path && its_origin == origin)?;
        let piece = pieces.remove(at)?;
        let bytes = piece.1.clone();
        pieces.push_back(piece);
        Some(bytes)
    }

    /// Keeps a full piece. Those that nobody asked for longest go.
    pub(super) fn keep(&self, origin: &str, path: &str, bytes: &Bytes) {
        if bytes.len() > OCTETS / 8 {
            return;
        }
        let mut pieces = self.shared.pieces.lock().unwrap_or_else(PoisonError::into_inner);
        pieces.retain(|((its_origin, its_path), _)| its_path != path || its_origin != origin);
        pieces.push_back(((origin.to_owned(), path.to_owned()), bytes.clone()));
        let mut octets: usize = pieces.iter().map(|(_, bytes)| bytes.len()).sum();
        while pieces.len() > PIECES || octets > OCTETS {
            octets -= pieces.pop_front().map_or(octets, |(_, bytes)| bytes.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_what_was_asked_for_last_and_no_more_than_it_may_thr_95() {
        let kept = Kept::default();
        let piece = |octets: usize| Bytes::from(vec![0; octets]);
        for n in 0..PIECES {
            kept.keep("log", &n.to_string(), &piece(1));
        }
        assert!(kept.find("log", "0").is_some());
        kept.keep("log", "new", &piece(1));
        let there = |path: &str| kept.find("log", path).is_some();
        assert_eq!((there("0"), there("1"), there("new")), (true, false, true));
        assert!(kept.find("other", "0").is_none(), "each log has pieces of its own");
        kept.keep("log", "large", &piece(OCTETS / 8 + 1));
        assert!(kept.find("log", "large").is_none());
        for n in 0..10 {
            kept.keep("log", &format!("eighth {n}"), &piece(OCTETS / 8));
        }
        let octets: usize = kept.shared.pieces.lock().unwrap().iter().map(|(_, bytes)| bytes.len()).sum();
        assert_eq!(octets, OCTETS);
    }
}
