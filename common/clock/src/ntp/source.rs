//! One source and what it said last.

use crate::{
    Monotonic, SourceName,
    ntp::{Sample, TimeServer, Unanswered},
};

/// A server that says kiss-o'-death is left alone for so many polls.
const KISSED: u32 = 8;

/// One server and what it said last.
#[derive(Debug)]
pub(crate) struct Source {
    server: Box<dyn TimeServer>,
    pub(crate) sample: Option<Sample>,
    /// Why it gave no time when it was asked last.
    pub(crate) unanswered: Option<&'static str>,
    /// Polls to leave out.
    quiet: u32,
}

impl Source {
    pub(crate) fn new(server: Box<dyn TimeServer>) -> Self {
        Self { server, sample: None, unanswered: None, quiet: 0 }
    }

    pub(crate) fn name(&self) -> &SourceName {
        self.server.name()
    }

    /// Asks once, unless it wants to be left alone.
    pub(crate) fn ask(&mut self, clock: &dyn Fn() -> Monotonic, wall_us: i64) {
        if self.quiet > 0 {
            self.quiet -= 1;
            return;
        }
        let name = self.server.name();
        match self.server.ask(clock) {
            Ok(sample) => {
                tracing::info!(
                    source = %name,
                    system_us = sample.offset_us.saturating_sub(wall_us),
                    delay_us = sample.delay.as_micros(),
                    root_delay_us = sample.root_delay.as_micros(),
                    root_dispersion_us = sample.root_dispersion.as_micros(),
                    stratum = sample.stratum,
                    leap = ?sample.leap,
                    reference_id = %sample.reference_id.escape_ascii(),
                    authenticated = sample.authentication.code(),
                    "a source of time answered"
                );
                self.sample = Some(sample);
                self.unanswered = None;
            }
            Err(unanswered) => {
                tracing::warn!(source = %name, code = unanswered.code(), %unanswered, "a source of time gave no time");
                self.unanswered = Some(unanswered.code());
                match unanswered {
                    // It says itself that it is not to be used, and so of its last answer.
                    Unanswered::Unsynchronised | Unanswered::Smearing(_) => self.sample = None,
                    Unanswered::KissOfDeath(_) => self.quiet = KISSED,
                    // The last answer ages, and is dropped when it is too old.
                    Unanswered::NoAddress
                    | Unanswered::Unreachable(_)
                    | Unanswered::Silent
                    | Unanswered::Unsteady { .. }
                    | Unanswered::Malformed(_) => {}
                }
            }
        }
    }
}
