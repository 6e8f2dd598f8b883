//! Whose word is believed about the log.

use std::{path::PathBuf, sync::Arc};

use kokuin_attest::AnchoredJudge;
use kokuin_audit::{check::MarkJudge, entry::LogTime};
use kokuin_suite::CryptoPolicy;
use kokuin_suite_openssl::OpenSslEngine;
use kokuin_validate::{Purposes, TrustStore};

use crate::serve::read_certificates;

/// The certificates in `paths`, for every purpose.
///
/// # Errors
/// If one cannot be read.
pub(super) fn load_trust(paths: &[PathBuf]) -> anyhow::Result<TrustStore> {
    let mut trust = TrustStore::new();
    for path in paths {
        read_certificates(path)?.into_iter().for_each(|certificate| trust.add(certificate, Purposes::all()));
    }
    Ok(trust)
}

/// A judge of time marks, if anchors were given.
///
/// # Errors
/// If one cannot be read.
pub(super) fn load_judge(paths: &[PathBuf]) -> anyhow::Result<Option<Arc<dyn MarkJudge>>> {
    if paths.is_empty() {
        return Ok(None);
    }
    Ok(Some(Arc::new(AnchoredJudge {
        trust: load_trust(paths)?,
        crypto_policy: Arc::new(CryptoPolicy::etsi()),
        engine: Arc::new(OpenSslEngine),
        now: unix_now(),
    })))
}

/// Unix seconds, by the system clock.
pub(super) fn unix_now() -> i64 {
    LogTime::system_now().unix_micros().div_euclid(1_000_000)
}
