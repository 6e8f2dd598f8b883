//! The configuration that `kokuin init` writes, with a word on each setting.

use super::{LOG_KEY, Service};

/// What the command line decided.
pub(super) struct Decisions<'a> {
    pub(super) origin: &'a str,
    pub(super) policies: &'a [String],
    pub(super) clock_sources: &'a [String],
    pub(super) software_keys: bool,
}

/// The whole file.
pub(super) fn text(service: Service, decisions: &Decisions<'_>) -> String {
    let name = service.name();
    let secrets = match service {
        Service::Tsa => "",
        Service::Eseal => {
            "# What commitments to a tenant come from, and what API tokens are hashed with. Losing them unlinks old entries and ends all tokens.
tenant_secret_file = \"keys/tenant-secret\"
token_secret_file = \"keys/token-secret\"
"
        }
    };
    let accepted = if decisions.software_keys { "" } else { "# " };
    let Decisions { origin, .. } = decisions;
    let sources = list(decisions.clock_sources);
    let own = match service {
        Service::Tsa => tsa(decisions),
        Service::Eseal => eseal(),
    };
    format!(
        r#"# Made by `kokuin init`, for `kokuin serve {name}`. Paths are relative to this file's folder.
# docs/operate/production.md says how to go on, docs/tsa.md, docs/eseal.md and docs/clock.md what each setting means.
# `kokuin serve {name} --config FILE --check` checks all of it and issues nothing.

[listen]
# Loopback: put TLS in front, or see docs/operate/edge.md for TLS of the service's own.
tsa = "127.0.0.1:3161"
eseal = "127.0.0.1:3162"

[keys]
directory = "keys"
# Opens the keys. Its owner alone may read it; keep a copy where the keys' backup is not.
passphrase_file = "keys/passphrase"
{secrets}# Keys in files are protected by no device. Without this in so many words, nothing is signed with them.
{accepted}not_protected_by_a_device = true

[log]
name = "main"
# Its name for ever: verifiers know the log by it. Change it before the first start or never.
origin = "{origin}"
key = "soft:{LOG_KEY}"
database = "kokuin.db"
# The last checkpoint, outside the database: best on another disk (docs/log.md).
anchor = "log/main.checkpoint"

[clock]
# NTP servers, at least two, better four, of different operators; none that smears leap seconds (docs/clock.md).
sources = {sources}

{own}"#
    )
}

fn tsa(decisions: &Decisions<'_>) -> String {
    let policies = list(decisions.policies);
    format!(
        r#"# One table for each time-stamping unit; its address is /tsa/NAME.
[[tsa.tsu]]
name = "tsu-1"
key = "soft:tsu-1"
certificate = "certificates/tsu-1.pem"
# The OIDs of your time-stamp policies (RFC 3161 2.4.2).
policies = {policies}
# No token claims to be less accurate; 1 to 1000 (EN 319 422 5.2.2).
accuracy_ms = 1000
"#
    )
}

fn eseal() -> String {
    r#"[eseal]
# The one customer of this service: a word, not a name that says who it is.
tenant = "customer-1"
# The authorities that seals must lead to when they are read back.
trust = ["trust/seal-ca.pem"]

[eseal.credential]
name = "seal-1"
key = "soft:seal-1"
certificate = "certificates/seal-1.pem"
# seal-jp or seal-eu (docs/profiles.md).
profile = "seal-jp"

# Where time-stamps for level B-T come from.
[eseal.tsa]
url = "http://127.0.0.1:3161/tsa"
trust = ["trust/tsa-ca.pem"]
"#
    .to_owned()
}

/// A TOML array. What it holds came from the command line and has been put in quotes.
fn list(items: &[String]) -> String {
    let quoted: Vec<String> = items.iter().map(|item| format!("{item:?}")).collect();
    format!("[{}]", quoted.join(", "))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::Config;

    fn parse(service: Service, software_keys: bool) -> Config {
        let (policies, clock_sources) = (["1.2.3.4".to_owned()], ["a.example".to_owned(), "b.example:1123".to_owned()]);
        let decisions =
            Decisions { origin: "tsa.example/log", policies: &policies, clock_sources: &clock_sources, software_keys };
        kokuin_settings::parse(Path::new("kokuin.toml"), &text(service, &decisions)).unwrap()
    }

    #[test]
    fn writes_what_the_services_read_and_accepts_software_keys_only_when_told() {
        for service in [Service::Tsa, Service::Eseal] {
            let config = parse(service, false);
            assert!(!config.keys.not_protected_by_a_device && !config.development);
            assert!(parse(service, true).keys.not_protected_by_a_device);
            assert_eq!(config.clock.unwrap().sources.len(), 2);
        }
        assert!(parse(Service::Tsa, false).eseal.is_none());
        assert!(parse(Service::Eseal, false).tsa.is_none());
    }
}
