//! Whole ceremonies on the simulated device, with both firmwares.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use kokuin_asn1::Certificate;
use kokuin_settings::{Secret, SecretFile};
use kokuin_suite_openssl::OpenSslEngine;
use kokuin_yubihsm_sim::{Firmware as Simulated, Settings, Simulator};

use super::*;
use crate::manifest::{Manifest, ObjectId, Role};
use crate::plan::{Factory, Lack, Need, Plan, compare, preflight};
use crate::yubihsm::device_log;

const EXAMPLE: &str = include_str!("../../../examples/yubihsm-tsa.toml");

/// A device, its manifest and the folder of its secrets.
struct Room {
    simulator: Simulator,
    station: Station,
    folder: tempfile::TempDir,
    manifest: Manifest,
}

fn room(firmware: Simulated, serial: u32) -> Room {
    let simulator = Simulator::start(Settings { firmware, serial, ..Settings::default() }).unwrap();
    let station = Station::new(simulator.url().parse().unwrap(), simulator.serial(), Duration::from_secs(5));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("device.toml");
    let text = EXAMPLE.replace("serial = 7550000", &format!("serial = {serial}"));
    fs::write(&path, text.replace("from = \"2.4.0\"", "from = \"2.2.0\"")).unwrap();
    let manifest = Manifest::load(&path).unwrap();
    Room { simulator, station, folder, manifest }
}

impl Room {
    fn login(&self, role: Role) -> DeviceSession {
        let key = self.manifest.with_role(role).next().unwrap();
        self.station.open(key.id, &SecretFile::new(key.key_file.clone()).read().unwrap()).unwrap()
    }

    fn plan(&self, session: &mut DeviceSession) -> Plan {
        compare(&self.manifest, &session.inventory(&self.station).unwrap())
    }

    fn apply(&self, mut session: DeviceSession, delete: &[crate::plan::ObjectName]) -> Applied {
        let plan = self.plan(&mut session);
        let mut applier = Applier::new(&self.station, &self.manifest, session, self.folder.path(), self.folder.path());
        for step in plan.steps(delete).unwrap() {
            applier.take(&step).unwrap_or_else(|error| panic!("{step}: {error}"));
        }
        applier.into_parts().1
    }

    fn provision(&self) -> Applied {
        self.apply(self.station.open_factory().unwrap().unwrap(), &[])
    }

    fn codes(&self) -> Vec<&'static str> {
        // Sessions that were dropped are the device's until it forgets them.
        self.simulator.advance(Duration::from_secs(31));
        self.plan(&mut self.login(Role::Audit)).findings().iter().map(|finding| finding.difference.code()).collect()
    }
}

fn id(number: u64) -> ObjectId {
    ObjectId::new(number).unwrap()
}

#[test]
fn a_fresh_device_becomes_what_the_manifest_says_and_stays_so() {
    for firmware in [Simulated::V2_2_0, Simulated::V2_4_1] {
        let room = room(firmware, 7_550_000);
        let applied = room.provision();
        assert_eq!(applied.keys.len(), 2, "{firmware:?}");
        assert_eq!(applied.shares.len(), 5);
        assert_eq!(applied.steps.last().unwrap(), "delete the factory's authentication key 0x0001");
        assert_eq!(room.codes(), Vec::<&str>::new(), "{firmware:?}: nothing differs any more");
        let again = room.apply(room.login(Role::Admin), &[]);
        assert!(again.steps.is_empty(), "{firmware:?}: a second time there is nothing to do");
        assert_eq!(room.login(Role::Audit).inventory(&room.station).unwrap().factory, Factory::Gone);
    }
}

/// Keys are random octets in files of their owner alone, all different, and the factory's password opens nothing.
#[test]
fn a_ceremony_makes_random_keys_and_closes_the_factorys_thr_61() {
    let room = room(Simulated::V2_4_1, 7_550_000);
    assert!(room.station.open_factory().unwrap().is_some());
    room.provision();
    assert!(room.station.open_factory().unwrap().is_none());
    let mut keys = Vec::new();
    for key in &room.manifest.authentication_keys {
        assert_eq!(fs::metadata(&key.key_file).unwrap().permissions().mode() & 0o777, 0o600);
        let text = fs::read_to_string(&key.key_file).unwrap();
        assert_eq!(text.trim_end().len(), 64);
        keys.push(text);
    }
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), 4);
    let files: Vec<&Path> = room.manifest.authentication_keys.iter().map(|key| key.key_file.as_path()).collect();
    same_secret(files.iter().copied()).unwrap();
    // The same key for audit and service, in other letters.
    fs::write(files[3], fs::read_to_string(files[2]).unwrap().to_uppercase()).unwrap();
    assert_eq!(same_secret(files).unwrap_err().code(), "hsm.key-file-same");
}

#[test]
fn an_interrupted_ceremony_goes_on_where_it_was() {
    let room = room(Simulated::V2_4_1, 7_550_000);
    let mut session = room.station.open_factory().unwrap().unwrap();
    let steps = room.plan(&mut session).steps(&[]).unwrap();
    let mut applier = Applier::new(&room.station, &room.manifest, session, room.folder.path(), room.folder.path());
    // All but the wrap key, whose shares would be made again, and what follows.
    let before = steps.iter().position(|step| step.to_string().starts_with("add wrap-key")).unwrap();
    for step in &steps[..before] {
        applier.take(step).unwrap();
    }
    drop(applier);
    room.provision();
    assert_eq!(room.codes(), Vec::<&str>::new());
}

/// Force-audit on a log that is nearly full: the device forgets lines, and each was kept before, as the device had it.
#[test]
fn lines_that_make_room_are_kept_before_thr_56() {
    for firmware in [Simulated::V2_2_0, Simulated::V2_4_1] {
        let room = room(firmware, 7_550_000);
        room.simulator.fill_log();
        let applied = room.provision();
        let [path] = &applied.lines_files[..] else { panic!("{firmware:?}: {:?}", applied.lines_files) };
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
        let text = fs::read_to_string(path).unwrap();
        assert_eq!(text.lines().map(str::to_owned).collect::<Vec<_>>(), applied.lines);
        let kept = device_log::parse(&hex::decode(applied.lines.concat()).unwrap()).unwrap();
        assert_eq!(device_log::breaks(None, &kept), Vec::<String>::new());
        assert!(kept.len() >= 40, "{firmware:?}: {}", kept.len());
        // What is kept and what the device still has follow each other: nothing is lost in between.
        let (last, left) = (kept.last().unwrap().number, room.simulator.log()[0].number);
        assert!(left == last || left == last + 1, "{firmware:?}: kept up to {last}, left from {left}");
    }
}

/// What somebody changed past the manifest is found, with the audit login alone (THR-59, THR-61).
#[test]
fn a_rogue_change_is_found() {
    let room = room(Simulated::V2_4_1, 7_550_000);
    room.provision();
    let login = &room.manifest.authentication_keys[3];
    let mut rogue = login.clone();
    rogue.id = id(9);
    rogue.key_file = room.folder.path().join("rogue.key");
    // With the rights of the administrator somebody adds a login that may sign.
    let mut applier =
        Applier::new(&room.station, &room.manifest, room.login(Role::Admin), room.folder.path(), room.folder.path());
    applier.take(&crate::plan::Step::AddAuthenticationKey(rogue)).unwrap();
    assert_eq!(room.codes(), ["drift.undeclared"]);
    room.login(Role::Admin)
        .call("set", |client| client.set_force_audit_option(yubihsm::audit::AuditOption::Off))
        .unwrap();
    assert_eq!(room.codes(), ["drift.undeclared", "drift.force-audit"]);
    let plan = room.plan(&mut room.login(Role::Audit));
    assert!(plan.findings().iter().all(|finding| finding.touches.key(id(0x0101))));
    let named = plan.obstacles().into_iter().collect::<Vec<_>>();
    room.apply(room.login(Role::Admin), &named);
    assert_eq!(room.codes(), Vec::<&str>::new());
}

#[test]
fn nobody_deletes_the_login_they_use() {
    let room = room(Simulated::V2_4_1, 7_550_000);
    room.provision();
    let mut applier =
        Applier::new(&room.station, &room.manifest, room.login(Role::Admin), room.folder.path(), room.folder.path());
    let own = crate::plan::ObjectName { kind: crate::plan::ObjectKind::AuthenticationKey, id: id(2) };
    assert_eq!(applier.take(&crate::plan::Step::Delete(own)).unwrap_err().code(), "hsm.own-login");
}

fn need(room: &Room) -> Need {
    let key = &room.manifest.signing_keys[0];
    Need { user: "tsu tsu-1".to_owned(), key: key.id, kind: key.algorithm, login: id(5) }
}

#[test]
fn old_firmware_and_the_factorys_password_are_seen_on_the_device_thr_61_thr_69() {
    let room = room(Simulated::V2_2_0, 7_550_000);
    let mut factory = room.station.open_factory().unwrap().unwrap();
    let fresh = factory.inventory(&room.station).unwrap();
    let codes: Vec<_> = preflight(&[need(&room)], &fresh).iter().map(Lack::code).collect();
    assert!(codes.contains(&"preflight.factory-password") && codes.contains(&"preflight.ecdsa-timing"), "{codes:?}");
    assert!(codes.contains(&"preflight.key") && codes.contains(&"preflight.login"), "{codes:?}");
    drop(factory);
    room.provision();
    let ready = room.login(Role::Audit).inventory(&room.station).unwrap();
    let codes: Vec<_> = preflight(&[need(&room)], &ready).iter().map(Lack::code).collect();
    assert_eq!(codes, ["preflight.ecdsa-timing"]);
}

fn root(simulator: &Simulator) -> Vec<Certificate> {
    vec![Certificate::parse(&simulator.attestation_root().unwrap()).unwrap()]
}

#[test]
fn an_attestation_leads_up_to_its_root_and_to_no_other() {
    let room = room(Simulated::V2_4_1, 7_550_000);
    room.provision();
    let key = &room.manifest.signing_keys[0];
    let mut session = room.login(Role::Audit);
    let attestation = session.attest(key.id).unwrap();
    let (spki, _) = session.public_key(key.id).unwrap().unwrap();
    let verify = |attestation: &Attestation, roots: &[Certificate], key, spki: &[u8]| {
        attestation.verify(roots, &room.manifest, key, spki, &OpenSslEngine)
    };
    let good = verify(&attestation, &root(&room.simulator), key, &spki).unwrap();
    assert_eq!((good.serial, good.came_under_wrap), (7_550_000, false));
    let other = Simulator::start(Settings::default()).unwrap();
    let error = verify(&attestation, &root(&other), key, &spki).unwrap_err();
    assert_eq!(error.code(), "hsm.attestation-signature", "another maker of the same name: {error}");
    assert_eq!(verify(&attestation, &[], key, &spki).unwrap_err().code(), "hsm.attestation-no-root");
    let identity = &room.manifest.signing_keys[1];
    let (other_spki, _) = session.public_key(identity.id).unwrap().unwrap();
    for (key, spki) in [(identity, &spki), (key, &other_spki)] {
        let error = verify(&attestation, &root(&room.simulator), key, spki).unwrap_err();
        assert_eq!(error.code(), "hsm.attestation-other", "{error}");
    }
    let mut changed = attestation;
    let middle = changed.certificate.len() - 3;
    changed.certificate[middle] ^= 1;
    assert_eq!(verify(&changed, &root(&room.simulator), key, &spki).unwrap_err().code(), "hsm.attestation-signature");
}

#[test]
fn a_backup_comes_back_in_another_device_with_the_same_public_key() {
    let old = room(Simulated::V2_4_1, 7_550_000);
    let applied = old.provision();
    let key = &old.manifest.signing_keys[0];
    let backup = old.login(Role::Admin).back_up(7_550_000, id(0x10), key).unwrap();
    assert_eq!(backup.public_key_sha256, applied.keys[0].public_key_sha256);
    let shares: Vec<Share> =
        applied.shares.iter().map(|path| toml::from_str(&fs::read_to_string(path).unwrap()).unwrap()).collect();
    assert!(applied.shares.iter().all(|path| fs::metadata(path).unwrap().permissions().mode() & 0o777 == 0o600));

    let new = room(Simulated::V2_4_1, 7_550_002);
    let mut session = new.station.open_factory().unwrap().unwrap();
    // Custodians 2, 4 and 5.
    let secret = recover(&[shares[1].clone(), shares[3].clone(), shares[4].clone()]).unwrap();
    session.put_wrap_key(&new.manifest.wrap_keys[0], &secret).unwrap();
    session.restore(&backup).unwrap();
    session.restore(&backup).unwrap();
    new.apply(session, &[]);
    assert_eq!(new.codes(), Vec::<&str>::new());
    let (spki, _) = new.login(Role::Audit).public_key(key.id).unwrap().unwrap();
    assert_eq!(spki::fingerprint(&spki), backup.public_key_sha256);
    let service = SecretFile::new(new.manifest.authentication_keys[3].key_file.clone()).read().unwrap();
    let mut service = new.station.open(id(5), &service).unwrap();
    let digest = [7; 32];
    service.call("sign", move |client| client.sign_ecdsa_prehash_raw(0x0101, digest)).unwrap();

    let mut broken = backup.clone();
    broken.wrapped.replace_range(60..61, if broken.wrapped.as_bytes()[60] == b'0' { "1" } else { "0" });
    let mut lost = backup.clone();
    lost.wrapped.truncate(8);
    assert_eq!(new.login(Role::Admin).restore(&lost).unwrap_err().code(), "hsm.backup-damaged");
    assert_eq!(new.login(Role::Admin).restore(&broken).unwrap_err().code(), "hsm.call", "refused by the device");
    let mut renamed = backup;
    renamed.public_key_sha256 = "00".repeat(32);
    assert_eq!(new.login(Role::Admin).restore(&renamed).unwrap_err().code(), "hsm.backup-other-key");
}

/// The keys of another wrap key's shares open nothing.
#[test]
fn shares_of_another_wrap_key_restore_nothing() {
    let old = room(Simulated::V2_4_1, 7_550_000);
    old.provision();
    let backup = old.login(Role::Admin).back_up(7_550_000, id(0x10), &old.manifest.signing_keys[0]).unwrap();
    let new = room(Simulated::V2_4_1, 7_550_002);
    let mut session = new.station.open_factory().unwrap().unwrap();
    session.put_wrap_key(&new.manifest.wrap_keys[0], &[9; 32]).unwrap();
    assert_eq!(session.restore(&backup).unwrap_err().code(), "hsm.call");
}

#[test]
fn a_wrong_secret_is_tried_once_and_said() {
    let room = room(Simulated::V2_4_1, 7_550_000);
    let error = room.station.open(id(1), &Secret::new("ab".repeat(32).into_bytes())).unwrap_err();
    assert_eq!(error.code(), "hsm.call");
    assert!(error.to_string().contains("does not take authentication key 0x0001"), "{error}");
    assert_eq!(room.simulator.sessions(), 1, "one login was begun, none is open");
}

#[test]
fn a_key_of_the_manifest_gets_its_record_once() {
    let room = room(Simulated::V2_4_1, 7_550_000);
    room.provision();
    let keys = room.folder.path().join("keys");
    let (device, key) = ("hsm-1".parse().unwrap(), &room.manifest.signing_keys[0]);
    let mut session = room.login(Role::Audit);
    assert_eq!(session.enroll(&keys, &device, key).unwrap().unwrap().as_str(), "tsu-1");
    assert!(session.enroll(&keys, &device, key).unwrap().is_none(), "it has one");
    assert!(session.enroll(&keys, &device, &room.manifest.signing_keys[1]).unwrap().is_none(), "proves identity only");
    let record = keys.join("yubihsm/hsm-1/tsu-1.toml");
    let text = fs::read_to_string(&record).unwrap();
    assert!(text.contains("id = \"0x0101\"") && text.contains("purpose = \"tst\""), "{text}");
    let digits = text.find("public_key_sha256 = \"").unwrap() + 21;
    fs::write(&record, text.replace(&text[digits..digits + 64], &"00".repeat(32))).unwrap();
    assert_eq!(session.enroll(&keys, &device, key).unwrap_err().code(), "hsm.record");
}

fn config(room: &Room) -> crate::yubihsm::DeviceConfig {
    let file = |number: usize| room.manifest.authentication_keys[number].key_file.display().to_string();
    let text = format!(
        "name = \"hsm-1\"\nconnector = \"{}\"\nserial = 7550000\nauth_key = 5\npassword_file = \"{}\"\naudit_key = 4\n\
         audit_password_file = \"{}\"\nidentity_key = 0x0100\nidentity_sha256 = \"\"\nmanifest = \"{}\"\n",
        room.simulator.url(),
        file(3),
        file(2),
        room.folder.path().join("device.toml").display()
    );
    toml::from_str(&text).unwrap()
}

fn configured(room: &Room, change: impl FnOnce(&mut crate::yubihsm::DeviceConfig)) -> Result<Watch, WatchError> {
    let mut config = config(room);
    change(&mut config);
    Watch::new(&config, vec![need(room)])
}

#[test]
fn a_service_watches_its_device() {
    let room = room(Simulated::V2_4_1, 7_550_000);
    room.provision();
    let mut watch = configured(&room, |_| ()).unwrap();
    let look = watch.look().unwrap();
    assert!(look.lacks.is_empty() && look.plan.unwrap().is_empty());
    room.login(Role::Admin)
        .call("set", |client| client.set_force_audit_option(yubihsm::audit::AuditOption::Off))
        .unwrap();
    assert_eq!(watch.look().unwrap().plan.unwrap().findings().len(), 1);
    // Its session ends, and it opens another.
    room.simulator.power_cycle();
    assert_eq!(watch.look().unwrap().plan.unwrap().findings().len(), 1);
    let error = configured(&room, |config| config.audit_key = None).unwrap_err();
    assert_eq!(error.code(), "hsm.watch-no-audit-key");
    let error = configured(&room, |config| config.serial = 1).unwrap_err();
    assert_eq!(error.code(), "hsm.watch-other-device");
}

/// One secret for signing and reading, or a short one: before the first login (THR-61).
#[test]
fn weak_and_shared_secrets_are_seen_thr_61() {
    let room = room(Simulated::V2_4_1, 7_550_000);
    room.provision();
    let service = room.manifest.authentication_keys[3].key_file.clone();
    let mut watch = configured(&room, |config| {
        config.manifest = None;
        config.audit_key = Some(5);
        config.audit_password_file = Some(service);
    })
    .unwrap();
    let codes: Vec<_> = watch.look().unwrap().lacks.iter().map(Lack::code).collect();
    assert_eq!(codes, ["preflight.shared-secret"]);
    let short = room.folder.path().join("short");
    secrets::write_private(&short, b"password").unwrap();
    let watch = configured(&room, |config| config.password_file = short).unwrap();
    assert_eq!(watch.secrets_lacking(), ["preflight.weak-secret"]);
}
