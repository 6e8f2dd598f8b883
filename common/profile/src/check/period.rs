//! privateKeyUsagePeriod: how long the key makes tokens, and how long the last one can be verified.

use kokuin_asn1::{Certificate, Reader, Tlv, oids, parse_time, tag};

use super::{
    Findings,
    time::{Times, add_months, show},
};
use crate::{definition::PeriodRule, rule::Rule, view::View};

pub(super) fn check(view: &View<'_>, times: &Times, findings: &mut Findings<'_>) {
    let Some(PeriodRule { max_months, min_months_after }) = findings.profile.private_key_usage_period else { return };
    let Some(extension) = view.extension(&oids::PRIVATE_KEY_USAGE_PERIOD) else {
        findings.add(Rule::UsePeriodPresent, "privateKeyUsagePeriod is absent".to_owned());
        return;
    };
    let (start, end) = match read(extension.value) {
        Ok(period) => period,
        Err(message) => {
            findings.add(Rule::UsePeriodReadable, message);
            return;
        }
    };
    let (Some(not_before), Some(not_after)) = (times.not_before, times.not_after) else { return };
    let start = start.unwrap_or(not_before);
    findings.add_if(start < not_before || end > not_after || end < start, Rule::UsePeriodReadable, || {
        let (start, end) = (show(start), show(end));
        format!("used from {start} to {end}, valid from {} to {}", show(not_before), show(not_after))
    });
    let limit = add_months(start, max_months);
    findings.add_if(end > limit, Rule::UsePeriodLimit, || {
        format!("used to {}, {max_months} months end at {}", show(end), show(limit))
    });
    let needed = add_months(end, min_months_after);
    findings.add_if(not_after < needed, Rule::TokenLife, || {
        format!(
            "the last token is made at {}, so notAfter should be {} or later, it is {}",
            show(end),
            show(needed),
            show(not_after)
        )
    });
}

impl PeriodRule {
    /// The last second at which the key may be used: as the certificate says, or else [`Self::longest`].
    #[must_use]
    pub fn end_of_use(&self, certificate: &Certificate) -> Option<i64> {
        let stated = certificate.private_key_usage_period().and_then(|period| period.not_after);
        stated.or_else(|| self.longest(certificate.not_before(), certificate.not_after()))
    }

    /// The last second at which a key may be used whose certificate says nothing of it: as many months after `not_before` as the rule allows and
    /// leaves enough for the last token. None: the certificate is too short for one month.
    #[must_use]
    pub fn longest(&self, not_before: i64, not_after: i64) -> Option<i64> {
        let ends = (1..=self.max_months).rev().map(|months| add_months(not_before, months));
        ends.into_iter().find(|end| add_months(*end, self.min_months_after) <= not_after)
    }
}

/// notBefore, where there is one, and notAfter, without which the extension limits nothing.
fn read(value: &[u8]) -> Result<(Option<i64>, i64), String> {
    let mut reader = Reader::enter_only(value, tag::SEQUENCE, "PrivateKeyUsagePeriod").map_err(|e| e.to_string())?;
    let mut time = |number| -> Result<Option<i64>, String> {
        let Some(tlv) = reader.optional(tag::context(number), "time").map_err(|e| e.to_string())? else {
            return Ok(None);
        };
        let place = reader.place("PrivateKeyUsagePeriod");
        let generalized = Tlv { tag: tag::GENERALIZED_TIME, ..tlv };
        parse_time(generalized, place).map(Some).map_err(|e| e.to_string())
    };
    let start = time(0)?;
    let end = time(1)?;
    reader.finish().map_err(|e| e.to_string())?;
    Ok((start, end.ok_or("privateKeyUsagePeriod has no notAfter")?))
}
