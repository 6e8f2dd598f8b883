//! A small world to validate in: authorities, a TSU, a sealing organisation, and CMS objects whose every part can be made wrong.

use std::sync::{Arc, LazyLock};

use kokuin_asn1::{Certificate, Crl, Oid, cades, cms::SignedAttributes, enc, oids, tag, tsp};
use kokuin_devca::{DevCa, Revoked, Subject, Validity, hostile::TestCertificate};
use kokuin_key::{KeyError, KeyId, KeyState, Prepared, Protection, Purpose as KeyPurpose, Signer, SigningKey};
use kokuin_profile::Profile;
use kokuin_suite::{CryptoPolicy, DigestAlgorithm, KeyAlgorithm, digest};
use kokuin_suite_openssl::OpenSslEngine;
use kokuin_validate::{
    ControlTime, DetachedData, Purpose, Purposes, Request, SubIndication, TrustStore, ValidationReport, validate,
};
use p256::ecdsa::{DerSignature, SigningKey as P256, signature::Signer as _};

/// 2026-11-23T12:00:00Z.
pub(crate) const NOW: i64 = 1_795_435_200;
pub(crate) const HOUR: i64 = 3_600;
pub(crate) const DAY: i64 = 24 * HOUR;
pub(crate) const YEAR: i64 = 365 * DAY;
pub(crate) const DATA: &[u8] = b"what was stamped and sealed\n";

/// Read once: the mutation tests ask thousands of times.
static POLICY: LazyLock<CryptoPolicy> = LazyLock::new(CryptoPolicy::default);

/// A key made from its name, so that every run has the same bytes.
#[derive(Debug)]
pub(crate) struct TestKey {
    id: KeyId,
    purpose: KeyPurpose,
    key: P256,
    spki: Vec<u8>,
}

pub(crate) fn key(name: &str, purpose: KeyPurpose) -> Arc<TestKey> {
    let key = P256::from_slice(&digest(DigestAlgorithm::Sha256, name.as_bytes())).expect("a scalar");
    let point = key.verifying_key().to_sec1_point(false);
    let algorithm = enc::sequence(&[&enc::oid(&oids::EC_PUBLIC_KEY), &enc::oid(&oids::P256)]);
    let spki = enc::sequence(&[&algorithm, &enc::bit_string(point.as_bytes(), 0)]);
    Arc::new(TestKey { id: KeyId::new(name).expect("a name"), purpose, key, spki })
}

impl TestKey {
    pub(crate) fn sign_bytes(&self, message: &[u8]) -> Vec<u8> {
        let signature: DerSignature = self.key.sign(message);
        signature.as_bytes().to_vec()
    }
}

impl SigningKey for TestKey {
    fn id(&self) -> &KeyId {
        &self.id
    }
    fn algorithm(&self) -> KeyAlgorithm {
        KeyAlgorithm::P256
    }
    fn public_key(&self) -> &[u8] {
        &self.spki
    }
    fn purpose(&self) -> KeyPurpose {
        self.purpose
    }
    fn state(&self) -> KeyState {
        KeyState::Active
    }
    fn protection(&self) -> Protection {
        Protection::Software
    }
    fn open(&self) -> Result<Box<dyn Signer>, KeyError> {
        Ok(Box::new(TestSigner(self.key.clone())))
    }
}

struct TestSigner(P256);

impl Signer for TestSigner {
    fn sign(&mut self, prepared: Prepared<'_>) -> Result<Vec<u8>, KeyError> {
        let signature: DerSignature = self.0.sign(prepared.message());
        Ok(signature.as_bytes().to_vec())
    }
}

/// One organisation with its own root, issuing CA, TSU and seal certificate.
pub(crate) struct World {
    pub(crate) name: &'static str,
    pub(crate) root: DevCa,
    pub(crate) ca: DevCa,
    pub(crate) tsu_key: Arc<TestKey>,
    pub(crate) tsu: Certificate,
    pub(crate) seal_key: Arc<TestKey>,
    pub(crate) seal: Certificate,
}

pub(crate) fn profile(name: &str) -> &'static Profile {
    Profile::by_name(name).expect("a profile that comes with Kokuin")
}

pub(crate) fn world(name: &'static str) -> World {
    let url = "http://127.0.0.1:3162/ca.crl";
    let start = NOW - YEAR;
    let root = DevCa::create(key(&format!("{name}-root"), KeyPurpose::Ca), name, start, url).expect("a root");
    let ca = root.intermediate(key(&format!("{name}-ca"), KeyPurpose::Ca), name, start, url).expect("a CA");
    let tsu_key = key(&format!("{name}-tsu"), KeyPurpose::Tst);
    let seal_key = key(&format!("{name}-seal"), KeyPurpose::Seal);
    let (tsu_profile, seal_profile) = (profile("tsu"), profile("seal-jp"));
    let tsu = ca
        .issue(
            tsu_profile,
            &Subject::demo_organization(name),
            tsu_key.public_key(),
            Validity::usual(tsu_profile, start + DAY),
        )
        .expect("a TSU certificate");
    let seal = ca
        .issue(
            seal_profile,
            &Subject::demo_organization(name),
            seal_key.public_key(),
            Validity::usual(seal_profile, start + DAY),
        )
        .expect("a seal certificate");
    World { name, root, ca, tsu_key, tsu, seal_key, seal }
}

impl World {
    /// The same world with another TSU certificate, made from the usual one.
    pub(crate) fn with_tsu(mut self, change: impl FnOnce(TestCertificate) -> TestCertificate) -> Self {
        self.tsu = self.made("tsu", &self.tsu_key.clone(), change);
        self
    }

    /// The same world with another seal certificate, made from the usual one.
    pub(crate) fn with_seal(mut self, change: impl FnOnce(TestCertificate) -> TestCertificate) -> Self {
        self.seal = self.made("seal-jp", &self.seal_key.clone(), change);
        self
    }

    pub(crate) fn made(
        &self,
        profile_name: &str,
        key: &TestKey,
        change: impl FnOnce(TestCertificate) -> TestCertificate,
    ) -> Certificate {
        let profile = profile(profile_name);
        let validity = Validity::usual(profile, NOW - YEAR + DAY);
        let subject = Subject::demo_organization(self.name);
        let base = TestCertificate::new(&self.ca, profile, &subject, key.public_key(), validity).expect("a template");
        Certificate::parse(&change(base).sign(&self.ca).expect("signed")).expect("a certificate")
    }

    /// Lists of root and CA, one hour old and good for a day, with these revoked.
    pub(crate) fn crls_with(&self, revoked: &[Revoked]) -> Vec<Crl> {
        let at = |ca: &DevCa, revoked: &[Revoked]| {
            Crl::parse(&ca.crl(NOW - HOUR, NOW + DAY, revoked, 1).expect("a list")).expect("a list")
        };
        vec![at(&self.root, &[]), at(&self.ca, revoked)]
    }

    pub(crate) fn crls(&self) -> Vec<Crl> {
        self.crls_with(&[])
    }

    /// This world's root for one purpose.
    pub(crate) fn trust(&self, purpose: Purpose) -> TrustStore {
        let mut trust = TrustStore::new();
        trust.add(self.root.certificate().clone(), Purposes::only(purpose));
        trust
    }

    /// The root for tokens and seals.
    pub(crate) fn trust_both(&self) -> TrustStore {
        let mut trust = self.trust(Purpose::Tsa);
        trust.add(self.root.certificate().clone(), Purposes::only(Purpose::Seal));
        trust
    }

    /// Signer's certificate and issuing CA, as an artefact carries them.
    pub(crate) fn bag(&self, signer: &Certificate) -> Vec<Vec<u8>> {
        vec![signer.der().to_vec(), self.ca.certificate().der().to_vec()]
    }

    /// A token over `data` at `gen_time`, ready to be changed.
    pub(crate) fn token(&self, data: &[u8], gen_time: i64) -> Cms {
        let imprint = tsp::MessageImprint::encode(&oids::SHA256, &digest(DigestAlgorithm::Sha256, data));
        let info = tst_info(&imprint, gen_time);
        Cms {
            content_type: oids::ID_CT_TST_INFO,
            content: Some(info.clone()),
            certificates: self.bag(&self.tsu),
            signers: vec![SignerSpec::new(&self.tsu_key, &self.tsu, &oids::ID_CT_TST_INFO, &info)],
        }
    }

    /// A detached CAdES B-B seal over `data`, ready to be changed.
    pub(crate) fn cades(&self, data: &[u8]) -> Cms {
        let mut signer = SignerSpec::new(&self.seal_key, &self.seal, &oids::ID_DATA, data);
        signer.attributes.push(cades::signing_time(NOW - HOUR).expect("a time"));
        Cms { content_type: oids::ID_DATA, content: None, certificates: self.bag(&self.seal), signers: vec![signer] }
    }

    /// The same with a time-stamp by `tsa` over its signature value.
    pub(crate) fn cades_t(&self, data: &[u8], tsa: &Self, gen_time: i64) -> Cms {
        let mut cms = self.cades(data);
        let value = cms.signers[0].signature();
        let token = tsa.token(&value, gen_time).build();
        cms.signers[0].unsigned.push(cades::attribute(&oids::SIGNATURE_TIME_STAMP, &token));
        cms
    }
}

pub(crate) fn tst_info(imprint: &[u8], gen_time: i64) -> Vec<u8> {
    let policy: Oid = "2.999.3161.1".parse().expect("an OID");
    let parts = tsp::TstInfoParts {
        policy: &policy,
        imprint,
        serial: &[0x11, 0x22, 0x33],
        gen_time: tsp::GenTime::from_unix_micros(gen_time * 1_000_000 + 250_000).expect("a time"),
        accuracy: Some(tsp::Accuracy::from_micros(1_000_000)),
        ordering: false,
        nonce: None,
        tsa: None,
        extensions: &[],
    };
    parts.encode()
}

/// A `ContentInfo` in parts; nothing is sorted or checked when it is built.
#[derive(Clone)]
pub(crate) struct Cms {
    pub(crate) content_type: Oid,
    pub(crate) content: Option<Vec<u8>>,
    /// In this order.
    pub(crate) certificates: Vec<Vec<u8>>,
    /// In this order.
    pub(crate) signers: Vec<SignerSpec>,
}

/// One `SignerInfo` in parts.
#[derive(Clone)]
pub(crate) struct SignerSpec {
    pub(crate) key: Arc<TestKey>,
    /// Named by the unsigned identifier.
    pub(crate) sid: Certificate,
    /// Signed attributes, sorted when built; `None` leaves them out and signs `signed_directly`.
    pub(crate) attributes: Vec<Vec<u8>>,
    pub(crate) signed_directly: Option<Vec<u8>>,
    pub(crate) unsigned: Vec<Vec<u8>>,
    /// Instead of a real one.
    pub(crate) value: Option<Vec<u8>>,
}

impl SignerSpec {
    pub(crate) fn new(key: &Arc<TestKey>, certificate: &Certificate, content_type: &Oid, content: &[u8]) -> Self {
        let algorithm = DigestAlgorithm::Sha256.algorithm_id_der();
        let hash = digest(DigestAlgorithm::Sha256, certificate.der());
        Self {
            key: Arc::clone(key),
            sid: certificate.clone(),
            attributes: vec![
                cades::content_type(content_type),
                cades::message_digest(&digest(DigestAlgorithm::Sha256, content)),
                cades::signing_certificate_v2(certificate, &algorithm, &hash),
            ],
            signed_directly: None,
            unsigned: Vec::new(),
            value: None,
        }
    }

    pub(crate) fn set(&self) -> Vec<u8> {
        self.attributes.iter().fold(SignedAttributes::new(), |set, each| set.with(each.clone())).der_set()
    }

    pub(crate) fn signature(&self) -> Vec<u8> {
        self.value.clone().unwrap_or_else(|| match &self.signed_directly {
            Some(content) => self.key.sign_bytes(content),
            None => self.key.sign_bytes(&self.set()),
        })
    }

    fn encode(&self) -> Vec<u8> {
        let sid = enc::sequence(&[self.sid.issuer(), &enc::integer(self.sid.serial())]);
        let attributes = match self.signed_directly {
            Some(_) => Vec::new(),
            None => {
                let mut set = self.set();
                set[0] = tag::context_constructed(0);
                set
            }
        };
        let unsigned: Vec<&[u8]> = self.unsigned.iter().map(Vec::as_slice).collect();
        let unsigned =
            if unsigned.is_empty() { Vec::new() } else { enc::constructed(tag::context_constructed(1), &unsigned) };
        enc::sequence(&[
            &enc::uint_u64(1),
            &sid,
            &DigestAlgorithm::Sha256.algorithm_id_der(),
            &attributes,
            &enc::sequence(&[&enc::oid(&oids::ECDSA_WITH_SHA256)]),
            &enc::octet_string(&self.signature()),
            &unsigned,
        ])
    }
}

impl Cms {
    pub(crate) fn build(&self) -> Vec<u8> {
        let content =
            self.content.as_ref().map(|content| enc::explicit(0, &enc::octet_string(content))).unwrap_or_default();
        let certificates: Vec<&[u8]> = self.certificates.iter().map(Vec::as_slice).collect();
        let certificates = if certificates.is_empty() {
            Vec::new()
        } else {
            enc::constructed(tag::context_constructed(0), &certificates)
        };
        let signers: Vec<Vec<u8>> = self.signers.iter().map(SignerSpec::encode).collect();
        let signers: Vec<&[u8]> = signers.iter().map(Vec::as_slice).collect();
        let signed_data = enc::sequence(&[
            &enc::uint_u64(3),
            &enc::constructed(tag::SET, &[&DigestAlgorithm::Sha256.algorithm_id_der()]),
            &enc::sequence(&[&enc::oid(&self.content_type), &content]),
            &certificates,
            &enc::constructed(tag::SET, &signers),
        ]);
        enc::sequence(&[&enc::oid(&oids::ID_SIGNED_DATA), &enc::explicit(0, &signed_data)])
    }
}

/// What a validation is made with; `run` makes it.
pub(crate) struct Asked<'a> {
    pub(crate) artifact: &'a [u8],
    pub(crate) data: Option<&'a [u8]>,
    pub(crate) trust: &'a TrustStore,
    pub(crate) intermediates: &'a [Certificate],
    pub(crate) crls: &'a [Crl],
    pub(crate) at: ControlTime,
}

impl<'a> Asked<'a> {
    pub(crate) const fn new(artifact: &'a [u8], trust: &'a TrustStore, crls: &'a [Crl]) -> Self {
        Self { artifact, data: Some(DATA), trust, intermediates: &[], crls, at: ControlTime::now(NOW) }
    }

    pub(crate) fn run(&self) -> ValidationReport {
        self.run_with(|_| {})
    }

    pub(crate) fn run_with(&self, change: impl FnOnce(&mut Request<'_>)) -> ValidationReport {
        let mut request = Request::new(self.artifact, self.trust, &OpenSslEngine, &POLICY, self.at);
        request.data = self.data.map(DetachedData::Bytes);
        request.intermediates = self.intermediates;
        request.crls = self.crls;
        change(&mut request);
        validate(&request)
    }
}

/// Status and sub-indication in one line, as `INDETERMINATE TRY_LATER`; a pass has no second word.
pub(crate) fn verdict(report: &ValidationReport) -> String {
    let sub = report.overall.sub_indication.map_or("", SubIndication::name);
    format!("{} {sub}", report.status()).trim_end().to_owned()
}

/// Whether the check `id` is in the report with `outcome`, as JSON spells it.
pub(crate) fn has_check(report: &ValidationReport, id: &str, outcome: &str) -> bool {
    report
        .overall
        .checks
        .iter()
        .any(|check| check.id == id && serde_json::to_value(check.outcome).expect("a name") == *outcome)
}
