//! What the bound consists of.

use std::time::Duration;

use kokuin_clock::{Clock as _, ClockState};

use crate::server::{Bench, Manner};

const HONEST: Manner = Manner::HONEST;

#[test]
fn holds_whichever_way_is_the_slow_one_thr_32() {
    let slow = Duration::from_millis(300);
    for manner in [Manner { slow_answer: slow, ..HONEST }, Manner { slow_question: slow, ..HONEST }] {
        let bench = Bench::polled(&[manner, manner]);
        let reading = bench.read_right();
        assert!(reading.uncertainty().as_micros() >= 150_000, "half of the round trip: {reading:?}");
    }
}

#[test]
fn covers_what_the_servers_say_of_themselves_tsp_60() {
    // 0.5 s to the reference clock and back, 0.125 s of dispersion.
    let far = Manner { root_delay: 32_768, root_dispersion: 8_192, ..HONEST };
    let bench = Bench::polled(&[HONEST, far]);
    let bound = bench.read_right().uncertainty().as_micros();
    assert!((375_000..600_000).contains(&bound), "0.25 + 0.125 s and the round trip: {bound}");
}

#[test]
fn grows_with_age_tsp_61() {
    let bench = Bench::polled(&[HONEST, HONEST]);
    let young = bench.read_right().uncertainty().as_micros();
    bench.world.pass(Duration::from_secs(100));
    let old = bench.read_right().uncertainty().as_micros();
    assert!((5_000..6_000).contains(&(old - young)), "50 ppm of 100 s: {young}, {old}");
}

#[test]
fn warns_from_half_a_second_on_jp_ts_11() {
    let poor = Manner { root_dispersion: 40_000, ..HONEST };
    let bench = Bench::polled(&[poor, poor]);
    bench.read_right();
    assert_eq!(bench.clock.state(), ClockState::Uncertain);
}
