//! The device's log against what this process asked for (THR-56, THR-64).

use kokuin_key::{DeviceExtract, DeviceLog, KeyError, KeyState};
use kokuin_yubihsm_sim::{Command, FACTORY_KEY, Fault, Firmware, On};

use crate::place::{AUDIT, IDENTITY, Place, id, made, make, number, settings, sign};

fn read(log: &dyn DeviceLog) -> DeviceExtract {
    let extract = log.read().unwrap();
    assert_eq!(extract.lines.len() as u64, extract.count * 32);
    log.acknowledge(&extract).unwrap();
    extract
}

/// Made, doubtful and refused of the only key.
fn of(extract: &DeviceExtract) -> (u64, u64, u64) {
    let [of] = extract.signatures.as_slice() else { panic!("{:?}", extract.signatures) };
    assert_eq!(of.key, id("tsu-1"));
    (of.made, of.doubtful, of.refused)
}

fn nothing() -> Vec<String> {
    Vec::new()
}

#[test]
fn every_line_of_a_signature_has_its_call_thr_56() {
    for firmware in [Firmware::V2_2_0, Firmware::V2_4_1] {
        let place = Place::with(settings(firmware, 7));
        let store = place.store();
        let key = make(&store, "tsu-1");
        let log = store.device_log().unwrap();
        assert_eq!((log.name().as_str(), log.device()), ("device", "yubihsm 7"));
        for round in 0..3 {
            for _ in 0..10 {
                sign(&*key).unwrap();
            }
            let extract = read(&*log);
            assert_eq!(extract.unexplained, nothing(), "round {round}");
            assert_eq!(of(&extract), (10, 0, 0));
        }
        let extract = log.read().unwrap();
        assert_eq!((extract.signatures.len(), extract.unexplained), (0, nothing()));
    }
}

#[test]
fn a_signature_past_the_service_is_reported_whoever_made_it_thr_56() {
    for login in [FACTORY_KEY, crate::place::SIGN] {
        let place = Place::new();
        let store = place.store();
        let key = make(&store, "tsu-1");
        let log = store.device_log().unwrap();
        sign(&*key).unwrap();
        place.simulator.rogue_sign_ecdsa(login, number(&place, "device", "tsu-1"), &[7; 32]).unwrap();
        sign(&*key).unwrap();
        let extract = read(&*log);
        let [text] = extract.unexplained.as_slice() else { panic!("{:?}", extract.unexplained) };
        assert!(text.contains("did not ask for"), "{text}");
        // The device made three; one of them is nobody's.
        assert_eq!(of(&extract), (3, 1, 0));
        place.simulator.rogue_sign_ecdsa(login, IDENTITY, &[7; 32]).unwrap();
        assert_eq!(read(&*log).unexplained.len(), 1, "by the identity key too");
        assert_eq!(read(&*log).unexplained, nothing());
        assert_eq!(key.state(), KeyState::Active);
    }
}

#[test]
fn a_device_that_is_to_stop_signs_nothing_after_an_unexplained_signature_thr_56() {
    let place = Place::new();
    let store = place.store_with("on_unexplained = \"stop\"").unwrap();
    let key = make(&store, "tsu-1");
    let mut signer = key.open().unwrap();
    place.simulator.rogue_sign_ecdsa(FACTORY_KEY, number(&place, "device", "tsu-1"), &[7; 32]).unwrap();
    assert_eq!(read(&*store.device_log().unwrap()).unexplained.len(), 1);
    assert_eq!(signer.sign(crate::place::prepared(&*key)), Err(KeyError::Suspended));
    assert_eq!(key.state(), KeyState::Suspended);
}

#[test]
fn an_honest_failure_does_not_hide_a_rogue_signature_thr_56() {
    let place = Place::new();
    let store = place.store();
    let key = make(&store, "tsu-1");
    place.simulator.rogue_sign_ecdsa(FACTORY_KEY, number(&place, "device", "tsu-1"), &[7; 32]).unwrap();
    place.simulator.fault(Fault::GoneBefore.on(On::Signing));
    assert!(sign(&*key).is_err());
    let extract = read(&*store.device_log().unwrap());
    assert_eq!(extract.unexplained.len(), 1, "attempts and lines are equal in number: {:?}", extract.unexplained);
}

#[test]
fn a_lost_answer_is_known_from_the_devices_line_thr_60() {
    let place = Place::new();
    let store = place.store();
    let key = make(&store, "tsu-1");
    let log = store.device_log().unwrap();
    let before = made(&place.simulator);
    place.simulator.fault(Fault::AnswerLost.on(On::Signing));
    assert_eq!(sign(&*key), Err(KeyError::AnswerLost));
    assert_eq!(made(&place.simulator), before + 1, "asked once");
    let extract = read(&*log);
    assert_eq!((of(&extract), extract.unexplained), ((1, 1, 0), nothing()));
    place.simulator.fault(Fault::InnerError { code: 9 }.on(On::Signing));
    // The session is new, and its identity signature meets the fault first.
    assert!(sign(&*key).is_err());
    sign(&*key).unwrap();
    let extract = read(&*log);
    assert_eq!((of(&extract), extract.unexplained), ((1, 0, 0), nothing()));
}

#[test]
fn lines_from_before_the_process_are_told_apart() {
    let place = Place::new();
    let store = place.store();
    sign(&*make(&store, "tsu-1")).unwrap();
    drop(store);
    let store = place.store();
    let key = kokuin_hsm_config::ceremony::Ceremony::load(&store, &id("tsu-1")).unwrap();
    sign(&*key).unwrap();
    let extract = read(&*store.device_log().unwrap());
    assert!(extract.begins);
    assert_eq!((of(&extract), extract.unexplained), ((2, 0, 0), nothing()));
    sign(&*key).unwrap();
    assert!(!read(&*store.device_log().unwrap()).begins);
}

#[test]
fn a_line_that_is_lost_or_changed_is_reported_thr_56() {
    let place = Place::new();
    let store = place.store();
    let key = make(&store, "tsu-1");
    let log = store.device_log().unwrap();
    read(&*log);
    sign(&*key).unwrap();
    place.simulator.break_log_chain();
    assert!(!read(&*log).unexplained.is_empty());
    sign(&*key).unwrap();
    place.simulator.lose_log_entry();
    let extract = read(&*log);
    assert!(extract.unexplained.iter().any(|text| text.contains("no line of it")), "{:?}", extract.unexplained);
}

#[test]
fn what_our_log_has_is_not_given_twice() {
    let place = Place::new();
    let store = place.store();
    let key = make(&store, "tsu-1");
    let log = store.device_log().unwrap();
    sign(&*key).unwrap();
    let first = log.read().unwrap();
    assert_eq!(log.read().unwrap(), first, "until it is acknowledged");
    place.simulator.fault(Fault::GoneBefore.on(On::Command(0x67)).times(2));
    assert!(log.acknowledge(&first).is_err(), "the device did not hear of it");
    sign(&*key).unwrap();
    let next = read(&*log);
    assert_eq!((of(&next), next.unexplained), ((1, 0, 0), nothing()));
    assert!(log.acknowledge(&first).is_err(), "out of turn");
}

#[test]
fn a_full_log_stops_signing_and_goes_on_once_it_is_read_thr_64() {
    let place = Place::new();
    let store = place.store();
    let key = make(&store, "tsu-1");
    let log = store.device_log().unwrap();
    sign(&*key).unwrap();
    place.simulator.direct(FACTORY_KEY, Command(0x4f), &[1, 0, 1, 1]).unwrap();
    place.simulator.fill_log();
    let lines = place.simulator.log();
    assert_eq!(sign(&*key), Err(KeyError::LogFull));
    assert_eq!(place.simulator.log(), lines, "nothing was done");
    // Somebody with the connector opens sessions.
    for _ in 0..3 {
        drop(place.simulator.direct(AUDIT, Command(0x01), b"x"));
    }
    let extract = read(&*log);
    assert_eq!(extract.fill, (62, 62));
    assert!(extract.unlogged >= 3, "{}", extract.unlogged);
    assert!(extract.unexplained.iter().any(|text| text.contains("without a line")), "{:?}", extract.unexplained);
    sign(&*key).unwrap();
    let extract = read(&*log);
    assert_eq!((of(&extract), extract.unexplained, extract.unlogged), ((1, 0, 0), nothing(), 0));
}

#[test]
fn the_fill_is_known_without_asking() {
    let place = Place::new();
    let store = place.store();
    let key = make(&store, "tsu-1");
    let log = store.device_log().unwrap();
    read(&*log);
    let (before, capacity) = log.fill();
    assert_eq!(capacity, 62);
    for _ in 0..5 {
        sign(&*key).unwrap();
    }
    assert_eq!(log.fill(), (before + 5, 62));
    read(&*log);
    assert!(log.fill().0 <= before, "{:?}", log.fill());
}

#[test]
fn a_line_that_the_client_cannot_read_hides_no_later_one() {
    let place = Place::with(settings(Firmware::V2_4_1, 7));
    let store = place.store();
    let key = make(&store, "tsu-1");
    let log = store.device_log().unwrap();
    read(&*log);
    // GetDevicePublicKey, which the crate does not know.
    place.simulator.direct(FACTORY_KEY, Command(0x4f), &[3, 0, 2, 0x0a, 1]).unwrap();
    drop(place.simulator.direct(FACTORY_KEY, Command(0x0a), &[]));
    sign(&*key).unwrap();
    let texts: Vec<String> = (0..3).flat_map(|_| read(&*log).unexplained).collect();
    assert!(texts.iter().any(|text| text.contains("cannot read")), "{texts:?}");
    sign(&*key).unwrap();
    let extract = read(&*log);
    assert_eq!((of(&extract), extract.unexplained), ((1, 0, 0), nothing()));
}
