//! `kokuin profile lint`: certificates against the profiles that services start on.

use std::path::PathBuf;

use anyhow::bail;
use clap::Subcommand;
use kokuin_profile::{Finding, Profile, Severity, check};

use crate::serve::read_certificates;

/// What to do with profiles.
#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// Check certificates against a profile; fails if a rule is broken
    Lint(Lint),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Lint {
    /// PEM files; the first certificate of each is checked
    #[arg(required = true, value_name = "CERT")]
    certificates: Vec<PathBuf>,
    /// Which profile (docs/profiles.md)
    #[arg(long, value_name = "NAME")]
    profile: String,
    /// One JSON object a certificate
    #[arg(long)]
    json: bool,
}

/// Runs the action.
pub(crate) fn run(action: &Action) -> anyhow::Result<()> {
    let Action::Lint(lint) = action;
    let Some(profile) = Profile::by_name(&lint.profile) else {
        bail!("there is no profile {}; docs/profiles.md lists them", lint.profile);
    };
    let mut broken = 0;
    for path in &lint.certificates {
        let Some(certificate) = read_certificates(path)?.into_iter().next() else {
            bail!("{} holds no certificate", path.display());
        };
        let findings = check(profile, &certificate);
        broken += usize::from(findings.iter().any(|finding| finding.severity == Severity::Error));
        if lint.json {
            let line = serde_json::json!({
                "file": path.display().to_string(),
                "profile": lint.profile,
                "findings": findings,
            });
            println!("{line}");
        } else {
            print(&path.display().to_string(), &lint.profile, &findings);
        }
    }
    if broken > 0 {
        bail!("{broken} of {} certificates break the profile {}", lint.certificates.len(), lint.profile);
    }
    Ok(())
}

fn print(path: &str, profile: &str, findings: &[Finding]) {
    if findings.is_empty() {
        println!("{path}: matches the profile {profile}");
    }
    for finding in findings {
        println!("{path}: {} {}: {} ({})", finding.severity, finding.rule, finding.message, finding.clause);
    }
}
