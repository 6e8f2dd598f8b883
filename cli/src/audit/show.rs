//! Entries for people, one line each, or for programs.

use std::io::Write;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use kokuin_audit::{
    LogRead,
    filter::{Filter, Found, scan},
};

use super::tenant::Opener;

/// Prints what `filter` takes, at most `limit` entries.
///
/// # Errors
/// If the log cannot be read, or `out` not be written.
pub(super) fn show(
    read: &dyn LogRead,
    filter: &Filter,
    opener: Option<&Opener>,
    limit: Option<u64>,
    json: bool,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let (mut left, mut result) = (limit.unwrap_or(u64::MAX), Ok(()));
    if left > 0 {
        scan(read, filter, |found| {
            // Damaged entries are shown whatever is asked for.
            if let (Some(opener), Ok(entry)) = (opener, &found.entry)
                && !opener.opens(entry)
            {
                return true;
            }
            let line = if json { json_line(&found) } else { text_line(&found) };
            result = writeln!(out, "{line}");
            left -= 1;
            result.is_ok() && left > 0
        })?;
    }
    result?;
    Ok(out.flush()?)
}

/// `{"index":7,"entry":{...}}` with the entry's own bytes; a damaged one in base64, with what is wrong.
fn json_line(found: &Found) -> String {
    match &found.entry {
        Ok(_) => format!(r#"{{"index":{},"entry":{}}}"#, found.index, String::from_utf8_lossy(&found.body)),
        Err(error) => {
            let damaged = STANDARD.encode(&found.body);
            serde_json::json!({"index": found.index.0, "error": error.to_string(), "damaged": damaged}).to_string()
        }
    }
}

/// Index, time, kind, and the other members as they are written.
fn text_line(found: &Found) -> String {
    let index = found.index;
    match &found.entry {
        Ok(entry) => {
            let (time, kind) = (entry.time(), entry.kind().as_str());
            let body = String::from_utf8_lossy(&found.body);
            let head = format!(r#"{{"v":1,"kind":"{kind}","time":"{time}""#);
            let members = body.strip_prefix(&head).unwrap_or(&body).trim_start_matches(',').trim_end_matches('}');
            format!("{index:>8}  {time}  {kind:<13}  {}", printable(members))
        }
        Err(error) => format!("{index:>8}  DAMAGED: {}", printable(&error.to_string())),
    }
}

/// Letters, digits and ASCII as they are; what could move the cursor or turn the line round is spelled out.
fn printable(text: &str) -> String {
    text.chars()
        .map(|c| {
            let harmless = c == ' ' || c.is_ascii_graphic() || (!c.is_ascii() && c.is_alphanumeric());
            if harmless { c.to_string() } else { c.escape_unicode().to_string() }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use kokuin_audit::{
        Entry, LeafIndex, LogStore as _,
        entry::{Admin, Label, LogTime, Text},
        storage::memory::MemoryStore,
    };

    use super::*;

    fn shown(json: bool, limit: Option<u64>) -> String {
        let admin = |reason: &str| {
            let entry = Admin {
                time: LogTime::from_unix_seconds(0),
                action: Label::new("x").unwrap(),
                target: None,
                actor: None,
                reason: Text::new(reason).ok(),
                intent: None,
            };
            Entry::Admin(entry).encode().unwrap()
        };
        let mut store = MemoryStore::new();
        store.append(LeafIndex(0), &[admin("\u{202e} 時"), admin("b")], &[]).unwrap();
        store.tamper(1, |body| body.truncate(30));
        let mut out = Vec::new();
        show(&store, &Filter::default(), None, limit, json, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn text_from_outside_cannot_move_the_cursor() {
        assert_eq!(
            shown(false, Some(1)),
            "       0  1970-01-01T00:00:00.000000Z  admin          \"action\":\"x\",\"reason\":\"\\u{202e} 時\"\n"
        );
    }

    #[test]
    fn damaged_entries_are_shown_as_such() {
        assert!(shown(false, None).contains("       1  DAMAGED: "));
        let lines = shown(true, None);
        let values: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(values[0]["entry"]["action"], "x");
        assert_eq!(values[1]["index"], 1);
        assert!(values[1]["damaged"].is_string() && values[1]["error"].is_string());
    }
}
