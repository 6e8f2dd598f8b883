//! One address, `/tsa/{name}`: what is offered there, with which promise, and the key that signs at a given time.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
};

use kokuin_asn1::Certificate;
use kokuin_web::{Access, SharedQuota, metrics::Counter};

use crate::{life::Phase, offer::Offer, refusal::Refusal, seat::Seat, timekeeper::Timekeeper};

/// How a unit stands, as last looked at.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Standing {
    /// Never signs again.
    Retired,
    /// Signs later.
    Prepared,
    /// Would sign, but its key is suspended or lost.
    Suspended,
    /// Would sign, but its key failed the last self-test, or its certificate, its key or an algorithm has ended.
    Failing,
    /// Signs.
    Active,
}

impl Standing {
    const ALL: [Self; 5] = [Self::Retired, Self::Prepared, Self::Suspended, Self::Failing, Self::Active];

    /// Its place in the list of states, as metrics show it.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The usual word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Retired => "retired",
            Self::Prepared => "prepared",
            Self::Suspended => "suspended",
            Self::Failing => "failing",
            Self::Active => "active",
        }
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a unit has done so far; it outlives a reload.
#[derive(Clone, Debug, Default)]
pub struct UnitCounts {
    /// Tokens that left.
    pub(crate) tokens: Counter,
    /// Requests refused, at the door or within the protocol.
    pub(crate) refused: Counter,
}

/// A time-stamping unit as clients see it.
#[derive(Debug)]
pub struct Unit {
    pub(crate) name: String,
    pub(crate) is_default: bool,
    pub(crate) keeper: Arc<Timekeeper>,
    /// Those that sign or will, in the order in which they do. None: retired.
    pub(crate) seats: Vec<Seat>,
    /// Each certificate with its issuers, in the order of the keys' lives.
    pub(crate) chains: Vec<Vec<Certificate>>,
    /// Who may come in, where not everybody may.
    pub(crate) access: Access,
    /// How often all its clients together may ask, where that is limited.
    pub(crate) quota: Option<SharedQuota>,
    pub(crate) counts: UnitCounts,
    pub(crate) standing: AtomicU8,
}

impl Unit {
    /// Last part of its address.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Those that sign or will, in the order in which they do.
    #[must_use]
    pub fn seats(&self) -> &[Seat] {
        &self.seats
    }

    /// Each certificate with its issuers, in the order of the keys' lives; retired ones stay published (TSP-71).
    #[must_use]
    pub fn chains(&self) -> &[Vec<Certificate>] {
        &self.chains
    }

    /// What gives its tokens their time.
    #[must_use]
    pub const fn keeper(&self) -> &Arc<Timekeeper> {
        &self.keeper
    }

    /// What it offers, whichever key signs.
    ///
    /// # Errors
    /// [`Refusal::NotActive`] if it is retired.
    pub fn offer(&self) -> Result<&Offer, Refusal> {
        self.seats.first().map(|seat| seat.tsu().offer()).ok_or_else(|| self.not_active(Phase::Retired))
    }

    /// The one seat that signs tokens of this time: the time of a token alone decides, so that a take-over happens once, at one instant.
    ///
    /// # Errors
    /// [`Refusal::NotActive`], and all of [`Seat::check_tested`]'s.
    pub fn seat_at(&self, micros: i64) -> Result<&Seat, Refusal> {
        let seat = self.seats.iter().find(|seat| seat.tsu().life().phase_at(micros) == Phase::Active);
        let seat = seat.ok_or_else(|| self.not_active(self.phase_at(micros)))?;
        seat.check_tested()?;
        Ok(seat)
    }

    /// Where in its life it is, microseconds since 1970.
    #[must_use]
    pub fn phase_at(&self, micros: i64) -> Phase {
        let phases = || self.seats.iter().map(|seat| seat.tsu().life().phase_at(micros));
        if phases().any(|phase| phase == Phase::Active) {
            Phase::Active
        } else if phases().any(|phase| phase == Phase::Prepared) {
            Phase::Prepared
        } else {
            Phase::Retired
        }
    }

    /// How it stood when it was last looked at.
    #[must_use]
    pub fn standing(&self) -> Standing {
        Standing::ALL[usize::from(self.standing.load(Ordering::Relaxed))]
    }

    /// Looks how it stands now.
    pub(crate) fn look(&self, micros: i64) {
        let standing = match self.phase_at(micros) {
            Phase::Retired => Standing::Retired,
            Phase::Prepared => Standing::Prepared,
            Phase::Active => match self.seat_at(micros).and_then(|seat| seat.tsu().check_in_service(micros)) {
                Ok(()) => Standing::Active,
                Err(Refusal::KeyNotActive { .. }) => Standing::Suspended,
                // It failed its test, or its certificate, its key's period or an algorithm has ended.
                Err(_) => Standing::Failing,
            },
        };
        self.standing.store(standing.number(), Ordering::Relaxed);
    }

    /// Whether a request should be turned away before its body is read: too many wait for its key.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.seats.iter().any(|seat| seat.pool().is_some_and(crate::pool::SigningPool::is_full))
    }

    fn not_active(&self, phase: Phase) -> Refusal {
        Refusal::NotActive { tsu: self.name.clone(), phase }
    }
}
