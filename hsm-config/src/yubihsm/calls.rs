//! Signing commands that this process gave to a device, and the device's lines about them.

use crate::yubihsm::CallError;
use crate::yubihsm::device_log::{LogLine, NO_OBJECT};

/// One signing command.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Call {
    pub(super) command: u8,
    pub(super) object: u16,
    pub(super) outcome: Outcome,
}

/// What this process was told of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Outcome {
    /// A signature came back.
    Signed,
    /// The device refused with this code. With a full log, it leaves no line.
    Refused(u8),
    /// Nothing that could be read came back.
    Unknown,
}

impl Call {
    /// What is to be remembered of a command that was answered so; `None` if it was not sent.
    pub(super) fn of<T>(command: u8, object: u16, answer: &Result<T, CallError>) -> Option<Self> {
        let outcome = match answer {
            Ok(_) => Outcome::Signed,
            Err(CallError::Refused(code)) => Outcome::Refused(*code),
            Err(CallError::NotSent(_) | CallError::Thread(_) | CallError::Login(_)) => return None,
            Err(CallError::SessionLost(_) | CallError::AnswerLost(_) | CallError::TimedOut) => Outcome::Unknown,
        };
        Some(Self { command, object, outcome })
    }
}

/// A line's place among the calls.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Match {
    /// This call.
    Call(Call),
    /// None of this process.
    None,
}

/// How calls and lines go together.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Matching {
    /// For each line, in order.
    pub(super) lines: Vec<Match>,
    /// Calls that gave a signature, and that no line tells of.
    pub(super) missing: Vec<Call>,
    /// The calls that the lines are over with: the first so many. Of those after them, the device may yet do something.
    pub(super) settled: usize,
}

/// What a matching costs: a line or a signature without its other half is worst, then a result that differs from what was told.
const UNMATCHED: u32 = 1_000_000;
const DIFFERENT: u32 = 10;
const SKIPPED: u32 = 1;

/// Matches the signing lines in order with the calls in order, as well as can be. A line belongs to a call of the same command and object, in a session of
/// `session_key`.
pub(super) fn matching(calls: &[Call], lines: &[LogLine], session_key: u16) -> Matching {
    let (width, height) = (lines.len() + 1, calls.len() + 1);
    // cost[i * width + j]: the calls from i on with the lines from j on.
    let mut cost = vec![0_u32; width * height];
    let at = |i: usize, j: usize| i * width + j;
    for i in (0..height).rev() {
        for j in (0..width).rev() {
            let mut best = if i + 1 == height && j + 1 == width { 0 } else { u32::MAX };
            if let Some(call) = calls.get(i).copied() {
                best = best.min(skip(call).saturating_add(cost[at(i + 1, j)]));
                if let Some(pair) = lines.get(j).and_then(|line| pair(call, line, session_key)) {
                    best = best.min(pair.saturating_add(cost[at(i + 1, j + 1)]));
                }
            }
            if j + 1 < width {
                best = best.min(UNMATCHED.saturating_add(cost[at(i, j + 1)]));
            }
            cost[at(i, j)] = best;
        }
    }
    let mut matching = Matching { lines: Vec::with_capacity(lines.len()), missing: Vec::new(), settled: 0 };
    let (mut i, mut j) = (0, 0);
    while i < calls.len() || j < lines.len() {
        let here = cost[at(i, j)];
        if let (Some(call), Some(line)) = (calls.get(i).copied(), lines.get(j))
            && pair(call, line, session_key).is_some_and(|pair| here == pair.saturating_add(cost[at(i + 1, j + 1)]))
        {
            matching.lines.push(Match::Call(call));
            (i, j) = (i + 1, j + 1);
            matching.settled = i;
            continue;
        }
        if let Some(call) = calls.get(i).copied()
            && here == skip(call).saturating_add(cost[at(i + 1, j)])
        {
            i += 1;
            match call.outcome {
                Outcome::Signed => {
                    matching.missing.push(call);
                    matching.settled = i;
                }
                // Nothing follows from it: it was never done.
                Outcome::Refused(_) => matching.settled = i,
                // A command that nobody waits for any more may still be done.
                Outcome::Unknown => {}
            }
            continue;
        }
        matching.lines.push(Match::None);
        j += 1;
    }
    matching
}

const fn skip(call: Call) -> u32 {
    match call.outcome {
        Outcome::Signed => UNMATCHED,
        Outcome::Refused(_) | Outcome::Unknown => SKIPPED,
    }
}

/// What it costs to take the line for the call's; `None` if it cannot be.
fn pair(call: Call, line: &LogLine, session_key: u16) -> Option<u32> {
    // A device that refused need not have looked at the object.
    let object = call.object == line.target || (line.target == NO_OBJECT && !line.succeeded());
    let same = object && call.command == line.command && line.session_key == session_key;
    match call.outcome {
        _ if !same => None,
        Outcome::Signed => line.succeeded().then_some(0),
        Outcome::Refused(code) => Some(if line.result == code { 0 } else { DIFFERENT }),
        Outcome::Unknown => Some(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: u16 = 3;

    fn call(object: u16, outcome: Outcome) -> Call {
        Call { command: 0x56, object, outcome }
    }

    fn line(target: u16, result: u8) -> LogLine {
        let mut line = LogLine::new(&[0; 32]);
        (line.command, line.session_key, line.target, line.result) = (0x56, KEY, target, result);
        line
    }

    fn matched(calls: &[Call], lines: &[LogLine]) -> (Vec<bool>, usize, usize) {
        let matching = matching(calls, lines, KEY);
        let explained = matching.lines.iter().map(|line| *line != Match::None).collect();
        (explained, matching.missing.len(), matching.settled)
    }

    const MADE: u8 = 0xd6;

    #[test]
    fn each_signature_has_a_line_and_each_line_a_call_thr_56() {
        let signed = call(5, Outcome::Signed);
        assert_eq!(matched(&[signed, signed], &[line(5, MADE), line(5, MADE)]), (vec![true, true], 0, 2));
        assert_eq!(matched(&[signed], &[line(5, MADE), line(5, MADE)]).0.iter().filter(|found| !**found).count(), 1);
        assert_eq!(matched(&[signed, signed], &[line(5, MADE)]), (vec![true], 1, 2));
        assert_eq!(matched(&[signed], &[line(6, MADE)]), (vec![false], 1, 1), "another key's");
        assert_eq!(matched(&[signed], &[line(5, 0x09)]), (vec![false], 1, 1), "the device says that it did not");
        let mut elsewhere = line(5, MADE);
        elsewhere.session_key = 1;
        assert_eq!(matched(&[signed], &[elsewhere]), (vec![false], 1, 1), "somebody else's session");
    }

    #[test]
    fn what_became_of_a_lost_answer_is_the_lines_to_say_thr_60() {
        let (signed, unknown) = (call(5, Outcome::Signed), call(5, Outcome::Unknown));
        assert_eq!(matched(&[unknown, signed], &[line(5, MADE)]), (vec![true], 0, 2), "it was not done");
        assert_eq!(matched(&[unknown, signed], &[line(5, MADE), line(5, MADE)]), (vec![true, true], 0, 2), "it was");
        assert_eq!(matched(&[signed, unknown], &[line(5, MADE)]), (vec![true], 0, 1), "it may be done yet");
        assert_eq!(matched(&[unknown], &[line(5, MADE)]), (vec![true], 0, 1), "and now it is");
    }

    #[test]
    fn a_refusal_may_leave_no_line() {
        let (signed, refused) = (call(5, Outcome::Signed), call(5, Outcome::Refused(0x0a)));
        assert_eq!(matched(&[refused, signed], &[line(5, MADE)]), (vec![true], 0, 2));
        assert_eq!(matched(&[refused, signed], &[line(5, 0x0a), line(5, MADE)]), (vec![true, true], 0, 2));
        let doubted = matching(&[refused], &[line(5, MADE)], KEY);
        assert_eq!(doubted.lines, [Match::Call(refused)], "the device signed and said that it did not");
    }
}
