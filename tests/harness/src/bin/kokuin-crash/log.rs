//! The whole log, read over HTTP by its tiles and counted again from the entries up.

use std::collections::{BTreeMap, HashMap};

use anyhow::Context as _;
use kokuin_audit::{
    Entry, Frontier, Hash, SignedCheckpoint, VerifierKey,
    entry::Digest,
    tile::{BundleId, bundle_from_bytes},
};
use kokuin_suite_openssl::OpenSslEngine;

use crate::server::Server;

/// What the log says.
#[derive(Debug)]
pub(crate) struct WholeLog {
    /// The checkpoint that covers it.
    pub(crate) checkpoint: SignedCheckpoint,
    /// Root after so many entries, for the sizes asked for.
    pub(crate) roots: BTreeMap<u64, Hash>,
    /// Digest of each token, by serial number.
    pub(crate) tokens: HashMap<Vec<u8>, Digest>,
    /// Serial numbers that appear more than once.
    pub(crate) twice: Vec<String>,
}

impl WholeLog {
    /// Reads everything that the present checkpoint covers, and keeps the roots at `sizes`.
    pub(crate) fn read(server: &Server, key: &VerifierKey, sizes: &[u64]) -> anyhow::Result<Self> {
        let note = server.get("/log/checkpoint")?;
        let checkpoint = SignedCheckpoint::verify(&note, key, &OpenSslEngine)?;
        let size = checkpoint.size().0;
        let mut log = Self { checkpoint, roots: BTreeMap::new(), tokens: HashMap::new(), twice: Vec::new() };
        let (mut tree, mut full) = (Frontier::new(), Vec::new());
        for bundle in 0..size.div_ceil(256) {
            let width = u16::try_from((size - bundle * 256).min(256))?;
            let id = BundleId::new(bundle, width).context("bundle out of range")?;
            let bytes = server.get(&format!("/log/{}", id.path()))?;
            let entries = bundle_from_bytes(&bytes).context("broken bundle")?;
            anyhow::ensure!(entries.len() == usize::from(width), "bundle {bundle} has {} entries", entries.len());
            for body in entries {
                tree.push(Hash::leaf(&body), &mut full);
                full.clear();
                if sizes.contains(&tree.size()) {
                    log.roots.insert(tree.size(), tree.root());
                }
                log.take(&body).with_context(|| format!("entry {}", tree.size() - 1))?;
            }
        }
        anyhow::ensure!(tree.root() == log.checkpoint.root(), "the entries do not make the checkpoint's root");
        Ok(log)
    }

    fn take(&mut self, body: &[u8]) -> anyhow::Result<()> {
        if let Entry::Tst(tst) = Entry::parse(body)? {
            let serial = tst.serial.as_bytes().to_vec();
            if self.tokens.insert(serial, tst.digest).is_some() {
                self.twice.push(tst.serial.to_string());
            }
        }
        Ok(())
    }
}
