//! Refusals by class since they were last asked for: atomics only, so that strangers cost no lock and no log entry each.

use std::{
    array,
    sync::atomic::{AtomicU64, Ordering},
};

use kokuin_web::{Refused, RefusedCounts};

use crate::RefusalClass;

/// One counter for each class, and for each status that is given before a body is parsed.
#[derive(Debug)]
pub struct RefusalCounts {
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
    pub fn add(&self, class: RefusalClass) {
        self.classes[class.index()].fetch_add(1, Ordering::Relaxed);
    }

    /// Counts one that was turned away before its body was parsed.
    pub fn add_refused(&self, refused: &Refused) {
        self.at_the_door.add(refused);
    }

    /// Counts one that was answered with this HTTP status instead.
    pub fn add_status(&self, status: u16) {
        self.at_the_door.add_status(status);
    }

    /// What was counted since the last call, by the name of its class; classes without any left out.
    pub fn take(&self) -> Vec<(&'static str, u64)> {
        let taken =
            RefusalClass::ALL.map(|class| (class.code(), self.classes[class.index()].swap(0, Ordering::Relaxed)));
        let taken = taken.into_iter().filter(|(_, count)| *count > 0);
        taken.chain(self.at_the_door.take()).collect()
    }

    /// Puts back what could not be recorded.
    pub fn restore(&self, class: &str, count: u64) {
        match RefusalClass::ALL.into_iter().find(|known| known.code() == class) {
            Some(known) => drop(self.classes[known.index()].fetch_add(count, Ordering::Relaxed)),
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
        counts.add(RefusalClass::Version);
        counts.add(RefusalClass::Extension);
        counts.add(RefusalClass::Version);
        counts.add_refused(&Refused::NotFound);
        counts.add_status(422);
        assert_eq!(counts.take(), [("tsa.version", 2), ("tsa.extension", 1), ("http-404", 1), ("http-422", 1)]);
        assert_eq!(counts.take(), []);
        counts.restore("tsa.version", 2);
        counts.restore("http-404", 3);
        assert_eq!(counts.take(), [("tsa.version", 2), ("http-404", 3)]);
    }
}
