//! The table of back ends and faults in `docs/hsm.md`, made of what is seen here (THR-58, THR-60, THR-64, THR-66).
//!
//! `KOKUIN_WRITE_DOCS=1 cargo test -p kokuin-hsm-config --features yubihsm --test yubihsm matrix` writes its column; `hsm-config/tests/faults.rs` and
//! `tests/pkcs11/run` own the others.

use std::time::{Duration, Instant};

use kokuin_yubihsm_sim::{Command, FACTORY_KEY, Fault, Firmware, On};

use crate::fault_table;
use crate::place::{Place, SIGN, made, make, prepared, settings, sign};

/// What a device, or the way to it, does in one signature.
enum Shown {
    /// A fault of the connector or the device.
    Sim(Fault),
    /// Something that is done to them before.
    Done(fn(&Place)),
    /// Something that is done before, and put right after.
    Until(fn(&Place), fn(&Place)),
}

type Row = (&'static str, Shown);

fn rows() -> Vec<Row> {
    vec![
        ("gone before it hears of the request", Shown::Sim(Fault::GoneBefore)),
        (
            "pulled out of its connector",
            Shown::Until(|place| place.simulator.plug(false), |place| place.simulator.plug(true)),
        ),
        ("loses power while it signs", Shown::Sim(Fault::GoneDuring)),
        ("gone after it signed: the answer is lost", Shown::Sim(Fault::AnswerLost)),
        ("does not answer in time", Shown::Sim(Fault::Slow { ms: 2_500 })),
        ("forgets the session", Shown::Sim(Fault::PlainError { code: 3 })),
        ("refuses", Shown::Sim(Fault::InnerError { code: 9 })),
        ("gives a signature of another key or over other bytes", Shown::Sim(Fault::WrongSignature)),
        ("its log is full", Shown::Until(fill, empty)),
        ("connector restarted", Shown::Done(|place| place.simulator.restart_connector().unwrap())),
        ("half an answer", Shown::Sim(Fault::Truncated { bytes: 20 })),
        ("the connection ends in the middle of an answer", Shown::Sim(Fault::BodyCut { bytes: 7 })),
        ("an answer in two segments", Shown::Sim(Fault::Segmented)),
        ("an answer octet by octet", Shown::Sim(Fault::Drip { ms: 1 })),
        ("a flipped bit on the way", Shown::Sim(Fault::FlipBit { bit: 100 })),
        ("an answer that is too long", Shown::Sim(Fault::Oversized { bytes: 100_000 })),
        ("a wrong length", Shown::Sim(Fault::WrongLength)),
        ("the answer before, again", Shown::Sim(Fault::Replayed)),
        ("another session's answer", Shown::Sim(Fault::OtherSession)),
        ("200 and a web page", Shown::Sim(Fault::Html)),
        ("a redirect", Shown::Sim(Fault::Redirect)),
        ("500", Shown::Sim(Fault::ServerError)),
        ("chunked", Shown::Sim(Fault::Chunked)),
        (
            "another device in its place",
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

/// Two starts with a secret that the device does not take: it is given once (THR-67).
fn wrong_secret(firmware: Firmware) -> [String; 2] {
    let place = Place::with(settings(firmware, 7_550_000));
    make(&place.store_with("drain = false").unwrap(), "tsu-1");
    place.write("sign", &"ab".repeat(32));
    // Newer firmware logs no logins by itself.
    place.simulator.direct(FACTORY_KEY, Command(0x4f), &[3, 0, 2, 0x03, 1]).unwrap();
    let tried = || place.simulator.log().iter().filter(|line| line.command == 0x03 && line.target == SIGN).count();
    let before = tried();
    let start = || {
        let store = place.store_with("drain = false").unwrap();
        format!("`{}`", store.load(&"device/tsu-1".parse().unwrap()).unwrap_err().code())
    };
    let answers = [start(), start()];
    assert_eq!(tried(), before + 1);
    answers
}

#[test]
fn the_table_is_what_is_seen_and_no_request_is_doubled_thr_58_thr_60_thr_66() {
    let mut found = Vec::new();
    for (fault, shown) in rows() {
        let old = seen(Firmware::V2_2_0, &shown);
        assert_eq!(seen(Firmware::V2_4_1, &shown), old, "{fault}: both firmwares");
        found.push((fault, old));
    }
    let [first, again] = wrong_secret(Firmware::V2_2_0);
    assert_eq!(wrong_secret(Firmware::V2_4_1), [first.clone(), again.clone()], "both firmwares");
    found.push(("takes another PIN, password or passphrase than it is given", first));
    found.push(("is asked again with the same", again));
    fault_table::check("YubiHSM 2", &found, &[]).unwrap();
}
