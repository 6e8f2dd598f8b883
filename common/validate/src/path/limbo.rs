//! Path validation against x509-limbo: the cases that are about RFC 5280, not about TLS names.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use kokuin_asn1::{Certificate, Crl, pem};
use kokuin_suite::CryptoPolicy;
use kokuin_suite_openssl::OpenSslEngine;
use serde_json::Value;

use super::{Material, Question, check_paths};
use crate::{
    checks::Checks,
    limit::Budget,
    request::RevocationRule,
    trust::{Purpose, Purposes, TrustStore},
};

/// The corpus's day: cases without a time of their own are made to hold for long.
const NOW: i64 = 1_795_435_200;

fn suite() -> Option<Value> {
    let folder = std::env::var_os("KOKUIN_CORPUS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus"), PathBuf::from);
    let Ok(text) = fs::read_to_string(folder.join("certs/limbo/limbo.json")) else {
        eprintln!("SKIPPED: no certs/limbo/limbo.json below {} (set KOKUIN_CORPUS)", folder.display());
        assert!(std::env::var_os("CI").is_none(), "the corpus must be there under CI");
        return None;
    };
    Some(serde_json::from_str(&text).expect("JSON"))
}

fn certificates(texts: &Value) -> Result<Vec<Certificate>, String> {
    let texts = texts.as_array().cloned().unwrap_or_default();
    texts.iter().map(|text| certificate(text.as_str().unwrap_or_default())).collect()
}

fn certificate(text: &str) -> Result<Certificate, String> {
    let blocks = pem::decode_all(text.as_bytes()).map_err(|error| error.to_string())?;
    let block = blocks.first().ok_or("no certificate")?;
    Certificate::parse(&block.der).map_err(|error| error.to_string())
}

fn crls(texts: &Value) -> Result<Vec<Crl>, String> {
    let mut crls = Vec::new();
    for text in texts.as_array().cloned().unwrap_or_default() {
        let blocks =
            pem::decode_all(text.as_str().unwrap_or_default().as_bytes()).map_err(|error| error.to_string())?;
        for block in blocks {
            crls.push(Crl::parse(&block.der).map_err(|error| error.to_string())?);
        }
    }
    Ok(crls)
}

/// Why the path does not hold.
fn judge(case: &Value) -> Result<(), String> {
    let mut trust = TrustStore::new();
    for anchor in certificates(&case["trusted_certs"])? {
        trust.add(anchor, Purposes::all());
    }
    let budget = Budget::new();
    let (crls, policy) = (crls(&case["crls"])?, CryptoPolicy::etsi());
    let revocation = if crls.is_empty() { RevocationRule::WhereGiven } else { RevocationRule::Required };
    let material = Material {
        trust: &trust,
        certificates: certificates(&case["untrusted_intermediates"])?,
        crls,
        engine: &OpenSslEngine,
        crypto_policy: &policy,
        revocation,
        budget: &budget,
    };
    let signer = certificate(case["peer_certificate"].as_str().unwrap_or_default())?;
    let time = case["validation_time"]
        .as_str()
        .and_then(|text| time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339).ok());
    let at = time.map_or(NOW, time::OffsetDateTime::unix_timestamp);
    let question = Question {
        purpose: Purpose::Tls,
        valid_at: at,
        control_time: at,
        has_proof: false,
        made_after: None,
        claimed_time: None,
    };
    check_paths(&material, &signer, question, &mut Checks::default(), &mut Vec::new())
        .map(|_| ())
        .map_err(|conclusion| conclusion.reason)
}

fn exceptions() -> BTreeMap<&'static str, &'static str> {
    let lines = include_str!("limbo-exceptions.tsv").lines();
    lines.filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('\t')).collect()
}

#[test]
fn agrees_with_x509_limbo_on_paths() {
    let Some(suite) = suite() else { return };
    let mut exceptions = exceptions();
    let (mut differences, mut count) = (Vec::new(), 0);
    for case in suite["testcases"].as_array().expect("cases") {
        let id = case["id"].as_str().expect("an id");
        if id.starts_with("webpki") || id.starts_with("online") {
            continue;
        }
        count += 1;
        let judged = judge(case);
        let agrees = judged.is_ok() == (case["expected_result"] == "SUCCESS");
        match (agrees, exceptions.remove(id)) {
            (true, None) | (false, Some(_)) => {}
            (true, Some(_)) => differences.push(format!("{id}\tlisted as an exception, but agrees now")),
            (false, None) => differences.push(format!("{id}\t{}\t{judged:?}", case["expected_result"])),
        }
    }
    assert!(count >= 70, "only {count} cases found");
    assert!(exceptions.is_empty(), "listed and not in the suite: {exceptions:?}");
    assert!(differences.is_empty(), "{} of {count} differ:\n{}", differences.len(), differences.join("\n"));
}
