//! The extensions that decisions are made from, read once when the certificate is.

use super::{Certificate, KeyUsage};
use crate::{Asn1Error, Extension, Oid, Reader, calendar::parse_time, general_name, integer, oids, reader::Tlv, tag};

/// Purposes, distribution points, policies or access descriptions that one extension may have.
const MAX_ELEMENTS: usize = 128;

/// `BasicConstraints` (RFC 5280 4.2.1.9).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct BasicConstraints {
    /// Whether the subject may issue certificates.
    pub ca: bool,
    /// Intermediate certificates that may follow.
    pub path_len: Option<u32>,
}

/// `AuthorityKeyIdentifier` (RFC 5280 4.2.1.1).
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct AuthorityKeyId {
    /// `keyIdentifier`.
    pub key_id: Option<Vec<u8>>,
    /// The `Name` element of the first `directoryName` of `authorityCertIssuer`.
    pub issuer: Option<Vec<u8>>,
    /// Content octets of `authorityCertSerialNumber`.
    pub serial: Option<Vec<u8>>,
}

/// `PrivateKeyUsagePeriod` (RFC 3280 4.2.1.4), UNIX seconds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PrivateKeyUsagePeriod {
    /// First second in which the key may sign.
    pub not_before: Option<i64>,
    /// Last second in which the key may sign.
    pub not_after: Option<i64>,
}

/// One `AccessDescription` (RFC 5280 4.2.2.1) whose location is a URI.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Access {
    /// `id-ad-caIssuers`, `id-ad-ocsp`, ...
    pub method: Oid,
    /// Text from outside; never fetched on its own.
    pub uri: String,
}

#[derive(Default)]
pub(super) struct Known {
    key_usage: Option<KeyUsage>,
    ext_key_usage: Option<Vec<Oid>>,
    basic_constraints: Option<BasicConstraints>,
    ski: Option<Vec<u8>>,
    aki: Option<AuthorityKeyId>,
    crl_distribution_points: Vec<String>,
    private_key_usage_period: Option<PrivateKeyUsagePeriod>,
    authority_info_access: Vec<Access>,
    policies: Vec<Oid>,
}

impl Known {
    /// The first instance of each counts; that there are more is [`Certificate::duplicate_extension`]'s to say.
    pub(super) fn read(extensions: &[Extension<'_>]) -> Result<Self, Asn1Error> {
        let value =
            |oid: &Oid| extensions.iter().find(|extension| extension.oid == *oid).map(|extension| extension.value);
        Ok(Self {
            key_usage: value(&oids::KEY_USAGE).map(KeyUsage::parse).transpose()?,
            ext_key_usage: value(&oids::EXT_KEY_USAGE).map(ext_key_usage).transpose()?,
            basic_constraints: value(&oids::BASIC_CONSTRAINTS).map(basic_constraints).transpose()?,
            ski: value(&oids::SKI).map(ski).transpose()?,
            aki: value(&oids::AKI).map(aki).transpose()?,
            crl_distribution_points: value(&oids::CRL_DP).map(crl_distribution_points).transpose()?.unwrap_or_default(),
            private_key_usage_period: value(&oids::PRIVATE_KEY_USAGE_PERIOD).map(usage_period).transpose()?,
            authority_info_access: value(&oids::AIA).map(access).transpose()?.unwrap_or_default(),
            policies: value(&oids::CERT_POLICIES).map(policies).transpose()?.unwrap_or_default(),
        })
    }
}

impl Certificate {
    /// `keyUsage`; `None` if it is absent.
    #[must_use]
    pub fn key_usage(&self) -> Option<KeyUsage> {
        self.known().key_usage
    }

    /// `extKeyUsage`, unknown purposes too; `None` if it is absent.
    #[must_use]
    pub fn ext_key_usage(&self) -> Option<Vec<Oid>> {
        self.known().ext_key_usage.clone()
    }

    /// `basicConstraints`; `None` if it is absent.
    #[must_use]
    pub fn basic_constraints(&self) -> Option<BasicConstraints> {
        self.known().basic_constraints
    }

    /// `subjectKeyIdentifier`.
    #[must_use]
    pub fn ski(&self) -> Option<&[u8]> {
        self.known().ski.as_deref()
    }

    /// `keyIdentifier` of `authorityKeyIdentifier`.
    #[must_use]
    pub fn aki(&self) -> Option<&[u8]> {
        self.authority_key_id()?.key_id.as_deref()
    }

    /// `authorityKeyIdentifier`.
    #[must_use]
    pub fn authority_key_id(&self) -> Option<&AuthorityKeyId> {
        self.known().aki.as_ref()
    }

    /// The URIs in `cRLDistributionPoints`; text from outside, never fetched on its own.
    #[must_use]
    pub fn crl_distribution_points(&self) -> Vec<String> {
        self.known().crl_distribution_points.clone()
    }

    /// `privateKeyUsagePeriod`.
    #[must_use]
    pub fn private_key_usage_period(&self) -> Option<PrivateKeyUsagePeriod> {
        self.known().private_key_usage_period
    }

    /// The URIs in `authorityInfoAccess`.
    #[must_use]
    pub fn authority_info_access(&self) -> &[Access] {
        &self.known().authority_info_access
    }

    /// The identifiers in `certificatePolicies`.
    #[must_use]
    pub fn policies(&self) -> &[Oid] {
        &self.known().policies
    }
}

fn list<'a>(value: &'a [u8], field: &'static str) -> Result<Reader<'a>, Asn1Error> {
    let reader = Reader::enter_only(value, tag::SEQUENCE, field)?;
    if reader.is_empty() { Err(Asn1Error::Empty { at: reader.here() }) } else { Ok(reader) }
}

/// Elements of a list, each read by `read`.
fn each<'a, T>(
    value: &'a [u8],
    field: &'static str,
    mut read: impl FnMut(&mut Reader<'a>) -> Result<T, Asn1Error>,
) -> Result<Vec<T>, Asn1Error> {
    let mut reader = list(value, field)?;
    let mut elements = Vec::new();
    while !reader.is_empty() {
        if elements.len() == MAX_ELEMENTS {
            return Err(Asn1Error::TooMany { at: reader.here(), limit: MAX_ELEMENTS });
        }
        elements.push(read(&mut reader)?);
    }
    Ok(elements)
}

fn ext_key_usage(value: &[u8]) -> Result<Vec<Oid>, Asn1Error> {
    each(value, "extKeyUsage", |reader| reader.oid("KeyPurposeId"))
}

fn basic_constraints(value: &[u8]) -> Result<BasicConstraints, Asn1Error> {
    let mut reader = Reader::enter_only(value, tag::SEQUENCE, "basicConstraints")?;
    let ca = if reader.peek_tag() == Some(tag::BOOLEAN) { reader.boolean("cA")? } else { false };
    let at = reader.place("pathLenConstraint");
    let path_len = if reader.is_empty() { None } else { Some(reader.integer("pathLenConstraint")?) };
    reader.finish()?;
    let path_len = path_len
        .map(|content| integer::to_u64(content).and_then(|value| u32::try_from(value).ok()))
        .map(|value| value.ok_or(Asn1Error::IntegerOutOfRange { at }))
        .transpose()?;
    Ok(BasicConstraints { ca, path_len })
}

fn ski(value: &[u8]) -> Result<Vec<u8>, Asn1Error> {
    let mut reader = Reader::new(value, "subjectKeyIdentifier");
    let key_id = reader.octet_string("subjectKeyIdentifier")?.to_vec();
    reader.finish()?;
    Ok(key_id)
}

pub(crate) fn aki(value: &[u8]) -> Result<AuthorityKeyId, Asn1Error> {
    let mut reader = Reader::enter_only(value, tag::SEQUENCE, "authorityKeyIdentifier")?;
    let key_id = reader.optional(tag::context(0), "keyIdentifier")?.map(|tlv| tlv.value.to_vec());
    let issuer = match reader.enter_optional(tag::context_constructed(1), "authorityCertIssuer")? {
        Some(names) => {
            let names = general_name::read_all(names)?;
            names.iter().find_map(general_name::GeneralName::directory).map(<[u8]>::to_vec)
        }
        None => None,
    };
    let at = reader.place("authorityCertSerialNumber");
    let serial = reader.optional(tag::context(2), "authorityCertSerialNumber")?.map(|tlv| tlv.value);
    reader.finish()?;
    if let Some(serial) = serial {
        integer::check_minimal(serial, at)?;
    }
    Ok(AuthorityKeyId { key_id, issuer, serial: serial.map(<[u8]>::to_vec) })
}

/// URIs in the `fullName` of every point; other forms of names are left out.
fn crl_distribution_points(value: &[u8]) -> Result<Vec<String>, Asn1Error> {
    let points = each(value, "cRLDistributionPoints", |reader| {
        let mut point = reader.enter(tag::SEQUENCE, "DistributionPoint")?;
        let uris = match point.enter_optional(tag::context_constructed(0), "distributionPoint")? {
            Some(name) => full_name_uris(name)?,
            None => Vec::new(),
        };
        point.optional(tag::context(1), "reasons")?;
        point.optional(tag::context_constructed(2), "cRLIssuer")?;
        point.finish()?;
        Ok(uris)
    })?;
    Ok(points.into_iter().flatten().collect())
}

/// What is inside a `DistributionPointName`.
pub(crate) fn full_name_uris(mut name: Reader<'_>) -> Result<Vec<String>, Asn1Error> {
    let at = name.here();
    let tlv: Tlv<'_> = name.next()?;
    let inner = name.inside(tlv, "distributionPoint");
    name.finish()?;
    match tlv.tag {
        0xa0 => Ok(uris(&general_name::read_all(inner)?)),
        0xa1 => Ok(Vec::new()),
        found => Err(Asn1Error::ChoiceUnknown { at, found }),
    }
}

fn uris(names: &[general_name::GeneralName<'_>]) -> Vec<String> {
    names.iter().filter_map(general_name::GeneralName::uri).map(str::to_owned).collect()
}

fn usage_period(value: &[u8]) -> Result<PrivateKeyUsagePeriod, Asn1Error> {
    let mut reader = Reader::enter_only(value, tag::SEQUENCE, "privateKeyUsagePeriod")?;
    let mut time = |number, field| {
        let at = reader.place(field);
        let tlv = reader.optional(tag::context(number), field)?;
        tlv.map(|tlv| parse_time(Tlv { tag: tag::GENERALIZED_TIME, ..tlv }, at)).transpose()
    };
    let not_before = time(0, "privateKeyUsagePeriod.notBefore")?;
    let not_after = time(1, "privateKeyUsagePeriod.notAfter")?;
    reader.finish()?;
    Ok(PrivateKeyUsagePeriod { not_before, not_after })
}

fn access(value: &[u8]) -> Result<Vec<Access>, Asn1Error> {
    let descriptions = each(value, "authorityInfoAccess", |reader| {
        let mut inner = reader.enter(tag::SEQUENCE, "AccessDescription")?;
        let method = inner.oid("accessMethod")?;
        let location = general_name::read(&mut inner)?;
        inner.finish()?;
        Ok(location.uri().map(|uri| Access { method, uri: uri.to_owned() }))
    })?;
    Ok(descriptions.into_iter().flatten().collect())
}

fn policies(value: &[u8]) -> Result<Vec<Oid>, Asn1Error> {
    each(value, "certificatePolicies", |reader| {
        let mut inner = reader.enter(tag::SEQUENCE, "PolicyInformation")?;
        let policy = inner.oid("policyIdentifier")?;
        inner.optional(tag::SEQUENCE, "policyQualifiers")?;
        inner.finish()?;
        Ok(policy)
    })
}
