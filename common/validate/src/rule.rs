//! Every check by name: a stable id for machines and the clause that makes it a rule.

/// A rule that is checked. Its place in the report is its [`Rule::code`].
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Rule {
    /// The bytes are one artefact of one known kind (THR-29).
    ArtifactKind,
    /// Nothing follows the artefact (THR-29).
    TrailingBytes,
    /// The structure can be read.
    ArtifactSyntax,
    /// There is something to validate (THR-08).
    SignaturePresent,
    /// The response grants a token (TSP-18).
    ResponseStatus,
    /// One `SignerInfo`, no more (TSP-31, PAD-02).
    OneSigner,
    /// The signature is over signed attributes, never over content that could be taken for them (THR-22, CAD-05).
    SignedAttributesPresent,
    /// An attribute that may be there once is there once, with one value (THR-23, CAD-02).
    AttributeOnce,
    /// An attribute that must be signed is not among the unsigned ones (THR-23).
    AttributePlacement,
    /// The attribute's value can be read.
    AttributeSyntax,
    /// The signed content type is that of the content (THR-22, CAD-02).
    ContentTypeMatches,
    /// The signed algorithms are those used (CAD-04).
    AlgorithmProtection,
    /// The signed certificate hash names the signing certificate (THR-03).
    SignerReference,
    /// The signed certificate hash is not by SHA-1 alone (THR-109).
    SignerReferenceDigest,
    /// The signing certificate is at hand (VAL-34).
    SignerFound,
    /// The signer identifier names the same certificate as the signed hash (THR-03).
    SignerIdMatches,
    /// The algorithms are ones this verifier can compute.
    AlgorithmKnown,
    /// The signed data is at hand (VAL-44).
    DataGiven,
    /// The data is what was signed (VAL-21).
    MessageDigest,
    /// The signature value is the signer's (VAL-22).
    SignatureValue,
    /// The content is a `TSTInfo` of version 1 (TSP-30, TSP-33).
    TokenContent,
    /// The token is over the data given (TSP-58).
    TokenImprint,
    /// What the token says about its accuracy (TSP-51).
    TokenAccuracy,
    /// The name in the token is one of the certificate's (TSP-39).
    TokenTsaName,
    /// No critical extension is unknown.
    TokenExtension,
    /// The token's time is inside its certificate's validity and not in the future (TSP-58).
    TokenTime,
    /// The TSU certificate has an extended key usage (THR-04).
    TsuUsageAbsent,
    /// The TSU certificate's extended key usage is critical (THR-04).
    TsuUsageNotCritical,
    /// The TSU certificate's extended key usage is time-stamping alone (THR-04).
    TsuUsageOther,
    /// The TSU certificate is not a CA's (THR-04).
    TsuIsAuthority,
    /// The signing certificate's key may sign.
    LeafKeyUsage,
    /// The signing certificate is not dedicated to another purpose (THR-05).
    LeafPurpose,
    /// A path leads to an anchor of the caller's (VAL-35).
    ChainFound,
    /// The anchor is trusted for this purpose (THR-05).
    ChainPurpose,
    /// Each certificate is signed by the one above.
    ChainSignature,
    /// Each certificate is valid at the time that counts.
    ChainValidity,
    /// No critical extension is unknown.
    ChainCritical,
    /// Who issues is a CA.
    ChainBasicConstraints,
    /// No CA has more CAs below it than it may.
    ChainPathLength,
    /// Who issues may sign certificates.
    ChainKeyUsage,
    /// No CA's extended key usage excludes time-stamping (TSP-57).
    ChainExtendedUsage,
    /// Every name is one that the CAs above allow.
    ChainNameConstraints,
    /// Where a CA requires a policy, the path has one.
    ChainPolicies,
    /// The search stayed inside its bounds (THR-90).
    ChainLimit,
    /// A root inside the artefact is not trusted for being there (THR-02).
    EmbeddedRoot,
    /// What the anchor used is trusted for.
    AnchorScope,
    /// The signing certificate was not revoked (VAL-08, VAL-09).
    Revocation,
    /// No CA of the path was revoked (VAL-38).
    RevocationAuthority,
    /// Every algorithm was strong enough at the time that counts (VAL-29, VAL-30).
    AlgorithmStrength,
    /// The artefact carries its signing certificate (CAD-10).
    SealCertificateIncluded,
    /// The time claimed by the signer is where the format wants it (CAD-10, PAD-02).
    SealSigningTime,
    /// A time-stamp over the signature value proves that it existed (CAD-12, VAL-04).
    SealTimeStamp,
    /// The earliest time at which the signature is shown to have existed (VAL-05).
    BestSignatureTime,
    /// Who chose the time at which everything was judged (THR-11).
    ChosenTime,
    /// The file's revisions can be read.
    PdfStructure,
    /// The byte range is one revision but for the hole that holds exactly the signature (PAD-03, THR-13, THR-14).
    PdfByteRange,
    /// The signature is of a kind that this verifier knows (PAD-01).
    PdfSubFilter,
    /// The signature in the file is detached (PAD-02).
    PdfDetached,
    /// What was added after the signature changes nothing that was signed (PAD-20, THR-12).
    PdfChanges,
    /// The record leads from the data to every one of its tokens (ERS-02..ERS-07, THR-111).
    EvidenceCoverage,
    /// One algorithm for tree, imprint and the whole chain (ERS-07).
    EvidenceAlgorithm,
    /// Each archive time-stamp holds when the next one is made, the last one now (ERS-04, ERS-07).
    EvidenceToken,
    /// Each archive time-stamp is not older than the one that it renews (THR-111).
    EvidenceOrder,
    /// The signature is shown to be in a transparency log (G1, THR-41).
    LogReceipt,
}

impl Rule {
    /// Stable id, as `checks[].id` shows it.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::ArtifactKind => "format.kind",
            Self::TrailingBytes => "format.trailing-bytes",
            Self::ArtifactSyntax => "format.syntax",
            Self::SignaturePresent => "format.signature-present",
            Self::ResponseStatus => "tsr.status",
            Self::OneSigner => "cms.one-signer",
            Self::SignedAttributesPresent => "cms.signed-attributes",
            Self::AttributeOnce => "cms.attribute-once",
            Self::AttributePlacement => "cms.attribute-placement",
            Self::AttributeSyntax => "cms.attribute-syntax",
            Self::ContentTypeMatches => "cms.content-type",
            Self::AlgorithmProtection => "cms.algorithm-protection",
            Self::SignerReference => "signer.reference",
            Self::SignerReferenceDigest => "signer.reference-digest",
            Self::SignerFound => "signer.found",
            Self::SignerIdMatches => "signer.sid",
            Self::AlgorithmKnown => "integrity.algorithm",
            Self::DataGiven => "integrity.data",
            Self::MessageDigest => "integrity.message-digest",
            Self::SignatureValue => "integrity.signature",
            Self::TokenContent => "tst.content",
            Self::TokenImprint => "tst.imprint",
            Self::TokenAccuracy => "tst.accuracy",
            Self::TokenTsaName => "tst.tsa-name",
            Self::TokenExtension => "tst.critical-extension",
            Self::TokenTime => "tst.gen-time",
            Self::TsuUsageAbsent => "tst.eku-absent",
            Self::TsuUsageNotCritical => "tst.eku-not-critical",
            Self::TsuUsageOther => "tst.eku-other",
            Self::TsuIsAuthority => "tst.leaf-is-ca",
            Self::LeafKeyUsage => "chain.leaf-key-usage",
            Self::LeafPurpose => "chain.leaf-purpose",
            Self::ChainFound => "chain.found",
            Self::ChainPurpose => "chain.purpose",
            Self::ChainSignature => "chain.signature",
            Self::ChainValidity => "chain.validity",
            Self::ChainCritical => "chain.critical-extension",
            Self::ChainBasicConstraints => "chain.basic-constraints",
            Self::ChainPathLength => "chain.path-length",
            Self::ChainKeyUsage => "chain.key-usage",
            Self::ChainExtendedUsage => "chain.extended-key-usage",
            Self::ChainNameConstraints => "chain.name-constraints",
            Self::ChainPolicies => "chain.policies",
            Self::ChainLimit => "chain.limit",
            Self::EmbeddedRoot => "trust.embedded-root",
            Self::AnchorScope => "trust.scope",
            Self::Revocation => "revocation.signer",
            Self::RevocationAuthority => "revocation.authority",
            Self::AlgorithmStrength => "crypto.strength",
            Self::SealCertificateIncluded => "cades.certificate-included",
            Self::SealSigningTime => "cades.signing-time",
            Self::SealTimeStamp => "cades.signature-time-stamp",
            Self::BestSignatureTime => "time.best-signature-time",
            Self::ChosenTime => "time.chosen",
            Self::PdfStructure => "pades.structure",
            Self::PdfByteRange => "pades.byte-range",
            Self::PdfSubFilter => "pades.sub-filter",
            Self::PdfDetached => "pades.detached",
            Self::PdfChanges => "pades.changes",
            Self::EvidenceCoverage => "ers.coverage",
            Self::EvidenceAlgorithm => "ers.algorithm",
            Self::EvidenceToken => "ers.time-stamp",
            Self::EvidenceOrder => "ers.order",
            Self::LogReceipt => "log.receipt",
        }
    }

    /// The text that makes it a rule.
    #[must_use]
    pub const fn clause(self) -> &'static str {
        match self {
            Self::ArtifactKind | Self::TrailingBytes | Self::ArtifactSyntax => "EN 319 102-1 5.2.2",
            Self::SignaturePresent | Self::AnchorScope | Self::ChosenTime => "EN 319 102-1 5.1.4",
            Self::ResponseStatus
            | Self::OneSigner
            | Self::TokenContent
            | Self::TokenImprint
            | Self::TokenTsaName
            | Self::TokenExtension
            | Self::TokenTime => "RFC 3161 2.4.2",
            Self::SignedAttributesPresent | Self::SignerIdMatches => "RFC 5652 5.3",
            Self::AttributeOnce | Self::AttributePlacement | Self::AttributeSyntax => "RFC 5652 11",
            Self::ContentTypeMatches => "RFC 5652 11.1",
            Self::AlgorithmProtection => "RFC 6211 3",
            Self::SignerReference => "RFC 5035 5.4",
            Self::SignerReferenceDigest => "RFC 5816 2.2.1",
            Self::SignerFound => "EN 319 102-1 5.2.3",
            Self::AlgorithmKnown | Self::DataGiven => "EN 319 102-1 5.2.7",
            Self::MessageDigest | Self::SignatureValue => "RFC 5652 5.6",
            Self::TokenAccuracy => "EN 319 422 5.2.2",
            Self::TsuUsageAbsent
            | Self::TsuUsageNotCritical
            | Self::TsuUsageOther
            | Self::TsuIsAuthority
            | Self::ChainExtendedUsage => "RFC 3161 2.3",
            Self::LeafKeyUsage => "RFC 5280 4.2.1.3",
            Self::LeafPurpose => "RFC 5280 4.2.1.12",
            Self::ChainFound | Self::ChainPurpose | Self::EmbeddedRoot => "EN 319 102-1 5.2.6",
            Self::ChainSignature => "RFC 5280 6.1.3 (a)(1)",
            Self::ChainValidity => "RFC 5280 6.1.3 (a)(2)",
            Self::ChainCritical => "RFC 5280 4.2",
            Self::ChainBasicConstraints => "RFC 5280 6.1.4 (k)",
            Self::ChainPathLength => "RFC 5280 6.1.4 (m)",
            Self::ChainKeyUsage => "RFC 5280 6.1.4 (n)",
            Self::ChainNameConstraints => "RFC 5280 6.1.3 (b)(c)",
            Self::ChainPolicies => "RFC 5280 6.1.5",
            Self::ChainLimit => "RFC 5280 6.1",
            Self::Revocation | Self::RevocationAuthority => "RFC 5280 6.3",
            Self::AlgorithmStrength => "EN 319 102-1 5.2.8",
            Self::SealCertificateIncluded | Self::SealSigningTime => "EN 319 122-1 6.3",
            Self::SealTimeStamp => "EN 319 102-1 5.5",
            Self::BestSignatureTime => "EN 319 102-1 5.5.4",
            Self::PdfStructure => "ISO 32000-2 7.5",
            Self::PdfByteRange => "ISO 32000-2 12.8.1",
            Self::PdfSubFilter | Self::PdfDetached => "EN 319 142-1 5.3",
            Self::PdfChanges => "EN 319 142-1 5.5",
            Self::EvidenceCoverage | Self::EvidenceAlgorithm | Self::EvidenceToken => "RFC 4998 5.3",
            Self::EvidenceOrder => "RFC 4998 5.1",
            Self::LogReceipt => "C2SP tlog-proof",
        }
    }
}
