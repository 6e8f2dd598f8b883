//! Wrong usage is 64, unreadable input 66, help 0.

use crate::folder::Folder;

#[test]
fn help_and_version_are_no_errors() {
    let folder = Folder::new();
    for arguments in
        [&["--help"][..], &["--version"], &["log", "--help"], &["receipt", "--help"], &["inspect", "--help"]]
    {
        let said = folder.run(arguments);
        assert_eq!(said.code, 0, "{arguments:?}: {said:?}");
        assert!(!said.out.is_empty());
    }
}

#[test]
fn wrong_usage_is_64() {
    let folder = Folder::new();
    folder.put("a", b"a");
    let cases: [&[&str]; 17] = [
        &[],
        &["--trust", "a"],
        &["a", "--no-such-option"],
        &["a", "--ocsp", "a"],
        &["a", "--quantum", "pq"],
        &["a", "--format", "html"],
        &["a", "--data", "a", "--digest", "sha256:00"],
        &["a", "--digest", "sha256:00"],
        &["a", "--at", "yesterday"],
        &["a", "--receipt", "a"],
        &["-", "--data", "-"],
        &["a", "--data", "-", "--trust", "-"],
        &["a", "--crl", "-", "--intermediates", "-"],
        &["-", "--vkey", "-"],
        &["receipt", "-", "--vkey", "a", "--for", "-"],
        &["receipt", "a", "--vkey", "-", "--entry", "-"],
        &["log", "http://127.0.0.1:1/log", "--vkey", "missing"],
    ];
    for arguments in &cases[..16] {
        let said = folder.run(arguments);
        assert_eq!(said.code, 64, "{arguments:?}: {said:?}");
        assert!(!said.err.is_empty(), "{arguments:?}");
    }
    assert_eq!(folder.run(cases[16]).code, 66);
}

#[test]
fn unreadable_input_is_66() {
    let folder = Folder::new();
    folder.put("a", b"a");
    folder.put("folder/note.txt", b"no certificate");
    let cases: [&[&str]; 10] = [
        &["missing.tsr"],
        &["folder"],
        &["a", "--data", "missing"],
        &["a", "--trust", "missing.pem"],
        &["a", "--trust", "folder"],
        &["a", "--trust", "a"],
        &["a", "--crl", "folder"],
        &["a", "--intermediates", "folder"],
        &["a", "--crl", "a"],
        &["receipt", "a", "--vkey", "a"],
    ];
    for arguments in cases {
        let said = folder.run(arguments);
        assert_eq!(said.code, 66, "{arguments:?}: {said:?}");
        assert!(said.err.starts_with("kokuin-verify: "), "{said:?}");
    }
}
