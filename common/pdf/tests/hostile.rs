//! Files made to break a reader: every one ends with an answer, soon.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "support/sample.rs"]
mod sample;

use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

use kokuin_pdf::{Limits, PdfError, prepare, signatures, signatures_within};
use proptest::prelude::*;
use sample::{objects, plain, request, sealed, stream, table};

/// Reads `file` in both ways and says how, with the time it took.
fn read(file: &[u8]) -> (Result<usize, PdfError>, Result<(), PdfError>, Duration) {
    let started = Instant::now();
    let found = signatures(file).map(|found| found.len());
    let prepared = prepare(file, &request()).map(|_| ());
    (found, prepared, started.elapsed())
}

#[test]
fn survives_every_byte_flipped() {
    for original in [sealed(&plain()), sealed(&stream(&objects("", "")))] {
        for at in 0..original.len() {
            for mask in [0x01, 0x80, 0xff] {
                let mut file = original.clone();
                file[at] ^= mask;
                let (_, _, took) = read(&file);
                assert!(took < Duration::from_secs(5), "byte {at} mask {mask}");
            }
        }
    }
}

#[test]
fn survives_every_prefix() {
    let original = sealed(&plain());
    for len in 0..original.len() {
        let _answer = read(&original[..len]);
    }
}

#[test]
fn refuses_deep_nesting_in_the_file_and_in_object_streams() {
    let deep = format!("{}{}", "[".repeat(50_000), "]".repeat(50_000));
    let file = table(&[objects("", ""), vec![(5, deep.clone())]].concat(), "");
    assert_eq!(read(&file).0.unwrap_err().code(), "pdf.unreadable");
    let packed = stream(&[objects("", ""), vec![(5, deep)]].concat());
    assert_eq!(read(&packed).0.unwrap_err().code(), "pdf.broken-object");
    let trailer = table(&objects("", ""), &format!("/X{}", "<</A".repeat(50_000)));
    assert_eq!(read(&trailer).0.unwrap_err().code(), "pdf.too-deep");
}

#[test]
fn reads_nesting_that_the_library_allows() {
    let deep = format!("{}{}", "[".repeat(90), "]".repeat(90));
    let file = table(&[objects("", ""), vec![(5, deep)]].concat(), "");
    assert_eq!(read(&file).1, Ok(()));
}

#[test]
fn refuses_streams_that_overlap() {
    // Each object's stream holds all objects after it.
    let count: u32 = 2_000;
    let (mut body, mut table) = (String::from("%PDF-1.7\n"), String::new());
    let each = 60_usize;
    let mut values = objects("", "");
    values.retain(|(number, _)| *number < 4);
    for (number, value) in &values {
        write!(table, "{number} 1\n{:010} 00000 n\r\n", body.len()).unwrap();
        write!(body, "{number} 0 obj\n{value}\nendobj\n").unwrap();
    }
    let end = usize::try_from(count).unwrap() * each;
    for index in 0..count {
        let number = index + 10;
        write!(table, "{number} 1\n{:010} 00000 n\r\n", body.len()).unwrap();
        let rest = end - (usize::try_from(index).unwrap() + 1) * each;
        let header = format!("{number} 0 obj<</Length {rest}>>stream\n");
        body.push_str(&header);
        body.push_str(&" ".repeat(each - header.len()));
        // White space after the keyword belongs to the stream.
    }
    body.push_str("                              \nendstream endobj\n");
    let start = body.len();
    write!(
        body,
        "xref\n0 1\n0000000000 65535 f\r\n{table}trailer\n<</Size 9999/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n"
    )
    .unwrap();
    let (found, prepared, took) = read(body.as_bytes());
    assert!(found.is_err() && prepared.is_err(), "{found:?}");
    assert!(took < Duration::from_secs(5), "{took:?}");
}

#[test]
fn refuses_many_entries_for_one_object() {
    let mut file = b"%PDF-1.7\n".to_vec();
    let catalog = file.len();
    file.extend_from_slice(b"1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n");
    let big = file.len();
    file.extend_from_slice(
        format!("2 0 obj<</Length 1000000>>stream\n{}\nendstream endobj\n", "x".repeat(1_000_000)).as_bytes(),
    );
    let start = file.len();
    let mut table = format!("xref\n0 100002\n0000000000 65535 f\r\n{catalog:010} 00000 n\r\n");
    for _ in 0..100_000 {
        write!(table, "{big:010} 00000 n\r\n").unwrap();
    }
    file.extend_from_slice(
        format!("{table}trailer\n<</Size 100002/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n").as_bytes(),
    );
    let (found, _, took) = read(&file);
    assert_eq!(found, Err(PdfError::TooCostly { what: "streams overlap" }));
    assert!(took < Duration::from_secs(5), "{took:?}");
}

#[test]
fn refuses_a_circle_in_the_field_tree_and_in_references() {
    let form = [
        objects("/AcroForm<</Fields[5 0 R]>>", ""),
        vec![(5, "<</T(a)/FT/Sig/Kids[5 0 R 6 0 R]/V 6 0 R>>".into()), (6, "7 0 R".into()), (7, "6 0 R".into())],
    ]
    .concat();
    let (found, _, _) = read(&table(&form, ""));
    assert_eq!(found, Ok(1), "one malformed signature");
}

#[test]
fn refuses_more_than_the_limits() {
    let file = sealed(&plain());
    let limits = Limits { file_len: 100, ..Limits::default() };
    assert_eq!(signatures_within(&file, &limits).unwrap_err(), PdfError::TooLarge { found: file.len(), limit: 100 });
    let limits = Limits { sections: 1, ..Limits::default() };
    assert_eq!(signatures_within(&file, &limits).unwrap_err(), PdfError::TooManyRevisions { limit: 1 });
    let limits = Limits { objects: 3, ..Limits::default() };
    assert_eq!(signatures_within(&file, &limits).unwrap_err(), PdfError::TooManyObjects { limit: 3 });
    let limits = Limits { compared_len: 100, ..Limits::default() };
    assert_eq!(signatures_within(&file, &limits).unwrap_err(), PdfError::TooCostly { what: "revisions to compare" });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn survives_pieces_cut_moved_and_doubled(from in 0_usize..1500, len in 0_usize..200, to in 0_usize..1500) {
        let original = sealed(&plain());
        let from = from.min(original.len());
        let piece = original[from..(from + len).min(original.len())].to_vec();
        let mut file = original;
        let to = to.min(file.len());
        file.splice(to..to, piece);
        let _answer = read(&file);
    }

    #[test]
    fn survives_any_bytes_after_a_header(tail in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _answer = read(&[b"%PDF-1.7\n".to_vec(), tail].concat());
    }
}

/// A few kilobytes that inflate to millions of values: each would take a hundred octets of memory.
#[test]
fn refuses_values_that_take_gigabytes() {
    let costly = Err(PdfError::TooCostly { what: "the objects have too many values" });
    for (what, values) in
        [("numbers", "0 "), ("signs", "0-"), ("arrays", "[]"), ("dictionaries", "<<>>"), ("words", "null")]
    {
        let many = format!("[{}]", values.repeat(1_200_000));
        let file = table(&[objects("", ""), vec![(5, many.clone())]].concat(), "");
        assert_eq!(read(&file).1, costly, "{what}");
        let packed = stream(&[objects("", ""), vec![(5, many)]].concat());
        assert_eq!(read(&packed).1, costly, "{what} in an object stream");
    }
}

/// Every member of an object stream is at the same place.
#[test]
fn refuses_members_of_object_streams_that_overlap() {
    let text = format!("({})", "a".repeat(400_000));
    let header: String = (30..1_030).map(|number| format!("{number} 0 ")).collect();
    let (first, length) = (header.len(), header.len() + text.len());
    let container = format!("<</Type/ObjStm/N 1000/First {first}/Length {length}>>stream\n{header}{text}\nendstream");
    let file = table(&[objects("", ""), vec![(5, container)]].concat(), "");
    let (_, prepared, took) = read(&file);
    assert!(matches!(prepared, Err(PdfError::TooCostly { .. })), "{prepared:?}");
    assert!(took < Duration::from_secs(5), "{took:?}");
}

/// The library would read the object stream for the length's sake before anything counts what is in it.
#[test]
fn refuses_object_streams_packed_in_an_unusual_way() {
    for extra in
        ["/Filter/LZWDecode", "/Filter[/ASCIIHexDecode/FlateDecode]", "/Filter 6 0 R", "/DecodeParms<</Predictor 12>>"]
    {
        let container = format!("<</Type/ObjStm/N 1/First 4/Length 6{extra}>>stream\n30 0 0\nendstream");
        let file = table(&[objects("", ""), vec![(5, container)]].concat(), "");
        let costly = PdfError::TooCostly { what: "an object stream is packed in an unusual way" };
        assert_eq!(read(&file).1, Err(costly), "{extra}");
    }
}
