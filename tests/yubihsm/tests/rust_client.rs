//! The unmodified `yubihsm` crate against the simulator.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::time::Duration;

use kokuin_yubihsm_sim::{Entry, Fault, Firmware, Latency, On, Settings, Simulator};
use openssl::{
    bn::BigNumContext,
    ec::{EcGroup, EcKey, EcPoint},
    ecdsa::EcdsaSig,
    nid::Nid,
    pkey::{Id, PKey},
    sign::Verifier,
};
use yubihsm::{Capability, Client, Connector, Credentials, Domain, asymmetric, connector::http::HttpConfig, object};

fn start() -> Simulator {
    Simulator::start(Settings::default()).unwrap()
}

fn connector(simulator: &Simulator) -> Connector {
    let config =
        HttpConfig { addr: simulator.address().ip().to_string(), port: simulator.address().port(), timeout_ms: 5000 };
    Connector::http(&config)
}

fn login(simulator: &Simulator) -> Client {
    Client::open(connector(simulator), Credentials::from_password(1, b"password"), true).unwrap()
}

fn generate(client: &Client, id: u16, capability: Capability, algorithm: asymmetric::Algorithm) {
    client
        .generate_asymmetric_key(id, object::Label::from_bytes(b"test").unwrap(), Domain::DOM1, capability, algorithm)
        .unwrap();
}

/// Whether a DER signature verifies with an `X || Y`.
fn verifies(curve: Nid, public: &[u8], digest: &[u8], signature: &[u8]) -> bool {
    let group = EcGroup::from_curve_name(curve).unwrap();
    let point = [&[4], public].concat();
    let point = EcPoint::from_bytes(&group, &point, &mut BigNumContext::new().unwrap()).unwrap();
    let key = EcKey::from_public_key(&group, &point).unwrap();
    EcdsaSig::from_der(signature).unwrap().verify(digest, &key).unwrap()
}

fn chained(log: &[Entry]) -> bool {
    log.windows(2).all(|pair| pair[1].digest == pair[1].chained(&pair[0].digest))
}

#[test]
fn a_wrong_password_is_noticed_by_the_client() {
    let simulator = start();
    let credentials = Credentials::from_password(1, b"passw0rd");
    assert!(Client::open(connector(&simulator), credentials, false).is_err());
    assert_eq!(simulator.sessions(), 1, "the half-open session stays until its time is up");
    simulator.advance(Duration::from_secs(31));
    login(&simulator);
    assert_eq!(simulator.sessions(), 1);
}

#[test]
fn signs_with_p256_p384_and_ed25519() {
    let simulator = start();
    let client = login(&simulator);
    assert_eq!(client.device_info().unwrap().serial_number.to_string(), "0007550000");

    generate(&client, 5, Capability::SIGN_ECDSA, asymmetric::Algorithm::EcP256);
    let public = client.get_public_key(5).unwrap();
    let signature = client.sign_ecdsa_prehash_raw(5, [7; 32].as_slice()).unwrap();
    assert!(verifies(Nid::X9_62_PRIME256V1, &public.bytes, &[7; 32], &signature));

    generate(&client, 6, Capability::SIGN_ECDSA, asymmetric::Algorithm::EcP384);
    let public = client.get_public_key(6).unwrap();
    let signature = client.sign_ecdsa_prehash_raw(6, [7; 48].as_slice()).unwrap();
    assert!(verifies(Nid::SECP384R1, &public.bytes, &[7; 48], &signature));

    generate(&client, 7, Capability::SIGN_EDDSA, asymmetric::Algorithm::Ed25519);
    let public = client.get_public_key(7).unwrap();
    let key = PKey::public_key_from_raw_bytes(&public.bytes, Id::ED25519).unwrap();
    let signature = client.sign_ed25519(7, b"message".as_slice()).unwrap();
    let mut verifier = Verifier::new_without_digest(&key).unwrap();
    assert!(verifier.verify_oneshot(&signature.to_bytes(), b"message").unwrap());
    assert_eq!(simulator.signatures().len(), 3);
}

#[test]
fn the_log_the_client_reads_is_the_log_there_is() {
    let simulator = start();
    let client = login(&simulator);
    generate(&client, 5, Capability::SIGN_ECDSA, asymmetric::Algorithm::EcP256);
    client.sign_ecdsa_prehash_raw(5, [7; 32].as_slice()).unwrap();
    let (read, log) = (client.get_log_entries().unwrap(), simulator.log());
    assert!(chained(&log));
    assert_eq!(read.entries.len(), usize::from(read.num_entries));
    let seen: Vec<_> = read.entries.iter().map(|entry| (entry.item, entry.cmd.to_u8(), entry.target_key)).collect();
    assert_eq!(seen, log.iter().map(|entry| (entry.number, entry.command, entry.target)).collect::<Vec<_>>());
    let commands: Vec<_> = log.iter().map(|entry| entry.command).collect();
    assert_eq!(commands, [0xff, 0x00, 0x03, 0x04, 0x46, 0x56]);
    client.set_log_index(6).unwrap();
    assert_eq!(simulator.log().iter().map(|entry| entry.command).collect::<Vec<_>>(), [0x67]);
}

#[test]
fn the_seventeenth_session_is_refused() {
    let simulator = start();
    let clients: Vec<_> = (0..16).map(|_| login(&simulator)).collect();
    let credentials = Credentials::from_password(1, b"password");
    assert!(Client::open(connector(&simulator), credentials, false).is_err());
    drop(clients);
    assert_eq!(simulator.sessions(), 16, "the crate's clients close nothing");
}

#[test]
fn a_signature_whose_answer_is_lost_was_made() {
    let simulator = start();
    let client = login(&simulator);
    generate(&client, 5, Capability::SIGN_ECDSA, asymmetric::Algorithm::EcP256);
    simulator.fault(Fault::AnswerLost.on(On::Signing));
    assert!(client.sign_ecdsa_prehash_raw(5, [7; 32].as_slice()).is_err());
    simulator.fault(Fault::GoneBefore.on(On::Signing));
    assert!(client.sign_ecdsa_prehash_raw(5, [8; 32].as_slice()).is_err());
    client.sign_ecdsa_prehash_raw(5, [9; 32].as_slice()).unwrap();
    let digests: Vec<_> = simulator.signatures().iter().map(|made| made.data[0]).collect();
    assert_eq!(digests, [7, 9]);
    let logged = simulator.log().iter().filter(|entry| entry.command == 0x56).count();
    assert_eq!(logged, 2);
}

#[test]
fn sessions_wait_for_one_serial_device() {
    let simulator = start();
    let (first, second) = (login(&simulator), login(&simulator));
    generate(&first, 5, Capability::SIGN_ECDSA, asymmetric::Algorithm::EcP256);
    simulator.set_latency(Latency::REAL);
    let begun = std::time::Instant::now();
    std::thread::scope(|scope| {
        for client in [&first, &second] {
            scope.spawn(|| client.sign_ecdsa_prehash_raw(5, [7; 32].as_slice()).unwrap());
        }
    });
    let took = begun.elapsed();
    assert!(took >= Duration::from_millis(150), "{took:?}");
}

#[test]
fn spoiled_answers_in_the_channel_are_not_taken_for_signatures() {
    let simulator = start();
    let (client, other) = (login(&simulator), login(&simulator));
    generate(&client, 5, Capability::SIGN_ECDSA, asymmetric::Algorithm::EcP256);
    other.get_public_key(5).unwrap();
    let faults = [
        Fault::FlipBit { bit: 100 },
        Fault::OtherSession,
        Fault::Replayed,
        Fault::Truncated { bytes: 20 },
        Fault::PlainError { code: 3 },
        Fault::Html,
    ];
    for fault in faults {
        simulator.fault(fault.on(On::Signing));
        // A client of its own each: this one keeps a session that it has fallen out of step with.
        let client = login(&simulator);
        assert!(client.sign_ecdsa_prehash_raw(5, [7; 32].as_slice()).is_err(), "{fault:?}");
        assert_eq!(simulator.faults_waiting(), 0, "{fault:?}");
    }
}

#[test]
fn a_wrong_signature_comes_through_a_genuine_channel() {
    let simulator = start();
    let client = login(&simulator);
    generate(&client, 5, Capability::SIGN_ECDSA, asymmetric::Algorithm::EcP256);
    let public = client.get_public_key(5).unwrap();
    simulator.fault(Fault::WrongSignature.on(On::Signing));
    let signature = client.sign_ecdsa_prehash_raw(5, [7; 32].as_slice()).unwrap();
    assert!(!verifies(Nid::X9_62_PRIME256V1, &public.bytes, &[7; 32], &signature));
    simulator.fault(Fault::InnerError { code: 0x0a }.on(On::Signing));
    assert!(client.sign_ecdsa_prehash_raw(5, [7; 32].as_slice()).is_err());
    let signature = client.sign_ecdsa_prehash_raw(5, [7; 32].as_slice()).unwrap();
    assert!(verifies(Nid::X9_62_PRIME256V1, &public.bytes, &[7; 32], &signature), "the session goes on");
    let results: Vec<_> = simulator.log().iter().filter(|entry| entry.command == 0x56).map(|e| e.result).collect();
    assert_eq!(results, [0xd6, 0x0a, 0xd6]);
}

#[test]
fn a_full_log_is_read_whole() {
    let simulator = start();
    let client = login(&simulator);
    simulator.fill_log();
    let read = client.get_log_entries().unwrap();
    assert_eq!((read.num_entries, read.entries.len()), (62, 62));
}

#[test]
fn attestation_leads_up_to_the_makers_root() {
    use openssl::{
        stack::Stack,
        x509::{X509, X509StoreContext, X509StoreContextRef, store::X509StoreBuilder},
    };
    let simulator = start();
    let client = login(&simulator);
    generate(&client, 5, Capability::SIGN_ECDSA, asymmetric::Algorithm::EcP256);
    let attested = client.sign_attestation_certificate(5, None).unwrap();
    let attested = X509::from_der(attested.as_ref()).unwrap();
    let device = X509::from_der(&client.get_opaque(0).unwrap()).unwrap();
    let mut store = X509StoreBuilder::new().unwrap();
    store.add_cert(X509::from_der(&simulator.attestation_root().unwrap()).unwrap()).unwrap();
    let mut chain = Stack::new().unwrap();
    chain.push(device).unwrap();
    let mut context = X509StoreContext::new().unwrap();
    assert!(context.init(&store.build(), &attested, &chain, X509StoreContextRef::verify_cert).unwrap());
    let key = attested.public_key().unwrap().ec_key().unwrap();
    let public = client.get_public_key(5).unwrap();
    let point = key.public_key().to_bytes(
        key.group(),
        openssl::ec::PointConversionForm::UNCOMPRESSED,
        &mut BigNumContext::new().unwrap(),
    );
    assert_eq!(point.unwrap()[1..], public.bytes);
}

/// libyubihsm does not let anyone set this any more; the device does.
#[test]
fn auditing_the_wrapping_of_commands_locks_a_full_log() {
    let simulator = start();
    let client = login(&simulator);
    client.set_command_audit_option(yubihsm::command::Code::SessionMessage, yubihsm::AuditOption::On).unwrap();
    client.set_force_audit_option(yubihsm::AuditOption::On).unwrap();
    assert!(client.get_log_entries().is_ok());
    assert_eq!(simulator.log().last().unwrap().command, 0x05);
    simulator.fill_log();
    let locked = login(&simulator);
    assert!(locked.get_log_entries().is_err());
    assert!(locked.set_log_index(62).is_err());
}

/// The reason for two firmware profiles (yubihsm.md section 8, trap 8).
#[test]
fn the_crate_reads_every_list_of_old_firmware_and_cuts_those_of_new() {
    let lengths = |firmware| {
        let simulator = Simulator::start(Settings { firmware, ..Settings::default() }).unwrap();
        let client = login(&simulator);
        let audits = client.get_commands_audit_options().unwrap().len();
        (audits, client.device_info().unwrap().algorithms.len())
    };
    assert_eq!(lengths(Firmware::V2_2_0), (Firmware::V2_2_0.audited().count(), 47));
    let (audits, algorithms) = lengths(Firmware::V2_4_1);
    assert!(audits < Firmware::V2_4_1.audited().count(), "{audits}");
    assert!(algorithms < Firmware::V2_4_1.algorithms().count(), "{algorithms}");
}
