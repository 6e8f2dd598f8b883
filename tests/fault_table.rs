//! The table of faults in `docs/hsm.md`: each back end's tests own a column, and say what they saw.
//!
//! With `KOKUIN_WRITE_DOCS` in the environment a column is written; without, one cell that differs is a failure.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

const BEGIN: &str = "<!-- faults: begin -->\n";
const END: &str = "<!-- faults: end -->\n";
/// A fault that has no meaning for the back end.
const NONE: &str = "-";

/// Compares a column with what was seen of each fault, or writes it. `not_shown` are faults that could not be shown here: their cells stay as they are.
///
/// # Errors
/// Every cell that differs, every fault without a row.
pub(crate) fn check(column: &str, seen: &[(&str, String)], not_shown: &[&str]) -> Result<(), String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().map(|folder| folder.join("docs/hsm.md"));
    let path = path.into_iter().find(|path| path.is_file()).ok_or("no docs/hsm.md")?;
    let page = fs::read_to_string(&path).map_err(|error| error.to_string())?;
    let parts = page.split_once(BEGIN).and_then(|(head, rest)| Some((head, rest.split_once(END)?)));
    let (head, (table, tail)) = parts.ok_or("docs/hsm.md has no table of faults")?;
    let mut rows: Vec<Vec<String>> = table.lines().map(cells).collect();
    let place = rows.first().and_then(|names| names.iter().position(|name| name == column));
    let place = place.ok_or_else(|| format!("docs/hsm.md has no column {column}"))?;
    let mut left: BTreeMap<&str, &str> = seen.iter().map(|(fault, what)| (*fault, what.as_str())).collect();
    let mut wrong = Vec::new();
    for row in rows.iter_mut().skip(2).filter(|row| !not_shown.contains(&row[0].as_str())) {
        let found = left.remove(row[0].as_str()).unwrap_or(NONE);
        if row[place] != found {
            wrong.push(format!("{}: the page says {}, seen is {found}", row[0], row[place]));
            found.clone_into(&mut row[place]);
        }
    }
    let without: Vec<String> = left.into_keys().map(|fault| format!("{fault}: no row")).collect();
    if !without.is_empty() {
        return Err(without.join("; "));
    }
    if std::env::var_os("KOKUIN_WRITE_DOCS").is_some() {
        let table: String = rows.iter().map(|row| format!("| {} |\n", row.join(" | "))).collect();
        return fs::write(&path, [head, BEGIN, &table, END, tail].concat()).map_err(|error| error.to_string());
    }
    if wrong.is_empty() { Ok(()) } else { Err(format!("docs/hsm.md, {column}: {}", wrong.join("; "))) }
}

fn cells(row: &str) -> Vec<String> {
    row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()
}
