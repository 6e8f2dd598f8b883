//! `docs/profiles.md` has one row per rule, and says what the rule's table says.

use std::fs;

use kokuin_profile::{Profile, Rule};

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/profiles.md");

fn row(rule: Rule) -> String {
    let lints = if rule.lints().is_empty() {
        "-".to_owned()
    } else {
        rule.lints().iter().map(|lint| format!("`{lint}`")).collect::<Vec<_>>().join(", ")
    };
    let severity = rule.severity();
    let (code, requirement, clause, title) = (rule.code(), rule.requirement(), rule.clause(), rule.title());
    format!("| {code} | {severity} | {title} | {requirement} | {clause} | {lints} |")
}

#[test]
fn documents_every_rule_as_it_is() {
    let text = fs::read_to_string(PATH).unwrap();
    let missing: Vec<String> = Rule::ALL.iter().map(|rule| row(*rule)).filter(|row| !text.contains(row)).collect();
    assert!(missing.is_empty(), "docs/profiles.md lacks these rows:\n{}", missing.join("\n"));
    let rows = text.lines().filter(|line| line.starts_with("| KOK-CERT-")).count();
    assert_eq!(rows, Rule::ALL.len(), "docs/profiles.md has rows of rules that do not exist");
}

#[test]
fn documents_every_profile() {
    let text = fs::read_to_string(PATH).unwrap();
    for name in Profile::names() {
        let profile = Profile::by_name(name).unwrap();
        let row = format!("| `{name}` | {} | {} |", profile.title, profile.sources.join(", "));
        assert!(text.contains(&row), "docs/profiles.md lacks: {row}");
    }
}
