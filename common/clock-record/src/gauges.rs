//! Numbers for operators. The sources' names come from the configuration and never change while the process runs (THR-86).

use std::sync::Arc;

use kokuin_clock::{Clock, ClockState, ntp::ClockReport};
use kokuin_web::metrics::Registry;

/// Every state that a clock can be in.
const STATES: [ClockState; 12] = [
    ClockState::Undisciplined,
    ClockState::Stepped,
    ClockState::Refusing,
    ClockState::Synchronised,
    ClockState::Outvoted,
    ClockState::Uncertain,
    ClockState::Unmeasured,
    ClockState::Alone,
    ClockState::Disputed,
    ClockState::Drifted,
    ClockState::Stale,
    ClockState::LeapPause,
];

/// Adds `kokuin_clock_*` to a registry.
pub fn observe(registry: &Registry, clock: &Arc<dyn Clock>) {
    let states = STATES.iter().map(|state| state.code().to_owned()).collect();
    let of = Arc::clone(clock);
    let state = move |at: usize| Some(i64::from(STATES.get(at) == Some(&of.state())));
    registry.observe_each("kokuin_clock_state", "1 for the state that the clock is in.", "state", states, state);
    let of = Arc::clone(clock);
    registry.observe(
        "kokuin_clock_bound_us",
        "UTC is within this of the clock; -1 while it gives no time.",
        move || of.read().map_or(-1, |reading| number(reading.uncertainty().as_micros())),
    );
    let Some(report) = clock.report() else { return };
    let count = |name, help, read: fn(&ClockReport) -> u64| {
        let of = Arc::clone(clock);
        registry.count(name, help, move || of.report().map_or(0, |report| read(&report)));
    };
    count("kokuin_clock_polls_total", "Polls of all sources.", |report| report.polls);
    count(
        "kokuin_clock_falsetickers_total",
        "How often a source began to lie apart from what the others share.",
        |report| report.falsetickers,
    );
    count("kokuin_clock_steps_total", "How often the machine's clock was found moved.", |report| report.steps);
    let names: Vec<_> = report.sources.iter().map(|source| source.name.to_string()).collect();
    let each = |name, help, read: fn(&dyn Clock, &ClockReport, usize) -> Option<i64>| {
        let of = Arc::clone(clock);
        let read = move |at: usize| read(&*of, &*of.report()?, at);
        registry.observe_each(name, help, "source", names.clone(), read);
    };
    each("kokuin_clock_source_used", "1 if the source is part of what the sources agree on.", |_, report, at| {
        Some(i64::from(report.sources.get(at)?.is_used()))
    });
    each(
        "kokuin_clock_source_authenticated",
        "1 if nobody on the way can make up its answers (NTS).",
        |_, report, at| {
            let sample = report.sources.get(at)?.sample;
            Some(i64::from(sample.is_some_and(|sample| sample.authentication.is_authenticated())))
        },
    );
    each("kokuin_clock_source_false", "1 if the others outvote it.", |_, report, at| {
        Some(i64::from(report.sources.get(at)?.mark.is_false()))
    });
    each("kokuin_clock_source_offset_us", "The source's time minus the clock's.", |_, report, at| {
        report.sources.get(at)?.offset_us(report)
    });
    each("kokuin_clock_source_bound_us", "UTC is within this of the source's time.", |clock, report, at| {
        Some(number(report.sources.get(at)?.age_and_bound_us(report, clock.monotonic())?.1))
    });
    each("kokuin_clock_source_age_us", "How old the source's last answer is.", |clock, report, at| {
        Some(number(report.sources.get(at)?.age_and_bound_us(report, clock.monotonic())?.0))
    });
    let of = Arc::clone(clock);
    let system = move |_: usize| {
        let report = of.report()?;
        Some(report.wall_us.saturating_sub(report.offset_us?))
    };
    let help = "The machine's clock minus the clock's time at the last poll.";
    registry.observe_each("kokuin_clock_system_offset_us", help, "clock", vec!["system".to_owned()], system);
}

fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
