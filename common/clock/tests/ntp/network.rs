//! Servers that say nothing, or nothing of use.

use std::{
    thread,
    time::{Duration, Instant},
};

use kokuin_clock::{
    Clock as _, ClockState, OsTime, TimeSource as _,
    ntp::{MeasuredClock, Rules, Unanswered},
};

use crate::server::{Bench, Manner, NOON, Server, World, ask};

const HONEST: Manner = Manner::HONEST;
const SILENT: Manner = Manner { silent: true, ..HONEST };

#[test]
fn ignores_a_kiss_o_death_that_does_not_fit_the_question_thr_33() {
    for code in [*b"RATE", *b"DENY"] {
        let mut bench = Bench::polled(&[Manner { spoofed: Some(code), ..HONEST }, HONEST]);
        bench.read_right();
        bench.monitor.poll();
        assert_eq!(bench.servers[0].questions(), 2, "polling goes on as before");
        // Spoofed, and the server itself is cut off: the answer that is there counts until it is old.
        bench.say(0, Manner { spoofed: Some(code), ..SILENT });
        bench.monitor.poll();
        bench.read_right();
        assert_eq!(bench.clock.state(), ClockState::Synchronised);
    }
}

#[test]
fn leaves_a_server_alone_that_asks_for_it() {
    let mut bench = Bench::polled(&[HONEST, HONEST, Manner { kiss: Some(*b"RATE"), ..HONEST }]);
    bench.read_right();
    for _ in 0..8 {
        bench.monitor.poll();
    }
    assert_eq!((bench.servers[0].questions(), bench.servers[2].questions()), (9, 1));
    bench.monitor.poll();
    assert_eq!(bench.servers[2].questions(), 2);
}

#[test]
fn says_why_a_server_was_of_no_use() {
    let world = World::at(NOON);
    for (manner, expected) in [
        (Manner { leap: 3, ..HONEST }, Unanswered::Unsynchronised),
        (Manner { stratum: 16, ..HONEST }, Unanswered::Unsynchronised),
        (Manner { kiss: Some(*b"DENY"), ..HONEST }, Unanswered::KissOfDeath("DENY".to_owned())),
        (Manner { spoofed: Some(*b"DENY"), ..SILENT }, Unanswered::Silent),
        (Manner { root_dispersion: 16 << 16, ..HONEST }, Unanswered::Malformed("ExcessiveRootDistance".to_owned())),
    ] {
        let server = Server::start(&world, manner);
        let asked = ask(&[&server.authority])[0].ask(&|| world.monotonic());
        assert_eq!(asked.unwrap_err(), expected);
    }
}

#[test]
fn does_not_use_a_source_once_it_says_it_is_not_synchronised_jp_ts_20() {
    let mut bench = Bench::polled(&[HONEST, HONEST]);
    bench.say(1, Manner { leap: 3, ..HONEST });
    bench.monitor.poll();
    assert_eq!(bench.refusal(), "clock.too-few-sources");
    assert_eq!(bench.clock.state(), ClockState::Alone);
}

#[test]
fn refuses_when_the_last_answers_are_stale_jp_ts_09() {
    let mut bench = Bench::polled(&[HONEST, HONEST]);
    bench.say(1, SILENT);
    bench.world.pass(Duration::from_secs(800));
    bench.monitor.poll();
    bench.read_right();
    bench.world.pass(Duration::from_secs(100));
    assert_eq!(bench.refusal(), "clock.stale", "before anybody looks");
    assert_eq!(bench.clock.state(), ClockState::Stale);
    bench.monitor.poll();
    assert_eq!(bench.refusal(), "clock.too-few-sources");
    bench.say(1, HONEST);
    bench.monitor.poll();
    bench.read_right();
}

#[test]
fn measures_by_itself() {
    let now = OsTime.wall_micros();
    let world = World::at(now);
    let servers = [Server::start(&world, HONEST), Server::start(&world, HONEST)];
    let names: Vec<_> = servers.iter().map(|server| server.authority.as_str()).collect();
    let clock = MeasuredClock::start(Rules::default(), ask(&names)).unwrap();
    let begun = Instant::now();
    while clock.read().is_err() {
        assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", clock.read());
        thread::sleep(Duration::from_millis(5));
    }
    let reading = clock.read().unwrap();
    assert!(reading.instant().unix_micros().abs_diff(world.utc(reading.stamp())) <= reading.uncertainty().as_micros());
    drop(clock);
    assert_eq!(servers[0].questions(), 1);
}
