//! Steps of a plan, taken on the device one by one.

use std::path::{Path, PathBuf};

use kokuin_settings::Secret;
use serde::Serialize;
use yubihsm::audit::AuditOption;
use yubihsm::{Capability, Client, Domain, asymmetric, authentication, command, object, wrap};
use zeroize::Zeroizing;

use crate::manifest::{
    AuditSetting, AuthenticationKey, Capabilities, Command, Domains, FACTORY_KEY, Label, Manifest, Role, SigningKey,
    WrapKey,
};
use crate::plan::{ObjectKind, ObjectName, Step};
use crate::yubihsm::audit::all_lines;
use crate::yubihsm::manage::inventory::kind_on_device;
use crate::yubihsm::manage::{DeviceSession, ManageError, Station, secrets, shares, spki};

/// Lines of the device's log from which on room is made before a full log stops the device.
const NEARLY_FULL: u8 = 40;

/// The device's code for insufficient permissions.
const NOT_ALLOWED: u8 = 0x09;

/// What a ceremony did, as far as it came.
#[derive(Clone, Debug, Default)]
pub struct Applied {
    /// The steps, in words.
    pub steps: Vec<String>,
    /// Keys that were made.
    pub keys: Vec<MadeKey>,
    /// Files with shares of wrap keys that were made.
    pub shares: Vec<PathBuf>,
    /// Lines of the device's log that it was let forget, hexadecimal, as it had them. They are in [`Self::lines_files`] too.
    pub lines: Vec<String>,
    /// Files that they were kept in before.
    pub lines_files: Vec<PathBuf>,
}

/// A signing key that was made.
#[derive(Clone, Debug, Serialize)]
pub struct MadeKey {
    /// Its number.
    pub id: String,
    /// Its label.
    pub label: String,
    /// SHA-256 of its `SubjectPublicKeyInfo`, hexadecimal.
    pub public_key_sha256: String,
}

/// Where the device's own log stands: its newest line, which the device chained to all before it.
#[derive(Clone, Debug, Serialize)]
pub struct LogMark {
    /// The device's number of the line.
    pub number: u16,
    /// The device's digest, hexadecimal.
    pub digest: String,
}

/// Takes steps.
#[derive(Debug)]
pub struct Applier<'a> {
    station: &'a Station,
    manifest: &'a Manifest,
    session: DeviceSession,
    shares: &'a Path,
    lines: &'a Path,
    applied: Applied,
}

impl<'a> Applier<'a> {
    /// Works in `session`; shares of new wrap keys go into the folder `shares`, lines of the device's log that have to make room into `lines`.
    #[must_use]
    pub fn new(
        station: &'a Station,
        manifest: &'a Manifest,
        session: DeviceSession,
        shares: &'a Path,
        lines: &'a Path,
    ) -> Self {
        Self { station, manifest, session, shares, lines, applied: Applied::default() }
    }

    /// What was done so far.
    #[must_use]
    pub const fn applied(&self) -> &Applied {
        &self.applied
    }

    /// Takes one step. After an error the same plan, made anew, goes on from where the device is.
    ///
    /// # Errors
    /// [`ManageError`]; the step may have been done if the device's answer was lost.
    pub fn take(&mut self, step: &Step) -> Result<(), ManageError> {
        match step {
            Step::AuditCommand(command, setting) => self.audit_command(*command, *setting)?,
            Step::ForceAudit(setting) => self.force_audit(*setting)?,
            Step::AddAuthenticationKey(key) => self.add_authentication_key(key)?,
            Step::AddWrapKey(key) => self.add_wrap_key(key)?,
            Step::MakeSigningKey(key) => self.make_signing_key(key)?,
            Step::Delete(name) => self.delete(*name)?,
            Step::DeleteFactoryKey => self.delete_factory_key()?,
        }
        self.applied.steps.push(step.to_string());
        Ok(())
    }

    /// Hands the session back, for the log's mark and attestations.
    #[must_use]
    pub fn into_parts(self) -> (DeviceSession, Applied) {
        (self.session, self.applied)
    }

    fn audit_command(&mut self, command: Command, setting: AuditSetting) -> Result<(), ManageError> {
        let option = option(setting);
        let absurd = |_| ManageError::Absurd(format!("{command}"));
        let code = command::Code::from_u8(command.code()).map_err(absurd)?;
        self.session.call("set command-audit", move |client| client.set_command_audit_option(code, option))
    }

    /// A log that is nearly full would stop the device at once.
    fn force_audit(&mut self, setting: AuditSetting) -> Result<(), ManageError> {
        let option = option(setting);
        let used = self.session.call("ask what device it is", Client::device_info)?.log_store_used;
        if setting != AuditSetting::Off && used >= NEARLY_FULL {
            self.make_room()?;
        }
        self.session.call("set force-audit", move |client| client.set_force_audit_option(option))
    }

    /// Lines are kept before the device forgets them: nobody else may have read them yet (THR-56).
    fn make_room(&mut self) -> Result<(), ManageError> {
        let (lines, told) = match self.session.call("read the log", all_lines) {
            Err(error) if error.is_refused_with(NOT_ALLOWED) => return Ok(()),
            read => read?,
        };
        if usize::from(told) != lines.len() {
            return Err(ManageError::Absurd(format!("a log of {told} lines, of which {} can be read", lines.len())));
        }
        let Some(last) = lines.last().map(|line| line.number) else { return Ok(()) };
        let digits: Vec<String> = lines.iter().map(|line| hex::encode(line.to_bytes())).collect();
        let mark = lines.last().map(|line| hex::encode(line.digest)).unwrap_or_default();
        let path = self.lines.join(format!("device-log-{last:05}-{mark}.lines"));
        let text = digits.join("\n");
        // An attempt before this one may have kept the same lines.
        if std::fs::read(&path).ok().is_none_or(|kept| kept.trim_ascii_end() != text.as_bytes()) {
            secrets::write_private(&path, text.as_bytes())?;
        }
        self.session.call("make room in the log", move |client| client.set_log_index(last))?;
        self.applied.lines.extend(digits);
        self.applied.lines_files.push(path);
        Ok(())
    }

    /// The file comes first: a key that is on the device and in no file would be lost.
    fn add_authentication_key(&mut self, key: &AuthenticationKey) -> Result<(), ManageError> {
        let secret = secrets::read_or_make(&key.key_file)?;
        secrets::same_secret(self.manifest.authentication_keys.iter().map(|key| key.key_file.as_path()))?;
        let header = Header::new(key.id.as_u16(), &key.label, key.domains, key.capabilities);
        let delegated = capability(key.delegated);
        self.session.call("add an authentication key", move |client| {
            let Header { id, label, domains, capabilities } = header;
            let algorithm = authentication::Algorithm::YubicoAes;
            let key = authentication::Key::new(*secret);
            client.put_authentication_key(id, label, domains, capabilities, delegated, algorithm, key)
        })?;
        Ok(())
    }

    /// The shares come first, for the same reason.
    fn add_wrap_key(&mut self, key: &WrapKey) -> Result<(), ManageError> {
        let secret = secrets::random()?;
        for share in shares::split(key.id, key.label.as_str(), key.custodians, &secret) {
            let path = self.shares.join(format!("wrap-key-{}-share-{}.toml", key.id, share.number));
            let text = Zeroizing::new(toml::to_string(&share).map_err(|error| ManageError::Absurd(error.to_string()))?);
            secrets::write_private(&path, text.trim_end().as_bytes())?;
            self.applied.shares.push(path);
        }
        self.session.put_wrap_key(key, &secret)
    }

    fn make_signing_key(&mut self, key: &SigningKey) -> Result<(), ManageError> {
        let header = Header::new(key.id.as_u16(), &key.label, key.domains, key.capabilities);
        let absurd = |_| ManageError::Absurd(format!("algorithm {}", key.algorithm));
        let algorithm = asymmetric::Algorithm::from_u8(key.algorithm.code()).map_err(absurd)?;
        self.session.call_slowly("make a signing key", move |client| {
            let Header { id, label, domains, capabilities } = header;
            client.generate_asymmetric_key(id, label, domains, capabilities, algorithm)
        })?;
        let (spki, _) = self.session.public_key(key.id)?.ok_or(ManageError::PublicKeyForm(key.id))?;
        let public_key_sha256 = spki::fingerprint(&spki);
        self.applied.keys.push(MadeKey { id: key.id.to_string(), label: key.label.to_string(), public_key_sha256 });
        Ok(())
    }

    fn delete(&mut self, name: ObjectName) -> Result<(), ManageError> {
        if name == (ObjectName { kind: ObjectKind::AuthenticationKey, id: self.session.login() }) {
            return Err(ManageError::OwnLogin(name.id));
        }
        let (number, kind) = (name.id.as_u16(), kind_on_device(name.kind));
        self.session.call("delete an object", move |client| client.delete_object(number, kind))
    }

    /// By an administrator of the manifest, so that there is one; all the others have logged in before.
    fn delete_factory_key(&mut self) -> Result<(), ManageError> {
        let mut administrator = None;
        for key in self.manifest.with_role(Role::Admin) {
            let secret = Secret::new(hex::encode(secrets::read(&key.key_file)?.as_slice()).into_bytes());
            let session = self.station.open(key.id, &secret)?;
            administrator.get_or_insert(session);
        }
        // A manifest has an administrator: it is checked when it is read.
        let Some(mut administrator) = administrator else { return Ok(()) };
        administrator.call("delete the factory key", |client| {
            client.delete_object(FACTORY_KEY.as_u16(), object::Type::AuthenticationKey)
        })?;
        self.session = administrator;
        match self.station.open_factory()? {
            None => Ok(()),
            Some(_) => Err(ManageError::FactoryKeyStays),
        }
    }
}

impl DeviceSession {
    /// Where the device's log stands; `None` if the login may not read it, or it is empty.
    ///
    /// # Errors
    /// [`ManageError`] if the device cannot be asked, or the library does not understand a line: it stops reading there.
    pub fn log_mark(&mut self) -> Result<Option<LogMark>, ManageError> {
        let log = match self.call("read the log", Client::get_log_entries) {
            Err(error) if error.is_refused_with(NOT_ALLOWED) => return Ok(None),
            log => log?,
        };
        let (told, read) = (usize::from(log.num_entries), log.entries.len());
        if told != read {
            return Err(ManageError::Absurd(format!("a log of {told} lines, of which {read} can be read")));
        }
        Ok(log.entries.last().map(|line| LogMark { number: line.item, digest: hex::encode(line.digest.0) }))
    }

    /// Puts a wrap key in.
    ///
    /// # Errors
    /// [`ManageError`] if the device does not take it.
    pub fn put_wrap_key(&mut self, key: &WrapKey, secret: &[u8; secrets::SIZE]) -> Result<(), ManageError> {
        let header = Header::new(key.id.as_u16(), &key.label, key.domains, key.capabilities);
        let (delegated, secret) = (capability(key.delegated), Zeroizing::new(*secret));
        self.call("add a wrap key", move |client| {
            let Header { id, label, domains, capabilities } = header;
            let algorithm = wrap::Algorithm::Aes256Ccm;
            client.put_wrap_key(id, label, domains, capabilities, delegated, algorithm, secret.to_vec())
        })?;
        Ok(())
    }
}

/// What every new object has.
struct Header {
    id: u16,
    label: object::Label,
    domains: Domain,
    capabilities: Capability,
}

impl Header {
    fn new(id: u16, label: &Label, domains: Domains, capabilities: Capabilities) -> Self {
        let mut octets = [0; object::LABEL_SIZE];
        for (to, from) in octets.iter_mut().zip(label.as_str().bytes()) {
            *to = from;
        }
        Self {
            id,
            label: object::Label(octets),
            domains: Domain::from_bits_retain(domains.bits()),
            capabilities: capability(capabilities),
        }
    }
}

const fn capability(capabilities: Capabilities) -> Capability {
    Capability::from_bits_retain(capabilities.bits())
}

const fn option(setting: AuditSetting) -> AuditOption {
    match setting {
        AuditSetting::Off => AuditOption::Off,
        AuditSetting::On => AuditOption::On,
        AuditSetting::Fixed => AuditOption::Fix,
    }
}
