//! Verdicts as exit codes, first lines and JSON.

use kokuin_suite::{DigestAlgorithm, digest};
use p256::{
    FieldBytes, ProjectivePoint, Scalar,
    ecdsa::{Signature, SigningKey as Signing},
    elliptic_curve::{ops::Reduce as _, point::AffineCoordinates as _},
};

use crate::{
    folder::Folder,
    material::{DATA, NOW, world},
};

const AT: &str = "2026-11-23T12:00:00Z";
const EVIDENCE: [&str; 6] = ["--trust", "trust", "--crl", "crl", "--at", AT];

fn with<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    [arguments, &EVIDENCE].concat()
}

#[test]
fn exit_codes_follow_the_status() {
    let a = world("a");
    let folder = Folder::of(&a);
    folder.put("t.tst", &a.token(DATA, NOW - 60).build());
    folder.put("data", DATA);
    folder.put("other", b"other");
    let passed = folder.run(&with(&["t.tst", "--data", "data"]));
    assert_eq!(passed.code, 0, "{passed:?}");
    assert!(
        passed.first_line().starts_with(
            "TOTAL-PASSED: Judged at 2026-11-23T12:00:00Z, a time chosen by the caller: The time-stamp is valid"
        ),
        "{}",
        passed.first_line()
    );
    let failed = folder.run(&with(&["t.tst", "--data", "other"]));
    assert_eq!(failed.code, 1);
    assert!(failed.first_line().starts_with("TOTAL-FAILED HASH_FAILURE: "), "{}", failed.first_line());
    let unsettled = folder.run(&["t.tst", "--data", "data", "--crl", "crl", "--at", AT]);
    assert_eq!(unsettled.code, 2);
    assert!(
        unsettled.first_line().starts_with("INDETERMINATE NO_CERTIFICATE_CHAIN_FOUND: "),
        "{}",
        unsettled.first_line()
    );
    assert!(passed.out.contains("Not shown to be logged"), "{}", passed.out);
}

#[test]
fn of_several_files_the_worst_decides() {
    let a = world("a");
    let folder = Folder::of(&a);
    folder.put("good.tst", &a.token(DATA, NOW - 60).build());
    folder.put("other.tst", &a.token(b"other", NOW - 60).build());
    folder.put("junk", b"junk");
    folder.put("data", DATA);
    let code = |files: &[&str]| folder.run(&with(&[files, &["--data", "data"]].concat())).code;
    assert_eq!(code(&["good.tst", "good.tst"]), 0);
    assert_eq!(code(&["junk", "good.tst"]), 2);
    assert_eq!(code(&["junk", "other.tst", "good.tst"]), 1);
}

/// Each holds alone; of the two, with the digests, anybody computes the key.
#[test]
fn thr_66_one_nonce_in_two_files_that_pass_is_said_and_is_1() {
    let a = world("a");
    let folder = Folder::of(&a);
    let key = Signing::from_slice(&digest(DigestAlgorithm::Sha256, b"a-tsu")).expect("the TSU's key");
    let stamped = |gen_time: i64, nonce: u64| {
        let mut token = a.token(DATA, gen_time);
        token.signers[0].value = Some(sign_with_nonce(&key, &token.signers[0].set(), nonce));
        token.build()
    };
    folder.put("first.tst", &stamped(NOW - 60, 7));
    folder.put("same.tst", &stamped(NOW - 50, 7));
    folder.put("other.tst", &stamped(NOW - 40, 8));
    folder.put("data", DATA);
    let run = |files: &[&str]| folder.run(&with(&[files, &["--data", "data"]].concat()));
    assert_eq!(run(&["same.tst"]).code, 0);
    assert_eq!(run(&["first.tst", "other.tst", "first.tst"]).code, 0);
    let said = run(&["first.tst", "other.tst", "same.tst"]);
    assert_eq!(said.code, 1);
    assert!(said.err.starts_with("kokuin-verify: first.tst and same.tst: one ECDSA nonce"), "{}", said.err);
    assert_eq!(said.out.matches("TOTAL-PASSED").count(), 3, "each is reported as it is alone: {}", said.out);
}

/// As no signer does it: with a nonce that is told to it (SEC 1, 4.1.3).
fn sign_with_nonce(key: &Signing, message: &[u8], nonce: u64) -> Vec<u8> {
    let octets = |octets: &[u8]| FieldBytes::try_from(octets).expect("32 octets");
    let hash = Scalar::reduce(&octets(&digest(DigestAlgorithm::Sha256, message)));
    let nonce = Scalar::from(nonce);
    let r = Scalar::reduce(&(ProjectivePoint::GENERATOR * nonce).to_affine().x());
    let s = nonce.invert().expect("not zero") * (hash + r * key.as_nonzero_scalar().as_ref());
    let signature = Signature::from_scalars(r, s).expect("neither is zero");
    signature.to_der().as_bytes().to_vec()
}

#[test]
fn thr_08_no_signature_is_never_0() {
    let a = world("a");
    let folder = Folder::of(&a);
    folder.put("plain.pdf", b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n");
    folder.put("empty", b"");
    for file in ["plain.pdf", "empty"] {
        assert_ne!(folder.run(&with(&[file])).code, 0, "{file}");
    }
}

#[test]
fn thr_05_the_trust_folder_limits_purposes() {
    let a = world("a");
    let folder = Folder::of(&a);
    folder.put("t.tst", &a.token(DATA, NOW - 60).build());
    folder.put("data", DATA);
    std::fs::rename(folder.path().join("trust/tsa"), folder.path().join("trust/log")).expect("renamed");
    let said = folder.run(&with(&["t.tst", "--data", "data"]));
    assert_eq!(said.code, 2);
    assert!(said.first_line().contains("CHAIN_CONSTRAINTS_FAILURE"), "{}", said.first_line());
    assert!(said.first_line().contains("not for the purpose tsa"), "{}", said.first_line());
}

#[test]
fn reads_standard_input_and_digests() {
    let a = world("a");
    let folder = Folder::of(&a);
    let token = folder.put("t.tst", &a.token(DATA, NOW - 60).build());
    let digest = hex::encode(digest(DigestAlgorithm::Sha256, DATA));
    let said = folder.run_with_input(&with(&["-", "--digest", &format!("sha256:{digest}")]), &token);
    assert_eq!(said.code, 0, "{said:?}");
}

#[test]
fn json_is_one_object_a_line() {
    let a = world("a");
    let folder = Folder::of(&a);
    folder.put("t.tst", &a.token(DATA, NOW - 60).build());
    folder.put("s.p7s", &a.cades(DATA).build());
    folder.put("data", DATA);
    let said = folder.run(&with(&["t.tst", "s.p7s", "--data", "data", "--format", "json"]));
    assert_eq!(said.code, 0, "{said:?}");
    let lines: Vec<serde_json::Value> =
        said.out.lines().map(|line| serde_json::from_str(line).expect("an object")).collect();
    assert_eq!(lines.len(), 2);
    assert_eq!((&lines[0]["file"], &lines[0]["kind"]), (&"t.tst".into(), &"tst".into()));
    assert_eq!((&lines[1]["kind"], &lines[1]["level"]), (&"cades".into(), &"B-B".into()));
    assert_eq!(lines[1]["signatures"].as_array().map(Vec::len), Some(1));
    assert_eq!(lines[0]["control_time_source"], "caller");
}

#[test]
fn inspect_shows_and_judges_nothing() {
    let a = world("a");
    let folder = Folder::of(&a);
    folder.put("t.tst", &a.token(DATA, NOW - 60).build());
    let said = folder.run(&["inspect", "t.tst"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains("Time in the token: 20261123115900.25Z"), "{}", said.out);
    assert!(said.out.contains("nothing below is verified"));
    folder.put("junk", b"junk");
    assert_eq!(folder.run(&["inspect", "junk"]).code, 2);
}

#[test]
fn every_list_of_a_folder_counts_whatever_the_case_of_its_name() {
    let a = world("a");
    let folder = Folder::of(&a);
    folder.put("t.tst", &a.token(DATA, NOW - 60).build());
    folder.put("data", DATA);
    assert_eq!(folder.run(&with(&["t.tst", "--data", "data"])).code, 0);
    let revoked = [kokuin_devca::Revoked { serial: a.tsu.serial().to_vec(), at: NOW - 7_200, reason: None }];
    folder.put("crl/NEWEST.CRL", a.crls_with(&revoked)[1].der());
    let said = folder.run(&with(&["t.tst", "--data", "data"]));
    assert_eq!(said.code, 2);
    assert!(said.first_line().starts_with("INDETERMINATE REVOKED_NO_POE"), "{}", said.first_line());
}
