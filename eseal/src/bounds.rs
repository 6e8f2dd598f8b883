//! How many seals may be where at a time. What waits for others, or takes memory, never takes all there is.

use std::{
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread::available_parallelism,
};

use crate::error::SealError;

/// Seals at a time, from the first octet of a body to the answer.
pub(crate) const SEALS: u32 = 64;

/// Of these, how many may wait for the TSA: when it is slow, the others go on.
const AT_TSA: usize = 32;

/// Places, of which a limited number is taken at a time.
#[derive(Clone, Debug)]
pub(crate) struct Places(Arc<(Mutex<usize>, Condvar)>);

/// Some places; given back when dropped.
#[derive(Debug)]
pub(crate) struct Taken {
    places: Places,
    count: usize,
}

impl Places {
    pub(crate) fn new(count: usize) -> Self {
        Self(Arc::new((Mutex::new(count), Condvar::new())))
    }

    /// One for each processor: a document being read may take hundreds of megabytes.
    pub(crate) fn per_processor() -> Self {
        Self::new(available_parallelism().map_or(1, std::num::NonZero::get))
    }

    /// Those who wait for the TSA.
    pub(crate) fn at_tsa() -> Self {
        Self::new(AT_TSA)
    }

    /// Takes `count` if so many are free.
    pub(crate) fn take(&self, count: usize) -> Option<Taken> {
        let mut free = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        *free = free.checked_sub(count)?;
        Some(Taken { places: self.clone(), count })
    }

    /// Waits for one.
    pub(crate) fn wait(&self) -> Taken {
        let free = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut free = self.0.1.wait_while(free, |free| *free == 0).unwrap_or_else(PoisonError::into_inner);
        *free -= 1;
        Taken { places: self.clone(), count: 1 }
    }

    /// Takes one for the way to the TSA.
    ///
    /// # Errors
    /// [`SealError::TsaBusy`].
    pub(crate) fn ask_tsa(&self) -> Result<Taken, SealError> {
        self.take(1).ok_or(SealError::TsaBusy)
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        *self.places.0.0.lock().unwrap_or_else(PoisonError::into_inner) += self.count;
        self.places.0.1.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_no_more_than_there_are_and_takes_them_back() {
        let places = Places::new(3);
        let two = places.take(2);
        assert!(two.is_some() && places.take(2).is_none());
        let one = places.wait();
        assert!(places.take(1).is_none());
        drop((one, two));
        assert!(places.take(3).is_some());
    }
}
