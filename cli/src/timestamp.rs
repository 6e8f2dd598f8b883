//! `kokuin timestamp FILE...`: what any RFC 3161 client does, in one word, and the log receipt beside it.

mod batch;
mod lane;

use std::{
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use kokuin_asn1::Oid;
use kokuin_fetch::{
    Client, Limits, Reach, Url,
    tsp::{self, TspError, TspRequest},
};
use kokuin_settings::{Secret, SecretFile};
use kokuin_suite::{DigestAlgorithm, Hasher};

use crate::{output, problem, receipt, tls::TlsArgs};

/// What to stamp, and where.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Files to stamp; FILE.tsr (with --batch FILE.ers) and its log receipt, the same with .tlog-proof, are written beside each
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Address of the time-stamp authority
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:3161/tsa")]
    tsa: String,
    #[command(flatten)]
    tls: TlsArgs,
    /// File with an API key, for an authority that wants one
    #[arg(long, value_name = "FILE")]
    api_key_file: Option<PathBuf>,
    /// Digest algorithm
    #[arg(long, value_name = "NAME", default_value = "sha256", value_parser = ["sha256", "sha384", "sha512"])]
    hash: String,
    /// One token for all files: an evidence record (RFC 4998) for each, which verifies alone
    #[arg(long, conflicts_with_all = ["policy", "no_cert"])]
    batch: bool,
    /// The only policy that will do
    #[arg(long, value_name = "OID")]
    policy: Option<Oid>,
    /// Ask for a token without its certificate
    #[arg(long)]
    no_cert: bool,
    /// Write over files that are there
    #[arg(long)]
    force: bool,
}

/// Stamps each file.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let api_key = args.api_key_file.clone().map(|path| SecretFile::new(path).read()).transpose()?;
    let algorithm: DigestAlgorithm = args.hash.parse()?;
    if args.batch {
        return batch::run(args, algorithm, api_key);
    }
    let url: Url = args.tsa.parse()?;
    // The address is the user's own choice, so it may be on this machine or in the own network.
    let client = args.tls.client(Limits::TSP.with_reach(Reach::CONFIGURED))?;
    client.check(&url).context("--tls-ca FILE")?;
    let authority = Authority { client, url, api_key };
    for file in &args.files {
        stamp(&authority, algorithm, args, file).with_context(|| format!("no time-stamp for {}", file.display()))?;
    }
    Ok(())
}

/// Who is asked.
struct Authority {
    client: Client,
    url: Url,
    api_key: Option<Secret>,
}

fn stamp(authority: &Authority, algorithm: DigestAlgorithm, args: &Args, file: &Path) -> anyhow::Result<()> {
    let Authority { client, url, api_key } = authority;
    let digest = digest_of(file, algorithm)?;
    let mut request = TspRequest::new(algorithm, &digest);
    request.policy = args.policy.as_ref();
    request.cert_req = !args.no_cert;
    request.bearer = api_key.as_ref();
    let answer = tsp::request(client, url, &request).map_err(told)?;

    let tsr = output::with_suffix(file, ".tsr");
    output::write(&tsr, &answer.response, args.force)?;
    println!("{}: {} (serial {})", tsr.display(), answer.gen_time, hex::encode(&answer.serial));

    let address: Url = receipt_url(&args.tsa, &answer.serial).parse()?;
    match receipt::fetch(client, &address, api_key.as_ref())? {
        Some(proof) => {
            let path = output::with_suffix(&tsr, ".tlog-proof");
            output::write(&path, &proof, args.force)?;
            println!("{}: log receipt", path.display());
        }
        None => println!("{}: this authority gives no log receipt", tsr.display()),
    }
    Ok(())
}

/// What the authority says of it, where it turned the request away.
fn told(error: TspError) -> anyhow::Error {
    match error {
        TspError::TurnedAway(answer) => problem::told(&answer),
        other => other.into(),
    }
}

/// Reads `file` once, piece by piece.
fn digest_of(file: &Path, algorithm: DigestAlgorithm) -> io::Result<Vec<u8>> {
    let mut reader = File::open(file)?;
    let mut hasher = Hasher::new(algorithm);
    let mut piece = vec![0; 64 * 1024];
    loop {
        match reader.read(&mut piece)? {
            0 => return Ok(hasher.finish()),
            read => hasher.update(&piece[..read]),
        }
    }
}

/// Receipts are beside the authority's address: `/tsa` and `/tsa/{tsu}` share `/tsa/receipts`.
fn receipt_url(tsa: &str, serial: &[u8]) -> String {
    format!("{}/receipts/{}", service_url(tsa), hex::encode(serial))
}

/// What all TSUs of an authority share: the address up to `/tsa`.
fn service_url(tsa: &str) -> &str {
    let base = tsa.trim_end_matches('/');
    base.rfind("/tsa").map_or(base, |at| &base[..at + "/tsa".len()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn receipts_are_beside_the_authority_whichever_tsu_answered() {
        for tsa in ["http://127.0.0.1:3161/tsa", "http://127.0.0.1:3161/tsa/", "http://127.0.0.1:3161/tsa/dev"] {
            assert_eq!(receipt_url(tsa, &[0x01, 0xab]), "http://127.0.0.1:3161/tsa/receipts/01ab");
        }
    }

    #[test]
    fn digests_a_file_in_pieces_as_in_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("big");
        let content = vec![7_u8; 200_000];
        std::fs::write(&path, &content).unwrap();
        let algorithm = DigestAlgorithm::Sha256;
        assert_eq!(digest_of(&path, algorithm).unwrap(), kokuin_suite::digest(algorithm, &content));
    }
}
