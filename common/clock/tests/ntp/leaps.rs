//! Leap seconds.

use std::time::Duration;

use kokuin_clock::{Clock as _, ClockState, Instant, MonotonicGuard};

use crate::server::{Bench, Manner};

/// 2026-12-31T23:59:00Z.
const LATE: i64 = 1_798_761_540_000_000;
const ANNOUNCES: Manner = Manner { leap: 1, ..Manner::HONEST };
const HONEST: Manner = Manner::HONEST;

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn pauses_around_an_announced_leap_second_and_never_goes_back_tsp_63_thr_34() {
    for (leap, step) in [(1, -1_000_000), (2, 1_000_000)] {
        let announces = Manner { leap, ..HONEST };
        let mut bench = Bench::at(LATE, &[announces, announces, HONEST]);
        let guard = MonotonicGuard::new(None);
        bench.monitor.poll();
        bench.world.pass(seconds(50));
        let before = guard.admit(bench.read_right().instant()).unwrap();
        assert_eq!(bench.clock.state(), ClockState::Outvoted, "one does not announce it, and is shown");

        bench.world.pass(seconds(8));
        assert_eq!(bench.refusal(), "clock.leap-pause");
        assert_eq!(bench.clock.state(), ClockState::LeapPause);
        assert!(bench.monitor.poll() < seconds(8), "until the pause is over");
        bench.world.pass(seconds(3));
        bench.world.leap(step);
        bench.say_all(HONEST);
        bench.monitor.poll();
        assert_eq!(bench.refusal(), "clock.leap-pause");
        bench.world.pass(seconds(4));
        assert_eq!(bench.refusal(), "clock.leap-pause", "until the sources were asked again");
        bench.monitor.poll();
        let after = bench.read_right().instant();
        assert!(after.since(before) > Some(seconds(8)) && guard.admit(after).is_ok());
        assert!(after > Instant::from_unix_micros(LATE + 62_000_000));
    }
}

#[test]
fn believes_no_leap_second_that_one_of_three_announces_thr_34() {
    let mut bench = Bench::at(LATE, &[ANNOUNCES, HONEST, HONEST]);
    bench.monitor.poll();
    assert_eq!(bench.clock.state(), ClockState::Outvoted);
    assert_eq!(bench.clock.doubted().unwrap().as_str(), bench.servers[0].authority);
    for _ in 0..65 {
        bench.world.pass(seconds(1));
        bench.read_right();
    }
}

#[test]
fn pauses_when_one_of_two_announces_thr_34() {
    let mut bench = Bench::at(LATE, &[ANNOUNCES, HONEST]);
    bench.monitor.poll();
    bench.read_right();
    bench.world.pass(seconds(59));
    assert_eq!(bench.refusal(), "clock.leap-pause");
}

#[test]
fn asks_no_later_than_the_pause_begins() {
    let mut bench = Bench::at(LATE, &[ANNOUNCES, ANNOUNCES]);
    assert!(bench.monitor.poll() <= seconds(57));
}

#[test]
fn refuses_while_sources_take_an_unannounced_leap_second_one_by_one_thr_34() {
    let mut bench = Bench::at(LATE, &[HONEST, HONEST]);
    bench.monitor.poll();
    bench.say(0, Manner::shifted(-1_000_000));
    bench.monitor.poll();
    assert_eq!(bench.refusal(), "clock.disputed");
    bench.say(1, Manner::shifted(-1_000_000));
    bench.monitor.poll();
    assert_eq!(bench.refusal(), "clock.drifted");
}
