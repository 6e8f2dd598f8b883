//! Every object identifier that Kokuin names.
//!
//! Written dotted; the content octets are computed by the compiler.

use crate::Oid;

/// The arc that starts at `at`, and where the next one starts.
const fn arc(dotted: &[u8], mut at: usize) -> (u128, usize) {
    let mut value = 0_u128;
    while at < dotted.len() && dotted[at] != b'.' {
        assert!(dotted[at].is_ascii_digit(), "arcs are decimal");
        value = value * 10 + (dotted[at] - b'0') as u128;
        at += 1;
    }
    (value, at + 1)
}

/// Octets that `value` takes in base 128.
const fn width(value: u128) -> usize {
    let bits = 128 - value.leading_zeros() as usize;
    if bits == 0 { 1 } else { bits.div_ceil(7) }
}

/// Content octets of `dotted`: how many.
const fn content_len(dotted: &str) -> usize {
    let dotted = dotted.as_bytes();
    let (root, at) = arc(dotted, 0);
    let (second, mut at) = arc(dotted, at);
    let mut length = width(root * 40 + second);
    while at < dotted.len() {
        let (value, next) = arc(dotted, at);
        length += width(value);
        at = next;
    }
    length
}

/// Content octets of `dotted`.
const fn content<const N: usize>(dotted: &str) -> [u8; N] {
    let dotted = dotted.as_bytes();
    let mut octets = [0; N];
    let (root, at) = arc(dotted, 0);
    let (second, mut at) = arc(dotted, at);
    let mut value = root * 40 + second;
    let mut end = 0;
    loop {
        let start = end;
        end += width(value);
        let mut i = end;
        while i > start {
            i -= 1;
            octets[i] = (value % 128) as u8 | if i + 1 == end { 0 } else { 0x80 };
            value /= 128;
        }
        if at >= dotted.len() {
            return octets;
        }
        (value, at) = arc(dotted, at);
    }
}

macro_rules! oids {
    ($($(#[doc = $doc:literal])* $name:ident = $dotted:literal;)*) => {
        $(
            #[doc = concat!("`", $dotted, "`.")]
            $(#[doc = $doc])*
            pub const $name: Oid = {
                const BYTES: [u8; content_len($dotted)] = content($dotted);
                Oid::from_static(&BYTES)
            };
        )*
        /// Every constant with the text it was written as.
        #[cfg(test)]
        const ALL: &[(Oid, &str)] = &[$(($name, $dotted)),*];
    };
}

oids! {
    // CMS content types (RFC 5652, RFC 3161).
    ID_DATA = "1.2.840.113549.1.7.1";
    ID_SIGNED_DATA = "1.2.840.113549.1.7.2";
    ID_CT_TST_INFO = "1.2.840.113549.1.9.16.1.4";
    // Attributes of a SignerInfo (RFC 5652 11, RFC 5035, RFC 6211, ETSI EN 319 122-1).
    CONTENT_TYPE = "1.2.840.113549.1.9.3";
    MESSAGE_DIGEST = "1.2.840.113549.1.9.4";
    SIGNING_TIME = "1.2.840.113549.1.9.5";
    COUNTERSIGNATURE = "1.2.840.113549.1.9.6";
    CMS_ALGORITHM_PROTECTION = "1.2.840.113549.1.9.52";
    SIGNING_CERTIFICATE = "1.2.840.113549.1.9.16.2.12";
    SIGNATURE_TIME_STAMP = "1.2.840.113549.1.9.16.2.14";
    SIGNATURE_POLICY_ID = "1.2.840.113549.1.9.16.2.15";
    COMMITMENT_TYPE = "1.2.840.113549.1.9.16.2.16";
    SIGNER_LOCATION = "1.2.840.113549.1.9.16.2.17";
    SIGNER_ATTRIBUTES = "1.2.840.113549.1.9.16.2.18";
    CONTENT_TIME_STAMP = "1.2.840.113549.1.9.16.2.20";
    COMPLETE_CERTIFICATE_REFERENCES = "1.2.840.113549.1.9.16.2.21";
    COMPLETE_REVOCATION_REFERENCES = "1.2.840.113549.1.9.16.2.22";
    CERTIFICATE_VALUES = "1.2.840.113549.1.9.16.2.23";
    REVOCATION_VALUES = "1.2.840.113549.1.9.16.2.24";
    SIG_AND_REFS_TIME_STAMP = "1.2.840.113549.1.9.16.2.25";
    CERTS_CRLS_TIME_STAMP = "1.2.840.113549.1.9.16.2.26";
    ARCHIVE_TIME_STAMP_V2 = "1.2.840.113549.1.9.16.2.48";
    SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.47";
    ER_INTERNAL = "1.2.840.113549.1.9.16.2.49";
    ER_EXTERNAL = "1.2.840.113549.1.9.16.2.50";
    MIME_TYPE = "0.4.0.1733.2.1";
    /// Not the identifier that the clause's text names (EN 319 122-1 5.5.3): the module's.
    ARCHIVE_TIME_STAMP_V3 = "0.4.0.1733.2.4";
    ATS_HASH_INDEX = "0.4.0.1733.2.5";
    SIGNER_ATTRIBUTES_V2 = "0.4.0.19122.1.1";
    SIGNATURE_POLICY_STORE = "0.4.0.19122.1.3";
    ATS_HASH_INDEX_V2 = "0.4.0.19122.1.4";
    ATS_HASH_INDEX_V3 = "0.4.0.19122.1.5";
    PROOF_OF_ORIGIN = "1.2.840.113549.1.9.16.6.1";
    ADOBE_REVOCATION_INFO = "1.2.840.113583.1.1.8";
    /// OCSP response in `SignedData.crls` (RFC 5940).
    RI_OCSP_RESPONSE = "1.3.6.1.5.5.7.16.2";

    // Digests.
    MD5 = "1.2.840.113549.2.5";
    SHA1 = "1.3.14.3.2.26";
    SHA224 = "2.16.840.1.101.3.4.2.4";
    SHA256 = "2.16.840.1.101.3.4.2.1";
    SHA384 = "2.16.840.1.101.3.4.2.2";
    SHA512 = "2.16.840.1.101.3.4.2.3";
    SHA512_256 = "2.16.840.1.101.3.4.2.6";
    SHA3_224 = "2.16.840.1.101.3.4.2.7";
    SHA3_256 = "2.16.840.1.101.3.4.2.8";
    SHA3_384 = "2.16.840.1.101.3.4.2.9";
    SHA3_512 = "2.16.840.1.101.3.4.2.10";
    SHAKE128 = "2.16.840.1.101.3.4.2.11";
    SHAKE256 = "2.16.840.1.101.3.4.2.12";
    RIPEMD160 = "1.3.36.3.2.1";

    // Signatures and keys.
    RSA_ENCRYPTION = "1.2.840.113549.1.1.1";
    MD5_WITH_RSA = "1.2.840.113549.1.1.4";
    SHA1_WITH_RSA = "1.2.840.113549.1.1.5";
    MGF1 = "1.2.840.113549.1.1.8";
    RSASSA_PSS = "1.2.840.113549.1.1.10";
    SHA256_WITH_RSA = "1.2.840.113549.1.1.11";
    SHA384_WITH_RSA = "1.2.840.113549.1.1.12";
    SHA512_WITH_RSA = "1.2.840.113549.1.1.13";
    SHA224_WITH_RSA = "1.2.840.113549.1.1.14";
    EC_PUBLIC_KEY = "1.2.840.10045.2.1";
    ECDSA_WITH_SHA1 = "1.2.840.10045.4.1";
    ECDSA_WITH_SHA224 = "1.2.840.10045.4.3.1";
    ECDSA_WITH_SHA256 = "1.2.840.10045.4.3.2";
    ECDSA_WITH_SHA384 = "1.2.840.10045.4.3.3";
    ECDSA_WITH_SHA512 = "1.2.840.10045.4.3.4";
    ECDSA_WITH_SHA3_256 = "2.16.840.1.101.3.4.3.10";
    ECDSA_WITH_SHA3_384 = "2.16.840.1.101.3.4.3.11";
    ECDSA_WITH_SHA3_512 = "2.16.840.1.101.3.4.3.12";
    P256 = "1.2.840.10045.3.1.7";
    P384 = "1.3.132.0.34";
    P521 = "1.3.132.0.35";
    BRAINPOOL_P256R1 = "1.3.36.3.3.2.8.1.1.7";
    BRAINPOOL_P384R1 = "1.3.36.3.3.2.8.1.1.11";
    BRAINPOOL_P512R1 = "1.3.36.3.3.2.8.1.1.13";
    ED25519 = "1.3.101.112";
    ED448 = "1.3.101.113";
    ML_DSA_44 = "2.16.840.1.101.3.4.3.17";
    ML_DSA_65 = "2.16.840.1.101.3.4.3.18";
    ML_DSA_87 = "2.16.840.1.101.3.4.3.19";
    SLH_DSA_SHA2_128S = "2.16.840.1.101.3.4.3.20";
    SLH_DSA_SHA2_128F = "2.16.840.1.101.3.4.3.21";
    SLH_DSA_SHA2_192S = "2.16.840.1.101.3.4.3.22";
    SLH_DSA_SHA2_192F = "2.16.840.1.101.3.4.3.23";
    SLH_DSA_SHA2_256S = "2.16.840.1.101.3.4.3.24";
    SLH_DSA_SHA2_256F = "2.16.840.1.101.3.4.3.25";
    SLH_DSA_SHAKE_128S = "2.16.840.1.101.3.4.3.26";
    SLH_DSA_SHAKE_128F = "2.16.840.1.101.3.4.3.27";
    SLH_DSA_SHAKE_192S = "2.16.840.1.101.3.4.3.28";
    SLH_DSA_SHAKE_192F = "2.16.840.1.101.3.4.3.29";
    SLH_DSA_SHAKE_256S = "2.16.840.1.101.3.4.3.30";
    SLH_DSA_SHAKE_256F = "2.16.840.1.101.3.4.3.31";
    HASH_ML_DSA_44 = "2.16.840.1.101.3.4.3.32";
    HASH_ML_DSA_65 = "2.16.840.1.101.3.4.3.33";
    HASH_ML_DSA_87 = "2.16.840.1.101.3.4.3.34";
    COMPOSITE_MLDSA44_ECDSA_P256_SHA256 = "1.3.6.1.5.5.7.6.40";
    COMPOSITE_MLDSA65_RSA3072_PSS_SHA512 = "1.3.6.1.5.5.7.6.41";
    COMPOSITE_MLDSA65_ECDSA_P256_SHA512 = "1.3.6.1.5.5.7.6.45";
    COMPOSITE_MLDSA65_ECDSA_P384_SHA512 = "1.3.6.1.5.5.7.6.46";
    COMPOSITE_MLDSA65_ED25519_SHA512 = "1.3.6.1.5.5.7.6.48";
    COMPOSITE_MLDSA87_ECDSA_P384_SHA512 = "1.3.6.1.5.5.7.6.49";

    // Extensions of certificates and CRLs (RFC 5280).
    SUBJECT_DIRECTORY_ATTRIBUTES = "2.5.29.9";
    SKI = "2.5.29.14";
    KEY_USAGE = "2.5.29.15";
    PRIVATE_KEY_USAGE_PERIOD = "2.5.29.16";
    SUBJECT_ALT_NAME = "2.5.29.17";
    ISSUER_ALT_NAME = "2.5.29.18";
    BASIC_CONSTRAINTS = "2.5.29.19";
    CRL_NUMBER = "2.5.29.20";
    CRL_REASON = "2.5.29.21";
    INVALIDITY_DATE = "2.5.29.24";
    DELTA_CRL_INDICATOR = "2.5.29.27";
    ISSUING_DISTRIBUTION_POINT = "2.5.29.28";
    CERTIFICATE_ISSUER = "2.5.29.29";
    NAME_CONSTRAINTS = "2.5.29.30";
    CRL_DP = "2.5.29.31";
    CERT_POLICIES = "2.5.29.32";
    ANY_POLICY = "2.5.29.32.0";
    POLICY_MAPPINGS = "2.5.29.33";
    AKI = "2.5.29.35";
    POLICY_CONSTRAINTS = "2.5.29.36";
    EXT_KEY_USAGE = "2.5.29.37";
    FRESHEST_CRL = "2.5.29.46";
    INHIBIT_ANY_POLICY = "2.5.29.54";
    NO_REV_AVAIL = "2.5.29.56";
    EXPIRED_CERTS_ON_CRL = "2.5.29.60";
    AIA = "1.3.6.1.5.5.7.1.1";
    SUBJECT_INFO_ACCESS = "1.3.6.1.5.5.7.1.11";
    OCSP_NOCHECK = "1.3.6.1.5.5.7.48.1.5";
    /// ETSI EN 319 412-1: no revocation check needed, the validity is short.
    VALIDITY_ASSURED_SHORT_TERM = "0.4.0.194121.2.1";
    AD_OCSP = "1.3.6.1.5.5.7.48.1";
    AD_CA_ISSUERS = "1.3.6.1.5.5.7.48.2";
    CPS_QUALIFIER = "1.3.6.1.5.5.7.2.1";
    USER_NOTICE_QUALIFIER = "1.3.6.1.5.5.7.2.2";

    // Extended key usages.
    ANY_EXT_KEY_USAGE = "2.5.29.37.0";
    KP_SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
    KP_CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";
    KP_CODE_SIGNING = "1.3.6.1.5.5.7.3.3";
    KP_EMAIL_PROTECTION = "1.3.6.1.5.5.7.3.4";
    KP_TIME_STAMPING = "1.3.6.1.5.5.7.3.8";
    KP_OCSP_SIGNING = "1.3.6.1.5.5.7.3.9";
    KP_DOCUMENT_SIGNING = "1.3.6.1.5.5.7.3.36";
    ADOBE_AUTHENTIC_DOCUMENTS_TRUST = "1.2.840.113583.1.1.5";
    MS_DOCUMENT_SIGNING = "1.3.6.1.4.1.311.10.3.12";

    // Attribute types of names (X.520, RFC 4519).
    CN = "2.5.4.3";
    SURNAME = "2.5.4.4";
    SERIAL_NUMBER = "2.5.4.5";
    C = "2.5.4.6";
    L = "2.5.4.7";
    ST = "2.5.4.8";
    STREET = "2.5.4.9";
    O = "2.5.4.10";
    OU = "2.5.4.11";
    TITLE = "2.5.4.12";
    BUSINESS_CATEGORY = "2.5.4.15";
    POSTAL_CODE = "2.5.4.17";
    GIVEN_NAME = "2.5.4.42";
    PSEUDONYM = "2.5.4.65";
    ORG_ID = "2.5.4.97";
    DC = "0.9.2342.19200300.100.1.25";
    UID = "0.9.2342.19200300.100.1.1";
    EMAIL_ADDRESS = "1.2.840.113549.1.9.1";

    // Requests for certificates (RFC 2986).
    EXTENSION_REQUEST = "1.2.840.113549.1.9.14";

    // Qualified statements (RFC 3739, ETSI EN 319 412-5, EN 319 422).
    QC_STATEMENTS = "1.3.6.1.5.5.7.1.3";
    QCS_PKIX_SYNTAX_V1 = "1.3.6.1.5.5.7.11.1";
    QCS_PKIX_SYNTAX_V2 = "1.3.6.1.5.5.7.11.2";
    QC_COMPLIANCE = "0.4.0.1862.1.1";
    QC_LIMIT_VALUE = "0.4.0.1862.1.2";
    QC_RETENTION_PERIOD = "0.4.0.1862.1.3";
    QC_SSCD = "0.4.0.1862.1.4";
    QC_PDS = "0.4.0.1862.1.5";
    QC_TYPE = "0.4.0.1862.1.6";
    QC_TYPE_ESIGN = "0.4.0.1862.1.6.1";
    QC_TYPE_ESEAL = "0.4.0.1862.1.6.2";
    QC_TYPE_WEB = "0.4.0.1862.1.6.3";
    QC_CC_LEGISLATION = "0.4.0.1862.1.7";
    QC_IDENT_METHOD = "0.4.0.1862.1.8";
    QC_QSCD_LEGISLATION = "0.4.0.1862.1.9";
    /// `esi4-qtstStatement-1`, in the token, never in the certificate (EN 319 422 9.1).
    QTST_STATEMENT = "0.4.0.19422.1.1";
    SEMANTICS_ID_NATURAL = "0.4.0.194121.1.1";
    SEMANTICS_ID_LEGAL = "0.4.0.194121.1.2";
    SEMANTICS_ID_EIDAS_NATURAL = "0.4.0.194121.1.3";
    SEMANTICS_ID_EIDAS_LEGAL = "0.4.0.194121.1.4";

    // Policies.
    BEST_PRACTICES_TS_POLICY = "0.4.0.2023.1.1";
    NCP = "0.4.0.2042.1.1";
    NCP_PLUS = "0.4.0.2042.1.2";
    LCP = "0.4.0.2042.1.3";
    QCP_N = "0.4.0.194112.1.0";
    QCP_L = "0.4.0.194112.1.1";
    QCP_N_QSCD = "0.4.0.194112.1.2";
    QCP_L_QSCD = "0.4.0.194112.1.3";
    QCP_W = "0.4.0.194112.1.4";
    /// Under the arc for examples (X.660): development only.
    DEVELOPMENT_TS_POLICY = "2.999.3161.1";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_are_what_they_are_written_as() {
        for (oid, dotted) in ALL {
            assert_eq!(oid.to_string(), *dotted);
            assert_eq!(dotted.parse::<Oid>().unwrap(), *oid);
        }
    }

    #[test]
    fn octets_are_those_of_another_implementation() {
        // Which does not take second arcs above 39 under root 2.
        for (oid, dotted) in ALL.iter().filter(|(oid, _)| *oid != DEVELOPMENT_TS_POLICY) {
            assert_eq!(der::asn1::ObjectIdentifier::new_unwrap(dotted).as_bytes(), oid.as_bytes());
        }
    }

    #[test]
    fn no_identifier_has_two_names() {
        let distinct: std::collections::BTreeSet<_> = ALL.iter().map(|(oid, _)| oid).collect();
        assert_eq!(distinct.len(), ALL.len());
    }

    /// TSP-30, TSP-52, TSP-54, CERT-20, CERT-28, ALG-20, CAD-14, CAD-15: octets given in the standards.
    #[test]
    fn octets_are_those_of_the_standards() {
        let octets = [
            (ID_CT_TST_INFO, "2a864886f70d0109100104"),
            (SIGNING_CERTIFICATE_V2, "2a864886f70d010910022f"),
            (SIGNATURE_TIME_STAMP, "2a864886f70d010910020e"),
            (CMS_ALGORITHM_PROTECTION, "2a864886f70d010934"),
            (BEST_PRACTICES_TS_POLICY, "04008f670101"),
            (QTST_STATEMENT, "040081975e0101"),
            (ORG_ID, "550461"),
            (QC_TYPE_ESEAL, "04008e46010602"),
            (ML_DSA_65, "608648016503040312"),
            (ARCHIVE_TIME_STAMP_V3, "04008d450204"),
            (ATS_HASH_INDEX_V3, "04008195320105"),
        ];
        for (oid, expected) in octets {
            assert_eq!(hex::encode(oid.as_bytes()), expected, "{oid}");
        }
    }
}
