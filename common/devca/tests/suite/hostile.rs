//! What the tests' builder makes wrong is wrong, and only that.

use kokuin_asn1::{Certificate, oids};
use kokuin_devca::{Subject, Validity, hostile::TestCertificate};
use kokuin_key::Purpose;
use kokuin_profile::{Profile, Rule, Severity, check_der};
use kokuin_suite::KeyAlgorithm;

use crate::support::{NOW, key, root};

#[test]
fn spoils_one_thing_at_a_time() {
    let ca = root("root-hostile");
    let tsu = key("tsu-hostile", KeyAlgorithm::P256, Purpose::Tst);
    let profile = Profile::by_name("tsu").unwrap();
    let subject = Subject::demo_organization("TSU");
    let good = TestCertificate::new(&ca, profile, &subject, tsu.public_key(), Validity::usual(profile, NOW)).unwrap();
    let errors = |certificate: &TestCertificate| -> Vec<Rule> {
        let findings = check_der(profile, &certificate.sign(&ca).unwrap());
        findings.iter().filter(|finding| finding.severity == Severity::Error).map(|finding| finding.rule).collect()
    };
    assert_eq!(errors(&good), []);
    assert_eq!(errors(&good.clone().ca_true()), [Rule::LeafIsNoCa]);
    assert_eq!(
        errors(&good.clone().extended_key_usage(&[oids::KP_TIME_STAMPING], false)),
        [Rule::TimeStampingCritical]
    );
    assert_eq!(errors(&good.clone().without(&oids::EXT_KEY_USAGE)), [Rule::ExtendedKeyUsageExact]);
    assert_eq!(errors(&good.clone().key_usage(1 << 29)), [Rule::KeyUsageFitsKey, Rule::KeyUsageAllowed]);
}

#[test]
fn poses_as_another_certificate_thr_05() {
    let (ca, forger) = (root("root-true"), root("root-forger"));
    let profile = Profile::by_name("tsu").unwrap();
    let subject = Subject::demo_organization("TSU");
    let validity = Validity::usual(profile, NOW);
    let (mine, theirs) =
        (key("tsu-true", KeyAlgorithm::P256, Purpose::Tst), key("tsu-forged", KeyAlgorithm::P256, Purpose::Tst));
    let original = ca.issue(profile, &subject, mine.public_key(), validity).unwrap();
    let forged = TestCertificate::new(&forger, profile, &subject, theirs.public_key(), validity)
        .unwrap()
        .posing_as(&original)
        .sign(&forger)
        .unwrap();
    let forged = Certificate::parse(&forged).unwrap();
    assert_eq!((forged.issuer(), forged.serial()), (original.issuer(), original.serial()));
    assert_ne!(forged.sha256(), original.sha256());
}
