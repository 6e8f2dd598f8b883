//! What a token says about itself, against its certificate and the time of validation (TSP-39, TSP-51, TSP-58).

use kokuin_asn1::{
    Certificate, Reader, oids,
    tsp::{GenTime, TstInfo},
};

use crate::{
    checks::{Checks, Conclusion},
    instant::rfc3339_micros,
    name,
    request::Request,
    rule::Rule,
    status::SubIndication,
};

/// How far a token may be ahead of the clock it is judged by, in seconds.
const CLOCK_SKEW: i64 = 60;

/// What the token says about itself.
pub(super) fn check(
    info: &TstInfo<'_>,
    request: &Request<'_>,
    certificate: &Certificate,
    checks: &mut Checks,
) -> Vec<Conclusion> {
    let mut problems = Vec::new();
    let mut fail = |rule, reason: String, checks: &mut Checks| {
        problems.push(checks.fail(rule, SubIndication::SigConstraintsFailure, reason));
    };
    let time = info.gen_time;
    let shown = shown(time);
    if time.unix_seconds() > request.control_time.unix_seconds.saturating_add(CLOCK_SKEW) {
        fail(Rule::TokenTime, format!("The token says {shown}, which is after the time of this validation."), checks);
    } else if time.unix_seconds() < certificate.not_before() || certificate.not_after() < time.unix_seconds() {
        fail(Rule::TokenTime, format!("The token says {shown}, when its certificate was not valid."), checks);
    } else {
        checks.passed(Rule::TokenTime, format!("The token's time, {shown}, is inside its certificate's validity."));
    }
    if let Some(period) = certificate.private_key_usage_period()
        && period.not_after.is_some_and(|end| end < time.unix_seconds())
    {
        checks.note(Rule::TokenTime, "The certificate says that its key was no longer to be used at that time.");
    }
    match info.tsa {
        Some(tsa) if !is_name_of(tsa, certificate) => {
            fail(Rule::TokenTsaName, "The TSA name in the token is none of its certificate's.".to_owned(), checks);
        }
        Some(_) => checks.passed(Rule::TokenTsaName, "The TSA name in the token is its certificate's."),
        None => {}
    }
    if let Some(unknown) = info.extensions.iter().find(|extension| extension.critical) {
        fail(
            Rule::TokenExtension,
            format!("The token has a critical extension that is not known here: {}.", unknown.oid),
            checks,
        );
    }
    match info.accuracy {
        Some(accuracy) => {
            let stated = seconds(accuracy.as_micros());
            checks.note(Rule::TokenAccuracy, format!("The token states an accuracy of {stated} s."));
        }
        None => checks.note(Rule::TokenAccuracy, "The token states no accuracy."),
    }
    problems
}

/// The subject or one of the alternative names, compared with the order of RDNs kept (TSP-39).
fn is_name_of(tsa: &[u8], certificate: &Certificate) -> bool {
    let directory = Reader::new(tsa, "tsa").next().ok().filter(|tlv| tlv.tag == 0xa4);
    if directory.is_some_and(|tlv| name::is_same(tlv.value, certificate.subject())) {
        return true;
    }
    certificate.extension(&oids::SUBJECT_ALT_NAME).is_some_and(|extension| {
        let names = Reader::enter_only(extension.value, kokuin_asn1::tag::SEQUENCE, "SubjectAltName");
        names.is_ok_and(|mut names| std::iter::from_fn(|| names.next().ok()).any(|alternative| alternative.raw == tsa))
    })
}

/// RFC 3339.
pub(super) fn shown(time: GenTime) -> String {
    rfc3339_micros(time.unix_micros())
}

/// Microseconds as seconds, without trailing zeros.
pub(super) fn seconds(micros: u64) -> String {
    let text = format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_accuracy_in_seconds() {
        assert_eq!(seconds(1_000_000), "1");
        assert_eq!(seconds(500_250), "0.50025");
    }
}
