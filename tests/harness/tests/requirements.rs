//! `docs/requirements.md` tells the truth: every file and every test that it names exists, and nothing that must be in it is missing.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// The rows of TSP that the table of requirements has, and those of ERS.
const ROWS: [(&str, std::ops::RangeInclusive<u8>); 5] =
    [("TSP", 1..=21), ("TSP", 30..=40), ("TSP", 45..=58), ("TSP", 60..=72), ("ERS", 1..=9)];

/// Abuse cases and rules for an accredited provider that a release must not be without.
const MANDATORY: [&str; 53] = [
    "THR-01", "THR-02", "THR-03", "THR-04", "THR-05", "THR-08", "THR-09", "THR-12", "THR-13", "THR-14", "THR-22",
    "THR-23", "THR-31", "THR-32", "THR-33", "THR-34", "THR-35", "THR-36", "THR-37", "THR-38", "THR-39", "THR-42",
    "THR-43", "THR-44", "THR-46", "THR-47", "THR-48", "THR-49", "THR-52", "THR-54", "THR-62", "THR-85", "THR-86",
    "THR-87", "THR-88", "THR-92", "THR-95", "THR-97", "THR-98", "THR-103", "THR-104", "JP-TS-05", "JP-TS-07",
    "JP-TS-09", "JP-TS-10", "JP-TS-11", "JP-TS-14", "JP-TS-16", "JP-TS-19", "JP-TS-20", "JP-TS-23", "JP-ES-18",
    "ERS-02",
];

/// One row: files to read, and each test with the file it is in.
#[derive(Debug, Default)]
struct Row {
    files: Vec<String>,
    tests: Vec<(String, String)>,
    /// The last cell's words: why there is no test, or what the tests do not reach.
    words: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The rows of a document by identifier; a row may have several, with a comma between them.
fn rows(document: &str) -> BTreeMap<String, Row> {
    let cells = |line: &str| -> Option<[String; 3]> {
        let cells: Vec<String> =
            line.strip_prefix("| ")?.strip_suffix(" |")?.split(" | ").map(|cell| cell.trim().to_owned()).collect();
        cells.try_into().ok()
    };
    let mut rows = BTreeMap::new();
    for [ids, files, tests] in document.lines().filter_map(cells).filter(|[ids, ..]| ids != "ID") {
        for id in ids.split(", ") {
            let twice = rows.insert(id.to_owned(), row(&files, &tests));
            assert!(twice.is_none(), "{id} has two rows");
        }
    }
    rows
}

fn row(files: &str, tests: &str) -> Row {
    let quoted = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    let mut row = Row { files: quoted(files), words: tests.split('`').step_by(2).collect(), ..Row::default() };
    let mut file = None;
    for item in quoted(tests) {
        if item.contains('/') && !item.contains(' ') {
            file = Some(item);
        } else {
            row.tests.push((file.clone().unwrap_or_default(), item));
        }
    }
    row
}

/// What a row names and the tree does not have.
fn missing(root: &Path, id: &str, row: &Row) -> Vec<String> {
    let absent = row.files.iter().filter(|file| !root.join(file).is_file()).map(|file| format!("{id}: {file}"));
    let untested = row.tests.iter().filter(|(file, name)| {
        let text = fs::read_to_string(root.join(file)).unwrap_or_default();
        let there = if file.ends_with(".rs") { is_test(&text, name) } else { text.contains(name.as_str()) };
        !there
    });
    absent.chain(untested.map(|(file, name)| format!("{id}: {name} in {file}"))).collect()
}

/// Whether `text` has a function of this name with a test attribute close above it.
fn is_test(text: &str, name: &str) -> bool {
    let lines: Vec<&str> = text.lines().collect();
    let declared = format!("fn {name}(");
    lines.iter().enumerate().any(|(at, line)| {
        let above = &lines[at.saturating_sub(4)..at];
        line.trim_start().trim_start_matches("async ").starts_with(&declared)
            && above.iter().any(|line| line.trim().starts_with("#[") && line.trim().ends_with("test]"))
    })
}

fn document() -> BTreeMap<String, Row> {
    rows(&fs::read_to_string(root().join("docs/requirements.md")).unwrap())
}

#[test]
fn every_file_and_test_named_exists() {
    let rows = document();
    assert!(rows.len() > 150, "only {} rows were read", rows.len());
    let missing: Vec<String> = rows.iter().flat_map(|(id, row)| missing(&root(), id, row)).collect();
    assert_eq!(missing, Vec::<String>::new());
}

#[test]
fn every_row_of_the_protocol_is_there() {
    let rows = document();
    let ids = ROWS.into_iter().flat_map(|(table, numbers)| numbers.map(move |number| format!("{table}-{number:02}")));
    let absent: Vec<String> = ids.filter(|id| !rows.contains_key(id)).collect();
    assert_eq!(absent, Vec::<String>::new());
}

#[test]
fn every_mandatory_abuse_case_has_a_test() {
    let rows = document();
    let untested: Vec<&str> =
        MANDATORY.into_iter().filter(|id| rows.get(*id).is_none_or(|row| row.tests.is_empty())).collect();
    assert_eq!(untested, Vec::<&str>::new());
}

#[test]
fn a_row_without_test_says_why() {
    let rows = document();
    let silent: Vec<&String> = rows
        .iter()
        .filter(|(_, row)| row.tests.is_empty())
        .filter(|(_, row)| !row.words.starts_with("no test: ") && !row.words.starts_with("not built: "))
        .map(|(id, _)| id)
        .collect();
    assert_eq!(silent, Vec::<&String>::new());
}

#[test]
fn a_name_that_is_no_test_is_found() {
    let table = "| ID | Where | Test |\n|---|---|---|\n\
                 | A-1 | `docs/nowhere.md` | `tests/harness/tests/requirements.rs`: `a_name_that_is_no_test_is_found`, `root` |\n\
                 | A-2, A-3 | - | not built: nobody did |\n";
    let rows = rows(table);
    assert_eq!(rows.keys().collect::<Vec<_>>(), ["A-1", "A-2", "A-3"]);
    let expected = ["A-1: docs/nowhere.md", "A-1: root in tests/harness/tests/requirements.rs"];
    assert_eq!(missing(&root(), "A-1", &rows["A-1"]), expected);
    assert!(rows["A-2"].tests.is_empty() && rows["A-2"].words.starts_with("not built: "));
}
