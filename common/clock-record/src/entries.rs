//! Entries about one source.

use kokuin_audit::{
    Entry,
    entry::{Authentication, ClockSource, Label, LeapSign, LogTime, ReferenceId, SourceSample},
};
use kokuin_clock::{
    Monotonic,
    ntp::{self, ClockReport, Leap, Sample, SourceReport},
};

/// `text` as a label: what the log's alphabet does not have becomes `-`, and what is too long is cut.
///
/// # Panics
/// Never: the text is made one that the log takes.
#[must_use]
pub fn label(text: &str) -> Label {
    let known = |c: char| c.is_ascii_alphanumeric() || "._:/+@-".contains(c);
    let spelled: String = text.chars().take(128).map(|c| if known(c) { c } else { '-' }).collect();
    let spelled = if spelled.is_empty() { "-" } else { &spelled };
    Label::new(spelled).expect("invariant: 1 to 128 characters of the log's alphabet")
}

/// What a source says, at `now` on the monotonic clock.
pub(crate) fn source(report: &ClockReport, source: &SourceReport, now: Monotonic, time: LogTime) -> Entry {
    let sample = source.sample.as_ref();
    Entry::ClockSource(ClockSource {
        time,
        source: label(source.name.as_str()),
        authenticated: sample.map_or(Authentication::None, |sample| authentication(sample.authentication)),
        used: source.is_used(),
        reason: source.reason().map(label),
        sample: sample.map(|sample| sampled(report, source, sample, now)),
    })
}

fn sampled(report: &ClockReport, source: &SourceReport, sample: &Sample, now: Monotonic) -> SourceSample {
    let (age_us, bound_us) = source.age_and_bound_us(report, now).unwrap_or((u64::MAX, u64::MAX));
    let micros = |duration: std::time::Duration| u64::try_from(duration.as_nanos().div_ceil(1_000)).unwrap_or(u64::MAX);
    SourceSample {
        offset_us: source.offset_us(report),
        system_us: sample.offset_us.saturating_sub(report.wall_us),
        bound_us,
        delay_us: micros(sample.delay),
        root_delay_us: micros(sample.root_delay),
        root_dispersion_us: micros(sample.root_dispersion),
        stratum: sample.stratum,
        leap: match sample.leap {
            Leap::None => LeapSign::None,
            Leap::Insert => LeapSign::Insert,
            Leap::Delete => LeapSign::Delete,
        },
        reference: ReferenceId::new(sample.reference_id),
        age_us,
    }
}

const fn authentication(of: ntp::Authentication) -> Authentication {
    match of {
        ntp::Authentication::None => Authentication::None,
        ntp::Authentication::Nts => Authentication::Nts,
        ntp::Authentication::Chrony => Authentication::Chrony,
        ntp::Authentication::ChronyNts => Authentication::ChronyNts,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spells_anything_in_the_logs_alphabet() {
        assert_eq!(label("system clock, undisciplined").as_str(), "system-clock--undisciplined");
        assert_eq!(label("").as_str(), "-");
        assert_eq!(label(&"\u{1b}".repeat(500)).as_str().len(), 128);
    }
}
