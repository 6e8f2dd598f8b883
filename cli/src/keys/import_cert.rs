//! `kokuin keys import-cert`.

use std::{
    fs::{self, DirBuilder},
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use kokuin_asn1::{Certificate, pem};
use kokuin_audit::entry::Digest;
use kokuin_key::{Purpose, SigningKey};
use kokuin_profile::{Profile, is_development, refuse_unless_matches};
use kokuin_suite_openssl::OpenSslEngine;
use kokuin_validate::check_chain;
use time::OffsetDateTime;

use super::{Place, Which};
use crate::{
    output::{self, Readers},
    serve::{parse_certificates, read_certificates},
};

/// Which certificate for which key.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    which: Which,
    /// PEM file: the key's certificate first, then its issuers', each signed by the next; `-`: standard input
    #[arg(value_name = "CHAIN.pem")]
    chain: PathBuf,
    /// Replace the certificate that is there; the old one is kept beside it
    #[arg(long)]
    force: bool,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let place = Place::open(&args.which.config)?;
    let id = &args.which.name;
    let room = place.room(&args.which)?;
    let (path, profile) = place.certificate(room, id)?;
    let certificates = match args.chain.to_str() {
        Some("-") => read_standard_input()?,
        Some(_) | None => read_certificates(&args.chain)?,
    };
    let Some((own, issuers)) = certificates.split_first() else {
        bail!("{} holds no certificate", args.chain.display());
    };
    let key = room.load(id)?;
    check_certificate(&*key, own, issuers, profile, OffsetDateTime::now_utc().unix_timestamp())?;
    if let (false, Some(throwaway)) = (place.config.development, certificates.iter().find(|each| is_development(each)))
    {
        bail!("{} is development material", throwaway.subject_text());
    }

    let digest = Digest::of(own.der());
    let text: String = certificates.iter().map(|each| pem::encode("CERTIFICATE", each.der())).collect();
    write(path, &text, args.force)?;
    place.record("certificate-import", id, Some(&format!("SHA-256 {}", hex::encode(digest.as_bytes()))))?;
    println!("{}: {}, {} certificates", path.display(), own.subject_text(), certificates.len());
    if issuers.is_empty() {
        println!("note: without its issuers' certificates, tokens will not carry the chain (TSP-67)");
    }
    Ok(())
}

/// A chain has a few certificates: what is longer is none.
const LIMIT: u64 = 1 << 20;

fn read_standard_input() -> anyhow::Result<Vec<Certificate>> {
    let mut text = Vec::new();
    io::stdin().take(LIMIT).read_to_end(&mut text).context("cannot read standard input")?;
    parse_certificates(&text).context("standard input")
}

/// What a service would refuse is refused before it replaces anything (TSP-67).
pub(crate) fn check_certificate(
    key: &dyn SigningKey,
    own: &Certificate,
    issuers: &[Certificate],
    profile: &str,
    now: i64,
) -> anyhow::Result<()> {
    if key.public_key() != own.spki() {
        bail!("the certificate of {} does not belong to key {}", own.subject_text(), key.id());
    }
    let wanted = if profile == "tsu" { Purpose::Tst } else { Purpose::Seal };
    if key.purpose() != wanted {
        bail!("key {} is for {}, a certificate of profile {profile} for {wanted}", key.id(), key.purpose());
    }
    let rules = Profile::by_name(profile).with_context(|| format!("there is no profile {profile}"))?;
    refuse_unless_matches(rules, own)?;
    if now > own.not_after() {
        bail!("the certificate of {} has expired", own.subject_text());
    }
    Ok(check_chain(own, issuers, now, &OpenSslEngine)?)
}

/// The file appears whole or not at all.
fn write(path: &Path, text: &str, force: bool) -> anyhow::Result<()> {
    if let Some(folder) = path.parent() {
        DirBuilder::new()
            .recursive(true)
            .create(folder)
            .with_context(|| format!("cannot make {}", folder.display()))?;
    }
    if !force {
        return output::create(path, text.as_bytes(), Readers::Anyone);
    }
    if path.exists() {
        let kept = output::with_suffix(path, &format!(".{}", OffsetDateTime::now_utc().unix_timestamp()));
        fs::copy(path, &kept).with_context(|| format!("cannot keep {}", kept.display()))?;
    }
    output::replace(path, text.as_bytes(), Readers::Anyone)
}
