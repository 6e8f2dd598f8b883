//! Which settings two configurations differ in: names only, as the log and an operator read them.

use kokuin_audit::entry::Label;
use kokuin_clock_record::label;

use crate::{
    config::{Config, NextKey, TsuConfig},
    units::Units,
};

/// Names of settings.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Changed(Vec<String>);

impl Changed {
    /// What differs. Both patterns below name every setting, so that none that is added later is forgotten.
    pub(crate) fn between(old: &Config, new: &Config) -> Self {
        let mut changed = Self::default();
        let Config { tsu, reading_max_age, verify_every, signing_threads, signing_queue, batch } = old;
        changed.note("reading_max_age", reading_max_age.as_std() != new.reading_max_age.as_std());
        changed.note("verify_every", *verify_every != new.verify_every);
        changed.note("signing_threads", *signing_threads != new.signing_threads);
        changed.note("signing_queue", *signing_queue != new.signing_queue);
        changed.note("batch", *batch != new.batch);
        for one in tsu {
            match new.tsu.iter().find(|other| other.name == one.name) {
                Some(other) => changed.tsu(one, other),
                None => changed.note(&format!("tsu.{}", one.name), true),
            }
        }
        for one in new.tsu.iter().filter(|one| !tsu.iter().any(|other| other.name == one.name)) {
            changed.note(&format!("tsu.{}", one.name), true);
        }
        let order = |config: &Config, other: &Config| -> Vec<String> {
            let kept = config.tsu.iter().filter(|tsu| other.tsu.iter().any(|kept| kept.name == tsu.name));
            kept.map(|tsu| tsu.name.clone()).collect()
        };
        changed.note("tsu", order(old, new) != order(new, old));
        changed
    }

    fn tsu(&mut self, old: &TsuConfig, new: &TsuConfig) {
        let TsuConfig {
            name,
            default,
            state,
            active_from,
            active_until,
            key,
            certificate,
            next,
            policies,
            default_policy,
            accuracy_ms,
            hashes,
            tsa_name,
            qualified,
            access,
            quota,
        } = old;
        let differs = [
            ("default", *default != new.default),
            ("state", *state != new.state),
            ("active_from", *active_from != new.active_from),
            ("active_until", *active_until != new.active_until),
            ("key", *key != new.key),
            ("certificate", *certificate != new.certificate),
            ("next", differs(next.as_ref(), new.next.as_ref())),
            ("policies", *policies != new.policies),
            ("default_policy", *default_policy != new.default_policy),
            ("accuracy_ms", *accuracy_ms != new.accuracy_ms),
            ("hashes", *hashes != new.hashes),
            ("tsa_name", *tsa_name != new.tsa_name),
            ("qualified", *qualified != new.qualified),
            ("access", *access != new.access),
            ("quota", *quota != new.quota),
        ];
        for (setting, differs) in differs {
            self.note(&format!("tsu.{name}.{setting}"), differs);
        }
    }

    /// What differs in the files that the settings name.
    pub(crate) fn files(&mut self, old: &Units, new: &Units) {
        for unit in new.all() {
            let Some(before) = old.find(unit.name()) else { continue };
            let der = |chains: &[Vec<kokuin_asn1::Certificate>]| -> Vec<Vec<u8>> {
                chains.iter().flatten().map(|certificate| certificate.der().to_vec()).collect()
            };
            self.note(&format!("tsu.{}.certificate", unit.name()), der(before.chains()) != der(unit.chains()));
        }
    }

    fn note(&mut self, name: &str, differs: bool) {
        if differs && !self.0.iter().any(|known| known == name) {
            self.0.push(name.to_owned());
        }
    }

    /// Nothing differs.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The names, such as `tsu.main.policies`; `tsu.main` where a TSU came or went, `tsu` where their order changed.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.0
    }

    /// The names as the log has them.
    pub(crate) fn labels(&self) -> Vec<Label> {
        self.0.iter().map(|name| label(name)).collect()
    }
}

fn differs(old: Option<&NextKey>, new: Option<&NextKey>) -> bool {
    match (old, new) {
        (None, None) => false,
        (Some(old), Some(new)) => {
            let NextKey { key, certificate, active_from } = old;
            *key != new.key || *certificate != new.certificate || *active_from != new.active_from
        }
        (Some(_), None) | (None, Some(_)) => true,
    }
}
