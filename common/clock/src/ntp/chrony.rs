//! A chrony daemon on this machine, asked through its own command interface by its own client.
//!
//! The client is `chronyc`, a child process for each question: the one library for the protocol is under the GPL.

mod client;
mod report;

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};

use client::Client;
use report::{Authentications, Tracking};

use crate::{
    Monotonic, OsTime, SourceName, TimeSource,
    ntp::{Authentication, Sample, TimeServer, Unanswered},
};

/// What is left to correct may be this much. More is what a leap second leaves behind that is slewed away, or a clock that
/// is being brought home: its time is not UTC meanwhile.
const MOST_LEFT: Duration = Duration::from_millis(100);
/// The machine's clock may have moved so far against the monotonic one while chrony was asked.
const STEADY_US: u64 = 1_000;
/// The kernel slews by a tenth at most.
const SLEW: u32 = 10;
/// Where NTP is served; used where chrony does not say which port its source has.
const PORT: u16 = 123;

/// A chrony daemon. It counts as one source, however many it has itself.
#[derive(Debug)]
pub struct ChronyDaemon<S: TimeSource = OsTime> {
    name: SourceName,
    client: Client,
    time: S,
}

impl ChronyDaemon {
    /// `socket` is the path of its command socket, or the address and port where it takes commands. By UDP it does not tell
    /// how its sources are authenticated: they count as not.
    #[must_use]
    pub fn new(socket: &str, timeout: Duration) -> Self {
        Self::with_time(OsTime, socket, timeout)
    }

    /// As [`crate::ntp::MeasuredClock`] takes it.
    #[must_use]
    pub fn boxed(self) -> Box<dyn TimeServer> {
        Box::new(self)
    }
}

impl<S: TimeSource> ChronyDaemon<S> {
    /// The same over other raw clocks: the wall clock has to be the one that the daemon corrects.
    #[must_use]
    pub fn with_time(time: S, socket: &str, timeout: Duration) -> Self {
        Self { name: SourceName::from_static("chrony"), client: Client::new(socket, timeout), time }
    }

    /// The machine's clock minus the monotonic one: lowest and highest that it can be.
    fn wall(&self) -> (i64, i64) {
        let before = self.time.monotonic();
        let wall = self.time.wall_micros();
        (wall.saturating_sub(self.time.monotonic().micros()), wall.saturating_sub(before.micros()))
    }

    /// Whether each source that chrony combines proves who it is.
    fn authentication(&self, tracking: &Tracking) -> Result<Authentication, Unanswered> {
        let Some(authdata) = self.client.ask("authdata")? else { return Ok(Authentication::Chrony) };
        let Some(sources) = self.client.ask("sources")? else { return Ok(Authentication::Chrony) };
        Ok(Authentications::parse(&authdata).of(&report::combined(&sources, tracking)))
    }
}

impl<S: TimeSource> TimeServer for ChronyDaemon<S> {
    fn name(&self) -> &SourceName {
        &self.name
    }

    fn ask(&self, clock: &dyn Fn() -> Monotonic) -> Result<Sample, Unanswered> {
        if self.client.ask("smoothing")?.is_some() {
            return Err(Unanswered::Smearing("what it serves is smoothed (smoothtime)"));
        }
        let (lowest, _) = self.wall();
        let sent_at = clock();
        let answer =
            self.client.ask("tracking")?.ok_or(Unanswered::Unreachable(std::io::ErrorKind::PermissionDenied))?;
        let taken_at = clock();
        let (low, highest) = self.wall();
        let asking = taken_at.since(sent_at);
        if highest.abs_diff(lowest) > STEADY_US.saturating_add(micros(asking)) {
            return Err(Unanswered::Unsteady { by_us: low.saturating_sub(lowest) });
        }
        let tracking = Tracking::parse(&answer)?;
        let left = Duration::from_secs_f64(tracking.correction.abs());
        if left > MOST_LEFT {
            return Err(Unanswered::Smearing(
                "more than 100 ms are left to correct (leapsecmode slew, or a wrong clock)",
            ));
        }
        #[expect(clippy::cast_possible_truncation, reason = "100 ms at most, see above")]
        let correction_us = (tracking.correction * 1e6).round() as i64;
        let offset_us = lowest.midpoint(highest).saturating_add(correction_us);
        // Negative: it was updated in what this machine takes for the future.
        let age_us = taken_at.micros().saturating_add(offset_us).saturating_sub(tracking.updated_us);
        let spread = Duration::from_micros(highest.abs_diff(lowest).div_ceil(2).saturating_add(1));
        Ok(Sample {
            offset_us,
            delay: Duration::ZERO,
            root_delay: tracking.root_delay,
            // While it was asked the machine's clocks may have been slewed.
            root_dispersion: tracking.root_dispersion + spread + asking / SLEW,
            precision: Duration::from_micros(1),
            stratum: tracking.stratum,
            leap: tracking.leap,
            reference_id: tracking.reference_id,
            authentication: self.authentication(&tracking)?,
            address: SocketAddr::new(tracking.source.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)), PORT),
            taken_at: earlier(sent_at, age_us)?,
        })
    }
}

/// When the daemon last heard from its sources: from there on its answer ages.
fn earlier(now: Monotonic, age_us: i64) -> Result<Monotonic, Unanswered> {
    /// What two readings of one clock may differ by.
    const AHEAD_US: i64 = -100_000;
    if age_us < AHEAD_US {
        return Err(Unanswered::Malformed(format!("the last update lies {} us ahead", -age_us)));
    }
    let age = Duration::from_micros(age_us.max(0).unsigned_abs());
    Ok(Monotonic::from_start(now.since(Monotonic::from_start(age))))
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Monotonic {
        Monotonic::from_start(Duration::from_secs(seconds))
    }

    #[test]
    fn an_answer_is_as_old_as_the_daemons_last_update_tsp_60() {
        assert_eq!(earlier(at(100), 30_000_000), Ok(at(70)));
        assert_eq!(earlier(at(100), -50_000), Ok(at(100)));
        assert_eq!(earlier(at(100), -2_000_000).unwrap_err().code(), "ntp.malformed");
    }
}
