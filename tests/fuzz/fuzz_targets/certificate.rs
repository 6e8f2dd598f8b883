//! Certificates, CRLs, and the PEM around them.

#![no_main]

use kokuin_asn1::{Certificate, Crl, Extension, Reader, name, oids, pem, qc::QcStatements};
use kokuin_fuzz::{assert_inside, message::check_algorithm};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(certificate) = Certificate::parse(data) {
        check_certificate(data, &certificate);
    }
    if let Ok(crl) = Crl::parse(data) {
        check_crl(data, &crl);
    }
    if let Ok(blocks) = pem::decode_all(data) {
        let text: String = blocks.iter().map(|block| pem::encode(&block.label, &block.der)).collect();
        assert_eq!(pem::decode_all(text.as_bytes()), Ok(blocks));
    }
});

fn check_certificate(data: &[u8], certificate: &Certificate) {
    let der = certificate.der();
    assert_eq!(der, data);
    assert_inside(der, certificate.tbs());
    let inside = [
        certificate.serial(),
        certificate.issuer(),
        certificate.subject(),
        certificate.spki(),
        certificate.not_before_raw(),
        certificate.not_after_raw(),
    ];
    inside.into_iter().for_each(|part| assert_inside(certificate.tbs(), part));
    assert_inside(der, certificate.signature());
    check_algorithm(der, &certificate.signature_algorithm());
    check_algorithm(certificate.tbs(), &certificate.tbs_signature_algorithm());
    assert!((1..=3).contains(&certificate.version()) && !certificate.serial().is_empty());
    for text in [certificate.subject_text(), certificate.issuer_text()] {
        check_text(&text);
    }
    assert_eq!(certificate.subject_attributes().len(), name::parse(certificate.subject()).expect("read").len());
    for extension in certificate.extensions() {
        check_extension(certificate.tbs(), &extension);
        if extension.oid == oids::QC_STATEMENTS
            && let Ok(statements) = QcStatements::parse(extension.value)
        {
            statements.iter().for_each(|statement| assert_inside(extension.value, statement.raw));
            let _ = (statements.types(), statements.legislations(), statements.disclosure_statements());
            let _ = statements.semantics();
        }
    }
    // Absent means absent: what is there has been read.
    for (oid, is_read) in [
        (oids::KEY_USAGE, certificate.key_usage().is_some()),
        (oids::EXT_KEY_USAGE, certificate.ext_key_usage().is_some()),
        (oids::BASIC_CONSTRAINTS, certificate.basic_constraints().is_some()),
        (oids::SKI, certificate.ski().is_some()),
        (oids::AKI, certificate.authority_key_id().is_some()),
        (oids::PRIVATE_KEY_USAGE_PERIOD, certificate.private_key_usage_period().is_some()),
    ] {
        assert_eq!(certificate.extension(&oid).is_some(), is_read, "{oid}");
    }
    let count = certificate.extensions().count();
    let distinct: std::collections::BTreeSet<_> = certificate.extensions().map(|extension| extension.oid).collect();
    assert_eq!(certificate.duplicate_extension().is_some(), distinct.len() < count);
}

fn check_extension(whole: &[u8], extension: &Extension<'_>) {
    assert_inside(whole, extension.raw);
    assert_inside(extension.raw, extension.value);
    let built = Extension::encode(&extension.oid, extension.critical, extension.value);
    let read = Extension::read(&mut Reader::new(&built, "extension")).expect("what is built is read");
    assert_eq!((&read.oid, read.critical, read.value), (&extension.oid, extension.critical, extension.value));
    assert_eq!(extension.is_der(), built == extension.raw);
}

fn check_crl(data: &[u8], crl: &Crl) {
    assert_eq!(crl.der(), data);
    assert_inside(crl.der(), crl.tbs());
    assert_inside(crl.tbs(), crl.issuer());
    assert_inside(crl.der(), crl.signature());
    check_algorithm(crl.der(), &crl.signature_algorithm());
    check_text(&crl.issuer_text());
    crl.extensions().for_each(|extension| check_extension(crl.tbs(), &extension));
    assert_eq!(crl.revoked().count(), crl.len());
    assert_eq!(crl.is_empty(), crl.len() == 0);
    for (serial, _) in crl.revoked().take(16) {
        assert_inside(crl.tbs(), serial);
        assert!(crl.find(serial).is_some());
    }
}

/// Nothing that a terminal or a reader would take for something else.
fn check_text(text: &str) {
    assert!(!text.chars().any(|character| character.is_control() || ('\u{202a}'..='\u{202e}').contains(&character)));
}
