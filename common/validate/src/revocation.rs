//! What revocation lists say about one certificate (RFC 5280 6.3; VAL-08, VAL-09). Full and direct lists only.

mod point;

use std::collections::BTreeSet;

use kokuin_asn1::{Certificate, Crl, Revoked, oids};
use kokuin_suite::SignatureAlgorithm;

use crate::{
    instant::rfc3339,
    name,
    path::Material,
    strength::{self, Use},
};

/// The reason by which a delta list takes an entry away (RFC 5280 5.3.1).
const REMOVE_FROM_CRL: u8 = 8;

/// What is known about one certificate.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Standing {
    /// A fresh list of its issuer does not name it.
    Good {
        /// Which list.
        detail: String,
    },
    /// A list of its issuer names it.
    Revoked {
        /// `revocationDate`, or `invalidityDate` where that is earlier, Unix seconds.
        date: i64,
        /// The reason, in words.
        reason: String,
    },
    /// No list settles it.
    Unknown {
        /// Why none does.
        why: String,
    },
}

/// The standing of `certificate` at `control_time`. Of several lists a revocation counts whichever says it: what a list covers, how strong its
/// signature is and how fresh it is only matter for the good news.
pub(crate) fn standing(
    material: &Material<'_>,
    certificate: &Certificate,
    issuer: &Certificate,
    control_time: i64,
) -> Standing {
    let mut why = Vec::new();
    let mut good = None;
    let mut revoked: Option<(i64, String)> = None;
    // Nothing is asked about a certificate for the time after its end: a list need not name it any longer.
    let asked_time = control_time.min(certificate.not_after());
    for crl in material.crls.iter().filter(|crl| name::is_same(crl.issuer(), certificate.issuer())) {
        if !material.budget.take_signature() {
            // One of the lists that are left may name the certificate.
            good = None;
            why.push("the limit on signature verifications was reached".to_owned());
            break;
        }
        if let Err(reason) = check_issuer(material, crl, issuer) {
            why.push(reason);
            continue;
        }
        if let Some((date, reason)) = revocation(crl, certificate) {
            if revoked.as_ref().is_none_or(|(earliest, _)| date < *earliest) {
                revoked = Some((date, reason));
            }
            continue;
        }
        let settled = check_scope(crl, certificate)
            .and_then(|()| check_strength(material, crl, issuer, control_time))
            .and_then(|()| check_fresh(crl, certificate, asked_time));
        match settled {
            Ok(()) => good = Some(format!("revocation list of {}", rfc3339(crl.this_update()))),
            Err(reason) => why.push(reason),
        }
    }
    match (revoked, good) {
        (Some((date, reason)), _) => Standing::Revoked { date, reason },
        (None, Some(detail)) => Standing::Good { detail },
        (None, None) if why.is_empty() => {
            Standing::Unknown { why: "no revocation list of its issuer was given".to_owned() }
        }
        (None, None) => Standing::Unknown { why: why.join("; ") },
    }
}

fn named(crl: &Crl) -> String {
    format!("the revocation list of {}", rfc3339(crl.this_update()))
}

/// Whether the list is its issuer's word.
fn check_issuer(material: &Material<'_>, crl: &Crl, issuer: &Certificate) -> Result<(), String> {
    if issuer.key_usage().is_some_and(|usage| !usage.crl_sign()) {
        return Err(format!("the issuer of {} may not sign revocation lists", named(crl)));
    }
    let algorithm = SignatureAlgorithm::from_x509(&crl.signature_algorithm())
        .map_err(|refusal| format!("{} is signed with an unknown algorithm: {refusal}", named(crl)))?;
    material
        .engine
        .verify(algorithm, issuer.spki(), crl.tbs(), crl.signature())
        .map_err(|_| format!("the signature of {} is not its issuer's", named(crl)))
}

/// Since when the list says that the certificate is not to be relied on, and why. The key may have been in other hands before the
/// certificate was revoked (RFC 5280 5.3.2): what was signed in between is not good.
fn revocation(crl: &Crl, certificate: &Certificate) -> Option<(i64, String)> {
    // On these a serial number may be another issuer's, or that of an attribute certificate.
    if crl.idp().is_some_and(|scope| scope.indirect || scope.only_attribute_certs) {
        return None;
    }
    crl.find(certificate.serial())?;
    // Should there be several entries, all of them are the issuer's word.
    let entries = crl.revoked().filter(|(serial, _)| *serial == certificate.serial()).map(|(_, entry)| entry);
    let entries = entries.filter(|entry| !crl.is_delta() || entry.reason != Some(REMOVE_FROM_CRL));
    entries.map(|entry| since(&entry)).min_by_key(|(date, _)| *date)
}

fn since(entry: &Revoked) -> (i64, String) {
    let reason = entry.reason.map_or_else(|| "no reason given".to_owned(), reason_text);
    match entry.invalidity_date {
        Some(since) if since < entry.date => {
            (since, format!("{reason}, entered on {} as invalid since the first day named", rfc3339(entry.date)))
        }
        Some(_) | None => (entry.date, reason),
    }
}

/// Whether the list is complete and about certificates like this one.
fn check_scope(crl: &Crl, certificate: &Certificate) -> Result<(), String> {
    if crl.is_delta() {
        return Err(format!("{} is a delta list, which only adds to another one", named(crl)));
    }
    if let Some(scope) = crl.idp() {
        let is_authority = certificate.basic_constraints().is_some_and(|constraints| constraints.ca);
        if scope.indirect
            || scope.only_attribute_certs
            || scope.only_some_reasons
            || (scope.only_user_certs && is_authority)
            || (scope.only_ca_certs && !is_authority)
        {
            return Err(format!("{} does not cover this certificate", named(crl)));
        }
    }
    if !point::covers(crl, certificate) {
        return Err(format!("{} is of a distribution point that this certificate does not name", named(crl)));
    }
    let mut seen = BTreeSet::new();
    if let Some(twice) = crl.extensions().find(|extension| !seen.insert(extension.oid.clone())) {
        return Err(format!("{} has the extension {} twice", named(crl), twice.oid));
    }
    if crl.signature_algorithm().raw != crl.tbs_signature_algorithm().raw {
        return Err(format!("{} names one signature algorithm inside and another outside", named(crl)));
    }
    Ok(())
}

/// A proof that the signature existed is none that the list did: it must be strong at `control_time`.
fn check_strength(material: &Material<'_>, crl: &Crl, issuer: &Certificate, control_time: i64) -> Result<(), String> {
    let used = Use::of_x509("a revocation list".to_owned(), &crl.signature_algorithm(), issuer.spki())
        .map_err(|conclusion| conclusion.reason)?;
    strength::check(material.crypto_policy, &used, control_time, control_time, None)
        .map_err(|conclusion| format!("{} is signed too weakly: {}", named(crl), conclusion.reason))
}

/// Whether the list can tell that the certificate was still good at `asked_time` (VAL-08: not later than its nextUpdate).
fn check_fresh(crl: &Crl, certificate: &Certificate, asked_time: i64) -> Result<(), String> {
    let issued = rfc3339(crl.this_update());
    match crl.next_update() {
        Some(next) if next < asked_time => {
            return Err(format!(
                "the revocation list of {issued} is not fresh, the next one was due {}",
                rfc3339(next)
            ));
        }
        None if crl.this_update() < asked_time => {
            return Err(format!("the revocation list of {issued} does not say when the next one comes"));
        }
        Some(_) | None => {}
    }
    if let Some(unknown) = crl.unknown_critical_extensions().first() {
        return Err(format!(
            "the revocation list of {issued} has a critical extension that is not known here ({unknown})"
        ));
    }
    if crl.this_update() < certificate.not_before() {
        return Err(format!("the revocation list of {issued} is older than the certificate"));
    }
    if crl.this_update() > certificate.not_after() && !keeps_expired(crl, certificate) {
        return Err(format!("the revocation list of {issued} need not name certificates that had already ended"));
    }
    Ok(())
}

/// expiredCertsOnCRL (X.509): since when ended certificates stay on the list.
fn keeps_expired(crl: &Crl, certificate: &Certificate) -> bool {
    crl.extensions().find(|extension| extension.oid == oids::EXPIRED_CERTS_ON_CRL).is_some_and(|extension| {
        let mut reader = kokuin_asn1::Reader::new(extension.value, "ExpiredCertsOnCRL");
        let at = reader.here();
        reader
            .next()
            .and_then(|tlv| kokuin_asn1::parse_time(tlv, at))
            .is_ok_and(|since| since <= certificate.not_after())
    })
}

fn reason_text(code: u8) -> String {
    match code {
        0 => "unspecified",
        1 => "keyCompromise",
        2 => "cACompromise",
        3 => "affiliationChanged",
        4 => "superseded",
        5 => "cessationOfOperation",
        6 => "certificateHold",
        REMOVE_FROM_CRL => "removeFromCRL",
        9 => "privilegeWithdrawn",
        10 => "aACompromise",
        other => return format!("reason {other}"),
    }
    .to_owned()
}
