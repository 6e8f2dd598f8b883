//! Manifests that are good, and one for each rule that is broken.

use std::path::Path;

use super::*;

const TSA: &str = include_str!("../../examples/yubihsm-tsa.toml");
const ESEAL: &str = include_str!("../../examples/yubihsm-eseal.toml");
const POOL: &str = include_str!("../../examples/yubihsm-pool.toml");

fn parse(text: &str) -> Result<Manifest, ManifestError> {
    Manifest::parse(Path::new("m.toml"), text)
}

/// The example with one thing changed.
fn with(from: &str, to: &str) -> ManifestError {
    assert!(TSA.contains(from), "{from:?} is not in the example");
    parse(&TSA.replace(from, to)).unwrap_err()
}

#[test]
fn the_examples_are_manifests() {
    for (text, serial) in [(TSA, 7_550_000), (ESEAL, 7_550_001), (POOL, 7_550_002)] {
        assert_eq!(parse(text).unwrap().device.serial, serial);
    }
}

/// Number 65537 cut to 16 bits is number 1: another key. It is refused instead.
#[test]
fn an_id_of_more_than_16_bits_is_refused_and_not_cut() {
    for (number, cut) in
        [(0x1_0101_u64, Some(0x0101)), (0x1_0001, Some(1)), (u64::MAX, None), (0, None), (0xffff, None)]
    {
        assert_eq!(ObjectId::new(number), None, "{number:#x} would be {cut:x?}");
    }
    let error = with("id = 0x0101", "id = 0x10101");
    assert_eq!(error.code(), "manifest.settings");
    assert!(error.to_string().contains("an object's number, 0x0001 to 0xfffe"), "{error}");
    assert!(with("id = 0x0101", "id = -1").to_string().contains("0x0001 to 0xfffe"));
    for text in ["0x10101", "65793", "0x", "0x+101", "", "0", "0xffff", "-1", "0x0x1"] {
        assert!(text.parse::<ObjectId>().is_err(), "{text}");
    }
    assert_eq!("0x0101".parse(), Ok(ObjectId::new(257).unwrap()));
    assert_eq!("257".parse(), Ok(ObjectId::new(257).unwrap()));
}

#[test]
fn an_error_names_file_line_and_rule_thr_103() {
    let line = 1 + TSA.lines().position(|line| line.starts_with("dual_control")).unwrap();
    let error = with("dual_control = true", "dual_controll = true").to_string();
    assert!(error.starts_with(&format!("m.toml:{line}: ")) && error.contains("dual_controll"), "{error}");
    for (from, to, rule) in [
        ("\"sign-ecdsa\"]\nkey_file", "\"sign-everything\"]\nkey_file", "no capability is called \"sign-everything\""),
        ("sign-ecdsa = \"on\"", "sign-ecdsaa = \"on\"", "no command is called \"sign-ecdsaa\""),
        ("[\"sign-ecdsa\"]\nkey_file", "[\"sign-ecdsa\", \"sign-ecdsa\"]\nkey_file", "named twice"),
        ("label = \"tsu-1\"\nalgorithm = \"p256\"", "label = \"tsu-1\"\nalgorithm = \"p521\"", "not \"p521\""),
        ("domains = [1]", "domains = [17]", "a domain is 1 to 16, not 17"),
        ("domains = [1]", "domains = []", "in one domain at least"),
        ("label = \"tsu-1\"", "label = \"a label of forty-one octets is cut by them\"", "1 to 40 printable ASCII"),
        ("label = \"tsu-1\"", "label = \"刻印\"", "1 to 40 printable ASCII"),
        ("from = \"2.4.0\"", "from = \"2.4\"", "three numbers"),
        ("role = \"service\"", "role = \"services\"", "services"),
        ("serial = 7550000", "serial = 99999999999", "u32"),
    ] {
        let error = with(from, to).to_string();
        assert!(error.starts_with("m.toml:") && error.contains(rule), "{to}: {error}");
    }
}

#[test]
fn each_rule_is_seen_to_be_broken() {
    for (from, to, code) in [
        ("below = \"3.0.0\"", "below = \"2.4.0\"", "manifest.no-firmware"),
        ("id = 0x0003", "id = 0x0002", "manifest.same-id"),
        ("label = \"admin two\"", "label = \"admin one\"", "manifest.same-label"),
        ("id = 0x0003", "id = 0x0001", "manifest.factory-key"),
        ("key_file = \"audit.key\"", "key_file = \"service.key\"", "manifest.same-key-file"),
        ("role = \"audit\"\ndomains", "role = \"service\"\ndomains", "manifest.no-audit"),
        (
            "\"get-log-entries\", \"get-option\", \"get-opaque\", \"sign-attestation-certificate\"]\nkey",
            "\"get-option\"]\nkey",
            "manifest.audit-cannot-read",
        ),
        (
            "capabilities = [\"get-log-entries\"",
            "capabilities = [\"reset-device\", \"get-log-entries\"",
            "manifest.audit-may-more",
        ),
        (
            "capabilities = [\"sign-ecdsa\"]\nkey",
            "capabilities = [\"sign-ecdsa\", \"get-option\"]\nkey",
            "manifest.service-may-more",
        ),
        ("capabilities = [\"sign-ecdsa\"]\nkey", "key", "manifest.service-cannot-sign"),
        (
            "capabilities = [\"sign-ecdsa\"]\nkey",
            "capabilities = [\"sign-ecdsa\"]\ndelegated = [\"sign-ecdsa\"]\nkey",
            "manifest.delegates",
        ),
        ("role = \"service\"\ndomains = [1]", "role = \"service\"\ndomains = [3]", "manifest.empty-domains"),
        ("capabilities = [\n    \"generate", "capabilities = [\n    \"sign-hmac\", \"generate", "manifest.admin-signs"),
        ("purpose = \"identity\"", "purpose = \"seal\"", "manifest.two-purposes"),
        ("capabilities = [\"sign-ecdsa\", \"exp", "capabilities = [\"exp", "manifest.key-cannot-sign"),
        (
            "capabilities = [\"sign-ecdsa\", \"exp",
            "capabilities = [\"derive-ecdh\", \"sign-ecdsa\", \"exp",
            "manifest.key-may-more",
        ),
        (
            "delegated = [\"sign-ecdsa\", \"exportable-under-wrap\"]",
            "delegated = [\"exportable-under-wrap\"]",
            "manifest.no-wrap-key",
        ),
        (
            "capabilities = [\"export-wrapped\", \"import-wrapped\"]",
            "capabilities = [\"wrap-data\"]",
            "manifest.wrap-capabilities",
        ),
        ("threshold = 3", "threshold = 1", "manifest.custodians"),
        ("threshold = 3", "threshold = 6", "manifest.custodians"),
        ("shares = 5", "shares = 17", "manifest.custodians"),
        ("sign-ecdsa = \"on\"", "sign-ecdsa = \"off\"", "manifest.signatures-unlogged"),
        ("sign-ecdsa = \"on\"\n", "", "manifest.signatures-unlogged"),
        ("session-message = \"off\"", "session-message = \"on\"", "manifest.log-of-logging"),
        ("get-log-entries = \"off\"", "get-log-entries = \"fixed\"", "manifest.log-of-logging"),
        ("purpose = \"tst\"", "purpose = \"log\"", "manifest.log-key"),
        ("capabilities = [\"sign-ecdsa\"]\nkey", "capabilities = [\"sign-eddsa\"]\nkey", "manifest.unreached"),
        ("purpose = \"tst\"", "purpose = \"tst\"\npublic_key_sha256 = \"AB\"", "manifest.public-key"),
    ] {
        let error = with(from, to);
        assert_eq!(error.code(), code, "{to}: {error}");
    }
}

#[test]
fn dual_control_needs_two_and_somebody_must_administer() {
    let (before, rest) = TSA.split_once("[[authentication_key]]\nid = 0x0003").unwrap();
    let (_, after) = rest.split_once("# Reads the log").unwrap();
    let one_admin = format!("{before}{after}").replace("the options and what there is. In", "# In");
    let one_admin = one_admin.replacen(", # In", "# In", 1);
    assert_eq!(parse(&one_admin).unwrap_err().code(), "manifest.one-admin");
    parse(&one_admin.replace("dual_control = true", "dual_control = false")).unwrap();
    assert_eq!(with("role = \"admin\"", "role = \"audit\"").code(), "manifest.no-admin");
}

#[test]
fn a_manifest_of_too_many_keys_is_refused() {
    let mut text = TSA.to_owned();
    for number in 0..64 {
        text.push_str(&format!(
            "[[signing_key]]\nid = {}\nlabel = \"k{number}\"\nalgorithm = \"p256\"\npurpose = \"tst\"\ndomains = [1]\ncapabilities = [\"sign-ecdsa\"]\n",
            0x200 + number
        ));
    }
    assert_eq!(parse(&text).unwrap_err().code(), "manifest.too-many");
}
