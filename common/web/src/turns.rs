//! How many do something costly at a time, and how many may wait for it.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::Refused;

/// Turns at something that reads the store, or makes it work, while tokens and seals write to it. Clones share them.
#[derive(Clone, Debug)]
pub struct Turns {
    running: Arc<Semaphore>,
    queue: Arc<Semaphore>,
}

/// A turn, given back when dropped. It goes with the work, which runs to its end even if nobody waits for it any more.
#[derive(Debug)]
pub struct Turn {
    _running: OwnedSemaphorePermit,
    _queued: OwnedSemaphorePermit,
}

impl Turns {
    /// `running` at a time, and `waiting` behind them.
    #[must_use]
    pub fn new(running: usize, waiting: usize) -> Self {
        Self { running: Arc::new(Semaphore::new(running)), queue: Arc::new(Semaphore::new(running + waiting)) }
    }

    /// A turn, at once or after those who came before.
    ///
    /// # Errors
    /// [`Refused::Busy`] (503) if too many wait.
    pub async fn turn(&self) -> Result<Turn, Refused> {
        let busy = || Refused::Busy { retry_after_s: 1 };
        let queued = Arc::clone(&self.queue).try_acquire_owned().map_err(|_| busy())?;
        let running = Arc::clone(&self.running).acquire_owned().await.map_err(|_| busy())?;
        Ok(Turn { _running: running, _queued: queued })
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[actix_web::test]
    async fn few_run_some_wait_and_the_rest_is_told_so_thr_95() {
        let turns = Turns::new(2, 128);
        let running = [turns.turn().await.unwrap(), turns.turn().await.unwrap()];
        let mut waiting: Vec<_> = (0..128).map(|_| Box::pin(turns.turn())).collect();
        for one in &mut waiting {
            assert!(one.as_mut().now_or_never().is_none());
        }
        assert_eq!(turns.turn().await.err(), Some(Refused::Busy { retry_after_s: 1 }));
        drop(running);
        assert!(waiting.remove(0).await.is_ok());
    }
}
