//! The incremental update of a seal: what it appends, and which documents it refuses.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "support/sample.rs"]
mod sample;

use kokuin_pdf::{ActiveContent, ObjectNumber, PdfError, SignatureRequest, prepare, signatures};
use sample::{CMS, objects, plain, prepared, request, sealed, stream, table, updated};

fn refusal(file: &[u8]) -> PdfError {
    prepare(file, &request()).unwrap_err()
}

/// Every kind of file that is sealed.
fn sealable() -> Vec<(&'static str, Vec<u8>)> {
    let mut without_newline = plain();
    without_newline.pop();
    let list = [
        objects("", "/Annots 5 0 R"),
        vec![(5, "[6 0 R]".into()), (6, "<</Type/Annot/Subtype/Link/Rect[0 0 9 9]>>".into())],
    ]
    .concat();
    vec![
        ("table", plain()),
        ("stream", stream(&objects("", ""))),
        ("no final newline", without_newline),
        ("annotations in the page", table(&objects("", "/Annots[<</Subtype/Link/Rect[0 0 1 1]>>]"), "")),
        ("annotations in a list of their own", table(&list, "")),
        ("annotations in an object stream", stream(&list)),
        ("empty form", table(&objects("/AcroForm<</Fields[]/DA(/F 0 Tf)>>", ""), "")),
        (
            "form in an object of its own",
            table(&[objects("/AcroForm 5 0 R", ""), vec![(5, "<</Fields[]>>".into())]].concat(), ""),
        ),
        ("revised before", updated(&plain(), &[(4, "<</Length 5>>stream\n0 0 m\nendstream".into())])),
        ("information", table(&[objects("", ""), vec![(5, "<</Title(x)>>".into())]].concat(), "/Info 5 0 R")),
    ]
}

#[test]
fn seals_without_touching_the_original() {
    for (what, original) in sealable() {
        let sealed = sealed(&original);
        assert!(sealed.starts_with(&original), "{what}");
        let found = signatures(&sealed).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(found.len(), 1, "{what}");
        let signature = found[0].as_ref().unwrap_or_else(|fault| panic!("{what}: {fault:?}"));
        assert_eq!(signature.field_name, "Seal", "{what}");
        assert_eq!(signature.contents, CMS, "{what}");
        assert_eq!(signature.revision, signature.revisions, "{what}");
        assert!(signature.covers_whole_file, "{what}");
        assert_eq!(signature.byte_range, prepared(&original).byte_range(), "{what}");
    }
}

#[test]
fn writes_the_signature_dictionary_of_pades() {
    let reasoned = SignatureRequest { reason: Some("請求書"), location: Some("Kyoto"), ..request() };
    let sealed = prepare(&plain(), &reasoned).unwrap().embed(&CMS).unwrap();
    let signature = signatures(&sealed).unwrap().remove(0).unwrap();
    assert_eq!(signature.type_name.as_deref(), Some("Sig"));
    assert_eq!(signature.filter.as_deref(), Some("Adobe.PPKLite"));
    assert_eq!(signature.sub_filter, "ETSI.CAdES.detached");
    assert_eq!(signature.claimed_time.as_deref(), Some("D:20261123000000Z"));
    assert_eq!(signature.reason.as_deref(), Some("請求書"));
    assert_eq!(signature.location.as_deref(), Some("Kyoto"));
    assert!(!signature.has_cert_entry);
    let text = String::from_utf8_lossy(&sealed);
    assert!(text.contains("/SigFlags 3"));
    assert!(text.contains("/F 132"));
    assert!(text.contains("/Rect[0 0 0 0]"));
}

#[test]
fn keeps_the_kind_of_cross_reference_section() {
    let (tables, streams) = (sealed(&plain()), sealed(&stream(&objects("", ""))));
    assert_eq!(tables.windows(5).filter(|window| window == b"\nxref").count(), 2);
    assert_eq!(tables.windows(10).filter(|window| window == b"/Type/XRef").count(), 0);
    assert_eq!(streams.windows(5).filter(|window| window == b"\nxref").count(), 0);
    assert_eq!(streams.windows(10).filter(|window| window == b"/Type/XRef").count(), 2);
}

#[test]
fn keeps_what_the_page_and_the_form_had() {
    let list = sealed(&table(&objects("/AcroForm<</Fields[]/DA(/F 0 Tf)>>", "/Annots[<</Subtype/Link>>]"), ""));
    let text = String::from_utf8_lossy(&list).into_owned();
    assert!(text.matches("/Subtype/Link").count() == 2, "the link is still in the page's list");
    assert!(text.matches("/DA(/F 0 Tf)").count() == 2, "the form's default appearance is still there");
    assert!(text.matches("595.276").count() == 2, "the page's size is what it was");
}

#[test]
fn signs_everything_but_the_hole() {
    let prepared = prepared(&plain());
    let [first, second] = prepared.digest_input();
    let hole = &prepared.bytes()[prepared.hole()];
    assert_eq!([first, hole, second].concat(), prepared.bytes());
    assert_eq!((hole.first(), hole.last()), (Some(&b'<'), Some(&b'>')));
    let signed = [first, second].concat();
    let embedded = prepared.embed(&CMS).unwrap();
    let signature = signatures(&embedded).unwrap().remove(0).unwrap();
    assert_eq!(signature.signed_bytes(&embedded).concat(), signed);
}

#[test]
fn refuses_a_signature_longer_than_its_hole() {
    let prepared = prepared(&plain());
    assert_eq!(prepared.clone().embed(&[0x30; 64]).map(|_| ()), Ok(()));
    assert_eq!(prepared.embed(&[0x30; 65]), Err(PdfError::SignatureTooLong { found: 65, room: 64 }));
}

#[test]
fn refuses_requests_that_cannot_be_written() {
    for (what, bad) in [
        ("field name", SignatureRequest { field_name: "", ..request() }),
        ("field name", SignatureRequest { field_name: "a.b", ..request() }),
        ("reason", SignatureRequest { reason: Some("a\u{0}b"), ..request() }),
    ] {
        assert_eq!(prepare(&plain(), &bad), Err(PdfError::BadText { what }));
    }
    let early = SignatureRequest { signing_time: -1, ..request() };
    assert_eq!(prepare(&plain(), &early), Err(PdfError::BadTime(-1)));
    let empty = SignatureRequest { contents_len: 0, ..request() };
    assert_eq!(prepare(&plain(), &empty), Err(PdfError::BadHole { found: 0, limit: 1 << 20 }));
}

#[test]
fn refuses_what_is_no_pdf() {
    assert_eq!(refusal(b"hello"), PdfError::NotPdf);
    assert_eq!(refusal(b""), PdfError::NotPdf);
    assert_eq!(refusal(&[b"x\n".to_vec(), plain()].concat()), PdfError::HeaderOffset { offset: 2 });
}

#[test]
fn refuses_encrypted_files() {
    assert_eq!(refusal(&table(&objects("", ""), "/Encrypt<</Filter/Standard>>")), PdfError::Encrypted);
}

#[test]
fn refuses_existing_forms_signatures_and_certification() {
    let form = [objects("/AcroForm<</Fields[5 0 R]>>", ""), vec![(5, "<</FT/Tx/T(a)>>".into())]].concat();
    assert_eq!(refusal(&table(&form, "")), PdfError::ExistingForm { fields: 1 });
    assert_eq!(refusal(&sealed(&plain())), PdfError::ExistingSignature { signatures: 1 });
    let certified = [objects("/Perms<</DocMDP 5 0 R>>", ""), vec![(5, "<</Type/Sig>>".into())]].concat();
    assert_eq!(refusal(&table(&certified, "")), PdfError::Certified);
}

#[test]
fn refuses_cross_reference_data_that_needs_repair() {
    let file = plain();
    let start = sample::last_startxref(&file);
    let shifted = sample::replaced(&file, &format!("startxref\n{start}"), &format!("startxref\n{}", start + 1));
    assert_eq!(refusal(&shifted).code(), "pdf.broken-xref");
    assert_eq!(refusal(&sample::replaced(&file, "startxref", "startyref")).code(), "pdf.broken-xref");
    assert_eq!(refusal(&sample::replaced(&file, "trailer", "tra1ler")).code(), "pdf.broken-xref");
    assert_eq!(refusal(&sample::replaced(&file, "%%EOF", "%%EOX")).code(), "pdf.broken-xref");
    assert_eq!(refusal(&[file, b"more".to_vec()].concat()).code(), "pdf.broken-xref");
}

#[test]
fn refuses_a_circle_of_cross_reference_sections() {
    let start = sample::last_startxref(&plain());
    let file = table(&objects("", ""), &format!("/Prev {start}"));
    assert_eq!(refusal(&file), PdfError::BrokenXref { offset: start, what: "the chain of /Prev is a circle" });
}

#[test]
fn refuses_hybrid_files() {
    let file = table(&objects("", ""), "/XRefStm 9");
    assert_eq!(refusal(&file).code(), "pdf.hybrid-xref");
}

#[test]
fn refuses_entries_that_do_not_find_their_object() {
    let file = plain();
    let page = file.windows(7).position(|window| window == b"3 0 obj").unwrap();
    let content = file.windows(7).position(|window| window == b"4 0 obj").unwrap();
    let crossed = sample::replaced(&file, &format!("{page:010}"), &format!("{content:010}"));
    assert_eq!(refusal(&crossed), PdfError::BrokenObject { object: ObjectNumber { number: 3, generation: 0 } });
}

#[test]
fn refuses_broken_page_trees() {
    for (kids, what) in [
        ("[2 0 R]", "a node is there twice"),
        ("[1 0 R]", "a node is there twice"),
        ("[3 0 R 3 0 R]", "a node is there twice"),
        ("[]", "there is no page"),
        ("[9 0 R]", "a node is no dictionary"),
        ("[<<>>]", "a kid is no reference"),
    ] {
        let mut broken = objects("", "");
        broken[1].1 = format!("<</Type/Pages/Kids{kids}/Count 1>>");
        assert_eq!(refusal(&table(&broken, "")), PdfError::BrokenPages { what }, "{kids}");
    }
}

#[test]
fn thr_16_refuses_active_content_and_lists_it() {
    let catalog = Some(ObjectNumber { number: 1, generation: 0 });
    let page = Some(ObjectNumber { number: 3, generation: 0 });
    for (in_catalog, in_page, object, what) in [
        ("/OpenAction<</S/JavaScript/JS(app.alert(1))>>", "", catalog, "JavaScript"),
        ("/Names<</JavaScript<</Names[]>>>>", "", catalog, "JavaScript"),
        ("/AcroForm<</Fields[]/XFA[(a)(b)]>>", "", None, "form in XML (XFA)"),
        ("", "/Annots[<</Subtype/Link/A<</S/Launch/F(x)>>>>]", page, "action that starts a program"),
        ("", "/AA<</O<</S/SubmitForm/F(x)>>>>", page, "action that sends data"),
        ("/OpenAction<</S/#4aavaScript>>", "", catalog, "JavaScript"),
    ] {
        let file = table(&objects(in_catalog, in_page), "");
        assert_eq!(
            refusal(&file),
            PdfError::ActiveContent(vec![ActiveContent { object, what }]),
            "{in_catalog}{in_page}"
        );
    }
    let harmless = table(
        &objects("/OpenAction[3 0 R/Fit]", "/Annots[<</Subtype/Link/A<</S/URI/URI(https://example.org)>>>>]"),
        "",
    );
    assert!(prepare(&harmless, &request()).is_ok());
}

/// Readers differ on which of two they take, so they would show different documents under one seal.
#[test]
fn thr_16_refuses_what_readers_read_in_two_ways() {
    let page = |twice: &str| {
        let mut objects = objects("", twice);
        objects.push((5, "<</Length 11>>stream\n5 5 m 8 8 l\nendstream".into()));
        objects
    };
    assert!(prepare(&table(&page(""), ""), &request()).is_ok());
    assert_eq!(refusal(&table(&page("/Contents 5 0 R"), "")), PdfError::DoubleKey);
    assert_eq!(refusal(&table(&page("/#43ontents 5 0 R"), "")), PdfError::DoubleKey);
    assert_eq!(refusal(&table(&page("/X[<</A<</B 1/B 2>>>>]"), "")), PdfError::DoubleKey);
    assert_eq!(refusal(&stream(&page("/Contents 5 0 R"))), PdfError::DoubleKey);

    let mut listed_twice = objects("", "");
    listed_twice.push((4, "<</Length 11>>stream\n5 5 m 8 8 l\nendstream".into()));
    let file = table(&listed_twice, "");
    let offset = sample::last_startxref(&file);
    assert_eq!(refusal(&file), PdfError::BrokenXref { offset, what: "an object is listed twice" });
    let file = stream(&listed_twice);
    let offset = sample::last_startxref(&file);
    assert_eq!(refusal(&file), PdfError::BrokenXref { offset, what: "an object is listed twice" });
}

#[test]
fn refuses_objects_that_size_says_are_not_there() {
    let file = table(&[objects("", ""), vec![(25, "<<>>".into())]].concat(), "");
    let small = sample::replaced(&file, "/Size 26", "/Size 25");
    let offset = sample::last_startxref(&file);
    assert!(prepare(&file, &request()).is_ok());
    assert_eq!(refusal(&small), PdfError::BrokenXref { offset, what: "/Size is not above all object numbers" });
}

/// To most readers offset 0 means that there is no object; to others the header's line is a comment before the first one.
#[test]
fn refuses_entries_that_point_to_a_comment() {
    let file = plain();
    let first = file.windows(7).position(|window| window == b"1 0 obj").unwrap();
    let crossed = sample::replaced(&file, &format!("{first:010}"), "0000000000");
    assert_eq!(refusal(&crossed), PdfError::BrokenObject { object: ObjectNumber { number: 1, generation: 0 } });
}

#[test]
fn thr_16_finds_active_content_behind_references() {
    let with = |catalog: &str, value: &str| table(&[objects(catalog, ""), vec![(5, value.into())]].concat(), "");
    for (file, what) in [
        (with("/OpenAction<</S 5 0 R/F(x)>>", "/Launch"), "action that starts a program"),
        (with("", "<</Subtype/Image/Alternates[]/Length 1>>stream\n0\nendstream"), "image with others in its place"),
        (with("", "<</Subtype/Form/Ref<<>>/Length 1>>stream\n0\nendstream"), "page of another file"),
    ] {
        let PdfError::ActiveContent(found) = refusal(&file) else { panic!("{what}") };
        assert_eq!(found.iter().map(|found| found.what).collect::<Vec<_>>(), [what]);
    }
}

#[test]
fn refuses_a_section_that_two_startxref_name() {
    let mut file = plain();
    let again = format!("startxref\n{}\n%%EOF\n", sample::last_startxref(&file));
    file.extend_from_slice(again.as_bytes());
    assert_eq!(refusal(&file).code(), "pdf.broken-xref");
}
