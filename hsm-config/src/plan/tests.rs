//! Differences and steps, tried on values: no device is here.

use std::path::Path;

use super::*;
use crate::manifest::{AuditSetting, Capabilities, Command, Domains, Firmware, Manifest, ObjectId};

const EXAMPLE: &str = include_str!("../../examples/yubihsm-tsa.toml");

fn manifest() -> Manifest {
    Manifest::parse(Path::new("yubihsm-tsa.toml"), EXAMPLE).unwrap()
}

fn id(number: u64) -> ObjectId {
    ObjectId::new(number).unwrap()
}

fn object(kind: ObjectKind, number: u64) -> Object {
    Object {
        name: ObjectName { kind, id: id(number) },
        label: String::new(),
        domains: Domains::from_bits(1),
        capabilities: Capabilities::NONE,
        delegated: Capabilities::NONE,
        algorithm: 0,
        sequence: 0,
        origin: 1,
        public_key_sha256: None,
    }
}

/// A device that is exactly what the manifest says.
fn as_declared(manifest: &Manifest) -> Inventory {
    let mut objects = Vec::new();
    for key in &manifest.authentication_keys {
        objects.push(Object {
            label: key.label.to_string(),
            domains: key.domains,
            capabilities: key.capabilities,
            delegated: key.delegated,
            algorithm: 38,
            origin: 2,
            ..object(ObjectKind::AuthenticationKey, key.id.as_u16().into())
        });
    }
    for key in &manifest.wrap_keys {
        objects.push(Object {
            label: key.label.to_string(),
            domains: key.domains,
            capabilities: key.capabilities,
            delegated: key.delegated,
            algorithm: 42,
            origin: 2,
            ..object(ObjectKind::WrapKey, key.id.as_u16().into())
        });
    }
    for key in &manifest.signing_keys {
        objects.push(Object {
            label: key.label.to_string(),
            domains: key.domains,
            capabilities: key.capabilities,
            algorithm: key.algorithm.code(),
            public_key_sha256: Some("ab".repeat(32)),
            ..object(ObjectKind::SigningKey, key.id.as_u16().into())
        });
    }
    Inventory {
        serial: manifest.device.serial,
        firmware: Firmware(2, 4, 1),
        algorithms: (1..=47).collect(),
        stored: u16::try_from(objects.len()).unwrap(),
        objects,
        force_audit: Some(AuditSetting::On),
        command_audit: manifest.audit.commands.clone(),
        factory: Factory::Gone,
    }
}

/// A device as it comes in its box, seen with the factory key.
fn fresh(manifest: &Manifest) -> Inventory {
    let factory = Object {
        label: "DEFAULT AUTHKEY CHANGE THIS ASAP".to_owned(),
        domains: Domains::ALL,
        capabilities: Capabilities::from_bits(u64::MAX),
        delegated: Capabilities::from_bits(u64::MAX),
        algorithm: 38,
        origin: 2,
        ..object(ObjectKind::AuthenticationKey, 1)
    };
    Inventory {
        objects: vec![factory],
        stored: 1,
        force_audit: Some(AuditSetting::Off),
        command_audit: manifest.audit.commands.keys().map(|command| (*command, AuditSetting::Off)).collect(),
        factory: Factory::Open,
        ..as_declared(manifest)
    }
}

fn codes(plan: &Plan) -> Vec<&'static str> {
    plan.findings().iter().map(|finding| finding.difference.code()).collect()
}

/// The plan of a device that `change` has changed.
fn changed(change: impl FnOnce(&mut Inventory)) -> Plan {
    let manifest = manifest();
    let mut inventory = as_declared(&manifest);
    change(&mut inventory);
    compare(&manifest, &inventory)
}

fn find(inventory: &mut Inventory, kind: ObjectKind, number: u64) -> &mut Object {
    inventory.objects.iter_mut().find(|object| object.name == ObjectName { kind, id: id(number) }).unwrap()
}

fn lines(steps: &[Step]) -> Vec<String> {
    steps.iter().map(ToString::to_string).collect()
}

#[test]
fn a_device_as_declared_differs_in_nothing() {
    let plan = changed(|_| ());
    assert!(plan.is_empty(), "{:?}", plan.findings());
    assert!(plan.steps(&[]).unwrap().is_empty());
}

#[test]
fn a_fresh_device_gets_everything_and_loses_the_factory_key_last_thr_61() {
    let manifest = manifest();
    let plan = compare(&manifest, &fresh(&manifest));
    let steps = lines(&plan.steps(&[]).unwrap());
    let made: Vec<&str> = steps.iter().map(String::as_str).filter(|step| !step.starts_with("set audit")).collect();
    assert_eq!(
        made,
        [
            "add authentication-key:0x0002 \"admin one\" (admin), random octets",
            "add authentication-key:0x0003 \"admin two\" (admin), random octets",
            "add authentication-key:0x0004 \"audit\" (audit), random octets",
            "add authentication-key:0x0005 \"time-stamp service\" (service), random octets",
            "add wrap-key:0x0010 \"backup\", in 5 shares of which 3 are needed",
            "make signing-key:0x0101 \"tsu-1\" (p256, tst)",
            "make signing-key:0x0100 \"identity\" (p256, identity)",
            "set force-audit to on",
            "delete the factory's authentication key 0x0001",
        ]
    );
    assert!(steps[0].starts_with("set audit"), "logging begins first: {steps:?}");
    assert_eq!(plan.unsolvable().count(), 0);
}

/// Each difference alone, with its code, and whether it stops the TSU.
#[test]
fn each_difference_is_found_and_says_whether_it_touches_the_key_in_use() {
    use ObjectKind::{AuthenticationKey, SigningKey, WrapKey};
    type Change = fn(&mut Inventory);
    let cases: [(&str, bool, Change); 22] = [
        ("drift.serial", true, |device| device.serial += 1),
        ("drift.firmware", true, |device| device.firmware = Firmware(2, 2, 0)),
        ("drift.hidden", true, |device| device.stored += 1),
        ("drift.factory-password", true, |device| device.factory = Factory::Open),
        ("drift.label", true, |device| find(device, SigningKey, 0x0101).label.push('x')),
        ("drift.domains", true, |device| find(device, SigningKey, 0x0101).domains = Domains::ALL),
        ("drift.capabilities", true, |device| {
            find(device, SigningKey, 0x0101).capabilities = Capabilities::SIGN_ECDSA;
        }),
        ("drift.capabilities", false, |device| {
            find(device, SigningKey, 0x0100).capabilities = Capabilities::NONE;
        }),
        ("drift.algorithm", true, |device| find(device, SigningKey, 0x0101).algorithm = 13),
        ("drift.imported", true, |device| find(device, SigningKey, 0x0101).origin = 2),
        ("drift.imported", true, |device| find(device, SigningKey, 0x0101).origin = 0x12),
        // THR-59: the service's login may do more than sign.
        ("drift.capabilities", true, |device| {
            let login = find(device, AuthenticationKey, 5);
            login.capabilities = login.capabilities.and(Capabilities::SET_OPTION);
        }),
        ("drift.delegated", true, |device| {
            find(device, AuthenticationKey, 5).delegated = Capabilities::SIGN_ECDSA;
        }),
        ("drift.domains", true, |device| find(device, AuthenticationKey, 5).domains = Domains::ALL),
        ("drift.delegated", true, |device| find(device, WrapKey, 0x10).delegated = Capabilities::SIGN),
        ("drift.undeclared", true, |device| {
            device.objects.push(object(AuthenticationKey, 9));
            device.stored += 1;
        }),
        ("drift.undeclared", false, |device| {
            device.objects.push(object(SigningKey, 0x0102));
            device.stored += 1;
        }),
        ("drift.force-audit", true, |device| device.force_audit = Some(AuditSetting::Off)),
        ("drift.options-unread", true, |device| device.force_audit = None),
        ("drift.command-audit", true, |device| {
            device.command_audit.insert(Command::SIGN_ECDSA, AuditSetting::Off);
        }),
        ("drift.command-audit", false, |device| {
            device.command_audit.insert(Command::SESSION_MESSAGE, AuditSetting::On);
        }),
        ("drift.command-audit-unknown", true, |device| {
            device.command_audit.retain(|command, _| *command != Command::SIGN_ECDSA);
        }),
    ];
    for (number, (code, touches, change)) in cases.into_iter().enumerate() {
        let plan = changed(change);
        assert_eq!(codes(&plan), [code], "case {number}");
        assert_eq!(plan.findings()[0].touches.key(id(0x0101)), touches, "case {number}: {code}");
    }
}

#[test]
fn a_missing_key_is_made_and_touches_what_needs_it() {
    let mut plans = [(ObjectKind::SigningKey, 0x0101, true), (ObjectKind::AuthenticationKey, 5, true)]
        .into_iter()
        .chain([(ObjectKind::AuthenticationKey, 2, false), (ObjectKind::WrapKey, 0x10, false)]);
    plans.by_ref().for_each(|(kind, number, touches)| {
        let plan = changed(|device| {
            device.objects.retain(|object| object.name != ObjectName { kind, id: id(number) });
            device.stored -= 1;
        });
        assert_eq!(codes(&plan), ["drift.missing"]);
        assert_eq!(plan.findings()[0].touches.key(id(0x0101)), touches, "{kind:?} {number:#x}");
        assert_eq!(plan.steps(&[]).unwrap().len(), 1);
    });
}

#[test]
fn another_key_under_the_same_number_is_found_thr_60() {
    let mut manifest = manifest();
    let inventory = as_declared(&manifest);
    manifest.signing_keys[0].public_key_sha256 = Some("ab".repeat(32));
    assert!(compare(&manifest, &inventory).is_empty());
    manifest.signing_keys[0].public_key_sha256 = Some("cd".repeat(32));
    assert_eq!(codes(&compare(&manifest, &inventory)), ["drift.public-key"]);
}

#[test]
fn nothing_is_deleted_but_what_is_named_and_what_is_as_declared_never() {
    let stranger = ObjectName { kind: ObjectKind::AuthenticationKey, id: id(9) };
    let plan = changed(|device| {
        device.objects.push(object(ObjectKind::AuthenticationKey, 9));
        device.stored += 1;
        find(device, ObjectKind::SigningKey, 0x0101).domains = Domains::from_bits(2);
    });
    assert!(plan.steps(&[]).unwrap().is_empty(), "no --delete, no step");
    assert_eq!(lines(&plan.steps(&[stranger]).unwrap()), ["delete authentication-key:0x0009"]);
    let altered = ObjectName { kind: ObjectKind::SigningKey, id: id(0x0101) };
    assert_eq!(
        lines(&plan.steps(&[altered]).unwrap()),
        ["delete signing-key:0x0101", "make signing-key:0x0101 \"tsu-1\" (p256, tst)"]
    );
    let good = ObjectName { kind: ObjectKind::SigningKey, id: id(0x0100) };
    assert_eq!(plan.steps(&[good]).unwrap_err(), NotDeleted(good));
}

#[test]
fn what_is_fixed_until_a_factory_reset_has_no_step() {
    let mut manifest = manifest();
    manifest.audit.force = Some(AuditSetting::On);
    let mut inventory = as_declared(&manifest);
    inventory.force_audit = Some(AuditSetting::Fixed);
    let plan = compare(&manifest, &inventory);
    assert_eq!(codes(&plan), ["drift.force-audit"]);
    assert!(plan.steps(&[]).unwrap().is_empty());
    assert_eq!(plan.unsolvable().count(), 1);
}

fn need() -> Need {
    let key = &manifest().signing_keys[0];
    Need { user: "tsu tsu-1".to_owned(), key: key.id, kind: key.algorithm, login: id(5) }
}

fn lacks(change: impl FnOnce(&mut Inventory)) -> Vec<&'static str> {
    let mut inventory = as_declared(&manifest());
    change(&mut inventory);
    preflight(&[need()], &inventory).iter().map(Lack::code).collect()
}

#[test]
fn a_service_that_misses_nothing_starts() {
    assert!(lacks(|_| ()).is_empty());
}

/// The accident: found only when the first signature was asked for.
#[test]
fn a_missing_capability_is_found_before_the_first_signature() {
    use ObjectKind::{AuthenticationKey, SigningKey};
    type Change = fn(&mut Inventory);
    let cases: [(&str, Change); 11] = [
        ("preflight.key-capability", |device| {
            find(device, SigningKey, 0x0101).capabilities = Capabilities::EXPORTABLE;
        }),
        ("preflight.login-capability", |device| {
            find(device, AuthenticationKey, 5).capabilities = Capabilities::SIGN_EDDSA;
        }),
        ("preflight.login", |device| device.objects.retain(|object| object.name.id != id(5))),
        ("preflight.key", |device| device.objects.retain(|object| object.name.id != id(0x0101))),
        ("preflight.kind", |device| find(device, SigningKey, 0x0101).algorithm = 46),
        ("preflight.algorithm", |device| device.algorithms.retain(|algorithm| *algorithm != 12)),
        ("preflight.out-of-reach", |device| {
            find(device, SigningKey, 0x0101).domains = Domains::from_bits(2);
        }),
        ("preflight.not-logged", |device| {
            device.command_audit.insert(Command::SIGN_ECDSA, AuditSetting::Off);
        }),
        ("preflight.ecdsa-timing", |device| device.firmware = Firmware(2, 2, 0)),
        ("preflight.login-everywhere", |device| find(device, AuthenticationKey, 5).domains = Domains::ALL),
        ("preflight.factory-password", |device| device.factory = Factory::Open),
    ];
    for (code, change) in cases {
        assert_eq!(lacks(change), [code]);
    }
}

/// What an over-broad login could do: each of the rights alone is refused (THR-59).
#[test]
fn a_service_that_may_do_more_than_sign_is_refused_thr_59() {
    for bit in (0..64).filter(|bit| !(5..=8).contains(bit)) {
        let excess = Capabilities::from_bits(1 << bit);
        let own = lacks(|device| {
            let login = find(device, ObjectKind::AuthenticationKey, 5);
            login.capabilities = login.capabilities.and(excess);
        });
        assert_eq!(own, ["preflight.login-may-more"], "{excess}");
        let delegated = lacks(|device| find(device, ObjectKind::AuthenticationKey, 5).delegated = excess);
        assert_eq!(delegated, ["preflight.login-may-more"], "delegated {excess}");
    }
}

#[test]
fn ecdsa_of_old_firmware_is_borne_in_development_only_thr_69() {
    let mut inventory = as_declared(&manifest());
    inventory.firmware = Firmware(2, 3, 2);
    let found = preflight(&[need()], &inventory);
    assert_eq!(found.len(), 1);
    assert!(found[0].is_borne_in_development());
    inventory.firmware = Firmware(2, 4, 0);
    assert!(preflight(&[need()], &inventory).is_empty());
}
