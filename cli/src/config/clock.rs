//! `[clock]`: which servers the time comes from, and how they are asked.

use std::{collections::BTreeSet, net::SocketAddr, num::NonZeroU32, time::Duration};

use anyhow::bail;
use kokuin_clock::ntp::{ChronyDaemon, LeapPolicy, Rules, SntpServer, TimeServer};
use kokuin_settings::HumanDuration;
use serde::Deserialize;

/// Public servers ask for no less between two questions.
const SHORTEST_POLL: Duration = Duration::from_secs(16);
/// For one answer, the name's resolution left out.
const TIMEOUT: Duration = Duration::from_secs(2);
/// An oscillator worse than the kernel would correct (`NTP_MAXFREQ`) is broken.
const WORST_DRIFT_PPM: u32 = 500;
/// They spread a leap second over a day, and their operators say so: for that day their time is not UTC (TSP-63, THR-34).
const SMEARING: [&str; 4] = ["time.google.com", "time.android.com", "time.aws.com", "time.facebook.com"];

/// The measurement of time. Development does without.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Clock {
    /// NTP servers, `host` or `host:port`; with chrony at least two sources outside development (JP-TS-20).
    #[serde(default)]
    pub(crate) sources: Vec<String>,
    /// A chrony on this machine: the path of its command socket, or where it takes commands by UDP.
    #[serde(default)]
    chrony: Option<String>,
    /// Between two polls.
    #[serde(default)]
    poll: Option<HumanDuration>,
    /// An answer older than this counts no more.
    #[serde(default)]
    max_age: Option<HumanDuration>,
    /// What this machine's oscillator may drift, in parts per million.
    #[serde(default)]
    drift_ppm: Option<NonZeroU32>,
    /// What happens around a leap second.
    #[serde(default)]
    leap: LeapSetting,
    /// How long before and after.
    #[serde(default)]
    leap_pause: Option<HumanDuration>,
    /// From this bound on the clock's state is `uncertain`.
    #[serde(default)]
    warn: Option<HumanDuration>,
}

/// What happens around an announced leap second.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum LeapSetting {
    /// Nothing is issued.
    #[default]
    Pause,
    /// It is applied at its moment.
    Follow,
}

impl Clock {
    /// The servers as they are asked. A chrony is one, however many it follows itself: what it says is one combination, and a fault of it
    /// is a fault of all.
    pub(crate) fn servers(&self) -> Vec<Box<dyn TimeServer>> {
        let chrony = self.chrony.iter().map(|socket| ChronyDaemon::new(socket, TIMEOUT).boxed());
        self.sources.iter().map(|source| SntpServer::new(source, TIMEOUT).boxed()).chain(chrony).collect()
    }

    /// The intervals and limits, checked.
    ///
    /// # Errors
    /// The first setting that breaks a rule.
    pub(crate) fn rules(&self) -> anyhow::Result<Rules> {
        let set = |value: Option<HumanDuration>, default: Duration| value.map_or(default, HumanDuration::as_std);
        let defaults = Rules::default();
        let rules = Rules {
            poll: set(self.poll, defaults.poll),
            max_age: set(self.max_age, defaults.max_age),
            drift_ppm: self.drift_ppm.map_or(defaults.drift_ppm, NonZeroU32::get),
            leap: match self.leap {
                LeapSetting::Pause => LeapPolicy::Pause,
                LeapSetting::Follow => LeapPolicy::Follow,
            },
            leap_pause: set(self.leap_pause, defaults.leap_pause),
            warn: set(self.warn, defaults.warn),
        };
        if rules.poll < SHORTEST_POLL {
            bail!("clock.poll is {:?}, at least {SHORTEST_POLL:?} is allowed", rules.poll);
        }
        if rules.max_age < rules.poll * 3 {
            bail!("clock.max_age is {:?}, at least three polls of {:?} are needed", rules.max_age, rules.poll);
        }
        if rules.drift_ppm > WORST_DRIFT_PPM {
            bail!("clock.drift_ppm is {}, at most {WORST_DRIFT_PPM} is allowed", rules.drift_ppm);
        }
        self.check_sources()?;
        self.check_chrony()?;
        Ok(rules)
    }

    /// On this machine: somebody else's chrony says nothing about this machine's clock.
    fn check_chrony(&self) -> anyhow::Result<()> {
        let Some(chrony) = &self.chrony else { return Ok(()) };
        let local = chrony.parse::<SocketAddr>().is_ok_and(|address| address.ip().is_loopback());
        if !local && !chrony.starts_with('/') {
            bail!("clock.chrony is {chrony:?}, neither the path of a socket nor a loopback address with a port");
        }
        Ok(())
    }

    fn check_sources(&self) -> anyhow::Result<()> {
        let mut seen = BTreeSet::new();
        for source in &self.sources {
            let source = source.to_ascii_lowercase();
            let host = source.rsplit_once(':').map_or(source.as_str(), |(host, _)| host);
            if SMEARING.iter().any(|smearing| is_one_of(host, smearing)) {
                bail!("clock.sources names {source}, which smears leap seconds");
            }
            if !seen.insert(source.clone()) {
                bail!("clock.sources names {source} twice");
            }
        }
        Ok(())
    }
}

/// Whether `host` is `smearing`, or a numbered sibling of it: `time2.google.com`.
fn is_one_of(host: &str, smearing: &str) -> bool {
    let host = host.trim_end_matches('.');
    let Some((label, domain)) = host.split_once('.') else { return false };
    let label = label.trim_end_matches(|c: char| c.is_ascii_digit());
    smearing.split_once('.') == Some((label, domain))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn clock(text: &str) -> Clock {
        let text = format!("sources = [\"ntp.nict.jp\", \"ntp.example:1123\"]\n{text}");
        kokuin_settings::parse(Path::new("kokuin.toml"), &text).unwrap()
    }

    #[test]
    fn measures_by_the_defaults_unless_told_otherwise() {
        assert_eq!(clock("").rules().unwrap(), Rules::default());
        let rules = clock("poll = \"32s\"\nmax_age = \"5min\"\ndrift_ppm = 15\nleap = \"pause\"\nwarn = \"100ms\"");
        let expected = Rules {
            poll: Duration::from_secs(32),
            max_age: Duration::from_secs(300),
            drift_ppm: 15,
            warn: Duration::from_millis(100),
            leap: LeapPolicy::Pause,
            ..Rules::default()
        };
        assert_eq!(rules.rules().unwrap(), expected);
    }

    #[test]
    fn follows_leap_seconds_when_told_to_tsp_63() {
        assert_eq!(clock("leap = \"follow\"").rules().unwrap().leap, LeapPolicy::Follow);
    }

    #[test]
    fn a_chrony_is_one_source_and_on_this_machine_jp_ts_20() {
        for chrony in ["/run/chrony/chronyd.sock", "127.0.0.1:323", "[::1]:323"] {
            let clock = clock(&format!("chrony = \"{chrony}\""));
            clock.rules().unwrap();
            let names: Vec<_> = clock.servers().iter().map(|server| server.name().to_string()).collect();
            assert_eq!(names, ["ntp.nict.jp", "ntp.example:1123", "chrony"]);
        }
        for chrony in ["ntp.example:323", "192.0.2.7:323", "chronyd.sock", "127.0.0.1"] {
            let refused = clock(&format!("chrony = \"{chrony}\"")).rules().unwrap_err().to_string();
            assert!(refused.starts_with("clock.chrony is"), "{refused}");
        }
    }

    #[test]
    fn names_each_server_as_configured() {
        let names: Vec<_> = clock("").servers().iter().map(|server| server.name().to_string()).collect();
        assert_eq!(names, ["ntp.nict.jp", "ntp.example:1123"]);
    }

    #[test]
    fn refuses_settings_that_measure_nothing_thr_103() {
        for (text, expected) in [
            ("poll = \"15s\"", "clock.poll is 15s, at least 16s is allowed"),
            ("max_age = \"3min\"", "clock.max_age is 180s, at least three polls of 64s are needed"),
            ("drift_ppm = 501", "clock.drift_ppm is 501, at most 500 is allowed"),
        ] {
            assert_eq!(clock(text).rules().unwrap_err().to_string(), expected);
        }
    }

    #[test]
    fn refuses_one_source_twice_jp_ts_20() {
        let twice = Clock { sources: vec!["ntp.nict.jp".to_owned(), "NTP.nict.jp".to_owned()], ..clock("") };
        assert_eq!(twice.rules().unwrap_err().to_string(), "clock.sources names ntp.nict.jp twice");
    }

    #[test]
    fn refuses_smeared_sources_thr_34_jp_ts_23() {
        for smeared in ["time.google.com", "time4.google.com:123", "TIME.aws.com.", "time1.facebook.com"] {
            let clock = Clock { sources: vec!["ntp.nict.jp".to_owned(), smeared.to_owned()], ..clock("") };
            assert!(clock.rules().unwrap_err().to_string().ends_with("smears leap seconds"), "{smeared}");
        }
        assert!(!is_one_of("ntp.google.com", "time.google.com"));
    }
}
