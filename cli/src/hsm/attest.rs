//! `kokuin hsm attest`.

use std::process::ExitCode;

use anyhow::{Context as _, bail};
use kokuin_asn1::pem;
use kokuin_hsm_config::manifest::ObjectId;
use kokuin_suite_openssl::OpenSslEngine;

use super::{
    place::{Place, Which, told},
    record::{Log, Record, digest_of, sha256},
};
use crate::{
    fresh,
    output::{self, Readers},
    serve::read_certificates,
};

/// Which device and keys.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    log: Log,
    /// Signing key [default: all of the manifest]. Repeated
    #[arg(long = "key", value_name = "ID")]
    keys: Vec<ObjectId>,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let place = Place::open(&args.which)?;
    let folder = args.log.keys()?;
    let root = place.manifest.device.attestation_root.as_deref();
    let roots = read_certificates(root.context("the manifest names no attestation_root")?)?;
    let serial = place.manifest.device.serial;
    let all = place.manifest.signing_keys.iter().map(|key| key.id).collect();
    let ids: Vec<ObjectId> = if args.keys.is_empty() { all } else { args.keys.clone() };
    let mut session = place.reader()?;
    let mut record = Record {
        action: "hsm-attest",
        serial,
        device: place.manifest.device.name.to_string(),
        manifest_sha256: digest_of(&args.which.manifest)?,
        logins: vec![session.login().to_string()],
        log_before: session.log_mark().map_err(told)?,
        ..Record::default()
    };
    let kept = folder.join("hsm").join(serial.to_string());
    fresh::make_private(&kept)?;
    for id in ids {
        let key = place.signing_key(id)?;
        let Some((spki, _)) = session.public_key(id).map_err(told)? else {
            bail!("signing-key:{id} is of a kind that signs nothing here");
        };
        let attestation = session.attest(id).map_err(told)?;
        let verified = attestation.verify(&roots, &place.manifest, key, &spki, &OpenSslEngine);
        let verified = verified.map_err(|error| anyhow::anyhow!("signing-key:{id}: {error} ({})", error.code()))?;
        let text =
            pem::encode("CERTIFICATE", &attestation.certificate) + &pem::encode("CERTIFICATE", &attestation.device);
        output::replace(&kept.join(format!("{id}.attestation.pem")), text.as_bytes(), Readers::Anyone)?;
        let came =
            if verified.came_under_wrap { "made in another device and brought here under wrap" } else { "made here" };
        println!(
            "signing-key:{id} {:?}: device {}, firmware {}, {came}",
            key.label.as_str(),
            verified.serial,
            verified.firmware
        );
        record.attestations.push((id.to_string(), sha256(text.as_bytes())));
        record.steps.push(format!("attest signing-key:{id}"));
    }
    record.log_after = session.log_mark().map_err(told)?;
    record.leave(&folder)?;
    Ok(ExitCode::SUCCESS)
}
