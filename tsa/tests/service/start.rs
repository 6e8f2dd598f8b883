//! What keeps the service from starting (TSP-40, TSP-56, TSP-57, TSP-67, THR-04, THR-103).

use kokuin_asn1::{Certificate, Oid, oids};
use kokuin_devca::{Subject, Validity, hostile::TestCertificate};
use kokuin_profile::Profile;
use kokuin_suite::{CryptoPolicy, DigestAlgorithm};
use kokuin_tsa::{Config, StartError};

use crate::{
    fixture::{Setup, ca, certify, keys},
    moved_clock::NOON,
};

fn start_error(setup: Setup) -> StartError {
    match setup.try_start() {
        Ok(_) => panic!("the service started"),
        Err(error) => error,
    }
}

/// A TSU certificate with something wrong.
fn wrong(change: impl FnOnce(TestCertificate) -> TestCertificate) -> Certificate {
    let profile = Profile::by_name("tsu").unwrap();
    let validity = Validity::usual(profile, NOON / 1_000_000 - 86_400);
    let subject = Subject::demo_organization("Wrong TSU");
    let made = TestCertificate::new(&ca(), profile, &subject, keys().p256.public_key(), validity).unwrap();
    Certificate::parse(&change(made).sign(&ca()).unwrap()).unwrap()
}

#[test]
fn refuses_certificates_that_are_no_tsus_thr_04_tsp_56_tsp_57() {
    let stamping: Oid = "1.3.6.1.5.5.7.3.8".parse().unwrap();
    let code_signing: Oid = "1.3.6.1.5.5.7.3.3".parse().unwrap();
    let certificates = [
        ("extendedKeyUsage absent", wrong(|it| it.without(&oids::EXT_KEY_USAGE))),
        ("extendedKeyUsage not critical", wrong(|it| it.extended_key_usage(std::slice::from_ref(&stamping), false))),
        ("a second purpose", wrong(|it| it.extended_key_usage(&[stamping.clone(), code_signing], true))),
        ("CA:TRUE", wrong(TestCertificate::ca_true)),
    ];
    for (what, certificate) in certificates {
        let error = start_error(Setup { certificates: vec![certificate], ..Setup::default() });
        assert!(matches!(error, StartError::Profile(_)), "{what}: {error}");
        assert_eq!(error.code(), "tsa.start.profile");
    }
}

#[test]
fn refuses_a_certificate_of_another_key_tsp_67() {
    let other = certify(keys().p384.as_ref());
    let error = start_error(Setup { certificates: vec![other], ..Setup::default() });
    assert_eq!(error.code(), "tsa.start.key-mismatch");
}

#[test]
fn refuses_a_key_for_seals_tsp_40() {
    let key = &keys().seal;
    let mut setup = Setup::with_key(key);
    setup.certificates = vec![certify(key.as_ref())];
    assert_eq!(start_error(setup).code(), "tsa.start.purpose");
}

#[test]
fn refuses_to_start_without_a_certificate() {
    let error = start_error(Setup { certificates: Vec::new(), ..Setup::default() });
    assert_eq!(error.code(), "tsa.start.no-certificate");
}

#[test]
fn refuses_what_the_algorithm_policy_has_ended() {
    let text = include_str!("../../../common/suite/policy/ts-119-312.toml");
    for name in ["ecdsa", "sha256", "sha3-512"] {
        let row = format!("name = \"{name}\"\n");
        assert_eq!(text.matches(&row).count(), 1);
        let ended = text.replace(&row, &format!("{row}sign_end = 2020-01-01\n"));
        let setup = Setup { crypto_policy: CryptoPolicy::from_toml(&[&ended]).unwrap(), ..Setup::default() };
        assert_eq!(start_error(setup).code(), "tsa.start.algorithm", "{name}");
    }
}

#[test]
fn refuses_settings_that_break_a_rule_thr_103() {
    type Change = fn(&mut Config);
    let changes: [(Change, &str); 10] = [
        (|config| config.tsu[0].name = "Tsu 1".to_owned(), "tsa.config.name"),
        (|config| config.tsu[0].name = "certchain".to_owned(), "tsa.config.name-taken"),
        (|config| config.tsu[0].policies.clear(), "tsa.config.no-policy"),
        (|config| config.tsu[0].hashes.clear(), "tsa.config.no-hash"),
        (|config| config.tsu[0].accuracy_ms = 1001, "tsa.config.accuracy"),
        (|config| config.tsu[0].accuracy_ms = 0, "tsa.config.accuracy"),
        (|config| config.tsu[0].accuracy_ms = 249, "tsa.config.reading-age"),
        (|config| config.signing_queue = 0, "tsa.config.no-queue"),
        (|config| config.signing_queue = 65_537, "tsa.config.too-many"),
        (|config| config.signing_threads = 1_025, "tsa.config.too-many"),
    ];
    for (change, code) in changes {
        let mut setup = Setup::default();
        change(&mut setup.config);
        assert_eq!(start_error(setup).code(), code);
    }
}

#[test]
fn refuses_a_default_policy_that_is_not_offered_tsp_05() {
    let mut setup = Setup::default();
    setup.config.tsu[0].default_policy = Some(kokuin_tsa::config::PolicyId("1.2.3".parse().unwrap()));
    assert_eq!(start_error(setup).code(), "tsa.config.default-policy");
}

/// What `text` says as a configuration file.
fn loaded(text: &str) -> Result<Config, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tsa.toml");
    std::fs::write(&path, text).unwrap();
    kokuin_settings::load(&path).map_err(|error| error.to_string())
}

const SMALLEST: &str = r#"
[[tsu]]
name = "tsu-1"
key = "soft:tsu"
certificate = "tsu.pem"
policies = ["2.999.3161.1"]
"#;

#[test]
fn needs_to_be_told_little() {
    let config = loaded(SMALLEST).unwrap();
    config.check().unwrap();
    assert_eq!((config.tsu[0].accuracy_ms, config.verify_every.get(), config.signing_queue), (1000, 256, 256));
    assert!(config.tsu[0].tsa_name && !config.tsu[0].qualified);
    assert!(config.tsu[0].hashes.iter().all(|hash| hash.0 != DigestAlgorithm::Sha1), "TSP-03");
}

#[test]
fn tells_how_a_list_of_units_is_written_thr_103() {
    let told = loaded(&SMALLEST.replace("[[tsu]]", "[tsu]")).unwrap_err();
    assert!(told.contains("write [[tsa.tsu]]"), "{told}");
}

#[test]
fn refuses_settings_it_does_not_know_or_cannot_read_thr_103() {
    for (line, told) in [
        ("ordering = true", "ordering"),
        ("hashes = [\"sha1\"]", "sha1"),
        ("hashes = [\"md5\"]", "md5"),
        ("default_policy = \"policy\"", "policy"),
        ("accuracy_ms = -1", "tsa.toml:7"),
        ("name = \"again\"", "twice"),
        ("active_from = 2027-01-01T00:00:00Z", "a time in quotes"),
    ] {
        let error = loaded(&format!("{SMALLEST}{line}\n")).unwrap_err();
        assert!(error.contains(told), "{line}: {error}");
    }
    for line in ["verify_every = 0", "reading_max_age = \"0ms\"", "reading_max_age = \"-1s\"", "signing_queue = -1"] {
        assert!(loaded(&format!("{line}\n{SMALLEST}")).is_err(), "{line}");
    }
}
