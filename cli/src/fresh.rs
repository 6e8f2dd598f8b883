//! What a first start and `kokuin init` make alike: folders, secrets, the log's public key.

use std::{
    fs::{self, DirBuilder},
    os::unix::fs::DirBuilderExt as _,
    path::Path,
};

use anyhow::Context as _;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use kokuin_audit::{Origin, VerifierKey};
use kokuin_key::SigningKey;
use zeroize::Zeroizing;

use crate::output::{self, Readers};

/// A folder for its owner alone (0700), with those above it.
pub(crate) fn make_private(folder: &Path) -> anyhow::Result<()> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.with_context(|| format!("cannot make {}", folder.display()))
}

/// Whether a folder holds nothing.
pub(crate) fn is_empty(folder: &Path) -> anyhow::Result<bool> {
    let mut entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    Ok(entries.next().is_none())
}

/// 32 random octets, in base64url, for their owner alone; what is there stays.
pub(crate) fn make_secret(path: &Path) -> anyhow::Result<()> {
    if path.exists() {
        return Ok(());
    }
    let mut octets = Zeroizing::new([0_u8; 32]);
    getrandom::fill(octets.as_mut()).map_err(|e| anyhow::anyhow!("no random octets: {e}"))?;
    let text = Zeroizing::new(URL_SAFE_NO_PAD.encode(octets.as_ref()));
    output::create(path, text.as_bytes(), Readers::Owner)
}

/// Writes the key that verifies a log's checkpoints, in C2SP's form; what is there stays.
pub(crate) fn publish_log_key(path: &Path, origin: &str, key: &dyn SigningKey) -> anyhow::Result<()> {
    if path.exists() {
        return Ok(());
    }
    let vkey = VerifierKey::from_spki(&Origin::new(origin)?, key.public_key())?;
    output::create(path, format!("{vkey}\n").as_bytes(), Readers::Anyone)
}
