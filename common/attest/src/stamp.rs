//! Having a foreign authority stamp the log's last checkpoint.

use std::time::Duration;

use kokuin_asn1::Oid;
use kokuin_audit::{
    Entry, EntryError, LeafIndex, Log, LogError,
    check::MARK_WINDOW,
    entry::{Admin, Label, LogTime, Text, TimeMark},
};
use kokuin_fetch::{
    Client, Url,
    tsp::{self, TspError, TspRequest},
};
use kokuin_settings::Secret;
use kokuin_suite::DigestAlgorithm;

use crate::{AnchoredJudge, MarkError};

/// What a mark that was not believed is logged as.
pub const REFUSED: &str = "time-mark.refused";

/// Why a checkpoint got no mark. Nothing stops because of it.
#[derive(Debug, thiserror::Error)]
pub enum StampError {
    /// The authority did not answer, or not what was asked.
    #[error(transparent)]
    Answer(#[from] TspError),
    /// Its token does not hold.
    #[error(transparent)]
    Mark(#[from] MarkError),
    /// Its time and ours cannot both be right. The log has both times.
    #[error("the foreign time {theirs} is {} us from our own {ours}, more than both accuracies allow", apart.as_micros())]
    Apart {
        /// In the token.
        theirs: LogTime,
        /// Here, when it came.
        ours: LogTime,
        /// Between them.
        apart: Duration,
    },
    /// The log went on so far while the authority was asked that nobody could compare the root any more.
    #[error("{behind} entries came while the authority was asked")]
    Overtaken {
        /// How many.
        behind: u64,
    },
    /// The entry cannot be written.
    #[error(transparent)]
    Entry(#[from] EntryError),
    /// The log did not take it.
    #[error(transparent)]
    Log(#[from] LogError),
}

impl StampError {
    /// Stable name, for logs and `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Answer(error) => error.code(),
            Self::Mark(error) => error.code(),
            Self::Apart { .. } => "attest.times-apart",
            Self::Overtaken { .. } => "attest.overtaken",
            Self::Entry(error) => error.code(),
            Self::Log(error) => error.code(),
        }
    }

    /// The text that makes it a rule.
    #[must_use]
    pub const fn clause(&self) -> &'static str {
        match self {
            Self::Answer(error) => error.clause(),
            Self::Mark(error) => error.clause(),
            Self::Apart { .. } | Self::Overtaken { .. } => "docs/log.md, Time marks",
            Self::Entry(error) => error.clause(),
            Self::Log(error) => error.clause(),
        }
    }
}

/// What our own clock says, and how far it may be off. `None`: it says nothing, and a mark is taken without comparing.
pub type OwnTime = Option<(LogTime, Duration)>;

/// A foreign authority, and how it is asked.
#[derive(Debug)]
pub struct Stamper {
    /// The guarded client.
    pub client: Client,
    /// Where the authority answers.
    pub url: Url,
    /// The only policy that will do, if it matters.
    pub policy: Option<Oid>,
    /// A bearer token, if the authority wants one.
    pub bearer: Option<Secret>,
}

impl Stamper {
    /// Has the last checkpoint of `log` stamped, and logs the token.
    ///
    /// # Errors
    /// [`StampError`]; the log is as good as before.
    pub fn stamp(
        &self,
        log: &Log,
        judge: &AnchoredJudge,
        own_time: &dyn Fn() -> OwnTime,
    ) -> Result<(LeafIndex, TimeMark), StampError> {
        let signed = log.checkpoint();
        let checkpoint = signed.checkpoint();
        let imprint = crate::mark::imprint(checkpoint.origin.as_str(), checkpoint.size, checkpoint.root);
        let mut wanted = TspRequest::new(DigestAlgorithm::Sha256, imprint.as_bytes());
        wanted.policy = self.policy.as_ref();
        wanted.bearer = self.bearer.as_ref();
        let asked = std::time::Instant::now();
        let answer = tsp::request(&self.client, &self.url, &wanted)?;
        let (own, waited) = (own_time(), asked.elapsed());
        let mark = judge.mark(checkpoint, &answer.token, LogTime::system_now())?;
        if let Err(error) = compare(&mark, own, waited) {
            record_refusal(log, &error)?;
            return Err(error);
        }
        let behind = log.checkpoint().size().0.saturating_sub(checkpoint.size.0);
        if behind > MARK_WINDOW / 2 {
            return Err(StampError::Overtaken { behind });
        }
        let index = append(log, &mark)?;
        Ok((index, mark))
    }
}

/// The token was made while we waited; both clocks may be off by what they say, ours by a second more than it says.
fn compare(mark: &TimeMark, own: OwnTime, waited: Duration) -> Result<(), StampError> {
    let Some((ours, bound)) = own else { return Ok(()) };
    let accuracy = Duration::from_micros(mark.accuracy_us.unwrap_or(1_000_000));
    let allowed = accuracy.saturating_add(bound).saturating_add(waited).saturating_add(Duration::from_secs(1));
    let apart = Duration::from_micros(mark.gen_time.unix_micros().abs_diff(ours.unix_micros()));
    if apart > allowed { Err(StampError::Apart { theirs: mark.gen_time, ours, apart }) } else { Ok(()) }
}

/// A disagreement is evidence: it stays in the log, in words, where no check takes it for a bound.
fn record_refusal(log: &Log, error: &StampError) -> Result<(), StampError> {
    let entry = Entry::Admin(Admin {
        time: LogTime::system_now(),
        action: Label::new(REFUSED).map_err(MarkError::Field)?,
        target: None,
        actor: None,
        reason: Text::new(&error.to_string()).ok(),
        intent: None,
    });
    log.append(&entry)?.wait()?;
    Ok(())
}

/// Without its token where the entry would be too long.
fn append(log: &Log, mark: &TimeMark) -> Result<LeafIndex, StampError> {
    let entry = Entry::TimeMark(mark.clone());
    let encoded = match entry.encode() {
        Err(EntryError::TooLong { .. }) => Entry::TimeMark(mark.without_token()).encode()?,
        encoded => encoded?,
    };
    Ok(log.append_encoded(encoded).wait()?)
}
