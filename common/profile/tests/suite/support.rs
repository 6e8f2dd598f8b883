//! A development CA, the good certificates that tests spoil, and names.

use std::sync::{Arc, LazyLock};

use kokuin_asn1::{Oid, enc, oids};
use kokuin_devca::{DevCa, Subject, Validity, hostile::TestCertificate};
use kokuin_key::{KeyError, KeyId, KeyState, Prepared, Protection, Purpose, Signer, SigningKey};
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

/// A key whose signatures are worth nothing: the checker looks at what is signed only.
#[derive(Debug)]
struct IdleKey {
    id: KeyId,
    spki: Vec<u8>,
}

struct IdleSigner;

impl Signer for IdleSigner {
    fn sign(&mut self, _: Prepared<'_>) -> Result<Vec<u8>, KeyError> {
        Ok(vec![0; 64])
    }
}

impl SigningKey for IdleKey {
    fn id(&self) -> &KeyId {
        &self.id
    }

    fn algorithm(&self) -> KeyAlgorithm {
        KeyAlgorithm::P256
    }

    fn public_key(&self) -> &[u8] {
        &self.spki
    }

    fn purpose(&self) -> Purpose {
        Purpose::Ca
    }

    fn state(&self) -> KeyState {
        KeyState::Active
    }

    fn protection(&self) -> Protection {
        Protection::Software
    }

    fn open(&self) -> Result<Box<dyn Signer>, KeyError> {
        Ok(Box::new(IdleSigner))
    }
}

/// The generator of P-256 (FIPS 186-4 D.1.2.3).
const POINT: &str = "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296\
    4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5";

fn ca_key() -> Arc<dyn SigningKey> {
    let algorithm = enc::sequence(&[&enc::oid(&oids::EC_PUBLIC_KEY), &enc::oid(&oids::P256)]);
    let spki = enc::sequence(&[&algorithm, &enc::bit_string(&hex::decode(POINT).unwrap(), 0)]);
    Arc::new(IdleKey { id: KeyId::new("idle").unwrap(), spki })
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
    let validity =
        if profile.name == "issuing-ca" { Validity::months(NOW, 168) } else { Validity::usual(profile, NOW) };
    let subject = Subject::demo_organization(&profile.name);
    TestCertificate::new(ca(), profile, &subject, ca().key().public_key(), validity).unwrap()
}

/// An identifier under the arc for examples.
pub(crate) fn unknown_oid() -> Oid {
    "2.999.1".parse().unwrap()
}

/// `AttributeTypeAndValue` with a `UTF8String`.
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
    [country, attribute(&oids::O, organization), attribute(&oids::ORG_ID, identifier), attribute(&oids::CN, "Spoiled")]
        .iter()
        .map(|pair| enc::set_of(&[pair]))
        .collect()
}
