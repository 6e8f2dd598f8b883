//! Counters whose cells are looked up once: a request only adds.

use std::sync::Arc;

use arc_swap::ArcSwap;
use kokuin_audit::entry::LogTime;
use kokuin_web::metrics::{Counter, Label, Registry};

use crate::{
    RefusalClass, life::Phase, seat::Seat, service::clock_micros, timekeeper::TimeBase, unit::Unit, units::Units,
};

/// What is shown of each unit, under its configured name: nothing that a request can choose (THR-86). Looked at when it is asked for.
pub(crate) fn observe_units(registry: &Registry, units: &Arc<ArcSwap<Units>>, base: &Arc<TimeBase>) {
    let each = |name, help, read: fn(&Unit, i64) -> Option<i64>| {
        let (units, base) = (Arc::clone(units), Arc::clone(base));
        registry.observe_named(name, help, "tsu", move || {
            let now = clock_micros(base.clock(), LogTime::system_now());
            let units = units.load();
            units.all().iter().filter_map(|unit| Some((unit.name().to_owned(), read(unit, now)?))).collect()
        });
    };
    each("kokuin_tsa_tsu_tokens_total", "Tokens that left, by TSU.", |unit, _| {
        i64::try_from(unit.counts.tokens.value()).ok()
    });
    each("kokuin_tsa_tsu_refused_total", "Requests without a token, by TSU.", |unit, _| {
        i64::try_from(unit.counts.refused.value()).ok()
    });
    let help = "0 retired, 1 prepared, 2 suspended, 3 failing, 4 active.";
    each("kokuin_tsa_tsu_state", help, |unit, _| Some(i64::from(unit.standing().number())));
    each("kokuin_tsa_tsu_certificate_days", "Days until the TSU's certificate ends.", |unit, now| {
        days(now, signing(unit, now)?.tsu().certificate().not_after())
    });
    each("kokuin_tsa_tsu_key_days", "Days until the TSU's key may not be used any more.", |unit, now| {
        days(now, signing(unit, now)?.tsu().key_end()?)
    });
    each("kokuin_tsa_tsu_algorithm_days", "Days until an algorithm of the TSU ends.", |unit, now| {
        days(now, signing(unit, now)?.tsu().algorithms_end()?)
    });
}

/// The seat that signs, or else the first that will.
fn signing(unit: &Unit, now: i64) -> Option<&Seat> {
    let of = |phase| unit.seats().iter().find(move |seat| seat.tsu().life().phase_at(now) == phase);
    of(Phase::Active).or_else(|| of(Phase::Prepared))
}

/// Whole days from `now`, microseconds, to `end`, seconds since 1970; below zero once it is over.
fn days(now: i64, end: i64) -> Option<i64> {
    Some(end.checked_sub(now.div_euclid(1_000_000))?.div_euclid(86_400))
}

/// What a service counts for operators. Labels are classes, never anything a stranger can choose (THR-86).
#[derive(Debug)]
pub(crate) struct Meter {
    tokens: Counter,
    refusals: [Counter; RefusalClass::ALL.len()],
}

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

impl Meter {
    /// Cells in `registry`.
    pub(crate) fn new(registry: &Registry) -> Self {
        let label = Label { name: "code", values: &CODES };
        let refusals = registry.labelled("kokuin_tsa_refusals_total", "Requests without a token, by rule.", label);
        Self {
            tokens: registry.counter("kokuin_tsa_tokens_total", "Tokens that left."),
            refusals: CODES.map(|code| refusals.cell(code)),
        }
    }

    /// A token left.
    pub(crate) fn token(&self) {
        self.tokens.add(1);
    }

    /// A request was refused.
    pub(crate) fn refusal(&self, class: RefusalClass) {
        self.refusals[class.index()].add(1);
    }
}
