//! Sources that spread a leap second over a day, and what is told of each source.

use std::time::Duration;

use kokuin_clock::{
    Clock as _, ClockState,
    ntp::{Mark, Rules},
};

use crate::server::{Bench, Manner};

/// 2026-12-31T18:00:00Z: a smear from noon to noon has taken a quarter of a second by now.
const EVENING: i64 = 1_798_740_000_000_000;
const HONEST: Manner = Manner::HONEST;
const ANNOUNCES: Manner = Manner { leap: 1, ..HONEST };

fn mark(bench: &Bench, source: usize) -> Option<&'static str> {
    bench.clock.report().and_then(|report| report.sources[source].reason())
}

#[test]
fn drops_and_names_a_source_that_smears_over_a_day_thr_34_tsp_63() {
    let mut bench = Bench::at(EVENING, &[ANNOUNCES, ANNOUNCES, Manner::shifted(-250_000)]);
    bench.monitor.poll();
    bench.read_right();
    assert_eq!(bench.clock.state(), ClockState::Outvoted);
    assert_eq!(bench.clock.doubted().unwrap().as_str(), bench.servers[2].authority);
    assert_eq!(mark(&bench, 2), Some("source.smeared"));
    let report = bench.clock.report().unwrap();
    assert!(!report.sources[2].is_used() && report.sources[0].is_used());
    assert_eq!(report.falsetickers, 1);
}

#[test]
fn notices_that_all_sources_smear_if_the_oscillator_is_trusted_thr_34() {
    // A day's smear is 11.6 ppm; by drift_ppm = 10 it cannot be the oscillator, by the default of 50 it can.
    for (drift_ppm, noticed) in [(10, true), (50, false)] {
        let mut bench = Bench::ruled(EVENING, &[HONEST, HONEST, HONEST], Rules { drift_ppm, ..Rules::default() });
        bench.monitor.poll();
        let step_of_time = Duration::from_mins(12);
        let mut stopped = false;
        for step in 1..=72 {
            bench.say_all(Manner::shifted(-8_333 * step));
            bench.world.pass(step_of_time);
            bench.monitor.poll();
            stopped |= bench.clock.read().is_err_and(|refusal| refusal.code() == "clock.drifted");
        }
        assert_eq!(stopped, noticed, "{drift_ppm} ppm");
    }
}

#[test]
fn tells_of_each_source_what_became_of_it_jp_ts_07() {
    let silent = Manner { silent: true, ..HONEST };
    let mut bench = Bench::polled(&[HONEST, HONEST, Manner::shifted(2_000_000), silent]);
    let report = bench.clock.report().unwrap();
    let marks: Vec<_> = report.sources.iter().map(|source| source.mark).collect();
    assert_eq!(marks, [Mark::Used, Mark::Used, Mark::Falseticker, Mark::Absent]);
    assert_eq!(mark(&bench, 3), Some("ntp.silent"));
    let liar = report.sources[2].offset_us(&report).unwrap();
    assert!((1_900_000..2_100_000).contains(&liar), "{liar}");
    assert_eq!(report.sources[0].sample.unwrap().stratum, 1);
    assert_eq!(report.sources[0].sample.unwrap().authentication.code(), "none", "plain NTP proves nothing");

    bench.say(2, HONEST);
    bench.monitor.poll();
    assert_eq!(mark(&bench, 2), None, "back");
    bench.say(2, Manner::shifted(2_000_000));
    bench.monitor.poll();
    let report = bench.clock.report().unwrap();
    assert_eq!((report.falsetickers, report.polls), (2, 3));

    bench.world.step_wall(2_000_000);
    bench.monitor.poll();
    assert_eq!(bench.clock.report().unwrap().steps, 1);
}
