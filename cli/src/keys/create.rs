//! `kokuin keys create`.

use anyhow::bail;
use kokuin_key::{Purpose, Scheme};
use kokuin_suite::KeyAlgorithm;

use super::{Place, Which};

/// Which key to make.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    which: Which,
    /// Kind and size
    #[arg(long, value_name = "KIND")]
    algorithm: Kind,
    /// What it will sign, for its whole life
    #[arg(long, value_name = "PURPOSE")]
    purpose: MadeFor,
}

/// Kinds of key that back ends make.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
enum Kind {
    /// ECDSA on P-256 with SHA-256
    P256,
    /// ECDSA on P-384 with SHA-384
    P384,
    /// RSA of 3072 bits, PKCS#1 v1.5
    Rsa3072,
    /// RSA of 4096 bits, PKCS#1 v1.5
    Rsa4096,
    /// Ed25519
    Ed25519,
    /// ML-DSA-65 (FIPS 204), in tokens that make it
    #[value(name = "ml-dsa-65")]
    MlDsa65,
    /// ML-DSA-87 (FIPS 204), in tokens that make it
    #[value(name = "ml-dsa-87")]
    MlDsa87,
}

/// Purposes of keys that an operator makes.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
enum MadeFor {
    /// Time-stamp tokens
    Tst,
    /// Seals
    Seal,
    /// Checkpoints of the log (Ed25519)
    Log,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let Args { which, algorithm, purpose } = args;
    let place = Place::open(&which.config)?;
    let algorithm = match algorithm {
        Kind::P256 => KeyAlgorithm::P256,
        Kind::P384 => KeyAlgorithm::P384,
        Kind::Rsa3072 => KeyAlgorithm::Rsa { bits: 3072 },
        Kind::Rsa4096 => KeyAlgorithm::Rsa { bits: 4096 },
        Kind::Ed25519 => KeyAlgorithm::Ed25519,
        Kind::MlDsa65 => KeyAlgorithm::MlDsa65,
        Kind::MlDsa87 => KeyAlgorithm::MlDsa87,
    };
    let purpose = match purpose {
        MadeFor::Tst => Purpose::Tst,
        MadeFor::Seal => Purpose::Seal,
        MadeFor::Log => Purpose::Log,
    };
    if purpose == Purpose::Log && algorithm != KeyAlgorithm::Ed25519 {
        bail!("a log's key is ed25519 (C2SP signed-note), not {algorithm}");
    }
    let config = &place.config;
    let room = place.keys.room(which.token.as_ref())?;
    if room.scheme() == Scheme::Soft
        && purpose != Purpose::Log
        && !config.development
        && !config.keys.not_protected_by_a_device
    {
        bail!(
            "{}: keys in files are protected by no device; keys.not_protected_by_a_device = true accepts that",
            which.config.display()
        );
    }
    place.keys.check_free(&which.name)?;
    let key = room.create(&which.name, algorithm, purpose)?;
    place.record("key-create", key.id(), Some(&format!("{algorithm} for {purpose}")))?;
    println!("{}: {algorithm} for {purpose}", room.uri(key.id()));
    Ok(())
}
