//! `tests/run` adds up what its suites counted, each check once.

use std::{
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

fn counted(output: &str) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../count");
    let mut count =
        Command::new("bash").arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("bash is there");
    count.stdin.take().expect("piped").write_all(output.as_bytes()).expect("it reads");
    String::from_utf8(count.wait_with_output().expect("it ends").stdout).expect("text").trim_end().to_owned()
}

#[test]
fn counts_a_suite_by_its_closing_line_and_not_by_those_of_programs_it_ran() {
    assert_eq!(counted("ok    a\n40 passed, 0 failed\nok    crash rounds\n2 passed, 1 failed\n"), "2 1");
    assert_eq!(counted("12 passed, 0 failed\n"), "12 0");
}

#[test]
fn adds_up_the_results_of_cargo() {
    let one = "test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; 7 filtered out; finished in 0.01s";
    let two = "test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s";
    assert_eq!(counted(&format!("{one}\n3 passed, 0 failed\n{two}\n")), "8 2");
}

#[test]
fn counts_nothing_where_nothing_was_counted() {
    assert_eq!(counted("the database does not start\n"), "0 0");
}
