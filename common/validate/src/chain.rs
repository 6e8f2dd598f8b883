//! The certificates that a service gives out after its own: whoever gets them builds a path from them, so they must be one.
//!
//! No trust is decided here: whether the last certificate leads to an anchor is the relying party's question.

use kokuin_asn1::Certificate;
use kokuin_suite::{AlgorithmRefusal, SignatureAlgorithm, Verify, VerifyError};

use crate::name;

/// Why certificates in a row are no chain. Subjects are shown as RFC 4514 writes them, times are unix seconds.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ChainFault {
    /// The next certificate is somebody else's.
    #[error("the certificate of {subject} names the issuer {expected}, the next one is that of {found}")]
    Issuer {
        /// Whose certificate.
        subject: String,
        /// The issuer that it names.
        expected: String,
        /// Subject of the certificate after it.
        found: String,
    },
    /// It may not issue certificates.
    #[error("{subject} is given as an issuer and is no CA that may sign certificates")]
    NotAuthority {
        /// Whose certificate.
        subject: String,
    },
    /// A CA above does not allow so many below it.
    #[error("{subject} allows {limit} CAs below itself, there are {found}")]
    PathLength {
        /// Whose certificate.
        subject: String,
        /// What it allows.
        limit: u32,
        /// How many there are.
        found: u32,
    },
    /// The signature is by an algorithm that is not known here.
    #[error("the signature of the certificate of {subject}: {error}")]
    Algorithm {
        /// Whose certificate.
        subject: String,
        /// Why.
        error: AlgorithmRefusal,
    },
    /// The next certificate's key did not sign this one.
    #[error("the certificate of {subject} is not signed by the key of the next one: {error}")]
    Signature {
        /// Whose certificate.
        subject: String,
        /// What the engine said.
        error: VerifyError,
    },
    /// An issuer's certificate does not cover the time.
    #[error("the certificate of the issuer {subject} is valid from {from} to {until}, now is {at} (unix seconds)")]
    Validity {
        /// Whose certificate.
        subject: String,
        /// First second.
        from: i64,
        /// Last second.
        until: i64,
        /// The time.
        at: i64,
    },
}

impl ChainFault {
    /// Stable name, for logs and `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Issuer { .. } => "chain.issuer",
            Self::NotAuthority { .. } => "chain.not-authority",
            Self::PathLength { .. } => "chain.path-length",
            Self::Algorithm { .. } => "chain.algorithm",
            Self::Signature { .. } => "chain.signature",
            Self::Validity { .. } => "chain.validity",
        }
    }

    /// The text that makes it a rule.
    #[must_use]
    pub const fn clause(&self) -> &'static str {
        match self {
            Self::Issuer { .. } => "RFC 5280 6.1.3 (a)(4)",
            Self::NotAuthority { .. } => "RFC 5280 6.1.4 (k), (n)",
            Self::PathLength { .. } => "RFC 5280 6.1.4 (l), (m)",
            Self::Algorithm { .. } | Self::Signature { .. } => "RFC 5280 6.1.3 (a)(1)",
            Self::Validity { .. } => "RFC 5280 6.1.3 (a)(2)",
        }
    }
}

/// Checks that each certificate was issued by the next one: names, signatures, CA flags, path lengths, and that every issuer is valid at
/// `at`, unix seconds. Whether `leaf` itself is valid is asked each time it is used. Without issuers there is nothing to check.
///
/// # Errors
/// The first fault, from the leaf upwards.
pub fn check_chain(
    leaf: &Certificate,
    issuers: &[Certificate],
    at: i64,
    engine: &dyn Verify,
) -> Result<(), ChainFault> {
    // CAs between the one looked at and the leaf; one that certifies itself anew does not count (RFC 5280 4.2.1.9).
    let mut below = 0;
    let children = std::iter::once(leaf).chain(issuers);
    for (child, issuer) in children.zip(issuers) {
        check_issued(child, issuer, engine)?;
        check_authority(issuer, below, at)?;
        below += u32::from(!issuer.is_self_issued());
    }
    Ok(())
}

fn check_authority(issuer: &Certificate, below: u32, at: i64) -> Result<(), ChainFault> {
    let subject = || issuer.subject_text();
    let constraints = issuer.basic_constraints().filter(|constraints| constraints.ca);
    let may_certify = issuer.key_usage().is_none_or(kokuin_asn1::KeyUsage::key_cert_sign);
    let Some(constraints) = constraints.filter(|_| may_certify) else {
        return Err(ChainFault::NotAuthority { subject: subject() });
    };
    if let Some(limit) = constraints.path_len.filter(|limit| below > *limit) {
        return Err(ChainFault::PathLength { subject: subject(), limit, found: below });
    }
    let (from, until) = (issuer.not_before(), issuer.not_after());
    if at < from || at > until {
        return Err(ChainFault::Validity { subject: subject(), from, until, at });
    }
    Ok(())
}

fn check_issued(child: &Certificate, issuer: &Certificate, engine: &dyn Verify) -> Result<(), ChainFault> {
    let subject = || child.subject_text();
    if !name::is_same(child.issuer(), issuer.subject()) {
        return Err(ChainFault::Issuer {
            subject: subject(),
            expected: child.issuer_text(),
            found: issuer.subject_text(),
        });
    }
    let algorithm = SignatureAlgorithm::from_x509(&child.signature_algorithm())
        .map_err(|error| ChainFault::Algorithm { subject: subject(), error })?;
    engine
        .verify(algorithm, issuer.spki(), child.tbs(), child.signature())
        .map_err(|error| ChainFault::Signature { subject: subject(), error })
}
