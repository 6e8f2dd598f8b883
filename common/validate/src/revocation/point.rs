//! Whether a list that names its distribution point is the one for a certificate (RFC 5280 6.3.3 (b)(2)(i)).

use kokuin_asn1::{Asn1Error, Certificate, Crl, Reader, general_name, oids, tag};

use crate::name;

/// Points and names compared, at most.
const LIMIT: usize = 256;

/// One name of a point.
enum PointName<'a> {
    Full(general_name::GeneralName<'a>),
    /// Relative to the issuer's name, which is the same on both sides.
    Relative(&'a [u8]),
    /// The issuer of the certificate: the point of a certificate that names none.
    Issuer(&'a [u8]),
}

/// A CA may keep one list for each part of its certificates: such a list says nothing about the others.
pub(super) fn covers(crl: &Crl, certificate: &Certificate) -> bool {
    let Some(scope) = crl.extensions().find(|extension| extension.oid == oids::ISSUING_DISTRIBUTION_POINT) else {
        return true;
    };
    let points = certificate.extension(&oids::CRL_DP);
    let wanted = match &points {
        Some(points) => points_of(points.value),
        None => Ok(vec![PointName::Issuer(certificate.issuer())]),
    };
    match (scope_of(scope.value), wanted) {
        (Ok(None), _) => true,
        (Ok(Some(own)), Ok(wanted)) => own.iter().any(|own| wanted.iter().any(|wanted| is_same(own, wanted))),
        (Ok(Some(_)) | Err(_), _) => false,
    }
}

fn is_same(own: &PointName<'_>, wanted: &PointName<'_>) -> bool {
    match (own, wanted) {
        (PointName::Full(own), PointName::Full(wanted)) => match (own.directory(), wanted.directory()) {
            (Some(own), Some(wanted)) => name::is_same(own, wanted),
            (Some(_), None) | (None, Some(_)) => false,
            (None, None) => own.raw == wanted.raw,
        },
        (PointName::Full(own), PointName::Issuer(issuer)) => {
            own.directory().is_some_and(|own| name::is_same(own, issuer))
        }
        (PointName::Relative(own), PointName::Relative(wanted)) => own == wanted,
        (PointName::Full(_) | PointName::Relative(_) | PointName::Issuer(_), _) => false,
    }
}

/// The list's own names; `None` where it is not limited to a point.
fn scope_of(value: &[u8]) -> Result<Option<Vec<PointName<'_>>>, Asn1Error> {
    let mut scope = Reader::enter_only(value, tag::SEQUENCE, "issuingDistributionPoint")?;
    scope.enter_optional(tag::context_constructed(0), "distributionPoint")?.map(names_of).transpose()
}

/// The names of every point of a certificate; of a point without names, its issuer's.
fn points_of(value: &[u8]) -> Result<Vec<PointName<'_>>, Asn1Error> {
    let mut points = Reader::enter_only(value, tag::SEQUENCE, "cRLDistributionPoints")?;
    let mut names = Vec::new();
    while !points.is_empty() && names.len() < LIMIT {
        let mut point = points.enter(tag::SEQUENCE, "DistributionPoint")?;
        let own = point.enter_optional(tag::context_constructed(0), "distributionPoint")?;
        point.optional(tag::context(1), "reasons")?;
        let issuer = point.enter_optional(tag::context_constructed(2), "cRLIssuer")?;
        match (own, issuer) {
            (Some(own), _) => names.extend(names_of(own)?),
            (None, Some(issuer)) => names.extend(general_name::read_all(issuer)?.into_iter().map(PointName::Full)),
            (None, None) => {}
        }
    }
    Ok(names)
}

fn names_of(mut point: Reader<'_>) -> Result<Vec<PointName<'_>>, Asn1Error> {
    let tlv = point.next()?;
    Ok(if tlv.tag == tag::context_constructed(0) {
        general_name::read_all(point.inside(tlv, "fullName"))?.into_iter().map(PointName::Full).collect()
    } else {
        vec![PointName::Relative(tlv.raw)]
    })
}
