//! PDF: what is reported of a signature lies in the file, and a file that can be sealed shows its new seal and stays its own prefix.

#![no_main]

use std::time::Duration;

use kokuin_pdf::{Limits, PdfSignature, SignatureRequest, SubFilter, prepare_within, signatures_within};
use libfuzzer_sys::fuzz_target;

const LIMITS: Limits = Limits {
    file_len: 1 << 20,
    objects: 5_000,
    sections: 16,
    inflated_len: 1 << 20,
    values: 50_000,
    scanned_len: 8 << 20,
    compared_len: 16 << 20,
    load_time: Duration::from_secs(5),
    tree_nodes: 5_000,
    changes: 64,
};

const FIELD: &str = "KokuinFuzz";

fuzz_target!(|data: &[u8]| {
    let read = signatures_within(data, &LIMITS);
    for signature in read.iter().flatten().flatten() {
        check_signature(data, signature);
    }
    let request = SignatureRequest {
        field_name: FIELD,
        reason: None,
        location: None,
        signing_time: 1_795_435_200,
        sub_filter: SubFilter::CadesDetached,
        contents_len: 64,
    };
    let Ok(prepared) = prepare_within(data, &request, &LIMITS) else { return };
    assert!(prepared.bytes().starts_with(data));
    let signed: usize = prepared.digest_input().iter().map(|slice| slice.len()).sum();
    assert_eq!(signed + prepared.hole().len(), prepared.bytes().len());
    let sealed = prepared.embed(&[0x30, 0x02, 0x05, 0x00]).expect("four octets fit into 64");
    assert!(sealed.starts_with(data));
    // The update may be what goes beyond a limit; the roomier ones are the product's.
    let found = signatures_within(&sealed, &Limits::default()).expect("what was sealed is read");
    let seal = found.iter().flatten().find(|signature| signature.field_name == FIELD).expect("the new seal is found");
    assert!(seal.covers_whole_file && seal.changes.is_empty());
    assert_eq!(seal.contents, [0x30, 0x02, 0x05, 0x00]);
    check_signature(&sealed, seal);
});

/// PAD-03: the gap is the `/Contents` string and nothing else.
fn check_signature(file: &[u8], signature: &PdfSignature) {
    let [a, b, c, d] = signature.byte_range.map(|octets| usize::try_from(octets).expect("offsets fit"));
    assert!(a == 0 && b > 0 && c >= b && d > 0 && c + d <= file.len());
    let gap = &file[b..c];
    assert!(gap.starts_with(b"<") && gap.ends_with(b">"));
    assert!(
        gap[1..gap.len() - 1]
            .iter()
            .all(|octet| octet.is_ascii_hexdigit() || octet.is_ascii_whitespace() || *octet == 0)
    );
    assert!(signature.contents.len() <= signature.contents_room);
    assert!((1..=signature.revisions).contains(&signature.revision));
    let [first, second] = signature.signed_bytes(file);
    assert_eq!((first.len(), second.len()), (b, d));
}
