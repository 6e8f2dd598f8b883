//! What a login can see of a device.

use kokuin_suite::KeyAlgorithm;
use yubihsm::audit::{AuditCommand, AuditOption};
use yubihsm::object::{Entry, Filter, Info, Type};
use yubihsm::{Client, client};

use crate::manifest::{AuditSetting, Capabilities, Command, Domains, FACTORY_KEY, Firmware, ObjectId};
use crate::plan::{Factory, Inventory, Object, ObjectKind, ObjectName};
use crate::yubihsm::manage::{DeviceSession, ManageError, Station, spki};

/// The device's code for a missing right.
const INSUFFICIENT_PERMISSIONS: u8 = 0x09;

impl DeviceSession {
    /// Everything that the login can see, and whether the factory's password still opens the device, which is tried once where its key is there.
    ///
    /// # Errors
    /// [`ManageError`] if the device cannot be asked, or the library does not understand an object.
    pub fn inventory(&mut self, station: &Station) -> Result<Inventory, ManageError> {
        let info = self.call("ask what device it is", Client::device_info)?;
        let serial = info.serial_number.to_string();
        let storage = self.call("ask how full the device is", Client::get_storage_info)?;
        let stored = storage.total_records.saturating_sub(storage.free_records);
        let mut objects = Vec::new();
        for entry in self.entries(stored)? {
            objects.push(self.object(&entry)?);
        }
        objects.sort_by_key(|object| object.name);
        let factory_key = ObjectName { kind: ObjectKind::AuthenticationKey, id: FACTORY_KEY };
        let factory = match objects.iter().any(|object| object.name == factory_key) {
            false => Factory::Gone,
            true if station.open_factory()?.is_some() => Factory::Open,
            true => Factory::Changed,
        };
        let force_audit = self.option("read force-audit", Client::get_force_audit_option)?.map(setting);
        let commands = self.option("read command-audit", Client::get_commands_audit_options)?.unwrap_or_default();
        Ok(Inventory {
            serial: serial.parse().map_err(|_| ManageError::Absurd(format!("serial number {serial:?}")))?,
            firmware: Firmware(info.major_version, info.minor_version, info.build_version),
            algorithms: info.algorithms.iter().map(|algorithm| algorithm.to_u8()).collect(),
            objects,
            stored,
            force_audit,
            command_audit: commands.iter().map(audited).collect(),
            factory,
        })
    }

    /// The objects. The library stops reading the list at the first type that it does not know; then each type that it knows is asked for.
    fn entries(&mut self, stored: u16) -> Result<Vec<Entry>, ManageError> {
        let all = self.call("list objects", |client| client.list_objects(&[]))?;
        if all.len() >= usize::from(stored) {
            return Ok(all);
        }
        let mut entries = Vec::new();
        for kind in ObjectKind::ALL {
            let kind = kind_on_device(kind);
            entries.extend(self.call("list objects", move |client| client.list_objects(&[Filter::Type(kind)]))?);
        }
        Ok(entries)
    }

    fn object(&mut self, entry: &Entry) -> Result<Object, ManageError> {
        let (number, kind) = (entry.object_id, entry.object_type);
        let absurd = || ManageError::Absurd(format!("an object with number {number:#06x}"));
        let name = ObjectName { kind: kind_of(kind), id: ObjectId::new(number.into()).ok_or_else(absurd)? };
        let told = self.call("ask about an object", move |client| client.get_object_info(number, kind));
        let info = told.map_err(|error| match error {
            ManageError::Call { error, .. } => ManageError::Unreadable { name, error },
            other => other,
        })?;
        let public_key_sha256 = match name.kind {
            ObjectKind::SigningKey => self.public_key(name.id)?.map(|(spki, _)| spki::fingerprint(&spki)),
            _ => None,
        };
        Ok(object(name, &info, public_key_sha256))
    }

    /// The public key of a signing key, `SubjectPublicKeyInfo`, and its kind; `None` if it is of a kind that signs nothing here.
    ///
    /// # Errors
    /// [`ManageError`] if there is none, or it is not well formed.
    pub fn public_key(&mut self, id: ObjectId) -> Result<Option<(Vec<u8>, KeyAlgorithm)>, ManageError> {
        let number = id.as_u16();
        let key = self.call("read a public key", move |client| client.get_public_key(number))?;
        let Some(spki) = spki::encode(&key) else { return Ok(None) };
        match KeyAlgorithm::from_spki(&spki) {
            Ok(algorithm) => Ok(Some((spki, algorithm))),
            Err(reason) => Err(ManageError::PublicKey { id, reason }),
        }
    }

    /// An option; `None` if the login may not read it.
    fn option<T: Send + 'static>(
        &mut self,
        what: &'static str,
        command: impl FnOnce(&Client) -> Result<T, client::Error> + Send + 'static,
    ) -> Result<Option<T>, ManageError> {
        match self.call(what, command) {
            Ok(value) => Ok(Some(value)),
            Err(error) if error.is_refused_with(INSUFFICIENT_PERMISSIONS) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn object(name: ObjectName, info: &Info, public_key_sha256: Option<String>) -> Object {
    let end = info.label.0.iter().position(|octet| *octet == 0).unwrap_or(info.label.0.len());
    Object {
        name,
        label: String::from_utf8_lossy(&info.label.0[..end]).into_owned(),
        domains: Domains::from_bits(info.domains.bits()),
        capabilities: Capabilities::from_bits(info.capabilities.bits()),
        // Other objects have an octet string there that means nothing.
        delegated: match name.kind {
            ObjectKind::AuthenticationKey | ObjectKind::WrapKey => {
                Capabilities::from_bits(info.delegated_capabilities.bits())
            }
            _ => Capabilities::NONE,
        },
        algorithm: info.algorithm.to_u8(),
        sequence: info.sequence,
        origin: info.origin.to_u8(),
        public_key_sha256,
    }
}

const fn setting(option: AuditOption) -> AuditSetting {
    match option {
        AuditOption::Off => AuditSetting::Off,
        AuditOption::On => AuditSetting::On,
        AuditOption::Fix => AuditSetting::Fixed,
    }
}

fn audited(option: &AuditCommand) -> (Command, AuditSetting) {
    (Command::from_code(option.command_type().to_u8()), setting(option.audit_option()))
}

const fn kind_of(kind: Type) -> ObjectKind {
    match kind {
        Type::Opaque => ObjectKind::Opaque,
        Type::AuthenticationKey => ObjectKind::AuthenticationKey,
        Type::AsymmetricKey => ObjectKind::SigningKey,
        Type::WrapKey => ObjectKind::WrapKey,
        Type::HmacKey => ObjectKind::HmacKey,
        Type::Template => ObjectKind::Template,
        Type::OtpAeadKey => ObjectKind::OtpKey,
    }
}

/// The library's word for a type.
pub(super) const fn kind_on_device(kind: ObjectKind) -> Type {
    match kind {
        ObjectKind::Opaque => Type::Opaque,
        ObjectKind::AuthenticationKey => Type::AuthenticationKey,
        ObjectKind::SigningKey => Type::AsymmetricKey,
        ObjectKind::WrapKey => Type::WrapKey,
        ObjectKind::HmacKey => Type::HmacKey,
        ObjectKind::Template => Type::Template,
        ObjectKind::OtpKey => Type::OtpAeadKey,
    }
}
