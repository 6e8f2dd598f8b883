//! The schema, by example. These bytes are for ever: a change here is a new version.

use proptest::prelude::*;

use super::*;
use crate::name::{LeafIndex, TreeSize};

fn time() -> LogTime {
    LogTime::parse("2026-11-23T12:00:00.123456Z").unwrap()
}

fn label(text: &str) -> Label {
    Label::new(text).unwrap()
}

fn key() -> KeyName {
    KeyName::new("tsu-1").unwrap()
}

fn serial() -> Serial {
    Serial::from_hex("0193500a").unwrap()
}

fn tst() -> Tst {
    Tst {
        time: time(),
        serial: serial(),
        key: key(),
        policy: PolicyOid::new("2.999.3161.1").unwrap(),
        bound_us: 1_000_000,
        measured: false,
        clock: LeafIndex(4),
        cert: LeafIndex(3),
        digest: Digest::from_bytes([1; 32]),
        sig: Digest::from_bytes([2; 32]),
        attrs: Digest::from_bytes([3; 32]),
    }
}

/// One entry of every kind, with the bytes that it is for ever.
fn examples() -> Vec<(Entry, &'static str)> {
    let commitment = Commitment::from_bytes([9; 32]);
    let text = Text::new("database restored from an old copy").unwrap();
    vec![
        (
            Entry::LogOpen(LogOpen {
                time: time(),
                origin: "log.example/tsa".to_owned(),
                vkey: "log.example/tsa+00000000+AQ==".to_owned(),
                name: "tsa".to_owned(),
                previous: Some(PreviousLog {
                    origin: "log.example/old".to_owned(),
                    checkpoint: "a\nb\n".to_owned(),
                    reason: text.clone(),
                }),
            }),
            r#"{"v":1,"kind":"log-open","time":"2026-11-23T12:00:00.123456Z","origin":"log.example/tsa","vkey":"log.example/tsa+00000000+AQ==","name":"tsa","previous":{"origin":"log.example/old","checkpoint":"a\nb\n","reason":"database restored from an old copy"}}"#,
        ),
        (
            Entry::ServiceStart(Service { time: time(), service: label("tsa"), version: label("0.1.0") }),
            r#"{"v":1,"kind":"service-start","time":"2026-11-23T12:00:00.123456Z","service":"tsa","version":"0.1.0"}"#,
        ),
        (
            Entry::ServiceStop(Service { time: time(), service: label("tsa"), version: label("0.1.0") }),
            r#"{"v":1,"kind":"service-stop","time":"2026-11-23T12:00:00.123456Z","service":"tsa","version":"0.1.0"}"#,
        ),
        (
            Entry::Config(Config {
                time: time(),
                service: label("tsa"),
                sha256: Digest::from_bytes([1; 32]),
                changed: vec![label("tsa.policy")],
            }),
            r#"{"v":1,"kind":"config","time":"2026-11-23T12:00:00.123456Z","service":"tsa","sha256":"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE","changed":["tsa.policy"]}"#,
        ),
        (
            Entry::Certificate(Certificate {
                time: time(),
                key: key(),
                purpose: KeyPurpose::Tst,
                sha256: Digest::from_bytes([1; 32]),
                not_before: LogTime::from_unix_seconds(0),
                not_after: LogTime::from_unix_seconds(1),
                key_algorithm: label("p256"),
                signature_algorithm: label("ecdsa-sha256"),
            }),
            r#"{"v":1,"kind":"certificate","time":"2026-11-23T12:00:00.123456Z","key":"tsu-1","purpose":"tst","sha256":"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE","not_before":"1970-01-01T00:00:00.000000Z","not_after":"1970-01-01T00:00:01.000000Z","key_algorithm":"p256","signature_algorithm":"ecdsa-sha256"}"#,
        ),
        (
            Entry::ClockState(ClockState { time: time(), from: None, to: label("undisciplined"), reason: None }),
            r#"{"v":1,"kind":"clock-state","time":"2026-11-23T12:00:00.123456Z","to":"undisciplined"}"#,
        ),
        (
            Entry::ClockReading(ClockReading { time: time(), source: label("system"), bound_us: 5, measured: true }),
            r#"{"v":1,"kind":"clock-reading","time":"2026-11-23T12:00:00.123456Z","source":"system","bound_us":5,"measured":true}"#,
        ),
        (
            Entry::Tst(tst()),
            r#"{"v":1,"kind":"tst","time":"2026-11-23T12:00:00.123456Z","serial":"0193500a","key":"tsu-1","policy":"2.999.3161.1","bound_us":1000000,"measured":false,"clock":4,"cert":3,"digest":"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE","sig":"AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI","attrs":"AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM"}"#,
        ),
        (
            Entry::Seal(Seal {
                time: time(),
                serial: serial(),
                key: key(),
                format: label("pades"),
                level: label("B-T"),
                bound_us: 5,
                measured: true,
                clock: LeafIndex(4),
                cert: LeafIndex(3),
                digest: Digest::from_bytes([1; 32]),
                sig: Digest::from_bytes([2; 32]),
                attrs: Digest::from_bytes([3; 32]),
                tenant: commitment,
                actor: commitment,
                source: DigestSource::Computed,
            }),
            r#"{"v":1,"kind":"seal","time":"2026-11-23T12:00:00.123456Z","serial":"0193500a","key":"tsu-1","format":"pades","level":"B-T","bound_us":5,"measured":true,"clock":4,"cert":3,"digest":"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE","sig":"AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI","attrs":"AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM","tenant":"CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk","actor":"CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk","source":"computed"}"#,
        ),
        (
            Entry::Refusals(Refusals {
                time: time(),
                service: label("tsa"),
                class: label("tsa.imprint-length"),
                minute: LogTime::from_unix_seconds(60),
                count: 7,
            }),
            r#"{"v":1,"kind":"refusals","time":"2026-11-23T12:00:00.123456Z","service":"tsa","class":"tsa.imprint-length","minute":"1970-01-01T00:01:00.000000Z","count":7}"#,
        ),
        (
            Entry::KeyState(KeyStateChange {
                time: time(),
                key: key(),
                state: KeyStateName::Suspended,
                reason: Some(label("operator")),
            }),
            r#"{"v":1,"kind":"key-state","time":"2026-11-23T12:00:00.123456Z","key":"tsu-1","state":"suspended","reason":"operator"}"#,
        ),
        (
            Entry::SelfTest(SelfTest {
                time: time(),
                key: key(),
                result: TestResult::Passed,
                count: 1,
                code: None,
                intent: None,
            }),
            r#"{"v":1,"kind":"self-test","time":"2026-11-23T12:00:00.123456Z","key":"tsu-1","result":"passed","count":1}"#,
        ),
        (
            Entry::Admin(Admin {
                time: time(),
                action: label("log.retire"),
                target: Some(label("tsa")),
                actor: Some(commitment),
                reason: Some(text),
                intent: None,
            }),
            r#"{"v":1,"kind":"admin","time":"2026-11-23T12:00:00.123456Z","action":"log.retire","target":"tsa","actor":"CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk","reason":"database restored from an old copy"}"#,
        ),
        (
            Entry::Intent(Intent { time: time(), serial: serial(), key: key(), imprint: commitment }),
            r#"{"v":1,"kind":"intent","time":"2026-11-23T12:00:00.123456Z","serial":"0193500a","key":"tsu-1","imprint":"CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk"}"#,
        ),
        (
            Entry::Outcome(Outcome {
                time: time(),
                serial: serial(),
                key: key(),
                intent: LeafIndex(9),
                result: OutcomeResult::Discarded,
                code: Some(label("key.wrong-answer")),
                sig: Some(Digest::from_bytes([2; 32])),
            }),
            r#"{"v":1,"kind":"outcome","time":"2026-11-23T12:00:00.123456Z","serial":"0193500a","key":"tsu-1","intent":9,"result":"discarded","code":"key.wrong-answer","sig":"AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI"}"#,
        ),
        (
            Entry::ClockSource(ClockSource {
                time: time(),
                source: label("ntp.example:123"),
                authenticated: Authentication::Nts,
                used: false,
                reason: Some(label("clock.outvoted")),
                sample: Some(SourceSample {
                    offset_us: Some(-1200),
                    system_us: 340,
                    bound_us: 5100,
                    delay_us: 9000,
                    root_delay_us: 800,
                    root_dispersion_us: 200,
                    stratum: 2,
                    leap: LeapSign::None,
                    reference: ReferenceId::new([192, 0, 2, 1]),
                    age_us: 64_000_000,
                }),
            }),
            r#"{"v":1,"kind":"clock-source","time":"2026-11-23T12:00:00.123456Z","source":"ntp.example:123","authenticated":"nts","used":false,"reason":"clock.outvoted","sample":{"offset_us":-1200,"system_us":340,"bound_us":5100,"delay_us":9000,"root_delay_us":800,"root_dispersion_us":200,"stratum":2,"leap":"none","reference":"c0000201","age_us":64000000}}"#,
        ),
        (
            Entry::TimeMark(TimeMark {
                time: time(),
                size: TreeSize(4096),
                root: Digest::from_bytes([1; 32]),
                gen_time: LogTime::from_unix_seconds(1_795_435_200),
                accuracy_us: Some(1_000_000),
                policy: PolicyOid::new("2.999.3161.1").unwrap(),
                tsa: Text::new("CN=Foreign TSU").unwrap(),
                signer: Digest::from_bytes([2; 32]),
                digest: Digest::from_bytes([3; 32]),
                token: Some(TokenDer::new(&[0x30, 0]).unwrap()),
            }),
            r#"{"v":1,"kind":"time-mark","time":"2026-11-23T12:00:00.123456Z","size":4096,"root":"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE","gen_time":"2026-11-23T12:00:00.000000Z","accuracy_us":1000000,"policy":"2.999.3161.1","tsa":"CN=Foreign TSU","signer":"AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI","digest":"AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM","token":"MAA"}"#,
        ),
        (
            Entry::TimeAudit(TimeAudit {
                time: time(),
                source: label("taa.example"),
                from: LogTime::from_unix_seconds(0),
                to: LogTime::from_unix_seconds(60),
                min_offset_us: -420,
                max_offset_us: 1300,
                threshold_us: Some(500_000),
                anomalies: Some(0),
                format: label("cms"),
                digest: Digest::from_bytes([1; 32]),
                signer: Digest::from_bytes([2; 32]),
            }),
            r#"{"v":1,"kind":"time-audit","time":"2026-11-23T12:00:00.123456Z","source":"taa.example","from":"1970-01-01T00:00:00.000000Z","to":"1970-01-01T00:01:00.000000Z","min_offset_us":-420,"max_offset_us":1300,"threshold_us":500000,"anomalies":0,"format":"cms","digest":"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE","signer":"AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI"}"#,
        ),
        (
            Entry::Batch(Batch {
                time: time(),
                serial: serial(),
                key: key(),
                policy: PolicyOid::new("2.999.3161.1").unwrap(),
                bound_us: 5,
                measured: true,
                clock: LeafIndex(4),
                cert: LeafIndex(3),
                digest: Digest::from_bytes([1; 32]),
                sig: Digest::from_bytes([2; 32]),
                attrs: Digest::from_bytes([3; 32]),
                id: Digest::from_bytes([4; 32]),
                algorithm: label("sha256"),
                root: RootValue::new(&[9; 32]).unwrap(),
                count: 100_000,
            }),
            r#"{"v":1,"kind":"batch","time":"2026-11-23T12:00:00.123456Z","serial":"0193500a","key":"tsu-1","policy":"2.999.3161.1","bound_us":5,"measured":true,"clock":4,"cert":3,"digest":"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE","sig":"AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI","attrs":"AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM","id":"BAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQ","algorithm":"sha256","root":"CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk","count":100000}"#,
        ),
        (
            Entry::Pruning(Pruning {
                time: time(),
                class: label("seal"),
                before: LogTime::from_unix_seconds(0),
                retention_days: 5479,
                count: 12,
                reason: None,
            }),
            r#"{"v":1,"kind":"pruning","time":"2026-11-23T12:00:00.123456Z","class":"seal","before":"1970-01-01T00:00:00.000000Z","retention_days":5479,"count":12}"#,
        ),
        (
            Entry::Erasure(Erasure {
                time: time(),
                serial: serial(),
                tenant: commitment,
                reason: Some(Text::new("contract ended").unwrap()),
            }),
            r#"{"v":1,"kind":"erasure","time":"2026-11-23T12:00:00.123456Z","serial":"0193500a","tenant":"CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk","reason":"contract ended"}"#,
        ),
        (
            Entry::DeviceLog(DeviceLog {
                time: time(),
                device: label("yubihsm-0012345678"),
                last: 61,
                count: 2,
                lines: DeviceLines::new(&[1; 4]).unwrap(),
                begins: false,
                signatures: vec![DeviceSignatures { key: key(), made: 2, doubtful: 1, refused: 0 }],
                unexplained: 1,
                reasons: vec![Text::new("line 61: no call of this process signed with object 7").unwrap()],
                unlogged: 0,
            }),
            r#"{"v":1,"kind":"device-log","time":"2026-11-23T12:00:00.123456Z","device":"yubihsm-0012345678","last":61,"count":2,"lines":"AQEBAQ","begins":false,"signatures":[{"key":"tsu-1","made":2,"doubtful":1,"refused":0}],"unexplained":1,"reasons":["line 61: no call of this process signed with object 7"],"unlogged":0}"#,
        ),
        (
            Entry::Accounts(Statement {
                time: time(),
                keys: vec![KeyAccount {
                    intents: 9,
                    withdrawn: 1,
                    tokens: 5,
                    unknown: 1,
                    device: Some(DeviceShare {
                        devices: vec![label("yubihsm-0012345678")],
                        made: 6,
                        settled: Settled { made: 4, signed: 4, unknown: 0 },
                        ..DeviceShare::default()
                    }),
                    ..KeyAccount::new(key())
                }],
                devices: vec![DeviceAccount {
                    device: label("yubihsm-0012345678"),
                    entry: LeafIndex(40),
                    lines: 300,
                    unexplained: 1,
                    unlogged: 0,
                }],
                open_from: Some(LeafIndex(41)),
            }),
            r#"{"v":1,"kind":"accounts","time":"2026-11-23T12:00:00.123456Z","keys":[{"key":"tsu-1","intents":9,"withdrawn":1,"tokens":5,"seals":0,"batches":0,"tests":0,"failed_tests":0,"requests":0,"failed":0,"discarded":0,"unknown":1,"device":{"devices":["yubihsm-0012345678"],"made":6,"doubtful":0,"refused":0,"surplus":0,"settled":{"made":4,"signed":4,"unknown":0}}}],"devices":[{"device":"yubihsm-0012345678","entry":40,"lines":300,"unexplained":1,"unlogged":0}],"open_from":41}"#,
        ),
    ]
}

#[test]
fn writes_and_reads_every_kind() {
    let examples = examples();
    assert_eq!(examples.iter().map(|(entry, _)| entry.kind()).collect::<Vec<_>>(), Kind::ALL);
    for (entry, written) in examples {
        assert_eq!(String::from_utf8(entry.encode().unwrap().body).unwrap(), written);
        assert_eq!(Entry::parse(written.as_bytes()), Ok(entry));
    }
}

#[test]
fn kinds_are_spelled_as_serde_spells_them() {
    for kind in Kind::ALL {
        assert_eq!(serde_json::to_string(&kind).unwrap(), format!("{:?}", kind.as_str()));
    }
}

#[test]
fn quick_encoder_writes_the_same_bytes() {
    assert_eq!(tst().by_ref().encode(), Entry::Tst(tst()).encode().unwrap());
}

/// THR-48: what one reader would take and another not, is refused; and nothing that differs by one byte is the same entry.
#[test]
fn refuses_duplicate_unknown_missing_and_mistyped_members() {
    let good = r#"{"v":1,"kind":"clock-reading","time":"2026-11-23T12:00:00.123456Z","source":"system","bound_us":5,"measured":true}"#;
    let code = |from: &str, to: &str| Entry::parse(good.replace(from, to).as_bytes()).map_err(|error| error.code());
    assert!(code("", "").is_ok());
    for (from, to) in [
        (r#""bound_us":5"#, r#""bound_us":5,"bound_us":6"#),
        (r#""measured""#, r#""v":2,"measured""#),
        (r#""measured""#, r#""kind":"tst","measured""#),
        (r#""measured""#, r#""extra":1,"measured""#),
        (r#","measured":true"#, ""),
        (":5,", r#":"5","#),
        (":5,", ":5.0,"),
        (":5,", ":-5,"),
        (":5,", ":18446744073709551616,"),
        (":true", ":1"),
        (":true", ":null"),
        ("system", "a\\nb"),
        (":true}", ":true}{}"),
        ("}", ""),
    ] {
        assert_eq!(code(from, to), Err("audit.entry-members"), "{from} -> {to}");
    }
    for (from, to) in [
        (r#""source":"system","bound_us":5"#, r#""bound_us":5,"source":"system""#),
        (":5,", ": 5,"),
        (":true}", ":true}\n"),
        ("system", "s\\u0079stem"),
    ] {
        assert_eq!(code(from, to), Err("audit.entry-not-canonical"), "{from} -> {to}");
    }
    assert_eq!(code(r#""v":1"#, r#""v":2"#), Err("audit.entry-version"));
    assert_eq!(code("clock-reading", "clock"), Err("audit.entry-kind"));
    assert_eq!(code(r#"{"v":1,"#, "{"), Err("audit.entry-head"));
    assert_eq!(Entry::parse(b"\xff"), Err(EntryError::NotUtf8));
}

#[test]
fn refuses_absent_members_written_as_null() {
    let null = br#"{"v":1,"kind":"clock-state","time":"2026-11-23T12:00:00.123456Z","from":null,"to":"synchronised"}"#;
    assert_eq!(Entry::parse(null), Err(EntryError::NotCanonical { kind: Kind::ClockState }));
}

/// A batch is the record of its token: found by its number, checked in the order of tokens, its time vouched for.
#[test]
fn a_batch_stands_for_its_token() {
    let batch = examples().into_iter().map(|(entry, _)| entry).find(|entry| entry.kind() == Kind::Batch).unwrap();
    assert_eq!(batch.serial(), Some(&serial()));
    assert_eq!(batch.vouched_time(), Some(time()));
}

#[test]
fn refuses_entries_longer_than_a_bundle_carries() {
    let changed = vec![label(&"x".repeat(128)); 600];
    let entry =
        Entry::Config(Config { time: time(), service: label("tsa"), sha256: Digest::from_bytes([1; 32]), changed });
    assert!(matches!(entry.encode(), Err(EntryError::TooLong { found: 70_000.. })));
}

proptest! {
    /// THR-55: whatever people write as a reason stays inside its own string.
    #[test]
    fn free_text_never_breaks_the_entry(reason in "\\PC{1,40}|[\"\\\\\u{0}-\u{1f}\u{2028}\u{7f}\u{85}]{1,40}") {
        let entry = Entry::Admin(Admin { time: time(), action: label("x"), target: None, actor: None, reason: Text::new(&reason).ok(), intent: None });
        let body = entry.encode().unwrap().body;
        prop_assert!(!body.iter().any(|octet| *octet < 0x20));
        prop_assert_eq!(Entry::parse(&body), Ok(entry));
    }

    #[test]
    fn no_byte_can_change_without_another_meaning(at in 0_usize..440, bit in 0_u8..8) {
        let body = Entry::Tst(tst()).encode().unwrap().body;
        let mut flipped = body.clone();
        let at = at % body.len();
        flipped[at] ^= 1 << bit;
        prop_assert_ne!(Entry::parse(&flipped).ok(), Some(Entry::Tst(tst())));
    }

    /// What a device claims of its own counters stays inside the numbers' range, whatever it is.
    #[test]
    fn statements_and_lines_of_devices_are_read_as_written(made in any::<u64>(), last in any::<u16>(), lines in prop::collection::vec(any::<u8>(), 0..200)) {
        let said = DeviceSignatures { key: key(), made, doubtful: made, refused: u64::MAX };
        let entry = DeviceLog {
            time: time(), device: label("d"), last, count: made, lines: DeviceLines::new(&lines).unwrap(), begins: true,
            signatures: vec![said.clone(), said], unexplained: u64::MAX, reasons: Vec::new(), unlogged: u32::MAX,
        };
        let mut accounts = crate::Accounts::default();
        for index in 0..3 {
            let entry = Entry::DeviceLog(entry.clone());
            prop_assert_eq!(Entry::parse(&entry.encode().unwrap().body), Ok(entry.clone()));
            accounts.entry(LeafIndex(index), &entry);
        }
        let statement = Entry::Accounts(accounts.statement(time()));
        prop_assert_eq!(Entry::parse(&statement.encode().unwrap().body), Ok(statement));
    }

    #[test]
    fn never_panics_on_noise(noise in "\\{\"v\":1,\"kind\":\"[a-z-]{0,13}\",.{0,80}") {
        drop(Entry::parse(noise.as_bytes()));
    }
}

/// `docs/log.md` shows every kind, as it is.
#[test]
fn documented_examples_are_entries() {
    let documented = include_str!("../../../../docs/log.md");
    let kinds: Vec<Kind> = documented
        .lines()
        .filter(|line| line.starts_with(r#"{"v":"#))
        .map(|line| Entry::parse(line.as_bytes()).unwrap().kind())
        .collect();
    assert_eq!(kinds, Kind::ALL);
}
