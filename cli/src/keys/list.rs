//! `kokuin keys list`.

use std::path::PathBuf;

use kokuin_asn1::Certificate;
use kokuin_hsm_config::ceremony::{Ceremony, KeyRecord};
use kokuin_key::{Protection, Purpose};
use kokuin_profile::Profile;
use serde::Serialize;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::Place;
use crate::serve::read_certificates;

const DAY: i64 = 86_400;

/// Which keys.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Configuration file of the service
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// One JSON object a key
    #[arg(long)]
    json: bool,
}

/// One line of the list. Members keep their names.
#[derive(Debug, Serialize)]
struct Line {
    name: String,
    key: String,
    purpose: &'static str,
    algorithm: String,
    state: &'static str,
    protection: &'static str,
    used_by: Vec<String>,
    /// Subject of the certificate.
    subject: Option<String>,
    not_after: Option<String>,
    /// End of issuing: the certificate's, or the key's own usage period's where that is earlier.
    signs_until: Option<String>,
    /// Whole days until then; negative: over.
    days_left: Option<i64>,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let place = Place::open(&args.config)?;
    let now = OffsetDateTime::now_utc().unix_timestamp();
    let mut lines = Vec::new();
    for room in place.keys.rooms() {
        lines.extend(room.list()?.iter().map(|record| line(&place, room, record, now)));
    }
    if args.json {
        for line in &lines {
            println!("{}", serde_json::to_string(line)?);
        }
        return Ok(());
    }
    let head = ["NAME", "PURPOSE", "ALGORITHM", "STATE", "PROTECTION", "USED BY", "SIGNS UNTIL", "DAYS", "SUBJECT"];
    let mut rows = vec![head.map(str::to_owned)];
    rows.extend(lines.into_iter().map(row));
    print(&rows);
    Ok(())
}

fn line(place: &Place, room: &dyn Ceremony, record: &KeyRecord, now: i64) -> Line {
    let uses = place.uses(room, &record.id);
    let path = uses.iter().find_map(|found| found.certificate).map(|(path, _)| path);
    // A certificate that is not there yet is none; what else is wrong with the file, the service says.
    let certificate = path.and_then(|path| read_certificates(path).ok()).and_then(|all| all.into_iter().next());
    let until = certificate.as_ref().map(|certificate| signs_until(certificate, record.purpose));
    Line {
        name: record.id.to_string(),
        key: room.uri(&record.id),
        purpose: record.purpose.name(),
        algorithm: record.algorithm.to_string(),
        state: record.state.name(),
        protection: match record.protection {
            Protection::Software => "software",
            Protection::Device => "device",
        },
        used_by: uses.iter().map(|found| format!("{} {}", found.part, found.name)).collect(),
        subject: certificate.as_ref().map(Certificate::subject_text),
        not_after: certificate.as_ref().map(|certificate| text(certificate.not_after())),
        signs_until: until.map(text),
        days_left: until.map(|until| (until - now).div_euclid(DAY)),
    }
}

/// The last second at which the key may sign (TSP-64, TSP-68, JP-TS-16).
fn signs_until(certificate: &Certificate, purpose: Purpose) -> i64 {
    let rule = match purpose {
        Purpose::Tst => Profile::by_name("tsu").and_then(|profile| profile.private_key_usage_period.as_ref()),
        Purpose::Seal | Purpose::Log | Purpose::Ca => None,
    };
    // A certificate too short for any use ends its key before it begins.
    let end = match rule {
        Some(rule) => rule.end_of_use(certificate).unwrap_or_else(|| certificate.not_before()),
        None => certificate.private_key_usage_period().and_then(|period| period.not_after).unwrap_or(i64::MAX),
    };
    end.min(certificate.not_after())
}

fn text(seconds: i64) -> String {
    let time = OffsetDateTime::from_unix_timestamp(seconds).ok();
    time.and_then(|time| time.format(&Rfc3339).ok()).unwrap_or_else(|| seconds.to_string())
}

fn row(line: Line) -> [String; 9] {
    let none = || "-".to_owned();
    let used_by = if line.used_by.is_empty() { none() } else { line.used_by.join(", ") };
    [
        line.name,
        line.purpose.to_owned(),
        line.algorithm,
        line.state.to_owned(),
        line.protection.to_owned(),
        used_by,
        line.signs_until.unwrap_or_else(none),
        line.days_left.map_or_else(none, |days| days.to_string()),
        line.subject.unwrap_or_else(none),
    ]
}

fn print(rows: &[[String; 9]]) {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 9] = std::array::from_fn(width);
    for row in rows {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        println!("{}", cells.collect::<Vec<_>>().join("  ").trim_end());
    }
}
