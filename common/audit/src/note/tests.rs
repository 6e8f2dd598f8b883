use std::fmt::Write as _;

use super::*;
use crate::{name::Origin, testing::TestEngine};

/// The example of C2SP's signed-note.md (TLOG-12).
const VKEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";

fn code(note: &[u8]) -> Result<(), &'static str> {
    SignedNote::parse(note).map(drop).map_err(|error| error.code())
}

#[test]
fn verifier_key_is_the_published_one() {
    let key = VerifierKey::parse(VKEY).unwrap();
    assert_eq!(key.name(), "example.com/foo");
    assert_eq!(key.key_hash(), KeyHash([0x53, 0x0d, 0x90, 0x3a]));
    assert_eq!(key.to_string(), VKEY);
    assert_eq!(VerifierKey::from_spki(&Origin::new("example.com/foo").unwrap(), &key.spki()), Ok(key));
}

#[test]
fn refuses_verifier_keys_with_another_hash_type_or_length() {
    let code = |text: &str| VerifierKey::parse(text).map_err(|error| error.code());
    assert_eq!(code(&VKEY.replace("530d903a", "530d903b")), Err("audit.vkey"));
    assert_eq!(code(&VKEY.replace("530d903a", "530D903A")), Err("audit.vkey"));
    assert_eq!(code(&VKEY.replace("AekyeR", "AukyeR")), Err("audit.vkey-type"));
    assert_eq!(code("example.com/foo+530d903a+Aeky"), Err("audit.vkey"));
    assert_eq!(code("example.com/foo"), Err("audit.vkey"));
    assert_eq!(code(&format!("{VKEY}\n")), Ok(VerifierKey::parse(VKEY).unwrap()));
}

/// Expected value: the `signed_note` crate signs, we verify; and the other way round.
#[test]
fn notes_are_those_of_signed_note() {
    use ed25519_dalek::{Signer as _, SigningKey};
    use signed_note::{StandardVerifier, VerifierList};

    let secret = SigningKey::from_bytes(&[7; 32]);
    let key = VerifierKey::new(&Origin::new("log.example/tsa").unwrap(), secret.verifying_key().to_bytes());
    let text = "log.example/tsa\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n";
    let line = SignatureLine::new(key.name(), key.key_hash(), secret.sign(text.as_bytes()).to_bytes().to_vec());
    let ours = SignedNote::new(text.to_owned(), vec![line]);

    let theirs = signed_note::Note::from_bytes(ours.to_string().as_bytes()).unwrap();
    let verifier = StandardVerifier::new(&key.to_string()).unwrap();
    let (verified, unverified) = theirs.verify(&VerifierList::new(vec![Box::new(verifier)])).unwrap();
    assert_eq!((verified.len(), unverified.len()), (1, 0));

    let again = SignedNote::parse(&theirs.to_bytes()).unwrap();
    assert_eq!(again, ours);
    assert_eq!(again.check_signed_by(&key, &TestEngine), Ok(()));
}

/// TLOG-10: signatures by keys we do not know are kept as they came; a known key's bad one spoils the note.
#[test]
fn keeps_cosignatures_and_refuses_bad_signatures_of_known_keys() {
    use ed25519_dalek::{Signer as _, SigningKey};

    let secret = SigningKey::from_bytes(&[7; 32]);
    let key = VerifierKey::new(&Origin::new("log.example").unwrap(), secret.verifying_key().to_bytes());
    let good = SignatureLine::new(key.name(), key.key_hash(), secret.sign(b"x\n").to_bytes().to_vec());
    let bad = SignatureLine::new(key.name(), key.key_hash(), secret.sign(b"y\n").to_bytes().to_vec());
    let other = SignatureLine::new("witness.example", KeyHash([1, 2, 3, 4]), vec![0; 2432]);
    let same_name = SignatureLine::new(key.name(), KeyHash([1, 2, 3, 4]), vec![0; 64]);
    let check = |lines: &[&SignatureLine]| {
        let note = SignedNote::new("x\n".to_owned(), lines.iter().copied().cloned().collect());
        let read = SignedNote::parse(note.to_string().as_bytes()).unwrap();
        assert_eq!(read, note);
        read.check_signed_by(&key, &TestEngine).map_err(|error| error.code())
    };
    assert_eq!(check(&[&other, &good, &same_name]), Ok(()));
    assert_eq!(check(&[&good, &bad]), Err("audit.note-bad-signature"));
    assert_eq!(check(&[&other, &same_name]), Err("audit.note-not-signed-by"));
}

/// THR-53.
#[test]
fn refuses_malformed_notes_within_limits() {
    let line = "\u{2014} log.example AQIDBAU=\n";
    assert_eq!(code(format!("x\n\n{line}").as_bytes()), Ok(()));
    for (note, expected) in [
        (format!("x\r\n\n{line}"), "audit.note-control"),
        (format!("x\0\n\n{line}"), "audit.note-control"),
        (format!("x\u{85}\n\n{line}"), "audit.note-control"),
        ("x\n".to_owned(), "audit.note-unsigned"),
        ("x\n\n".to_owned(), "audit.note-unsigned"),
        (format!("x\n\n{}", line.trim_end()), "audit.note-unsigned"),
        (format!("x\n\n{line}y\n"), "audit.note-signature-line"),
        ("x\n\n- log.example AQIDBAU=\n".to_owned(), "audit.note-signature-line"),
        ("x\n\n\u{2014} log+example AQIDBAU=\n".to_owned(), "audit.note-signature-line"),
        ("x\n\n\u{2014} log\u{2003}example AQIDBAU=\n".to_owned(), "audit.note-signature-line"),
        ("x\n\n\u{2014} log.example AQIDBA==\n".to_owned(), "audit.note-signature-line"),
        ("x\n\n\u{2014} log.example AQIDBAU\n".to_owned(), "audit.note-signature-line"),
        ("x\n\n\u{2014}  AQIDBAU=\n".to_owned(), "audit.note-signature-line"),
        (format!("x\n\n{}", line.repeat(65)), "audit.note-signatures"),
        (format!("{}\n\n{line}", "x".repeat(9000)), "audit.note-line-too-long"),
        (format!("x\n\n{}", line.repeat(100_000)), "audit.note-too-long"),
    ] {
        assert_eq!(code(note.as_bytes()), Err(expected), "{}", &note[..note.len().min(60)]);
    }
    assert_eq!(code(b"\xff\n\n"), Err("audit.note-not-utf8"));
}

#[test]
fn takes_sixteen_signatures_and_splits_at_the_last_blank_line() {
    let mut lines = String::new();
    for number in 0..16 {
        writeln!(lines, "\u{2014} witness{number}.example AQIDBAU=").unwrap();
    }
    let note = SignedNote::parse(format!("a\n\nb\n\n{lines}").as_bytes()).unwrap();
    assert_eq!(note.text(), "a\n\nb\n");
    assert_eq!(note.signatures().len(), 16);
}
