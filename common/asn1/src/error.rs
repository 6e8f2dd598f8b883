//! Why octets are refused: one variant per broken rule.

use std::fmt;

use crate::Oid;

/// Where in the input a rule was broken.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Place {
    /// Name of the field in its ASN.1 module.
    pub field: &'static str,
    /// Octets from the start of what the reader was given.
    pub offset: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at octet {}", self.field, self.offset)
    }
}

/// A rule of DER, or of the structure read, that the input broke.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Asn1Error {
    /// An element claims more octets than there are.
    #[error("{at}: {needed} octets claimed, {left} left")]
    Truncated {
        /// Where.
        at: Place,
        /// Octets claimed.
        needed: usize,
        /// Octets left.
        left: usize,
    },
    /// BER's indefinite length.
    #[error("{at}: indefinite length")]
    IndefiniteLength {
        /// Where.
        at: Place,
    },
    /// A length in more octets than it needs.
    #[error("{at}: length is not minimal")]
    LengthNotMinimal {
        /// Where.
        at: Place,
    },
    /// A length in more than four octets.
    #[error("{at}: length in more than four octets")]
    LengthTooLarge {
        /// Where.
        at: Place,
    },
    /// A tag number above 30, or the reserved tag 0.
    #[error("{at}: tag 0x{found:02x} is not used here")]
    TagNotSupported {
        /// Where.
        at: Place,
        /// First identifier octet.
        found: u8,
    },
    /// Another element than the syntax has here.
    #[error("{at}: tag 0x{found:02x}, expected 0x{expected:02x}")]
    UnexpectedTag {
        /// Where.
        at: Place,
        /// What the syntax has.
        expected: u8,
        /// What is there.
        found: u8,
    },
    /// A CHOICE that none of its alternatives matches.
    #[error("{at}: tag 0x{found:02x} is none of the choices")]
    ChoiceUnknown {
        /// Where.
        at: Place,
        /// What is there.
        found: u8,
    },
    /// A mandatory element is absent.
    #[error("{at}: missing, tag 0x{expected:02x} expected")]
    Missing {
        /// Where.
        at: Place,
        /// What the syntax has.
        expected: u8,
    },
    /// Octets after the end.
    #[error("{at}: {count} octets too many")]
    TrailingBytes {
        /// Where.
        at: Place,
        /// Octets left over.
        count: usize,
    },
    /// An INTEGER with no octets, or with more than it needs.
    #[error("{at}: INTEGER is not minimal")]
    IntegerNotMinimal {
        /// Where.
        at: Place,
    },
    /// An INTEGER outside the range of its field.
    #[error("{at}: INTEGER out of range")]
    IntegerOutOfRange {
        /// Where.
        at: Place,
    },
    /// A BOOLEAN that is neither 00 nor FF.
    #[error("{at}: BOOLEAN 0x{found:02x}")]
    BooleanNotCanonical {
        /// Where.
        at: Place,
        /// Content octet.
        found: u8,
    },
    /// A default value spelled out.
    #[error("{at}: default value is encoded")]
    DefaultEncoded {
        /// Where.
        at: Place,
    },
    /// A primitive element whose content has the wrong size.
    #[error("{at}: {found} content octets, {expected} expected")]
    ContentLength {
        /// Where.
        at: Place,
        /// Octets that the type has.
        expected: usize,
        /// Octets there.
        found: usize,
    },
    /// A BIT STRING whose unused bits are miscounted or set, or whose named bits end in zeros.
    #[error("{at}: malformed BIT STRING")]
    BitStringMalformed {
        /// Where.
        at: Place,
    },
    /// An OBJECT IDENTIFIER whose arcs are cut off, padded or wider than 128 bits.
    #[error("{at}: malformed OBJECT IDENTIFIER")]
    OidMalformed {
        /// Where.
        at: Place,
    },
    /// A character that its string type does not have.
    #[error("{at}: malformed text")]
    TextMalformed {
        /// Where.
        at: Place,
    },
    /// A time that DER spells differently, or that no calendar has.
    #[error("{at}: malformed time")]
    TimeMalformed {
        /// Where.
        at: Place,
    },
    /// An instant outside the years 0000 to 9999.
    #[error("instant outside the years 0000 to 9999")]
    TimeOutOfRange,
    /// More elements than the limit.
    #[error("{at}: more than {limit} elements")]
    TooMany {
        /// Where.
        at: Place,
        /// Elements allowed.
        limit: usize,
    },
    /// Nested deeper than the limit.
    #[error("{at}: nested deeper than {limit}")]
    TooDeep {
        /// Where.
        at: Place,
        /// Levels allowed.
        limit: usize,
    },
    /// More octets than the limit.
    #[error("{at}: {found} octets, {limit} allowed")]
    TooLarge {
        /// Where.
        at: Place,
        /// Octets allowed.
        limit: usize,
        /// Octets there.
        found: usize,
    },
    /// A collection that must have an element has none.
    #[error("{at}: empty")]
    Empty {
        /// Where.
        at: Place,
    },
    /// A version whose syntax is not known.
    #[error("{at}: version {found}")]
    UnsupportedVersion {
        /// Where.
        at: Place,
        /// Version there.
        found: i64,
    },
    /// A nonce longer than a request may carry.
    #[error("nonce of {found} octets, {limit} allowed")]
    NonceTooLong {
        /// Octets allowed.
        limit: usize,
        /// Octets there.
        found: usize,
    },
    /// Content of another type than the one asked for.
    #[error("content type {found}, expected {expected}")]
    ContentType {
        /// Asked for.
        expected: Oid,
        /// There.
        found: Oid,
    },
    /// A `PKIStatus` that RFC 3161 does not have.
    #[error("PKIStatus {found}")]
    StatusUnknown {
        /// Status there.
        found: i64,
    },
    /// A `PKIFailureInfo` bit that RFC 3161 does not have, or not exactly one.
    #[error("PKIFailureInfo 0x{found:08x} is not exactly one bit of RFC 3161")]
    FailureInfoUnknown {
        /// Bits there, bit 0 the most significant.
        found: u32,
    },
    /// Granted, without a token.
    #[error("status {status} without a token")]
    TokenMissing {
        /// Status there.
        status: u8,
    },
    /// Not granted, with a token.
    #[error("status {status} with a token")]
    TokenForbidden {
        /// Status there.
        status: u8,
    },
    /// Granted, with a failure.
    #[error("status {status} with failure information")]
    FailureInfoForbidden {
        /// Status there.
        status: u8,
    },
    /// An attribute that may be there once is there more often.
    #[error("attribute {oid} is there {found} times")]
    AttributeRepeated {
        /// Attribute type.
        oid: Oid,
        /// Instances.
        found: usize,
    },
    /// An attribute whose number of values is not one.
    #[error("attribute {oid} has {found} values")]
    AttributeValueCount {
        /// Attribute type.
        oid: Oid,
        /// Values.
        found: usize,
    },
    /// There is no such signer, or not the only one.
    #[error("{found} signers")]
    SignerCount {
        /// Signers there.
        found: usize,
    },
}

impl Asn1Error {
    /// Stable name, for logs, metrics and `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Truncated { .. } => "asn1.truncated",
            Self::IndefiniteLength { .. } => "asn1.indefinite-length",
            Self::LengthNotMinimal { .. } => "asn1.length-not-minimal",
            Self::LengthTooLarge { .. } => "asn1.length-too-large",
            Self::TagNotSupported { .. } => "asn1.tag-not-supported",
            Self::UnexpectedTag { .. } => "asn1.unexpected-tag",
            Self::ChoiceUnknown { .. } => "asn1.choice-unknown",
            Self::Missing { .. } => "asn1.missing",
            Self::TrailingBytes { .. } => "asn1.trailing-bytes",
            Self::IntegerNotMinimal { .. } => "asn1.integer-not-minimal",
            Self::IntegerOutOfRange { .. } => "asn1.integer-out-of-range",
            Self::BooleanNotCanonical { .. } => "asn1.boolean-not-canonical",
            Self::DefaultEncoded { .. } => "asn1.default-encoded",
            Self::ContentLength { .. } => "asn1.content-length",
            Self::BitStringMalformed { .. } => "asn1.bit-string-malformed",
            Self::OidMalformed { .. } => "asn1.oid-malformed",
            Self::TextMalformed { .. } => "asn1.text-malformed",
            Self::TimeMalformed { .. } => "asn1.time-malformed",
            Self::TimeOutOfRange => "asn1.time-out-of-range",
            Self::TooMany { .. } => "asn1.too-many",
            Self::TooDeep { .. } => "asn1.too-deep",
            Self::TooLarge { .. } => "asn1.too-large",
            Self::Empty { .. } => "asn1.empty",
            Self::UnsupportedVersion { .. } => "asn1.unsupported-version",
            Self::NonceTooLong { .. } => "tsp.nonce-too-long",
            Self::ContentType { .. } => "cms.content-type",
            Self::StatusUnknown { .. } => "tsp.status-unknown",
            Self::FailureInfoUnknown { .. } => "tsp.failure-info-unknown",
            Self::TokenMissing { .. } => "tsp.token-missing",
            Self::TokenForbidden { .. } => "tsp.token-forbidden",
            Self::FailureInfoForbidden { .. } => "tsp.failure-info-forbidden",
            Self::AttributeRepeated { .. } => "cms.attribute-repeated",
            Self::AttributeValueCount { .. } => "cms.attribute-value-count",
            Self::SignerCount { .. } => "cms.signer-count",
        }
    }

    /// The text that makes it a rule.
    #[must_use]
    pub const fn clause(&self) -> &'static str {
        match self {
            Self::Truncated { .. } | Self::LengthTooLarge { .. } => "X.690 8.1.3",
            Self::IndefiniteLength { .. } | Self::LengthNotMinimal { .. } => "X.690 10.1",
            Self::TagNotSupported { .. } => "X.690 8.1.2",
            Self::UnexpectedTag { .. } | Self::ChoiceUnknown { .. } | Self::Missing { .. } | Self::Empty { .. } => {
                "X.680"
            }
            Self::TrailingBytes { .. } => "X.690 8.1.1",
            Self::IntegerNotMinimal { .. } => "X.690 8.3.2",
            Self::IntegerOutOfRange { .. } => "X.680 19",
            Self::BooleanNotCanonical { .. } => "X.690 11.1",
            Self::DefaultEncoded { .. } => "X.690 11.5",
            Self::ContentLength { .. } => "X.690 8.2, 8.8",
            Self::BitStringMalformed { .. } => "X.690 8.6, 11.2",
            Self::OidMalformed { .. } => "X.690 8.19",
            Self::TextMalformed { .. } => "X.690 8.23",
            Self::TimeMalformed { .. } | Self::TimeOutOfRange => "X.690 11.7, 11.8; RFC 3161 2.4.2",
            Self::TooMany { .. } | Self::TooDeep { .. } | Self::TooLarge { .. } => "Kokuin limits",
            Self::UnsupportedVersion { .. } => "RFC 5652 5.1, RFC 3161 2.4.2, RFC 5280 4.1.2.1",
            Self::NonceTooLong { .. } => "RFC 3161 2.4.1, Kokuin limits",
            Self::ContentType { .. } => "RFC 5652 5.2, RFC 3161 2.4.2",
            Self::StatusUnknown { .. }
            | Self::FailureInfoUnknown { .. }
            | Self::TokenMissing { .. }
            | Self::TokenForbidden { .. }
            | Self::FailureInfoForbidden { .. } => "RFC 3161 2.4.2",
            Self::AttributeRepeated { .. } | Self::AttributeValueCount { .. } => "RFC 5652 5.3, 11",
            Self::SignerCount { .. } => "RFC 5652 5.1",
        }
    }
}
