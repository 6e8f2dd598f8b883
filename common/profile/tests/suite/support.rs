//! A development CA, the good certificates that tests spoil, and names.
use std::{
    fs,
    os::unix::fs::OpenOptionsExt,
    sync::{Arc, LazyLock},
};

use kokuin_asn1::{Oid, enc, oids};
use kokuin_devca::{DevCa, Subject, Validity, hostile::TestCertificate};
use kokuin_hsm_config::soft::SoftStore;
use kokuin_key::{KeyId, Purpose, SigningKey};
use kokuin_profile::Profile;
use kokuin_suite::KeyAlgorithm;

/// 2026-11-23T00:00:00Z.
pub(crate) const NOW: i64 = 1_795_392_000;

static CA: LazyLock<DevCa> = LazyLock::new(|| {
    DevCa::create(ca_key(), "Test Root", NOW, "http://127.0.0.1:3161/ca/root.crl")
        .unwrap()
        .with_issuer_url("http://127.0.0.1:3161/ca/root.cer")
});

/// A CA whose key lives as long as the test.
pub(crate) fn ca() -> &'static DevCa {
    &CA
}

fn ca_key() -> Arc<dyn SigningKey> {
    use std::io::Write;

    let dir = tempfile::tempdir().unwrap().keep();
    let passphrase = dir.join("passphrase");
    let mut file = fs::OpenOptions::new().create_new(true).write(true).mode(0o600).open(&passphrase).unwrap();
    file.write_all(b"correct horse battery staple").unwrap();
    let store = SoftStore::open(&dir.join("keys"), &passphrase).unwrap();
    let key = store.create(&KeyId::parse("test-root").unwrap(), KeyAlgorithm::P256, Purpose::Ca).unwrap();
    fs::remove_dir_all(dir).unwrap();
    key
}

/// What the CA would issue under `profile`.
pub(crate) fn good(profile: &Profile) -> TestCertificate {
    if profile.name == "dev-root" {
        let mut root = TestCertificate::new(
            ca(),
            profile,
            &Subject { organization_identifier: None, ..Subject::demo_organization("Root") },
            ca().key().public_key(),
            Validity::months(NOW, 168),
        )
        .unwrap()
        .without(&oids::AKI);
        root.fields.issuer.clone_from(&root.fields.subject);
        return root;
    }
    let validity = if profile.name == "issuing-ca" { Validity::months(NOW, 168) } else { Validity::usual(profile, NOW) };
    let subject = Subject::demo_organization(&profile.name);
    TestCertificate::new(ca(), profile, &subject, ca().key().public_key(), validity).unwrap()
}

/// An identifier under the arc for examples.
pub(crate) fn unknown_oid() -> Oid {
    "2.999.1".parse().unwrap()
}

/// AttributeTypeAndValue with a UTF8String.
pub(crate) fn attribute(oid: &Oid, text: &str) -> Vec<u8> {
    enc::sequence(&[&enc::oid(oid), &enc::utf8_string(text)])
}

/// Name of encoded relative distinguished names.
pub(crate) fn name(rdns: &[Vec<u8>]) -> Vec<u8> {
    let rdns: Vec<&[u8]> = rdns.iter().map(Vec::as_slice).collect();
    enc::sequence(&rdns)
}

/// Relative distinguished names of an organisation.
pub(crate) fn subject_name(country: &str, organization: &str, identifier: &str) -> Vec<Vec<u8>> {
    let country = enc::sequence(&[&enc::oid(&oids::C), &enc::printable_string(country)]);
    [
        country,
        attribute(&oids::O, organization),
        attribute(&oids::ORG_ID, identifier),
        attribute(&oids::CN, "Spoiled"),
    ]
    .iter()
    .map(|pair| enc::set_of(&[pair]))
    .collect()
}
