//! A checkpoint, an authority that answers over HTTP, and what the log's checker makes of the token.

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    sync::Arc,
    thread,
    time::Duration,
};

use kokuin_asn1::tsp::{self, TimeStampReq, TimeStampResp};
use kokuin_attest::{AnchoredJudge, StampError, Stamper};
use kokuin_audit::{
    Entry, Log, LogName, LogOptions, Origin,
    check::{CheckOptions, CheckReport, MarkFlaw, MarkJudge, check_store, mark_text},
    entry::{Digest, LogTime, Text, TimeMark},
    filter::{Filter, scan},
    storage::memory::MemoryStore,
};
use kokuin_fetch::{Client, Limits, Reach};
use kokuin_suite::CryptoPolicy;
use kokuin_suite_openssl::OpenSslEngine;
use kokuin_validate::{Purpose, TrustStore};

use crate::{
    material::{Cms, NOW, SignerSpec, World, world},
    testing::{TestEngine, TestKey},
};

fn open(store: &MemoryStore) -> Log {
    let options = LogOptions {
        origin: Origin::new("log.example").expect("an origin"),
        name: LogName::new("tsa").expect("a name"),
        key: Arc::new(TestKey::new(1)),
        engine: Arc::new(TestEngine),
        checkpoint_interval: Duration::from_secs(1000),
    };
    Log::open(options, Box::new(store.clone()), Arc::new(store.clone()), Box::new(store.clone())).expect("a log")
}

fn judge(trust: TrustStore) -> AnchoredJudge {
    AnchoredJudge { trust, crypto_policy: Arc::new(CryptoPolicy::etsi()), engine: Arc::new(OpenSslEngine), now: NOW }
}

/// A token for what `request` asks for.
fn answer(authority: &World, request: &[u8]) -> Vec<u8> {
    let request = TimeStampReq::parse(request).expect("a request");
    let policy = "2.999.3161.1".parse().expect("an OID");
    let imprint = tsp::MessageImprint::encode(&request.imprint.algorithm.oid, request.imprint.digest);
    let info = tsp::TstInfoParts {
        policy: &policy,
        imprint: &imprint,
        serial: &[7],
        gen_time: tsp::GenTime::from_unix_micros((NOW - 60) * 1_000_000).expect("a time"),
        accuracy: Some(tsp::Accuracy::from_micros(1_000_000)),
        ordering: false,
        nonce: request.nonce,
        tsa: None,
        extensions: &[],
    }
    .encode();
    let mut token: Cms = authority.token(b"", NOW - 60);
    token.content = Some(info.clone());
    token.signers =
        vec![SignerSpec::new(&authority.tsu_key, &authority.tsu, &kokuin_asn1::oids::ID_CT_TST_INFO, &info)];
    TimeStampResp::encode_granted(&token.build())
}

/// Answers one request on loopback.
fn authority(world: World) -> Stamper {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        let (mut request, mut chunk) = (Vec::new(), [0; 4096]);
        let body = loop {
            let count = stream.read(&mut chunk).expect("octets");
            request.extend_from_slice(&chunk[..count]);
            let Some(end) = request.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
            let head = String::from_utf8_lossy(&request[..end]).to_ascii_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length:")).expect("a length");
            let length: usize = length.trim().parse().expect("a number");
            if request.len() >= end + 4 + length {
                break request[end + 4..].to_vec();
            }
        };
        let answer = answer(&world, &body);
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/timestamp-reply\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            answer.len()
        );
        stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&answer)).expect("sent");
    });
    Stamper {
        client: Client::new(Limits::TSP.with_reach(Reach::CONFIGURED)),
        url: format!("http://{address}/tsa").parse().expect("a URL"),
        policy: None,
        bearer: None,
    }
}

fn own(unix_seconds: i64) -> impl Fn() -> kokuin_attest::stamp::OwnTime {
    move || Some((LogTime::from_unix_seconds(unix_seconds), Duration::from_millis(10)))
}

fn check(store: &MemoryStore, log: &Log, trust: TrustStore) -> CheckReport {
    let options = CheckOptions { marks: Some(Arc::new(judge(trust))), ..CheckOptions::default() };
    check_store(store, None, log.vkey(), &TestEngine, &options).expect("a report")
}

/// THR-37: an entry of the log that no key of the operator can make.
#[test]
fn a_foreign_token_over_a_checkpoint_bounds_what_came_before_thr_37() {
    let store = MemoryStore::new();
    let log = open(&store);
    let foreign = world("foreign");
    let trust = foreign.trust(Purpose::Tsa);
    let (index, mark) = authority(foreign).stamp(&log, &judge(trust.clone()), &own(NOW - 60)).expect("a mark");
    log.close().expect("closed");
    assert_eq!((index.0, mark.size.0), (1, 1));

    let report = check(&store, &log, trust);
    assert!(report.is_good(), "{report}");
    let last = report.marks.last.expect("an upper bound");
    assert_eq!(last.before, LogTime::from_unix_seconds(NOW - 59), "genTime and one second of accuracy");
    assert!(last.tsa.contains("foreign"), "{}", last.tsa);

    let report = check(&store, &log, world("other").trust(Purpose::Tsa));
    assert!(
        report.is_good() && report.marks.last.is_none(),
        "another anchor shows nothing, and blames nobody: {report}"
    );
    assert_eq!(report.marks.untrusted.map(|(index, _)| index.0), Some(1));
}

/// THR-37: a machine whose clock was set back a day, or a foreign authority that lies: the two times stay in the log, and nothing rests on them.
#[test]
fn a_foreign_time_a_day_from_our_own_is_recorded_and_not_believed_thr_37() {
    let store = MemoryStore::new();
    let log = open(&store);
    let foreign = world("foreign");
    let judge = judge(foreign.trust(Purpose::Tsa));
    let error = authority(foreign).stamp(&log, &judge, &own(NOW - 86_400)).expect_err("apart");
    assert!(matches!(error, StampError::Apart { .. }), "{error}");
    let mut said = Vec::new();
    scan(&store, &Filter::default(), |found| {
        said.push(found.entry.expect("an entry"));
        true
    })
    .expect("read");
    assert!(!said.iter().any(|entry| matches!(entry, Entry::TimeMark(_))));
    let Some(Entry::Admin(admin)) = said.last() else { panic!("{said:?}") };
    assert_eq!(admin.action.as_str(), "time-mark.refused");
    assert!(admin.reason.as_ref().expect("a reason").as_str().contains("2026-11-23T11:59:00"));
}

#[test]
fn an_authority_that_is_not_trusted_gives_no_mark() {
    let store = MemoryStore::new();
    let log = open(&store);
    let judge = judge(world("other").trust(Purpose::Tsa));
    let error = authority(world("foreign")).stamp(&log, &judge, &own(NOW - 60)).expect_err("not trusted");
    assert_eq!(error.code(), "attest.mark-invalid");
}

/// The entry's own words must be the token's.
#[test]
fn a_mark_that_says_other_than_its_token_is_wrong() {
    let foreign = world("foreign");
    let judge = judge(foreign.trust(Purpose::Tsa));
    let store = MemoryStore::new();
    let log = open(&store);
    let (_, good) = authority(foreign).stamp(&log, &judge, &own(NOW - 60)).expect("a mark");
    let text = mark_text("log.example", good.size, kokuin_audit::Hash::from_bytes(*good.root.as_bytes()));
    assert_eq!(judge.judge(&good, &text, None), Ok(()));
    let later = LogTime::from_unix_seconds(NOW);
    for (what, mark) in [
        ("time", TimeMark { gen_time: later, ..good.clone() }),
        ("accuracy", TimeMark { accuracy_us: None, ..good.clone() }),
        ("subject", TimeMark { tsa: Text::new("CN=National Time").expect("a text"), ..good.clone() }),
        ("signer", TimeMark { signer: Digest::of(b"x"), ..good.clone() }),
        ("digest", TimeMark { digest: Digest::of(b"x"), ..good.clone() }),
    ] {
        assert!(matches!(judge.judge(&mark, &text, None), Err(MarkFlaw::Wrong { .. })), "{what}");
    }
    assert!(matches!(judge.judge(&good, "log.example\n2\n\n", None), Err(MarkFlaw::Wrong { .. })));
    let without = TimeMark { token: None, ..good };
    assert!(matches!(judge.judge(&without, &text, None), Err(MarkFlaw::Untrusted { .. })));
}

/// The certificate has expired since. By itself the token says nothing any more; known to have existed before, it does.
#[test]
fn a_mark_is_judged_at_the_time_at_which_it_is_known_to_have_existed() {
    let foreign = world("foreign");
    let good = judge(foreign.trust(Purpose::Tsa));
    let store = MemoryStore::new();
    let log = open(&store);
    let (_, mark) = authority(foreign).stamp(&log, &good, &own(NOW - 60)).expect("a mark");
    let text = mark_text("log.example", mark.size, kokuin_audit::Hash::from_bytes(*mark.root.as_bytes()));
    let years_later = AnchoredJudge { now: NOW + 50 * 365 * 86_400, ..good };
    assert!(matches!(years_later.judge(&mark, &text, None), Err(MarkFlaw::Untrusted { .. })));
    let existed = LogTime::from_unix_seconds(NOW);
    assert_eq!(years_later.judge(&mark, &text, Some(existed)), Ok(()));
    let before_it = LogTime::from_unix_seconds(NOW - 86_400);
    assert!(years_later.judge(&mark, &text, Some(before_it)).is_err(), "a token from the future of what shows it");
}
