//! Small PDFs, written by hand so that every byte is known.
#![allow(dead_code, reason = "each test file uses its own part")]

use std::fmt::Write as _;

use kokuin_pdf::{Prepared, SignatureRequest, SubFilter, prepare};

/// A CMS as far as PDF is concerned: one SEQUENCE.
pub(crate) const CMS: [u8; 6] = [0x30, 0x04, 0x02, 0x02, 0x12, 0x34];

/// Objects of a document with one page: catalog 1, page tree 2, page 3, content 4.
pub(crate) fn objects(catalog: &str, page: &str) -> Vec<(u32, String)> {
    vec![
        (1, format!("<</Type/Catalog/Pages 2 0 R{catalog}>>")),
        (2, "<</Type/Pages/Kids[3 0 R]/Count 1>>".into()),
        (3, format!("<</Type/Page/Parent 2 0 R/MediaBox[0 0 595.276 841.89]/Contents 4 0 R/Resources<<>>{page}>>")),
        (4, "<</Length 11>>stream\n0 0 m 9 9 l\nendstream".into()),
    ]
}

/// A file with a cross-reference table.
pub(crate) fn table(objects: &[(u32, String)], trailer: &str) -> Vec<u8> {
    let mut file = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".to_vec();
    revise_table(&mut file, objects, trailer, None);
    file
}

/// Appends objects, a table and a trailer.
fn revise_table(file: &mut Vec<u8>, objects: &[(u32, String)], trailer: &str, prev: Option<usize>) {
    let mut table = String::from("xref\n");
    if prev.is_none() {
        table.push_str("0 1\n0000000000 65535 f\r\n");
    }
    for (number, value) in objects {
        write!(table, "{number} 1\n{:010} 00000 n\r\n", file.len()).unwrap();
        file.extend_from_slice(format!("{number} 0 obj\n{value}\nendobj\n").as_bytes());
    }
    let size = objects.iter().map(|(number, _)| number + 1).max().unwrap_or(1).max(20);
    let prev = prev.map(|prev| format!("/Prev {prev}")).unwrap_or_default();
    let start = file.len();
    let end = format!("{table}trailer\n<</Size {size}/Root 1 0 R{trailer}{prev}>>\nstartxref\n{start}\n%%EOF\n");
    file.extend_from_slice(end.as_bytes());
}

/// `file` with an incremental update.
pub(crate) fn updated(file: &[u8], objects: &[(u32, String)]) -> Vec<u8> {
    let mut file = file.to_vec();
    let prev = last_startxref(&file);
    revise_table(&mut file, objects, "", Some(prev));
    file
}

/// A file with a cross-reference stream, its catalog, page tree and page inside an object stream.
pub(crate) fn stream(objects: &[(u32, String)]) -> Vec<u8> {
    let mut file = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".to_vec();
    let (packed, loose): (Vec<_>, Vec<_>) = objects.iter().partition(|(_, value)| !value.contains("stream"));
    let mut entries: Vec<(u32, [u8; 7])> = vec![(0, [0, 0, 0, 0, 0, 255, 255])];
    let place = |kind: u8, second: usize, third: u16| {
        let mut entry = [kind, 0, 0, 0, 0, 0, 0];
        entry[1..5].copy_from_slice(&u32::try_from(second).unwrap().to_be_bytes());
        entry[5..].copy_from_slice(&third.to_be_bytes());
        entry
    };
    for (number, value) in loose {
        entries.push((*number, place(1, file.len(), 0)));
        file.extend_from_slice(format!("{number} 0 obj\n{value}\nendobj\n").as_bytes());
    }
    let (mut head, mut body) = (String::new(), String::new());
    for (index, (number, value)) in packed.iter().enumerate() {
        write!(head, "{number} {} ", body.len()).unwrap();
        writeln!(body, "{value}").unwrap();
        entries.push((*number, place(2, 18, u16::try_from(index).unwrap())));
    }
    entries.push((18, place(1, file.len(), 0)));
    let (first, n, len) = (head.len(), packed.len(), head.len() + body.len());
    let container =
        format!("18 0 obj\n<</Type/ObjStm/N {n}/First {first}/Length {len}>>stream\n{head}{body}\nendstream\nendobj\n");
    file.extend_from_slice(container.as_bytes());
    let start = file.len();
    entries.push((19, place(1, start, 0)));
    entries.sort_unstable();
    let index: Vec<String> = entries.iter().map(|(number, _)| format!("{number} 1")).collect();
    let header = format!(
        "19 0 obj\n<</Type/XRef/Size 20/Root 1 0 R/ID[<aa><bb>]/W[1 4 2]/Index[{}]/Length {}>>stream\n",
        index.join(" "),
        entries.len() * 7
    );
    file.extend_from_slice(header.as_bytes());
    entries.iter().for_each(|(_, entry)| file.extend_from_slice(entry));
    file.extend_from_slice(format!("\nendstream\nendobj\nstartxref\n{start}\n%%EOF\n").as_bytes());
    file
}

/// A plain document.
pub(crate) fn plain() -> Vec<u8> {
    table(&objects("", ""), "/ID[<aa><bb>]")
}

pub(crate) fn request() -> SignatureRequest<'static> {
    SignatureRequest {
        field_name: "Seal",
        reason: None,
        location: None,
        signing_time: 1_795_392_000,
        sub_filter: SubFilter::CadesDetached,
        contents_len: 64,
    }
}

pub(crate) fn prepared(file: &[u8]) -> Prepared {
    prepare(file, &request()).unwrap()
}

/// `file` with a seal whose CMS is [`CMS`].
pub(crate) fn sealed(file: &[u8]) -> Vec<u8> {
    prepared(file).embed(&CMS).unwrap()
}

/// The offset that the last `startxref` names.
pub(crate) fn last_startxref(file: &[u8]) -> usize {
    let text = String::from_utf8_lossy(file.get(file.len() - 40..).unwrap()).into_owned();
    let number = text.rsplit("startxref").next().unwrap().split_whitespace().next().unwrap().to_owned();
    number.parse().unwrap()
}

/// `file` with the last `from` replaced by `to`, which is as long.
pub(crate) fn replaced(file: &[u8], from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len(), "offsets must stay");
    let at = file.windows(from.len()).rposition(|window| window == from.as_bytes()).expect("the text to replace");
    let mut file = file.to_vec();
    file[at..at + to.len()].copy_from_slice(to.as_bytes());
    file
}
