//! `kokuin hsm`: devices as code. A manifest says what a YubiHSM 2 is to be; these commands compare, change, attest, back up and restore.
//!
//! What changes a device, or takes a key out of it, is a ceremony: it names who is there and leaves a record for the log. No secret is an argument.

mod apply;
mod attest;
mod backup;
mod bench;
mod people;
mod place;
mod plan;
mod record;
mod restore;

use std::process::ExitCode;

use clap::Subcommand;

use crate::hardening;

/// A device differs from its manifest.
const DIFFERS: u8 = 2;

/// What to do with a device.
#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// Show what differs from the manifest, and the steps that would end that. Changes nothing. Exit code 0: nothing, 2: something differs
    Plan(plan::Args),
    /// Make the device what the manifest says. Deletes nothing but what --delete names, and at last the factory's key
    Apply(apply::Args),
    /// Compare with the audit login, as a service does. Exit code 0: nothing, 2: something differs
    Drift(plan::Args),
    /// Let the device vouch for its keys, check that against the maker's root, and keep it
    Attest(attest::Args),
    /// Take keys out, wrapped
    Backup(backup::Args),
    /// Put the wrap key together from its shares, and wrapped keys into this device
    Restore(restore::Args),
    /// Measure signatures a second
    Bench(bench::Args),
}

/// Runs the action.
pub(crate) fn run(action: &Action) -> anyhow::Result<ExitCode> {
    hardening::apply().require()?;
    match action {
        Action::Plan(args) => plan::run(args, plan::Reader::AnyLogin),
        Action::Drift(args) => plan::run(args, plan::Reader::Audit),
        Action::Apply(args) => apply::run(args),
        Action::Attest(args) => attest::run(args),
        Action::Backup(args) => backup::run(args),
        Action::Restore(args) => restore::run(args),
        Action::Bench(args) => bench::run(args),
    }
}
