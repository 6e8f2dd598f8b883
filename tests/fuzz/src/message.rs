//! Invariants of `SignedData`, for every target that meets one.

use kokuin_asn1::{
    AlgorithmId, cades,
    cms::{Attributes, SignedData, SignerId, SignerInfo, add_validation_material, insert_unsigned_attribute_at},
    enc,
    ess::{SigningCertificate, SigningCertificateV2},
    oids,
};

use crate::assert_inside;

/// Checks everything that must hold of a message that was read.
///
/// # Panics
/// If something does not.
pub fn check(message: &[u8], signed_data: &SignedData<'_>) {
    assert_eq!(signed_data.raw, message);
    let whole = signed_data.raw;
    assert_inside(whole, signed_data.encapsulated);
    assert_inside(signed_data.encapsulated, signed_data.content.unwrap_or_default());
    for choice in &signed_data.certificates {
        assert_inside(signed_data.certificates_raw.unwrap_or_default(), choice.raw());
    }
    for choice in &signed_data.crls {
        assert_inside(signed_data.crls_raw.unwrap_or_default(), choice.raw());
    }
    for signer in &signed_data.signer_infos {
        check_signer(whole, signer);
    }
    check_additions(signed_data);
}

fn check_signer(whole: &[u8], signer: &SignerInfo<'_>) {
    assert_inside(whole, signer.raw);
    assert_inside(signer.raw, signer.fixed);
    assert_inside(signer.fixed, signer.sid_raw);
    assert_inside(signer.fixed, signer.signature);
    match signer.sid {
        SignerId::IssuerSerial { issuer, serial } => {
            assert_inside(signer.sid_raw, issuer);
            assert_inside(signer.sid_raw, serial);
        }
        SignerId::KeyId(key_id) => assert_inside(signer.sid_raw, key_id),
    }
    for algorithm in [&signer.digest_algorithm, &signer.signature_algorithm] {
        check_algorithm(signer.fixed, algorithm);
    }
    if let Some(attributes) = &signer.signed_attrs {
        assert!(!attributes.is_empty());
        check_attributes(signer.fixed, attributes);
        let set = attributes.as_set_of();
        let again = Attributes::parse_set(&set).expect("what was read is read again");
        assert!(again.iter().map(|attribute| attribute.raw).eq(attributes.iter().map(|attribute| attribute.raw)));
    }
    if let Some(attributes) = &signer.unsigned_attrs {
        check_attributes(signer.raw, attributes);
    }
}

fn check_attributes(whole: &[u8], attributes: &Attributes<'_>) {
    assert_inside(whole, attributes.raw);
    for attribute in attributes {
        assert_inside(attributes.raw, attribute.raw);
        for value in &attribute.values {
            assert_inside(attribute.raw, value);
            check_value(value);
        }
    }
    let _ = cades::parse_content_type(attributes);
    let _ =
        cades::parse_message_digest(attributes).map(|digest| assert_inside(attributes.raw, digest.unwrap_or_default()));
    let _ = cades::parse_signing_time(attributes);
    if let Ok(Some(protection)) = cades::parse_cms_algorithm_protection(attributes) {
        check_algorithm(attributes.raw, &protection.digest_algorithm);
        assert_inside(attributes.raw, protection.signature_algorithm.raw);
    }
}

fn check_value(value: &[u8]) {
    if let Ok(read) = SigningCertificate::parse(value) {
        assert!(!read.certs.is_empty() && read.certs.iter().all(|cert| cert.hash_algorithm.is_none()));
        read.certs.iter().for_each(|cert| assert_inside(value, cert.raw));
    }
    if let Ok(read) = SigningCertificateV2::parse(value) {
        assert!(!read.certs.is_empty());
        for cert in &read.certs {
            assert_inside(cert.raw, cert.hash);
            if let Some(issuer_serial) = &cert.issuer_serial {
                assert_inside(cert.raw, issuer_serial.raw);
                assert_inside(issuer_serial.issuer, issuer_serial.issuer_name.unwrap_or_default());
            }
        }
    }
}

/// Checks an algorithm identifier, and that its parts make it again.
///
/// # Panics
/// If they do not.
pub fn check_algorithm(whole: &[u8], algorithm: &AlgorithmId<'_>) {
    assert_inside(whole, algorithm.raw);
    let built = enc::sequence(&[&enc::oid(&algorithm.oid), algorithm.parameters.unwrap_or_default()]);
    assert_eq!(built, algorithm.raw);
    let dotted = algorithm.oid.to_string();
    assert_eq!(dotted.parse().as_ref(), Ok(&algorithm.oid), "{dotted}");
}

/// What is added is found again, and everything else keeps its octets.
fn check_additions(signed_data: &SignedData<'_>) {
    let value = enc::octet_string(b"added");
    for (index, signer) in signed_data.signer_infos.iter().enumerate().take(2) {
        let Ok(added) = insert_unsigned_attribute_at(signed_data.raw, index, &oids::SIGNATURE_TIME_STAMP, &value)
        else {
            panic!("what was read can be added to");
        };
        // One attribute more may be one too many.
        let before = signer.unsigned_attrs.as_ref().map_or(0, Attributes::len);
        let Ok(read) = SignedData::parse(&added) else {
            assert!(before >= 256, "what was added to is read");
            continue;
        };
        assert_eq!(read.encapsulated, signed_data.encapsulated);
        assert_eq!(read.certificates_raw, signed_data.certificates_raw);
        assert_eq!(read.crls_raw, signed_data.crls_raw);
        assert_eq!(read.signer_infos.len(), signed_data.signer_infos.len());
        let changed = &read.signer_infos[index];
        assert_eq!(changed.fixed, signer.fixed);
        let attributes = changed.unsigned_attrs.as_ref().expect("one was added");
        assert_eq!(attributes.len(), before + 1);
        assert!(attributes.all(&oids::SIGNATURE_TIME_STAMP).iter().any(|attribute| attribute.values == [&value[..]]));
    }
    let unchanged = add_validation_material(signed_data.raw, &[], &[]).expect("what was read can be added to");
    let unchanged = SignedData::parse(&unchanged).expect("nothing was added");
    assert_eq!(unchanged.signer_infos, signed_data.signer_infos);
    assert_eq!(unchanged.certificates_raw, signed_data.certificates_raw);
    assert!(unchanged.version >= signed_data.version);
}
