//! `kokuin seal FILE... -o OUT`: seals through the e-seal service, and the log receipt beside each.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use clap::ValueEnum;
use kokuin_fetch::{Answer, Client, FormPart, Limits, Reach, Url};
use kokuin_settings::{Secret, SecretFile};
use serde::Deserialize;

use crate::{output, problem, receipt, tls::TlsArgs};

/// A sealed document may be a third larger in JSON than its limit of 32 MiB.
const ANSWER_LIMIT: u64 = 64 << 20;

/// What to seal, and through whom.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Files to seal
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Where the seal goes; for several files, a folder. Its log receipt goes beside it, as OUT.tlog-proof
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,
    /// Address of the e-seal service
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:3162")]
    api: String,
    #[command(flatten)]
    tls: TlsArgs,
    /// File with the API token
    #[arg(long, value_name = "FILE", default_value = "kokuin-data/api-token")]
    token_file: PathBuf,
    /// Kind of seal [default: pades for .pdf, else cades]
    #[arg(long)]
    format: Option<Format>,
    /// Level: B-B, or B-T with a time-stamp
    #[arg(long, default_value = "B-T", value_parser = ["B-B", "B-T"])]
    level: String,
    /// Write over files that are there
    #[arg(long)]
    force: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Format {
    /// Inside the PDF
    Pades,
    /// Beside the document
    Cades,
}

impl Format {
    fn of(file: &Path) -> Self {
        let pdf = file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("pdf"));
        if pdf { Self::Pades } else { Self::Cades }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Pades => "pades",
            Self::Cades => "cades",
        }
    }

    const fn suffix(self) -> &'static str {
        match self {
            Self::Pades => "",
            Self::Cades => ".p7s",
        }
    }
}

/// What the service answers; more may be added to it.
#[derive(Debug, Deserialize)]
struct Sealed {
    id: String,
    level: String,
    receipt: String,
    object: String,
}

/// Seals each file.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let mut limits = Limits::TSP.with_reach(Reach::CONFIGURED);
    limits.body = ANSWER_LIMIT;
    let client = args.tls.client(limits)?;
    client.check(&args.api.parse()?).context("--tls-ca FILE")?;
    let token = SecretFile::new(args.token_file.clone()).read()?;
    if args.files.len() > 1 && !args.output.is_dir() {
        bail!("{} is not a folder, and {} files are to be sealed", args.output.display(), args.files.len());
    }
    for file in &args.files {
        seal(&client, &token, args, file).with_context(|| format!("no seal for {}", file.display()))?;
    }
    Ok(())
}

fn seal(client: &Client, token: &Secret, args: &Args, file: &Path) -> anyhow::Result<()> {
    let document = fs::read(file)?;
    let format = args.format.unwrap_or_else(|| Format::of(file));
    let request = serde_json::json!({"format": format.name(), "level": args.level}).to_string();
    let parts = [
        FormPart { name: "request", content_type: "application/json", bytes: request.as_bytes() },
        FormPart { name: "document", content_type: "application/octet-stream", bytes: &document },
    ];
    let api = args.api.trim_end_matches('/');
    let address: Url = format!("{api}/v1/seals").parse()?;
    let sealed = read(&client.submit_form(&address, "application/json", &parts, Some(token))?)?;

    let out = place(&args.output, file, format)?;
    output::write(&out, &STANDARD.decode(&sealed.object).context("the service's object is not base64")?, args.force)?;
    println!("{}: {} {} (seal {})", out.display(), format.name(), sealed.level, sealed.id);

    let address: Url = format!("{api}{}", sealed.receipt).parse()?;
    let proof = receipt::fetch(client, &address, Some(token))?.context("the service has no receipt for its seal")?;
    let path = output::with_suffix(&out, ".tlog-proof");
    output::write(&path, &proof, args.force)?;
    println!("{}: log receipt", path.display());
    Ok(())
}

fn read(answer: &Answer) -> anyhow::Result<Sealed> {
    if answer.status == 201 {
        return serde_json::from_slice(&answer.body).context("the service's answer is not as expected");
    }
    Err(problem::told(answer))
}

fn place(output: &Path, file: &Path, format: Format) -> anyhow::Result<PathBuf> {
    if !output.is_dir() {
        return Ok(output.to_owned());
    }
    let name = file.file_name().with_context(|| format!("{} has no name", file.display()))?;
    Ok(output::with_suffix(&output.join(name), format.suffix()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seals_a_pdf_inside_and_everything_else_beside() {
        assert_eq!(Format::of(Path::new("a/Invoice.PDF")), Format::Pades);
        assert_eq!(Format::of(Path::new("a/pdf")), Format::Cades);
    }
}
