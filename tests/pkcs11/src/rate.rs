//! What the back end costs on top of the module: signatures a second, beside a bare loop that also verifies each.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use cryptoki::{
    mechanism::Mechanism,
    object::{Attribute, ObjectClass},
};
use kokuin_hsm_config::ceremony::Ceremony as _;
use kokuin_key::{KeyId, Prepared, Purpose};
use kokuin_suite::{DigestAlgorithm, KeyAlgorithm, SignatureAlgorithm, Verify as _, digest};
use kokuin_suite_openssl::OpenSslEngine;

use crate::{
    Arguments,
    place::{PIN, Place},
};

const TOKEN: &str = "rate";
const ROUNDS: u32 = 5;
const ROUND: Duration = Duration::from_millis(800);

/// P-256 alone: of the others, the module's own time is most.
pub(crate) fn run(place: &Place, arguments: &Arguments) -> anyhow::Result<()> {
    place.make_token(TOKEN)?;
    std::fs::write(&arguments.faults, "")?;
    let store = place.store(TOKEN, PIN, "")?;
    let key = store.create(&KeyId::new("rate")?, KeyAlgorithm::P256, Purpose::Tst)?;
    let session = place.session(TOKEN)?;
    let template = [Attribute::Class(ObjectClass::PRIVATE_KEY), Attribute::Label(b"rate".to_vec())];
    let handle = *session.find_objects(&template)?.first().context("no key")?;
    let mut signer = key.open()?;
    let algorithm = SignatureAlgorithm::EcdsaSha256;
    let (mut bare, mut ours) = (0, 0);
    // In turns, so that other work on the machine slows both.
    for _ in 0..ROUNDS {
        bare += count(|| {
            let raw = session.sign(&Mechanism::Ecdsa, handle, &digest(DigestAlgorithm::Sha256, b"message"))?;
            let (r, s) = raw.split_at(32);
            let signature = kokuin_asn1::enc::sequence(&[&kokuin_asn1::enc::uint(r), &kokuin_asn1::enc::uint(s)]);
            Ok(OpenSslEngine.verify(algorithm, key.public_key(), b"message", &signature)?)
        })?;
        ours += count(|| Ok(signer.sign(Prepared::new(Purpose::Tst, algorithm, b"message")).map(drop)?))?;
    }
    let second = |count: u32| f64::from(count) / (ROUND * ROUNDS).as_secs_f64();
    println!(
        "p256: bare loop with verification {:.0}/s, back end {:.0}/s: {:.2}",
        second(bare),
        second(ours),
        f64::from(ours) / f64::from(bare)
    );
    Ok(())
}

fn count(mut work: impl FnMut() -> anyhow::Result<()>) -> anyhow::Result<u32> {
    let (begun, mut done) = (Instant::now(), 0);
    while begun.elapsed() < ROUND {
        work()?;
        done += 1;
    }
    Ok(done)
}
