//! Text for people: the first line is the answer, then one line per field.

use std::fmt::Write as _;

use kokuin_validate::{ControlTimeSource, Outcome, SignatureReport, ValidationReport};

use crate::shown::Shown;

/// The whole report. Every line ends with a line feed of our own and none from elsewhere.
pub(crate) fn render(report: &ValidationReport) -> String {
    let mut page = Page(String::new());
    let overall = &report.overall;
    page.line(&answer(overall));
    page.field("File", &report.file);
    if let Some(kind) = report.kind {
        page.field("Kind", kind.name());
    }
    let who = match report.control_time_source {
        ControlTimeSource::SystemClock => "this machine's clock",
        ControlTimeSource::Caller => "chosen by the caller",
    };
    page.field("Judged at", &format!("{} ({who})", report.control_time));
    match report.signatures.as_slice() {
        [] | [_] => page.signature(overall, ""),
        several => {
            for (signature, number) in several.iter().zip(1..) {
                page.field(&format!("Signature {number}"), &format!("{}: {}", signature.label, answer(signature)));
                page.signature(signature, "  ");
            }
        }
    }
    page.0
}

fn answer(report: &SignatureReport) -> String {
    match report.sub_indication {
        Some(sub_indication) => format!("{} {sub_indication}: {}", report.status, report.reason),
        None => format!("{}: {}", report.status, report.reason),
    }
}

struct Page(String);

impl Page {
    fn line(&mut self, text: &str) {
        let _infallible = writeln!(self.0, "{}", Shown(text));
    }

    fn field(&mut self, name: &str, value: &str) {
        self.line(&format!("{name}: {value}"));
    }

    fn optional(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.field(name, value);
        }
    }

    fn signature(&mut self, report: &SignatureReport, indent: &str) {
        let named = |name: &str| format!("{indent}{name}");
        if let Some(answers) = &report.answers {
            self.field(&named("Who issued it"), &answers.issued_by);
            self.field(&named("Unchanged since"), &answers.unchanged);
        }
        self.optional(&named("Time in the token"), report.gen_time.as_deref());
        self.optional(&named("Accuracy in seconds"), report.accuracy.as_deref());
        self.optional(&named("Best signature time"), report.best_signature_time.as_deref());
        if let Some(signer) = &report.signer {
            self.field(&named("Signer"), &signer.name);
            self.optional(&named("Organization identifier"), signer.organization_identifier.as_deref());
            self.optional(&named("Corporate number"), signer.corporate_number.as_deref());
            self.field(&named("Certificate subject"), &signer.subject);
        }
        self.optional(&named("Policy"), report.policy.as_deref());
        self.optional(&named("Serial"), report.serial.as_deref());
        self.optional(&named("Level"), report.level);
        self.optional(&named("Valid until (renew before)"), report.valid_until.as_deref());
        for algorithm in &report.algorithms {
            self.field(&named("Algorithm"), &format!("{} for {}", algorithm.name, algorithm.used_for));
        }
        for check in &report.checks {
            let outcome = outcome_name(check.outcome);
            self.field(&named("Check"), &format!("{outcome} {} ({}): {}", check.id, check.clause, check.detail));
        }
        for path in &report.paths {
            let reason = path.reason.as_deref().unwrap_or("it holds");
            self.field(&named("Path"), &format!("{}: {reason}", path.certificates.join(" <- ")));
        }
        for timestamp in &report.timestamps {
            self.field(&named("Time-stamp"), &format!("{}: {}", timestamp.label, answer(timestamp)));
            self.signature(timestamp, &format!("{indent}  "));
        }
    }
}

const fn outcome_name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "passed",
        Outcome::Failed => "FAILED",
        Outcome::Indeterminate => "NOT SETTLED",
        Outcome::NotChecked => "not checked",
        Outcome::Note => "note",
    }
}
