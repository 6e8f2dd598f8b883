//! JSON: one object a line, with nothing in it that a terminal would act on.

use std::fmt::Write as _;

use kokuin_validate::ValidationReport;

use crate::{exit::RunError, shown::is_dangerous};

/// The report in one line.
pub(crate) fn render(report: &ValidationReport) -> Result<String, RunError> {
    let plain = serde_json::to_string(report).map_err(|error| RunError::Output(error.into()))?;
    Ok(escaped(&plain))
}

/// JSON where the dangerous characters that serde leaves as they are become `\uXXXX`. They can only be inside strings.
fn escaped(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for character in json.chars() {
        if is_dangerous(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                let _infallible = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(character);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thr_98_escapes_and_stays_the_same_json() {
        let value = serde_json::json!({ "name": "a\u{202e}b\u{9b}c\u{e0041}\n" });
        let text = escaped(&value.to_string());
        assert_eq!(text, r#"{"name":"a\u202eb\u009bc\udb40\udc41\n"}"#);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).expect("JSON"), value);
    }
}
