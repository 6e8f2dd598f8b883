//! The rules that entries keep together; each value's own rules are with its type.

use std::collections::BTreeSet;
use std::path::Path;

use crate::manifest::{
    AuditSetting, AuthenticationKey, Capabilities, Command, Domains, FACTORY_KEY, KeyUse, Label, Manifest, ObjectId,
    Role, Rule, SigningKey, WrapKey,
};

/// Entries of one kind: a device holds 256 objects in all.
const MOST: usize = 64;
/// People a wrap key is split among.
const MOST_SHARES: u8 = 16;
/// Of an audit key.
const READS: Capabilities =
    Capabilities::GET_LOG_ENTRIES.and(Capabilities::GET_OPTION).and(Capabilities::ATTEST).and(Capabilities::GET_OPAQUE);
/// Of a wrap key.
const WRAPS: Capabilities = Capabilities::EXPORT_WRAPPED.and(Capabilities::IMPORT_WRAPPED);

/// The first rule that is broken, and where.
pub(super) fn first_broken(manifest: &Manifest) -> Option<(String, Rule)> {
    all(manifest).err()
}

type Checked = Result<(), (String, Rule)>;

fn all(manifest: &Manifest) -> Checked {
    let Manifest { device, audit: _, authentication_keys, wrap_keys, signing_keys } = manifest;
    if device.firmware.from >= device.firmware.below {
        return Err(("[device]".to_owned(), Rule::NoFirmware(device.firmware)));
    }
    names("authentication_key", authentication_keys.iter().map(|key| (key.id, &key.label)))?;
    names("wrap_key", wrap_keys.iter().map(|key| (key.id, &key.label)))?;
    names("signing_key", signing_keys.iter().map(|key| (key.id, &key.label)))?;
    people(manifest)?;
    for key in authentication_keys {
        login(key, signing_keys).map_err(|rule| (format!("[[authentication_key]] {}", key.id), rule))?;
    }
    for key in wrap_keys {
        wrap(key).map_err(|rule| (format!("[[wrap_key]] {}", key.id), rule))?;
    }
    for key in signing_keys {
        signs(key, manifest).map_err(|rule| (format!("[[signing_key]] {}", key.id), rule))?;
    }
    audit(manifest).map_err(|rule| ("[audit]".to_owned(), rule))
}

/// No number and no label twice, and not more than a device could hold.
fn names<'a>(table: &str, objects: impl Iterator<Item = (ObjectId, &'a Label)>) -> Checked {
    let (mut ids, mut labels, mut found) = (BTreeSet::new(), BTreeSet::new(), 0);
    for (id, label) in objects {
        let entry = || format!("[[{table}]] {id}");
        if !ids.insert(id) {
            return Err((entry(), Rule::SameId(id)));
        }
        if !labels.insert(label) {
            return Err((entry(), Rule::SameLabel(label.clone())));
        }
        found += 1;
    }
    if found > MOST { Err((format!("[[{table}]]"), Rule::TooMany { found, limit: MOST })) } else { Ok(()) }
}

fn people(manifest: &Manifest) -> Checked {
    let broken = |rule| Err(("[[authentication_key]]".to_owned(), rule));
    match manifest.with_role(Role::Admin).count() {
        0 => return broken(Rule::NoAdmin),
        1 if manifest.device.dual_control => return broken(Rule::OneAdmin),
        _ => {}
    }
    if manifest.with_role(Role::Audit).next().is_none() {
        return broken(Rule::NoAudit);
    }
    let mut files: BTreeSet<&Path> = BTreeSet::new();
    for key in &manifest.authentication_keys {
        if !files.insert(&key.key_file) {
            return Err((format!("[[authentication_key]] {}", key.id), Rule::SameKeyFile));
        }
    }
    Ok(())
}

fn login(key: &AuthenticationKey, signing_keys: &[SigningKey]) -> Result<(), Rule> {
    if key.id == FACTORY_KEY {
        return Err(Rule::FactoryKey(key.id));
    }
    if key.role != Role::Admin && !key.delegated.is_empty() {
        return Err(Rule::Delegates(key.role.name()));
    }
    match key.role {
        Role::Service => {
            let excess = key.capabilities.without(Capabilities::SIGN);
            if !excess.is_empty() {
                return Err(Rule::ServiceMayMore(excess));
            }
            if key.capabilities.is_empty() {
                return Err(Rule::ServiceCannotSign);
            }
            one_purpose(key.domains, signing_keys)
        }
        Role::Audit => {
            let excess = key.capabilities.without(READS);
            if !excess.is_empty() {
                return Err(Rule::AuditMayMore(excess));
            }
            if !key.capabilities.cover(Capabilities::GET_LOG_ENTRIES) {
                return Err(Rule::AuditCannotRead);
            }
            Ok(())
        }
        Role::Admin if key.capabilities.meet(Capabilities::SIGN_ANYTHING) => Err(Rule::AdminSigns(key.capabilities)),
        Role::Admin => Ok(()),
    }
}

/// What a login reaches is for one thing; the key that proves the device's identity aside, which each needs.
fn one_purpose(domains: Domains, signing_keys: &[SigningKey]) -> Result<(), Rule> {
    let mut reached = signing_keys.iter().filter(|key| key.domains.meet(domains));
    let mut uses = reached.by_ref().map(|key| key.purpose).filter(|purpose| *purpose != KeyUse::Identity);
    let Some(first) = uses.next() else { return Err(Rule::EmptyDomains(domains)) };
    match uses.find(|purpose| *purpose != first) {
        Some(other) => Err(Rule::TwoPurposes(first.name(), other.name())),
        None => Ok(()),
    }
}

fn wrap(key: &WrapKey) -> Result<(), Rule> {
    if key.capabilities.is_empty() || !WRAPS.cover(key.capabilities) {
        return Err(Rule::WrapCapabilities);
    }
    let (shares, threshold) = (key.custodians.shares, key.custodians.threshold);
    if threshold < 2 || threshold > shares || shares > MOST_SHARES {
        return Err(Rule::Custodians { shares, threshold });
    }
    Ok(())
}

fn signs(key: &SigningKey, manifest: &Manifest) -> Result<(), Rule> {
    let (kind, needed) = (key.algorithm, key.algorithm.signs_with());
    if !key.capabilities.cover(needed) {
        return Err(Rule::KeyCannotSign { kind, needed });
    }
    let excess = key.capabilities.without(needed.and(Capabilities::EXPORTABLE));
    if !excess.is_empty() {
        return Err(Rule::KeyMayMore { kind, excess });
    }
    if key.purpose == KeyUse::Log && needed != Capabilities::SIGN_EDDSA {
        return Err(Rule::LogKey(kind));
    }
    if key.public_key_sha256.as_ref().is_some_and(|hex| hex.len() != 64 || !hex.bytes().all(is_lower_hex)) {
        return Err(Rule::PublicKey);
    }
    let mut services = manifest.with_role(Role::Service);
    if !services.any(|login| login.domains.meet(key.domains) && login.capabilities.cover(needed)) {
        return Err(Rule::Unreached(needed));
    }
    let wraps = |wrap: &WrapKey| wrap.domains.meet(key.domains) && wrap.delegated.cover(key.capabilities);
    if key.capabilities.cover(Capabilities::EXPORTABLE) && !manifest.wrap_keys.iter().any(wraps) {
        return Err(Rule::NoWrapKey);
    }
    Ok(())
}

const fn is_lower_hex(digit: u8) -> bool {
    matches!(digit, b'0'..=b'9' | b'a'..=b'f')
}

/// A signature leaves a line, and reading the log leaves none.
fn audit(manifest: &Manifest) -> Result<(), Rule> {
    for key in &manifest.signing_keys {
        let command = key.algorithm.sign_command();
        let setting = manifest.audit.commands.get(&command).copied().unwrap_or(AuditSetting::Off);
        if setting == AuditSetting::Off {
            return Err(Rule::SignaturesUnlogged { command, setting });
        }
    }
    let is_forced = manifest.audit.force.is_some_and(|force| force != AuditSetting::Off);
    for command in [Command::SESSION_MESSAGE, Command::GET_LOG_ENTRIES] {
        let is_on = manifest.audit.commands.get(&command).is_some_and(|setting| *setting != AuditSetting::Off);
        if is_forced && is_on {
            return Err(Rule::LogOfLogging(command));
        }
    }
    Ok(())
}
