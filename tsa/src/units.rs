//! All units of one configuration. Requests see one such list from their begin to their end, whatever is loaded meanwhile.

use std::sync::Arc;

use crate::{
    seat::Seat,
    timekeeper::Timekeeper,
    unit::{Standing, Unit},
};

/// The units, in the order of the configuration; those that are served are never empty.
#[derive(Debug, Default)]
pub struct Units {
    units: Vec<Arc<Unit>>,
}

impl Units {
    pub(crate) fn new(units: Vec<Arc<Unit>>) -> Self {
        assert!(!units.is_empty(), "invariant: a configuration without a TSU is refused");
        Self { units }
    }

    /// All of them.
    #[must_use]
    pub fn all(&self) -> &[Arc<Unit>] {
        &self.units
    }

    /// The unit at `/tsa/{name}`.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Arc<Unit>> {
        self.units.iter().find(|unit| unit.name() == name)
    }

    /// The unit at `/tsa`: the one that `default` names, else the first that is active, else the first.
    #[must_use]
    pub fn default_unit(&self) -> &Arc<Unit> {
        let named = self.units.iter().find(|unit| unit.is_default);
        let active = || self.units.iter().find(|unit| unit.standing() == Standing::Active);
        named.or_else(active).unwrap_or(&self.units[0])
    }

    /// Looks how each stands now.
    pub(crate) fn look(&self, micros: i64) {
        self.units.iter().for_each(|unit| unit.look(micros));
    }

    /// Every seat.
    pub(crate) fn seats(&self) -> impl Iterator<Item = &Seat> {
        self.units.iter().flat_map(|unit| unit.seats())
    }

    /// The keeper whose promise is the widest: what it admits, the log may say of the clock.
    pub(crate) fn widest_keeper(&self) -> &Arc<Timekeeper> {
        let keepers = self.units.iter().map(|unit| unit.keeper());
        keepers.max_by_key(|keeper| keeper.promised_us()).expect("invariant: there is a unit")
    }
}
