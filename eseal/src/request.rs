//! What a caller asks for, as JSON. Duplicate and unknown members are refused (THR-75).

use base64::{Engine as _, engine::general_purpose::STANDARD};
use kokuin_suite::DigestAlgorithm;
use serde::Deserialize;

use crate::{
    error::SealError,
    format::{SealFormat, SealLevel},
};

/// How seal and document belong together.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Packaging {
    /// The seal is beside the document.
    Detached,
    /// Not offered yet.
    Enveloping,
    /// The seal is inside the document.
    Enveloped,
}

/// A digest that the caller took: the document never comes here.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SuppliedDigest {
    /// `sha256`, `sha384` or `sha512`: the one that the credential signs with.
    pub algorithm: String,
    /// Base64 with padding (RFC 4648 4).
    pub value: String,
}

/// The part `request` of a multipart body, or a JSON body of its own.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SealRequest {
    /// Which kind of seal.
    pub format: SealFormat,
    /// Which level.
    pub level: SealLevel,
    /// Name of the credential; the service's own if absent.
    #[serde(default)]
    pub credential: Option<String>,
    /// `enveloped` for PAdES, `detached` for CAdES, or absent.
    #[serde(default)]
    pub packaging: Option<Packaging>,
    /// Not offered yet.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub appearance: Option<serde_json::Value>,
    /// `/Reason` of a PDF's seal.
    #[serde(default)]
    pub reason: Option<String>,
    /// `/Location` of a PDF's seal.
    #[serde(default)]
    pub location: Option<String>,
    /// Instead of a document, for detached CAdES.
    #[serde(default)]
    pub digest: Option<SuppliedDigest>,
}

impl SealRequest {
    /// Reads JSON.
    ///
    /// # Errors
    /// [`SealError::Json`].
    pub fn parse(json: &[u8]) -> Result<Self, SealError> {
        serde_json::from_slice(json).map_err(|error| SealError::Json {
            line: error.line(),
            column: error.column(),
            what: what(&error),
        })
    }

    /// Checks what is offered at all.
    ///
    /// # Errors
    /// [`SealError::FormatNotOffered`], [`SealError::LevelNotOffered`], [`SealError::PackagingNotOffered`], [`SealError::AppearanceNotOffered`].
    pub(crate) fn check_offered(&self) -> Result<(), SealError> {
        let fitting = match self.format {
            SealFormat::Pades => Packaging::Enveloped,
            SealFormat::Cades => Packaging::Detached,
            format @ (SealFormat::Jades | SealFormat::Xades | SealFormat::AsicS | SealFormat::AsicE) => {
                return Err(SealError::FormatNotOffered(format));
            }
        };
        match self.level {
            SealLevel::Basic | SealLevel::Timestamped => {}
            level @ (SealLevel::LongTerm | SealLevel::Archived) => return Err(SealError::LevelNotOffered(level)),
        }
        if self.packaging.is_some_and(|packaging| packaging != fitting) {
            return Err(SealError::PackagingNotOffered(self.format));
        }
        if self.appearance.is_some() {
            return Err(SealError::AppearanceNotOffered);
        }
        if self.format == SealFormat::Cades && (self.reason.is_some() || self.location.is_some()) {
            return Err(SealError::ReasonWithoutPdf);
        }
        Ok(())
    }
}

/// The error without the place, which is told apart, and without values from the request.
fn what(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or_default();
    text.chars().filter(|character| !character.is_control()).take(200).collect()
}

impl SuppliedDigest {
    /// The digest, as long as its algorithm makes it.
    ///
    /// # Errors
    /// [`SealError::DigestAlgorithmUnknown`], [`SealError::DigestValue`], [`SealError::DigestLength`].
    pub(crate) fn read(&self) -> Result<(DigestAlgorithm, Vec<u8>), SealError> {
        let algorithm: DigestAlgorithm = self.algorithm.parse().map_err(|_| SealError::DigestAlgorithmUnknown)?;
        let value = STANDARD.decode(&self.value).map_err(|_| SealError::DigestValue)?;
        let (expected, found) = (algorithm.output_len(), value.len());
        if expected != found {
            return Err(SealError::DigestLength { expected, found });
        }
        Ok((algorithm, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(json: &str) -> SealError {
        SealRequest::parse(json.as_bytes()).and_then(|request| request.check_offered()).unwrap_err()
    }

    #[test]
    fn thr_75_refuses_members_that_are_there_twice_or_unknown() {
        for json in [
            r#"{"format":"pades","level":"B-B","level":"B-T"}"#,
            r#"{"format":"pades","level":"B-B","lvl":"B-T"}"#,
            r#"{"format":"cades","level":"B-B","digest":{"algorithm":"sha256","value":"","value":""}}"#,
            r#"{"format":"pdf","level":"B-B"}"#,
            r#"{"format":"pades"}"#,
            r#"{"format":"pades","level":"B-B"} x"#,
            "",
        ] {
            assert_eq!(refusal(json).code(), "eseal.json", "{json}");
        }
    }

    #[test]
    fn refuses_what_is_not_offered() {
        for (json, code) in [
            (r#"{"format":"xades","level":"B-B"}"#, "eseal.format-not-offered"),
            (r#"{"format":"pades","level":"B-LT"}"#, "eseal.level-not-offered"),
            (r#"{"format":"pades","level":"B-B","packaging":"detached"}"#, "eseal.packaging-not-offered"),
            (r#"{"format":"pades","level":"B-B","appearance":{}}"#, "eseal.appearance-not-offered"),
            (r#"{"format":"cades","level":"B-B","reason":"x"}"#, "eseal.reason-without-pdf"),
        ] {
            assert_eq!(refusal(json).code(), code, "{json}");
        }
    }

    #[test]
    fn refuses_digests_that_do_not_fit_their_algorithm() {
        let read = |algorithm: &str, value: &str| {
            SuppliedDigest { algorithm: algorithm.to_owned(), value: value.to_owned() }.read().unwrap_err()
        };
        assert_eq!(read("md5", "").code(), "eseal.digest-algorithm-unknown");
        assert_eq!(read("sha256", "!").code(), "eseal.digest-value");
        assert_eq!(read("sha256", "AAAA").code(), "eseal.digest-length");
    }
}
