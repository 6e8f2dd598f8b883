//! What goes wrong, and when.

use serde::{Deserialize, Serialize};

use crate::wire::Command;

/// One thing that goes wrong with one command.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// The connection ends before the device hears of the command.
    GoneBefore,
    /// The device loses power while it works: the command is neither done nor logged, and sessions are gone.
    GoneDuring,
    /// The device does the command and logs it; the answer is lost with the connection.
    AnswerLost,
    /// The answer takes so much longer. The device is busy meanwhile.
    Slow {
        /// Milliseconds.
        ms: u64,
    },
    /// The device makes a signature that does not verify; everything around it is genuine.
    WrongSignature,
    /// One bit of the answering frame is another on the way.
    FlipBit {
        /// Counted from the frame's first; past its end it wraps.
        bit: usize,
    },
    /// The frame ends early, in a body that is as long as HTTP says.
    Truncated {
        /// Bytes that are left.
        bytes: usize,
    },
    /// HTTP promises a whole frame and the connection ends early.
    BodyCut {
        /// Bytes of the body that are sent.
        bytes: usize,
    },
    /// The frame is followed by so many more bytes.
    Oversized {
        /// Bytes added.
        bytes: usize,
    },
    /// The frame says that it is longer than it is.
    WrongLength,
    /// 200 with a web page.
    Html,
    /// 302 to somewhere else.
    Redirect,
    /// 500, as the connector answers when USB fails.
    ServerError,
    /// The last answer of another session; without one, this answer under another session's number.
    OtherSession,
    /// The answer before, again.
    Replayed,
    /// A byte at a time.
    Drip {
        /// Milliseconds between bytes.
        ms: u64,
    },
    /// Two segments instead of one write.
    Segmented,
    /// Chunked, without a length.
    Chunked,
    /// An error frame outside the secure channel; the command is not carried out.
    PlainError {
        /// The device's error code.
        code: u8,
    },
    /// The device refuses the command, in the secure channel, and logs that.
    InnerError {
        /// The device's error code.
        code: u8,
    },
}

/// The commands that a fault waits for.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum On {
    /// Any frame.
    Any,
    /// A signature.
    Signing,
    /// The command with this byte, inside a session or outside.
    Command(u8),
}

/// A fault that waits.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Armed {
    /// What goes wrong.
    pub fault: Fault,
    /// With which commands.
    pub on: On,
    /// Commands that it lets pass first.
    #[serde(default)]
    pub after: u32,
    /// How often.
    #[serde(default = "once")]
    pub times: u32,
}

const fn once() -> u32 {
    1
}

impl Fault {
    /// Waits for the next command of this kind.
    #[must_use]
    pub const fn on(self, on: On) -> Armed {
        Armed { fault: self, on, after: 0, times: 1 }
    }
}

impl Armed {
    /// Goes wrong that often.
    #[must_use]
    pub const fn times(self, times: u32) -> Self {
        Self { times, ..self }
    }

    /// Lets so many pass first.
    #[must_use]
    pub const fn after(self, after: u32) -> Self {
        Self { after, ..self }
    }
}

impl From<Fault> for Armed {
    fn from(fault: Fault) -> Self {
        fault.on(On::Any)
    }
}

/// The faults that wait, first in, first out.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Armed>);

impl Faults {
    pub(crate) fn arm(&mut self, armed: Armed) {
        self.0.push(armed);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Whether faults still wait.
    pub(crate) fn waiting(&self) -> usize {
        self.0.len()
    }

    /// The fault for this command, if one waits for it.
    pub(crate) fn take(&mut self, command: Option<Command>) -> Option<Fault> {
        let matches = |on: On| match on {
            On::Any => true,
            On::Signing => command.is_some_and(Command::signs),
            On::Command(byte) => command == Some(Command(byte)),
        };
        let index = self.0.iter().position(|armed| matches(armed.on))?;
        let armed = &mut self.0[index];
        if armed.after > 0 {
            armed.after -= 1;
            return None;
        }
        let fault = armed.fault;
        armed.times = armed.times.saturating_sub(1);
        if armed.times == 0 {
            self.0.remove(index);
        }
        Some(fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_waits_for_its_command_and_ends_after_its_times() {
        let mut faults = Faults::default();
        faults.arm(Fault::Html.on(On::Signing).after(1).times(2));
        let sign = Some(Command::SIGN_ECDSA);
        let taken: Vec<_> =
            [Some(Command::ECHO), sign, sign, sign, sign].into_iter().map(|command| faults.take(command)).collect();
        assert_eq!(taken, [None, None, Some(Fault::Html), Some(Fault::Html), None]);
        assert_eq!(faults.waiting(), 0);
    }

    #[test]
    fn a_fault_can_be_written_as_json() {
        let armed: Armed = serde_json::from_str(r#"{"fault": {"slow": {"ms": 30}}, "on": {"command": 86}}"#).unwrap();
        assert_eq!(armed, Fault::Slow { ms: 30 }.on(On::Command(0x56)));
        let armed: Armed = serde_json::from_str(r#"{"fault": "answer-lost", "on": "signing", "times": 3}"#).unwrap();
        assert_eq!(armed, Fault::AnswerLost.on(On::Signing).times(3));
    }
}
