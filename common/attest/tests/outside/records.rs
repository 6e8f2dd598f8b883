//! Signed records of an outside authority's audit (JP-TS-07, JP-TS-20).

use kokuin_attest::{AuditRecord, AuditRecordError};
use kokuin_audit::entry::{Digest, LogTime, TimeAudit};
use kokuin_suite::CryptoPolicy;
use kokuin_suite_openssl::OpenSslEngine;
use kokuin_validate::{Purpose, TrustStore};

use crate::material::{NOW, world};

const STATEMENT: &str = r#"{"source":"taa.example","from":"2026-10-01T00:00:00Z","to":"2026-11-01T00:00:00Z","min_offset_us":-420,"max_offset_us":1300,"threshold_us":500000,"anomalies":0}"#;
const TOML: &str = "source = \"taa.example\"\nfrom = \"2026-10-01T00:00:00Z\"\nto = \"2026-11-01T00:00:00Z\"\nmin_offset_us = -420\nmax_offset_us = 1300\n";

fn import(record: &[u8], content: Option<&str>, trust: &TrustStore) -> Result<TimeAudit, AuditRecordError> {
    let crypto_policy = CryptoPolicy::etsi();
    let content = content.map(str::as_bytes);
    let record =
        AuditRecord { record, content, trust, engine: &OpenSslEngine, crypto_policy: &crypto_policy, now: NOW };
    record.entry(LogTime::from_unix_seconds(NOW))
}

#[test]
fn takes_a_statement_signed_around_or_beside_it_jp_ts_20() {
    let authority = world("taa");
    let trust = authority.trust(Purpose::Seal);
    let detached = authority.cades(STATEMENT.as_bytes()).build();
    let mut around = authority.cades(STATEMENT.as_bytes());
    around.content = Some(STATEMENT.as_bytes().to_vec());
    let around = around.build();
    for (record, content) in [(&detached, Some(STATEMENT)), (&around, None), (&around, Some(STATEMENT))] {
        let audit = import(record, content, &trust).expect("an audit");
        assert_eq!((audit.min_offset_us, audit.max_offset_us, audit.anomalies), (-420, 1300, Some(0)));
        assert_eq!((audit.source.as_str(), audit.format.as_str()), ("taa.example", "cms"));
        assert_eq!(audit.digest, Digest::of(record));
        assert_eq!(audit.signer, Digest::of(authority.seal.der()));
    }
}

#[test]
fn takes_a_statement_that_is_time_stamped_jp_ts_20() {
    let authority = world("taa");
    let token = authority.token(TOML.as_bytes(), NOW - 60).build();
    let audit = import(&token, Some(TOML), &authority.trust(Purpose::Tsa)).expect("an audit");
    assert_eq!((audit.format.as_str(), audit.threshold_us), ("timestamp", None));
    assert_eq!(audit.signer, Digest::of(authority.tsu.der()));
}

#[test]
fn refuses_what_does_not_hold_jp_ts_20() {
    let authority = world("taa");
    let trust = authority.trust(Purpose::Seal);
    let signed = |statement: &str| authority.cades(statement.as_bytes()).build();
    let code = |record: &[u8], content: Option<&str>, trust: &TrustStore| {
        import(record, content, trust).expect_err("refused").code()
    };
    let good = signed(STATEMENT);
    assert_eq!(code(&good, Some(STATEMENT), &world("other").trust(Purpose::Seal)), "attest.record-invalid");
    assert_eq!(code(&good, Some(&STATEMENT.replace("1300", "130")), &trust), "attest.record-invalid");
    assert_eq!(code(&good, None, &trust), "attest.record-no-content");
    assert_eq!(code(b"not signed", Some(STATEMENT), &trust), "attest.record-kind");
    for (statement, expected) in [
        (STATEMENT.replace("\"anomalies\"", "\"anomaly\""), "attest.record-statement"),
        (STATEMENT.replace("2026-11-01T00:00:00Z", "2026-11-01"), "attest.record-statement"),
        (STATEMENT.replace("2026-11-01", "2026-09-01"), "attest.record-order"),
        (STATEMENT.replace("-420", "1301"), "attest.record-order"),
        (STATEMENT.replace("taa.example", "some body"), "audit.field-label"),
    ] {
        assert_eq!(code(&signed(&statement), Some(&statement), &trust), expected, "{statement}");
    }
}
