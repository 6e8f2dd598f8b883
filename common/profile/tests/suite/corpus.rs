//! Certificates and CRLs of other linters, with what those say: where one of their lints is a rule of ours, we agree.

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use kokuin_asn1::{Certificate, pem};
use kokuin_profile::{Profile, Rule, check_crl_der, check_der};

/// Corpus folder, or `None` with one loud line where there is none (with `CI=true`, a failure).
fn corpus(name: &str) -> Option<PathBuf> {
    let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let path = env::var_os("KOKUIN_CORPUS").map_or_else(default, PathBuf::from).join("certs").join(name);
    if path.exists() {
        return Some(path);
    }
    assert_ne!(env::var("CI").as_deref(), Ok("true"), "corpus not found at {}", path.display());
    println!("SKIPPED: corpus not found at {}", path.display());
    None
}

/// Rules found under the profile that fits: that of a CA for a CA, that of a qualified certificate of any type for
/// everything else.
fn rules_of(der: &[u8]) -> BTreeSet<Rule> {
    let is_ca =
        Certificate::parse(der).ok().and_then(|parsed| parsed.basic_constraints()).is_some_and(|found| found.ca);
    let mut profile = Profile::by_name(if is_ca { "issuing-ca" } else { "seal-eu" }).unwrap().clone();
    if let Some(rule) = &mut profile.qc_statements {
        rule.qc_type = None;
    }
    check_der(&profile, der).iter().map(|finding| finding.rule).collect()
}

fn rules_with_lint(lint: &str) -> Vec<Rule> {
    Rule::ALL.iter().copied().filter(|rule| rule.lints().contains(&lint)).collect()
}

fn files_below(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_below(&path, extension));
        } else if path.extension().is_some_and(|found| found == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// DER of the first PEM block, and the lint names of the errors and warnings listed below it.
fn pkilint_case(path: &Path) -> (Vec<u8>, BTreeSet<String>) {
    let text = fs::read_to_string(path).unwrap();
    let der = pem::decode_all(text.as_bytes()).unwrap().remove(0).der;
    let lints = text
        .lines()
        .filter(|line| line.contains(",ERROR,") || line.contains(",WARNING,"))
        .filter_map(|line| line.split(',').nth(3).map(str::to_owned))
        .collect();
    (der, lints)
}

#[test]
fn agrees_with_pkilint_on_its_certificates() {
    let Some(folder) = corpus("pkilint/integration_certificate") else { return };
    let mut agreed = 0;
    let mut missed = Vec::new();
    for path in files_below(&folder, "crttest") {
        let (der, lints) = pkilint_case(&path);
        let found = rules_of(&der);
        for lint in &lints {
            let rules = rules_with_lint(lint);
            if rules.is_empty() {
                continue;
            }
            if rules.iter().any(|rule| found.contains(rule)) {
                agreed += 1;
            } else {
                missed.push(format!("{}: {lint} but only {found:?}", path.display()));
            }
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
    assert!(agreed > 25, "only {agreed} findings were compared");
}

#[test]
fn agrees_with_pkilint_on_its_crls() {
    let Some(folder) = corpus("pkilint/integration_crl") else { return };
    let mut agreed = 0;
    for path in files_below(&folder, "crltest") {
        let (der, lints) = pkilint_case(&path);
        let found: BTreeSet<Rule> = check_crl_der(&der).iter().map(|finding| finding.rule).collect();
        let expected: BTreeSet<Rule> =
            lints.iter().flat_map(|lint| rules_with_lint(lint)).filter(|rule| *rule >= Rule::CrlReadable).collect();
        assert_eq!(found, expected, "{}: {lints:?}", path.display());
        agreed += 1;
    }
    assert!(agreed > 0, "no CRL was compared");
}

#[test]
fn agrees_with_zlint_on_its_certificates() {
    let Some(folder) = corpus("zlint") else { return };
    let unpacked = tempfile::tempdir().unwrap();
    let archive = folder.join("testdata.tar.gz");
    let done = Command::new("tar").arg("-xzf").arg(archive).arg("-C").arg(unpacked.path()).status().unwrap();
    assert!(done.success());
    let (mut agreed, mut wrong) = (0, Vec::new());
    for line in fs::read_to_string(folder.join("expectations.tsv")).unwrap().lines().skip(1) {
        let [file, lint, expected, ..] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let broken = match expected {
            "Error" | "Warn" => true,
            "Pass" => false,
            _ => continue,
        };
        let path = unpacked.path().join(file);
        let rules = rules_with_lint(lint);
        if rules.is_empty() || !path.exists() {
            continue;
        }
        let text = fs::read(&path).unwrap();
        let der = pem::decode_all(&text).unwrap().remove(0).der;
        let found = rules_of(&der);
        if rules.iter().any(|rule| found.contains(rule)) == broken {
            agreed += 1;
        } else {
            wrong.push(format!("{file}: {lint} {expected}, found {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(agreed > 45, "only {agreed} findings were compared");
}
