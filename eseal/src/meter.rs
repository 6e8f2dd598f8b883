//! Numbers for operators. Labels are classes, never anything a stranger can choose (THR-86).

use kokuin_web::metrics::{Counter, Label, Registry};

use crate::error::RefusalClass;

/// Bounds of the duration of a seal, microseconds.
const BOUNDS_US: [u64; 8] = [5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 5_000_000];

/// The codes of all classes.
const CODES: [&str; RefusalClass::ALL.len()] = {
    let mut codes = [""; RefusalClass::ALL.len()];
    let mut place = 0;
    while place < codes.len() {
        codes[place] = RefusalClass::ALL[place].code();
        place += 1;
    }
    codes
};

/// What a service counts.
#[derive(Debug)]
pub(crate) struct Meter {
    seals: Counter,
    refusals: [Counter; RefusalClass::ALL.len()],
    duration: kokuin_web::metrics::Histogram,
}

impl Meter {
    pub(crate) fn new(registry: &Registry) -> Self {
        let label = Label { name: "class", values: &CODES };
        let refusals = registry.labelled("kokuin_eseal_refusals_total", "Requests without a seal, by class.", label);
        Self {
            seals: registry.counter("kokuin_eseal_seals_total", "Seals that left."),
            refusals: CODES.map(|code| refusals.cell(code)),
            duration: registry.histogram("kokuin_eseal_seal_seconds", "From document to recorded seal.", &BOUNDS_US),
        }
    }

    pub(crate) fn seal(&self, took: std::time::Duration) {
        self.seals.add(1);
        self.duration.record(took);
    }

    pub(crate) fn refusal(&self, class: RefusalClass) {
        if let Some(counter) = self.refusals.get(class.index()) {
            counter.add(1);
        }
    }
}
