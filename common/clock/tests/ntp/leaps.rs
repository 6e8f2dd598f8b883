//! Leap seconds.

use std::time::Duration;

use kokuin_clock::{
    Clock as _, ClockState, Instant, MonotonicGuard,
    ntp::{LeapPolicy, Rules},
};

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

const FOLLOW: Rules = Rules { leap: LeapPolicy::Follow, ..DEFAULT };
const DEFAULT: Rules = Rules {
    poll: Duration::from_secs(64),
    max_age: Duration::from_secs(900),
    drift_ppm: 50,
    leap: LeapPolicy::Pause,
    leap_pause: Duration::from_secs(2),
    warn: Duration::from_millis(500),
};

#[test]
fn records_what_a_pause_was_for_tsp_63() {
    for (step, expected) in
        [(-1_000_000, "leap.inserted-paused"), (1_000_000, "leap.deleted-paused"), (0, "leap.not-taken")]
    {
        let mut bench = Bench::at(LATE, &[ANNOUNCES, ANNOUNCES]);
        bench.monitor.poll();
        bench.world.pass(seconds(58));
        bench.monitor.poll();
        bench.world.pass(seconds(8));
        bench.world.leap(step);
        bench.say_all(HONEST);
        bench.monitor.poll();
        bench.read_right();
        let record = bench.clock.report().unwrap().leap.unwrap();
        assert_eq!(
            (record.outcome.code(), record.midnight.to_string().as_str()),
            (expected, "2027-01-01T00:00:00.000000Z")
        );
    }
}

#[test]
fn follows_an_inserted_second_and_is_silent_in_it_only_tsp_63() {
    let mut bench = Bench::ruled(LATE, &[ANNOUNCES, ANNOUNCES, HONEST], FOLLOW);
    bench.monitor.poll();
    bench.world.pass(seconds(59));
    let before = bench.read_right().instant();
    assert!(before > Instant::from_unix_micros(LATE + 59_000_000), "no pause before it");
    bench.world.pass(seconds(1));
    assert_eq!(bench.refusal(), "clock.leap-pause", "23:59:60 cannot be said");
    // The machine's clock takes the second, and that is no step.
    bench.world.leap(-1_000_000);
    bench.say_all(HONEST);
    bench.world.pass(Duration::from_millis(1_200));
    let after = bench.read_right().instant();
    assert!(after < Instant::from_unix_micros(LATE + 61_000_000) && after > before, "no pause after it: {after}");
    bench.monitor.poll();
    bench.read_right();
    let record = bench.clock.report().unwrap().leap.unwrap();
    assert_eq!(record.outcome.code(), "leap.inserted-followed");
    assert_eq!(record.midnight.to_string(), "2027-01-01T00:00:00.000000Z");
}

#[test]
fn follows_a_deleted_second_tsp_63_thr_34() {
    let announces = Manner { leap: 2, ..HONEST };
    let mut bench = Bench::ruled(LATE, &[announces, announces], FOLLOW);
    bench.monitor.poll();
    bench.world.pass(Duration::from_millis(58_500));
    let before = bench.read_right().instant();
    bench.world.pass(seconds(1));
    bench.world.leap(1_000_000);
    bench.say_all(HONEST);
    let after = bench.read_right().instant();
    assert!(after >= Instant::from_unix_micros(LATE + 60_000_000), "23:59:59 does not occur: {after}");
    assert!(after.since(before) > Some(seconds(1)));
    bench.monitor.poll();
    bench.read_right();
}

#[test]
fn stops_when_nobody_confirms_a_leap_second_in_one_burst_tsp_63() {
    let mut bench = Bench::ruled(LATE, &[ANNOUNCES, ANNOUNCES], FOLLOW);
    bench.monitor.poll();
    bench.world.pass(seconds(61));
    bench.world.leap(-1_000_000);
    bench.world.pass(Duration::from_millis(500));
    bench.say_all(Manner { silent: true, ..HONEST });
    bench.monitor.poll();
    bench.read_right();
    bench.world.pass(seconds(10));
    assert_eq!(bench.refusal(), "clock.leap-unconfirmed");
    assert_eq!(bench.clock.state(), ClockState::LeapPause);
}

#[test]
fn stops_when_the_sources_contradict_a_leap_second_that_was_followed_tsp_63() {
    let mut bench = Bench::ruled(LATE, &[ANNOUNCES, ANNOUNCES], FOLLOW);
    bench.monitor.poll();
    bench.world.pass(seconds(62));
    bench.say_all(HONEST);
    bench.monitor.poll();
    assert_eq!(bench.refusal(), "clock.drifted", "they announced it, and did not do it");
}

/// A source that is slow or silent makes a poll last over midnight. What the others announced was for the day that was over by then.
#[test]
fn a_poll_that_lasts_over_midnight_pauses_as_well_tsp_63() {
    for rules in [DEFAULT, FOLLOW] {
        let silent = Manner { silent: true, ..HONEST };
        let mut bench = Bench::ruled(LATE + 58_500_000, &[ANNOUNCES, ANNOUNCES, silent], rules);
        bench.monitor.poll();
        // The machine's own clock does not take it, and so shows no step.
        bench.world.leap(-1_000_000);
        bench.world.step_wall(1_000_000);
        assert_eq!(bench.refusal(), "clock.leap-pause", "{:?}", rules.leap);
        bench.say_all(HONEST);
        bench.world.pass(seconds(10));
        bench.monitor.poll();
        bench.read_right();
        assert_eq!(bench.clock.report().unwrap().leap.unwrap().outcome.code(), "leap.inserted-paused");
    }
}

#[test]
fn pauses_for_a_tie_even_if_it_may_follow_tsp_63() {
    let mut bench = Bench::ruled(LATE, &[ANNOUNCES, HONEST], FOLLOW);
    bench.monitor.poll();
    bench.world.pass(seconds(58));
    assert_eq!(bench.refusal(), "clock.leap-pause");
}
