//! Refusals by class since they were last asked for: atomics only, so that strangers cost no lock and no log entry each.

use std::{
    array,
    sync::atomic::{AtomicU64, Ordering},
};

use crate::error::RefusalClass;

/// One counter for each class.
#[derive(Debug)]
pub(crate) struct RefusalCounts([AtomicU64; RefusalClass::ALL.len()]);

impl Default for RefusalCounts {
    fn default() -> Self {
        Self(array::from_fn(|_| AtomicU64::new(0)))
    }
}

impl RefusalCounts {
    /// Counts some.
    pub(crate) fn add(&self, class: RefusalClass, count: u64) {
        if let Some(cell) = self.0.get(class.index()) {
            cell.fetch_add(count, Ordering::Relaxed);
        }
    }

    /// What was counted since the last call, classes without any left out.
    pub(crate) fn take(&self) -> Vec<(RefusalClass, u64)> {
        let counts = RefusalClass::ALL.into_iter().zip(&self.0);
        let taken = counts.map(|(class, cell)| (class, cell.swap(0, Ordering::Relaxed)));
        taken.filter(|(_, count)| *count > 0).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_each_class_once() {
        let counts = RefusalCounts::default();
        counts.add(RefusalClass::Tsa, 1);
        counts.add(RefusalClass::Document, 2);
        counts.add(RefusalClass::Tsa, 1);
        assert_eq!(counts.take(), [(RefusalClass::Document, 2), (RefusalClass::Tsa, 2)]);
        assert_eq!(counts.take(), []);
    }
}
