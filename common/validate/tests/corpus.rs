//! Verdicts on other people's time-stamps (`tsp-token`, `tsp-malformed`: each with its own chain at its own time) and signatures (`cades`, `pades`).
//!
//! Where our verdict differs from the corpus's, `corpus-exceptions.tsv` says so and why; a difference that is gone must leave that file.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use kokuin_asn1::{Certificate, ber, cms::SignedData, pem, tsp::TimeStampResp, tsp::TstInfo};
use kokuin_suite::CryptoPolicy;
use kokuin_suite_openssl::OpenSslEngine;
use kokuin_validate::{
    ControlTime, DetachedData, Outcome, Purposes, Request, RevocationRule, Status, SubIndication, TrustStore,
    ValidationReport, validate_tst,
};

/// What the corpus expects, as far as it can be compared without knowing whom anybody trusts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Expected {
    /// Signature, digests and attributes hold.
    Valid,
    /// It must not be accepted.
    Invalid,
}

struct Case {
    path: String,
    expected: Expected,
}

fn corpus() -> Option<PathBuf> {
    let folder = std::env::var_os("KOKUIN_CORPUS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus"), PathBuf::from);
    if folder.join("MANIFEST.tsv").is_file() {
        return Some(folder);
    }
    eprintln!("SKIPPED: no corpus at {} (set KOKUIN_CORPUS)", folder.display());
    assert!(std::env::var_os("CI").is_none(), "the corpus must be there under CI");
    None
}

fn cases(folder: &Path) -> Vec<Case> {
    let manifest = fs::read_to_string(folder.join("MANIFEST.tsv")).expect("readable manifest");
    let mut cases = Vec::new();
    for line in manifest.lines().skip(1) {
        let fields: Vec<_> = line.split('\t').collect();
        let &[path, _, class, _, _, expected, ..] = fields.as_slice() else { continue };
        if !matches!(class, "tsp-token" | "tsp-malformed") {
            continue;
        }
        let Some(expected) = expectation(expected) else { continue };
        cases.push(Case { path: path.to_owned(), expected });
    }
    cases
}

fn expectation(text: &str) -> Option<Expected> {
    let refused = ["INVALID", "REJECT", "MALFORMED"].iter().any(|word| text.starts_with(word))
        || text.contains("strict RFC 3161 verifiers REJECT")
        || text.contains("strict verifiers REJECT")
        || text.contains("treat as INVALID");
    let accepted = ["VALID", "SIGNATURE_VALID", "chain without root embedded", "TimeStampResp status granted"];
    match (refused, accepted.iter().any(|word| text.starts_with(word))) {
        (true, _) => Some(Expected::Invalid),
        (false, true) => Some(Expected::Valid),
        (false, false) => None,
    }
}

/// Seconds of the token's own time; the corpus's date where it cannot be read.
fn gen_time(artifact: &[u8]) -> i64 {
    let own = || {
        let der = ber::to_der(artifact, ber::Limits::default()).ok()?;
        let token = TimeStampResp::parse(&der).ok().and_then(|response| response.token);
        let signed_data = SignedData::parse(token.unwrap_or(&der)).ok()?;
        Some(TstInfo::parse(signed_data.content?).ok()?.gen_time.unix_seconds())
    };
    own().unwrap_or(1_795_435_200)
}

fn chain(folder: &Path, path: &str) -> Vec<Certificate> {
    let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
    let text = fs::read(folder.join(format!("{stem}.chain.pem"))).unwrap_or_default();
    let blocks = pem::decode_all(&text).unwrap_or_default();
    blocks.iter().filter_map(|block| Certificate::parse(&block.der).ok()).collect()
}

fn judge(folder: &Path, path: &str) -> ValidationReport {
    let artifact = fs::read(folder.join(path)).expect("readable artefact");
    let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
    let data = fs::read(folder.join(format!("{stem}.data"))).ok();
    let chain = chain(folder, path);
    let mut trust = TrustStore::new();
    if let Some(last) = chain.last() {
        trust.add(last.clone(), Purposes::all());
    }
    let policy = CryptoPolicy::etsi();
    let mut request =
        Request::new(&artifact, &trust, &OpenSslEngine, &policy, ControlTime::chosen(gen_time(&artifact)));
    request.file = path;
    request.data = data.as_deref().map(DetachedData::Bytes);
    request.intermediates = &chain;
    request.revocation = RevocationRule::WhereGiven;
    validate_tst(&request)
}

/// Whether everything that needs no trust holds: what the corpus calls VALID.
fn holds(report: &ValidationReport) -> bool {
    let passed = |id| report.overall.checks.iter().any(|check| check.id == id && check.outcome == Outcome::Passed);
    let is_about_trust = match report.overall.sub_indication {
        None => true,
        Some(
            SubIndication::ChainConstraintsFailure
            | SubIndication::CertificateChainGeneralFailure
            | SubIndication::CryptoConstraintsFailure
            | SubIndication::CryptoConstraintsFailureNoPoe
            | SubIndication::NoCertificateChainFound
            | SubIndication::RevokedNoPoe
            | SubIndication::RevokedCaNoPoe
            | SubIndication::OutOfBoundsNotRevoked
            | SubIndication::OutOfBoundsNoPoe
            | SubIndication::TryLater
            | SubIndication::SignedDataNotFound,
        ) => true,
        Some(
            SubIndication::FormatFailure
            | SubIndication::HashFailure
            | SubIndication::SigCryptoFailure
            | SubIndication::Revoked
            | SubIndication::Expired
            | SubIndication::NotYetValid
            | SubIndication::SigConstraintsFailure
            | SubIndication::TimestampOrderFailure
            | SubIndication::NoSigningCertificateFound,
        ) => false,
    };
    is_about_trust && passed("integrity.message-digest") && passed("integrity.signature")
}

fn shown(report: &ValidationReport) -> String {
    let sub = report.overall.sub_indication.map_or("-", SubIndication::name);
    format!("{} {sub}", report.status())
}

fn exceptions(text: &str) -> BTreeMap<String, String> {
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let mut fields = line.split('\t');
            match (fields.next(), fields.next(), fields.next()) {
                (Some(path), Some(verdict), Some(_reason)) => (path.to_owned(), verdict.to_owned()),
                _ => panic!("not path<TAB>verdict<TAB>reason: {line}"),
            }
        })
        .collect()
}

#[test]
fn agrees_with_the_corpus_on_time_stamps() {
    let Some(folder) = corpus() else { return };
    let mut exceptions = exceptions(include_str!("corpus-exceptions.tsv"));
    let mut differences = Vec::new();
    let cases = cases(&folder);
    assert!(cases.len() > 150, "only {} cases found", cases.len());
    for case in &cases {
        let report = judge(&folder, &case.path);
        let agrees = match case.expected {
            Expected::Valid => holds(&report),
            Expected::Invalid => report.status() != Status::TotalPassed && !is_only_about_data(&report),
        };
        if case.expected == Expected::Invalid {
            assert_ne!(report.status(), Status::TotalPassed, "{} must never pass", case.path);
        }
        match (agrees, exceptions.remove(&case.path)) {
            (true, None) => {}
            (true, Some(_)) => differences.push(format!("{}\tlisted as an exception, but agrees now", case.path)),
            (false, Some(listed)) if listed == shown(&report) => {}
            (false, _) => differences.push(format!("{}\t{}\t{}", case.path, shown(&report), report.overall.reason)),
        }
    }
    differences
        .extend(exceptions.into_keys().map(|path| format!("{path}\tlisted as an exception, but not in the corpus")));
    assert!(differences.is_empty(), "{} of {} differ:\n{}", differences.len(), cases.len(), differences.join("\n"));
}

/// What the corpus says about the signatures of a document, where it says one thing.
fn document_expectation(text: &str) -> Option<Expected> {
    let refused =
        ["isSignatureIntact=false", "SUSPICIOUS", "INVALID", "treat as REJECT", "FORMAT_FAILURE", "NO SIGNATURE"];
    if text.contains(" || ") {
        None
    } else if text.starts_with("integrity: VALID") || text.starts_with("VALID: every") {
        Some(Expected::Valid)
    } else {
        refused.iter().any(|word| text.contains(word)).then_some(Expected::Invalid)
    }
}

fn judge_document(folder: &Path, path: &str, data: Option<&String>) -> ValidationReport {
    let artifact = fs::read(folder.join(path)).expect("readable artefact");
    let data = data.map(|data| fs::read(folder.join(data)).expect("readable data"));
    let (trust, policy) = (TrustStore::new(), CryptoPolicy::etsi());
    let mut request = Request::new(&artifact, &trust, &OpenSslEngine, &policy, ControlTime::chosen(1_795_435_200));
    request.data = data.as_deref().map(DetachedData::Bytes);
    kokuin_validate::validate(&request)
}

/// Whether every signature was computed and found right, and nothing but trust is missing.
fn is_intact(report: &ValidationReport) -> bool {
    let intact = |signature: &kokuin_validate::SignatureReport| {
        let alone = ValidationReport { overall: signature.clone(), signatures: Vec::new(), ..report.clone() };
        holds(&alone)
    };
    !report.signatures.is_empty() && report.signatures.iter().all(intact)
}

#[test]
fn agrees_with_the_corpus_on_signatures() {
    let Some(folder) = corpus() else { return };
    let manifest = fs::read_to_string(folder.join("MANIFEST.tsv")).expect("readable manifest");
    let rows: Vec<Vec<&str>> = manifest.lines().skip(1).map(|line| line.split('\t').collect()).collect();
    let data: BTreeMap<String, String> = rows
        .iter()
        .filter_map(|row| {
            let of = row.get(5)?.strip_prefix("detached content of ")?;
            let (folder, _) = row.first()?.rsplit_once('/')?;
            Some((format!("{folder}/{of}"), (*row.first()?).to_owned()))
        })
        .collect();
    let mut exceptions = exceptions(include_str!("corpus-signature-exceptions.tsv"));
    let (mut differences, mut count) = (Vec::new(), 0);
    for row in &rows {
        let &[path, _, "cades" | "pades", _, _, expected, ..] = row.as_slice() else { continue };
        let report = judge_document(&folder, path, data.get(path));
        assert_ne!(report.status(), Status::TotalPassed, "{path} passes without any anchor");
        let Some(expected) = document_expectation(expected) else { continue };
        count += 1;
        let agrees = is_intact(&report) == (expected == Expected::Valid);
        match (agrees, exceptions.remove(path)) {
            (true, None) => {}
            (true, Some(_)) => differences.push(format!("{path}\tlisted as an exception, but agrees now")),
            (false, Some(listed)) if listed == shown(&report) => {}
            (false, _) => differences.push(format!("{path}\t{}\t{}", shown(&report), report.overall.reason)),
        }
    }
    assert!(count > 60, "only {count} cases found");
    differences
        .extend(exceptions.into_keys().map(|path| format!("{path}\tlisted as an exception, but not in the corpus")));
    assert!(differences.is_empty(), "{} of {count} differ:\n{}", differences.len(), differences.join("\n"));
}

/// Nothing wrong was found but that the data is not at hand: no refusal of what the corpus calls invalid.
fn is_only_about_data(report: &ValidationReport) -> bool {
    report.overall.sub_indication == Some(SubIndication::SignedDataNotFound)
}

/// Records of others with the data that their makers' tests name: every token's signature holds, and the trees lead from data to imprint or do not.
#[test]
fn agrees_with_the_corpus_on_evidence_records() {
    let Some(folder) = corpus() else { return };
    let bin = fs::read(folder.join("ers-asn1/bsi/BIN.bin")).expect("readable data");
    for (path, data, is_intact) in [
        ("dss/er-asn1-simple.ers", &b"1"[..], true),
        ("dss/er-asn1-full-renewal-duplicated-data.ers", b"\t", true),
        ("dss/er-asn1-full-renewal-five-ats-chain.ers", &[3], true),
        ("dss/er-asn1-full-renewal-tst-renewal-chain-renewal.ers", &[3], true),
        ("dss/er-asn1-chain-renewal-invalid.ers", b"\t", false),
        ("dss/er-asn1-simple.ers", b"foreign", false),
        ("bsi/BIN_ER.ers", &bin, true),
        ("bsi/20170316_Testdaten_Testdaten_ERS-Testool_rfc4998_1Chain2ATS_testRenewal.ers", &bin, true),
        ("bsi/20170316_Testdaten_BSI_TR-ESOR_C.2_TestData_ER_NOK_SEQ.ers", &bin, false),
    ] {
        let artifact = fs::read(folder.join("ers-asn1").join(path)).expect("readable record");
        let (trust, policy) = (TrustStore::new(), CryptoPolicy::etsi());
        let mut request = Request::new(&artifact, &trust, &OpenSslEngine, &policy, ControlTime::chosen(1_795_435_200));
        request.data = Some(DetachedData::Bytes(data));
        let report = kokuin_validate::validate(&request);
        assert_eq!(report.kind.map(kokuin_validate::ArtifactKind::name), Some("evidence-record"), "{path}");
        assert_ne!(report.status(), Status::TotalPassed, "{path} passes without any anchor");
        let alone =
            |token: &kokuin_validate::SignatureReport| ValidationReport { overall: token.clone(), ..report.clone() };
        let stamped = |token: &kokuin_validate::SignatureReport| holds(&alone(token));
        let found = !report.overall.timestamps.is_empty() && report.overall.timestamps.iter().all(stamped);
        assert_eq!(found, is_intact, "{path}: {}\n{:#?}", shown(&report), report.overall.reason);
        if !is_intact {
            assert_eq!(shown(&report), "TOTAL-FAILED HASH_FAILURE", "{path}");
        }
    }
}
