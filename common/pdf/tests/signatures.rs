//! Reading signatures back: the attacks that PDF readers fell to (THR-08, THR-12, THR-13, THR-14, PAD-03, PAD-04, PAD-20..PAD-27).

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "support/sample.rs"]
mod sample;

use kokuin_pdf::{Act, ChangeKind, PdfError, PdfSignature, SignatureFault, revisions, signatures};
use sample::{CMS, objects, plain, replaced, sealed, stream, table, updated};

fn only(file: &[u8]) -> PdfSignature {
    let mut found = signatures(file).unwrap();
    assert_eq!(found.len(), 1);
    found.remove(0).unwrap()
}

fn fault(file: &[u8]) -> SignatureFault {
    let mut found = signatures(file).unwrap();
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0).unwrap_err().fault
}

/// A sealed document, its byte range as text, and its numbers.
fn with_range() -> (Vec<u8>, String, [u64; 4]) {
    let file = sealed(&plain());
    let range = only(&file).byte_range;
    let [a, b, c, d] = range;
    (file, format!("[{a} {b} {c} {d}]"), range)
}

/// `text` made as long as `like` with spaces.
fn padded(text: &str, like: &str) -> String {
    format!("{text:<width$}", width = like.len())
}

#[test]
fn thr_08_finds_no_signature_where_there_is_none() {
    assert_eq!(signatures(&plain()).unwrap().len(), 0);
    let field = [
        objects("/AcroForm<</Fields[5 0 R 6 0 R]>>", ""),
        vec![(5, "<</FT/Sig/T(a)>>".into()), (6, "<</FT/Sig/T(b)/V null>>".into())],
    ]
    .concat();
    assert_eq!(signatures(&table(&field, "")).unwrap().len(), 0);
}

#[test]
fn thr_13_refuses_byte_ranges_that_are_no_such() {
    let (file, text, [_, b, c, d]) = with_range();
    let len = u64::try_from(file.len()).unwrap();
    let cases = [
        (" null".to_owned(), SignatureFault::ByteRangeMissing),
        ("[]".to_owned(), SignatureFault::ByteRangeNotFour),
        ("(0 1)".to_owned(), SignatureFault::ByteRangeNotFour),
        (format!("[0 {b} {c}]"), SignatureFault::ByteRangeNotFour),
        (format!("[0 -1 {c} {d}]"), SignatureFault::ByteRangeNotFour),
        (format!("[0 {b} {c} 9.5]"), SignatureFault::ByteRangeNotFour),
        (format!("[1 {b} {c} {d}]"), SignatureFault::ByteRangeStart(1)),
        (format!("[0 0 {c} {d}]"), SignatureFault::ByteRangeEmpty),
        (format!("[0 {b} {c} 0]"), SignatureFault::ByteRangeEmpty),
        (format!("[0 {b} 9 {d}]"), SignatureFault::ByteRangeOverlap { first_end: b, second: 9 }),
        (format!("[0 {b} {c} 9999999]"), SignatureFault::ByteRangeBeyondFile { end: c + 9_999_999, file_len: len }),
        (format!("[0 {b} {c} {}]", d - 9), SignatureFault::NotARevision { end: len - 9 }),
    ];
    for (range, expected) in cases {
        let forged = replaced(&file, &padded(&text, &format!("{range:<34}")), &padded(&range, &format!("{text:<34}")));
        assert_eq!(fault(&forged), expected, "{range}");
    }
}

#[test]
fn thr_13_refuses_missing_entries() {
    let file = sealed(&plain());
    assert_eq!(fault(&replaced(&file, "/ByteRange", "/ByteRing ")), SignatureFault::ByteRangeMissing);
    assert_eq!(fault(&replaced(&file, "/SubFilter", "/SubFiltre")), SignatureFault::SubFilterMissing);
    assert_eq!(fault(&replaced(&file, "/Contents<", "/Content5<")), SignatureFault::ContentsMissing);
    assert_eq!(fault(&replaced(&file, "/Type/Sig/", "/Type/Sug/")), SignatureFault::TypeUnknown("Sug".into()));
}

#[test]
fn thr_13_refuses_contents_without_a_signature() {
    let file = sealed(&plain());
    let hole = format!("<{}{}>", hex::encode(CMS), "0".repeat(116));
    for (contents, expected) in [
        (" null".to_owned(), SignatureFault::ContentsMissing),
        ("<>".to_owned(), SignatureFault::ContentsMissing),
        ("()".to_owned(), SignatureFault::ContentsMissing),
        ("(0)".to_owned(), SignatureFault::ContentsNotHex),
        (format!("<{}>", "0".repeat(128)), SignatureFault::ContentsNotDer),
        (format!("<{}{}>", hex::encode(CMS), "1".repeat(116)), SignatureFault::ContentsPadding),
    ] {
        assert_eq!(fault(&replaced(&file, &hole, &padded(&contents, &hole))), expected, "{contents}");
    }
    let short = format!("<{}>", hex::encode(CMS));
    let forged = replaced(&file, &hole, &padded(&short, &hole));
    assert_eq!(fault(&forged).code(), "pdf.signature.gap-is-not-contents");
}

#[test]
fn thr_13_refuses_entries_written_twice() {
    let (file, text, _) = with_range();
    let place = format!("{text:<34}");
    let forged = replaced(&file, &place, &padded(&format!("{text}/Type/X"), &place));
    assert_eq!(fault(&forged), SignatureFault::DuplicateEntry("Type".into()));
}

#[test]
fn thr_14_refuses_a_gap_larger_than_the_contents() {
    let (file, text, [_, b, c, d]) = with_range();
    let wide = format!("[0 {} {c} {d}]", b - 4);
    let place = format!("{text:<34}");
    let forged = replaced(&file, &place, &padded(&wide, &place));
    assert_eq!(
        fault(&forged),
        SignatureFault::GapIsNotContents { gap_start: b - 4, gap_end: c, contents_start: b, contents_end: c }
    );
}

#[test]
fn thr_14_refuses_signed_bytes_moved_behind_the_gap() {
    // The signed tail is copied to the end, and the gap grows over a forged revision.
    let (file, text, [_, b, c, d]) = with_range();
    let tail = file[usize::try_from(c).unwrap()..].to_vec();
    let mut forged = updated(&file, &[(4, "<</Length 4>>stream\nevil\nendstream".into())]);
    let second = forged.len();
    forged.extend_from_slice(&tail);
    let place = format!("{text:<34}");
    let forged = replaced(&forged, &place, &padded(&format!("[0 {b} {second} {d}]"), &place));
    assert!(signatures(&forged).is_err() || signatures(&forged).unwrap().iter().all(Result::is_err));
}

#[test]
fn thr_12_names_the_page_content_that_a_later_revision_replaces() {
    let file = sealed(&plain());
    let forged = updated(&file, &[(4, "<</Length 4>>stream\nevil\nendstream".into())]);
    let signature = only(&forged);
    assert_eq!((signature.revision, signature.revisions, signature.covers_whole_file), (2, 3, false));
    let changes: Vec<String> = signature.changes.iter().map(ToString::to_string).collect();
    assert_eq!(changes, ["object 4 0 (page content) changed in revision 3"]);
    assert_eq!(signature.changes[0].kind, ChangeKind::Undefined);
}

#[test]
fn thr_12_names_other_changes_after_the_seal() {
    let file = sealed(&plain());
    let page = |annotations: &str| {
        vec![(
            3,
            format!(
                "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595.276 841.89]/Contents 4 0 R/Resources<<>>/Annots[6 0 R{annotations}]>>"
            ),
        )]
    };
    let cases = [
        ("page", vec![(3, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]>>".into())], ChangeKind::Undefined),
        ("catalog", vec![(1, "<</Type/Catalog/Pages 2 0 R>>".into())], ChangeKind::Undefined),
        (
            "page tree",
            vec![(2, "<</Type/Pages/Kids[3 0 R 9 0 R]/Count 2>>".into()), (9, "<</Type/Page/Parent 2 0 R>>".into())],
            ChangeKind::Undefined,
        ),
        (
            "annotation",
            [page(" 9 0 R"), vec![(9, "<</Type/Annot/Subtype/FreeText/Rect[0 0 9 9]>>".into())]].concat(),
            ChangeKind::Annotation,
        ),
        (
            "validation data",
            vec![
                (1, "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[6 0 R]/SigFlags 3>>/DSS<</Certs[9 0 R]>>>>".into()),
                (9, "<</Length 1>>stream\nx\nendstream".into()),
            ],
            ChangeKind::Extension,
        ),
        ("signature dictionary", vec![(5, "<</Type/Sig>>".into())], ChangeKind::Undefined),
        ("nothing refers to it", vec![(9, "(x)".into())], ChangeKind::Extension),
    ];
    for (what, changed, expected) in cases {
        let forged = updated(&file, &changed);
        let result = signatures(&forged).unwrap().remove(0);
        match result {
            Ok(signature) => {
                let worst = signature.changes.iter().map(|change| change.kind).max();
                assert_eq!(worst, Some(expected), "{what}: {:?}", signature.changes);
            }
            Err(malformed) => assert_ne!(malformed.fault.code(), "", "{what}"),
        }
    }
}

#[test]
fn pad_21_names_a_changed_number_of_pages() {
    let forged = updated(
        &sealed(&plain()),
        &[(2, "<</Type/Pages/Kids[3 0 R 9 0 R]/Count 2>>".into()), (9, "<</Type/Page/Parent 2 0 R>>".into())],
    );
    let signature = only(&forged);
    let first = &signature.changes[0];
    assert_eq!(first.to_string(), "the number of pages (1 before, 2 after) changed in revision 3");
    assert_eq!((first.kind, first.act), (ChangeKind::Undefined, Act::Changed));
}

#[test]
fn pad_04_refuses_a_dictionary_that_changed_since() {
    let file = sealed(&plain());
    let range = only(&file).byte_range.map(|number| number.to_string()).join(" ");
    let dictionary = format!(
        "<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached/Reason(changed)/ByteRange[{range}]/Contents<{}{}>>>",
        hex::encode(CMS),
        "0".repeat(116)
    );
    assert_eq!(fault(&updated(&file, &[(5, dictionary)])).code(), "pdf.signature.gap-is-not-contents");
    let renamed = updated(&file, &[(6, "<</Subtype/Widget/FT/Sig/T(Other)/V 5 0 R>>".into())]);
    let faults: Vec<&str> =
        signatures(&renamed).unwrap().iter().map(|found| found.as_ref().unwrap_err().fault.code()).collect();
    assert_eq!(faults, ["pdf.signature.changed-since", "pdf.signature.removed"]);
}

#[test]
fn pad_25_names_a_signature_that_was_removed() {
    let gone = updated(&sealed(&plain()), &[(6, "<</Subtype/Widget/FT/Sig/T(Seal)>>".into())]);
    let faults: Vec<SignatureFault> =
        signatures(&gone).unwrap().into_iter().map(|found| found.unwrap_err().fault).collect();
    assert_eq!(faults, [SignatureFault::Removed { revision: 2 }, SignatureFault::NoField]);
}

#[test]
fn pad_25_refuses_a_reference_to_nothing() {
    let field = [objects("/AcroForm<</Fields[5 0 R]>>", ""), vec![(5, "<</FT/Sig/T(a)/V 9 0 R>>".into())]].concat();
    assert_eq!(fault(&table(&field, "")), SignatureFault::NotADictionary);
}

#[test]
fn pad_26_says_that_bytes_follow_the_signed_revision() {
    let file = [sealed(&plain()), b"5 0 obj (evil) endobj".to_vec()].concat();
    let signature = only(&file);
    assert!(!signature.covers_whole_file);
    assert_eq!(signature.changes.len(), 1);
    assert_eq!(signature.changes[0].to_string(), "22 octets after the last %%EOF added in revision 3");
    assert_eq!(signature.changes[0].kind, ChangeKind::Undefined);
}

#[test]
fn pad_26_refuses_an_update_with_a_broken_cross_reference_section() {
    let file = updated(&sealed(&plain()), &[(4, "<</Length 4>>stream\nevil\nendstream".into())]);
    let broken = replaced(&file, "xref\n4 1", "xraf\n4 1");
    assert!(matches!(signatures(&broken), Err(PdfError::BrokenXref { .. })));
}

#[test]
fn two_fields_do_not_share_one_signature() {
    let file = updated(
        &sealed(&plain()),
        &[
            (1, "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[6 0 R 9 0 R]/SigFlags 3>>>>".into()),
            (9, "<</Subtype/Widget/FT/Sig/T(Twin)/V 5 0 R>>".into()),
        ],
    );
    let found = signatures(&file).unwrap();
    assert!(found[0].is_ok());
    assert_eq!(found[1].as_ref().unwrap_err().fault, SignatureFault::SharedBetweenFields { other: "Seal".into() });
}

#[test]
fn revisions_end_where_the_file_says() {
    let (first, second) = (plain(), sealed(&plain()));
    let ends: Vec<usize> = revisions(&second).unwrap().iter().map(|revision| revision.end_with_space).collect();
    assert_eq!(ends, [first.len(), second.len()]);
    assert_eq!(revisions(&stream(&objects("", ""))).unwrap().len(), 1);
}

#[test]
fn pad_28_a_time_stamp_is_evidence_only_where_it_shows_nothing() {
    let file = sealed(&plain());
    let text = String::from_utf8_lossy(&file).into_owned();
    let seal = text.rsplit_once("/Fields[").unwrap().1.split_once(']').unwrap().0.to_owned();
    let kind = |rect: &str| {
        let fields = format!("{seal} 31 0 R");
        let mut revision =
            objects(&format!("/AcroForm<</Fields[{fields}]/SigFlags 3>>"), &format!("/Annots[{fields}]"));
        revision.retain(|(number, _)| [1, 3].contains(number));
        revision.push((30, "<</Type/DocTimeStamp/SubFilter/ETSI.RFC3161/ByteRange[0 1 2 3]/Contents<00>>>".into()));
        revision.push((31, format!("<</Subtype/Widget/FT/Sig/T(Stamp)/V 30 0 R{rect}>>")));
        let found = signatures(&updated(&file, &revision)).unwrap();
        let seal = found.into_iter().flatten().find(|signature| signature.field_name == "Seal").unwrap();
        seal.changes.iter().map(|change| change.kind).max().unwrap()
    };
    for hidden in ["", "/Rect[0 0 0 0]", "/Rect[5 5 5 9]", "/Rect[5 5 9 5.0]"] {
        assert_eq!(kind(hidden), ChangeKind::Extension, "{hidden}");
    }
    for drawn in ["/Rect[0 0 9 9]", "/Rect[9 9 0 0]", "/Rect[0 0 .1 .1]", "/Rect[0 0 9]", "/Rect(x)"] {
        assert_eq!(kind(drawn), ChangeKind::FormFill, "{drawn}");
    }
}

#[test]
fn pad_20_tells_new_resources_of_a_form_from_filled_in_fields() {
    let form = |entries: &str| format!("/AcroForm<</Fields[]{entries}>>");
    let file = sealed_over(&form("/DR<</Font<</A 8 0 R>>>>"));
    let kind = |entries: &str| {
        let seal = only(&file);
        let fields = format!("/AcroForm<</Fields[{} 0 R]/SigFlags 3{entries}>>", seal.object.number + 1);
        let mut revision = objects(&fields, &format!("/Annots[{} 0 R]", seal.object.number + 1));
        revision.retain(|(number, _)| *number == 1);
        only(&updated(&file, &revision)).changes.iter().map(|change| change.kind).max()
    };
    assert_eq!(kind("/DR<</Font<</A 8 0 R>>>>"), None);
    assert_eq!(kind("/DR<</Font<</A 8 0 R/B 9 0 R>>>>"), Some(ChangeKind::FormResource));
    assert_eq!(kind("/DR<</Font<</A 8 0 R>>>>/DA(/A 0 Tf)"), Some(ChangeKind::FormResource));
    assert_eq!(kind("/DR<</Font<</A 8 0 R>>>>/NeedAppearances true"), Some(ChangeKind::FormFill));
    assert_eq!(kind("/DR<</Font<</A 9 0 R>>>>"), Some(ChangeKind::Undefined));
}

/// A sealed document whose catalog had this before.
fn sealed_over(catalog: &str) -> Vec<u8> {
    sealed(&table(&objects(catalog, ""), "/ID[<aa><bb>]"))
}
