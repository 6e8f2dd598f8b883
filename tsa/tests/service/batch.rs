//! The batch lane (RFC 4998): many digests, one token, a record for each (ERS-01 to ERS-07, ERS-09, THR-92).

use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, Instant},
};

use actix_web::{
    App,
    dev::ServiceResponse,
    test::{TestRequest, call_service, init_service, read_body},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use kokuin_asn1::{
    cms::SignedData,
    tsp::{PkiStatus, TimeStampResp, TstInfo},
};
use kokuin_audit::{
    Entry,
    entry::{self, Digest},
};
use kokuin_evidence::{EvidenceRecord, Step};
use kokuin_key::Protection;
use kokuin_settings::HumanDuration;
use kokuin_store::{BatchRepository, Database};
use kokuin_suite::{DigestAlgorithm, digest};
use kokuin_tsa::{
    batch::{BatchConfig, Lane, SubmissionId},
    http::routes,
};
use kokuin_web::{Limits, LogRoutes};
use serde_json::Value;

use crate::{
    faulty_key::Fault,
    fixture::{Bench, Setup, keys, request},
    moved_clock::NOON,
    units::{beside, certify_as},
};

#[path = "batch/archive.rs"]
mod archive;
#[path = "batch/suspended.rs"]
mod suspended;

const SHA256: DigestAlgorithm = DigestAlgorithm::Sha256;

/// A service with a lane and its store.
struct World {
    bench: Bench,
    lane: Arc<Lane>,
    folder: Arc<tempfile::TempDir>,
}

fn config() -> BatchConfig {
    BatchConfig { window: HumanDuration::from_millis(100), ..BatchConfig::default() }
}

impl World {
    fn new(bench: Bench, config: BatchConfig) -> Self {
        Self::over(bench, config, Arc::new(tempfile::tempdir().unwrap()))
    }

    fn over(bench: Bench, config: BatchConfig, folder: Arc<tempfile::TempDir>) -> Self {
        let store = BatchRepository::new(Database::open(&folder.path().join("batches.db")).unwrap());
        let lane = Lane::start(&bench.service, config, store, &bench.registry).unwrap();
        Self { bench, lane, folder }
    }

    fn plain() -> Self {
        Self::new(Setup::default().start(), config())
    }

    async fn call(&self, asked: TestRequest) -> Answer {
        let log = LogRoutes::new(Arc::new(self.bench.service.log().clone()));
        let service = routes(&self.bench.service, &Limits::default(), &self.bench.registry, log, Some(&self.lane));
        let app = init_service(App::new().configure(|config| service(config))).await;
        let response: ServiceResponse = call_service(&app, asked.to_request()).await.map_into_boxed_body();
        let value = |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        let (retry_after, location) = (value("retry-after"), value("location"));
        let status = response.status().as_u16();
        Answer { status, retry_after, location, body: read_body(response).await.to_vec() }
    }

    async fn post(&self, body: String) -> Answer {
        self.call(post(body)).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.call(TestRequest::get().uri(path)).await
    }

    fn batches(&self) -> Vec<entry::Batch> {
        let entries = self.bench.entries().into_iter();
        entries.filter_map(|entry| if let Entry::Batch(batch) = entry { Some(batch) } else { None }).collect()
    }
}

#[derive(Debug)]
struct Answer {
    status: u16,
    retry_after: Option<String>,
    location: Option<String>,
    body: Vec<u8>,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    fn text(&self, name: &str) -> String {
        self.json()[name].as_str().unwrap_or_else(|| panic!("no {name} in {}", self.json())).to_owned()
    }

    fn octets(&self, name: &str) -> Vec<u8> {
        STANDARD.decode(self.text(name)).unwrap()
    }

    fn record(&self, digest: &[u8]) -> Vec<u8> {
        STANDARD.decode(self.json()["records"][hex::encode(digest)].as_str().unwrap()).unwrap()
    }
}

fn post(body: String) -> TestRequest {
    let headers = ("content-type", "application/json");
    let peer = "192.0.2.1:1000".parse().unwrap();
    TestRequest::post().uri("/tsa/batches").insert_header(headers).peer_addr(peer).set_payload(body)
}

fn digests(from: u32, count: u32) -> Vec<Vec<u8>> {
    (from..from + count).map(|number| digest(SHA256, &number.to_be_bytes())).collect()
}

fn body(digests: &[Vec<u8>]) -> String {
    let spelled: Vec<String> = digests.iter().map(hex::encode).collect();
    serde_json::json!({ "hashAlgorithm": "sha256", "digests": spelled }).to_string()
}

/// The token that a record leads to from `digest`; none where it does not.
fn token_of(record: &[u8], digest: &[u8]) -> Option<Vec<u8>> {
    let record = EvidenceRecord::parse(record).ok()?;
    let steps = record.cover(&|_| Some(vec![digest.to_vec()])).ok()?;
    steps.iter().all(Step::is_stamped).then(|| steps[0].stamp().token.to_vec())
}

#[actix_web::test]
async fn one_token_and_one_entry_serve_many_digests_each_with_its_record_ers_09() {
    let world = World::plain();
    let digests = digests(0, 5);
    let before = world.bench.key.signatures();
    let twice = [digests.clone(), digests[..2].to_vec()].concat();
    let answer = world.call(post(body(&twice)).uri("/tsa/tsu-1/batches")).await;
    assert_eq!((answer.status, answer.text("status").as_str()), (201, "stamped"), "{}", answer.json());
    assert_eq!(world.bench.key.signatures() - before, 1);
    assert_eq!(answer.json()["count"], 5);
    let token = answer.octets("token");
    for digest in &digests {
        assert_eq!(token_of(&answer.record(digest), digest).as_ref(), Some(&token));
        assert_eq!(token_of(&answer.record(digest), &[0; 32]), None);
    }
    let entries = world.batches();
    let [entry] = entries.as_slice() else { panic!("{entries:?}") };
    assert_eq!((entry.count, entry.algorithm.as_str()), (5, "sha256"));
    assert_eq!((entry.digest, entry.id), (Digest::of(&token), Digest::of(answer.text("batch").as_bytes())));
    let signed = SignedData::parse(&token).unwrap();
    let info = TstInfo::parse(signed.content.unwrap()).unwrap();
    assert_eq!(entry.root.as_bytes(), info.imprint.digest);
    assert!(world.bench.entries().iter().all(|entry| !matches!(entry, Entry::Tst(_))));
}

#[actix_web::test]
async fn the_receipt_is_at_the_serial_of_the_root_token() {
    let world = World::plain();
    let receipt = world.post(body(&digests(0, 3))).await.text("receipt");
    let deadline = Instant::now() + Duration::from_secs(60);
    let answer = loop {
        let answer = world.get(&receipt).await;
        if answer.status == 200 || Instant::now() > deadline {
            break answer;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    assert_eq!(answer.status, 200);
    assert!(answer.body.starts_with(b"c2sp.org/tlog-proof@v1\n"));
}

#[actix_web::test]
async fn gen_time_follows_the_last_digest() {
    let world =
        World::new(Setup::default().start(), BatchConfig { window: HumanDuration::from_millis(1500), ..config() });
    let (clock, (first, last)) = (world.bench.clock.clone(), (digests(0, 1), digests(1, 1)));
    let late = async {
        actix_web::rt::time::sleep(Duration::from_millis(200)).await;
        clock.pass(Duration::from_secs(7));
        world.post(body(&last)).await
    };
    let (first, last) = futures_util::future::join(world.post(body(&first)), late).await;
    assert_eq!(first.text("token"), last.text("token"));
    let [entry] = &world.batches()[..] else { panic!("not one batch") };
    assert_eq!(entry.time.unix_micros(), NOON + 7_000_000);
}

#[actix_web::test]
async fn digests_of_one_window_share_a_token_and_nobody_sees_another_s() {
    let world =
        World::new(Setup::default().start(), BatchConfig { window: HumanDuration::from_millis(1000), ..config() });
    let (one, other) = (digests(0, 2), digests(1, 3));
    let (first, second) = futures_util::future::join(world.post(body(&one)), world.post(body(&other))).await;
    assert_eq!(first.text("token"), second.text("token"));
    assert_ne!(first.text("id"), second.text("id"));
    assert_eq!((first.json()["count"].clone(), second.json()["count"].clone()), (2.into(), 3.into()));
    let [entry] = &world.batches()[..] else { panic!("not one batch") };
    assert_eq!(entry.count, 4);
    let at =
        |answer: &Answer, digest: &[u8]| format!("/tsa/batches/{}/records/{}", answer.text("id"), hex::encode(digest));
    let own = world.get(&at(&second, &other[2])).await;
    assert_eq!(token_of(&own.body, &other[2]), Some(second.octets("token")));
    let foreign = world.get(&at(&first, &other[2])).await;
    assert_eq!((foreign.status, foreign.text("code").as_str()), (404, "tsa.batch.digest-unknown"));
    let shared = first.record(&one[1]);
    for neighbour in [&one[0], &other[1], &other[2]] {
        assert!(!shared.windows(32).any(|window| window == neighbour.as_slice()), "a neighbour is disclosed");
    }
}

#[actix_web::test]
async fn every_digest_algorithm_makes_tree_and_imprint_and_each_its_own_batch() {
    let world = World::plain();
    for algorithm in [SHA256, DigestAlgorithm::Sha384, DigestAlgorithm::Sha512, DigestAlgorithm::Sha3_256] {
        let digests: Vec<_> = (0..3_u8).map(|number| digest(algorithm, &[number])).collect();
        let spelled: Vec<String> = digests.iter().map(hex::encode).collect();
        let asked = serde_json::json!({ "hashAlgorithm": algorithm.name(), "digests": spelled }).to_string();
        let answer = world.post(asked).await;
        let token = answer.octets("token");
        let signed = SignedData::parse(&token).unwrap();
        assert_eq!(TstInfo::parse(signed.content.unwrap()).unwrap().imprint.algorithm.oid, algorithm.oid());
        assert!(digests.iter().all(|digest| token_of(&answer.record(digest), digest).is_some()));
    }
}

#[actix_web::test]
async fn serves_the_answer_again_and_after_a_restart() {
    let world = World::plain();
    let digests = digests(0, 3);
    let first = world.post(body(&digests)).await;
    let location = first.location.clone().unwrap();
    let again = world.get(&location).await;
    assert_eq!((again.status, again.json()), (200, first.json()));
    let World { bench, lane, folder } = world;
    drop((bench, lane));
    let world = World::over(Setup::default().start(), config(), folder);
    assert_eq!(world.get(&location).await.json(), first.json());
    assert!(world.batches().is_empty(), "nothing is stamped twice");
}

/// What a crash between the store and the log leaves behind: a batch that is stored and has no token.
#[actix_web::test]
async fn a_batch_left_without_a_token_gets_one_at_the_next_start() {
    let short = BatchConfig { wait: HumanDuration::from_millis(1500), ..config() };
    let world = World::new(Setup::default().start(), short);
    world.bench.clock.refuse(true);
    let digests = digests(0, 3);
    let waiting = world.post(body(&digests)).await;
    assert_eq!((waiting.status, waiting.text("status").as_str()), (202, "pending"));
    assert!(waiting.retry_after.is_some());
    let location = waiting.location.clone().unwrap();
    let record = format!("{location}/records/{}", hex::encode(&digests[0]));
    assert_eq!(world.get(&record).await.text("code"), "tsa.batch.not-yet");
    let World { bench, lane, folder } = world;
    drop((bench, lane));
    let world = World::over(Setup::default().start(), config(), folder);
    let deadline = Instant::now() + Duration::from_secs(60);
    let answer = loop {
        let answer = world.get(&location).await;
        if answer.status == 200 || Instant::now() > deadline {
            break answer;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    assert_eq!(answer.text("status"), "stamped");
    assert!(token_of(&answer.record(&digests[2]), &digests[2]).is_some());
    assert_eq!(world.batches().len(), 1);
}

#[actix_web::test]
async fn waits_for_a_key_that_fails_and_says_so_when_there_will_be_no_token() {
    let short = BatchConfig { wait: HumanDuration::from_millis(500), ..config() };
    let world = World::new(Setup::default().start(), short);
    world.bench.key.set_fault(Fault::SessionLost);
    let waiting = world.post(body(&digests(0, 1))).await;
    assert_eq!(waiting.status, 202);
    let location = waiting.location.unwrap();
    world.bench.key.set_fault(Fault::None);
    let deadline = Instant::now() + Duration::from_secs(60);
    while world.get(&location).await.status == 202 && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(world.get(&location).await.text("status"), "stamped");
    // Pending for a TSU that the next start does not have.
    world.bench.clock.refuse(true);
    let location = world.post(body(&digests(1, 1))).await.location.unwrap();
    let World { bench, lane, folder } = world;
    drop((bench, lane));
    let mut setup = Setup::default();
    setup.config.tsu[0].name = "tsu-2".to_owned();
    let world = World::over(setup.start(), config(), folder);
    let deadline = Instant::now() + Duration::from_secs(60);
    while world.get(&location).await.status == 202 && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(20));
    }
    let failed = world.get(&location).await;
    assert_eq!((failed.text("status").as_str(), failed.text("code").as_str()), ("failed", "tsa.batch.tsu-unknown"));
}

#[test]
fn a_reload_that_changes_the_lane_is_refused_whole() {
    let bench = Setup::default().start();
    let mut config = kokuin_tsa::Config::development("tsu-1", "soft:tsu", std::path::PathBuf::from("tsu.pem"));
    config.batch.limit = 10;
    let reload = kokuin_tsa::reload::Reload { config, config_digest: Digest::of(b"other"), tsus: Vec::new() };
    assert_eq!(bench.service.reload(reload).unwrap_err().code(), "tsa.reload.batch");
}

#[actix_web::test]
async fn the_same_request_with_the_same_key_is_answered_once() {
    let world = World::plain();
    let with_key = |digests: &[Vec<u8>]| post(body(digests)).insert_header(("idempotency-key", "5a1c"));
    let first = world.call(with_key(&digests(0, 2))).await;
    let again = world.call(with_key(&digests(0, 2))).await;
    assert_eq!((first.status, first.json()), (again.status, again.json()));
    assert_eq!(world.batches().len(), 1);
    let other = world.call(with_key(&digests(0, 3))).await;
    assert_eq!((other.status, other.text("code").as_str()), (422, "tsa.batch.idempotency-key-taken"));
    for key in ["", "a b", &"a".repeat(129)] {
        let refused = world.call(post(body(&digests(0, 1))).insert_header(("idempotency-key", key))).await;
        assert_eq!((refused.status, refused.text("code").as_str()), (400, "tsa.batch.idempotency-key"));
    }
}

/// Two instances on one store: what one of them has stored under a key costs nobody else at the other a place (THR-92).
#[actix_web::test]
async fn a_key_that_was_used_meanwhile_turns_away_nobody_but_its_owner_thr_92() {
    let fast = World::plain();
    let window = HumanDuration::from_millis(1500);
    let slow = World::over(Setup::default().start(), BatchConfig { window, ..config() }, Arc::clone(&fast.folder));
    let with_key = || post(body(&digests(0, 2))).insert_header(("idempotency-key", "5a1c"));
    let other = post(body(&digests(7, 2))).peer_addr("192.0.2.2:1000".parse().unwrap());
    let (first, again, other) =
        futures_util::future::join3(fast.call(with_key()), slow.call(with_key()), slow.call(other)).await;
    assert_eq!((first.status, other.status), (201, 201), "{}", other.json());
    assert_eq!((again.status, again.text("code").as_str()), (409, "tsa.batch.in-progress"));
    assert_eq!(slow.call(with_key()).await.text("id"), first.text("id"));
}

#[actix_web::test]
async fn the_same_key_at_another_tsu_is_another_request() {
    let mut setup = Setup::default();
    let key = &keys().p384;
    beside(&mut setup, "tsu-2", Arc::clone(key), certify_as(key.as_ref(), "Second TSU"));
    let world = World::new(setup.start(), config());
    let at = |path: &str| post(body(&digests(0, 1))).uri(path).insert_header(("idempotency-key", "5a1c"));
    assert_eq!(world.call(at("/tsa/tsu-1/batches")).await.status, 201);
    let other = world.call(at("/tsa/tsu-2/batches")).await;
    assert_eq!((other.status, other.text("code").as_str()), (422, "tsa.batch.idempotency-key-taken"));
}

/// Whoever guesses keys or floods the lane is in the log, as at `/tsa`.
#[actix_web::test]
async fn the_log_hears_how_many_requests_were_turned_away_and_why() {
    let world = World::plain();
    let plain = || TestRequest::post().uri("/tsa/batches").set_payload("x");
    let unknown = post(body(&digests(0, 1))).uri("/tsa/other/batches");
    for asked in [plain(), plain(), post("{}".to_owned()), unknown] {
        assert!(world.call(asked).await.status >= 400);
    }
    world.bench.service.stop().unwrap();
    let refusals = world.bench.entries().into_iter().filter_map(|entry| match entry {
        Entry::Refusals(refusals) => Some((refusals.class.as_str().to_owned(), refusals.count)),
        _ => None,
    });
    let expected = [("http-400", 1), ("http-404", 1), ("http-415", 2)];
    assert_eq!(refusals.collect::<Vec<_>>(), expected.map(|(class, count)| (class.to_owned(), count)));
}

/// Records are fetched one by one: what belongs to all of them is read once.
#[actix_web::test]
async fn reads_what_a_request_brought_once_for_all_its_records_thr_95() {
    let world = World::plain();
    let answer = world.post(body(&digests(0, 2))).await;
    let show = || world.lane.shelf().show(SubmissionId::parse(&answer.text("id")).unwrap()).unwrap();
    assert!(Arc::ptr_eq(&show().digests, &show().digests));
}

#[actix_web::test]
async fn refuses_what_is_no_batch() {
    let mut setup = Setup::default();
    setup.config.tsu[0].hashes.retain(|hash| hash.0 == SHA256);
    let world = World::new(setup.start(), config());
    let spelled = |algorithm: &str, digests: &[String]| {
        serde_json::json!({ "hashAlgorithm": algorithm, "digests": digests }).to_string()
    };
    let one = body(&digests(0, 1));
    let cases = [
        ("{}".to_owned(), 400, "tsa.batch.malformed"),
        (spelled("sha256", &[]), 400, "batch.empty"),
        (spelled("sha256", &["00".repeat(31)]), 400, "batch.digest-length"),
        (spelled("sha256", &["00".repeat(32), "00".repeat(48)]), 400, "batch.digest-length"),
        (spelled("sha1", &["00".repeat(20)]), 400, "batch.algorithm-of-the-past"),
        (spelled("md5", &["00".repeat(16)]), 400, "tsa.batch.algorithm-unknown"),
        (spelled("sha512", &["00".repeat(64)]), 400, "tsa.batch.algorithm-not-accepted"),
        (spelled("sha256", &vec!["00".repeat(32); 100_001]), 400, "tsa.batch.too-many"),
    ];
    for (body, status, code) in cases {
        let refused = world.post(body).await;
        assert_eq!((refused.status, refused.text("code").as_str()), (status, code));
    }
    let unknown = world.call(post(one.clone()).uri("/tsa/other/batches")).await;
    assert_eq!((unknown.status, unknown.text("code").as_str()), (404, "tsa.batch.tsu-unknown"));
    let too_large = world.post(" ".repeat(14_100_000)).await;
    assert_eq!((too_large.status, too_large.text("code").as_str()), (413, "web.body-too-large"));
    let plain = world.call(TestRequest::post().uri("/tsa/batches").set_payload(one.clone())).await;
    assert_eq!((plain.status, plain.text("code").as_str()), (415, "web.media-type"));
    for path in ["/tsa/batches/00", "/tsa/batches/00000000000000000000000000000000/records/00"] {
        let unknown = world.get(path).await;
        assert_eq!((unknown.status, unknown.text("code").as_str()), (404, "tsa.batch.unknown"));
    }
    assert_eq!(world.get("/tsa/batches").await.status, 405);
    assert!(world.batches().is_empty());
}

#[actix_web::test]
async fn who_sends_without_end_is_told_to_wait_while_others_are_served_thr_92() {
    let narrow = BatchConfig { limit: 1_000, client_rate: std::num::NonZeroU32::new(100).unwrap(), ..config() };
    let world = World::new(Setup::default().start(), narrow);
    for round in 0..2 {
        assert_eq!(world.post(body(&digests(round * 500, 500))).await.status, 201);
    }
    let refused = world.post(body(&digests(1_000, 500))).await;
    assert_eq!((refused.status, refused.text("code").as_str()), (429, "tsa.batch.client-rate"));
    assert!(refused.retry_after.unwrap().parse::<u64>().unwrap() >= 1);
    let other = post(body(&digests(0, 500))).peer_addr("192.0.2.2:1000".parse().unwrap());
    assert_eq!(world.call(other).await.status, 201);
    let stamped = TestRequest::post()
        .uri("/tsa")
        .insert_header(("content-type", "application/timestamp-query"))
        .set_payload(request().encode());
    let reply = world.call(stamped).await;
    assert_eq!(TimeStampResp::parse(&reply.body).unwrap().status, PkiStatus::Granted);
}

#[actix_web::test]
async fn takes_in_no_more_than_a_few_batches_while_there_are_no_tokens_thr_92() {
    let narrow = BatchConfig { limit: 1_000, wait: HumanDuration::from_millis(300), ..config() };
    let world = World::new(Setup::default().start(), narrow);
    world.bench.clock.refuse(true);
    let mut taken = 0;
    let refused = loop {
        let from = std::net::SocketAddr::from(([192, 0, 2, taken], 1_000));
        let answer = world.call(post(body(&digests(u32::from(taken) * 1_000, 1_000))).peer_addr(from)).await;
        if answer.status != 202 || taken > 20 {
            break answer;
        }
        taken += 1;
    };
    assert_eq!((refused.status, refused.text("code").as_str()), (503, "tsa.batch.lane-full"));
    assert!((4..=8).contains(&taken), "{taken} batches of 1000 were taken in");
    world.bench.clock.refuse(false);
    let deadline = Instant::now() + Duration::from_secs(60);
    while world.batches().len() < usize::from(taken) && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(world.batches().len(), usize::from(taken), "each that was taken in gets its token");
}

/// A device that signs ten times a second: what it could not do one by one in an hour and a half is done in seconds.
#[actix_web::test]
async fn a_device_that_signs_ten_times_a_second_serves_tens_of_thousands_of_proofs() {
    let setup = Setup { protection: Protection::Device, ..Setup::default() };
    let world = World::new(
        setup.start(),
        BatchConfig { client_rate: std::num::NonZeroU32::new(1_000_000).unwrap(), ..config() },
    );
    world.bench.key.set_fault(Fault::Slow(Duration::from_millis(100)));
    let (signatures, begun) = (world.bench.key.signatures(), Instant::now());
    let mut tokens = BTreeSet::new();
    for round in 0..5 {
        let digests = digests(round * 10_000, 10_000);
        let answer = world.post(body(&digests)).await;
        assert_eq!(answer.status, 201, "{}", String::from_utf8_lossy(&answer.body));
        tokens.insert(answer.text("token"));
        let at = format!("{}/records/{}", answer.location.clone().unwrap(), hex::encode(&digests[9_999]));
        assert!(token_of(&world.get(&at).await.body, &digests[9_999]).is_some());
    }
    assert_eq!(tokens.len(), 5);
    assert_eq!(world.bench.key.signatures() - signatures, 5);
    eprintln!("50000 proofs in {:?} with 5 signatures", begun.elapsed());
}
