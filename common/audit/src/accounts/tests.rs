use super::*;
use crate::entry::{
    Admin, Commitment, DeviceLines, DeviceSignatures, Digest, Intent, Outcome, PolicyOid, SelfTest, Tst,
};

fn at(seconds: i64) -> LogTime {
    LogTime::from_unix_seconds(seconds)
}

fn label(text: &str) -> Label {
    Label::new(text).unwrap()
}

fn key(name: &str) -> KeyName {
    KeyName::new(name).unwrap()
}

fn serial(number: u8) -> Serial {
    Serial::new(&[number]).unwrap()
}

fn intent(number: u8) -> Entry {
    let imprint = Commitment::from_bytes([0; 32]);
    Entry::Intent(Intent { time: at(0), serial: serial(number), key: key("tsu"), imprint })
}

fn outcome(number: u8, intent: u64, result: OutcomeResult) -> Entry {
    let (time, serial, key, intent) = (at(0), serial(number), key("tsu"), LeafIndex(intent));
    Entry::Outcome(Outcome { time, serial, key, intent, result, code: None, sig: None })
}

fn token(name: &str, number: u8) -> Entry {
    Entry::Tst(Tst {
        time: at(0),
        serial: serial(number),
        key: key(name),
        policy: PolicyOid::new("2.999").unwrap(),
        bound_us: 1,
        measured: true,
        clock: LeafIndex(0),
        cert: LeafIndex(0),
        digest: Digest::of(b"a"),
        sig: Digest::of(b"b"),
        attrs: Digest::of(b"c"),
    })
}

fn lines(begins: bool, made: u64) -> DeviceLog {
    DeviceLog {
        time: at(0),
        device: label("yubihsm-1"),
        last: 1,
        count: made,
        lines: DeviceLines::new(&[]).unwrap(),
        begins,
        signatures: vec![DeviceSignatures { key: key("tsu"), made, doubtful: 0, refused: 0 }],
        unexplained: 0,
        reasons: Vec::new(),
        unlogged: 0,
    }
}

fn fed(entries: &[Entry]) -> (Accounts, Vec<Ended>) {
    let mut accounts = Accounts::default();
    let ends = (0..).zip(entries).map(|(index, entry)| accounts.entry(LeafIndex(index), entry)).collect();
    (accounts, ends)
}

fn tsu(accounts: &Accounts) -> KeyAccount {
    accounts.key(&key("tsu")).cloned().unwrap()
}

/// Each way in which an intent can end, counted where it belongs (THR-44).
#[test]
fn every_intent_has_one_end_and_is_counted_there_thr_44() {
    let test = SelfTest {
        time: at(0),
        key: key("tsu"),
        result: TestResult::Passed,
        count: 1,
        code: None,
        intent: Some(LeafIndex(5)),
    };
    let request = Admin {
        time: at(0),
        action: label("key-csr"),
        target: None,
        actor: None,
        reason: None,
        intent: Some(LeafIndex(6)),
    };
    let (accounts, ends) = fed(&[
        intent(0),
        intent(1),
        intent(2),
        intent(3),
        intent(4),
        intent(5),
        intent(6),
        intent(7),
        token("tsu", 0),
        outcome(1, 1, OutcomeResult::Failed),
        outcome(2, 2, OutcomeResult::Discarded),
        outcome(3, 3, OutcomeResult::Unknown),
        outcome(4, 4, OutcomeResult::Withdrawn),
        Entry::SelfTest(test),
        Entry::Admin(request),
    ]);
    let expected: Vec<Ended> = (0..7).map(|index| Ended::Intent(LeafIndex(index))).collect();
    assert_eq!(ends[8..], expected);
    assert_eq!(
        tsu(&accounts),
        KeyAccount {
            intents: 8,
            withdrawn: 1,
            tokens: 1,
            tests: 1,
            requests: 1,
            failed: 1,
            discarded: 1,
            unknown: 1,
            ..KeyAccount::new(key("tsu"))
        }
    );
    assert_eq!(accounts.open().map(|(index, _)| index.0).collect::<Vec<_>>(), [7]);
    assert_eq!(tsu(&accounts).attempts(), 7);
}

#[test]
fn keys_that_had_no_intent_need_none() {
    let (accounts, ends) = fed(&[token("soft", 1), intent(2), token("soft", 3), token("tsu", 4)]);
    assert_eq!(ends[0], Ended::Nothing);
    assert_eq!(ends[2], Ended::Nothing);
    assert_eq!(ends[3], Ended::Missing { key: Some(key("tsu")), named: None });
    assert_eq!(accounts.keys().count(), 1);
}

#[test]
fn an_end_of_another_key_or_a_second_one_ends_nothing() {
    let (_, ends) = fed(&[intent(1), token("tsu", 1), outcome(1, 0, OutcomeResult::Unknown), token("tsu", 1)]);
    assert_eq!(ends[2], Ended::Missing { key: Some(key("tsu")), named: Some(LeafIndex(0)) });
    assert_eq!(ends[3], Ended::Missing { key: Some(key("tsu")), named: None });
}

/// A rogue signature and an honest request that is answered «failed»: the counts of lines and intents match, and it is found (THR-56).
#[test]
fn a_signature_behind_a_failed_outcome_is_a_surplus_thr_56() {
    let rogue = lines(false, 1);
    let (accounts, _) = fed(&[intent(1), outcome(1, 0, OutcomeResult::Failed), Entry::DeviceLog(rogue.clone())]);
    assert_eq!(accounts.surplus(&key("tsu")), 1);
    let (accounts, _) = fed(&[intent(1), outcome(1, 0, OutcomeResult::Unknown), Entry::DeviceLog(rogue.clone())]);
    assert_eq!(accounts.surplus(&key("tsu")), 0, "nobody knows: it may be this one");
    let (accounts, _) = fed(&[intent(1), outcome(1, 0, OutcomeResult::Discarded), Entry::DeviceLog(rogue)]);
    assert_eq!((accounts.surplus(&key("tsu")), tsu(&accounts).by_word_alone()), (0, 1));
}

/// A settlement starts the count anew: what got lost long ago explains nothing that is signed today, and what was too much stays so.
#[test]
fn a_lost_answer_of_yesterday_explains_no_signature_of_today_thr_56() {
    let unknown = || outcome(1, 0, OutcomeResult::Unknown);
    let lost = |begins| {
        [
            intent(1),
            Entry::DeviceLog(lines(false, 0)),
            unknown(),
            Entry::DeviceLog(lines(begins, 0)),
            Entry::DeviceLog(lines(false, 1)),
        ]
    };
    assert_eq!(fed(&lost(true)).0.surplus(&key("tsu")), 1);
    assert_eq!(fed(&lost(false)).0.surplus(&key("tsu")), 0, "within one process it may be that one");
    let (accounts, _) = fed(&[
        intent(1),
        unknown(),
        Entry::DeviceLog(lines(false, 0)),
        Entry::DeviceLog(lines(true, 2)),
        Entry::DeviceLog(lines(true, 0)),
    ]);
    assert_eq!(accounts.surplus(&key("tsu")), 1, "a settlement forgets no surplus");
}

/// What is signed but not read from the device yet is neither too much nor forgotten by a settlement.
#[test]
fn lines_still_to_come_are_expected() {
    let (accounts, _) = fed(&[
        Entry::DeviceLog(lines(false, 0)),
        intent(1),
        token("tsu", 1),
        Entry::DeviceLog(lines(true, 0)),
        Entry::DeviceLog(lines(false, 1)),
    ]);
    assert_eq!((accounts.surplus(&key("tsu")), tsu(&accounts).missing()), (0, 0));
}

/// A key in two devices: neither settles for the other.
#[test]
fn a_key_in_two_devices_is_not_settled_by_one() {
    let other = |begins, made| DeviceLog { device: label("yubihsm-2"), ..lines(begins, made) };
    let entries = [
        Entry::DeviceLog(lines(false, 0)),
        Entry::DeviceLog(other(false, 0)),
        intent(1),
        outcome(1, 2, OutcomeResult::Unknown),
        Entry::DeviceLog(lines(true, 0)),
        Entry::DeviceLog(other(true, 1)),
    ];
    assert_eq!(fed(&entries).0.surplus(&key("tsu")), 0);
}

#[test]
fn adds_up_events_without_a_line() {
    let with = |unlogged| Entry::DeviceLog(DeviceLog { unlogged, ..lines(false, 0) });
    let (accounts, _) = fed(&[with(2), with(0), with(3), with(1)]);
    assert_eq!(accounts.of_device(&label("yubihsm-1")).map(|device| device.unlogged), Some(6));
}

#[test]
fn goes_on_from_a_statement() {
    let before = [intent(1), intent(2), token("tsu", 1), Entry::DeviceLog(lines(false, 1))];
    let (mut whole, _) = fed(&before);
    let open = whole.open().map(|(index, open)| (index, open.clone())).collect();
    let mut resumed = Accounts::from_statement(&whole.statement(at(9)), open);
    assert_eq!(resumed, whole);
    let end = token("tsu", 2);
    assert_eq!(resumed.entry(LeafIndex(5), &end), Ended::Intent(LeafIndex(1)));
    whole.entry(LeafIndex(5), &end);
    assert_eq!(resumed.statement(at(9)), whole.statement(at(9)));
    assert_eq!(whole.statement(at(9)).open_from, None);
}
