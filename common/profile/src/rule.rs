//! Every rule, once: its name, weight, requirement, clause and the names other linters give it.
//!
//! Numbers are never reused. `docs/profiles.md` shows this table; a test keeps the two equal.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::finding::Severity;

macro_rules! rules {
    ($($variant:ident = $code:literal, $severity:ident, $requirement:literal, $clause:literal,
        [$($lint:literal),*], $title:literal;)*) => {
        /// A rule that certificates or CRLs keep.
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub enum Rule {
            $(#[doc = $title] $variant,)*
        }

        impl Rule {
            /// Every rule, in the order of its number.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Stable name, `KOK-CERT-nn`.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// Weight where the profile says nothing else.
            #[must_use]
            pub const fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity,)* }
            }

            /// Row of the project's requirement tables.
            #[must_use]
            pub const fn requirement(self) -> &'static str {
                match self { $(Self::$variant => $requirement,)* }
            }

            /// The text that makes it a rule.
            #[must_use]
            pub const fn clause(self) -> &'static str {
                match self { $(Self::$variant => $clause,)* }
            }

            /// Names under which pkilint and zlint report the same.
            #[must_use]
            pub const fn lints(self) -> &'static [&'static str] {
                match self { $(Self::$variant => &[$($lint),*],)* }
            }

            /// The rule in one line.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }
        }
    };
}

rules! {
    Readable = "KOK-CERT-00", Error, "CERT-01", "RFC 5280 4.1", ["itu.invalid_asn1_syntax"],
        "The bytes are one certificate in DER.";
    Version3 = "KOK-CERT-01", Error, "CERT-01", "RFC 5280 4.1.2.1", ["pkix.certificate_version_is_not_v3"],
        "The version is v3.";
    SerialPositive = "KOK-CERT-02", Error, "CERT-01", "RFC 5280 4.1.2.2",
        ["e_serial_number_not_positive", "pkix.certificate_serial_number_out_of_range"],
        "The serial number is positive.";
    SerialLength = "KOK-CERT-03", Error, "CERT-01", "RFC 5280 4.1.2.2",
        ["e_serial_number_longer_than_20_octets", "pkix.certificate_serial_number_out_of_range"],
        "The serial number has at most 20 octets.";
    SerialEntropy = "KOK-CERT-04", Warning, "CERT-01", "EN 319 411-1 6.6.1", [],
        "The serial number has room for 64 random bits.";
    SameAlgorithm = "KOK-CERT-05", Error, "CERT-01", "RFC 5280 4.1.1.2",
        ["e_cert_sig_alg_not_match_tbs_sig_alg", "pkix.certificate_signature_algorithm_mismatch"],
        "Inner and outer signature algorithm are identical.";
    TimeType = "KOK-CERT-06", Error, "CERT-02", "RFC 5280 4.1.2.5",
        ["e_wrong_time_format_pre2050", "pkix.wrong_time_useful_type"],
        "Times are `UTCTime` through 2049 and `GeneralizedTime` from 2050.";
    TimeForm = "KOK-CERT-07", Error, "CERT-02", "RFC 5280 4.1.2.5",
        ["e_utc_time_not_in_zulu", "e_generalized_time_includes_fraction_seconds", "pkix.utctime_incorrect_syntax",
            "pkix.generalizedtime_incorrect_syntax"],
        "Times have seconds, Z and no fraction.";
    ValidityPositive = "KOK-CERT-08", Error, "CERT-07", "RFC 5280 4.1.2.5",
        ["e_validity_time_not_positive", "pkix.certificate_negative_validity_period"],
        "notAfter is not before notBefore.";
    CaConstraints = "KOK-CERT-09", Error, "CERT-03", "RFC 5280 4.2.1.9",
        ["e_basic_constraints_not_critical", "pkix.basic_constraints_extension_not_critical"],
        "A CA certificate has critical basicConstraints with cA TRUE.";
    CaSigns = "KOK-CERT-10", Error, "CERT-03", "RFC 5280 4.2.1.3",
        ["pkix.ca_certificate_keycertsign_keyusage_not_set"],
        "A CA certificate's keyUsage has keyCertSign and cRLSign.";
    LeafSignsNoCertificates = "KOK-CERT-11", Error, "CERT-03", "RFC 5280 4.2.1.3",
        ["e_ext_key_usage_cert_sign_without_ca", "pkix.ee_certificate_keycertsign_keyusage_set"],
        "An end entity's keyUsage has neither keyCertSign nor cRLSign.";
    LeafIsNoCa = "KOK-CERT-12", Error, "TSP-57", "RFC 5280 4.2.1.9", [],
        "An end entity is no CA.";
    LeafPathLength = "KOK-CERT-13", Error, "CERT-03", "RFC 5280 4.2.1.9",
        ["e_path_len_constraint_improperly_included", "pkix.basic_constraints_has_pathlen_for_non_ca"],
        "An end entity's basicConstraints has no pathLenConstraint.";
    AuthorityKeyId = "KOK-CERT-14", Error, "CERT-04", "RFC 5280 4.2.1.1",
        ["pkix.authority_key_identifier_extension_absent", "pkix.authority_key_identifier_keyid_missing"],
        "authorityKeyIdentifier with a keyIdentifier is in all but self-signed certificates.";
    SubjectKeyIdCa = "KOK-CERT-15", Error, "CERT-04", "RFC 5280 4.2.1.2",
        ["e_ext_subject_key_identifier_missing_ca", "pkix.certificate_skid_ca_missing"],
        "A CA certificate has a subjectKeyIdentifier.";
    SubjectKeyIdLeaf = "KOK-CERT-16", Warning, "CERT-04", "RFC 5280 4.2.1.2",
        ["w_ext_subject_key_identifier_missing_sub_cert", "pkix.certificate_skid_end_entity_missing"],
        "An end entity's certificate has a subjectKeyIdentifier.";
    KeyIdsNotCritical = "KOK-CERT-17", Error, "CERT-04", "RFC 5280 4.2.1.1, 4.2.1.2",
        ["e_ext_authority_key_identifier_critical", "e_ext_subject_key_identifier_critical",
            "pkix.authority_key_identifier_critical", "pkix.certificate_skid_extension_critical"],
        "Key identifiers are not critical.";
    KeyUsageCritical = "KOK-CERT-18", Error, "CERT-05", "RFC 5280 4.2.1.3",
        ["w_ext_key_usage_not_critical", "pkix.key_usage_extension_not_critical"],
        "keyUsage is present and critical.";
    KeyUsageNotEmpty = "KOK-CERT-19", Error, "CERT-05", "RFC 5280 4.2.1.3",
        ["e_ext_key_usage_without_bits", "pkix.no_ku_bits_set"],
        "keyUsage has at least one bit.";
    KeyUsageMinimal = "KOK-CERT-20", Error, "CERT-05", "X.690 11.2.2",
        ["e_superfluous_ku_encoding", "e_key_usage_incorrect_length"],
        "keyUsage is a BIT STRING of the nine known bits, without trailing zeros.";
    KeyUsageFitsKey = "KOK-CERT-21", Error, "CERT-05", "RFC 8813 3, RFC 8410 5, RFC 9881 5",
        ["e_ecdsa_allowed_ku", "pkix.key_usage_value_prohibited_for_mldsa", "pkix.key_usage_value_prohibited_for_ec",
            "pkix.key_usage_value_prohibited_for_edwards_curve"],
        "keyUsage has no bit that the key's algorithm cannot do.";
    KeyUsageAllowed = "KOK-CERT-22", Error, "CERT-22", "EN 319 412-3 4.3.1; JP-ES-22",
        ["etsi.en_319_412_3.leg-4.3.1-3.invalid_content_commitment_setting"],
        "keyUsage is one of the sets of the profile.";
    KeyUsagePreferred = "KOK-CERT-23", Warning, "CERT-22", "EN 319 412-3 4.3.1",
        ["etsi.en_319_412_3.leg-4.3.1-4.non_preferred_content_commitment_setting"],
        "keyUsage is the set the profile prefers.";
    ExtendedKeyUsageExact = "KOK-CERT-24", Error, "TSP-56", "RFC 3161 2.3", [],
        "extKeyUsage has exactly the purposes of the profile; unknown ones count.";
    TimeStampingCritical = "KOK-CERT-25", Error, "CERT-06", "RFC 3161 2.3",
        ["pkix.extended_key_usage_extension_with_timestamping_not_critical"],
        "extKeyUsage is critical when timeStamping is in it.";
    CaAdmitsPurposes = "KOK-CERT-26", Error, "TSP-57", "RFC 5280 4.2.1.12", [],
        "A CA certificate's extKeyUsage, where there is one, admits what the CA issues for.";
    NoDuplicateExtension = "KOK-CERT-27", Error, "CERT-07", "RFC 5280 4.2",
        ["e_ext_duplicate_extension", "pkix.duplicate_extension"],
        "No extension is there twice.";
    NoDuplicateInRdn = "KOK-CERT-28", Error, "CERT-07", "X.501 9.3",
        ["pkix.rdn_contains_duplicate_attribute_types"],
        "No attribute type is twice in one relative distinguished name.";
    NoUniqueIds = "KOK-CERT-29", Error, "CERT-07", "RFC 5280 4.1.2.8",
        ["e_cert_contains_unique_identifier", "pkix.issuer_unique_id_present", "pkix.subject_unique_id_present"],
        "issuerUniqueID and subjectUniqueID are absent.";
    NoPrehashCaKey = "KOK-CERT-30", Error, "CERT-08", "RFC 9881 3; RFC 9909 3",
        ["pkix.hash_mldsa_ca_key_prohibited", "pkix.hash_slhdsa_ca_key_prohibited"],
        "A CA key is no HashML-DSA or HashSLH-DSA key.";
    NoDraftAlgorithm = "KOK-CERT-31", Error, "CERT-08", "FIPS 204; FIPS 205",
        ["pkix.public_key_nist_round3_algorithm_present", "pkix.public_key_nist_ipd_algorithm_present"],
        "The key's algorithm is no draft of a later standard.";
    CriticalKnown = "KOK-CERT-32", Error, "TSP-57", "RFC 5280 4.2", [],
        "Every critical extension is one that relying parties process.";
    KeyAlgorithm = "KOK-CERT-33", Error, "TSP-56", "TS 119 312; CRYPTREC LS-0001", [],
        "The key's algorithm is one of the profile.";
    StrengthToTheEnd = "KOK-CERT-34", Error, "JP-CR-05", "CRYPTREC LS-0003", [],
        "The key's strength is usable up to notAfter.";
    StrengthRecommended = "KOK-CERT-35", Warning, "JP-CR-05", "CRYPTREC LS-0003", [],
        "notAfter is before the move away from the key's strength should be complete.";
    SubjectComplete = "KOK-CERT-36", Error, "CERT-20", "EN 319 412-3 4.2.1", ["etsi.en_319_412_3.leg-4.2.1-2"],
        "The subject has every attribute the profile requires, none of them empty.";
    SubjectOnce = "KOK-CERT-37", Error, "CERT-20", "EN 319 412-3 4.2.1",
        ["etsi.en_319_412_3.leg-4.2.1-3.prohibited_duplicate_attribute_present"],
        "The subject has each required attribute once.";
    CountryKnown = "KOK-CERT-38", Error, "CERT-21", "ISO 3166-1; X.520 6.3.1",
        ["e_subject_country_not_iso", "e_subj_country_not_uppercase",
            "etsi.en_319_412_3.leg-4.2.1-4.unknown_country_code"],
        "countryName is an ISO 3166-1 code of two capital letters.";
    CountryOfProfile = "KOK-CERT-39", Error, "JP-ES-07", "EN 319 412-3 4.2.1", [],
        "countryName is the country of the profile.";
    NameStringTypes = "KOK-CERT-40", Error, "CERT-20", "RFC 5280 4.1.2.4",
        ["e_subject_dn_country_not_printable_string"],
        "countryName is a `PrintableString`, other names are `UTF8String` or `PrintableString`.";
    OrganizationIdForm = "KOK-CERT-41", Error, "CERT-23", "EN 319 412-1 5.1.4",
        ["etsi.en_319_412_1.leg-5.1.4-02.invalid_format", "etsi.en_319_412_1.leg-5.1.4-03.invalid_country"],
        "organizationIdentifier is scheme, country, hyphen and reference, without a state part.";
    OrganizationIdScheme = "KOK-CERT-42", Error, "CERT-23", "EN 319 412-1 5.1.4",
        ["etsi.en_319_412_1.leg-5.1.4-03.invalid_scheme"],
        "organizationIdentifier uses a scheme and country of the profile.";
    CorporateNumberValid = "KOK-CERT-43", Error, "JP-ES-07",
        "Ministry of Finance Ordinance 70 of 2014, art. 2", [],
        "A Japanese organizationIdentifier holds a corporate number whose check digit is right.";
    LeiValid = "KOK-CERT-44", Error, "CERT-24", "ISO 17442-1",
        ["iso.lei.invalid_lei_format", "iso.lei.invalid_lei_checksum"],
        "An LEI has 18 capital letters or digits and two right check digits.";
    OrganizationIdIsNoName = "KOK-CERT-45", Error, "CERT-21", "EN 319 412-3 4.2.1",
        ["etsi.en_319_412_3.leg-4.2.1-6.organization_id_and_organization_name_attribute_values_equal"],
        "organizationIdentifier differs from organizationName.";
    NoNaturalPerson = "KOK-CERT-46", Error, "JP-ES-08", "EN 319 412-3 4.2.1", [],
        "Nothing in the subject belongs to a natural person.";
    NoPersonalEmail = "KOK-CERT-47", Error, "JP-ES-08", "JP-ES-08", [],
        "No e-mail address is in subject or subjectAltName.";
    QcNotCritical = "KOK-CERT-48", Error, "CERT-27", "EN 319 412-5 4.1",
        ["e_qcstatem_etsi_present_qcs_critical", "etsi.en_319_412_5.qcs-4.1-02.qcstatements_extension_is_critical"],
        "qcStatements is not critical.";
    QcReadable = "KOK-CERT-49", Error, "CERT-30", "RFC 3739 3.2.6", ["e_duplicate_etsi_qcstatement"],
        "qcStatements can be read and has no statement twice.";
    QcRequired = "KOK-CERT-50", Error, "CERT-28", "EN 319 412-5 5",
        ["e_qcstatem_mandatory_etsi_statems", "etsi.en_319_412_5.qcs-5.01"],
        "qcStatements has every statement the profile requires.";
    QcProhibited = "KOK-CERT-51", Error, "CERT-28", "EN 319 412-5 5", ["etsi.en_319_412_5.qcs-5.01"],
        "qcStatements has no statement the profile prohibits.";
    QcType = "KOK-CERT-52", Error, "CERT-28", "EN 319 412-5 4.2.3",
        ["e_qcstatem_qctype_oneonly", "e_qcstatem_qctype_valid"],
        "`QcType` names exactly one type, that of the profile.";
    QcTypeAsStatement = "KOK-CERT-53", Error, "CERT-28", "EN 319 412-5 4.2.3", ["e_qcstatem_etsi_type_as_statem"],
        "A type of `QcType` is no statement by itself.";
    QcPds = "KOK-CERT-54", Error, "CERT-29", "EN 319 412-5 4.3.4",
        ["e_qcstatem_pds_must_have_https_only", "etsi.en_319_412_5.gen-4.3.4.url_scheme_not_https"],
        "`QcPDS` can be read, and every disclosure statement is at an https URL.";
    QcLanguage = "KOK-CERT-55", Error, "CERT-29", "EN 319 412-5 4.3.4",
        ["w_qcstatem_qcpds_lang_case", "etsi.en_319_412_5.gen-4.3.4.iso_language_code_invalid"],
        "Every disclosure statement names its language by two small letters.";
    QcAmounts = "KOK-CERT-56", Error, "CERT-30", "EN 319 412-5 4.3.2, 4.3.3",
        ["e_qcstatem_qclimitvalue_valid", "e_qcstatem_qcretentionperiod_valid",
            "etsi.en_319_412_5.gen-4.3.2.amount_negative",
            "etsi.en_319_412_5.gen-4.3.3.retention_period_years_not_positive"],
        "`QcLimitValue` is not negative and has a currency; `QcRetentionPeriod` is positive.";
    QcInTimeStampOnly = "KOK-CERT-57", Warning, "TSP-54", "EN 319 422 9.1", [],
        "The time-stamp statement is in tokens, not in certificates.";
    CrlPointPresent = "KOK-CERT-58", Error, "CERT-31", "EN 319 412-2 4.3.11",
        ["etsi.en_319_412_2.gen-4.3.11-2.crldp_extension_missing"],
        "cRLDistributionPoints is present, unless the certificate is not to be checked for revocation.";
    CrlPointUri = "KOK-CERT-59", Error, "CERT-31", "EN 319 412-2 4.3.11",
        ["etsi.en_319_412_2.gen-4.3.11-4.http_or_ldap_crldp_distribution_point_uri_missing"],
        "cRLDistributionPoints has an http or ldap URI.";
    CrlPointNotCritical = "KOK-CERT-60", Error, "CERT-31", "EN 319 412-2 4.3.11",
        ["w_ext_crl_distribution_marked_critical", "etsi.en_319_412_2.gen-4.3.11-5.crl_extension_is_critical",
            "pkix.certificate_crldp_extension_critical"],
        "cRLDistributionPoints is not critical.";
    IssuerUri = "KOK-CERT-61", Warning, "CERT-31", "EN 319 412-2 4.4.1",
        ["etsi.en_319_412_2.gen-4.4.1-3.ca_issuers_aia_access_method_absent",
            "etsi.en_319_412_2.gen-4.4.1-4.ca_issuers_aia_access_method_http_uri_missing"],
        "authorityInfoAccess has an http URI for the issuer's certificate.";
    InformationNotCritical = "KOK-CERT-62", Error, "CERT-31", "RFC 5280 4.2.2.1",
        ["pkix.authority_information_access_extension_critical"],
        "authorityInfoAccess is not critical.";
    PolicyPresent = "KOK-CERT-63", Error, "CERT-32", "EN 319 411-2 5.3", [],
        "certificatePolicies has one of the policies of the profile.";
    RevocationSkipped = "KOK-CERT-64", Notice, "CERT-33", "EN 319 412-1 5.2; RFC 9608", [],
        "The certificate says that its revocation is not to be checked.";
    ValidityLimit = "KOK-CERT-65", Error, "JP-TS-16", "MIC notice 146 of 2021; JP-ES-17", [],
        "The certificate lives no longer than the profile allows.";
    ValidityPractice = "KOK-CERT-66", Warning, "JP-ES-17", "JP-ES-17", [],
        "The certificate lives no longer than is usual.";
    UsePeriodPresent = "KOK-CERT-67", Warning, "TSP-56", "EN 319 422 6.5", [],
        "privateKeyUsagePeriod is present.";
    UsePeriodReadable = "KOK-CERT-68", Error, "TSP-56", "EN 319 422 6.5; X.509 9.2.2.5", [],
        "privateKeyUsagePeriod is well-formed, has an end, and lies within the validity.";
    UsePeriodLimit = "KOK-CERT-69", Error, "JP-TS-16", "JP-TS-16", [],
        "The key is used no longer than the profile allows.";
    TokenLife = "KOK-CERT-70", Error, "JP-TS-16", "JP-TS-16", [],
        "The last token made with the key stays verifiable as long as the profile asks.";
    DevelopmentMaterial = "KOK-CERT-71", Notice, "THR-62", "THR-62", [],
        "The certificate is marked as not for production.";
    CrlReadable = "KOK-CERT-72", Error, "CERT-09", "RFC 5280 5.1", ["itu.invalid_asn1_syntax"],
        "The bytes are one CRL in DER.";
    CrlVersion2 = "KOK-CERT-73", Error, "CERT-09", "RFC 5280 5.1.2.1",
        ["pkix.crl_version_is_not_v2", "pkix.crl_version_missing"],
        "The CRL's version is v2.";
    CrlNumber = "KOK-CERT-74", Error, "CERT-09", "RFC 5280 5.2.3",
        ["pkix.crl_number_missing", "pkix.crl_number_extension_critical", "pkix.crl_number_out_of_range"],
        "The CRL has a non-critical cRLNumber of at most 20 octets.";
    CrlNextUpdate = "KOK-CERT-75", Error, "CERT-09", "RFC 5280 5.1.2.5",
        ["pkix.validity_period_end_value_missing", "pkix.crl_negative_validity_period"],
        "The CRL has a nextUpdate that is not before thisUpdate.";
    CrlNoEmptyList = "KOK-CERT-76", Error, "CERT-09", "RFC 5280 5.1.2.6", ["pkix.crl_revoked_certificates_empty"],
        "A CRL that revokes nothing has no revokedCertificates.";
    CrlReason = "KOK-CERT-77", Error, "CERT-09", "RFC 5280 5.3.1",
        ["pkix.crl_unspecified_crl_entry_reason_code", "pkix.crl_reason_code_extension_critical"],
        "A CRL entry's reason is not critical and never unspecified.";
    CrlAuthorityKeyId = "KOK-CERT-78", Error, "CERT-09", "RFC 5280 5.2.1",
        ["pkix.authority_key_identifier_extension_absent"],
        "The CRL has an authorityKeyIdentifier.";
    CrlSameAlgorithm = "KOK-CERT-79", Error, "CERT-09", "RFC 5280 5.1.1.2", ["pkix.crl_signature_algorithm_match"],
        "The CRL's inner and outer signature algorithm are identical.";
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_rules_without_gap_or_repetition() {
        for (index, rule) in Rule::ALL.iter().enumerate() {
            assert_eq!(rule.code(), format!("KOK-CERT-{index:02}"));
        }
    }
}
