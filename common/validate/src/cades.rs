//! CMS and CAdES signatures, detached or around their content (CAD-01..CAD-13).

use kokuin_asn1::cms::SignedData;

use crate::{
    artifact,
    checks::{Checks, Conclusion},
    integrity::Source,
    limit::{self, Budget},
    report::SignatureReport,
    request::{DetachedData, Request},
    rule::Rule,
    seal::{Format, Seal},
    status::SubIndication,
    strength::{self, Use},
    verdict,
};

/// Judges every signature of the `ContentInfo` in `bytes`.
pub(crate) fn judge(request: &Request<'_>, bytes: &[u8]) -> Vec<SignatureReport> {
    let signed_data = match SignedData::parse(bytes) {
        Ok(signed_data) => signed_data,
        Err(error) => return vec![verdict::only("1", artifact::unreadable(&error))],
    };
    if signed_data.signer_infos.is_empty() {
        return vec![verdict::only("1", artifact::no_artefact("The CMS has no SignerInfo."))];
    }
    let budget = Budget::new();
    let source = match (signed_data.content, &request.data) {
        (Some(content), _) => Source::Bytes(content),
        (None, Some(data)) => Source::Given(data),
        (None, None) => Source::Missing,
    };
    signed_data
        .signer_infos
        .iter()
        .take(limit::SIGNATURES)
        .enumerate()
        .map(|(index, info)| {
            let mut checks = Checks::default();
            let problems = same_content(request, &signed_data, &mut checks).err().into_iter().collect();
            let seal = Seal {
                request,
                budget: &budget,
                signed_data: &signed_data,
                info,
                source,
                format: Format::Cades,
                proofs: Vec::new(),
                problems,
                label: (index + 1).to_string(),
            };
            seal.judge(checks)
        })
        .collect()
}

/// Data that was given beside an attached content must be that content: otherwise the answer would be about other data than the caller means.
fn same_content(request: &Request<'_>, signed_data: &SignedData<'_>, checks: &mut Checks) -> Result<(), Conclusion> {
    let (Some(content), Some(data)) = (signed_data.content, &request.data) else { return Ok(()) };
    if data.is_of(content) {
        return match data {
            DetachedData::Bytes(_) => Ok(()),
            DetachedData::Digest { algorithm, .. } => {
                let (used, now) = (Use::of_digest("the digest given", *algorithm), request.control_time.unix_seconds);
                strength::check(request.crypto_policy, &used, now, now, None).map_err(|weak| checks.conclude(weak))
            }
        };
    }
    Err(checks.fail(
        Rule::MessageDigest,
        SubIndication::HashFailure,
        "The data given is not the content that the artefact carries.",
    ))
}
