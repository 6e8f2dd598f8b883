//! The machine's own clock, set by somebody.

use kokuin_clock::{Clock as _, ClockState};

use crate::server::{Bench, Manner, NOON};

const HONEST: Manner = Manner::HONEST;

#[test]
fn tells_utc_though_the_machines_clock_is_a_day_late_thr_37() {
    let mut bench = Bench::at(NOON, &[HONEST, HONEST]);
    bench.world.step_wall(-86_400_000_000);
    bench.monitor.poll();
    bench.monitor.poll();
    bench.read_right();
}

#[test]
fn refuses_after_a_step_until_the_sources_were_asked_again_tsp_62() {
    for by in [2_000_000, -2_000_000] {
        let mut bench = Bench::polled(&[HONEST, HONEST]);
        bench.read_right();
        bench.world.step_wall(by);
        assert_eq!(bench.refusal(), "clock.stepped");
        bench.monitor.poll();
        assert_eq!(bench.refusal(), "clock.stepped", "shown long enough for the log");
        assert_eq!(bench.clock.state(), ClockState::Stepped);
        bench.monitor.poll();
        bench.read_right();
    }
}
