//! What can be typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Verifies time-stamps, seals and the log behind them. Offline: no network unless `--online` is given.
///
/// Exit codes: 0 TOTAL-PASSED, 1 TOTAL-FAILED, 2 INDETERMINATE, 64 wrong usage, 66 input unreadable; of several files the worst (1 over 2 over 0).
#[derive(Debug, Parser)]
#[command(name = "kokuin-verify", version, args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) verify: VerifyArguments,
}

/// How the answer is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Format {
    /// For people: the first line is the answer.
    Text,
    /// For programs: one object a line, one line a file.
    Json,
}

#[derive(Args, Debug)]
pub(crate) struct VerifyArguments {
    /// Time-stamps (.tsr, .tst), CAdES signatures (.p7s, .p7m), sealed PDFs or evidence records (.ers); `-` is standard input
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// What a time-stamp, a detached signature or an evidence record is over; `-` is standard input
    #[arg(long, value_name = "ORIGINAL", conflicts_with = "digest")]
    pub(crate) data: Option<PathBuf>,
    /// Digest of what it is over, as in sha256:9f86...
    #[arg(long, value_name = "ALG:HEX")]
    pub(crate) digest: Option<String>,
    /// Trust anchors: PEM or DER, a file or a folder; folders tsa, seal, log and tls inside it limit what their anchors vouch for
    #[arg(long, value_name = "PATH")]
    pub(crate) trust: Vec<PathBuf>,
    /// Certificates that may help to build a path and are trusted for nothing
    #[arg(long, value_name = "PATH")]
    pub(crate) intermediates: Vec<PathBuf>,
    /// Certificate revocation lists, PEM or DER, a file or a folder
    #[arg(long, value_name = "PATH")]
    pub(crate) crl: Vec<PathBuf>,
    /// Judge at this time instead of now; a pass then holds for that time only
    #[arg(long, value_name = "RFC3339")]
    pub(crate) at: Option<String>,
    /// The log's receipt (.tlog-proof) of the one FILE
    #[arg(long, value_name = "FILE", requires = "vkey")]
    pub(crate) receipt: Option<PathBuf>,
    /// Without a receipt that matches, nothing passes
    #[arg(long)]
    pub(crate) require_receipt: bool,
    /// The log's public key, as the log publishes it
    #[arg(long, value_name = "FILE")]
    pub(crate) vkey: Option<PathBuf>,
    /// How the answer is written
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Checks a whole log: an export (JSON lines), a folder of tiles, or a URL with --online
    Log(LogArguments),
    /// Checks a receipt: that its entry is in the log, and what it is about
    Receipt(ReceiptArguments),
    /// Shows what is in a file without judging it
    Inspect(InspectArguments),
}

#[derive(Args, Debug)]
pub(crate) struct LogArguments {
    /// An export, a folder with `checkpoint` and `tile/`, or a URL
    #[arg(value_name = "PATH|URL")]
    pub(crate) log: String,
    /// The log's public key, as the log publishes it
    #[arg(long, value_name = "FILE")]
    pub(crate) vkey: PathBuf,
    /// A checkpoint of the same log that was kept elsewhere: the log must still agree with it
    #[arg(long, value_name = "FILE")]
    pub(crate) checkpoint: Vec<PathBuf>,
    /// Read the log over the network
    #[arg(long)]
    pub(crate) online: bool,
    /// Certificates (PEM) that an https server's must lead to; no others are trusted, and without it no https
    #[arg(long, value_name = "FILE", requires = "online")]
    pub(crate) tls_ca: Option<PathBuf>,
    /// Anchors of foreign authorities: files or folders with certificates. Their time marks then show until when entries existed
    #[arg(long, value_name = "PATH")]
    pub(crate) trust: Vec<PathBuf>,
    /// Print the clock report of the whole log as well: offsets, bounds, anomalies
    #[arg(long)]
    pub(crate) clock: bool,
}

#[derive(Args, Debug)]
pub(crate) struct ReceiptArguments {
    /// The receipt (.tlog-proof); `-` is standard input
    #[arg(value_name = "FILE")]
    pub(crate) receipt: PathBuf,
    /// The entry, where the receipt does not carry it
    #[arg(long, value_name = "FILE")]
    pub(crate) entry: Option<PathBuf>,
    /// The time-stamp or seal that the receipt must be about
    #[arg(long = "for", value_name = "ARTEFACT")]
    pub(crate) artifact: Option<PathBuf>,
    /// The log's public key, as the log publishes it
    #[arg(long, value_name = "FILE")]
    pub(crate) vkey: PathBuf,
}

#[derive(Args, Debug)]
pub(crate) struct InspectArguments {
    /// Any artefact; `-` is standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_arguments_do_not_contradict_each_other() {
        Arguments::command().debug_assert();
    }
}
