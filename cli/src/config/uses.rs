//! Which part of a configuration uses a key, and where its certificate is.

use std::path::Path;

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

impl Config {
    /// Every use of a key, time-stamping units first.
    pub(crate) fn uses(&self) -> Vec<Use<'_>> {
        let tsus = self.tsa.iter().map(|tsa| &tsa.tsu).map(|tsu| Use {
            part: "tsu",
            name: &tsu.name,
            key: &tsu.key,
            certificate: Some((&tsu.certificate, "tsu")),
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
