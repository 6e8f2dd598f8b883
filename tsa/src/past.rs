//! What keys and subjects were since the start: a key does not go to another TSU (TSP-65), and what stamped without the qualified statement does
//! not stamp with it, nor the other way round (TSP-72), however many reloads lie between.

use kokuin_asn1::Certificate;

use crate::{assemble::CheckedUnit, config::Config, start::StartError, units::Units};

/// A certificate that some configuration in force named.
#[derive(Debug)]
struct Known {
    tsu: String,
    qualified: bool,
    certificate: Certificate,
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Past(Vec<Known>);

impl Past {
    /// Whether these units keep what was.
    ///
    /// # Errors
    /// [`StartError::KeyTwice`], [`StartError::SubjectShared`].
    pub(crate) fn check(&self, units: &[CheckedUnit]) -> Result<(), StartError> {
        for (known, unit) in self.0.iter().flat_map(|known| units.iter().map(move |unit| (known, unit))) {
            let (name, mut certificates) = (&unit.config.name, unit.certificates());
            let key = known.certificate.spki();
            if *name != known.tsu && certificates.clone().any(|certificate| certificate.spki() == key) {
                return Err(StartError::KeyTwice { one: known.tsu.clone(), other: name.clone() });
            }
            let (subject, is_other) = (known.certificate.subject(), unit.config.qualified != known.qualified);
            if is_other && certificates.any(|certificate| certificate.subject() == subject) {
                let (one, other) = (known.tsu.clone(), name.clone());
                let (qualified, other) = if known.qualified { (one, other) } else { (other, one) };
                return Err(StartError::SubjectShared { qualified, other, subject: known.certificate.subject_text() });
            }
        }
        Ok(())
    }

    /// Remembers the units of `config`, which come into force.
    pub(crate) fn remember(&mut self, units: &Units, config: &Config) {
        for tsu in &config.tsu {
            let chains = units.find(&tsu.name).into_iter().flat_map(|unit| unit.chains());
            for certificate in chains.map(|chain| &chain[0]) {
                let is_it =
                    |known: &Known| known.qualified == tsu.qualified && known.certificate.der() == certificate.der();
                if !self.0.iter().any(is_it) {
                    let (name, certificate) = (tsu.name.clone(), certificate.clone());
                    self.0.push(Known { tsu: name, qualified: tsu.qualified, certificate });
                }
            }
        }
    }
}
