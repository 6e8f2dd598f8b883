//! Serial numbers of tokens: unique across crashes, restarts and instances with no coordination (TSP-36).
//!
//! 19 octets: microseconds of `genTime` (7), random per start (8), a counter (4). The time comes first, so that the log's
//! index over serials grows at its end; its top bit is clear until the year 3111, so that the number is positive.

use std::{
    fmt,
    sync::atomic::{AtomicU32, Ordering},
};

use kokuin_audit::entry;

/// Octets of time: 2^55 microseconds after 1970.
const TIME: usize = 7;
/// Octets drawn at start.
const INSTANCE: usize = 8;
/// Octets of the counter.
const COUNTER: usize = 4;
/// Octets of a serial, inside RFC 3161's 160 bits.
pub const SERIAL_OCTETS: usize = TIME + INSTANCE + COUNTER;

/// The serial number of one token: content octets of a positive, minimal DER INTEGER.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Serial([u8; SERIAL_OCTETS]);

impl Serial {
    /// Big-endian content octets of the INTEGER.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// As the log holds it.
    pub(crate) fn logged(&self) -> entry::Serial {
        entry::Serial::new(&self.0).expect("invariant: the log takes up to 32 octets")
    }
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

impl fmt::Debug for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Serial({self})")
    }
}

/// Makes serials. One per service; every worker draws from it.
#[derive(Debug)]
pub struct SerialSource {
    instance: [u8; INSTANCE],
    counter: AtomicU32,
}

impl SerialSource {
    /// A source no other start shares: its instance part is random.
    ///
    /// # Errors
    /// When the operating system gives no random octets.
    pub fn new() -> Result<Self, getrandom::Error> {
        let mut instance = [0; INSTANCE];
        getrandom::fill(&mut instance)?;
        Ok(Self { instance, counter: AtomicU32::new(0) })
    }

    /// The next serial. Two of one instance differ by the counter, or, after 2^32 of them, by the time.
    ///
    /// `micros` is `genTime`, microseconds after 1970; an instant that does not fit gives none.
    pub fn next(&self, micros: i64) -> Option<Serial> {
        let time = micros.to_be_bytes();
        // One octet above the time must be empty, the sign bit clear and the leading octet not zero (DER: minimal).
        if time[0] != 0 || time[1] == 0 || time[1] >= 0x80 {
            return None;
        }
        let mut serial = [0; SERIAL_OCTETS];
        serial[..TIME].copy_from_slice(&time[1..]);
        serial[TIME..TIME + INSTANCE].copy_from_slice(&self.instance);
        serial[TIME + INSTANCE..].copy_from_slice(&self.counter.fetch_add(1, Ordering::Relaxed).to_be_bytes());
        Some(Serial(serial))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// 2026-11-23T12:00:00Z.
    const NOW: i64 = 1_795_435_200_000_000;

    #[test]
    fn is_unique_within_one_microsecond_and_across_starts_tsp_36() {
        let mut seen = HashSet::new();
        for _ in 0..8 {
            let source = SerialSource::new().unwrap();
            for _ in 0..1_000 {
                assert!(seen.insert(source.next(NOW).unwrap()));
            }
        }
    }

    #[test]
    fn is_a_positive_minimal_integer_of_at_most_160_bits_tsp_36() {
        let serial = SerialSource::new().unwrap().next(NOW).unwrap();
        assert!(serial.as_bytes().len() <= 20 && serial.as_bytes().len() >= 16);
        assert!((1..0x80).contains(&serial.as_bytes()[0]));
    }

    #[test]
    fn grows_with_time() {
        let source = SerialSource::new().unwrap();
        assert!(source.next(NOW).unwrap() < source.next(NOW + 1).unwrap());
        let restarted = SerialSource::new().unwrap();
        assert!(source.next(NOW + 1).unwrap() < restarted.next(NOW + 2).unwrap());
    }

    #[test]
    fn refuses_an_instant_that_does_not_fit() {
        let source = SerialSource::new().unwrap();
        assert_eq!([-1, 0, i64::MAX].map(|micros| source.next(micros)), [None, None, None]);
    }
}
