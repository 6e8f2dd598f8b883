//! The rules, how a run keeps account of them, and its outcome.

use std::collections::BTreeSet;
use std::sync::Arc;

use kokuin_suite::{KeyAlgorithm, Verify, VerifyError};

use crate::conformance::{Backend, Fault, ask};
use crate::purpose::Purpose;
use crate::signer::{Signer, SigningKey};

/// What a back end must do.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Rule {
    /// It has at least one kind of key.
    OffersKeys,
    /// A key is of the kind and for the purpose it was made for, and so is its public key.
    KeyAsAsked,
    /// Every key passes its self-test.
    SelfTest,
    /// A signature verifies with the public key over the bytes given.
    SignatureVerifies,
    /// A signature does not verify over other bytes.
    OnlyTheseBytes,
    /// Another purpose is refused, saying both (THR-57).
    WrongPurpose,
    /// An algorithm that the key does not fit, and SHA-1, are refused.
    WrongAlgorithm,
    /// A refusal leaves the signer able to sign.
    SignsAfterRefusing,
    /// Two signers of one key work at the same time.
    TwoThreads,
    /// A wrong value from the device is never released (THR-66).
    WrongAnswer,
    /// A fault is an error within [`Fault::PATIENCE`], never a panic, never a value.
    FaultIsAnError,
    /// After a fault, the key signs again with a new signer at the latest.
    Recovers,
    /// A suspended key signs nothing later than a second after (THR-65), and goes on when it may.
    Suspends,
}

/// A rule that does not hold.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{rule:?}: {found}")]
pub struct Broken {
    /// Which one.
    pub rule: Rule,
    /// What happened instead.
    pub found: String,
}

/// A run without a broken rule.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Report {
    /// Rules that were tried, at least once each.
    pub held: BTreeSet<Rule>,
    /// Faults that this back end cannot be made to show.
    pub not_tried: BTreeSet<Fault>,
}

pub(super) struct Run<'a> {
    back_end: &'a dyn Backend,
    engine: &'a dyn Verify,
    report: Report,
}

impl<'a> Run<'a> {
    pub(super) fn new(back_end: &'a dyn Backend, engine: &'a dyn Verify) -> Self {
        Self { back_end, engine, report: Report { held: BTreeSet::new(), not_tried: BTreeSet::new() } }
    }

    pub(super) fn finish(self) -> Report {
        self.report
    }

    pub(super) fn back_end(&self) -> &'a dyn Backend {
        self.back_end
    }

    pub(super) fn engine(&self) -> &'a dyn Verify {
        self.engine
    }

    pub(super) fn not_tried(&mut self, fault: Fault) {
        self.report.not_tried.insert(fault);
    }

    pub(super) fn require(&mut self, rule: Rule, holds: bool, found: impl FnOnce() -> String) -> Result<(), Broken> {
        if !holds {
            return Err(Broken { rule, found: found() });
        }
        self.report.held.insert(rule);
        Ok(())
    }

    pub(super) fn expect<T>(&mut self, rule: Rule, result: Result<T, String>) -> Result<T, Broken> {
        let value = result.map_err(|found| Broken { rule, found })?;
        self.report.held.insert(rule);
        Ok(value)
    }

    pub(super) fn make(&mut self, algorithm: KeyAlgorithm, purpose: Purpose) -> Result<Arc<dyn SigningKey>, Broken> {
        self.expect(Rule::OffersKeys, self.back_end.make(algorithm, purpose))
    }

    pub(super) fn open(&mut self, key: &Arc<dyn SigningKey>) -> Result<Box<dyn Signer>, Broken> {
        self.expect(Rule::SignatureVerifies, key.open().map_err(|error| format!("opening: {error}")))
    }

    pub(super) fn sign(
        &mut self,
        rule: Rule,
        key: &Arc<dyn SigningKey>,
        signer: &mut dyn Signer,
        message: &[u8],
    ) -> Result<Vec<u8>, Broken> {
        self.expect(rule, ask(&**key, signer, message).map_err(|error| format!("{}: {error}", key.algorithm())))
    }

    pub(super) fn verify(&self, key: &dyn SigningKey, message: &[u8], signature: &[u8]) -> Result<(), VerifyError> {
        self.engine.verify(key.algorithm().signature_algorithm(), key.public_key(), message, signature)
    }

    pub(super) fn verifies(
        &mut self,
        rule: Rule,
        key: &dyn SigningKey,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), Broken> {
        let verdict = self.verify(key, message, signature);
        self.require(rule, verdict == Ok(()), || format!("{}: {verdict:?}", key.algorithm()))
    }
}
