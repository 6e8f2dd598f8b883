//! Text from outside on a terminal: THR-98.

use kokuin_devca::{Subject, Validity};
use kokuin_key::SigningKey as _;

use crate::{
    folder::Folder,
    material::{DATA, DAY, NOW, profile, world},
};

const HOSTILE: &str = "x\u{1b}[2J\r\nTOTAL-PASSED: all is well\u{202e}\u{9b}31m";

#[test]
fn thr_98_names_cannot_imitate_the_status_line() {
    let mut a = world("a");
    let subject = Subject { common_name: HOSTILE.to_owned(), ..Subject::demo_organization("a") };
    let validity = Validity { not_before: NOW - DAY, not_after: NOW + DAY };
    let hostile =
        kokuin_devca::hostile::TestCertificate::new(&a.ca, profile("tsu"), &subject, a.tsu_key.public_key(), validity);
    let der = hostile.and_then(|certificate| certificate.sign(&a.ca)).expect("a certificate");
    a.tsu = kokuin_asn1::Certificate::parse(&der).expect("a certificate");
    let folder = Folder::of(&a);
    folder.put("t.tst", &a.token(DATA, NOW - 60).build());
    folder.put("other", b"other");
    for format in ["text", "json"] {
        let arguments = ["t.tst", "--data", "other", "--trust", "trust", "--crl", "crl", "--format", format];
        let said = folder.run(&[&arguments[..], &["--at", "2026-11-23T12:00:00Z"]].concat());
        assert_eq!(said.code, 1);
        let is_hostile = |character: char| character != '\n' && (character.is_control() || character == '\u{202e}');
        assert!(!said.out.contains(is_hostile), "{format}: {:?}", said.out);
        assert!(!said.out.lines().any(|line| line.starts_with("TOTAL-PASSED")), "{}", said.out);
    }
    let inspected = folder.run(&["inspect", "t.tst"]);
    assert!(!inspected.out.lines().any(|line| line.starts_with("TOTAL-PASSED")), "{}", inspected.out);
}

#[test]
fn thr_98_file_names_are_escaped_too() {
    let folder = Folder::new();
    let name = "a\u{1b}[31m\u{202e}b";
    folder.put(name, b"junk");
    let said = folder.run(&[name]);
    assert_eq!(said.code, 2);
    assert!(said.out.contains(r"File: a\u{1b}[31m\u{202e}b"), "{}", said.out);
    let missing = folder.run(&["no\u{1b}such"]);
    assert!(missing.err.contains(r"no\u{1b}such"), "{}", missing.err);
}
