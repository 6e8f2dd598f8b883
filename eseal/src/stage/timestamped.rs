//! The time-stamp over the signature value (CAD-12), from any RFC 3161 TSA, verified at once.

use kokuin_asn1::{cms::insert_unsigned_attribute, oids};
use kokuin_fetch::tsp::{self, TspRequest, Window};
use kokuin_suite::{CryptoPolicy, Verify, digest};
use kokuin_validate::{ControlTime, DetachedData, Request, RevocationRule, Status, validate_tst};

use crate::{error::SealError, format::SealLevel, service::Tsa, stage::SignedSeal};

/// A seal at the level that was asked for.
#[derive(Debug)]
pub struct TimestampedSeal {
    pub(super) signed: SignedSeal,
    /// With the token, where the level has one.
    pub(super) cms: Vec<u8>,
    /// Not earlier than this, Unix seconds, is when the seal is read back.
    pub(super) not_before: i64,
}

impl TimestampedSeal {
    /// Asks the TSA where the level needs a token.
    ///
    /// # Errors
    /// [`SealError::Tsa`] without a token, [`SealError::TsaToken`] for one that does not hold.
    pub(crate) fn fetch(
        signed: SignedSeal,
        tsa: Option<&Tsa>,
        engine: &dyn Verify,
        policy: &CryptoPolicy,
    ) -> Result<Self, SealError> {
        let document = &signed.authorized.digest;
        let not_before = document.time.unix_seconds();
        let tsa = match (document.level, tsa) {
            (SealLevel::Basic, _) => {
                let cms = signed.cms.clone();
                return Ok(Self { signed, cms, not_before });
            }
            (SealLevel::Timestamped, Some(tsa)) => tsa,
            (level, _) => return Err(SealError::LevelNotOffered(level)),
        };
        let value = digest(document.algorithm, &signed.signature);
        let tolerance = i64::try_from(tsa.tolerance.as_micros()).unwrap_or(i64::MAX);
        let wanted = TspRequest {
            policy: tsa.policy.as_ref(),
            gen_time: Some(Window::around(document.time.unix_micros(), tolerance)),
            bearer: tsa.bearer.as_ref(),
            ..TspRequest::new(document.algorithm, &value)
        };
        let answer = tsp::request(&tsa.client, &tsa.url, &wanted)?;
        let stamped_at = answer.gen_time.unix_micros().div_euclid(1_000_000) + 1;
        let not_before = not_before.max(stamped_at);
        check_token(&answer.token, &signed.signature, tsa, engine, policy, not_before)?;
        let cms = insert_unsigned_attribute(&signed.cms, &oids::SIGNATURE_TIME_STAMP, &answer.token)
            .map_err(|error| SealError::ReadBack(error.to_string()))?;
        Ok(Self { signed, cms, not_before })
    }
}

/// Whether the token holds under the anchors that are configured for this TSA.
fn check_token(
    token: &[u8],
    signature: &[u8],
    tsa: &Tsa,
    engine: &dyn Verify,
    policy: &CryptoPolicy,
    at: i64,
) -> Result<(), SealError> {
    let request = Request {
        file: "token",
        data: Some(DetachedData::Bytes(signature)),
        revocation: RevocationRule::WhereGiven,
        ..Request::new(token, &tsa.trust, engine, policy, ControlTime::now(at))
    };
    let report = validate_tst(&request);
    match report.overall.status {
        Status::TotalPassed => Ok(()),
        Status::Indeterminate | Status::TotalFailed => Err(SealError::TsaToken(report.overall.reason)),
    }
}
