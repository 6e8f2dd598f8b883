//! When a signature existed: not before what its signed attributes prove, not after what was stamped over it (VAL-05, VAL-06).

use kokuin_asn1::{
    Oid,
    cms::{Attributes, SignerInfo},
    oids,
};

use crate::{
    checks::{Checks, Conclusion},
    instant::rfc3339,
    integrity::{Embedded, Source},
    limit::{self, Budget},
    report::SignatureReport,
    request::Request,
    rule::Rule,
    status::SubIndication,
    tst::{self, ProvenTime, Role, TokenVerdict},
};

/// How a time-stamp over the signature value is called.
pub(crate) const SIGNATURE_STAMP: &str = "signature time-stamp";

/// Something that proves that the signature existed.
#[derive(Clone, Debug)]
pub(crate) struct Proof {
    pub(crate) time: ProvenTime,
    /// What it is, for the report.
    pub(crate) what: String,
}

/// What the time-stamps of one signature prove.
#[derive(Debug, Default)]
pub(crate) struct Existence {
    /// Every time-stamp, judged.
    pub(crate) reports: Vec<SignatureReport>,
    /// The earliest time at which the signature is shown to have existed, Unix seconds.
    pub(crate) best: Option<i64>,
    /// The latest time that its content time-stamps show to have passed when it was made, Unix seconds.
    pub(crate) made_after: Option<i64>,
    /// The two contradict each other.
    pub(crate) problem: Option<Conclusion>,
}

/// What time-stamps are judged with.
pub(crate) struct Stamps<'a> {
    pub(crate) request: &'a Request<'a>,
    pub(crate) budget: &'a Budget,
    pub(crate) embedded: &'a Embedded,
}

impl Stamps<'_> {
    /// Judges every time-stamp of `info`, whose content is `content`; `proofs` come from around it. A time-stamp that fails proves nothing and
    /// takes nothing away (VAL-04, THR-30).
    pub(crate) fn judge(
        &self,
        info: &SignerInfo<'_>,
        content: Source<'_>,
        mut proofs: Vec<Proof>,
        checks: &mut Checks,
    ) -> Existence {
        let mut existence = Existence::default();
        let over_value = Source::Bytes(info.signature);
        let unsigned = info.unsigned_attrs.as_ref();
        let kind = SIGNATURE_STAMP;
        let (found, reports) = self.tokens(unsigned, &oids::SIGNATURE_TIME_STAMP, over_value, kind, checks);
        proofs.extend(found);
        existence.reports.extend(reports);
        let signed = info.signed_attrs.as_ref();
        let kind = "content time-stamp";
        let (before, reports) = self.tokens(signed, &oids::CONTENT_TIME_STAMP, content, kind, checks);
        existence.reports.extend(reports);
        let youngest = before.iter().max_by_key(|proof| proof.time.seconds);
        existence.made_after = youngest.map(|proof| proof.time.seconds);
        let earliest = proofs.iter().min_by_key(|proof| proof.time.seconds);
        if let Some(proof) = earliest {
            let time = rfc3339(proof.time.seconds);
            let text = format!("The signature is shown to have existed at {time} ({}).", proof.what);
            checks.passed(Rule::BestSignatureTime, text);
            existence.best = Some(proof.time.seconds);
        }
        if let (Some(inside), Some(over)) = (youngest, earliest)
            && inside.time.is_surely_after(&over.time)
        {
            existence.problem = Some(checks.fail(
                Rule::BestSignatureTime,
                SubIndication::TimestampOrderFailure,
                format!(
                    "A time-stamp inside the signature is of {}, after one over it of {}.",
                    rfc3339(inside.time.seconds),
                    rfc3339(over.time.seconds)
                ),
            ));
        }
        existence
    }

    fn tokens(
        &self,
        attributes: Option<&Attributes<'_>>,
        oid: &Oid,
        source: Source<'_>,
        kind: &str,
        checks: &mut Checks,
    ) -> (Vec<Proof>, Vec<SignatureReport>) {
        let (mut proofs, mut reports) = (Vec::new(), Vec::new());
        let found = attributes.map(|attributes| attributes.all(oid)).unwrap_or_default();
        for (index, token) in found.iter().flat_map(|attribute| &attribute.values).enumerate() {
            if index == limit::TIMESTAMPS {
                checks.note(Rule::SealTimeStamp, format!("There are more of the kind {kind} than are looked at."));
                break;
            }
            let label = format!("{kind} {}", index + 1);
            let TokenVerdict { report, proves } =
                tst::judge(self.request, self.budget, token, source, self.embedded, &label, Role::Evidence);
            match proves {
                Some(time) => {
                    checks.passed(Rule::SealTimeStamp, format!("{label}: valid, of {}.", rfc3339(time.seconds)));
                    proofs.push(Proof { time, what: label });
                }
                None => {
                    let reason = &report.reason;
                    checks.note(Rule::SealTimeStamp, format!("{label} is ignored and proves nothing: {reason}"));
                }
            }
            reports.push(report);
        }
        (proofs, reports)
    }
}
