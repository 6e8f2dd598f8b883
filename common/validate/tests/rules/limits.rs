//! Bounded work: THR-90.

use std::time::{Duration, Instant};

use kokuin_devca::DevCa;
use kokuin_key::Purpose as KeyPurpose;
use kokuin_validate::Purpose;

use crate::material::{Asked, DATA, DAY, NOW, key, verdict, world};

#[test]
fn thr_90_many_cas_that_certify_each_other_end_the_search_in_time() {
    let a = world("a");
    let url = "http://127.0.0.1/crl";
    // Every CA has the same name and certifies every other: the number of paths grows with the factorial.
    let cas: Vec<DevCa> = (0..9)
        .map(|n| DevCa::create(key(&format!("loop-{n}"), KeyPurpose::Ca), "loop", NOW - DAY, url).expect("a root"))
        .collect();
    let mut token = a.token(DATA, NOW - 60);
    for issuer in &cas {
        for subject in &cas {
            let cross = issuer.intermediate(subject.key().clone(), "loop", NOW - DAY, url).expect("a CA");
            token.certificates.push(cross.certificate().der().to_vec());
        }
    }
    let looped = world("loop-world");
    let (loop_key, ca) = (looped.tsu_key.clone(), &cas[0]);
    let leaf = kokuin_devca::hostile::TestCertificate::new(
        ca,
        crate::material::profile("tsu"),
        &kokuin_devca::Subject::demo_organization("loop"),
        kokuin_key::SigningKey::public_key(loop_key.as_ref()),
        kokuin_devca::Validity { not_before: NOW - DAY, not_after: NOW + DAY },
    )
    .and_then(|certificate| certificate.sign(ca))
    .expect("a certificate");
    let leaf = kokuin_asn1::Certificate::parse(&leaf).expect("a certificate");
    let mut looped = looped;
    looped.tsu = leaf.clone();
    let mut token_of_loop = looped.token(DATA, NOW - 60);
    token_of_loop.certificates = token.certificates;
    token_of_loop.certificates.push(leaf.der().to_vec());
    let started = Instant::now();
    let report = Asked::new(&token_of_loop.build(), &a.trust(Purpose::Tsa), &a.crls()).run();
    assert_eq!(report.status().name(), "INDETERMINATE", "{}", verdict(&report));
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
}

#[test]
fn thr_90_a_thousand_useless_certificates_change_nothing() {
    let a = world("a");
    let mut token = a.token(DATA, NOW - 60);
    let filler = world("b").tsu.der().to_vec();
    token.certificates.extend(std::iter::repeat_n(filler, 1_000));
    assert_eq!(verdict(&Asked::new(&token.build(), &a.trust(Purpose::Tsa), &a.crls()).run()), "TOTAL-PASSED");
}
