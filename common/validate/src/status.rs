//! Main and sub-indications, spelt as EN 319 102-1 spells them (VAL-01, VAL-20..VAL-44).

use std::fmt;

use serde::{Serialize, Serializer};

/// The answer to one validation; the order is from best to worst.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Status {
    /// Every check that the policy asks for was made and held.
    TotalPassed,
    /// Not settled: something is missing, or only a later proof could tell.
    Indeterminate,
    /// Shown to be wrong.
    TotalFailed,
}

impl Status {
    /// As EN 319 102-1 table 5 spells it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::TotalPassed => "TOTAL-PASSED",
            Self::Indeterminate => "INDETERMINATE",
            Self::TotalFailed => "TOTAL-FAILED",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Status {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// Why a validation did not pass (EN 319 102-1 table 6).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum SubIndication {
    /// The structure cannot be used for cryptographic checks (VAL-20).
    FormatFailure,
    /// A signed object's digest differs (VAL-21).
    HashFailure,
    /// The signature value does not verify under the signing certificate (VAL-22).
    SigCryptoFailure,
    /// Revoked, and the signature is shown to be later (VAL-23).
    Revoked,
    /// Signed after the certificate's end (VAL-24).
    Expired,
    /// Signed before the certificate's beginning (VAL-25).
    NotYetValid,
    /// An attribute conflicts with the policy (VAL-26).
    SigConstraintsFailure,
    /// The chain conflicts with the policy (VAL-27).
    ChainConstraintsFailure,
    /// The set of chains gives an error that has no name of its own (VAL-28).
    CertificateChainGeneralFailure,
    /// Too weak, and made after the algorithm's end (VAL-29).
    CryptoConstraintsFailure,
    /// Too weak now, no proof that it existed before the algorithm's end (VAL-30).
    CryptoConstraintsFailureNoPoe,
    /// The order of time-stamps contradicts the order required (VAL-33).
    TimestampOrderFailure,
    /// Nobody can be identified as the signer (VAL-34).
    NoSigningCertificateFound,
    /// No path to a trust anchor of the caller's (VAL-35).
    NoCertificateChainFound,
    /// The signing certificate is revoked; what came first is unknown (VAL-37).
    RevokedNoPoe,
    /// A certificate authority is revoked; what came first is unknown (VAL-38).
    RevokedCaNoPoe,
    /// Outside the certificate's validity, known not to be revoked, no proof of an earlier time (VAL-39).
    OutOfBoundsNotRevoked,
    /// Outside the certificate's validity, revocation not settled (VAL-40).
    OutOfBoundsNoPoe,
    /// Later or fresher revocation data could settle it (VAL-43).
    TryLater,
    /// The signed data was not given (VAL-44).
    SignedDataNotFound,
}

impl SubIndication {
    /// As EN 319 102-1 spells it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::FormatFailure => "FORMAT_FAILURE",
            Self::HashFailure => "HASH_FAILURE",
            Self::SigCryptoFailure => "SIG_CRYPTO_FAILURE",
            Self::Revoked => "REVOKED",
            Self::Expired => "EXPIRED",
            Self::NotYetValid => "NOT_YET_VALID",
            Self::SigConstraintsFailure => "SIG_CONSTRAINTS_FAILURE",
            Self::ChainConstraintsFailure => "CHAIN_CONSTRAINTS_FAILURE",
            Self::CertificateChainGeneralFailure => "CERTIFICATE_CHAIN_GENERAL_FAILURE",
            Self::CryptoConstraintsFailure => "CRYPTO_CONSTRAINTS_FAILURE",
            Self::CryptoConstraintsFailureNoPoe => "CRYPTO_CONSTRAINTS_FAILURE_NO_POE",
            Self::TimestampOrderFailure => "TIMESTAMP_ORDER_FAILURE",
            Self::NoSigningCertificateFound => "NO_SIGNING_CERTIFICATE_FOUND",
            Self::NoCertificateChainFound => "NO_CERTIFICATE_CHAIN_FOUND",
            Self::RevokedNoPoe => "REVOKED_NO_POE",
            Self::RevokedCaNoPoe => "REVOKED_CA_NO_POE",
            Self::OutOfBoundsNotRevoked => "OUT_OF_BOUNDS_NOT_REVOKED",
            Self::OutOfBoundsNoPoe => "OUT_OF_BOUNDS_NO_POE",
            Self::TryLater => "TRY_LATER",
            Self::SignedDataNotFound => "SIGNED_DATA_NOT_FOUND",
        }
    }

    /// The main indication that the standard ties this one to.
    #[must_use]
    pub const fn status(self) -> Status {
        match self {
            Self::FormatFailure
            | Self::HashFailure
            | Self::SigCryptoFailure
            | Self::Revoked
            | Self::Expired
            | Self::NotYetValid => Status::TotalFailed,
            Self::SigConstraintsFailure
            | Self::ChainConstraintsFailure
            | Self::CertificateChainGeneralFailure
            | Self::CryptoConstraintsFailure
            | Self::CryptoConstraintsFailureNoPoe
            | Self::TimestampOrderFailure
            | Self::NoSigningCertificateFound
            | Self::NoCertificateChainFound
            | Self::RevokedNoPoe
            | Self::RevokedCaNoPoe
            | Self::OutOfBoundsNotRevoked
            | Self::OutOfBoundsNoPoe
            | Self::TryLater
            | Self::SignedDataNotFound => Status::Indeterminate,
        }
    }
}

impl fmt::Display for SubIndication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for SubIndication {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worst_of_puts_failed_over_indeterminate_over_passed() {
        let mut all = [Status::TotalFailed, Status::TotalPassed, Status::Indeterminate];
        all.sort();
        assert_eq!(all, [Status::TotalPassed, Status::Indeterminate, Status::TotalFailed]);
    }
}
