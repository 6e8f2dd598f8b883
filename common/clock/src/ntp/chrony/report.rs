//! What `chronyc -c -n` prints, read. The columns are those of chrony 4.

use std::{net::IpAddr, time::Duration};

use crate::ntp::{Authentication, Leap, Unanswered};

/// `tracking`: what the daemon says of the machine's clock.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tracking {
    pub(super) reference_id: [u8; 4],
    /// The source that it follows; a reference clock has no address.
    pub(super) source: Option<IpAddr>,
    pub(super) stratum: u8,
    /// UTC of the last update, microseconds since 1970.
    pub(super) updated_us: i64,
    /// UTC minus the machine's clock, in seconds.
    pub(super) correction: f64,
    pub(super) root_delay: Duration,
    pub(super) root_dispersion: Duration,
    pub(super) leap: Leap,
}

const COLUMNS: usize = 14;

impl Tracking {
    /// Reads the one line.
    ///
    /// # Errors
    /// [`Unanswered::Unsynchronised`] and [`Unanswered::Malformed`].
    pub(super) fn parse(text: &str) -> Result<Self, Unanswered> {
        let malformed = |what: &str| Unanswered::Malformed(format!("chrony's tracking: {what}"));
        let columns: Vec<_> = text.trim_end().split(',').collect();
        let &[id, source, stratum, updated, correction, _, _, _, _, _, root_delay, root_dispersion, _, leap] =
            columns.as_slice()
        else {
            return Err(malformed(&format!("{} columns, {COLUMNS} are expected", columns.len())));
        };
        let leap = match leap {
            "Normal" => Leap::None,
            "Insert second" => Leap::Insert,
            "Delete second" => Leap::Delete,
            "Not synchronised" => return Err(Unanswered::Unsynchronised),
            _ => return Err(malformed("leap status")),
        };
        let stratum: u8 = stratum.parse().map_err(|_| malformed("stratum"))?;
        // A daemon told to be a reference by itself (`local`) follows nobody: 127.127.1.1 by its own convention.
        if !(1..16).contains(&stratum) || id.eq_ignore_ascii_case("7F7F0101") {
            return Err(Unanswered::Unsynchronised);
        }
        let number = |text: &str, what: &str| {
            text.parse::<f64>().ok().filter(|number| number.is_finite()).ok_or_else(|| malformed(what))
        };
        let duration =
            |text: &str, what: &str| Duration::try_from_secs_f64(number(text, what)?).map_err(|_| malformed(what));
        let updated = duration(updated, "time of the last update")?;
        Ok(Self {
            reference_id: u32::from_str_radix(id, 16).map_err(|_| malformed("reference id"))?.to_be_bytes(),
            source: source.parse().ok(),
            stratum,
            updated_us: i64::try_from(updated.as_micros()).map_err(|_| malformed("time of the last update"))?,
            correction: number(correction, "system time")?,
            root_delay: duration(root_delay, "root delay")?,
            root_dispersion: duration(root_dispersion, "root dispersion")?,
            leap,
        })
    }
}

/// The sources that the daemon combines: by `sources`, those marked `*` and `+`, and in any case the one that it follows.
pub(super) fn combined(sources: &str, tracking: &Tracking) -> Vec<Option<IpAddr>> {
    let marked = sources.lines().filter_map(|line| {
        let mut columns = line.split(',');
        let (mode, mark, name) = (columns.next()?, columns.next()?, columns.next()?);
        // A reference clock (`#`) has no address, and nothing that authenticates it over a network.
        matches!(mark, "*" | "+").then(|| name.parse().ok().filter(|_| mode != "#"))
    });
    marked.chain([tracking.source]).collect()
}

/// `authdata`: how each source proves who it is.
#[derive(Debug)]
pub(super) struct Authentications(Vec<(IpAddr, bool)>);

impl Authentications {
    pub(super) fn parse(text: &str) -> Self {
        Self(
            text.lines()
                .filter_map(|line| {
                    let columns: Vec<_> = line.split(',').collect();
                    let &[name, mode, _, _, key_bits, _, _, _, cookies, _] = columns.as_slice() else { return None };
                    let bits: u32 = key_bits.parse().ok()?;
                    let cookies: u32 = cookies.parse().ok()?;
                    Some((name.parse().ok()?, mode == "NTS" && bits > 0 && cookies > 0))
                })
                .collect(),
        )
    }

    /// NTS if each of `sources` has it: one without among them could move what they say together.
    pub(super) fn of(&self, sources: &[Option<IpAddr>]) -> Authentication {
        let has_nts = |source: &Option<IpAddr>| {
            source.is_some_and(|address| self.0.iter().any(|(known, nts)| *known == address && *nts))
        };
        if sources.iter().all(has_nts) { Authentication::ChronyNts } else { Authentication::Chrony }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As chronyc 4.3 printed them.
    const TRACKING: &str = "7F000001,127.0.0.1,4,1795449915.023755853,-0.000000995,0.000000113,0.000000245,-0.010,0.006,\
                            0.229,0.000004299,0.000000804,0.5,Normal\n";
    const UNSYNCHRONISED: &str = "00000000,,0,0.000000000,0.000000000,0.000000000,0.000000000,0.000,0.000,0.000,\
                                  1.000000000,1.000000000,0.0,Not synchronised\n";
    const LOCAL: &str = "7F7F0101,,3,1795449916.251190287,0.000000000,0.000000000,0.000000000,0.000,0.000,0.000,\
                         0.000000000,0.000000000,0.0,Normal\n";

    #[test]
    fn reads_what_chrony_says_of_the_clock() {
        let tracking = Tracking::parse(TRACKING).unwrap();
        let expected = Tracking {
            reference_id: [127, 0, 0, 1],
            source: Some(IpAddr::from([127, 0, 0, 1])),
            stratum: 4,
            updated_us: 1_795_449_915_023_755,
            correction: -0.000_000_995,
            root_delay: Duration::from_nanos(4_299),
            root_dispersion: Duration::from_nanos(804),
            leap: Leap::None,
        };
        assert_eq!(tracking, expected);
        let leap = Tracking::parse(&TRACKING.replace("Normal", "Insert second")).unwrap().leap;
        assert_eq!(leap, Leap::Insert);
    }

    #[test]
    fn refuses_a_daemon_that_follows_nobody_jp_ts_20() {
        assert_eq!(Tracking::parse(UNSYNCHRONISED), Err(Unanswered::Unsynchronised));
        assert_eq!(Tracking::parse(LOCAL), Err(Unanswered::Unsynchronised));
    }

    #[test]
    fn refuses_other_columns() {
        for text in [
            "",
            "506 Cannot talk to daemon\n",
            &TRACKING.replace("0.000004299", "-1"),
            &TRACKING.replace("0.000000804", "nan"),
        ] {
            assert_eq!(Tracking::parse(text).unwrap_err().code(), "ntp.malformed", "{text}");
        }
    }

    #[test]
    fn nts_is_said_only_of_all_that_are_combined() {
        let tracking = Tracking::parse(TRACKING).unwrap();
        let authdata = "127.0.0.1,NTS,1,15,256,100,0,0,8,100\n127.0.0.2,-,0,0,0,4294967295,0,0,0,0\n127.0.0.3,NTS,0,0,0,1,1,0,0,0\n";
        let of = |sources: &str| Authentications::parse(authdata).of(&combined(sources, &tracking));
        assert_eq!(of("^,*,127.0.0.1,3,6\n^,-,127.0.0.2,3,6\n"), Authentication::ChronyNts);
        assert_eq!(of("^,*,127.0.0.1,3,6\n^,+,127.0.0.2,3,6\n"), Authentication::Chrony);
        assert_eq!(of("^,*,127.0.0.1,3,6\n^,+,127.0.0.3,3,6\n"), Authentication::Chrony, "no cookies were had");
        assert_eq!(of("#,*,PPS0,0,4\n"), Authentication::Chrony);
    }
}
