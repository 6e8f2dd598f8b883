//! The suite that every back end passes, faults included.
//!
//! A back end's tests implement [`Backend`], with as many fault switches as the back end can be made to show, and call
//! [`run`]. A rule that is broken ends the run; the report of a passed run says which rules had nothing to try on.

mod fault;
mod rule;

use std::sync::{Arc, Barrier};

use kokuin_suite::{KeyAlgorithm, SignatureAlgorithm, Verify};

pub use fault::Fault;
pub use rule::{Broken, Report, Rule};

use crate::error::KeyError;
use crate::id::KeyId;
use crate::prepared::Prepared;
use crate::purpose::Purpose;
use crate::self_test::self_test;
use crate::signer::{Signer, SigningKey};
use rule::Run;

/// A back end that can be asked for keys and be made to fail.
pub trait Backend: Sync {
    /// The kinds of key it offers; at least one.
    fn algorithms(&self) -> Vec<KeyAlgorithm>;

    /// Octets of the longest message that it signs with a key of this kind, if it has a limit.
    fn longest(&self, _algorithm: KeyAlgorithm) -> usize {
        usize::MAX
    }

    /// A new key.
    ///
    /// # Errors
    /// A text for whoever reads the failed test.
    fn make(&self, algorithm: KeyAlgorithm, purpose: Purpose) -> Result<Arc<dyn SigningKey>, String>;

    /// Suspends a key as an operator would (`true`), or lets it go on.
    ///
    /// # Errors
    /// A text for whoever reads the failed test.
    fn suspend(&self, id: &KeyId, suspended: bool) -> Result<(), String>;

    /// From now on, shows `fault` in every signature (`Some`), or none (`None`). `false` if this back end cannot be
    /// made to show it; rules about it are then reported as not tried.
    fn show(&self, fault: Option<Fault>) -> bool;
}

const MESSAGE: &[u8] = b"a message of the conformance suite";
const OTHER: &[u8] = b"another message of the conformance suite";

/// Runs every rule on every kind of key that `back_end` offers.
///
/// # Errors
/// [`Broken`], the first rule that does not hold.
pub fn run(back_end: &dyn Backend, engine: &dyn Verify) -> Result<Report, Broken> {
    let mut run = Run::new(back_end, engine);
    let algorithms = back_end.algorithms();
    run.require(Rule::OffersKeys, !algorithms.is_empty(), || "no kind of key at all".to_owned())?;
    for algorithm in algorithms {
        for purpose in Purpose::ALL {
            run.key(algorithm, purpose)?;
        }
        let key = run.make(algorithm, Purpose::Tst)?;
        signs_what_it_is_asked(&mut run, &key)?;
        refuses_what_it_is_not_for(&mut run, &key)?;
        signs_in_two_threads(&mut run, &key)?;
        fault::shows_no_wrong_answer(&mut run, &key)?;
        fault::fails_in_time_and_recovers(&mut run, &key)?;
        fault::stops_when_suspended(&mut run, &key)?;
    }
    Ok(run.finish())
}

impl Run<'_> {
    /// A key is what was asked for, and passes its self-test.
    fn key(&mut self, algorithm: KeyAlgorithm, purpose: Purpose) -> Result<(), Broken> {
        let key = self.make(algorithm, purpose)?;
        self.require(Rule::KeyAsAsked, key.algorithm() == algorithm && key.purpose() == purpose, || {
            format!("asked for {algorithm} for {purpose}, got {} for {}", key.algorithm(), key.purpose())
        })?;
        let public = KeyAlgorithm::from_spki(key.public_key());
        self.require(Rule::KeyAsAsked, public == Ok(algorithm), || format!("its public key is {public:?}"))?;
        let tested = self_test(&*key, self.engine());
        self.require(Rule::SelfTest, tested == Ok(()), || format!("{purpose} {algorithm}: {tested:?}"))
    }
}

/// Asks for a signature over `message` with the key's own algorithm and purpose.
fn ask(key: &dyn SigningKey, signer: &mut dyn Signer, message: &[u8]) -> Result<Vec<u8>, KeyError> {
    signer.sign(Prepared::new(key.purpose(), key.algorithm().signature_algorithm(), message))
}

/// The same with a signer opened for it.
fn ask_anew(key: &dyn SigningKey, message: &[u8]) -> Result<Vec<u8>, KeyError> {
    ask(key, &mut *key.open()?, message)
}

fn signs_what_it_is_asked(run: &mut Run<'_>, key: &Arc<dyn SigningKey>) -> Result<(), Broken> {
    let mut signer = run.open(key)?;
    let long = vec![0x5a; run.back_end().longest(key.algorithm()).min(100_000)];
    for message in [MESSAGE, OTHER, b"", &long, MESSAGE] {
        let signature = run.sign(Rule::SignatureVerifies, key, &mut *signer, message)?;
        run.verifies(Rule::SignatureVerifies, &**key, message, &signature)?;
        let elsewhere = if message == OTHER { MESSAGE } else { OTHER };
        let verdict = run.verify(&**key, elsewhere, &signature);
        run.require(Rule::OnlyTheseBytes, verdict.is_err(), || "verifies over other bytes too".to_owned())?;
    }
    Ok(())
}

fn refuses_what_it_is_not_for(run: &mut Run<'_>, key: &Arc<dyn SigningKey>) -> Result<(), Broken> {
    let mut signer = run.open(key)?;
    let own = key.algorithm().signature_algorithm();
    for asked in Purpose::ALL.into_iter().filter(|asked| *asked != key.purpose()) {
        let answer = signer.sign(Prepared::new(asked, own, MESSAGE));
        let expected = Err(KeyError::WrongPurpose { key: key.purpose(), asked });
        run.require(Rule::WrongPurpose, answer == expected, || format!("{answer:?}"))?;
    }
    for asked in SignatureAlgorithm::ALL {
        // No new signature with SHA-1, by whatever key (THR-109).
        if key.algorithm().fits(asked) && asked != SignatureAlgorithm::RsaPkcs1Sha1 {
            continue;
        }
        let answer = signer.sign(Prepared::new(key.purpose(), asked, MESSAGE));
        let expected = Err(KeyError::WrongAlgorithm { key: key.algorithm(), asked });
        run.require(Rule::WrongAlgorithm, answer == expected, || format!("{answer:?}"))?;
    }
    let signature = run.sign(Rule::SignsAfterRefusing, key, &mut *signer, MESSAGE)?;
    run.verifies(Rule::SignsAfterRefusing, &**key, MESSAGE, &signature)
}

fn signs_in_two_threads(run: &mut Run<'_>, key: &Arc<dyn SigningKey>) -> Result<(), Broken> {
    const EACH: usize = 20;
    let both_open = Barrier::new(2);
    let signatures = std::thread::scope(|scope| {
        let workers = [MESSAGE, OTHER].map(|message| {
            let both_open = &both_open;
            scope.spawn(move || {
                let opened = key.open();
                both_open.wait();
                let mut signer = opened?;
                (0..EACH).map(|_| ask(&**key, &mut *signer, message)).collect::<Result<Vec<_>, _>>()
            })
        });
        workers.map(|worker| worker.join().ok())
    });
    for (message, answer) in [MESSAGE, OTHER].into_iter().zip(signatures) {
        let signatures = run.expect(Rule::TwoThreads, answer.ok_or_else(|| "a worker panicked".to_owned()))?;
        for signature in run.expect(Rule::TwoThreads, signatures.map_err(|error| error.to_string()))? {
            run.verifies(Rule::TwoThreads, &**key, message, &signature)?;
        }
    }
    Ok(())
}
