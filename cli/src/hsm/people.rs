//! Who is there at a ceremony.

use anyhow::bail;
use kokuin_hsm_config::manifest::Manifest;

/// Who is there.
#[derive(Debug, clap::Args)]
pub(super) struct People {
    /// Name of somebody who takes part; two at least under dual control. The log gets a salted commitment to the names
    #[arg(long = "actor", value_name = "NAME", required = true)]
    names: Vec<String>,
}

impl People {
    /// The names, sorted.
    ///
    /// # Errors
    /// If one is empty or given twice, or there are too few.
    pub(super) fn names(&self, manifest: &Manifest) -> anyhow::Result<Vec<String>> {
        let mut names: Vec<String> = self.names.iter().map(|name| name.trim().to_owned()).collect();
        names.sort();
        if names.iter().any(String::is_empty) || names.windows(2).any(|pair| pair[0] == pair[1]) {
            bail!("--actor names each person once");
        }
        if manifest.device.dual_control && names.len() < 2 {
            bail!("the manifest says dual_control: two people take part, each named with --actor");
        }
        Ok(names)
    }
}
