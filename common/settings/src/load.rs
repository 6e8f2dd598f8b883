//! From a file to a checked configuration.

use std::{
    cell::RefCell,
    fs::File,
    io::Read,
    ops::Range,
    path::{Path, PathBuf},
};

use serde::de::DeserializeOwned;

use crate::SettingsError;

/// Bytes a configuration file may have.
const LIMIT: u64 = 1 << 20;

/// Reads `path` into a configuration type, which denies unknown fields itself (`#[serde(deny_unknown_fields)]`).
///
/// # Errors
/// The first rule that the file breaks, with its line (THR-103).
pub fn load<T: DeserializeOwned>(path: &Path) -> Result<T, SettingsError> {
    let unreadable = |reason| SettingsError::Unreadable { path: path.to_owned(), reason };
    let file = File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    file.take(LIMIT + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    let found = bytes.len() as u64;
    if found > LIMIT {
        return Err(SettingsError::TooLarge { path: path.to_owned(), found, limit: LIMIT });
    }
    match std::str::from_utf8(&bytes) {
        Ok(text) => parse(path, text),
        Err(error) => Err(SettingsError::NotUtf8 { path: path.to_owned(), line: line_of(&bytes, error.valid_up_to()) }),
    }
}

/// Reads `text`, which came from `path`, into a configuration type.
///
/// # Errors
/// The first rule that the text breaks, with its line (THR-103).
pub fn parse<T: DeserializeOwned>(path: &Path, text: &str) -> Result<T, SettingsError> {
    // Twice, because only the first pass tells bad TOML from a bad value.
    toml::de::DeTable::parse(text)
        .map_err(|error| syntax(path, line(text, error.span()), error.message().to_owned()))?;
    let _inside = Inside::of(path);
    toml::from_str(text).map_err(|error| value(path, line(text, error.span()), error.message().to_owned()))
}

thread_local! {
    /// The folder of the file that is being read, because a `Deserialize` is told nothing of where its text comes from.
    static FOLDER: RefCell<PathBuf> = const { RefCell::new(PathBuf::new()) };
}

/// Paths in a configuration are relative to its own folder, as long as this lives.
struct Inside(PathBuf);

impl Inside {
    fn of(path: &Path) -> Self {
        let folder = path.parent().unwrap_or_else(|| Path::new("")).to_owned();
        Self(FOLDER.replace(folder))
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        FOLDER.set(std::mem::take(&mut self.0));
    }
}

/// `path` as seen from the configuration that is being read.
pub(crate) fn from_here(path: &Path) -> PathBuf {
    FOLDER.with_borrow(|folder| folder.join(path))
}

fn syntax(path: &Path, line: usize, rule: String) -> SettingsError {
    let path = path.to_owned();
    if rule.starts_with("duplicate key") {
        SettingsError::DuplicateKey { path, line }
    } else {
        SettingsError::Syntax { path, line, rule }
    }
}

fn value(path: &Path, line: usize, rule: String) -> SettingsError {
    let path = path.to_owned();
    if rule.starts_with("unknown field") {
        SettingsError::UnknownField { path, line, rule }
    } else if rule.starts_with("missing field") {
        SettingsError::MissingField { path, line, rule }
    } else {
        SettingsError::Value { path, line, rule }
    }
}

fn line(text: &str, span: Option<Range<usize>>) -> usize {
    line_of(text.as_bytes(), span.map_or(0, |span| span.start))
}

fn line_of(bytes: &[u8], offset: usize) -> usize {
    1 + bytes.iter().take(offset).filter(|&&byte| byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::{ByteSize, HumanDuration, Limit};

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Example {
        listen: String,
        limits: Limits,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Limits {
        body: ByteSize,
        header_timeout: HumanDuration,
        connections: Limit,
    }

    const GOOD: &str = r#"listen = "127.0.0.1:3161"
[limits]
body = "16KiB"
header_timeout = "5s"
connections = 512
"#;

    fn refusal(text: &str) -> (&'static str, Option<usize>, String) {
        let error = parse::<Example>(Path::new("kokuin.toml"), text).unwrap_err();
        (error.code(), error.line(), error.to_string())
    }

    #[test]
    fn reads_what_every_rule_allows() {
        let example: Example = parse(Path::new("kokuin.toml"), GOOD).unwrap();
        assert_eq!(example.limits.body.bytes(), 16 * 1024);
        assert_eq!(example.limits.header_timeout.as_std(), std::time::Duration::from_secs(5));
        assert_eq!(example.limits.connections.get(), 512);
    }

    #[test]
    fn refuses_duplicate_key_with_its_line_thr_103() {
        let text = GOOD.replace("connections = 512", "body = \"1KiB\"\nconnections = 512");
        assert_eq!(refusal(&text), ("settings.duplicate-key", Some(5), "kokuin.toml:5: key given twice".into()));
    }

    #[test]
    fn refuses_unknown_field_with_its_line_thr_103() {
        let (code, line, text) = refusal(&GOOD.replace("header_timeout", "header_timout"));
        assert_eq!((code, line), ("settings.unknown-field", Some(4)));
        assert!(text.contains("header_timout") && text.contains("header_timeout"), "{text}");
    }

    #[test]
    fn refuses_missing_field_with_its_table_thr_103() {
        let (code, line, text) = refusal(&GOOD.replace("body = \"16KiB\"\n", ""));
        assert_eq!((code, line), ("settings.missing-field", Some(2)), "{text}");
    }

    #[test]
    fn refuses_zero_and_negative_limits_with_their_line_thr_103() {
        for wrong in ["0", "-1"] {
            let (code, line, text) = refusal(&GOOD.replace("512", wrong));
            assert_eq!((code, line), ("settings.value", Some(5)), "{text}");
        }
        let (code, line, text) = refusal(&GOOD.replace("16KiB", "0KiB"));
        assert_eq!((code, line), ("settings.value", Some(3)));
        assert_eq!(text, "kokuin.toml:3: a size is never zero: \"0KiB\"");
    }

    #[test]
    fn refuses_negative_and_zero_durations_with_their_line_thr_103() {
        let (code, line, text) = refusal(&GOOD.replace("\"5s\"", "\"-5s\""));
        assert_eq!((code, line), ("settings.value", Some(4)));
        assert_eq!(text, "kokuin.toml:4: a duration is never negative: \"-5s\"");
        assert_eq!(refusal(&GOOD.replace("\"5s\"", "\"0s\"")).2, "kokuin.toml:4: a duration is never zero: \"0s\"");
    }

    #[test]
    fn refuses_broken_toml_with_its_line() {
        let (code, line, _) = refusal(&GOOD.replace("body = ", "body "));
        assert_eq!((code, line), ("settings.syntax", Some(3)));
    }

    #[test]
    fn refuses_files_absent_huge_or_not_text() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kokuin.toml");
        assert_eq!(load::<Example>(&path).unwrap_err().code(), "settings.unreadable");
        std::fs::write(&path, vec![b'#'; 1 << 20 | 1]).unwrap();
        assert_eq!(load::<Example>(&path).unwrap_err().code(), "settings.too-large");
        std::fs::write(&path, b"a = 1\nb = \"\xff\"\n").unwrap();
        let error = load::<Example>(&path).unwrap_err();
        assert_eq!((error.code(), error.line()), ("settings.not-utf8", Some(2)));
        std::fs::write(&path, GOOD).unwrap();
        assert_eq!(load::<Example>(&path).unwrap().listen, "127.0.0.1:3161");
    }
}
