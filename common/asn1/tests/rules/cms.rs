//! RFC 5652 and the attributes of CAdES.

use kokuin_asn1::{
    Asn1Error, cades,
    cms::{
        Attributes, CertificateChoice, RevocationChoice, SignedData, SignedDataParts, SignerId, SignerIdParts,
        SignerParts, add_validation_material, build_signed_data, insert_unsigned_attribute,
        insert_unsigned_attribute_at,
    },
    enc,
    ess::{SigningCertificate, SigningCertificateV2},
    oids, tag,
};

use crate::fixture::{CertificateParts, NOON, algorithm, crl, signed_attributes, token, tst_info};

/// The token of the fixture from [`build_signed_data`], with `signers` signatures.
fn built(signers: usize, certificates: &[&[u8]], crls: &[&[u8]]) -> Vec<u8> {
    let certificate = CertificateParts::default().parse();
    let set = signed_attributes(&certificate).der_set();
    let (sha256, ecdsa) = (algorithm(&oids::SHA256), algorithm(&oids::ECDSA_WITH_SHA256));
    let signer = SignerParts {
        sid: SignerIdParts::IssuerSerial { issuer: certificate.issuer(), serial: certificate.serial() },
        digest_algorithm: &sha256,
        signed_attributes: Some(&set),
        signature_algorithm: &ecdsa,
        signature: &[0x30, 0],
        unsigned_attributes: &[],
    };
    build_signed_data(&SignedDataParts {
        digest_algorithms: &[&sha256],
        content_type: &oids::ID_CT_TST_INFO,
        content: Some(&tst_info()),
        certificates,
        crls,
        signers: &vec![signer; signers],
    })
}

#[test]
fn template_writes_what_the_builder_writes() {
    let certificate = CertificateParts::default().der();
    assert_eq!(token(), built(1, &[&certificate], &[]));
}

/// TSP-30, TSP-31, TSP-32, CAD-01, CAD-02.
#[test]
fn splits_the_token_it_builds() {
    let token = token();
    let certificate = CertificateParts::default().parse();
    let signed_data = SignedData::parse(&token).unwrap();
    assert_eq!(signed_data.version, 3);
    assert_eq!(signed_data.content_type, oids::ID_CT_TST_INFO);
    assert_eq!(signed_data.content, Some(&tst_info()[..]));
    assert_eq!(signed_data.certificates, [CertificateChoice::Certificate(certificate.der())]);
    let signer = signed_data.only_signer().unwrap();
    assert_eq!(signer.version, 1);
    assert_eq!(signer.sid, SignerId::IssuerSerial { issuer: certificate.issuer(), serial: certificate.serial() });
    assert_eq!(signer.signature, [0x30, 0]);
    let attributes = signer.signed_attrs.as_ref().unwrap();
    assert_eq!(attributes.raw[0], 0xa0);
    assert!(attributes.is_der_sorted());
    assert_eq!(attributes.as_set_of(), signed_attributes(&certificate).der_set());
    assert_eq!(cades::parse_content_type(attributes).unwrap(), Some(oids::ID_CT_TST_INFO));
    assert_eq!(cades::parse_message_digest(attributes).unwrap(), Some(&[7; 32][..]));
    assert_eq!(cades::parse_signing_time(attributes).unwrap(), None);

    let value = attributes.single(&oids::SIGNING_CERTIFICATE_V2).unwrap().unwrap();
    let ess = SigningCertificateV2::parse(value).unwrap();
    let [cert_id] = ess.certs.as_slice() else { panic!("one certificate") };
    assert_eq!(cert_id.hash_algorithm, None, "SHA-256 is the default (TSP-32)");
    assert_eq!(cert_id.hash, certificate.sha256());
    let issuer_serial = cert_id.issuer_serial.as_ref().unwrap();
    assert_eq!(issuer_serial.issuer_name, Some(certificate.issuer()));
    assert_eq!(issuer_serial.serial, certificate.serial());
}

#[test]
fn names_the_hash_that_is_not_the_default() {
    let certificate = CertificateParts::default().parse();
    let value = SigningCertificateV2::encode(&certificate, &algorithm(&oids::SHA512), &[1; 64]);
    let ess = SigningCertificateV2::parse(&value).unwrap();
    assert_eq!(ess.certs[0].hash_algorithm.as_ref().unwrap().oid, oids::SHA512);
    assert!(SigningCertificate::parse(&value).is_err(), "version 1 has no algorithm");
}

/// TSP-07.
#[test]
fn leaves_certificates_out() {
    let der = built(1, &[], &[]);
    let signed_data = SignedData::parse(&der).unwrap();
    assert_eq!((signed_data.certificates_raw, signed_data.certificates), (None, vec![]));
}

/// X.690 11.6.
#[test]
fn sorts_and_deduplicates_sets() {
    let (first, second) =
        (CertificateParts::default().der(), CertificateParts { serial: vec![1], ..Default::default() }.der());
    let der = built(1, &[&first, &second, &first], &[]);
    assert_eq!(der, built(1, &[&second, &first], &[]));
    let signed_data = SignedData::parse(&der).unwrap();
    assert!(signed_data.certificates.is_sorted_by_key(CertificateChoice::raw));
    assert_eq!(signed_data.certificates.len(), 2);
}

/// RFC 5652 5.1.
#[test]
fn version_follows_the_content() {
    let version =
        |certificates: &[&[u8]], crls: &[&[u8]]| SignedData::parse(&built(1, certificates, crls)).unwrap().version;
    let other_rev_info =
        enc::implicit_constructed(1, &[enc::oid(&oids::RI_OCSP_RESPONSE), enc::sequence(&[])].concat());
    assert_eq!(version(&[], &[]), 3);
    assert_eq!(version(&[&[0xa1, 0]], &[]), 3);
    assert_eq!(version(&[&[0xa2, 0]], &[]), 4);
    assert_eq!(version(&[&[0xa2, 0], &[0xa3, 0]], &[]), 5);
    assert_eq!(version(&[], &[&other_rev_info]), 5);
}

#[test]
fn keeps_certificates_and_revocation_information_of_every_kind() {
    let other_rev_info =
        enc::implicit_constructed(1, &[enc::oid(&oids::RI_OCSP_RESPONSE), enc::sequence(&[])].concat());
    let crl = crl(&[], &[]);
    let der = built(1, &[&[0xa0, 0], &[0xa1, 0], &[0xa2, 0], &[0xa3, 0]], &[&crl, &other_rev_info]);
    let signed_data = SignedData::parse(&der).unwrap();
    let expected = [
        CertificateChoice::Extended(&[0xa0, 0]),
        CertificateChoice::AttributeV1(&[0xa1, 0]),
        CertificateChoice::AttributeV2(&[0xa2, 0]),
        CertificateChoice::Other(&[0xa3, 0]),
    ];
    assert_eq!(signed_data.certificates, expected);
    let other = RevocationChoice::Other { raw: &other_rev_info, format: oids::RI_OCSP_RESPONSE, info: &[0x30, 0] };
    assert_eq!(signed_data.crls, [RevocationChoice::Crl(&crl), other]);
    assert!(SignedData::parse(&built(1, &[&[0xa4, 0]], &[])).is_err());
}

#[test]
fn refuses_another_content_type_and_version() {
    let mut der = token();
    let version_at = der.windows(3).position(|window| window == [2, 1, 3]).unwrap();
    der[version_at + 2] = 6;
    assert!(matches!(SignedData::parse(&der), Err(Asn1Error::UnsupportedVersion { found: 6, .. })));
    let data = enc::sequence(&[&enc::oid(&oids::ID_DATA), &enc::explicit(0, &enc::octet_string(&[]))]);
    let refusal = Asn1Error::ContentType { expected: oids::ID_SIGNED_DATA, found: oids::ID_DATA };
    assert_eq!(SignedData::parse(&data), Err(refusal));
}

/// TSP-31.
#[test]
fn only_signer_is_the_only_one() {
    for (signers, expected) in
        [(0, Err(Asn1Error::SignerCount { found: 0 })), (1, Ok(())), (2, Err(Asn1Error::SignerCount { found: 2 }))]
    {
        let der = built(signers, &[], &[]);
        assert_eq!(SignedData::parse(&der).unwrap().only_signer().map(|_| ()), expected);
    }
}

/// CAD-02.
#[test]
fn refuses_attributes_repeated_or_with_several_values() {
    let digest = cades::message_digest(&[1; 32]);
    let other = cades::message_digest(&[2; 32]);
    let set = enc::set_of(&[&digest, &other]);
    let attributes = Attributes::parse_set(&set).unwrap();
    let repeated = Asn1Error::AttributeRepeated { oid: oids::MESSAGE_DIGEST, found: 2 };
    assert_eq!(cades::parse_message_digest(&attributes), Err(repeated));
    for (values, found) in [(&[][..], 0), (&[4, 0, 4, 0][..], 2)] {
        let set = enc::set_of(&[&cades::attribute(&oids::MESSAGE_DIGEST, values)]);
        let attributes = Attributes::parse_set(&set).unwrap();
        let refusal = Asn1Error::AttributeValueCount { oid: oids::MESSAGE_DIGEST, found };
        assert_eq!(cades::parse_message_digest(&attributes), Err(refusal));
    }
}

/// CAD-04, RFC 5652 11.3.
#[test]
fn reads_the_attributes_it_writes() {
    let (sha512, ml_dsa) = (algorithm(&oids::SHA512), algorithm(&oids::ML_DSA_65));
    let set = enc::set_of(&[&cades::cms_algorithm_protection(&sha512, &ml_dsa), &cades::signing_time(NOON).unwrap()]);
    let attributes = Attributes::parse_set(&set).unwrap();
    assert_eq!(cades::parse_signing_time(&attributes).unwrap(), Some(NOON));
    let protection = cades::parse_cms_algorithm_protection(&attributes).unwrap().unwrap();
    assert_eq!(protection.digest_algorithm.oid, oids::SHA512);
    assert_eq!(protection.signature_algorithm.oid, oids::ML_DSA_65);
    assert_eq!(protection.signature_algorithm.raw[0], 0xa1);
    let late = cades::signing_time(2_524_608_000).unwrap();
    assert!(late.windows(2).any(|window| window == [tag::GENERALIZED_TIME, 15]), "from 2050");
}

/// CAD-12: what is signed and what was there keep their octets.
#[test]
fn inserts_unsigned_attributes_and_preserves_the_rest() {
    let before = token();
    let value = enc::octet_string(&[9; 300]);
    let after = insert_unsigned_attribute(&before, &oids::SIGNATURE_TIME_STAMP, &value).unwrap();
    let (old, new) = (SignedData::parse(&before).unwrap(), SignedData::parse(&after).unwrap());
    assert_eq!(new.only_signer().unwrap().fixed, old.only_signer().unwrap().fixed);
    assert_eq!((new.encapsulated, new.certificates_raw), (old.encapsulated, old.certificates_raw));
    let unsigned = new.only_signer().unwrap().unsigned_attrs.as_ref().unwrap();
    assert_eq!(unsigned.single(&oids::SIGNATURE_TIME_STAMP), Ok(Some(&value[..])));

    let small = enc::octet_string(&[1]);
    let twice = insert_unsigned_attribute(&after, &oids::SIGNATURE_TIME_STAMP, &small).unwrap();
    let twice = SignedData::parse(&twice).unwrap();
    let unsigned = twice.only_signer().unwrap().unsigned_attrs.as_ref().unwrap();
    assert!(unsigned.is_der_sorted());
    let values: Vec<_> =
        unsigned.all(&oids::SIGNATURE_TIME_STAMP).iter().map(|attribute| attribute.values.clone()).collect();
    assert_eq!(values, [vec![&small[..]], vec![&value[..]]]);
}

#[test]
fn inserts_into_the_signature_asked_for() {
    let two = built(2, &[], &[]);
    assert_eq!(
        insert_unsigned_attribute(&two, &oids::SIGNATURE_TIME_STAMP, &[5, 0]),
        Err(Asn1Error::SignerCount { found: 2 })
    );
    assert_eq!(
        insert_unsigned_attribute_at(&two, 2, &oids::SIGNATURE_TIME_STAMP, &[5, 0]),
        Err(Asn1Error::SignerCount { found: 2 })
    );
    let der = insert_unsigned_attribute_at(&two, 1, &oids::SIGNATURE_TIME_STAMP, &[5, 0]).unwrap();
    let signed_data = SignedData::parse(&der).unwrap();
    let [first, second] = signed_data.signer_infos.as_slice() else { panic!("two signatures") };
    assert!(first.unsigned_attrs.is_none() && second.unsigned_attrs.is_some());
}

/// CAD-13.
#[test]
fn adds_validation_material_once() {
    let before = token();
    let own = CertificateParts::default().der();
    let issuer = CertificateParts { serial: vec![1], ..Default::default() }.der();
    let crl = crl(&[], &[]);
    let after = add_validation_material(&before, &[&issuer, &own], &[&crl]).unwrap();
    let (old, new) = (SignedData::parse(&before).unwrap(), SignedData::parse(&after).unwrap());
    assert_eq!((new.certificates.len(), new.crls.len(), new.version), (2, 1, 3));
    assert_eq!(new.signer_infos, old.signer_infos);
    assert_eq!(add_validation_material(&after, &[&issuer], &[&crl]).unwrap(), after);
    assert_eq!(add_validation_material(&before, &[], &[]).unwrap(), before);
}
