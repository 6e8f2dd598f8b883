//! What goes wrong with devices, and what a back end makes of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::conformance::rule::Run;
use crate::conformance::{Broken, MESSAGE, OTHER, Rule, ask, ask_anew};
use crate::error::KeyError;
use crate::purpose::KeyState;
use crate::signer::SigningKey;

/// Something that a device, or the way to it, can be made to show.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Fault {
    /// It cannot be reached.
    Gone,
    /// It forgets the session; the next one works at once.
    LosesSession,
    /// It does not answer.
    Blocks,
    /// It signs, and the answer gets lost.
    LosesAnswer,
    /// It answers with an error.
    Fails,
    /// Its own log is full.
    LogFull,
    /// One bit of the signature value is wrong.
    FlipsBit,
    /// It answers with a signature over other bytes.
    SignsOtherBytes,
}

impl Fault {
    /// How long a signer may take to find out that something is wrong.
    pub const PATIENCE: Duration = Duration::from_secs(10);

    /// Every fault after which the device is asked again in vain until the fault is over.
    const FAILING: [Self; 6] =
        [Self::Gone, Self::LosesSession, Self::Blocks, Self::LosesAnswer, Self::Fails, Self::LogFull];

    /// Whether `error` tells an operator what is wrong.
    fn is_told_by(self, error: &KeyError) -> bool {
        match self {
            Self::Gone => matches!(error, KeyError::Unavailable | KeyError::SessionLost | KeyError::Lost),
            Self::LosesSession => matches!(error, KeyError::SessionLost | KeyError::Unavailable),
            Self::Blocks => matches!(error, KeyError::TimedOut),
            Self::LosesAnswer => matches!(error, KeyError::AnswerLost | KeyError::TimedOut | KeyError::SessionLost),
            Self::Fails => matches!(error, KeyError::Refused(_) | KeyError::Library(_)),
            Self::LogFull => matches!(error, KeyError::LogFull),
            Self::FlipsBit | Self::SignsOtherBytes => matches!(error, KeyError::WrongAnswer),
        }
    }
}

/// A suspended key may sign for so long (THR-65).
const SUSPENSION: Duration = Duration::from_secs(1);

/// A flipped bit or a signature over other bytes is noticed, whether the signer is fresh or not.
pub(super) fn shows_no_wrong_answer(run: &mut Run<'_>, key: &Arc<dyn SigningKey>) -> Result<(), Broken> {
    for fault in [Fault::FlipsBit, Fault::SignsOtherBytes] {
        let mut signer = run.open(key)?;
        if !run.back_end().show(Some(fault)) {
            run.not_tried(fault);
            continue;
        }
        let answers = [ask(&**key, &mut *signer, MESSAGE), ask_anew(&**key, MESSAGE), ask(&**key, &mut *signer, OTHER)];
        run.back_end().show(None);
        for answer in answers {
            let noticed = matches!(&answer, Err(error) if fault.is_told_by(error));
            run.require(Rule::WrongAnswer, noticed, || format!("{fault:?}: {answer:?}"))?;
        }
        recovers(run, key, fault)?;
    }
    Ok(())
}

/// Every other fault is an error that names it, in time, and over when it is over.
pub(super) fn fails_in_time_and_recovers(run: &mut Run<'_>, key: &Arc<dyn SigningKey>) -> Result<(), Broken> {
    for fault in Fault::FAILING {
        let mut signer = run.open(key)?;
        if !run.back_end().show(Some(fault)) {
            run.not_tried(fault);
            continue;
        }
        let started = Instant::now();
        let answer = ask(&**key, &mut *signer, MESSAGE);
        let took = started.elapsed();
        run.back_end().show(None);
        run.require(Rule::FaultIsAnError, took <= Fault::PATIENCE, || format!("{fault:?} took {took:?}"))?;
        match answer {
            // A back end may open a new session by itself, if what it then returns is right.
            Ok(signature) if fault == Fault::LosesSession => {
                run.verifies(Rule::FaultIsAnError, &**key, MESSAGE, &signature)?;
            }
            answer => {
                let told = matches!(&answer, Err(error) if fault.is_told_by(error));
                run.require(Rule::FaultIsAnError, told, || format!("{fault:?}: {answer:?}"))?;
            }
        }
        recovers(run, key, fault)?;
    }
    Ok(())
}

fn recovers(run: &mut Run<'_>, key: &Arc<dyn SigningKey>, fault: Fault) -> Result<(), Broken> {
    let answer = ask_anew(&**key, OTHER).map_err(|error| format!("after {fault:?}: {error}"));
    let signature = run.expect(Rule::Recovers, answer)?;
    run.verifies(Rule::Recovers, &**key, OTHER, &signature)
}

/// Suspended, a key stops within a second, for old signers and for new ones; resumed, it goes on.
pub(super) fn stops_when_suspended(run: &mut Run<'_>, key: &Arc<dyn SigningKey>) -> Result<(), Broken> {
    let mut signer = run.open(key)?;
    run.sign(Rule::Suspends, key, &mut *signer, MESSAGE)?;
    run.expect(Rule::Suspends, run.back_end().suspend(key.id(), true))?;
    std::thread::sleep(SUSPENSION);
    let answers = [ask(&**key, &mut *signer, MESSAGE), ask_anew(&**key, MESSAGE)];
    let state = key.state();
    run.expect(Rule::Suspends, run.back_end().suspend(key.id(), false))?;
    for answer in answers {
        run.require(Rule::Suspends, answer == Err(KeyError::Suspended), || format!("suspended: {answer:?}"))?;
    }
    run.require(Rule::Suspends, state == KeyState::Suspended, || format!("suspended: {state}"))?;
    std::thread::sleep(SUSPENSION);
    let signature = run.sign(Rule::Suspends, key, &mut *signer, MESSAGE)?;
    run.verifies(Rule::Suspends, &**key, MESSAGE, &signature)
}
