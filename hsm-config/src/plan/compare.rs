//! The comparison of a device with its manifest.

use std::collections::BTreeSet;

use crate::manifest::{
    AuditSetting, AuthenticationKey, Capabilities, Domains, FACTORY_KEY, Manifest, ObjectId, Role, SigningKey, WrapKey,
};
use crate::plan::{Difference, Factory, Finding, Inventory, Object, ObjectKind, ObjectName, Plan, Touches};

/// Brought in from outside, whatever came after.
const BROUGHT_IN: u8 = 0x02;

/// Everything that differs. An empty plan: the device is as declared, as far as the login could see.
#[must_use]
pub fn compare(manifest: &Manifest, inventory: &Inventory) -> Plan {
    let mut comparison = Comparison { manifest, inventory, findings: Vec::new() };
    comparison.device();
    for key in &manifest.authentication_keys {
        comparison.authentication_key(key);
    }
    for key in &manifest.wrap_keys {
        comparison.wrap_key(key);
    }
    for key in &manifest.signing_keys {
        comparison.signing_key(key);
    }
    comparison.undeclared();
    comparison.audit();
    Plan { manifest: manifest.clone(), findings: comparison.findings }
}

struct Comparison<'a> {
    manifest: &'a Manifest,
    inventory: &'a Inventory,
    findings: Vec<Finding>,
}

impl Comparison<'_> {
    fn find(&mut self, touches: Touches, difference: Difference) {
        self.findings.push(Finding { difference, touches });
    }

    fn device(&mut self) {
        let (device, found) = (&self.manifest.device, self.inventory);
        if device.serial != found.serial {
            let difference = Difference::Serial { declared: device.serial, found: found.serial };
            self.find(Touches::EveryKey, difference);
        }
        if !device.firmware.takes(found.firmware) {
            let difference = Difference::Firmware { accepted: device.firmware, found: found.firmware };
            self.find(Touches::EveryKey, difference);
        }
        if usize::from(found.stored) != found.objects.len() {
            let difference = Difference::Hidden { stored: found.stored, shown: found.objects.len() };
            self.find(Touches::EveryKey, difference);
        }
        if found.factory == Factory::Open {
            self.find(Touches::EveryKey, Difference::FactoryPassword);
        }
    }

    /// The declared signing keys that `domains` reach.
    fn reached(&self, domains: Domains) -> Touches {
        let keys: Vec<ObjectId> =
            self.manifest.signing_keys.iter().filter(|key| key.domains.meet(domains)).map(|key| key.id).collect();
        if keys.is_empty() { Touches::Nothing } else { Touches::Keys(keys) }
    }

    fn missing(&mut self, name: ObjectName, label: &str, touches: Touches) {
        self.find(touches, Difference::Missing { name, label: label.to_owned() });
    }

    /// What every object has.
    fn attributes(&mut self, found: &Object, declared: &Declared<'_>, touches: &Touches) {
        let name = found.name;
        if found.label != declared.label {
            let (declared, found) = (declared.label.to_owned(), found.label.clone());
            self.find(touches.clone(), Difference::Label { name, declared, found });
        }
        if found.domains != declared.domains {
            let (declared, found) = (declared.domains, found.domains);
            self.find(touches.clone(), Difference::Domains { name, declared, found });
        }
        let differs = |declared: Capabilities, found: Capabilities| {
            (declared != found).then(|| (found.without(declared), declared.without(found)))
        };
        if let Some((excess, missing)) = differs(declared.capabilities, found.capabilities) {
            self.find(touches.clone(), Difference::Capabilities { name, excess, missing });
        }
        if let Some((excess, missing)) = differs(declared.delegated, found.delegated) {
            self.find(touches.clone(), Difference::Delegated { name, excess, missing });
        }
    }

    fn authentication_key(&mut self, key: &AuthenticationKey) {
        let name = ObjectName { kind: ObjectKind::AuthenticationKey, id: key.id };
        let Some(found) = self.inventory.object(name.kind, key.id) else {
            // Without its login a service signs nothing; without an administrator's it goes on.
            let touches = if key.role == Role::Admin { Touches::Nothing } else { self.reached(key.domains) };
            return self.missing(name, key.label.as_str(), touches);
        };
        let declared = Declared {
            label: key.label.as_str(),
            domains: key.domains,
            capabilities: key.capabilities,
            delegated: key.delegated,
        };
        // Whoever has more rights than declared may sign with, or replace, whatever is in reach.
        let touches = self.reached(key.domains.and(found.domains));
        self.attributes(found, &declared, &touches);
    }

    fn wrap_key(&mut self, key: &WrapKey) {
        let name = ObjectName { kind: ObjectKind::WrapKey, id: key.id };
        let Some(found) = self.inventory.object(name.kind, key.id) else {
            return self.missing(name, key.label.as_str(), Touches::Nothing);
        };
        let declared = Declared {
            label: key.label.as_str(),
            domains: key.domains,
            capabilities: key.capabilities,
            delegated: key.delegated,
        };
        let touches = self.reached(key.domains.and(found.domains));
        self.attributes(found, &declared, &touches);
    }

    fn signing_key(&mut self, key: &SigningKey) {
        let name = ObjectName { kind: ObjectKind::SigningKey, id: key.id };
        let touches = Touches::Keys(vec![key.id]);
        let Some(found) = self.inventory.object(name.kind, key.id) else {
            return self.missing(name, key.label.as_str(), touches);
        };
        let declared = Declared {
            label: key.label.as_str(),
            domains: key.domains,
            capabilities: key.capabilities,
            delegated: Capabilities::NONE,
        };
        self.attributes(found, &declared, &touches);
        if found.algorithm != key.algorithm.code() {
            let (declared, code) = (key.algorithm, key.algorithm.code());
            let difference = Difference::Algorithm { name, declared, code, found: found.algorithm };
            self.find(touches.clone(), difference);
        }
        if found.origin & BROUGHT_IN != 0 {
            self.find(touches.clone(), Difference::Imported { name, origin: found.origin });
        }
        if let (Some(declared), Some(found)) = (&key.public_key_sha256, &found.public_key_sha256)
            && declared != found
        {
            let (declared, found) = (declared.clone(), found.clone());
            self.find(touches, Difference::PublicKey { name, declared, found });
        }
    }

    /// What nobody declared. The factory key has a difference of its own while it opens; once it does not, it is an object like any other.
    fn undeclared(&mut self) {
        let named = |kind, id| ObjectName { kind, id };
        let logins = self.manifest.authentication_keys.iter().map(|key| named(ObjectKind::AuthenticationKey, key.id));
        let wraps = self.manifest.wrap_keys.iter().map(|key| named(ObjectKind::WrapKey, key.id));
        let signing = self.manifest.signing_keys.iter().map(|key| named(ObjectKind::SigningKey, key.id));
        let mut known: BTreeSet<ObjectName> = logins.chain(wraps).chain(signing).collect();
        if self.inventory.factory == Factory::Open {
            known.insert(named(ObjectKind::AuthenticationKey, FACTORY_KEY));
        }
        for object in self.inventory.objects.iter().filter(|object| !known.contains(&object.name)) {
            let touches = match object.name.kind {
                // A login or wrap key that nobody knows of reaches keys; another key, or data, does not.
                ObjectKind::AuthenticationKey | ObjectKind::WrapKey => self.reached(object.domains),
                ObjectKind::Opaque
                | ObjectKind::SigningKey
                | ObjectKind::HmacKey
                | ObjectKind::Template
                | ObjectKind::OtpKey => Touches::Nothing,
            };
            let (name, label) = (object.name, object.label.clone());
            self.find(touches, Difference::Undeclared { name, label, capabilities: object.capabilities });
        }
    }

    fn audit(&mut self) {
        let Some(forced) = self.inventory.force_audit else {
            return self.find(Touches::EveryKey, Difference::OptionsUnread);
        };
        if let Some(declared) = self.manifest.audit.force
            && declared != forced
        {
            self.find(Touches::EveryKey, Difference::ForceAudit { declared, found: forced });
        }
        for (command, declared) in &self.manifest.audit.commands {
            let (command, declared) = (*command, *declared);
            let mut signing = self.manifest.signing_keys.iter().filter(|key| key.algorithm.sign_command() == command);
            let is_worse = |found| declared != AuditSetting::Off && found == AuditSetting::Off;
            let signs = signing.next().is_some();
            match self.inventory.command_audit.get(&command) {
                Some(found) if *found == declared => {}
                Some(found) => {
                    let touches = if signs && is_worse(*found) { Touches::EveryKey } else { Touches::Nothing };
                    self.find(touches, Difference::CommandAudit { command, declared, found: *found });
                }
                None => {
                    let touches = if signs { Touches::EveryKey } else { Touches::Nothing };
                    self.find(touches, Difference::CommandAuditUnknown { command, declared });
                }
            }
        }
    }
}

/// What a manifest says of any object.
struct Declared<'a> {
    label: &'a str,
    domains: Domains,
    capabilities: Capabilities,
    delegated: Capabilities,
}
