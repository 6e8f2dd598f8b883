//! What the device allows and what it writes down, asked of it directly.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use kokuin_yubihsm_sim::{
    Command, Entry, FACTORY_KEY, Firmware, Refusal, Settings, Simulator,
    object::{Capabilities, ObjectType},
};

const P256: u8 = 12;
const DOMAIN_1: u16 = 1;
const DOMAIN_2: u16 = 2;

fn start() -> Simulator {
    Simulator::start(Settings::default()).unwrap()
}

fn header(id: u16, domains: u16, capabilities: Capabilities, algorithm: u8) -> Vec<u8> {
    let mut bytes = id.to_be_bytes().to_vec();
    bytes.extend([0; 40]);
    bytes.extend(domains.to_be_bytes());
    bytes.extend(capabilities.0.to_be_bytes());
    bytes.push(algorithm);
    bytes
}

fn generate(
    simulator: &Simulator,
    by: u16,
    id: u16,
    domains: u16,
    capabilities: Capabilities,
) -> Result<Vec<u8>, Refusal> {
    simulator.direct(by, Command::GENERATE_ASYMMETRIC_KEY, &header(id, domains, capabilities, P256))
}

fn login_key(
    simulator: &Simulator,
    by: u16,
    id: u16,
    capabilities: Capabilities,
    delegated: Capabilities,
) -> Result<Vec<u8>, Refusal> {
    let mut bytes = header(id, DOMAIN_1, capabilities, 38);
    bytes.extend(delegated.0.to_be_bytes());
    bytes.extend([9; 32]);
    simulator.direct(by, Command::PUT_AUTHENTICATION_KEY, &bytes)
}

fn sign(simulator: &Simulator, by: u16, id: u16) -> Result<Vec<u8>, Refusal> {
    simulator.rogue_sign_ecdsa(by, id, &[7; 32])
}

fn named(id: u16, kind: ObjectType) -> Vec<u8> {
    let [high, low] = id.to_be_bytes();
    vec![high, low, kind.0]
}

#[test]
fn signing_needs_the_right_of_the_session_and_of_the_key() {
    let simulator = start();
    generate(&simulator, FACTORY_KEY, 5, DOMAIN_1, Capabilities::SIGN_ECDSA).unwrap();
    generate(&simulator, FACTORY_KEY, 6, DOMAIN_1, Capabilities::SIGN_EDDSA).unwrap();
    login_key(&simulator, FACTORY_KEY, 2, Capabilities::SIGN_ECDSA, Capabilities::NONE).unwrap();
    login_key(&simulator, FACTORY_KEY, 3, Capabilities::SIGN_EDDSA, Capabilities::NONE).unwrap();
    assert!(sign(&simulator, 2, 5).is_ok());
    assert_eq!(sign(&simulator, 3, 5), Err(Refusal::InsufficientPermissions));
    assert_eq!(sign(&simulator, 2, 6), Err(Refusal::InsufficientPermissions));
    assert_eq!(sign(&simulator, 2, 7), Err(Refusal::ObjectNotFound));
    assert_eq!(simulator.signatures().len(), 1);
}

#[test]
fn an_object_in_no_shared_domain_is_not_there() {
    let simulator = start();
    generate(&simulator, FACTORY_KEY, 5, DOMAIN_2, Capabilities::SIGN_ECDSA).unwrap();
    login_key(&simulator, FACTORY_KEY, 2, Capabilities::SIGN_ECDSA, Capabilities::NONE).unwrap();
    assert_eq!(sign(&simulator, 2, 5), Err(Refusal::ObjectNotFound));
    let listed = simulator.direct(2, Command::LIST_OBJECTS, &[]).unwrap();
    let ids: Vec<_> = listed.chunks(4).map(|entry| (entry[1], entry[2])).collect();
    assert_eq!(ids, [(1, 2), (2, 2)], "the two authentication keys and not the key pair");
    let info = named(5, ObjectType::ASYMMETRIC_KEY);
    assert_eq!(simulator.direct(2, Command::GET_OBJECT_INFO, &info), Err(Refusal::ObjectNotFound));
}

#[test]
fn nobody_hands_on_more_than_was_delegated() {
    let simulator = start();
    let creator = Capabilities::GENERATE_ASYMMETRIC_KEY.and(Capabilities::PUT_AUTHENTICATION_KEY);
    login_key(&simulator, FACTORY_KEY, 2, creator, Capabilities::SIGN_ECDSA).unwrap();
    assert!(generate(&simulator, 2, 5, DOMAIN_1, Capabilities::SIGN_ECDSA).is_ok());
    let more = Capabilities::SIGN_ECDSA.and(Capabilities::EXPORTABLE_UNDER_WRAP);
    assert_eq!(generate(&simulator, 2, 6, DOMAIN_1, more), Err(Refusal::InsufficientPermissions));
    let refused = login_key(&simulator, 2, 7, Capabilities::SIGN_ECDSA, Capabilities::RESET_DEVICE);
    assert_eq!(refused, Err(Refusal::InsufficientPermissions));
    assert_eq!(generate(&simulator, 2, 8, DOMAIN_2, Capabilities::NONE), Err(Refusal::InsufficientPermissions));
}

#[test]
fn a_name_is_taken_once_and_counts_its_writings() {
    let simulator = start();
    generate(&simulator, FACTORY_KEY, 5, DOMAIN_1, Capabilities::NONE).unwrap();
    let again = generate(&simulator, FACTORY_KEY, 5, DOMAIN_1, Capabilities::NONE);
    assert_eq!(again, Err(Refusal::ObjectExists));
    assert_eq!(generate(&simulator, FACTORY_KEY, 0xffff, 1, Capabilities::NONE), Err(Refusal::InvalidId));
    let name = named(5, ObjectType::ASYMMETRIC_KEY);
    simulator.direct(FACTORY_KEY, Command::DELETE_OBJECT, &name).unwrap();
    generate(&simulator, FACTORY_KEY, 5, DOMAIN_1, Capabilities::NONE).unwrap();
    let info = simulator.direct(FACTORY_KEY, Command::GET_OBJECT_INFO, &name).unwrap();
    assert_eq!((info[16], info[17]), (1, 1), "second writing, generated");
    assert_eq!(info[10..12], 96_u16.to_be_bytes());
}

#[test]
fn the_store_holds_as_many_rsa_keys_as_published() {
    let simulator = start();
    let info = |simulator: &Simulator| simulator.direct(FACTORY_KEY, Command::GET_STORAGE_INFO, &[]).unwrap();
    assert_eq!(info(&simulator), [256_u16, 255, 1024, 1023, 126].map(u16::to_be_bytes).concat());
    // 127 RSA-2048 keys of 8 pages each leave 7 of 1023; opaque objects take pages in the same way.
    for _ in 0..127 {
        let object = [header(0, DOMAIN_1, Capabilities::NONE, 30), vec![0; 896]].concat();
        simulator.direct(FACTORY_KEY, Command::PUT_OPAQUE, &object).unwrap();
    }
    let one_more = [header(0, DOMAIN_1, Capabilities::NONE, 30), vec![0; 896]].concat();
    assert_eq!(simulator.direct(FACTORY_KEY, Command::PUT_OPAQUE, &one_more), Err(Refusal::StorageFailed));
}

fn set_force_audit(simulator: &Simulator, value: u8) -> Result<Vec<u8>, Refusal> {
    simulator.direct(FACTORY_KEY, Command::SET_OPTION, &[1, 0, 1, value])
}

/// The two counters and the number of entries.
fn counters(simulator: &Simulator) -> (u16, u16, u8) {
    let read = simulator.direct(FACTORY_KEY, Command::GET_LOG_ENTRIES, &[]).unwrap();
    (u16::from_be_bytes([read[0], read[1]]), u16::from_be_bytes([read[2], read[3]]), read[4])
}

fn is_chained(log: &[Entry]) -> bool {
    log.windows(2).all(|pair| pair[1].digest == pair[1].chained(&pair[0].digest))
}

#[test]
fn under_force_audit_a_full_log_stops_all_but_reading_it() {
    let simulator = start();
    generate(&simulator, FACTORY_KEY, 5, DOMAIN_1, Capabilities::SIGN_ECDSA).unwrap();
    set_force_audit(&simulator, 1).unwrap();
    let made = (0..60).take_while(|_| sign(&simulator, FACTORY_KEY, 5).is_ok()).count();
    assert_eq!(simulator.signatures().len(), made);
    assert_eq!(sign(&simulator, FACTORY_KEY, 5), Err(Refusal::LogFull));
    assert_eq!(set_force_audit(&simulator, 0), Err(Refusal::LogFull));
    let before = counters(&simulator);
    simulator.power_cycle();
    let (boots, logins, used) = counters(&simulator);
    assert_eq!((boots, used), (before.0 + 1, 62));
    // CreateSession and AuthenticateSession of the second reading.
    assert_eq!(logins, before.1 + 2);
    let log = simulator.log();
    assert!(is_chained(&log));
    assert_eq!(log.iter().filter(|entry| entry.command == 0x56 && entry.result == 0xd6).count(), made);
    let last = log.last().unwrap().number;
    simulator.direct(FACTORY_KEY, Command::SET_LOG_INDEX, &last.to_be_bytes()).unwrap();
    assert!(sign(&simulator, FACTORY_KEY, 5).is_ok());
    set_force_audit(&simulator, 2).unwrap();
    assert_eq!(set_force_audit(&simulator, 0), Err(Refusal::InvalidData), "2 is until a factory reset");
}

#[test]
fn without_force_audit_the_oldest_entries_go() {
    let simulator = start();
    generate(&simulator, FACTORY_KEY, 5, DOMAIN_1, Capabilities::SIGN_ECDSA).unwrap();
    for _ in 0..40 {
        sign(&simulator, FACTORY_KEY, 5).unwrap();
    }
    let log = simulator.log();
    assert_eq!((log.len(), is_chained(&log)), (62, true));
    assert_eq!(simulator.signatures().len(), 40);
}

#[test]
fn a_rogue_signature_is_in_the_log_under_its_session_key() {
    let simulator = start();
    generate(&simulator, FACTORY_KEY, 5, DOMAIN_1, Capabilities::SIGN_ECDSA).unwrap();
    login_key(&simulator, FACTORY_KEY, 9, Capabilities::SIGN_ECDSA, Capabilities::NONE).unwrap();
    sign(&simulator, 9, 5).unwrap();
    let entry = simulator.log().into_iter().find(|entry| entry.command == 0x56).unwrap();
    assert_eq!((entry.session_key, entry.target, entry.second, entry.length), (9, 5, 0xffff, 34));
}

#[test]
fn what_is_not_audited_is_not_logged() {
    let simulator = Simulator::start(Settings { firmware: Firmware::V2_4_1, ..Settings::default() }).unwrap();
    generate(&simulator, FACTORY_KEY, 5, DOMAIN_1, Capabilities::SIGN_ECDSA).unwrap();
    assert_eq!(simulator.log().len(), 2, "new firmware logs nothing until told to");
    let sign_on = [3, 0, 2, Command::SIGN_ECDSA.0, 1];
    simulator.direct(FACTORY_KEY, Command::SET_OPTION, &sign_on).unwrap();
    sign(&simulator, FACTORY_KEY, 5).unwrap();
    assert_eq!(simulator.log().len(), 3);
}

#[test]
fn a_kept_device_is_the_same_device_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings { state: Some(folder.path().join("device.json")), ..Settings::default() };
    let first = Simulator::start(settings.clone()).unwrap();
    generate(&first, FACTORY_KEY, 5, DOMAIN_1, Capabilities::SIGN_ECDSA).unwrap();
    let public = first.direct(FACTORY_KEY, Command::GET_PUBLIC_KEY, &[0, 5]).unwrap();
    let (log, root) = (first.log(), first.attestation_root().unwrap());
    first.save().unwrap();
    drop(first);
    let second = Simulator::start(Settings { serial: 1, ..settings }).unwrap();
    assert_eq!(second.serial(), 7_550_000);
    assert_eq!(second.attestation_root().unwrap(), root);
    let again = second.log();
    assert_eq!(again[..log.len()], log);
    assert_eq!((again.len(), again.last().unwrap().command), (log.len() + 1, 0));
    assert!(is_chained(&again));
    assert_eq!(second.direct(FACTORY_KEY, Command::GET_PUBLIC_KEY, &[0, 5]).unwrap(), public);
    sign(&second, FACTORY_KEY, 5).unwrap();
}

#[test]
fn a_swapped_device_has_another_serial_and_nothing_of_the_old_one() {
    let simulator = start();
    generate(&simulator, FACTORY_KEY, 5, DOMAIN_1, Capabilities::SIGN_ECDSA).unwrap();
    simulator.swap(7_550_001, true).unwrap();
    assert_eq!(simulator.serial(), 7_550_001);
    sign(&simulator, FACTORY_KEY, 5).unwrap();
    simulator.swap(7_550_002, false).unwrap();
    assert_eq!(sign(&simulator, FACTORY_KEY, 5), Err(Refusal::ObjectNotFound));
}
