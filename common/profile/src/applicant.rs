//! Who asks for a certificate, and the request that the profile makes of it.

use kokuin_asn1::{CertificationRequestInfo, Extension, Oid, enc, oids};

use crate::{
    check::refuse_unless_subject_matches,
    definition::{Profile, Role},
    finding::ProfileViolation,
};

/// The names of an organisation's certificate (EN 319 412-3 4.2.1).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Applicant {
    /// ISO 3166-1, two capital letters.
    pub country: String,
    /// Full registered name of the organisation.
    pub organization: String,
    /// As in `NTRJP-9000000000000`.
    pub organization_identifier: Option<String>,
    /// Name that people see.
    pub common_name: String,
}

impl Applicant {
    /// What to sign to ask for a certificate of `profile` over the key in `spki` (DER `SubjectPublicKeyInfo`): the subject in the profile's
    /// order, key usage and extended key usage.
    ///
    /// # Errors
    /// [`ProfileViolation`] where no certificate of the profile may have this subject.
    pub fn request(&self, profile: &Profile, spki: &[u8]) -> Result<CertificationRequestInfo, ProfileViolation> {
        let subject = self.name(profile);
        refuse_unless_subject_matches(profile, &subject)?;
        Ok(CertificationRequestInfo::new(&subject, spki, &extensions(profile)))
    }

    fn name(&self, profile: &Profile) -> Vec<u8> {
        let mut rdns = Vec::new();
        for name in &profile.subject.required {
            let value = match name.as_str() {
                "C" => enc::printable_string(&self.country),
                "O" => enc::utf8_string(&self.organization),
                "CN" => enc::utf8_string(&self.common_name),
                "organizationIdentifier" => match &self.organization_identifier {
                    Some(identifier) => enc::utf8_string(identifier),
                    None => continue,
                },
                _ => continue,
            };
            let Some(oid) = profile.attribute_oid(name) else { continue };
            rdns.extend(enc::set_of(&[&enc::sequence(&[&enc::oid(&oid), &value])]));
        }
        enc::sequence(&[&rdns])
    }
}

fn extensions(profile: &Profile) -> Vec<Vec<u8>> {
    let mut list = vec![Extension::encode(&oids::KEY_USAGE, true, &enc::named_bits(profile.preferred_key_usage()))];
    let purposes = profile.extended_key_usage.iter().filter(|_| profile.role == Role::EndEntity);
    for rule in purposes {
        let purposes: Vec<u8> =
            rule.exactly.iter().filter_map(|dotted| dotted.parse::<Oid>().ok()).fold(Vec::new(), |mut all, purpose| {
                enc::oid_into(&mut all, &purpose);
                all
            });
        // RFC 3161 2.3: critical for time-stamping.
        let critical = rule.exactly.iter().any(|purpose| *purpose == oids::KP_TIME_STAMPING.to_string());
        list.push(Extension::encode(&oids::EXT_KEY_USAGE, critical, &enc::sequence(&[&purposes])));
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applicant() -> Applicant {
        Applicant {
            country: "JP".to_owned(),
            organization: "刻印株式会社".to_owned(),
            organization_identifier: Some("NTRJP-9000000000000".to_owned()),
            common_name: "TSU 1".to_owned(),
        }
    }

    fn spki() -> Vec<u8> {
        let algorithm = enc::sequence(&[&enc::oid(&oids::EC_PUBLIC_KEY), &enc::oid(&oids::P256)]);
        enc::sequence(&[&algorithm, &enc::bit_string(&[4; 65], 0)])
    }

    #[test]
    fn asks_in_the_order_and_for_the_usage_of_the_profile() {
        let request = applicant().request(Profile::by_name("tsu").unwrap(), &spki()).unwrap();
        assert_eq!(request.spki(), spki());
        kokuin_asn1::check_der(request.der(), 16, "CertificationRequestInfo").unwrap();
        let position = |oid: &Oid| {
            let wanted = enc::oid(oid);
            request.der().windows(wanted.len()).position(|window| window == wanted).unwrap()
        };
        let order = [oids::C, oids::O, oids::ORG_ID, oids::CN, oids::KEY_USAGE, oids::EXT_KEY_USAGE];
        assert!(order.iter().map(position).is_sorted(), "the profile's order");
        position(&oids::KP_TIME_STAMPING);
    }

    #[test]
    fn refuses_a_subject_that_no_certificate_of_the_profile_may_have() {
        let tsu = Profile::by_name("tsu").unwrap();
        for (wrong, rule) in [
            (Applicant { organization_identifier: None, ..applicant() }, "organizationIdentifier is absent"),
            (
                Applicant { organization_identifier: Some("NTRJP-9000000000001".to_owned()), ..applicant() },
                "check digit",
            ),
            (Applicant { country: "jp".to_owned(), ..applicant() }, "countryName"),
            (Applicant { common_name: " ".to_owned(), ..applicant() }, "CN is empty"),
        ] {
            let violation = wrong.request(tsu, &spki()).unwrap_err().to_string();
            assert!(violation.contains(rule), "{violation}");
        }
    }
}
