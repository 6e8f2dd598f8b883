//! Refusals by class since they were last asked for: atomics only, so that strangers cost no lock and no log entry each.

use std::{
    array,
    sync::atomic::{AtomicU64, Ordering},
};

use crate::RefusalClass;

/// One counter for each class.
#[derive(Debug)]
pub struct RefusalCounts([AtomicU64; RefusalClass::ALL.len()]);

impl Default for RefusalCounts {
    fn default() -> Self {
        Self(array::from_fn(|_| AtomicU64::new(0)))
    }
}

impl RefusalCounts {
    /// Counts one.
    pub fn add(&self, class: RefusalClass) {
        self.0[class.index()].fetch_add(1, Ordering::Relaxed);
    }

    /// What was counted since the last call, classes without any left out.
    pub fn take(&self) -> Vec<(RefusalClass, u64)> {
        let taken = RefusalClass::ALL.map(|class| (class, self.0[class.index()].swap(0, Ordering::Relaxed)));
        taken.into_iter().filter(|(_, count)| *count > 0).collect()
    }

    /// Puts back what could not be recorded.
    pub fn restore(&self, class: RefusalClass, count: u64) {
        self.0[class.index()].fetch_add(count, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_each_class_once() {
        let counts = RefusalCounts::default();
        counts.add(RefusalClass::Version);
        counts.add(RefusalClass::Extension);
        counts.add(RefusalClass::Version);
        assert_eq!(counts.take(), [(RefusalClass::Version, 2), (RefusalClass::Extension, 1)]);
        assert_eq!(counts.take(), []);
        counts.restore(RefusalClass::Version, 2);
        assert_eq!(counts.take(), [(RefusalClass::Version, 2)]);
    }
}
