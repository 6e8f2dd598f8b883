//! A service with everything real: keys, log, database, routes.

use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use actix_web::{
    App,
    dev::Payload,
    http::StatusCode,
    test::{TestRequest, call_service, init_service, read_body},
};
use kokuin_asn1::Certificate;
use kokuin_audit::{
    Entry, Log, LogName, LogOptions, LogRead as _, Origin, TenantSecret,
    entry::{Digest, LogTime},
    storage::memory::MemoryStore,
};
use kokuin_devca::{DevCa, Subject, Validity};
use kokuin_eseal::{Config, Parts, SCOPE_READ, SCOPE_SEAL, Service, StartError, Tsa, routes};
use kokuin_fetch::{Client, Limits as FetchLimits, Reach};
use kokuin_key::{Purpose, SigningKey};
use kokuin_profile::Profile;
use kokuin_store::{Database, SealRepository, TokenKey, TokenRecord, TokenRepository};
use kokuin_suite::{CryptoPolicy, KeyAlgorithm};
use kokuin_suite_openssl::OpenSslEngine;
use kokuin_validate::{Purposes, TrustStore};
use kokuin_web::{Limits, LogRoutes, metrics::Registry};
use tempfile::TempDir;

use crate::{fake_tsa::FakeTsa, moved_clock::MovedClock, test_key::TestKey};

/// Tokens of the tests: who may seal, who may read, who is of another tenant.
pub(crate) const SEALER: &str = "opens-to-seal";
pub(crate) const READER: &str = "opens-to-read";
pub(crate) const STRANGER: &str = "opens-elsewhere";

pub(crate) fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

pub(crate) fn ca(name: &str) -> DevCa {
    let key = Arc::new(TestKey::new(name, KeyAlgorithm::P256, Purpose::Ca));
    DevCa::create(key, "Test root", now() - 86_400, "http://127.0.0.1/root.crl").unwrap()
}

pub(crate) fn certify(ca: &DevCa, profile: &str, key: &dyn SigningKey) -> Certificate {
    let profile = Profile::by_name(profile).unwrap();
    let subject = Subject::demo_organization("Test");
    ca.issue(profile, &subject, key.public_key(), Validity::usual(profile, now() - 86_400)).unwrap()
}

fn trust(root: &Certificate) -> TrustStore {
    let mut trust = TrustStore::new();
    trust.add(root.clone(), Purposes::all());
    trust
}

/// How a service is made.
pub(crate) struct Setup {
    pub(crate) key: Arc<TestKey>,
    pub(crate) certificates: Vec<Certificate>,
    pub(crate) tsa_root: Certificate,
    pub(crate) tsa: FakeTsa,
    pub(crate) has_tsa: bool,
    pub(crate) root: Certificate,
    pub(crate) clock: Arc<MovedClock>,
}

impl Default for Setup {
    fn default() -> Self {
        let ca = ca("ca");
        let key = Arc::new(TestKey::new("seal", KeyAlgorithm::P256, Purpose::Seal));
        let certificates = vec![certify(&ca, "seal-jp", key.as_ref()), ca.certificate().clone()];
        let tsu: Arc<dyn SigningKey> = Arc::new(TestKey::new("tsu", KeyAlgorithm::P256, Purpose::Tst));
        let tsa = FakeTsa::start(Arc::clone(&tsu), certify(&ca, "tsu", tsu.as_ref()));
        let root = ca.certificate().clone();
        let clock = Arc::new(MovedClock::default());
        Self { key, certificates, tsa_root: root.clone(), tsa, has_tsa: true, root, clock }
    }
}

impl Setup {
    pub(crate) fn try_start(self) -> Result<Bench, StartError> {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(&folder.path().join("seals.db")).unwrap();
        let store = MemoryStore::new();
        let options = LogOptions {
            origin: Origin::new("log.example/seals").unwrap(),
            name: LogName::new("seals").unwrap(),
            key: Arc::new(TestKey::new("log", KeyAlgorithm::Ed25519, Purpose::Log)),
            engine: Arc::new(OpenSslEngine),
            checkpoint_interval: Duration::from_millis(20),
        };
        let log =
            Log::open(options, Box::new(store.clone()), Arc::new(store.clone()), Box::new(store.clone())).unwrap();
        let token_key = TokenKey::new([7; 32]);
        let tokens = TokenRepository::new(database.clone());
        let granted = [
            (SEALER, "sealer", "demo", SCOPE_SEAL),
            (READER, "reader", "demo", SCOPE_READ),
            (STRANGER, "other", "other", SCOPE_SEAL),
        ];
        for (token, actor, tenant, scope) in granted {
            let record = TokenRecord {
                id: format!("token of {actor}"),
                tenant: tenant.to_owned(),
                actor: actor.to_owned(),
                scopes: vec![scope.to_owned()],
                created: LogTime::system_now(),
                expires: None,
                revoked: None,
            };
            tokens.insert(&token_key.hash(token.as_bytes()), &record).unwrap();
        }
        let file = |name: &str| PathBuf::from(name);
        let mut config = Config::development("soft:seal", file("seal.pem"), file("root.pem"), &self.tsa.url);
        config.document_limit = kokuin_settings::ByteSize::from_bytes(100_000);
        let tsa = self.has_tsa.then(|| Tsa {
            client: Client::new(FetchLimits::TSP.with_reach(Reach::LOOPBACK)),
            url: self.tsa.url.parse().unwrap(),
            policy: None,
            bearer: None,
            tolerance: Duration::from_secs(60),
            trust: trust(&self.tsa_root),
        });
        let registry = Registry::new();
        let key: Arc<dyn SigningKey> = self.key.clone();
        let service = Service::new(Parts {
            config,
            config_digest: Digest::of(b"configuration"),
            key,
            certificates: self.certificates.clone(),
            trust: trust(&self.root),
            tsa,
            clock: self.clock.clone(),
            log,
            seals: SealRepository::new(database.clone()),
            tokens,
            token_key,
            tenant_secret: TenantSecret::new([9; 32]),
            engine: Arc::new(OpenSslEngine),
            crypto_policy: Arc::new(CryptoPolicy::default()),
            registry: registry.clone(),
        })?;
        let Self { key, certificates, tsa, root, .. } = self;
        let tokens = TokenRepository::new(database);
        Ok(Bench { service, registry, store, tokens, key, certificate: certificates[0].clone(), tsa, root, folder })
    }

    pub(crate) fn start(self) -> Bench {
        self.try_start().unwrap()
    }
}

/// A running service.
pub(crate) struct Bench {
    pub(crate) service: Arc<Service>,
    pub(crate) registry: Registry,
    pub(crate) store: MemoryStore,
    pub(crate) tokens: TokenRepository,
    pub(crate) key: Arc<TestKey>,
    pub(crate) certificate: Certificate,
    pub(crate) tsa: FakeTsa,
    pub(crate) root: Certificate,
    pub(crate) folder: TempDir,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Status and code of a problem.
    pub(crate) fn problem(&self) -> (u16, String) {
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}");
        (self.status.as_u16(), self.json()["code"].as_str().unwrap().to_owned())
    }
}

impl Bench {
    pub(crate) async fn call(&self, asked: TestRequest) -> Answer {
        self.call_with(asked, None).await
    }

    /// Calls, with a body that comes as `payload` does.
    pub(crate) async fn call_with(&self, asked: TestRequest, payload: Option<Payload>) -> Answer {
        let log = LogRoutes::new(Arc::new(self.service.log().clone()));
        let application = routes(&self.service, &Limits::default(), &self.registry, log);
        let app = init_service(App::new().configure(|config| application(config))).await;
        let asked = asked.to_request();
        let asked = match payload {
            Some(payload) => asked.replace_payload(payload).0,
            None => asked,
        };
        let response = call_service(&app, asked).await.map_into_boxed_body();
        let text = |value: &actix_web::http::header::HeaderValue| value.to_str().unwrap().to_owned();
        let headers = response.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect();
        Answer { status: response.status(), headers, body: read_body(response).await.to_vec() }
    }

    /// Seals a document that must be sealed.
    pub(crate) async fn seal(&self, request: &str, document: &[u8]) -> Answer {
        let answer = self.call(multipart(SEALER, &[("request", request.as_bytes()), ("document", document)])).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", String::from_utf8_lossy(&answer.body));
        answer
    }

    /// All entries of the log.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        let bodies = self.store.entries(0..u64::MAX).unwrap();
        bodies.iter().map(|body| Entry::parse(body).unwrap()).collect()
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        drop(self.service.stop());
    }
}

/// A multipart body of these parts.
pub(crate) fn multipart_body(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, content) in parts {
        let head = format!("--B\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"../../x\"\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--B--\r\n");
    body
}

pub(crate) fn multipart(token: &str, parts: &[(&str, &[u8])]) -> TestRequest {
    post(token, "multipart/form-data; boundary=B").set_payload(multipart_body(parts))
}

pub(crate) fn post(token: &str, content_type: &str) -> TestRequest {
    TestRequest::post()
        .uri("/v1/seals")
        .insert_header(("authorization", format!("Bearer {token}")))
        .insert_header(("content-type", content_type))
}

pub(crate) fn get(token: &str, path: &str) -> TestRequest {
    TestRequest::get().uri(path).insert_header(("authorization", format!("Bearer {token}")))
}
