//! What keeps secrets from leaving a process by the back door: no core dump, no other process attached (THR-104).
//!
//! [`apply`] comes first in `main`, before any secret is read. Production then asks for [`Hardening::require`] and does
//! not start without; development says with [`Hardening::warn`] what is missing and goes on.

use std::error::Error;
use std::fmt;

use rustix::io::Errno;
use rustix::process::{
    DumpableBehavior, Resource, Rlimit, dumpable_behavior, getrlimit, set_dumpable_behavior, setrlimit,
};

/// What was asked of the operating system and read back.
#[derive(Clone, Debug)]
#[must_use = "production must not start without `require`, development says what is missing with `warn`"]
pub(crate) struct Hardening {
    missing: Vec<Missing>,
}

/// A protection that this process does not have.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Missing {
    /// The kernel would write the memory to a file when the process dies.
    CoreLimit(Errno),
    /// Other processes of this account can attach and read the memory.
    Dumpable(Errno),
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CoreLimit(errno) => write!(f, "core dumps cannot be switched off: {errno}"),
            Self::Dumpable(errno) => write!(f, "the process cannot be kept from being dumped and traced: {errno}"),
        }
    }
}

impl Error for Missing {}

/// Switches core dumps off for this process and its children, for good, and closes it to tracing; then reads both back.
pub(crate) fn apply() -> Hardening {
    let missing = [core_limit().map_err(Missing::CoreLimit), dumpable().map_err(Missing::Dumpable)];
    Hardening { missing: missing.into_iter().filter_map(Result::err).collect() }
}

impl Hardening {
    /// For production: every protection, or no start.
    ///
    /// # Errors
    /// The first one missing.
    pub(crate) fn require(&self) -> Result<(), Missing> {
        self.missing.first().map_or(Ok(()), |missing| Err(*missing))
    }

    /// For development: says what is missing.
    pub(crate) fn warn(&self) {
        for missing in &self.missing {
            tracing::warn!(%missing, "secrets of this process are less well protected than production demands");
        }
    }
}

fn core_limit() -> Result<(), Errno> {
    // The hard limit too, so that nothing later in this process can raise it again.
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    setrlimit(Resource::Core, none)?;
    if getrlimit(Resource::Core) == none { Ok(()) } else { Err(Errno::PERM) }
}

fn dumpable() -> Result<(), Errno> {
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    if dumpable_behavior()? == DumpableBehavior::NotDumpable { Ok(()) } else { Err(Errno::PERM) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_confirms_that_nothing_is_dumped_or_traced() {
        let hardening = apply();
        assert_eq!(hardening.require(), Ok(()));
        // THR-104, asked of the kernel by another way than the code's own.
        let limits = std::fs::read_to_string("/proc/thread-self/limits").unwrap();
        let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
        assert_eq!(core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(), ["0", "0"], "{core}");
        assert_eq!(dumpable_behavior(), Ok(DumpableBehavior::NotDumpable));
        // Raising the limit again needs a privilege that a service has not.
        let again = Rlimit { current: Some(1), maximum: Some(0) };
        assert_eq!(setrlimit(Resource::Core, again), Err(Errno::INVAL));
    }

    #[test]
    fn production_does_not_start_with_anything_missing() {
        let missing = Missing::CoreLimit(Errno::PERM);
        let hardening = Hardening { missing: vec![missing, Missing::Dumpable(Errno::INVAL)] };
        assert_eq!(hardening.require(), Err(missing));
        assert_eq!(Hardening { missing: Vec::new() }.require(), Ok(()));
    }
}
