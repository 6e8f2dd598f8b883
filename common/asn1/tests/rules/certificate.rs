//! RFC 5280, against another implementation where it reads the same.

use der::{Decode, Encode};
use kokuin_asn1::{
    Access, Asn1Error, BasicConstraints, Certificate, Crl, Extension, KeyUsage, Oid, PrivateKeyUsagePeriod, Revoked,
    enc, oids, tag,
};

use crate::fixture::{CertificateParts, NOON, crl, entry, reason, tsu_name};

#[test]
fn reads_what_another_implementation_reads() {
    let certificate =
        CertificateParts::with(&oids::EXT_KEY_USAGE, true, &enc::sequence(&[&enc::oid(&oids::KP_TIME_STAMPING)]))
            .parse();
    let other = x509_cert::Certificate::from_der(certificate.der()).unwrap();
    let tbs = other.tbs_certificate();
    assert_eq!(certificate.tbs(), tbs.to_der().unwrap());
    assert_eq!(certificate.serial(), tbs.serial_number().as_bytes());
    assert_eq!(certificate.issuer(), tbs.issuer().to_der().unwrap());
    assert_eq!(certificate.subject(), tbs.subject().to_der().unwrap());
    assert_eq!(certificate.spki(), tbs.subject_public_key_info().to_der().unwrap());
    assert_eq!(certificate.not_before(), NOON);
    assert_eq!(tbs.validity().not_after.to_unix_duration().as_secs(), u64::try_from(certificate.not_after()).unwrap());
    assert_eq!(certificate.signature_algorithm().raw, other.signature_algorithm().to_der().unwrap());
    assert_eq!(certificate.tbs_signature_algorithm(), certificate.signature_algorithm());
    assert_eq!(certificate.signature(), other.signature().raw_bytes());
    assert_eq!(certificate.version(), 3);
    assert_eq!(certificate.ext_key_usage(), Some(vec![oids::KP_TIME_STAMPING]));
    assert!(certificate.extension(&oids::EXT_KEY_USAGE).unwrap().critical);
    assert!(!certificate.is_self_issued());
}

/// CERT-01: a profile says no, not the reader.
#[test]
fn keeps_serial_numbers_of_any_length_and_sign() {
    for serial in [vec![0], vec![0xff], vec![0x7f; 100]] {
        let certificate = CertificateParts { serial: serial.clone(), ..Default::default() }.parse();
        assert_eq!(certificate.serial(), serial);
    }
}

#[test]
fn tells_an_absent_extension_from_a_malformed_one() {
    let none = CertificateParts::default().parse();
    assert_eq!((none.key_usage(), none.ext_key_usage(), none.basic_constraints()), (None, None, None));
    assert_eq!((none.ski(), none.aki(), none.private_key_usage_period()), (None, None, None));
    let known = [
        oids::KEY_USAGE,
        oids::EXT_KEY_USAGE,
        oids::BASIC_CONSTRAINTS,
        oids::SKI,
        oids::AKI,
        oids::CRL_DP,
        oids::PRIVATE_KEY_USAGE_PERIOD,
        oids::AIA,
        oids::CERT_POLICIES,
    ];
    for oid in known {
        let der = CertificateParts::with(&oid, false, &[5, 0]).der();
        assert!(matches!(Certificate::parse(&der), Err(Asn1Error::UnexpectedTag { found: 5, .. })), "{oid}");
    }
}

#[test]
fn tolerates_unknown_extensions_and_shows_duplicates() {
    let unknown: Oid = "2.999.1".parse().unwrap();
    let extension = Extension::encode(&unknown, true, b"anything");
    let parts = CertificateParts { extensions: vec![extension.clone(), extension], ..Default::default() };
    let certificate = parts.parse();
    assert_eq!(certificate.extensions().count(), 2);
    assert_eq!(certificate.duplicate_extension(), Some(unknown));
    assert_eq!(CertificateParts::default().parse().duplicate_extension(), None);
}

#[test]
fn says_that_critical_false_is_spelled_out() {
    let spelled =
        enc::sequence(&[&enc::oid(&oids::SKI), &enc::boolean(false), &enc::octet_string(&enc::octet_string(&[1]))]);
    let certificate = CertificateParts { extensions: vec![spelled], ..Default::default() }.parse();
    let extension = certificate.extension(&oids::SKI).unwrap();
    assert!(!extension.critical && !extension.is_der());
    assert_eq!(certificate.ski(), Some(&[1][..]));
}

#[test]
fn reads_key_usage_bit_by_bit() {
    let usage = KeyUsage::NON_REPUDIATION | KeyUsage::DIGITAL_SIGNATURE;
    assert_eq!(hex::encode(usage.encode()), "030206c0");
    let read = |value: &[u8]| CertificateParts::with(&oids::KEY_USAGE, true, value).parse().key_usage().unwrap();
    assert_eq!(read(&usage.encode()), usage);
    assert!(usage.digital_signature() && usage.non_repudiation() && !usage.key_cert_sign() && !usage.crl_sign());
    assert_eq!(read(&KeyUsage::DECIPHER_ONLY.encode()), KeyUsage::DECIPHER_ONLY);
    assert_eq!(read(&[3, 2, 1, 6]), KeyUsage::KEY_CERT_SIGN | KeyUsage::CRL_SIGN);
}

#[test]
fn reads_known_extensions() {
    let generalized = |number, seconds| {
        let mut time = enc::generalized_time(seconds).unwrap();
        time[0] = tag::context(number);
        time
    };
    let uri = |uri: &str| enc::implicit_primitive(6, uri.as_bytes());
    let point = |uri: &[u8]| enc::sequence(&[&enc::implicit_constructed(0, &enc::implicit_constructed(0, uri))]);
    let extensions = vec![
        Extension::encode(&oids::BASIC_CONSTRAINTS, true, &enc::sequence(&[&enc::boolean(true), &enc::uint_u64(0)])),
        Extension::encode(&oids::AKI, false, &enc::sequence(&[&enc::implicit_primitive(0, &[1, 2])])),
        Extension::encode(
            &oids::CRL_DP,
            false,
            &enc::sequence(&[&point(&uri("http://a/1")), &point(&uri("http://a/2"))]),
        ),
        Extension::encode(
            &oids::PRIVATE_KEY_USAGE_PERIOD,
            false,
            &enc::sequence(&[&generalized(0, NOON), &generalized(1, NOON + 60)]),
        ),
        Extension::encode(
            &oids::AIA,
            false,
            &enc::sequence(&[&enc::sequence(&[&enc::oid(&oids::AD_CA_ISSUERS), &uri("http://a/ca")])]),
        ),
        Extension::encode(
            &oids::CERT_POLICIES,
            false,
            &enc::sequence(&[&enc::sequence(&[&enc::oid(&oids::NCP_PLUS)])]),
        ),
    ];
    let certificate = CertificateParts { extensions, ..Default::default() }.parse();
    assert_eq!(certificate.basic_constraints(), Some(BasicConstraints { ca: true, path_len: Some(0) }));
    assert_eq!(certificate.aki(), Some(&[1, 2][..]));
    assert_eq!(certificate.crl_distribution_points(), ["http://a/1", "http://a/2"]);
    let period = PrivateKeyUsagePeriod { not_before: Some(NOON), not_after: Some(NOON + 60) };
    assert_eq!(certificate.private_key_usage_period(), Some(period));
    assert_eq!(
        certificate.authority_info_access(),
        [Access { method: oids::AD_CA_ISSUERS, uri: "http://a/ca".into() }]
    );
    assert_eq!(certificate.policies(), [oids::NCP_PLUS]);
}

/// RFC 4514 2.4, and characters that hide or turn text.
#[test]
fn escapes_names() {
    let certificate = CertificateParts::default().parse();
    assert_eq!(certificate.subject(), tsu_name());
    assert_eq!(certificate.subject_text(), "CN=TSU #1\\ ,O=刻印\\, \\E2\\80\\AEK.K.,C=JP");
    let attributes: Vec<_> = certificate.subject_attributes().into_iter().map(|(oid, _)| oid).collect();
    assert_eq!(attributes, [oids::C, oids::O, oids::CN]);
    assert_eq!(certificate.issuer_text(), "CN=CA");
}

/// CERT-02.
#[test]
fn keeps_the_type_of_times() {
    let parts = CertificateParts { not_after: enc::generalized_time(NOON).unwrap(), ..Default::default() };
    let certificate = parts.parse();
    assert_eq!(
        (certificate.not_before_raw()[0], certificate.not_after_raw()[0]),
        (tag::UTC_TIME, tag::GENERALIZED_TIME)
    );
    assert_eq!(certificate.not_after(), NOON);
}

#[test]
fn finds_revoked_certificates() {
    let der = crl(
        &[&entry(&[5], &[&reason(false, 1)]), &entry(&[6], &[])],
        &[&Extension::encode(&oids::CRL_NUMBER, false, &enc::uint_u64(300))],
    );
    let crl = Crl::parse(&der).unwrap();
    assert_eq!(crl.find(&[5]), Some(Revoked { date: NOON - 60, reason: Some(1), invalidity_date: None }));
    assert_eq!(crl.find(&[6]), Some(Revoked { date: NOON - 60, reason: None, invalidity_date: None }));
    assert_eq!(crl.find(&[7]), None);
    assert_eq!((crl.len(), crl.is_empty(), crl.is_delta()), (2, false, false));
    assert_eq!((crl.this_update(), crl.next_update()), (NOON, Some(NOON + 3_600)));
    assert_eq!(crl.crl_number(), Some(&[1, 44][..]));
    assert_eq!(crl.issuer_text(), "CN=CA");
    let other = x509_cert::crl::CertificateList::<x509_cert::certificate::Rfc5280>::from_der(&der).unwrap();
    assert_eq!(crl.tbs(), other.tbs_cert_list.to_der().unwrap());
    assert_eq!(crl.signature(), other.signature.raw_bytes());
}

/// RFC 5280 5.2, 5.3.
#[test]
fn names_critical_extensions_nobody_understands() {
    let unknown: Oid = "2.999.1".parse().unwrap();
    let in_entry = Extension::encode(&oids::CERTIFICATE_ISSUER, true, &enc::sequence(&[]));
    let der = crl(&[&entry(&[5], &[&in_entry])], &[&Extension::encode(&unknown, true, &[])]);
    assert_eq!(Crl::parse(&der).unwrap().unknown_critical_extensions(), [oids::CERTIFICATE_ISSUER, unknown]);
}

#[test]
fn reads_scope_and_delta_of_a_crl() {
    let idp = enc::sequence(&[&enc::implicit_primitive(2, &[0xff]), &enc::implicit_primitive(4, &[0xff])]);
    let der = crl(
        &[],
        &[
            &Extension::encode(&oids::ISSUING_DISTRIBUTION_POINT, true, &idp),
            &Extension::encode(&oids::DELTA_CRL_INDICATOR, true, &enc::uint_u64(7)),
        ],
    );
    let crl = Crl::parse(&der).unwrap();
    let idp = crl.idp().unwrap();
    assert!(idp.only_ca_certs && idp.indirect && !idp.only_user_certs && !idp.only_attribute_certs);
    assert!(crl.is_delta() && crl.delta_base() == Some(&[7]));
    assert!(crl.is_empty() && !crl.has_empty_list() && crl.unknown_critical_extensions().is_empty());
}

#[test]
fn refuses_reasons_that_do_not_exist() {
    for code in [7, 11] {
        let der = crl(&[&entry(&[5], &[&reason(false, code)])], &[]);
        assert!(matches!(Crl::parse(&der), Err(Asn1Error::IntegerOutOfRange { .. })));
    }
}
