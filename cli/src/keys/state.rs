//! `kokuin keys suspend` and `resume`.

use super::{Place, Which};

/// Which key, and why.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    which: Which,
    /// Goes into the log, which anyone may read: never the name of a person or customer
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

/// Stops first and records then: a full disk keeps nobody from stopping a key.
pub(super) fn suspend(args: &Args) -> anyhow::Result<()> {
    let place = Place::open(&args.which.config)?;
    let id = &args.which.name;
    let room = place.room(&args.which)?;
    room.suspend(id)?;
    place.record("key-suspend", id, args.reason.as_deref())?;
    println!("{}: suspended; services that use it stop within a second", room.uri(id));
    Ok(())
}

/// Records first: no key goes on without a trace.
pub(super) fn resume(args: &Args) -> anyhow::Result<()> {
    let place = Place::open(&args.which.config)?;
    let id = &args.which.name;
    let room = place.room(&args.which)?;
    room.load(id)?;
    place.record("key-resume", id, args.reason.as_deref())?;
    room.resume(id)?;
    println!("{}: active", room.uri(id));
    Ok(())
}
