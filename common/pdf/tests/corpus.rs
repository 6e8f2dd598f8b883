//! Signed files of other products: each is read without a panic, and the forged ones are found out.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{env, fs, path::PathBuf};

use kokuin_pdf::{ChangeKind, signatures};

/// The corpus beside the repository, or where `KOKUIN_CORPUS` says.
fn corpus() -> Option<PathBuf> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let folder = env::var_os("KOKUIN_CORPUS").map_or(beside, PathBuf::from).join("pades");
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(env::var_os("CI").is_none(), "the corpus is missing: {}", folder.display());
    println!("SKIPPED: no corpus at {}", folder.display());
    None
}

#[test]
fn reads_every_file_of_the_corpus() {
    let Some(folder) = corpus() else { return };
    let mut read = 0;
    for product in fs::read_dir(folder).unwrap() {
        for file in fs::read_dir(product.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "pdf") {
                let _answer = signatures(&fs::read(path).unwrap());
                read += 1;
            }
        }
    }
    assert!(read > 50, "{read} files");
}

#[test]
fn judges_files_as_their_makers_do() {
    let Some(folder) = corpus() else { return };
    // File; for each signature its fault, or the gravest change after it.
    let expected: [(&str, &[&str]); 16] = [
        ("dss/sample.pdf", &[]),
        ("dss/validation_pdf-signed-original.pdf", &["whole"]),
        ("dss/validation_pdf-with-eof-cr.pdf", &["whole"]),
        ("dss/validation_pades-t-level-extended.pdf", &["extension", "whole"]),
        ("dss/validation_pades-tst-with-sig-type.pdf", &["form-resource", "whole"]),
        ("dss/validation_pades-signed-annot-added.pdf", &["undefined"]),
        ("dss/validation_pades-spoofing-replaced-reason.pdf", &["pdf.signature.gap-is-not-contents"]),
        ("dss/validation_pdf-byterange-overlap.pdf", &["form-fill", "pdf.signature.gap-is-not-contents"]),
        ("dss/validation_pdf-signed-out-of-byteRange.pdf", &["pdf.signature.byte-range-beyond-file"]),
        (
            "dss/validation_signature-referenced-from-multiple-fields.pdf",
            &["whole", "pdf.signature.shared-between-fields"],
        ),
        ("pyhanko/one-byterange.pdf", &["pdf.signature.byte-range-not-four"]),
        ("pyhanko/signature-gap-too-big.pdf", &["pdf.signature.gap-is-not-contents"]),
        ("pyhanko/tail-uncovered.pdf", &["pdf.signature.not-a-revision"]),
        ("pyhanko/form-update-override-appearance-stream-ap-indirect.pdf", &["form-fill", "whole"]),
        ("pyhanko/form-update-override-appearance-stream-sneaky.pdf", &["undefined", "whole"]),
        ("signserver-ce/sample-signed-version-16.pdf", &["whole"]),
    ];
    for (file, verdicts) in expected {
        let found = signatures(&fs::read(folder.join(file)).unwrap()).unwrap_or_else(|error| panic!("{file}: {error}"));
        let found: Vec<&str> = found
            .iter()
            .map(|result| match result {
                Ok(signature) if signature.covers_whole_file => "whole",
                Ok(signature) => {
                    signature.changes.iter().map(|change| change.kind).max().map_or("unchanged", ChangeKind::name)
                }
                Err(malformed) => malformed.fault.code(),
            })
            .collect();
        assert_eq!(found, verdicts, "{file}");
    }
}

#[test]
fn refuses_files_that_cannot_be_read_as_they_are() {
    let Some(folder) = corpus() else { return };
    for (file, code) in [
        ("openpdf/pades_infinite_loop.pdf", "pdf.broken-xref"),
        ("pyhanko/signed-encrypted-pubkey-with-catalog-ref.pdf", "pdf.encrypted"),
    ] {
        assert_eq!(signatures(&fs::read(folder.join(file)).unwrap()).unwrap_err().code(), code, "{file}");
    }
}
