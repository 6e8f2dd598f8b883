//! A foreign token over a checkpoint, as an entry and back.

use std::sync::Arc;

use kokuin_asn1::{
    Asn1Error,
    cms::SignedData,
    oids,
    tsp::{GenTime, TstInfo},
};
use kokuin_audit::{
    Checkpoint, Hash,
    check::{MarkFlaw, MarkJudge, mark_text},
    entry::{Digest, FieldError, LogTime, PolicyOid, Text, TimeMark, TokenDer},
};
use kokuin_suite::{CryptoPolicy, Verify};
use kokuin_validate::{ControlTime, DetachedData, Request, RevocationRule, TrustStore, validate_tst};

/// Why a token is no mark of a checkpoint.
#[derive(Debug, thiserror::Error)]
pub enum MarkError {
    /// It is no token.
    #[error("the token cannot be read: {0}")]
    Token(#[from] Asn1Error),
    /// It is a signed message, and says no time.
    #[error("the message holds {found}, no TSTInfo")]
    NoTime {
        /// Content type.
        found: String,
    },
    /// It is not a valid token of a trusted authority over the checkpoint.
    #[error("{status}: {reason}")]
    Invalid {
        /// Status and sub-indication, as the report spells them.
        status: String,
        /// One sentence.
        reason: String,
    },
    /// Part of it cannot stand in an entry.
    #[error(transparent)]
    Field(#[from] FieldError),
}

impl MarkError {
    /// Stable name, for logs and `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Token(_) => "attest.mark-token",
            Self::NoTime { .. } => "attest.mark-no-time",
            Self::Invalid { .. } => "attest.mark-invalid",
            Self::Field(error) => error.code(),
        }
    }

    /// The text that makes it a rule.
    #[must_use]
    pub const fn clause(&self) -> &'static str {
        match self {
            Self::Token(_) | Self::NoTime { .. } => "RFC 3161 2.4.2",
            Self::Invalid { .. } => "EN 319 102-1 5.4",
            Self::Field(_) => "docs/log.md, Entries",
        }
    }
}

/// What a token says.
struct Said {
    gen_time: GenTime,
    accuracy_us: Option<u64>,
    policy: String,
    imprint: Vec<u8>,
    is_sha256: bool,
}

fn said(token: &[u8]) -> Result<Said, MarkError> {
    let signed = SignedData::parse(token)?;
    let content = match signed.content {
        Some(content) if signed.content_type == oids::ID_CT_TST_INFO => content,
        _ => return Err(MarkError::NoTime { found: signed.content_type.to_string() }),
    };
    let info = TstInfo::parse(content)?;
    Ok(Said {
        gen_time: info.gen_time,
        accuracy_us: info.accuracy.map(kokuin_asn1::tsp::Accuracy::as_micros),
        policy: info.policy.to_string(),
        is_sha256: info.imprint.algorithm.oid == oids::SHA256,
        imprint: info.imprint.digest.to_vec(),
    })
}

/// Judges tokens under trust anchors, at one time. Revocation data counts where a token carries it.
#[derive(Clone, Debug)]
pub struct AnchoredJudge {
    /// Whom to trust.
    pub trust: TrustStore,
    /// Which algorithms are good enough.
    pub crypto_policy: Arc<CryptoPolicy>,
    /// Makes the checks.
    pub engine: Arc<dyn Verify>,
    /// When certificates must be good, Unix seconds.
    pub now: i64,
}

impl AnchoredJudge {
    /// The mark that `token`, a `ContentInfo`, is of `checkpoint`.
    ///
    /// # Errors
    /// [`MarkError`] if it is none, or its signer does not lead to an anchor.
    pub fn mark(&self, checkpoint: &Checkpoint, token: &[u8], time: LogTime) -> Result<TimeMark, MarkError> {
        let text = mark_text(checkpoint.origin.as_str(), checkpoint.size, checkpoint.root);
        let (signer, subject) = self.signer(token, &text, ControlTime::now(self.now))?;
        let said = said(token)?;
        Ok(TimeMark {
            time,
            size: checkpoint.size,
            root: Digest::from_bytes(*checkpoint.root.as_bytes()),
            gen_time: LogTime::from_unix_micros(said.gen_time.unix_micros()),
            accuracy_us: said.accuracy_us,
            policy: PolicyOid::new(&said.policy)?,
            tsa: Text::new(&shortened(&subject))?,
            signer,
            digest: Digest::of(token),
            // One that is too long is kept outside; its digest stands for it.
            token: TokenDer::new(token).ok(),
        })
    }

    /// Digest and subject of the certificate that signed `token` over `text`.
    fn signer(&self, token: &[u8], text: &str, at: ControlTime) -> Result<(Digest, String), MarkError> {
        let mut request = Request::new(token, &self.trust, &*self.engine, &self.crypto_policy, at);
        request.data = Some(DetachedData::Bytes(text.as_bytes()));
        request.revocation = RevocationRule::WhereGiven;
        let report = validate_tst(&request);
        let invalid = || {
            let sub = report.overall.sub_indication.map_or("", kokuin_validate::SubIndication::name);
            let status = format!("{} {sub}", report.status()).trim_end().to_owned();
            MarkError::Invalid { status, reason: report.overall.reason.clone() }
        };
        if !report.is_total_passed() {
            return Err(invalid());
        }
        let signer = report.overall.signer.as_ref().ok_or_else(invalid)?;
        let digest = hex::decode(&signer.certificate_sha256).ok().and_then(|octets| octets.try_into().ok());
        Ok((Digest::from_bytes(digest.ok_or_else(invalid)?), signer.subject.clone()))
    }
}

impl MarkJudge for AnchoredJudge {
    fn judge(&self, mark: &TimeMark, text: &str, existed: Option<LogTime>) -> Result<(), MarkFlaw> {
        let wrong = |reason: &str| Err(MarkFlaw::Wrong { reason: reason.to_owned() });
        let Some(token) = &mark.token else {
            return Err(MarkFlaw::Untrusted { reason: "the token is not in the entry".to_owned() });
        };
        let token = token.as_bytes();
        if Digest::of(token) != mark.digest {
            return wrong("the entry's digest is of another token");
        }
        let said = match said(token) {
            Ok(said) => said,
            Err(error) => return wrong(&error.to_string()),
        };
        if !said.is_sha256 || said.imprint != Digest::of(text.as_bytes()).as_bytes() {
            return wrong("it is not over the checkpoint that the entry names");
        }
        if LogTime::from_unix_micros(said.gen_time.unix_micros()) != mark.gen_time
            || said.accuracy_us != mark.accuracy_us
            || said.policy != mark.policy.as_str()
        {
            return wrong("its time, accuracy or policy is not the entry's");
        }
        // Rounded up: a token of this second existed at the next.
        let existed = existed.map(|time| time.unix_micros().saturating_add(999_999).div_euclid(1_000_000));
        let at = existed
            .filter(|existed| *existed < self.now)
            .map_or_else(|| ControlTime::now(self.now), ControlTime::chosen);
        match self.signer(token, text, at) {
            Ok((signer, _)) if signer != mark.signer => wrong("another certificate signed it than the entry says"),
            Ok((_, subject)) if shortened(&subject) != mark.tsa.as_str() => {
                wrong("the certificate that signed it has another subject than the entry says")
            }
            Ok(_) => Ok(()),
            Err(error) => Err(MarkFlaw::Untrusted { reason: error.to_string() }),
        }
    }
}

/// As much of a subject as an entry takes; what would move a cursor becomes a question mark.
fn shortened(subject: &str) -> String {
    let subject = subject.replace(char::is_control, "?");
    let mut end = subject.len().min(1024);
    while !subject.is_char_boundary(end) {
        end -= 1;
    }
    if end == 0 { "(no subject)".to_owned() } else { subject[..end].to_owned() }
}

/// The digest that a token over a checkpoint stamps.
#[must_use]
pub fn imprint(origin: &str, size: kokuin_audit::TreeSize, root: Hash) -> Digest {
    Digest::of(mark_text(origin, size, root).as_bytes())
}
