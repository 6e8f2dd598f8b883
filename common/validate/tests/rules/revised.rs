//! What a later revision of a sealed PDF may bring along: THR-15, THR-17, PAD-20, PAD-28.

use kokuin_asn1::oids;

use crate::material::{Asked, Cms, NOW, SignerSpec, World, verdict, world};

const ROOM: usize = 16_384;
const PAGE: &str = "/Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Contents 4 0 R /Resources << >>";
const FIELD: &str = "/Type /Annot /Subtype /Widget /FT /Tx /T (amount) /Rect [10 10 90 30] /P 3 0 R";
const INVISIBLE: &str = "[0 0 0 0]";

/// A revision with these objects and a cross-reference table.
fn revise(file: &mut Vec<u8>, objects: &[(u32, String)]) {
    let text = String::from_utf8_lossy(file).into_owned();
    let prev = text.rsplit_once("startxref\n").and_then(|(_, rest)| rest.lines().next()).map(str::to_owned);
    let mut table = if prev.is_none() { "xref\n0 1\n0000000000 65535 f \n".to_owned() } else { "xref\n".to_owned() };
    for (number, object) in objects {
        table.push_str(&format!("{number} 1\n{:010} 00000 n \n", file.len()));
        file.extend_from_slice(format!("{number} 0 obj\n{object}\nendobj\n").as_bytes());
    }
    let prev = prev.map(|prev| format!(" /Prev {prev}")).unwrap_or_default();
    let at = file.len();
    let end = format!("{table}trailer\n<< /Size 40 /Root 1 0 R{prev} >>\nstartxref\n{at}\n%%EOF\n");
    file.extend_from_slice(end.as_bytes());
}

/// Catalog and page that name these fields.
fn structure(fields: &str) -> [(u32, String); 2] {
    [
        (1, format!("<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [{fields}] /SigFlags 3 >> >>")),
        (3, format!("<< {PAGE} /Annots [{fields}] >>")),
    ]
}

/// A document of one page with a form field.
fn document() -> Vec<u8> {
    let mut file = b"%PDF-1.7\n".to_vec();
    let mut objects = vec![
        (2, "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned()),
        (4, "<< /Length 9 >>\nstream\n0 0 m 1 w\nendstream".to_owned()),
        (5, format!("<< {FIELD} /V (1) >>")),
    ];
    objects.extend(structure("5 0 R"));
    revise(&mut file, &objects);
    file
}

/// `file` with a revision that has `objects` and, in object `number`, a signature dictionary over all of it.
fn signed(file: &[u8], number: u32, kind: &str, objects: &[(u32, String)], cms: impl Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let hole = "0".repeat(2 * ROOM);
    let mut objects = objects.to_vec();
    objects.push((number, format!("<< {kind} /Filter /Adobe.PPKLite /ByteRange{:60}/Contents<{hole}> >>", "")));
    let mut out = file.to_vec();
    revise(&mut out, &objects);
    let marker = format!("/Contents<{hole}");
    let start = out.windows(marker.len()).rposition(|part| part == marker.as_bytes()).expect("the hole") + 9;
    let end = start + 2 * ROOM + 2;
    let range = format!("[0 {start} {end} {}]", out.len() - end);
    out[start - 69..start - 69 + range.len()].copy_from_slice(range.as_bytes());
    let value = hex::encode(cms(&[&out[..start], &out[end..]].concat()));
    out[start + 1..start + 1 + value.len()].copy_from_slice(value.as_bytes());
    out
}

fn widget(name: &str, value: u32, rect: &str) -> String {
    format!("<< /Type /Annot /Subtype /Widget /FT /Sig /T ({name}) /V {value} 0 R {rect} /F 132 /P 3 0 R >>")
}

fn sealed(a: &World) -> Vec<u8> {
    let mut objects = structure("5 0 R 11 0 R").to_vec();
    objects.push((11, widget("Seal", 10, "/Rect [0 0 0 0]")));
    signed(&document(), 10, "/Type /Sig /SubFilter /ETSI.CAdES.detached", &objects, |signed| {
        let signer = SignerSpec::new(&a.seal_key, &a.seal, &oids::ID_DATA, signed);
        let certificates = a.bag(&a.seal);
        Cms { content_type: oids::ID_DATA, content: None, certificates, signers: vec![signer] }.build()
    })
}

/// The sealed document, stamped in a field at `rect`, in a revision that has `more` as well.
fn stamped(a: &World, rect: &str, more: &[(u32, String)]) -> Vec<u8> {
    let mut objects = structure("5 0 R 11 0 R 21 0 R").to_vec();
    objects.retain(|(number, _)| more.iter().all(|(other, _)| other != number));
    objects.push((21, widget("Stamp", 20, rect)));
    objects.extend_from_slice(more);
    let kind = "/Type /DocTimeStamp /SubFilter /ETSI.RFC3161";
    signed(&sealed(a), 20, kind, &objects, |signed| a.token(signed, NOW - 60).build())
}

fn judged(a: &World, file: &[u8]) -> (String, String) {
    let report = Asked { data: None, ..Asked::new(file, &a.trust_both(), &a.crls()) }.run();
    (verdict(&report), report.overall.reason)
}

#[test]
fn pad_20_a_document_time_stamp_that_shows_nothing_passes() {
    let a = world("a");
    assert_eq!(judged(&a, &sealed(&a)).0, "TOTAL-PASSED", "{}", judged(&a, &sealed(&a)).1);
    for rect in [format!("/Rect {INVISIBLE}"), "/Rect [7 7 7 9]".to_owned(), String::new()] {
        let (verdict, reason) = judged(&a, &stamped(&a, &rect, &[]));
        assert_eq!(verdict, "TOTAL-PASSED", "{rect}: {reason}");
    }
}

#[test]
fn pad_20_a_time_stamp_vouches_for_no_filled_in_field() {
    // Whoever has a document can have it stamped: nobody signed the new value.
    let a = world("a");
    let filled = (5, format!("<< {FIELD} /V (1000000) >>"));
    let (verdict, reason) = judged(&a, &stamped(&a, &format!("/Rect {INVISIBLE}"), &[filled]));
    assert_eq!(verdict, "INDETERMINATE SIG_CONSTRAINTS_FAILURE");
    assert!(reason.contains("object 5 0") && reason.contains("revision 3"), "{reason}");
}

#[test]
fn pad_28_a_time_stamp_that_draws_on_the_page_does_not_pass() {
    let a = world("a");
    let drawn = (22, "<< /Type /XObject /Subtype /Form /BBox [0 0 200 200] /Length 4 >>\nstream\n1 w \nendstream");
    for rect in ["/Rect [0 0 200 200]", "/Rect [200 200 0 0]", "/Rect 23 0 R", "/Rect (all)", "/Rect [0 0 0.5 0.5]"] {
        let more = [(22, drawn.1.to_owned()), (23, "[0 0 200 200]".to_owned())];
        let (verdict, reason) = judged(&a, &stamped(&a, &format!("{rect} /AP << /N 22 0 R >>"), &more));
        assert_eq!(verdict, "INDETERMINATE SIG_CONSTRAINTS_FAILURE", "{rect}");
        assert!(reason.contains("changed after the seal"), "{reason}");
    }
}

#[test]
fn says_that_data_given_beside_a_pdf_was_not_looked_at() {
    let a = world("a");
    let report = Asked::new(&sealed(&a), &a.trust_both(), &a.crls()).run();
    assert_eq!(verdict(&report), "TOTAL-PASSED");
    assert!(crate::material::has_check(&report, "integrity.data", "not-checked"), "{report:#?}");
}

#[test]
fn pad_20_a_time_stamp_may_bring_a_new_form_resource_and_nobody_else_may() {
    // As PDFBox writes it: a default appearance and its font, which no field had before.
    let a = world("a");
    let fields = "5 0 R 11 0 R 21 0 R";
    let form = |fields: &str| {
        let default = "/DA (/Helv 0 Tf 0 g) /DR << /Font << /Helv << /Type /Font >> >> >>";
        (1, format!("<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [{fields}] /SigFlags 3 {default} >> >>"))
    };
    let (verdict, reason) = judged(&a, &stamped(&a, "/Rect [0 0 0 0]", &[form(fields)]));
    assert_eq!(verdict, "TOTAL-PASSED", "{reason}");
    let mut unsigned = sealed(&a);
    revise(&mut unsigned, &[form("5 0 R 11 0 R")]);
    assert_eq!(judged(&a, &unsigned).0, "INDETERMINATE SIG_CONSTRAINTS_FAILURE");
}
