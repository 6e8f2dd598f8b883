//! An entry of the cross-reference data that points to another object shows one document here and another one in a reader (PAD-20, PAD-26).

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "support/sample.rs"]
mod sample;

use kokuin_pdf::{PdfError, prepare, signatures};
use sample::{objects, plain, request, sealed, stream, updated};

/// Both doors refuse the file for object `number`.
fn assert_refused(file: &[u8], number: u32) {
    let refusal = PdfError::BrokenObject { object: (number, 0).into() };
    assert_eq!(signatures(file).map(|found| found.len()), Err(refusal.clone()));
    assert_eq!(prepare(file, &request()).map(|_| ()), Err(refusal));
}

/// `file` with an update whose entry for object 15 points to `offset`.
fn pointing_to(file: &[u8], offset: usize) -> Vec<u8> {
    let file = updated(file, &[(15, "null".into())]);
    let mut file = file;
    let entry = file.windows(5).rposition(|window| window == b"15 1\n").unwrap() + 5;
    file[entry..entry + 10].copy_from_slice(format!("{offset:010}").as_bytes());
    file
}

fn catalog_of(file: &[u8]) -> usize {
    file.windows(8).position(|window| window == b"\n1 0 obj").unwrap() + 1
}

#[test]
fn refuses_an_entry_that_points_to_another_object() {
    let file = plain();
    assert_refused(&pointing_to(&file, catalog_of(&file)), 15);
}

/// The library reads the first object of the file there, which an update may have replaced.
#[test]
fn refuses_offset_zero() {
    assert_refused(&pointing_to(&plain(), 0), 15);
    assert_refused(&pointing_to(&sealed(&plain()), 0), 15);
}

/// Three digits for three, so that no offset moves.
fn with_head(from: &str, to: &str) -> Vec<u8> {
    sample::replaced(&stream(&objects("", "")), from, to)
}

#[test]
fn refuses_members_listed_twice_or_elsewhere_in_their_object_stream() {
    let file = stream(&objects("", ""));
    assert_eq!(signatures(&file).map(|found| found.len()), Ok(0));
    let text = String::from_utf8_lossy(&file).into_owned();
    let head = &text[text.find("stream\n1 0 2 ").unwrap() + 7..][..6];
    assert_eq!(head, "1 0 2 ");
    assert_refused(&with_head("stream\n1 0 2 ", "stream\n1 0 1 "), 1);
    assert_refused(&with_head("stream\n1 0 2 ", "stream\n2 0 1 "), 1);
}
