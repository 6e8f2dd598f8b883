//! Which part of a configuration uses a key, and where its certificate is.

use std::path::Path;

use kokuin_tsa::{TsuConfig, config::ConfiguredState};

use super::Config;

/// One use of a key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Use<'a> {
    /// What uses it: `tsu`, `credential`, `log`.
    pub(crate) part: &'static str,
    /// Its name.
    pub(crate) name: &'a str,
    /// Key URI.
    pub(crate) key: &'a str,
    /// Where its certificate is, and the profile that it must keep. A log's key has none.
    pub(crate) certificate: Option<(&'a Path, &'a str)>,
}

impl Use<'_> {
    /// Whether a device should protect its key, and none does.
    fn is_unprotected(&self) -> bool {
        self.part != "log" && self.key.starts_with("soft:")
    }
}

impl Config {
    /// Whether keys of services are in files. A log's key may be: what it signs is public, and stamped by others.
    pub(crate) fn has_software_keys(&self) -> bool {
        self.uses().iter().any(Use::is_unprotected)
    }

    /// Every use of a key, time-stamping units first.
    pub(crate) fn uses(&self) -> Vec<Use<'_>> {
        let serving = |tsu: &&TsuConfig| tsu.state != ConfiguredState::Retired;
        let tsus = self.tsa.iter().flat_map(|tsa| tsa.tsu.iter().filter(serving)).flat_map(|tsu| {
            let next = tsu.next.as_ref().map(|next| (&next.key, &next.certificate));
            std::iter::once((&tsu.key, &tsu.certificate)).chain(next).map(|(key, certificate)| Use {
                part: "tsu",
                name: &tsu.name,
                key,
                certificate: Some((certificate, "tsu")),
            })
        });
        let credentials = self.eseal.iter().map(|eseal| &eseal.credential).map(|credential| Use {
            part: "credential",
            name: &credential.name,
            key: &credential.key,
            certificate: Some((&credential.certificate, &credential.profile)),
        });
        let log = Use { part: "log", name: &self.log.name, key: &self.log.key, certificate: None };
        tsus.chain(credentials).chain([log]).collect()
    }
}
