//! How often the log hears that one source has changed.

use std::time::Duration;

use kokuin_clock::Monotonic;

/// So many changes at once.
const BURST: u32 = 6;
/// One more after each of these.
const REFILL: Duration = Duration::from_mins(5);

/// What a source that flaps may add to the log: 6 entries, then 12 an hour. What it is now is also told with each reading.
#[derive(Debug, Default)]
pub(crate) struct Allowance {
    taken: u32,
    since: Option<Monotonic>,
}

impl Allowance {
    /// Whether one more may be recorded at `now`; if so, it is counted.
    pub(crate) fn takes(&mut self, now: Monotonic) -> bool {
        let since = *self.since.get_or_insert(now);
        let refilled = u32::try_from(now.since(since).as_secs() / REFILL.as_secs()).unwrap_or(u32::MAX);
        if refilled > 0 {
            self.taken = self.taken.saturating_sub(refilled);
            self.since = Some(now);
        }
        let allowed = self.taken < BURST;
        self.taken += u32::from(allowed);
        allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flapping_source_cannot_grow_the_log_thr_86() {
        let mut allowance = Allowance::default();
        let at = |seconds| Monotonic::from_start(Duration::from_secs(seconds));
        let taken = (0..86_400).step_by(16).filter(|second| allowance.takes(at(*second))).count();
        assert!((200..=294).contains(&taken), "6 and 12 an hour, not 5,400: {taken}");
        assert!(!allowance.takes(at(86_400)) && allowance.takes(at(87_000)));
    }
}
