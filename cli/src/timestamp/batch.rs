//! `kokuin timestamp --batch`: one token for all files, an evidence record beside each, and nothing written that does not cover its file.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use kokuin_evidence::EvidenceRecord;
use kokuin_settings::Secret;
use kokuin_suite::DigestAlgorithm;

use super::{Args, digest_of, lane::Lane};
use crate::output;

/// Stamps all files at once.
pub(super) fn run(args: &Args, algorithm: DigestAlgorithm, api_key: Option<Secret>) -> anyhow::Result<()> {
    let names: Vec<(&Path, PathBuf)> =
        args.files.iter().map(|file| (file.as_path(), output::with_suffix(file, ".ers"))).collect();
    // No token is spent on what cannot be written.
    if let Some((_, there)) = names.iter().find(|(_, record)| !args.force && record.exists()) {
        bail!("{} exists already; name other files, or use --force", there.display());
    }
    let digests: Vec<Vec<u8>> = args.files.iter().map(|file| digested(file, algorithm)).collect::<Result<_, _>>()?;
    let lane = Lane::new(&args.tsa, &args.tls, api_key, digests.len())?;
    let stamped = lane.stamp(algorithm, &digests)?;
    let mut records = Vec::with_capacity(names.len());
    for ((file, name), digest) in names.iter().zip(&digests) {
        let failed = || format!("no evidence record for {}", file.display());
        ensure!(digested(file, algorithm)? == *digest, "{} changed while it was being stamped", file.display());
        let record =
            stamped.records.get(digest).context("the service answered without its digest").with_context(failed)?;
        check(record, algorithm, digest, &stamped.token).with_context(failed)?;
        records.push((name, record));
    }
    let proof = lane.receipt(&stamped.serial)?;
    for (name, record) in records {
        output::write(name, record, args.force)?;
        println!("{}: {}", name.display(), stamped.gen_time);
        if let Some(proof) = &proof {
            output::write(&output::with_suffix(name, ".tlog-proof"), proof, args.force)?;
        }
    }
    let serial = hex::encode(&stamped.serial);
    match proof {
        Some(_) => println!("one token (serial {serial}), its log receipt beside each record (.tlog-proof)"),
        None => println!("one token (serial {serial}); this authority gives no log receipt"),
    }
    Ok(())
}

fn digested(file: &Path, algorithm: DigestAlgorithm) -> anyhow::Result<Vec<u8>> {
    digest_of(file, algorithm).with_context(|| format!("cannot read {}", file.display()))
}

/// A record of the lane has one stamp, by the algorithm asked for, with the batch's own token, whose imprint the digest leads to. Whether the
/// token is to be trusted is for `kokuin-verify`.
fn check(record: &[u8], algorithm: DigestAlgorithm, digest: &[u8], token: &[u8]) -> anyhow::Result<()> {
    let record = EvidenceRecord::parse(record)?;
    let own = |asked| (asked == algorithm).then(|| vec![digest.to_vec()]);
    let steps = record.cover(&own)?;
    let [step] = steps.as_slice() else { bail!("{} time-stamps, a record that is new has 1", steps.len()) };
    ensure!(step.algorithm() == algorithm, "the tree is by {}, {algorithm} was asked for", step.algorithm());
    ensure!(step.is_stamped(), "its token is not over the root that the digest leads to");
    ensure!(step.stamp().token == token, "it has another token than the batch");
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn args(words: &[&str]) -> Result<Args, clap::Error> {
        #[derive(clap::Parser)]
        struct Line {
            #[command(flatten)]
            args: Args,
        }
        let words = std::iter::once("timestamp").chain(words.iter().copied());
        <Line as clap::Parser>::try_parse_from(words).map(|line| line.args)
    }

    #[test]
    fn spends_no_token_on_what_cannot_be_written() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a");
        fs::write(&file, "a").unwrap();
        fs::write(dir.path().join("a.ers"), "there").unwrap();
        // Nothing listens at port 1: whoever asked there would say so.
        let words = ["--batch", "--tsa", "http://127.0.0.1:1/tsa", file.to_str().unwrap()];
        let error = run(&args(&words).unwrap(), DigestAlgorithm::Sha256, None).unwrap_err();
        assert!(error.to_string().contains("a.ers exists already"), "{error:#}");
    }

    #[test]
    fn a_batch_has_no_policy_of_its_own_and_always_certificates() {
        assert!(args(&["--batch", "--policy", "1.2.3", "a"]).is_err());
        assert!(args(&["--batch", "--no-cert", "a"]).is_err());
        assert!(args(&["--batch", "a", "b"]).is_ok());
    }
}
