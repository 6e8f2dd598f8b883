//! Refusals by class since they were last asked for: atomics only, so that strangers cost no lock and no log entry each.

use std::{
    array,
    sync::atomic::{AtomicU64, Ordering},
};

use kokuin_web::{Refused, RefusedCounts};

use crate::error::RefusalClass;

/// One counter for each class, and for each status that is given before a body is taken apart.
#[derive(Debug)]
pub(crate) struct RefusalCounts {
    classes: [AtomicU64; RefusalClass::ALL.len()],
    at_the_door: RefusedCounts,
}

impl Default for RefusalCounts {
    fn default() -> Self {
        Self { classes: array::from_fn(|_| AtomicU64::new(0)), at_the_door: RefusedCounts::default() }
    }
}

impl RefusalCounts {
    /// Counts one.
    pub(crate) fn add(&self, class: RefusalClass) {
        if let Some(cell) = self.classes.get(class.index()) {
            cell.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Counts one that was turned away before its body was taken apart.
    pub(crate) fn add_refused(&self, refused: &Refused) {
        self.at_the_door.add(refused);
    }

    /// What was counted since the last call, by the name of its class; classes without any left out.
    pub(crate) fn take(&self) -> Vec<(&'static str, u64)> {
        let counts = RefusalClass::ALL.into_iter().zip(&self.classes);
        let taken = counts.map(|(class, cell)| (class.code(), cell.swap(0, Ordering::Relaxed)));
        taken.filter(|(_, count)| *count > 0).chain(self.at_the_door.take()).collect()
    }

    /// Puts back what could not be recorded.
    pub(crate) fn restore(&self, class: &str, count: u64) {
        match RefusalClass::ALL.into_iter().zip(&self.classes).find(|(known, _)| known.code() == class) {
            Some((_, cell)) => drop(cell.fetch_add(count, Ordering::Relaxed)),
            None => self.at_the_door.restore(class, count),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_each_class_once() {
        let counts = RefusalCounts::default();
        counts.add(RefusalClass::Tsa);
        counts.add(RefusalClass::Document);
        counts.add(RefusalClass::Tsa);
        counts.add_refused(&Refused::Forbidden);
        assert_eq!(counts.take(), [("document", 1), ("tsa", 2), ("http-403", 1)]);
        assert_eq!(counts.take(), []);
        counts.restore("tsa", 2);
        counts.restore("http-403", 3);
        assert_eq!(counts.take(), [("tsa", 2), ("http-403", 3)]);
    }
}
