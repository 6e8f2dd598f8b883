//! Seals in PDFs: THR-08, THR-09, THR-12, THR-13, THR-14.

use kokuin_asn1::oids;
use kokuin_pdf::{SignatureRequest, SubFilter, prepare};
use kokuin_validate::ValidationReport;

use crate::material::{Asked, Cms, NOW, SignerSpec, World, has_check, verdict, world};

/// A PDF of one page, its cross-reference table made here.
fn document() -> Vec<u8> {
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Contents 4 0 R /Resources << >> >>".to_owned(),
        "<< /Length 9 >>\nstream\n0 0 m 1 w\nendstream".to_owned(),
    ];
    let mut bytes = b"%PDF-1.7\n".to_vec();
    let offsets: Vec<usize> = objects
        .iter()
        .zip(1..)
        .map(|(object, number)| {
            let at = bytes.len();
            bytes.extend_from_slice(format!("{number} 0 obj\n{object}\nendobj\n").as_bytes());
            at
        })
        .collect();
    append_xref(&mut bytes, "0 5\n0000000000 65535 f \n", &offsets, "/Size 5 /Root 1 0 R");
    bytes
}

fn append_xref(bytes: &mut Vec<u8>, head: &str, offsets: &[usize], trailer: &str) {
    let at = bytes.len();
    bytes.extend_from_slice(format!("xref\n{head}").as_bytes());
    for offset in offsets {
        bytes.extend_from_slice(format!("{offset:010} 00000 n \n").as_bytes());
    }
    bytes.extend_from_slice(format!("trailer\n<< {trailer} >>\nstartxref\n{at}\n%%EOF\n").as_bytes());
}

fn request(field_name: &str) -> SignatureRequest<'_> {
    SignatureRequest {
        field_name,
        reason: None,
        location: None,
        signing_time: NOW - 60,
        sub_filter: SubFilter::CadesDetached,
        contents_len: 8_192,
    }
}

/// The document sealed by `a`; the CMS can be changed before it goes in.
fn sealed_with(a: &World, change: impl FnOnce(&mut Cms)) -> Vec<u8> {
    let prepared = prepare(&document(), &request("Seal1")).expect("a document that can be sealed");
    let signed: Vec<u8> = signed_bytes(prepared.bytes(), prepared.byte_range());
    let mut cms = Cms {
        content_type: oids::ID_DATA,
        content: None,
        certificates: a.bag(&a.seal),
        signers: vec![SignerSpec::new(&a.seal_key, &a.seal, &oids::ID_DATA, &signed)],
    };
    change(&mut cms);
    prepared.embed(&cms.build()).expect("room for it")
}

fn sealed(a: &World) -> Vec<u8> {
    sealed_with(a, |_| {})
}

fn signed_bytes(file: &[u8], [a, b, c, d]: [u64; 4]) -> Vec<u8> {
    let at = |offset: u64| usize::try_from(offset).expect("an offset");
    [&file[at(a)..at(a + b)], &file[at(c)..at(c + d)]].concat()
}

fn judged(a: &World, file: &[u8]) -> ValidationReport {
    Asked { data: None, ..Asked::new(file, &a.trust_both(), &a.crls()) }.run()
}

#[test]
fn passes_a_sealed_document() {
    let a = world("a");
    let report = judged(&a, &sealed(&a));
    assert_eq!(verdict(&report), "TOTAL-PASSED", "{report:#?}");
    assert_eq!(report.overall.level, Some("B-B"));
    assert_eq!(report.signatures.len(), 1);
    assert!(has_check(&report, "pades.changes", "passed"));
}

#[test]
fn thr_08_a_document_without_signature_never_passes() {
    let a = world("a");
    let report = judged(&a, &document());
    assert_eq!(report.status().name(), "INDETERMINATE");
    assert!(report.overall.reason.starts_with("No signature found"), "{}", report.overall.reason);
}

#[test]
fn thr_12_names_revision_and_object_that_changed_after_the_seal() {
    let a = world("a");
    let mut file = sealed(&a);
    let start = last_startxref(&file);
    let at = file.len();
    file.extend_from_slice(b"4 0 obj\n<< /Length 9 >>\nstream\n9 9 m 1 w\nendstream\nendobj\n");
    append_xref(&mut file, "4 1\n", &[at], &format!("/Size 20 /Root 1 0 R /Prev {start}"));
    let report = judged(&a, &file);
    assert!(!report.is_total_passed());
    let reason = &report.overall.reason;
    assert!(reason.contains("changed after the seal") && reason.contains("object 4 0"), "{reason}");
    assert!(reason.contains("revision 3"), "{reason}");
    let answers = report.overall.answers.expect("answers");
    assert!(answers.unchanged.starts_with("no"), "{}", answers.unchanged);
}

fn last_startxref(file: &[u8]) -> usize {
    let text = String::from_utf8_lossy(file);
    let (_, rest) = text.rsplit_once("startxref\n").expect("a startxref");
    rest.lines().next().expect("a number").parse().expect("a number")
}

/// Replaces `from` by `to` of the same length, so that no offset moves.
fn replaced(file: &[u8], from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let at = file.windows(from.len()).rposition(|window| window == from.as_bytes()).expect("the text");
    let mut file = file.to_vec();
    file[at..at + to.len()].copy_from_slice(to.as_bytes());
    file
}

#[test]
fn thr_13_a_byte_range_that_is_broken_is_a_format_failure() {
    let a = world("a");
    let file = sealed(&a);
    for (from, to) in [
        ("/ByteRange", "/ByteRangX"),
        ("/ByteRange[0 ", "/ByteRange[1 "),
        ("/ByteRange[0 ", "/ByteRange[- "),
        ("/ByteRange[0 ", "/ByteRange[0."),
        ("/SubFilter/", "/SubFilteX/"),
    ] {
        let report = judged(&a, &replaced(&file, from, to));
        assert_eq!(verdict(&report), "TOTAL-FAILED FORMAT_FAILURE", "{from} -> {to}: {report:#?}");
    }
}

#[test]
fn thr_13_empty_contents_are_a_format_failure() {
    let a = world("a");
    let mut file = sealed(&a);
    let open = file.windows(10).rposition(|window| window == b"/Contents<").expect("the entry") + 10;
    file[open..open + 2 * 8_192].fill(b'0');
    assert_eq!(verdict(&judged(&a, &file)), "TOTAL-FAILED FORMAT_FAILURE");
}

#[test]
fn thr_14_a_gap_that_holds_more_than_the_signature_is_a_format_failure() {
    let a = world("a");
    let file = sealed(&a);
    let at = file.windows(11).rposition(|window| window == b"/ByteRange[").expect("the entry");
    let text = String::from_utf8_lossy(&file[at..at + 80]).into_owned();
    let inner = text.split(['[', ']']).nth(1).expect("the array");
    let numbers: Vec<usize> = inner.split_whitespace().map(|number| number.parse().expect("a number")).collect();
    let wider = format!("{} {} {} {}", numbers[0], numbers[1] - 1, numbers[2], numbers[3]);
    let padded = format!("{wider:width$}", width = inner.len());
    let report = judged(&a, &replaced(&file, inner, &padded));
    assert_eq!(verdict(&report), "TOTAL-FAILED FORMAT_FAILURE", "{report:#?}");
}

#[test]
fn val_21_a_changed_byte_in_the_document_is_a_hash_failure() {
    let a = world("a");
    let report = judged(&a, &replaced(&sealed(&a), "0 0 m 1 w", "9 9 m 1 w"));
    assert_eq!(verdict(&report), "TOTAL-FAILED HASH_FAILURE");
}

#[test]
fn pad_02_a_signature_with_content_or_two_signers_is_a_format_failure() {
    let a = world("a");
    let with_content = sealed_with(&a, |cms| cms.content = Some(b"something else".to_vec()));
    assert_eq!(verdict(&judged(&a, &with_content)), "TOTAL-FAILED FORMAT_FAILURE");
    let two = sealed_with(&a, |cms| cms.signers.push(cms.signers[0].clone()));
    assert_eq!(verdict(&judged(&a, &two)), "TOTAL-FAILED FORMAT_FAILURE");
}

#[test]
fn pad_07_a_document_time_stamp_is_judged_like_a_token() {
    let a = world("a");
    let asked = SignatureRequest { sub_filter: SubFilter::Rfc3161, ..request("Stamp1") };
    let prepared = prepare(&document(), &asked).expect("a document that can be stamped");
    let signed = signed_bytes(prepared.bytes(), prepared.byte_range());
    let stamped = prepared.clone().embed(&a.token(&signed, NOW - 60).build()).expect("room for it");
    let report = judged(&a, &stamped);
    assert_eq!(verdict(&report), "TOTAL-PASSED", "{report:#?}");
    assert_eq!(report.overall.gen_time.as_deref(), Some("2026-11-23T11:59:00.25Z"));
    let unrelated = prepared.embed(&a.token(b"another document", NOW - 60).build()).expect("room for it");
    assert_eq!(verdict(&judged(&a, &unrelated)), "TOTAL-FAILED HASH_FAILURE");
}

#[test]
fn pad_05_a_time_stamp_in_the_cms_makes_it_b_t() {
    let a = world("a");
    let file = sealed_with(&a, |cms| {
        let token = a.token(&cms.signers[0].signature(), NOW - 60).build();
        cms.signers[0].unsigned.push(kokuin_asn1::cades::attribute(&oids::SIGNATURE_TIME_STAMP, &token));
    });
    let report = judged(&a, &file);
    assert_eq!((verdict(&report).as_str(), report.overall.level), ("TOTAL-PASSED", Some("B-T")), "{report:#?}");
}

#[test]
fn pad_02_a_signed_signing_time_is_no_pades_baseline() {
    let a = world("a");
    let file = sealed_with(&a, |cms| {
        let time = kokuin_asn1::cades::signing_time(NOW - 60).expect("a time");
        cms.signers[0].attributes.push(time);
    });
    assert_eq!(judged(&a, &file).overall.level, None);
}
