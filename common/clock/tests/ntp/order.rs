//! Whatever happens around a leap second: right within the bound, in order, and never in the second that has no name.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use kokuin_clock::{
    Clock as _, Instant, Monotonic, MonotonicGuard, SourceName, TimeSource,
    ntp::{Authentication, Leap, LeapPolicy, MeasuredClock, Rules, Sample, TimeServer, Unanswered},
};
use proptest::prelude::*;

/// 2026-12-31T23:58:00Z, and the midnight after it.
const START: i64 = 1_798_761_480_000_000;
const MIDNIGHT: i64 = START + 120_000_000;
/// The machine has been up for so long at [`START`].
const UP_US: u64 = 86_400_000_000;

/// Time that passes only when the test says so, with one leap second in it.
#[derive(Clone, Debug)]
struct Sky {
    passed: Arc<AtomicU64>,
    leap: Leap,
}

impl Sky {
    fn new(leap: Leap) -> Self {
        Self { passed: Arc::new(AtomicU64::new(0)), leap }
    }

    fn pass(&self, us: u64) {
        self.passed.fetch_add(us, SeqCst);
    }

    /// Microseconds since 1970, and whether it is 23:59:60.
    fn utc(&self, at: Monotonic) -> (i64, bool) {
        let passed = at.since(Monotonic::from_start(Duration::from_micros(UP_US)));
        let count = START + i64::try_from(passed.as_micros()).unwrap();
        match self.leap {
            Leap::Insert if count >= MIDNIGHT => (count - 1_000_000, count < MIDNIGHT + 1_000_000),
            Leap::Delete if count >= MIDNIGHT - 1_000_000 => (count + 1_000_000, false),
            Leap::Insert | Leap::Delete | Leap::None => (count, false),
        }
    }
}

impl TimeSource for Sky {
    fn wall_micros(&self) -> i64 {
        self.utc(self.monotonic()).0
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic::from_start(Duration::from_micros(UP_US + self.passed.load(SeqCst)))
    }
}

/// A server under that sky, a little off, that announces what is to come.
#[derive(Debug)]
struct Under {
    name: SourceName,
    sky: Sky,
    off_us: i64,
    address: SocketAddr,
}

impl TimeServer for Under {
    fn name(&self) -> &SourceName {
        &self.name
    }

    fn ask(&self, clock: &dyn Fn() -> Monotonic) -> Result<Sample, Unanswered> {
        let taken_at = clock();
        let utc = self.sky.utc(taken_at).0;
        let monotonic =
            i64::try_from(taken_at.since(Monotonic::from_start(Duration::ZERO)).as_micros()).unwrap_or(i64::MAX);
        Ok(Sample {
            offset_us: utc + self.off_us - monotonic,
            delay: Duration::from_micros(2_000),
            root_delay: Duration::ZERO,
            root_dispersion: Duration::ZERO,
            precision: Duration::ZERO,
            stratum: 1,
            leap: if utc < MIDNIGHT { self.sky.leap } else { Leap::None },
            reference_id: *b"TEST",
            authentication: Authentication::None,
            address: self.address,
            taken_at,
        })
    }
}

fn servers(sky: &Sky, off: [i64; 3]) -> Vec<Box<dyn TimeServer>> {
    let server = |(n, off_us): (u8, i64)| -> Box<dyn TimeServer> {
        let address = SocketAddr::from(([192, 0, 2, n], 123));
        Box::new(Under { name: SourceName::new(format!("s{n}")), sky: sky.clone(), off_us, address })
    };
    (1..).zip(off).map(server).collect()
}

fn leaps() -> impl Strategy<Value = Leap> {
    prop_oneof![Just(Leap::Insert), Just(Leap::Delete), Just(Leap::None)]
}

fn policies() -> impl Strategy<Value = LeapPolicy> {
    prop_oneof![Just(LeapPolicy::Pause), Just(LeapPolicy::Follow)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_two_times_are_inverted_and_none_is_wrong_around_a_leap_second_tsp_63_thr_34(
        leap in leaps(),
        policy in policies(),
        off in [-900_i64..900, -900_i64..900, -900_i64..900],
        strides in prop::collection::vec(1_000_u64..1_500_000, 200..300),
    ) {
        let sky = Sky::new(leap);
        let rules = Rules { leap: policy, ..Rules::default() };
        let (clock, mut monitor) = MeasuredClock::with_monitor(sky.clone(), rules, servers(&sky, off));
        let guard = MonotonicGuard::new(None);
        let mut last: Option<(Instant, Monotonic)> = None;
        let mut due = monitor.poll();
        let mut told_in_a_second_of_it = 0;
        for stride in strides {
            sky.pass(stride);
            due = due.saturating_sub(Duration::from_micros(stride));
            if due.is_zero() {
                due = monitor.poll();
            }
            let Ok(reading) = clock.read() else { continue };
            let (utc, unnamed) = sky.utc(reading.stamp());
            prop_assert!(!unnamed, "told {} in 23:59:60", reading.instant());
            let error = reading.instant().unix_micros().abs_diff(utc);
            prop_assert!(error <= reading.uncertainty().as_micros(), "{error} us off at {}", reading.instant());
            prop_assert_eq!(guard.admit(reading.instant()), Ok(reading.instant()));
            if let Some((before, stamp)) = last {
                let since = reading.instant().since(before);
                prop_assert!(since.is_some(), "{} after {before}", reading.instant());
                prop_assert!(reading.stamp() >= stamp);
            }
            last = Some((reading.instant(), reading.stamp()));
            told_in_a_second_of_it += u32::from(utc.abs_diff(MIDNIGHT) < 1_000_000);
        }
        prop_assert!(last.is_some());
        // Strides are shorter than two seconds: what follows is heard around midnight, what pauses is not.
        if policy == LeapPolicy::Pause && leap != Leap::None {
            prop_assert_eq!(told_in_a_second_of_it, 0);
        }
    }

    #[test]
    fn durations_are_never_negative_thr_34(one in any::<i64>(), other in any::<i64>()) {
        let (one, other) = (Instant::from_unix_micros(one), Instant::from_unix_micros(other));
        prop_assert_eq!(one.since(other).is_some(), one >= other && one.unix_micros().checked_sub(other.unix_micros()).is_some());
    }
}
