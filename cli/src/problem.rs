//! What a service says when it refuses (RFC 9457).

use kokuin_fetch::Answer;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
struct Problem {
    code: String,
    title: String,
    #[serde(default)]
    detail: Option<String>,
}

/// The service's own words, escaped: they go to a terminal.
pub(crate) fn told(answer: &Answer) -> anyhow::Error {
    let Ok(problem) = serde_json::from_slice::<Problem>(&answer.body) else {
        return anyhow::anyhow!("the service answered with status {}", answer.status);
    };
    let detail = problem.detail.map_or_else(String::new, |detail| format!(": {}", detail.escape_debug()));
    let (title, code) = (problem.title.escape_debug(), problem.code.escape_debug());
    anyhow::anyhow!("{title}{detail} ({code}, status {})", answer.status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_what_the_service_refused_and_escapes_it() {
        let body = br#"{"code":"eseal.pdf-encrypted","title":"the PDF is encrypted","detail":"\u001b[2J"}"#;
        let content_type = "application/problem+json".to_owned();
        let answer = Answer { status: 422, content_type, body: body.to_vec(), retry_after_s: None };
        let text = told(&answer).to_string();
        assert_eq!(text, "the PDF is encrypted: \\u{1b}[2J (eseal.pdf-encrypted, status 422)");
    }
}
