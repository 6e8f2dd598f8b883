//! One certificate per rule that breaks it and nothing else, unless one defect is two.

use std::collections::BTreeSet;

use crate::support::{NOW, attribute, ca, good, name, subject_name, unknown_oid};
use kokuin_asn1::{Oid, enc, oids, tag};
use kokuin_devca::{Subject, Validity, hostile::TestCertificate};
use kokuin_profile::{Profile, Rule, Severity, check, check_der, refuse_unless_matches};

type Change = fn(TestCertificate) -> TestCertificate;

/// The rule, the profile it is tried under, what is changed, and other rules that the same change breaks.
type Case = (Rule, &'static str, Change, &'static [Rule]);

const P256_BITS: usize = 65;

/// The certificate with another key algorithm identifier around 65 octets of key.
fn key(mut certificate: TestCertificate, oid: &str) -> TestCertificate {
    let algorithm = enc::sequence(&[&enc::oid(&oid.parse().unwrap())]);
    certificate.fields.spki = enc::sequence(&[&algorithm, &enc::bit_string(&[4; P256_BITS], 0)]);
    certificate
}

fn subject(mut certificate: TestCertificate, attributes: &[Vec<u8>]) -> TestCertificate {
    certificate.fields.subject = name(attributes);
    certificate
}

/// The demonstration's subject with its organizationIdentifier replaced.
fn organization_id(certificate: TestCertificate, text: &str) -> TestCertificate {
    subject(certificate, &subject_name("JP", "Demo - NOT FOR PRODUCTION", text))
}

fn statements(certificate: TestCertificate, extra: &[Vec<u8>]) -> TestCertificate {
    let seal = enc::sequence(&[&enc::oid(&oids::QC_TYPE), &enc::sequence(&[&enc::oid(&oids::QC_TYPE_ESEAL)])]);
    let compliance = enc::sequence(&[&enc::oid(&oids::QC_COMPLIANCE)]);
    let all: Vec<&[u8]> = [&compliance, &seal].into_iter().chain(extra).map(Vec::as_slice).collect();
    certificate.extension(oids::QC_STATEMENTS, false, enc::sequence(&all))
}

fn statement(oid: &Oid, info: &[u8]) -> Vec<u8> {
    enc::sequence(&[&enc::oid(oid), info])
}

fn disclosure(url: &str, language: &str) -> Vec<u8> {
    let location = enc::sequence(&[&enc::ia5_string(url), &enc::printable_string(language)]);
    statement(&oids::QC_PDS, &enc::sequence(&[&location]))
}

fn period(certificate: TestCertificate, end_months: u32) -> TestCertificate {
    let end = Validity::months(NOW, end_months).not_after;
    let field = |number, at| enc::implicit_primitive(number, &enc::generalized_time(at).unwrap()[2..]);
    let value = enc::sequence(&[&field(0, NOW), &field(1, end)]);
    certificate.extension(oids::PRIVATE_KEY_USAGE_PERIOD, false, value)
}

fn months(certificate: TestCertificate, months: u32) -> TestCertificate {
    certificate.valid(Validity::months(NOW, months)).unwrap()
}

fn critical(mut certificate: TestCertificate, oid: &Oid) -> TestCertificate {
    let extension = certificate.fields.extensions.iter_mut().find(|extension| extension.oid == *oid).unwrap();
    extension.critical = !extension.critical;
    certificate
}

fn with(mut certificate: TestCertificate, change: impl FnOnce(&mut TestCertificate)) -> TestCertificate {
    change(&mut certificate);
    certificate
}

#[rustfmt::skip]
const CASES: &[Case] = &[
    (Rule::Readable, "tsu", |c| c.extension(oids::BASIC_CONSTRAINTS, true, vec![0x30, 0x05]), &[]),
    (Rule::Version3, "tsu", |c| with(c, |c| c.fields.version = Some(1)), &[]),
    (Rule::SerialPositive, "tsu", |c| with(c, |c| c.fields.serial[0] = 0x80), &[]),
    (Rule::SerialLength, "tsu", |c| with(c, |c| c.fields.serial = vec![0x40; 21]), &[]),
    (Rule::SerialEntropy, "tsu", |c| with(c, |c| c.fields.serial = vec![0x40; 7]), &[]),
    (Rule::SameAlgorithm, "tsu", |c| with(c, |c| {
        c.outer_algorithm = Some(enc::sequence(&[&enc::oid(&oids::ECDSA_WITH_SHA384)]));
    }), &[]),
    (Rule::TimeType, "tsu", |c| with(c, |c| c.fields.not_before = enc::generalized_time(NOW).unwrap()), &[]),
    (Rule::TimeForm, "tsu", |c| with(c, |c| c.fields.not_before = enc::tlv(tag::UTC_TIME, b"2611230000Z")), &[]),
    (Rule::ValidityPositive, "seal-jp", |c| c.valid(Validity { not_before: NOW, not_after: NOW - 1 }).unwrap(), &[]),
    (Rule::CaConstraints, "issuing-ca", |c| critical(c, &oids::BASIC_CONSTRAINTS), &[]),
    (Rule::CaSigns, "issuing-ca", |c| c.key_usage(1 << 25), &[Rule::KeyUsageAllowed]),
    (Rule::LeafSignsNoCertificates, "tsu", |c| c.key_usage(1 << 31 | 1 << 26), &[Rule::KeyUsageAllowed]),
    (Rule::LeafIsNoCa, "tsu", TestCertificate::ca_true, &[]),
    (Rule::LeafPathLength, "tsu", |c| {
        c.extension(oids::BASIC_CONSTRAINTS, true, enc::sequence(&[&enc::uint_u64(0)]))
    }, &[]),
    (Rule::AuthorityKeyId, "tsu", |c| c.without(&oids::AKI), &[]),
    (Rule::SubjectKeyIdCa, "issuing-ca", |c| c.without(&oids::SKI), &[]),
    (Rule::SubjectKeyIdLeaf, "tsu", |c| c.without(&oids::SKI), &[]),
    (Rule::KeyIdsNotCritical, "tsu", |c| critical(c, &oids::SKI), &[]),
    (Rule::KeyUsageCritical, "tsu", |c| critical(c, &oids::KEY_USAGE), &[]),
    (Rule::KeyUsageNotEmpty, "tsu", |c| c.key_usage(0), &[Rule::KeyUsageAllowed]),
    (Rule::KeyUsageMinimal, "tsu", |c| c.extension(oids::KEY_USAGE, true, vec![3, 2, 0, 0x80]), &[]),
    (Rule::KeyUsageFitsKey, "seal-eu", |c| c.key_usage(0b111 << 29), &[Rule::KeyUsagePreferred]),
    (Rule::KeyUsageAllowed, "tsu", |c| c.key_usage(1 << 31 | 1 << 27), &[]),
    (Rule::KeyUsagePreferred, "seal-jp", |c| c.key_usage(0b11 << 30), &[]),
    (Rule::ExtendedKeyUsageExact, "tsu", |c| {
        c.extended_key_usage(&[oids::KP_TIME_STAMPING, unknown_oid()], true)
    }, &[]),
    (Rule::TimeStampingCritical, "tsu", |c| critical(c, &oids::EXT_KEY_USAGE), &[]),
    (Rule::CaAdmitsPurposes, "issuing-ca", |c| c.extended_key_usage(&[oids::KP_EMAIL_PROTECTION], false), &[]),
    (Rule::NoDuplicateExtension, "tsu", |c| with(c, |c| {
        c.fields.extensions.push(c.fields.extensions[0].clone());
    }), &[]),
    (Rule::NoDuplicateInRdn, "tsu", |c| with(c, |c| {
        let two = enc::set_of(&[&attribute(&oids::OU, "a"), &attribute(&oids::OU, "b")]);
        let mut rdns: Vec<Vec<u8>> = subject_name("JP", "Demo", "NTRJP-9000000000000");
        rdns.push(two);
        c.fields.subject = name(&rdns);
    }), &[]),
    (Rule::NoUniqueIds, "tsu", |c| with(c, |c| c.fields.unique_ids = vec![0x81, 2, 0, 1]), &[]),
    (Rule::NoPrehashCaKey, "issuing-ca", |c| key(c, "2.16.840.1.101.3.4.3.32"), &[Rule::KeyAlgorithm]),
    (Rule::NoDraftAlgorithm, "tsu", |c| key(c, "1.3.6.1.4.1.2.267.7.6.5"), &[Rule::KeyAlgorithm]),
    (Rule::CriticalKnown, "tsu", |c| c.extension(unknown_oid(), true, enc::null()), &[]),
    (Rule::KeyAlgorithm, "tsu", |c| key(c, "1.2.840.10040.4.1"), &[]),
    (Rule::StrengthToTheEnd, "dev-root", |c| months(c, 300), &[Rule::ValidityLimit]),
    (Rule::StrengthRecommended, "dev-root", |c| months(c, 170), &[]),
    (Rule::SubjectComplete, "tsu", |c| subject(c, &subject_name("JP", " ", "NTRJP-9000000000000")), &[]),
    (Rule::SubjectOnce, "tsu", |c| with(c, |c| {
        let mut rdns = subject_name("JP", "Demo", "NTRJP-9000000000000");
        rdns.push(enc::set_of(&[&attribute(&oids::CN, "another")]));
        c.fields.subject = name(&rdns);
    }), &[]),
    (Rule::CountryKnown, "tsu", |c| subject(c, &subject_name("UK", "Demo", "NTRJP-9000000000000")), &[]),
    (Rule::CountryOfProfile, "seal-jp", |c| subject(c, &subject_name("FR", "Demo", "NTRJP-9000000000000")), &[]),
    (Rule::NameStringTypes, "tsu", |c| with(c, |c| {
        let mut rdns = subject_name("JP", "Demo", "NTRJP-9000000000000");
        rdns.push(enc::set_of(&[&enc::sequence(&[&enc::oid(&oids::OU), &enc::tlv(tag::TELETEX_STRING, b"x")])]));
        c.fields.subject = name(&rdns);
    }), &[]),
    (Rule::OrganizationIdForm, "tsu", |c| organization_id(c, "NTRJP+13-9000000000000"), &[]),
    (Rule::OrganizationIdScheme, "seal-jp", |c| organization_id(c, "NTRDE-HRB1"), &[]),
    (Rule::CorporateNumberValid, "seal-jp", |c| organization_id(c, "NTRJP-1000000000000"), &[]),
    (Rule::LeiValid, "tsu", |c| organization_id(c, "LEIXG-506700GE1G29325QX364"), &[]),
    (Rule::OrganizationIdIsNoName, "tsu", |c| {
        subject(c, &subject_name("JP", "NTRJP-9000000000000", "NTRJP-9000000000000"))
    }, &[]),
    (Rule::NoNaturalPerson, "seal-jp", |c| with(c, |c| {
        let mut rdns = subject_name("JP", "Demo", "NTRJP-9000000000000");
        rdns.push(enc::set_of(&[&attribute(&oids::SURNAME, "Yamada")]));
        c.fields.subject = name(&rdns);
    }), &[]),
    (Rule::NoPersonalEmail, "seal-jp", |c| {
        let address = enc::implicit_primitive(1, b"taro@example.com");
        c.extension(oids::SUBJECT_ALT_NAME, false, enc::sequence(&[&address]))
    }, &[]),
    (Rule::QcNotCritical, "seal-eu", |c| critical(c, &oids::QC_STATEMENTS), &[]),
    (Rule::QcReadable, "seal-eu", |c| {
        statements(c, &[disclosure("https://x.example/", "en"), disclosure("https://x.example/", "en")])
    }, &[]),
    (Rule::QcRequired, "seal-eu", |c| statements(c, &[]), &[]),
    (Rule::QcProhibited, "seal-eu", |c| {
        let countries = enc::sequence(&[&enc::printable_string("JP")]);
        statements(c, &[disclosure("https://x.example/", "en"), statement(&oids::QC_CC_LEGISLATION, &countries)])
    }, &[]),
    (Rule::QcType, "seal-jp", |c| {
        let web = statement(&oids::QC_TYPE, &enc::sequence(&[&enc::oid(&oids::QC_TYPE_WEB), &enc::oid(&oids::QC_TYPE_ESEAL)]));
        c.extension(oids::QC_STATEMENTS, false, enc::sequence(&[&web]))
    }, &[]),
    (Rule::QcTypeAsStatement, "seal-eu", |c| {
        statements(c, &[disclosure("https://x.example/", "en"), statement(&oids::QC_TYPE_ESEAL, &[])])
    }, &[]),
    (Rule::QcPds, "seal-eu", |c| statements(c, &[disclosure("http://x.example/", "en")]), &[]),
    (Rule::QcLanguage, "seal-eu", |c| statements(c, &[disclosure("https://x.example/", "EN")]), &[]),
    (Rule::QcAmounts, "seal-eu", |c| {
        let limit = enc::sequence(&[&enc::printable_string("JPY"), &enc::int_i64(-1), &enc::int_i64(0)]);
        statements(c, &[disclosure("https://x.example/", "en"), statement(&oids::QC_LIMIT_VALUE, &limit)])
    }, &[]),
    (Rule::QcInTimeStampOnly, "tsu", |c| {
        c.extension(oids::QC_STATEMENTS, false, enc::sequence(&[&statement(&oids::QTST_STATEMENT, &[])]))
    }, &[]),
    (Rule::CrlPointPresent, "tsu", |c| c.without(&oids::CRL_DP), &[]),
    (Rule::CrlPointUri, "tsu", |c| {
        c.extension(oids::CRL_DP, false, enc::sequence(&[&enc::sequence(&[])]))
    }, &[]),
    (Rule::CrlPointNotCritical, "tsu", |c| critical(c, &oids::CRL_DP), &[]),
    (Rule::IssuerUri, "seal-eu", |c| c.without(&oids::AIA), &[]),
    (Rule::InformationNotCritical, "seal-eu", |c| critical(c, &oids::AIA), &[]),
    (Rule::PolicyPresent, "seal-eu", |c| c.without(&oids::CERT_POLICIES), &[]),
    (Rule::RevocationSkipped, "tsu", |c| c.extension(oids::NO_REV_AVAIL, false, enc::null()), &[]),
    (Rule::ValidityLimit, "seal-jp", |c| months(c, 61), &[]),
    (Rule::ValidityPractice, "seal-jp", |c| months(c, 37), &[]),
    (Rule::UsePeriodPresent, "tsu", |c| c.without(&oids::PRIVATE_KEY_USAGE_PERIOD), &[]),
    (Rule::UsePeriodReadable, "tsu", |c| {
        c.extension(oids::PRIVATE_KEY_USAGE_PERIOD, false, enc::sequence(&[]))
    }, &[]),
    (Rule::UsePeriodLimit, "tsu", |c| period(c, 16), &[Rule::TokenLife]),
    (Rule::TokenLife, "tsu", |c| months(c, 134), &[]),
];

/// Always there: the certificates are development material.
fn expected(rule: Rule, others: &[Rule]) -> BTreeSet<Rule> {
    [rule, Rule::DevelopmentMaterial].into_iter().chain(others.iter().copied()).collect()
}

#[test]
fn finds_each_broken_rule_and_nothing_else() {
    for (rule, profile, change, others) in CASES {
        let profile = Profile::by_name(profile).unwrap();
        let der = change(good(profile)).unsigned();
        let findings = check_der(profile, &der);
        let found: BTreeSet<Rule> = findings.iter().map(|finding| finding.rule).collect();
        assert_eq!(found, expected(*rule, others), "{rule} under {}: {findings:#?}", profile.name);
        let finding = findings.iter().find(|finding| finding.rule == *rule).unwrap();
        assert_eq!(finding.severity, profile.severity_of(*rule));
        assert!(!finding.message.is_empty());
    }
}

#[test]
fn has_a_certificate_for_every_rule() {
    let tried: BTreeSet<Rule> = CASES.iter().map(|case| case.0).collect();
    let untried: Vec<&Rule> = Rule::ALL
        .iter()
        .filter(|rule| !tried.contains(rule) && **rule != Rule::DevelopmentMaterial && **rule < Rule::CrlReadable)
        .collect();
    assert_eq!(untried, Vec::<&Rule>::new());
}

#[test]
fn finds_only_the_mark_in_what_the_development_ca_builds() {
    for name in Profile::names() {
        let profile = Profile::by_name(name).unwrap();
        let findings = check_der(profile, &good(profile).unsigned());
        let found: Vec<Rule> = findings.iter().map(|finding| finding.rule).collect();
        assert_eq!(found, [Rule::DevelopmentMaterial], "{name}: {findings:#?}");
    }
}

/// cert04 of the vectors of github.com/crocs-muni/roca: its primes can be found.
const FACTORABLE: &str = "025927b52ba5e68c8c9268bb9218f37673614ca65418f4745b143cd4ee53f9491c9a0e1c2f23a9516306affbf38667b871bc\
    0cc82e60f5bb1a9fa15a5671a765c9f21b9587d80115964372a383c883b0dcbf6c775706b31eaff3e3fd488559a08cdea20f\
    9a97c4c59b6b8a8eeca457d4a820d49509f759336302bca1a3690b08091811f858f2e8cea5a62355ad6e041d1935eda59289\
    b597683b73e2657ae74bffc760e4d513cc87db9355918eaa08d398bbe5f6835dc87125211b9b36b3a0bc70b993a6cb3f7d2c\
    b4061de73db972c942adf9955b6fe4cd90f00d088aec04af1f5eff91f21af5ed44617c7db8093f95366db26580c4af399deb\
    94f9b141305be1";

#[test]
fn refuses_rsa_keys_that_are_weak_whatever_their_length_thr_68() {
    let profile = Profile::by_name("tsu").unwrap();
    let findings = |modulus: &[u8], exponent: &[u8]| -> Vec<String> {
        let mut certificate = good(profile);
        let algorithm = enc::sequence(&[&enc::oid(&oids::RSA_ENCRYPTION), &enc::null()]);
        let key = enc::sequence(&[&enc::uint(modulus), &enc::uint(exponent)]);
        certificate.fields.spki = enc::sequence(&[&algorithm, &enc::bit_string(&key, 0)]);
        let findings = check_der(profile, &certificate.unsigned());
        findings
            .into_iter()
            .filter(|finding| finding.rule == Rule::KeyAlgorithm)
            .map(|finding| finding.message)
            .collect()
    };
    let factorable = hex::decode(FACTORABLE).unwrap();
    assert!(findings(&[0xc1; 384], &[1, 0, 1]).is_empty());
    for (modulus, exponent, why) in [
        (&[0xc1; 384][..], &[3][..], "exponent"),
        (&[0xc1; 384], &[1, 0, 0], "even"),
        (&[0xc0; 384], &[1, 0, 1], "even"),
        (&factorable, &[1, 0, 1], "can be factored"),
    ] {
        let found = findings(modulus, exponent);
        assert!(found.len() == 1 && found[0].contains(why), "{why}: {found:?}");
    }
}

#[test]
fn refuses_what_is_no_certificate() {
    let profile = Profile::by_name("tsu").unwrap();
    for der in [&b""[..], b"0", b"-----BEGIN CERTIFICATE-----"] {
        let findings = check_der(profile, der);
        assert_eq!(findings.iter().map(|finding| finding.rule).collect::<Vec<_>>(), [Rule::Readable]);
    }
}

#[test]
fn refuses_to_start_and_names_the_first_error() {
    let profile = Profile::by_name("tsu").unwrap();
    let subject = Subject::demo_organization("TSU");
    let validity = Validity::usual(profile, NOW);
    let certificate = ca().issue(profile, &subject, ca().key().public_key(), validity).unwrap();
    assert_eq!(refuse_unless_matches(profile, &certificate), Ok(()));

    let seal = Profile::by_name("seal-jp").unwrap();
    let violation = refuse_unless_matches(seal, &certificate).unwrap_err();
    assert_eq!((violation.rule, violation.profile.as_str()), (Rule::ValidityLimit, "seal-jp"));
    assert_eq!(violation.code(), "profile.violation");
    let text = violation.to_string();
    assert!(text.contains("KOK-CERT-65") && text.contains("60 months"), "{text}");
    assert!(check(seal, &certificate).iter().any(|finding| finding.severity == Severity::Warning));
}

#[test]
fn counts_unknown_purposes_tsp_57() {
    let profile = Profile::by_name("tsu").unwrap();
    let der = good(profile).extended_key_usage(&[oids::KP_TIME_STAMPING, oids::KP_TIME_STAMPING], true).unsigned();
    assert!(check_der(profile, &der).iter().any(|finding| finding.rule == Rule::ExtendedKeyUsageExact));
    let der = good(profile).without(&oids::EXT_KEY_USAGE).unsigned();
    assert!(check_der(profile, &der).iter().any(|finding| finding.rule == Rule::ExtendedKeyUsageExact));
}

#[test]
fn lets_a_ca_admit_any_purpose_tsp_57() {
    let profile = Profile::by_name("issuing-ca").unwrap();
    let der = good(profile).extended_key_usage(&[oids::ANY_EXT_KEY_USAGE], false).unsigned();
    let found: Vec<Rule> = check_der(profile, &der).iter().map(|finding| finding.rule).collect();
    assert_eq!(found, [Rule::DevelopmentMaterial]);
}

#[test]
fn answers_for_every_byte_changed_and_every_cut() {
    for name in Profile::names() {
        let profile = Profile::by_name(name).unwrap();
        let der = good(profile).unsigned();
        for at in 0..der.len() {
            for octet in [der[at] ^ 1, der[at] ^ 0x80, 0, 0xff] {
                let mut spoiled = der.clone();
                spoiled[at] = octet;
                assert!(check_der(profile, &spoiled).is_sorted_by_key(|finding| finding.rule), "octet {at}");
            }
            assert_eq!(check_der(profile, &der[..at])[0].rule, Rule::Readable);
        }
    }
}
