//! Pieces of logs that were read lately, and how many reads run at a time.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use actix_web::web::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::Refused;

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
pub(super) struct Kept(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// The one that was asked for last stands at the end.
    pieces: Mutex<VecDeque<(Key, Bytes)>>,
    reads: Arc<Semaphore>,
    queue: Arc<Semaphore>,
}

/// Origin of the log, and the path below it.
type Key = (String, String);

impl Default for Kept {
    fn default() -> Self {
        Self(Arc::new(Shared {
            pieces: Mutex::default(),
            reads: Arc::new(Semaphore::new(READS)),
            queue: Arc::new(Semaphore::new(READS + WAITING)),
        }))
    }
}

/// A turn to read the store. It goes with the read, which runs to its end even if nobody waits for it any more.
pub(super) struct Turn {
    _read: OwnedSemaphorePermit,
    _queued: OwnedSemaphorePermit,
}

impl Kept {
    /// The piece at `path` of the log `origin`, if it was kept.
    pub(super) fn find(&self, origin: &str, path: &str) -> Option<Bytes> {
        let mut pieces = self.0.pieces.lock().unwrap_or_else(PoisonError::into_inner);
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
        let mut pieces = self.0.pieces.lock().unwrap_or_else(PoisonError::into_inner);
        pieces.retain(|((its_origin, its_path), _)| its_path != path || its_origin != origin);
        pieces.push_back(((origin.to_owned(), path.to_owned()), bytes.clone()));
        let mut octets: usize = pieces.iter().map(|(_, bytes)| bytes.len()).sum();
        while pieces.len() > PIECES || octets > OCTETS {
            octets -= pieces.pop_front().map_or(octets, |(_, bytes)| bytes.len());
        }
    }

    /// A turn, at once or after those who came before.
    ///
    /// # Errors
    /// [`Refused::Busy`] if too many wait.
    pub(super) async fn turn(&self) -> Result<Turn, Refused> {
        let busy = || Refused::Busy { retry_after_s: 1 };
        let queued = Arc::clone(&self.0.queue).try_acquire_owned().map_err(|_| busy())?;
        let read = Arc::clone(&self.0.reads).acquire_owned().await.map_err(|_| busy())?;
        Ok(Turn { _read: read, _queued: queued })
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

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
        let octets: usize = kept.0.pieces.lock().unwrap().iter().map(|(_, bytes)| bytes.len()).sum();
        assert_eq!(octets, OCTETS);
    }

    #[actix_web::test]
    async fn few_read_some_wait_and_the_rest_is_told_so_thr_95() {
        let kept = Kept::default();
        let turns = [kept.turn().await.unwrap(), kept.turn().await.unwrap()];
        let mut waiting: Vec<_> = (0..WAITING).map(|_| Box::pin(kept.turn())).collect();
        for one in &mut waiting {
            assert!(one.as_mut().now_or_never().is_none());
        }
        assert_eq!(kept.turn().await.err(), Some(Refused::Busy { retry_after_s: 1 }));
        drop(turns);
        assert!(waiting.remove(0).await.is_ok());
    }
}
