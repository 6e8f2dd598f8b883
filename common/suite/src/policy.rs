//! Until when an algorithm may sign, and until when a signature made with it counts.
//!
//! All dates are data: `policy/*.toml`, one file a standard, replaceable by an operator's own.

mod document;
mod file;
mod unsuitable;

use std::collections::BTreeSet;

pub use document::{Document, PolicyError};
pub use unsuitable::{Remark, Subject, Unsuitable, Use};

use crate::digest::DigestAlgorithm;
use crate::key::{KeyAlgorithm, PublicKey};
use crate::signature::SignatureAlgorithm;
use document::Ends;

const TS_119_312: &str = include_str!("../policy/ts-119-312.toml");
const CRYPTREC: &str = include_str!("../policy/cryptrec.toml");

/// One or several policy documents, every one of which must be satisfied. Times are UNIX seconds, UTC.
#[derive(Clone, Debug)]
pub struct CryptoPolicy {
    documents: Vec<Document>,
}

impl Default for CryptoPolicy {
    /// Every document that comes with Kokuin.
    fn default() -> Self {
        Self::bundled(&[TS_119_312, CRYPTREC])
    }
}

impl CryptoPolicy {
    /// ETSI TS 119 312 alone.
    #[must_use]
    pub fn etsi() -> Self {
        Self::bundled(&[TS_119_312])
    }

    /// CRYPTREC's list and strength criteria alone. They have no dates for what was weak before 2022.
    #[must_use]
    pub fn cryptrec() -> Self {
        Self::bundled(&[CRYPTREC])
    }

    fn bundled(texts: &[&str]) -> Self {
        Self::from_toml(texts).expect("the documents that come with Kokuin are read by its tests")
    }

    /// Reads documents in the format of `policy/*.toml`.
    ///
    /// # Errors
    /// [`PolicyError`] if one is not that format, or there is none.
    pub fn from_toml(texts: &[&str]) -> Result<Self, PolicyError> {
        if texts.is_empty() {
            return Err(PolicyError::Empty);
        }
        let documents = texts.iter().map(|text| Document::parse(text)).collect::<Result<_, _>>()?;
        Ok(Self { documents })
    }

    /// The documents, with their versions and hashes, for reports (THR-106).
    #[must_use]
    pub fn documents(&self) -> &[Document] {
        &self.documents
    }

    /// Whether a new signature may be made at `now`.
    ///
    /// # Errors
    /// [`Unsuitable`], the first reason found.
    pub fn may_sign(&self, alg: SignatureAlgorithm, key: KeyAlgorithm, now: i64) -> Result<(), Unsuitable> {
        self.each_row(alg, key, |document, subject, ends| {
            ends.check_listed_for_signing(document, subject)?;
            Ends::check(ends.sign, document, subject, Use::Sign, now)
        })
    }

    /// The first instant at which [`Self::may_sign`] refuses these for their age; `None` if no document gives an end.
    ///
    /// # Errors
    /// [`Unsuitable::NotListed`], [`Unsuitable::DoesNotFit`].
    pub fn signs_until(&self, alg: SignatureAlgorithm, key: KeyAlgorithm) -> Result<Option<i64>, Unsuitable> {
        let mut first: Option<i64> = None;
        self.each_row(alg, key, |_, _, ends| {
            first = [ends.sign, first].into_iter().flatten().min();
            Ok(())
        })?;
        Ok(first)
    }

    /// Whether a new certificate may be issued at `now` for a key of this kind that will sign with `alg`.
    ///
    /// # Errors
    /// [`Unsuitable`], the first reason found.
    pub fn may_certify(&self, alg: SignatureAlgorithm, key: KeyAlgorithm, now: i64) -> Result<(), Unsuitable> {
        self.may_sign(alg, key, now)?;
        self.each_row(alg, key, |document, subject, ends| {
            Ends::check(ends.certify, document, subject, Use::Certify, now)
        })
    }

    /// Whether a signature that is proven to have existed at `proof_time` counts at `now`. Without any proof,
    /// `proof_time` is `now`.
    ///
    /// # Errors
    /// [`Unsuitable`]; its [`Unsuitable::since`] tells whether an earlier proof of existence would help.
    pub fn may_rely(
        &self,
        alg: SignatureAlgorithm,
        key: KeyAlgorithm,
        proof_time: i64,
        now: i64,
    ) -> Result<(), Unsuitable> {
        self.each_row(alg, key, |document, subject, ends| ends.check_relying(document, subject, proof_time, now))
    }

    /// Whether a digest may be used at `now` for something new: a message imprint, a certificate hash.
    ///
    /// # Errors
    /// [`Unsuitable`], the first reason found.
    pub fn may_digest(&self, digest: DigestAlgorithm, now: i64) -> Result<(), Unsuitable> {
        let subject = Subject::Digest(digest);
        self.documents.iter().try_for_each(|document| {
            let ends = document.ends(subject)?;
            ends.check_listed_for_signing(document, subject)?;
            Ends::check(ends.sign, document, subject, Use::Sign, now)
        })
    }

    /// The first instant at which [`Self::may_digest`] refuses it for its age; `None` if no document gives an end.
    ///
    /// # Errors
    /// [`Unsuitable::NotListed`].
    pub fn digests_until(&self, digest: DigestAlgorithm) -> Result<Option<i64>, Unsuitable> {
        let mut first: Option<i64> = None;
        for document in &self.documents {
            first = [document.ends(Subject::Digest(digest))?.sign, first].into_iter().flatten().min();
        }
        Ok(first)
    }

    /// Whether a digest that is proven to have existed at `proof_time` still binds at `now`.
    ///
    /// # Errors
    /// [`Unsuitable`], the first reason found.
    pub fn may_rely_on_digest(&self, digest: DigestAlgorithm, proof_time: i64, now: i64) -> Result<(), Unsuitable> {
        let subject = Subject::Digest(digest);
        self.documents
            .iter()
            .try_for_each(|document| document.ends(subject)?.check_relying(document, subject, proof_time, now))
    }

    /// What kind of key an SPKI holds, if the policy has nothing against this very key (ALG-14).
    ///
    /// # Errors
    /// [`Unsuitable::Key`] if it cannot be read, [`Unsuitable::RsaExponent`] if its exponent is out of range.
    pub fn check_key(&self, spki: &[u8]) -> Result<KeyAlgorithm, Unsuitable> {
        let key = PublicKey::parse(spki)?;
        if let PublicKey::Rsa(rsa) = key {
            self.check_rsa_exponent(rsa.exponent)?;
        }
        Ok(key.algorithm())
    }

    /// Whether an RSA key may have this public exponent, big-endian without leading zeros (ALG-14, THR-68).
    ///
    /// # Errors
    /// [`Unsuitable::RsaExponent`].
    pub fn check_rsa_exponent(&self, exponent: &[u8]) -> Result<(), Unsuitable> {
        self.documents.iter().try_for_each(|document| document.check_rsa_exponent(exponent))
    }

    /// The first instant at which a signature made with these, and proven by nothing else, no longer counts; `None` if
    /// no document gives an end. What is to be kept longer is renewed before (JP-TS-17, JP-LT-04).
    ///
    /// # Errors
    /// [`Unsuitable::NotListed`], [`Unsuitable::DoesNotFit`].
    pub fn relied_until(&self, alg: SignatureAlgorithm, key: KeyAlgorithm) -> Result<Option<i64>, Unsuitable> {
        let mut first: Option<i64> = None;
        self.each_row(alg, key, |_, _, ends| {
            let end = [ends.rely, ends.process, first].into_iter().flatten().min();
            first = end;
            Ok(())
        })?;
        Ok(first)
    }

    /// What a report says beside a positive answer: rows that are only legacy, monitored or unlisted, old signatures
    /// that count by their proof alone, and rows whose values are not verified.
    #[must_use]
    pub fn remarks(&self, alg: SignatureAlgorithm, key: KeyAlgorithm, now: i64) -> Vec<Remark> {
        let mut remarks = BTreeSet::new();
        for document in &self.documents {
            for subject in subjects(alg, key) {
                if let Ok(ends) = document.ends(subject) {
                    remarks.extend(ends.remarks(document, subject, now));
                }
            }
        }
        remarks.into_iter().collect()
    }

    fn each_row(
        &self,
        alg: SignatureAlgorithm,
        key: KeyAlgorithm,
        mut check: impl FnMut(&Document, Subject, &Ends) -> Result<(), Unsuitable>,
    ) -> Result<(), Unsuitable> {
        if !key.fits(alg) {
            return Err(Unsuitable::DoesNotFit { algorithm: alg, key });
        }
        for document in &self.documents {
            for subject in subjects(alg, key) {
                check(document, subject, document.ends(subject)?)?;
            }
        }
        Ok(())
    }
}

/// What of a signature has rows of its own. Algorithms that sign whole messages have their digest inside.
fn subjects(alg: SignatureAlgorithm, key: KeyAlgorithm) -> impl Iterator<Item = Subject> {
    let digest = alg.is_prehashed().then(|| Subject::Digest(alg.digest()));
    digest.into_iter().chain([Subject::Scheme(alg), Subject::Key(key)])
}

#[cfg(test)]
mod tests;
