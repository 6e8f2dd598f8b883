//! The one value of which text, JSON and exit code are renderings. Field names are those of the interface.

use serde::Serialize;

use crate::{
    artifact::ArtifactKind,
    request::ControlTimeSource,
    status::{Status, SubIndication},
};

/// How one check ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It holds.
    Passed,
    /// It is shown not to hold.
    Failed,
    /// It is not shown to hold.
    Indeterminate,
    /// It was not made, and nothing follows from that but what the detail says.
    NotChecked,
    /// Not a check: something the reader should know.
    Note,
}

/// One check, with the rule behind it.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Check {
    /// [`crate::Rule::code`].
    pub id: &'static str,
    /// [`crate::Rule::clause`].
    pub clause: &'static str,
    /// How it ended.
    pub outcome: Outcome,
    /// What was found. May hold text from the artefact: show it through a wrapper that escapes control characters.
    pub detail: String,
}

/// Who signed, as the certificate that the caller's anchor vouches for says. Unverified while the status is not a pass.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub struct SignerIdentity {
    /// organizationName, else commonName, else the whole subject.
    pub name: String,
    /// organizationIdentifier (2.5.4.97), as in the certificate.
    pub organization_identifier: Option<String>,
    /// The thirteen digits of a Japanese corporate number, where the identifier holds one whose check digit fits.
    pub corporate_number: Option<String>,
    /// The whole subject.
    pub subject: String,
    /// SHA-256 of the certificate, hexadecimal.
    pub certificate_sha256: String,
}

/// One path that was tried.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct PathReport {
    /// Subjects from the signer upwards, the anchor last where one was reached.
    pub certificates: Vec<String>,
    /// The anchor reached.
    pub anchor: Option<String>,
    /// What the anchor is trusted for.
    pub purposes: Vec<&'static str>,
    /// Whether this path holds.
    pub outcome: Outcome,
    /// Why it does not.
    pub reason: Option<String>,
}

/// One algorithm in use.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct AlgorithmUse {
    /// What it protects.
    pub used_for: String,
    /// Its name, with the key's size where there is a key.
    pub name: String,
}

/// The two questions that a reader of a seal asks.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct SealAnswers {
    /// Who issued it.
    pub issued_by: String,
    /// Whether it is unchanged since.
    pub unchanged: String,
}

/// One signature or time-stamp.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct SignatureReport {
    /// Where in the artefact: a field's name or a number, from 1.
    pub label: String,
    /// The answer.
    pub status: Status,
    /// Why it is not a pass; absent where it is one.
    pub sub_indication: Option<SubIndication>,
    /// One plain sentence.
    pub reason: String,
    /// The time in a token, RFC 3339.
    pub gen_time: Option<String>,
    /// The earliest time at which the signature is shown to have existed, RFC 3339.
    pub best_signature_time: Option<String>,
    /// Who signed.
    pub signer: Option<SignerIdentity>,
    /// The token's policy, dotted.
    pub policy: Option<String>,
    /// The token's serial number, hexadecimal.
    pub serial: Option<String>,
    /// The token's accuracy, in seconds.
    pub accuracy: Option<String>,
    /// When the first thing that this answer rests on ends, RFC 3339: renew before.
    pub valid_until: Option<String>,
    /// Every check, in the order made.
    pub checks: Vec<Check>,
    /// Every path tried.
    pub paths: Vec<PathReport>,
    /// Every algorithm in use.
    pub algorithms: Vec<AlgorithmUse>,
    /// B-B or B-T; of seals only.
    pub level: Option<&'static str>,
    /// For seals.
    pub answers: Option<SealAnswers>,
    /// Time-stamps over this signature, each judged like any other.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub timestamps: Vec<Self>,
    /// SHA-256 of the signature value, hexadecimal: what a receipt is matched by.
    pub signature_sha256: Option<String>,
    /// SHA-256 of the signed attributes as a DER `SET OF`, hexadecimal.
    pub attributes_sha256: Option<String>,
}

/// The answer to one file.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct ValidationReport {
    /// As the caller named it.
    pub file: String,
    /// What it is; absent where that could not be told.
    pub kind: Option<ArtifactKind>,
    /// The time at which everything was judged, RFC 3339.
    pub control_time: String,
    /// Who chose it.
    pub control_time_source: ControlTimeSource,
    /// The worst signature's answer, which is the file's.
    #[serde(flatten)]
    pub overall: SignatureReport,
    /// Every signature, for artefacts that may hold several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub signatures: Vec<SignatureReport>,
}

impl ValidationReport {
    /// The file's status.
    #[must_use]
    pub const fn status(&self) -> Status {
        self.overall.status
    }

    /// Whether there is at least one complete, positive validation and nothing else.
    #[must_use]
    pub fn is_total_passed(&self) -> bool {
        self.overall.status == Status::TotalPassed
    }
}
