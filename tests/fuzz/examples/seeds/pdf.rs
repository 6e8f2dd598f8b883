//! Small PDFs: with a table, with a stream, sealed, and changed after that.

use kokuin_pdf::{SignatureRequest, SubFilter, prepare};

use crate::Seeds;

const OBJECTS: [&str; 3] = [
    "<</Type/Catalog/Pages 2 0 R>>",
    "<</Type/Pages/Kids[3 0 R]/Count 1>>",
    "<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Resources<<>>>>",
];

/// The objects, and where each starts.
fn body(version: &str) -> (Vec<u8>, Vec<usize>) {
    let mut file = format!("%PDF-{version}\n%\u{e2}\u{e3}\n").into_bytes();
    let mut offsets = Vec::new();
    for (object, number) in OBJECTS.iter().zip(1..) {
        offsets.push(file.len());
        file.extend(format!("{number} 0 obj\n{object}\nendobj\n").bytes());
    }
    (file, offsets)
}

fn with_table() -> Vec<u8> {
    let (mut file, offsets) = body("1.7");
    let start = file.len();
    file.extend(format!("xref\n0 {}\n0000000000 65535 f \n", offsets.len() + 1).bytes());
    for offset in &offsets {
        file.extend(format!("{offset:010} 00000 n \n").bytes());
    }
    let size = offsets.len() + 1;
    file.extend(format!("trailer\n<</Size {size}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n").bytes());
    file
}

fn with_stream() -> Vec<u8> {
    let (mut file, mut offsets) = body("1.7");
    let start = file.len();
    offsets.push(start);
    let mut rows = vec![0, 0, 0, 255];
    for offset in &offsets {
        let [.., high, low] = offset.to_be_bytes();
        rows.extend([1, high, low, 0]);
    }
    let (number, size, length) = (offsets.len(), offsets.len() + 1, rows.len());
    file.extend(
        format!("{number} 0 obj\n<</Type/XRef/Size {size}/W[1 2 1]/Root 1 0 R/Length {length}>>\nstream\n").bytes(),
    );
    file.extend(rows);
    file.extend(format!("\nendstream\nendobj\nstartxref\n{start}\n%%EOF\n").bytes());
    file
}

fn sealed(file: &[u8], field_name: &str, sub_filter: SubFilter) -> Vec<u8> {
    let request = SignatureRequest {
        field_name,
        reason: Some("reason"),
        location: Some("location"),
        signing_time: 1_795_435_200,
        sub_filter,
        contents_len: 16,
    };
    let prepared = prepare(file, &request).unwrap_or_else(|refusal| panic!("{refusal}"));
    prepared.embed(&[0x30, 0x02, 0x05, 0x00]).expect("four octets fit into 16")
}

/// A revision after the seal that turns the page.
fn updated(file: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(file);
    let previous = text.rsplit("startxref").next().and_then(|rest| rest.split_whitespace().next());
    let previous = previous.expect("every file here ends with startxref");
    let mut out = file.to_vec();
    let object = out.len();
    out.extend(b"3 0 obj\n<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Rotate 90/Resources<<>>>>\nendobj\n");
    let start = out.len();
    out.extend(format!("xref\n3 1\n{object:010} 00000 n \ntrailer\n<</Size 9/Root 1 0 R/Prev {previous}>>\n").bytes());
    out.extend(format!("startxref\n{start}\n%%EOF\n").bytes());
    out
}

pub(crate) fn all() -> Seeds {
    let once = sealed(&with_table(), "One", SubFilter::CadesDetached);
    let token = sealed(&with_table(), "Two", SubFilter::Rfc3161);
    let changed = updated(&once);
    let stream = sealed(&with_stream(), "One", SubFilter::CadesDetached);
    vec![
        ("table", with_table()),
        ("stream", with_stream()),
        ("sealed", once),
        ("time-stamped", token),
        ("sealed-and-changed", changed),
        ("stream-sealed", stream),
    ]
}
