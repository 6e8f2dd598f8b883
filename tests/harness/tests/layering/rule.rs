//! The rules of `docs/architecture.md` sections 1 and 8, one function each.

use crate::workspace::{Kind, Workspace};

/// A rule that a member breaks.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Breach {
    pub(crate) member: String,
    pub(crate) found: String,
}

/// The table's rows from the top down, then what stands on it.
const ROWS: [&str; 29] = [
    "kokuin-asn1",
    "kokuin-suite",
    "kokuin-suite-openssl",
    "kokuin-suite-rustcrypto",
    "kokuin-profile",
    "kokuin-pdf",
    "kokuin-evidence",
    "kokuin-validate",
    "kokuin-clock",
    "kokuin-key",
    "kokuin-audit",
    "kokuin-store",
    "kokuin-settings",
    "kokuin-web",
    "kokuin-clock-record",
    "kokuin-device-ledger",
    "kokuin-fetch",
    "kokuin-attest",
    "kokuin-devca",
    "kokuin-hsm-config",
    "kokuin-tsa",
    "kokuin-eseal",
    "kokuin-verify",
    "kokuin",
    "kokuin-pkcs11-tests",
    "kokuin-yubihsm-sim",
    "kokuin-tests",
    "kokuin-bench",
    "kokuin-fuzz",
];

/// Rows that nothing depends on but what runs them.
const TOPS: [(&str, &[&str]); 6] = [
    ("kokuin-tsa", &["kokuin", "kokuin-tests"]),
    ("kokuin-eseal", &["kokuin", "kokuin-tests"]),
    ("kokuin-verify", &["kokuin-tests"]),
    ("kokuin", &["kokuin-tests"]),
    // A device of paper: no program may carry it.
    ("kokuin-yubihsm-sim", &["kokuin-tests", "kokuin-bench"]),
    ("kokuin-tests", &[]),
];

/// Libraries that only some rooms may use. Whatever is only under `tests/` may use them all.
const CONFINED: [(&str, &[&str]); 15] = [
    ("diesel", &["kokuin-store"]),
    ("diesel_migrations", &["kokuin-store"]),
    ("libsqlite3-sys", &["kokuin-store"]),
    ("actix-web", &["kokuin-web", "kokuin-tsa", "kokuin-eseal"]),
    ("actix-multipart", &["kokuin-web", "kokuin-tsa", "kokuin-eseal"]),
    ("actix-http", &["kokuin-web"]),
    ("openssl", &["kokuin-suite-openssl", "kokuin-hsm-config", "kokuin-web", "kokuin-fetch"]),
    ("native-tls", &["kokuin-web", "kokuin-fetch"]),
    ("ureq", &["kokuin-fetch"]),
    ("yubihsm", &["kokuin-hsm-config"]),
    ("cryptoki", &["kokuin-hsm-config"]),
    ("blahaj", &["kokuin-hsm-config"]),
    ("aws-lc-rs", &["kokuin-hsm-config"]),
    ("rsa", &["kokuin-suite-rustcrypto"]),
    ("lopdf", &["kokuin-pdf"]),
];

/// What the verifier must not reach, by the beginning of the name.
const NOT_IN_VERIFIER: [&str; 5] = ["actix", "diesel", "tokio", "yubihsm", "libsqlite3"];

/// Features that one member could turn on for all (THR-115).
const WEAKENING: [(&str, &str); 8] = [
    ("openssl", "aws-lc"),
    ("openssl", "aws-lc-fips"),
    ("openssl", "unstable_boringssl"),
    ("rsa", "hazmat"),
    ("ed25519-dalek", "hazmat"),
    ("ed25519-dalek", "legacy_compatibility"),
    ("x509-cert", "hazmat"),
    ("yubihsm", "mockhsm"),
];

/// Only under `tests/`. The simulated device does its private key operations with `openssl`, and nothing ships it.
const TESTS: [&str; 4] = ["kokuin-tests", "kokuin-bench", "kokuin-pkcs11-tests", "kokuin-yubihsm-sim"];

/// A crate uses rows above its own, never below. Tests may look down.
pub(crate) fn layers(workspace: &Workspace) -> Vec<Breach> {
    let row = |name: &str| ROWS.iter().position(|row| *row == name);
    let mut breaches = Vec::new();
    for member in &workspace.members {
        let Some(own) = row(&member.name) else {
            breaches.push(breach(&member.name, "has no row in the table".to_owned()));
            continue;
        };
        for (used, kind) in &member.uses {
            if *kind == Kind::Normal && row(used).is_some_and(|used| used >= own) {
                breaches.push(breach(&member.name, format!("uses {used}, which is below it")));
            }
        }
    }
    breaches
}

/// Nothing depends on the services and the binaries.
pub(crate) fn tops(workspace: &Workspace) -> Vec<Breach> {
    refused(workspace, |used| TOPS.iter().find(|(top, _)| *top == used).map(|(_, users)| *users))
}

/// Libraries stay in the rooms that are made for them.
pub(crate) fn confinement(workspace: &Workspace) -> Vec<Breach> {
    refused(workspace, |used| CONFINED.iter().find(|(library, _)| *library == used).map(|(_, rooms)| *rooms))
}

fn refused(workspace: &Workspace, allowed: impl Fn(&str) -> Option<&'static [&'static str]>) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for member in workspace.members.iter().filter(|member| !TESTS.contains(&member.name.as_str())) {
        for (used, kind) in &member.uses {
            let refused = allowed(used).is_some_and(|users| !users.contains(&member.name.as_str()));
            if *kind == Kind::Normal && refused {
                breaches.push(breach(&member.name, format!("uses {used}")));
            }
        }
    }
    breaches
}

/// The verifier's graph has no server, database, device or asynchronous run time.
pub(crate) fn verifier(workspace: &Workspace) -> Vec<Breach> {
    let reached = workspace.reach("kokuin-verify");
    let refused = reached.iter().filter(|name| NOT_IN_VERIFIER.iter().any(|part| name.starts_with(part)));
    refused.map(|name| breach("kokuin-verify", format!("reaches {name}"))).collect()
}

/// Lints are the workspace's, and forbid unsafe code.
pub(crate) fn lints(workspace: &Workspace) -> Vec<Breach> {
    let own = workspace.members.iter().filter(|member| !member.inherits_lints);
    let mut breaches: Vec<_> =
        own.map(|member| breach(&member.name, "does not inherit the workspace's lints".to_owned())).collect();
    if !workspace.unsafe_is_forbidden {
        breaches.push(breach("workspace", "does not forbid unsafe code".to_owned()));
    }
    breaches
}

/// No feature that weakens a library is on, whoever asks for it.
pub(crate) fn features(workspace: &Workspace) -> Vec<Breach> {
    let on = workspace.features.iter();
    on.filter(|(package, feature)| WEAKENING.contains(&(package.as_str(), feature.as_str())))
        .map(|(package, feature)| breach(package, format!("has the feature {feature}")))
        .collect()
}

fn breach(member: &str, found: String) -> Breach {
    Breach { member: member.to_owned(), found }
}
