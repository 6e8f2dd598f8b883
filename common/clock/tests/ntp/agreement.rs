//! Sources that agree, and such that do not.

use std::time::Duration;

use kokuin_clock::{
    Clock as _, ClockState,
    ntp::{Mark, MeasuredClock},
};

use crate::server::{Bench, Manner, NOON, Server, World, ask};

const HONEST: Manner = Manner::HONEST;
const LIAR: Manner = Manner::shifted(2_000_000);
const POLL: Duration = Duration::from_secs(64);

#[test]
fn refuses_before_anybody_was_asked() {
    let bench = Bench::at(NOON, &[HONEST, HONEST]);
    assert_eq!(bench.refusal(), "clock.not-measured");
    assert_eq!(bench.clock.state(), ClockState::Unmeasured);
}

#[test]
fn tells_what_two_sources_agree_on_tsp_60() {
    let bench = Bench::polled(&[HONEST, HONEST]);
    let reading = bench.read_right();
    assert!(reading.measured());
    assert_eq!(reading.source().as_str(), format!("ntp:{}+{}", bench.servers[0].authority, bench.servers[1].authority));
    assert_eq!(bench.clock.state(), ClockState::Synchronised);
}

#[test]
fn refuses_one_source_under_two_names_jp_ts_20() {
    let world = World::at(NOON);
    let server = Server::start(&world, HONEST);
    let name = server.authority.as_str();
    let (clock, mut monitor) = MeasuredClock::with_monitor(world, Default::default(), ask(&[name, name]));
    monitor.poll();
    assert_eq!(clock.read().unwrap_err().code(), "clock.too-few-sources");
}

#[test]
fn goes_on_with_two_of_three_and_names_the_liar_thr_31() {
    let bench = Bench::polled(&[HONEST, LIAR, HONEST]);
    bench.read_right();
    assert_eq!(bench.clock.state(), ClockState::Outvoted);
    assert_eq!(bench.clock.doubted().unwrap().as_str(), bench.servers[1].authority);
}

#[test]
fn refuses_while_one_of_two_lies_thr_31() {
    let mut bench = Bench::polled(&[HONEST, LIAR]);
    assert_eq!(bench.refusal(), "clock.disputed");
    assert_eq!(bench.clock.state(), ClockState::Disputed);
    bench.say(1, HONEST);
    bench.monitor.poll();
    bench.read_right();
}

#[test]
fn refuses_when_two_of_three_begin_to_lie_thr_31() {
    let mut bench = Bench::polled(&[HONEST, HONEST, HONEST]);
    bench.read_right();
    bench.say(0, LIAR);
    bench.say(1, LIAR);
    for _ in 0..4 {
        bench.world.pass(POLL);
        bench.monitor.poll();
        assert_eq!(bench.refusal(), "clock.drifted", "however often the liars repeat it");
    }
    assert_eq!(bench.clock.state(), ClockState::Drifted);
    let report = bench.clock.report().unwrap();
    assert!(report.sources.iter().all(|source| source.mark == Mark::Disputed), "nobody knows who is right");
    bench.say_all(HONEST);
    bench.world.pass(POLL);
    bench.monitor.poll();
    bench.read_right();
}

#[test]
fn refuses_what_all_said_and_one_took_back_thr_31() {
    let mut bench = Bench::polled(&[HONEST, HONEST, HONEST]);
    bench.say_all(LIAR);
    bench.monitor.poll();
    assert_eq!(bench.refusal(), "clock.drifted");
    bench.say(0, HONEST);
    bench.monitor.poll();
    assert_eq!(bench.refusal(), "clock.drifted");
}

#[test]
fn notices_that_all_walk_away_in_small_steps_thr_31() {
    let mut bench = Bench::polled(&[HONEST, HONEST, HONEST]);
    let mut shift = 0;
    while bench.clock.read().is_ok() {
        shift += 5_000;
        assert!(shift < 400_000, "78 ppm for {shift} us, and nobody noticed");
        bench.say_all(Manner::shifted(shift));
        bench.world.pass(POLL);
        bench.monitor.poll();
    }
    assert_eq!(bench.refusal(), "clock.drifted");
}

#[test]
fn follows_all_sources_only_when_they_repeat_it() {
    let mut bench = Bench::polled(&[HONEST, HONEST]);
    // The machine slept, and its clocks with it.
    bench.world.leap(30_000_000);
    bench.world.step_wall(-30_000_000);
    bench.monitor.poll();
    assert_eq!(bench.refusal(), "clock.drifted");
    bench.monitor.poll();
    bench.read_right();
}

#[test]
fn drops_a_smeared_source_thr_34() {
    let bench = Bench::polled(&[HONEST, HONEST, Manner::shifted(-400_000)]);
    bench.read_right();
    assert_eq!(bench.clock.doubted().unwrap().as_str(), bench.servers[2].authority);
}

#[test]
fn knows_which_era_of_ntp_it_is_thr_36() {
    // 2040-01-01: the 32 bits of seconds have run over in 2036.
    let mut bench = Bench::at(2_208_988_800_000_000, &[HONEST, HONEST]);
    bench.monitor.poll();
    bench.read_right();
}

#[test]
fn refuses_years_in_which_it_did_not_exist_thr_36() {
    let mut bench = Bench::at(946_684_800_000_000, &[HONEST, HONEST]);
    bench.monitor.poll();
    assert_eq!(bench.refusal(), "clock.implausible");
}
