//! The table of back ends and faults in `docs/hsm.md`, made of what is seen here (THR-58, THR-60, THR-64, THR-66).
//!
//! `KOKUIN_WRITE_DOCS=1 cargo test -p kokuin-hsm-config --features yubihsm --test yubihsm matrix` writes it. What `tests/pkcs11/run` sees of tokens stands beside.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use kokuin_yubihsm_sim::{Command, FACTORY_KEY, Fault, Firmware, On};

use crate::place::{Place, made, make, prepared, settings, sign};

const BEGIN: &str = "<!-- faults: begin -->\n";
const END: &str = "<!-- faults: end -->\n";

/// What a device, or the way to it, does in one signature.
enum Shown {
    /// A fault of the connector or the device.
    Sim(Fault),
    /// Something that is done to them before.
    Done(fn(&Place)),
    /// Something that is done before, and put right after.
    Until(fn(&Place), fn(&Place)),
}

struct Row {
    fault: &'static str,
    pkcs11: &'static str,
    shown: Shown,
}

const fn row(fault: &'static str, pkcs11: &'static str, shown: Shown) -> Row {
    Row { fault, pkcs11, shown }
}

const NONE: &str = "-";

fn rows() -> Vec<Row> {
    let lost = "`key.session-lost`, may have signed";
    vec![
        row(
            "gone before it hears of the request",
            "`key.unavailable` or `key.session-lost`",
            Shown::Sim(Fault::GoneBefore),
        ),
        row(
            "pulled out of its connector",
            "`key.unavailable` or `key.session-lost`",
            Shown::Until(|place| place.simulator.plug(false), |place| place.simulator.plug(true)),
        ),
        row("loses power while it signs", lost, Shown::Sim(Fault::GoneDuring)),
        row(
            "gone after it signed: the answer is lost",
            "`key.answer-lost`, may have signed",
            Shown::Sim(Fault::AnswerLost),
        ),
        row("does not answer in time", "`key.timed-out`, may have signed", Shown::Sim(Fault::Slow { ms: 2_500 })),
        row("forgets the session", lost, Shown::Sim(Fault::PlainError { code: 3 })),
        row("refuses", "`key.refused`", Shown::Sim(Fault::InnerError { code: 9 })),
        row(
            "gives a signature of another key or over other bytes",
            "`key.wrong-answer`",
            Shown::Sim(Fault::WrongSignature),
        ),
        row("its log is full", "no such answer", Shown::Until(fill, empty)),
        row("connector restarted", NONE, Shown::Done(|place| place.simulator.restart_connector().unwrap())),
        row("half an answer", NONE, Shown::Sim(Fault::Truncated { bytes: 20 })),
        row("the connection ends in the middle of an answer", NONE, Shown::Sim(Fault::BodyCut { bytes: 7 })),
        row("an answer in two segments", NONE, Shown::Sim(Fault::Segmented)),
        row("an answer octet by octet", NONE, Shown::Sim(Fault::Drip { ms: 1 })),
        row("a flipped bit on the way", NONE, Shown::Sim(Fault::FlipBit { bit: 100 })),
        row("an answer that is too long", NONE, Shown::Sim(Fault::Oversized { bytes: 100_000 })),
        row("a wrong length", NONE, Shown::Sim(Fault::WrongLength)),
        row("the answer before, again", NONE, Shown::Sim(Fault::Replayed)),
        row("another session's answer", NONE, Shown::Sim(Fault::OtherSession)),
        row("200 and a web page", NONE, Shown::Sim(Fault::Html)),
        row("a redirect", NONE, Shown::Sim(Fault::Redirect)),
        row("500", NONE, Shown::Sim(Fault::ServerError)),
        row("chunked", NONE, Shown::Sim(Fault::Chunked)),
        row(
            "another device in its place",
            "`key.lost`",
            Shown::Until(
                |place| place.simulator.swap(99, true).unwrap(),
                |place| place.simulator.swap(7_550_000, true).unwrap(),
            ),
        ),
    ]
}

fn fill(place: &Place) {
    place.simulator.direct(FACTORY_KEY, Command(0x4f), &[1, 0, 1, 1]).unwrap();
    place.simulator.fill_log();
}

fn empty(place: &Place) {
    let last = place.simulator.log().last().unwrap().number;
    place.simulator.direct(FACTORY_KEY, Command(0x67), &last.to_be_bytes()).unwrap();
}

/// One signature under the fault, and those after it.
fn seen(firmware: Firmware, shown: &Shown) -> String {
    let place = Place::with(settings(firmware, 7_550_000));
    let store = place.store_with("drain = false").unwrap();
    let key = make(&store, "tsu-1");
    let mut signer = key.open().unwrap();
    signer.sign(prepared(&*key)).unwrap();
    match shown {
        Shown::Sim(fault) => place.simulator.fault(fault.on(On::Signing)),
        Shown::Done(before) | Shown::Until(before, _) => before(&place),
    }
    let before = made(&place.simulator);
    let begun = Instant::now();
    let answer = signer.sign(prepared(&*key));
    assert!(begun.elapsed() < Duration::from_secs(4), "{answer:?}");
    place.simulator.clear_faults();
    if let Shown::Until(_, after) = shown {
        // A new signer meets it too.
        let again = sign(&*key);
        assert!(again.is_err(), "{again:?}");
        after(&place);
    }
    let asked = made(&place.simulator) - before;
    assert!(asked <= 1, "asked {asked} times");
    let mut text = match &answer {
        Ok(_) => "a signature".to_owned(),
        Err(error) => format!("`{}`", error.code()),
    };
    if let Err(error) = &answer {
        assert!(asked == 0 || error.may_have_signed(), "{error} and it signed");
        text.push_str(if error.may_have_signed() { ", may have signed" } else { "" });
    }
    let begun = Instant::now();
    while let Err(error) = signer.sign(prepared(&*key)) {
        assert!(begun.elapsed() < Duration::from_secs(7), "{error}: does not recover");
        std::thread::sleep(Duration::from_millis(50));
    }
    sign(&*key).unwrap();
    text
}

#[test]
fn the_table_is_what_is_seen_and_no_request_is_doubled_thr_58_thr_60_thr_66() {
    let mut table = String::from(
        "| the device, token or connector | PKCS#11 (`tests/pkcs11/run`) | YubiHSM 2 |\n| --- | --- | --- |\n",
    );
    for Row { fault, pkcs11, shown } in rows() {
        let old = seen(Firmware::V2_2_0, &shown);
        assert_eq!(seen(Firmware::V2_4_1, &shown), old, "{fault}: both firmwares");
        writeln!(table, "| {fault} | {pkcs11} | {old} |").unwrap();
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/hsm.md");
    let page = fs::read_to_string(&path).unwrap();
    let (head, rest) = page.split_once(BEGIN).unwrap();
    let (found, tail) = rest.split_once(END).unwrap();
    if std::env::var_os("KOKUIN_WRITE_DOCS").is_some() {
        fs::write(&path, [head, BEGIN, &table, END, tail].concat()).unwrap();
        return;
    }
    assert_eq!(found, table, "docs/hsm.md is behind");
}
