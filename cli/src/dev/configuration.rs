//! `kokuin.toml` of a development start.

use super::{Layout, Wishes, material};
use crate::output::{self, Readers};

/// Writes the file. It comes last: a start that finds it finds everything.
pub(super) fn make(layout: &Layout, wishes: &Wishes) -> anyhow::Result<()> {
    let mut suffix = [0_u8; 4];
    getrandom::fill(&mut suffix).map_err(|e| anyhow::anyhow!("no random octets: {e}"))?;
    let Wishes { tsa_listen, eseal_listen, database_url_file, .. } = wishes;
    let (tsu, seal, log, instance) = (material::TSU, material::SEAL, material::LOG, hex::encode(suffix));
    // Logs of one database have names of their own.
    let (name, database) = match database_url_file {
        None => ("main".to_owned(), "database = \"kokuin.db\"".to_owned()),
        Some(path) => (format!("dev-{instance}"), format!("postgres.url_file = {path:?}\npostgres.lease = \"5s\"")),
    };
    let text = format!(
        r#"# Made by `kokuin serve --dev`. NOT FOR PRODUCTION: keys in files, clock unmeasured, loopback only.
# Paths are relative to this file's folder. docs/tsa.md and docs/eseal.md explain each setting.
development = true

[listen]
tsa = "{tsa_listen}"
eseal = "{eseal_listen}"

[keys]
directory = "keys"
passphrase_file = "keys/passphrase"
tenant_secret_file = "keys/tenant-secret"
token_secret_file = "keys/token-secret"

[log]
name = "{name}"
origin = "kokuin.invalid/dev/{instance}"
key = "soft:{log}"
{database}
anchor = "log/{name}.checkpoint"

[[tsa.tsu]]
name = "dev"
key = "soft:{tsu}"
certificate = "tsu/tsu.pem"
policies = ["{policy}"]

[eseal]
tenant = "demo"
trust = ["ca/root.pem"]

[eseal.credential]
name = "demo"
key = "soft:{seal}"
certificate = "seal/demo.pem"

[eseal.tsa]
url = "http://{tsa_listen}/tsa"
trust = ["ca/root.pem"]
"#,
        policy = kokuin_tsa::DEVELOPMENT_POLICY,
    );
    output::create(&layout.config(), text.as_bytes(), Readers::Anyone)
}
