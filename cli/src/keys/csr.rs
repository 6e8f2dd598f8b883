//! `kokuin keys csr`.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use kokuin_asn1::pem;
use kokuin_profile::{Applicant, Profile};

use super::{Place, Which};
use crate::output;

const LABEL: &str = "CERTIFICATE REQUEST";

/// Who asks for what.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    which: Which,
    /// Full registered name of the organisation
    #[arg(long, value_name = "NAME")]
    organization: String,
    /// Its number in a register, such as NTRJP-9000000000000 (EN 319 412-1, 5.1.4)
    #[arg(long, value_name = "ID")]
    organization_identifier: Option<String>,
    /// Name that people see
    #[arg(long, value_name = "NAME")]
    common_name: String,
    /// ISO 3166-1, two capital letters
    #[arg(long, value_name = "CC", default_value = "JP")]
    country: String,
    /// Certificate profile (docs/profiles.md) [default: that of the configuration]
    #[arg(long, value_name = "PROFILE")]
    profile: Option<String>,
    /// File to write [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write over a file that is there
    #[arg(long)]
    force: bool,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let place = Place::open(&args.which.config)?;
    let id = &args.which.name;
    let name = match &args.profile {
        Some(name) => name,
        None => place.certificate(id).context("say --profile")?.1,
    };
    let Some(profile) = Profile::by_name(name) else {
        bail!("there is no profile {name}; docs/profiles.md lists them");
    };
    let key = place.keys.load(id)?;
    let applicant = Applicant {
        country: args.country.clone(),
        organization: args.organization.clone(),
        organization_identifier: args.organization_identifier.clone(),
        common_name: args.common_name.clone(),
    };
    let info = applicant.request(profile, key.public_key())?;
    let request = pem::encode(LABEL, &place.keys.sign_request(id, &info)?);
    place.record("key-csr", id, Some(&format!("profile {name}")))?;
    match &args.out {
        Some(path) => output::write(path, request.as_bytes(), args.force),
        None => {
            print!("{request}");
            Ok(())
        }
    }
}
