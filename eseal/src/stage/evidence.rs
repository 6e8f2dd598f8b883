//! The whole object, read back by our own validation before it may leave.

use actix_web::web::Bytes;
use kokuin_suite::{CryptoPolicy, Verify};
use kokuin_validate::{
    ControlTime, DetachedData, Request, RevocationRule, Status, TrustStore, validate_cades, validate_pades,
};

use crate::{
    error::SealError,
    stage::{TimestampedSeal, digest::Carrier, signed::SignedSeal},
};

/// A sealed object that holds, with its certificates inside and its level reached.
#[derive(Debug)]
pub struct SealWithEvidence {
    pub(super) signed: SignedSeal,
    pub(super) object: Bytes,
}

impl SealWithEvidence {
    /// Puts the seal where it belongs and validates the result.
    ///
    /// # Errors
    /// [`SealError::ReadBack`] if it does not pass or does not reach the level asked for; [`SealError::Pdf`] if it does not fit.
    pub(crate) fn read_back(
        mut seal: TimestampedSeal,
        trust: &TrustStore,
        engine: &dyn Verify,
        policy: &CryptoPolicy,
    ) -> Result<Self, SealError> {
        let document = &mut seal.signed.authorized.digest;
        let carrier = std::mem::replace(&mut document.carrier, Carrier::Elsewhere);
        let at = ControlTime::now(seal.not_before);
        let (object, report) = match carrier {
            Carrier::Pdf(prepared) => {
                let object = prepared.embed(&seal.cms)?;
                let report = validate_pades(&request(&object, None, trust, engine, policy, at));
                (object, report)
            }
            Carrier::Document(bytes) => {
                let data = DetachedData::Bytes(&bytes);
                let report = validate_cades(&request(&seal.cms, Some(data), trust, engine, policy, at));
                (seal.cms, report)
            }
            Carrier::Elsewhere => {
                let data = DetachedData::Digest { algorithm: document.algorithm, value: document.value.clone() };
                let report = validate_cades(&request(&seal.cms, Some(data), trust, engine, policy, at));
                (seal.cms, report)
            }
        };
        let overall = report.overall;
        if overall.status != Status::TotalPassed {
            return Err(SealError::ReadBack(overall.reason));
        }
        let (wanted, reached) = (document.level.name(), overall.level);
        if reached != Some(wanted) {
            let reached = reached.unwrap_or("no level");
            return Err(SealError::ReadBack(format!("{wanted} was asked for, {reached} is reached")));
        }
        Ok(Self { signed: seal.signed, object: Bytes::from(object) })
    }
}

/// Revocation data is not there yet for what has just been signed.
fn request<'a>(
    object: &'a [u8],
    data: Option<DetachedData<'a>>,
    trust: &'a TrustStore,
    engine: &'a dyn Verify,
    policy: &'a CryptoPolicy,
    at: ControlTime,
) -> Request<'a> {
    Request {
        file: "seal",
        data,
        revocation: RevocationRule::WhereGiven,
        ..Request::new(object, trust, engine, policy, at)
    }
}
