//! From configuration, keys and certificates to units: every rule is checked before anything is recorded or served.

use std::sync::{Arc, atomic::AtomicU8};

use kokuin_asn1::Certificate;
use kokuin_audit::{LeafIndex, LogError, Tested};
use kokuin_suite::{CryptoPolicy, KeyAlgorithm, Unsuitable, Verify};
use kokuin_validate::check_chain;
use kokuin_web::{Access, SharedQuota};

use crate::{
    config::{Config, TsuConfig},
    life::{Life, Phase},
    seat::Seat,
    serial::SerialSource,
    service::{KeyParts, TsuParts},
    start::StartError,
    tester::Tester,
    timekeeper::{TimeBase, Timekeeper},
    tsu::CheckedTsu,
    unit::Unit,
    units::Units,
};

/// What parts are held against.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules<'a> {
    pub(crate) engine: &'a dyn Verify,
    pub(crate) crypto_policy: &'a CryptoPolicy,
    /// Now, unix seconds.
    pub(crate) at: i64,
}

/// A unit whose parts belong together, not known to the log yet.
#[derive(Debug)]
pub(crate) struct CheckedUnit {
    pub(crate) config: TsuConfig,
    pub(crate) seats: Vec<CheckedTsu>,
    chains: Vec<Vec<Certificate>>,
    access: Access,
}

/// What all seats are made with.
#[derive(Debug)]
pub(crate) struct Common<'a> {
    pub(crate) config: &'a Config,
    pub(crate) engine: &'a Arc<dyn Verify>,
    pub(crate) base: &'a Arc<TimeBase>,
    pub(crate) serials: &'a Arc<SerialSource>,
}

/// Whether a service would start on these parts at `at`, unix seconds: every rule that needs neither clock nor log. Nothing is signed.
///
/// # Errors
/// The first rule broken.
pub fn check_parts(
    config: &Config,
    parts: Vec<TsuParts>,
    engine: &dyn Verify,
    crypto_policy: &CryptoPolicy,
    at: i64,
) -> Result<(), StartError> {
    check(config, parts, Rules { engine, crypto_policy, at }).map(drop)
}

/// Checks all parts against the configuration and each other.
///
/// # Errors
/// The first rule broken.
pub(crate) fn check(config: &Config, parts: Vec<TsuParts>, rules: Rules<'_>) -> Result<Vec<CheckedUnit>, StartError> {
    config.check()?;
    let mut parts = parts;
    let mut units = Vec::with_capacity(config.tsu.len());
    for tsu in &config.tsu {
        let place = parts.iter().position(|parts| parts.name == tsu.name);
        let place = place.ok_or_else(|| StartError::NoCertificate { tsu: tsu.name.clone() })?;
        units.push(check_unit(tsu, parts.swap_remove(place), rules)?);
    }
    check_keys(&units)?;
    check_subjects(&units)?;
    Ok(units)
}

fn check_unit(config: &TsuConfig, parts: TsuParts, rules: Rules<'_>) -> Result<CheckedUnit, StartError> {
    let whole = Life::of(config);
    let mut lives = vec![(whole, parts.current)];
    if let Some(next) = &config.next {
        lives[0].0 = whole.ending(next.active_from);
        let next_parts = parts.next.ok_or_else(|| StartError::NoCertificate { tsu: config.name.clone() })?;
        lives.push((whole.beginning(next.active_from), next_parts));
    }
    let mut unit = CheckedUnit { config: config.clone(), seats: Vec::new(), chains: Vec::new(), access: parts.access };
    for (life, parts) in lives {
        if parts.certificates.is_empty() {
            return Err(StartError::NoCertificate { tsu: config.name.clone() });
        }
        unit.chains.push(parts.certificates.clone());
        if life.phase_at(rules.at.saturating_mul(1_000_000)) != Phase::Retired {
            unit.seats.push(check_seat(config, life, parts, rules)?);
        }
    }
    check_take_over(config, &unit.seats)?;
    Ok(unit)
}

fn check_seat(config: &TsuConfig, life: Life, parts: KeyParts, rules: Rules<'_>) -> Result<CheckedTsu, StartError> {
    let key = parts.key.ok_or_else(|| StartError::NoKey { tsu: config.name.clone() })?;
    let mut certificates = parts.certificates.into_iter();
    let own = certificates.next().ok_or_else(|| StartError::NoCertificate { tsu: config.name.clone() })?;
    let checked = CheckedTsu::new(config, life, Arc::clone(&key), own, certificates.collect())?;
    check_chain(checked.certificate(), checked.chain(), rules.at, rules.engine)?;
    if checked.chain().is_empty() {
        let tsu = config.name.as_str();
        tracing::warn!(tsu, "the certificate file has no issuer: tokens will not carry the chain (TSP-67)");
    }
    // What begins later is still to be usable then.
    let begin = life.begin().filter(|begin| *begin > rules.at).unwrap_or(rules.at);
    let end = check_algorithms(rules.crypto_policy, key.algorithm(), config, begin)?;
    if begin > rules.at {
        let (from, until) = checked.period();
        if begin < from || begin > until {
            let subject = checked.certificate().subject_text();
            return Err(StartError::Begin { subject, begin, from, until });
        }
    }
    Ok(checked.signing_until(end))
}

/// A successor is there before its predecessor's key or certificate ends (TSP-68).
fn check_take_over(config: &TsuConfig, seats: &[CheckedTsu]) -> Result<(), StartError> {
    let (Some(next), [before, _]) = (&config.next, seats) else { return Ok(()) };
    let ends = before.last_second();
    let begins = next.active_from.unix_seconds();
    if ends < begins.saturating_sub(1) {
        return Err(StartError::Gap { tsu: config.name.clone(), ends, begins });
    }
    Ok(())
}

/// Whether the key may sign at `at`, and the digests be stamped (TSP-50); the answer is the first instant at which that ends.
fn check_algorithms(
    policy: &CryptoPolicy,
    key: KeyAlgorithm,
    config: &TsuConfig,
    at: i64,
) -> Result<Option<i64>, Unsuitable> {
    policy.may_sign(key.signature_algorithm(), key, at)?;
    let mut end = policy.signs_until(key.signature_algorithm(), key)?;
    for hash in &config.hashes {
        policy.may_digest(hash.0, at)?;
        end = [end, policy.digests_until(hash.0)?].into_iter().flatten().min();
    }
    Ok(end)
}

/// A key is one TSU's, for ever (TSP-65).
fn check_keys(units: &[CheckedUnit]) -> Result<(), StartError> {
    let mut seen: Vec<(&str, &[u8])> = Vec::new();
    for unit in units {
        for key in unit.certificates().map(Certificate::spki) {
            if let Some((one, _)) = seen.iter().find(|(_, known)| *known == key) {
                return Err(StartError::KeyTwice { one: (*one).to_owned(), other: unit.config.name.clone() });
            }
            seen.push((&unit.config.name, key));
        }
    }
    Ok(())
}

/// A TSU that issues qualified time-stamps shares its subject name with none that does not (TSP-72).
fn check_subjects(units: &[CheckedUnit]) -> Result<(), StartError> {
    let of = |qualified: bool| {
        let kind = units.iter().filter(move |unit| unit.config.qualified == qualified);
        kind.flat_map(|unit| unit.certificates().map(move |certificate| (&unit.config.name, certificate)))
    };
    for (qualified, certificate) in of(true) {
        if let Some((other, _)) = of(false).find(|(_, other)| other.subject() == certificate.subject()) {
            let (qualified, other) = (qualified.clone(), other.clone());
            return Err(StartError::SubjectShared { qualified, other, subject: certificate.subject_text() });
        }
    }
    Ok(())
}

/// Tests every key that signs or will. The answer says of each, in the order of the seats, whether it does.
///
/// # Errors
/// If the log does not take the intent of a device's test.
pub(crate) fn test_keys(units: &[CheckedUnit], tester: &Tester) -> Result<Vec<Tested>, LogError> {
    units.iter().flat_map(|unit| &unit.seats).map(|seat| tester.test(&**seat.key())).collect()
}

impl CheckedUnit {
    /// Those of its keys, the retired ones' too.
    pub(crate) fn certificates(&self) -> impl Iterator<Item = &Certificate> + Clone {
        self.chains.iter().map(|chain| &chain[0])
    }

    /// The unit, once the log has introduced the certificates of its seats: `entries`, in their order. What it has counted, and what is used
    /// of its quota, is carried over from the unit of this name in `old`.
    ///
    /// # Errors
    /// If the operating system gives no thread.
    pub(crate) fn open(
        self,
        entries: &mut impl Iterator<Item = LeafIndex>,
        old: &Units,
        common: &Common<'_>,
    ) -> Result<Unit, StartError> {
        let max_age = common.config.reading_max_age.as_std();
        let keeper = Arc::new(Timekeeper::new(common.base, self.config.accuracy_ms, max_age));
        let mut seats = Vec::with_capacity(self.seats.len());
        for checked in self.seats {
            let entry = entries.next().expect("invariant: each certificate has its entry");
            let tsu = Arc::new(checked.introduced(entry));
            if old
                .seats()
                .any(|seat| seat.tsu().is_doubted() && seat.tsu().key().public_key() == tsu.key().public_key())
            {
                tsu.doubt();
            }
            seats.push(Seat::new(tsu, common.config, common.engine, &keeper, common.serials)?);
        }
        let before = old.find(&self.config.name);
        let quota = self.config.quota.map(|limit| {
            let kept = before.and_then(|unit| unit.quota.clone()).filter(|quota| quota.limit() == limit);
            kept.unwrap_or_else(|| SharedQuota::new(limit))
        });
        Ok(Unit {
            counts: before.map(|unit| unit.counts.clone()).unwrap_or_default(),
            quota,
            name: self.config.name,
            is_default: self.config.default,
            keeper,
            seats,
            chains: self.chains,
            access: self.access,
            standing: AtomicU8::new(0),
        })
    }
}
