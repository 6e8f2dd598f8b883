//! An entry of each kind, and the texts around them.

use kokuin_audit::{
    Checkpoint, Entry, Hash, Origin, Receipt, SignedNote, VerifierKey,
    name::TreeSize,
    note::{KeyHash, SignatureLine},
    tile::bundle_to_bytes,
};

use crate::Seeds;

const TIME: &str = r#""time":"2026-11-23T12:00:00.123456Z""#;
const DIGEST: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE";

/// Kind, and the members after `time`; `#` stands for a digest.
const ENTRIES: [(&str, &str); 15] = [
    (
        "log-open",
        r#""origin":"log.example/tsa","vkey":"k","name":"tsa","previous":{"origin":"o","checkpoint":"c\n","reason":"r"}"#,
    ),
    ("service-start", r#""service":"tsa","version":"0.1.0""#),
    ("service-stop", r#""service":"tsa","version":"0.1.0""#),
    ("config", r##""service":"tsa","sha256":"#","changed":["tsa.policy"]"##),
    (
        "certificate",
        r##""key":"tsu-1","purpose":"tst","sha256":"#","not_before":"1970-01-01T00:00:00.000000Z","not_after":"1970-01-01T00:00:01.000000Z","key_algorithm":"p256","signature_algorithm":"ecdsa-sha256""##,
    ),
    ("clock-state", r#""from":"synchronised","to":"undisciplined","reason":"stepped""#),
    ("clock-reading", r#""source":"system","bound_us":5,"measured":true"#),
    (
        "tst",
        r##""serial":"0193500a","key":"tsu-1","policy":"2.999.3161.1","bound_us":1000000,"measured":false,"clock":4,"cert":3,"digest":"#","sig":"#","attrs":"#""##,
    ),
    (
        "seal",
        r##""serial":"0193500a","key":"seal-1","format":"pades","level":"B-T","bound_us":5,"measured":true,"clock":4,"cert":3,"digest":"#","sig":"#","attrs":"#","tenant":"#","actor":"#","source":"computed""##,
    ),
    ("refusals", r#""service":"tsa","class":"tsa.imprint-length","minute":"2026-11-23T12:00:00.000000Z","count":7"#),
    ("key-state", r#""key":"tsu-1","state":"suspended","reason":"operator""#),
    ("self-test", r#""key":"tsu-1","result":"failed","count":1,"code":"key.wrong-answer""#),
    ("admin", r##""action":"log.retire","target":"tsa","actor":"#","reason":"old""##),
    ("intent", r##""serial":"0193500a","key":"tsu-1","imprint":"#""##),
    (
        "outcome",
        r##""serial":"0193500a","key":"tsu-1","intent":9,"result":"discarded","code":"key.wrong-answer","sig":"#""##,
    ),
];

fn entry(kind: &str, members: &str) -> Vec<u8> {
    let body = format!(r#"{{"v":1,"kind":"{kind}",{TIME},{}}}"#, members.replace('#', DIGEST)).into_bytes();
    if let Err(refusal) = Entry::parse(&body) {
        panic!("{kind}: {refusal}");
    }
    body
}

fn note() -> String {
    let origin = Origin::new("log.example/tsa").expect("a fine origin");
    let checkpoint = Checkpoint {
        origin,
        size: TreeSize(300),
        root: Hash::from_bytes([1; 32]),
        extensions: vec!["extension".into()],
    };
    let line = |name| SignatureLine::new(name, KeyHash([1, 2, 3, 4]), vec![5; 64]);
    SignedNote::new(checkpoint.to_string(), vec![line("log.example/tsa"), line("witness.example")]).to_string()
}

fn receipt() -> String {
    let hash = Hash::from_bytes([2; 32]);
    let text = format!("c2sp.org/tlog-proof@v1\nextra eyJ2IjoxfQ==\nindex 7\n{hash}\n{hash}\n\n{}", note());
    if let Err(refusal) = Receipt::parse(text.as_bytes()) {
        panic!("receipt: {refusal}");
    }
    text
}

pub(crate) fn all() -> Seeds {
    let origin = Origin::new("log.example/tsa").expect("a fine origin");
    let entries = ENTRIES.map(|(kind, members)| (kind, entry(kind, members)));
    let bundle = bundle_to_bytes(&[&entries[1].1, &entries[6].1]).expect("short entries");
    let mut seeds = entries.to_vec();
    seeds.extend([
        ("note", note().into_bytes()),
        ("receipt", receipt().into_bytes()),
        ("bundle", bundle),
        ("vkey", VerifierKey::new(&origin, [3; 32]).to_string().into_bytes()),
        ("tile", b"1/x001/067.p/9".to_vec()),
    ]);
    seeds
}
