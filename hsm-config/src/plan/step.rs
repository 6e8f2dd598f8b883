//! Steps that make a device what its manifest says, in the order in which they are taken.

use std::collections::BTreeSet;
use std::fmt;

use crate::manifest::{AuditSetting, AuthenticationKey, Command, FACTORY_KEY, Manifest, SigningKey, WrapKey};
use crate::plan::{Difference, Finding, ObjectKind, ObjectName};

/// All differences of a device.
#[derive(Clone, Debug)]
pub struct Plan {
    pub(super) manifest: Manifest,
    pub(super) findings: Vec<Finding>,
}

/// One change of a device.
#[derive(Clone, Debug)]
pub enum Step {
    /// Set command-audit of one command.
    AuditCommand(Command, AuditSetting),
    /// Delete an object, which the operator named.
    Delete(ObjectName),
    /// Add an authentication key of random octets.
    AddAuthenticationKey(AuthenticationKey),
    /// Add a wrap key of random octets, and split it.
    AddWrapKey(WrapKey),
    /// Make a signing key.
    MakeSigningKey(SigningKey),
    /// Set force-audit.
    ForceAudit(AuditSetting),
    /// Delete authentication key 1, whose password everybody knows. Always the last: until then it is the way back.
    DeleteFactoryKey,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AuditCommand(command, setting) => write!(f, "set audit of {command} to {setting}"),
            Self::Delete(name) => write!(f, "delete {name}"),
            Self::AddAuthenticationKey(key) => {
                write!(
                    f,
                    "add authentication-key:{} {:?} ({}), random octets",
                    key.id,
                    key.label.as_str(),
                    key.role.name()
                )
            }
            Self::AddWrapKey(key) => {
                let of = key.custodians;
                write!(
                    f,
                    "add wrap-key:{} {:?}, in {} shares of which {} are needed",
                    key.id,
                    key.label.as_str(),
                    of.shares,
                    of.threshold
                )
            }
            Self::MakeSigningKey(key) => {
                write!(
                    f,
                    "make signing-key:{} {:?} ({}, {})",
                    key.id,
                    key.label.as_str(),
                    key.algorithm,
                    key.purpose.name()
                )
            }
            Self::ForceAudit(setting) => write!(f, "set force-audit to {setting}"),
            Self::DeleteFactoryKey => f.write_str("delete the factory's authentication key 0x0001"),
        }
    }
}

/// An object that was named for deletion and is none of the differences.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0} is not deleted: the plan has no difference that this would end")]
pub struct NotDeleted(pub ObjectName);

impl Plan {
    /// Whether nothing differs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.findings.is_empty()
    }

    /// What differs.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// What no step can end: another device, an option that is fixed, objects that nobody may see.
    pub fn unsolvable(&self) -> impl Iterator<Item = &Difference> {
        self.findings.iter().map(|finding| &finding.difference).filter(|difference| match difference {
            Difference::Serial { .. }
            | Difference::Firmware { .. }
            | Difference::Hidden { .. }
            | Difference::OptionsUnread
            | Difference::CommandAuditUnknown { .. } => true,
            Difference::ForceAudit { found, .. } | Difference::CommandAudit { found, .. } => {
                *found == AuditSetting::Fixed
            }
            Difference::FactoryPassword
            | Difference::Missing { .. }
            | Difference::Undeclared { .. }
            | Difference::Label { .. }
            | Difference::Domains { .. }
            | Difference::Capabilities { .. }
            | Difference::Delegated { .. }
            | Difference::Algorithm { .. }
            | Difference::Imported { .. }
            | Difference::PublicKey { .. } => false,
        })
    }

    /// Objects that stand in the way: each goes only where an operator names it.
    #[must_use]
    pub fn obstacles(&self) -> BTreeSet<ObjectName> {
        self.findings.iter().filter_map(|finding| finding.difference.obstacle()).collect()
    }

    /// The steps, in their order. Nothing is deleted but what `delete` names, and the factory key.
    ///
    /// # Errors
    /// If `delete` names what no difference is about: a key that is as declared is not deleted by mistake.
    pub fn steps(&self, delete: &[ObjectName]) -> Result<Vec<Step>, NotDeleted> {
        let obstacles = self.obstacles();
        if let Some(kept) = delete.iter().find(|name| !obstacles.contains(name)) {
            return Err(NotDeleted(*kept));
        }
        let delete: BTreeSet<ObjectName> = delete.iter().copied().collect();
        let mut steps = Vec::new();
        for Finding { difference, .. } in &self.findings {
            match difference {
                Difference::CommandAudit { command, declared, found } if *found != AuditSetting::Fixed => {
                    steps.push(Step::AuditCommand(*command, *declared));
                }
                Difference::ForceAudit { declared, found } if *found != AuditSetting::Fixed => {
                    steps.push(Step::ForceAudit(*declared));
                }
                Difference::Missing { name, .. } => steps.extend(self.making(*name)),
                Difference::FactoryPassword => steps.push(Step::DeleteFactoryKey),
                _ => {}
            }
        }
        for name in delete {
            steps.push(Step::Delete(name));
            steps.extend(self.making(name));
        }
        steps.sort_by_key(rank);
        Ok(steps)
    }

    /// The step that makes a declared object.
    fn making(&self, name: ObjectName) -> Option<Step> {
        let manifest = &self.manifest;
        match name.kind {
            ObjectKind::AuthenticationKey => {
                let mut keys = manifest.authentication_keys.iter();
                keys.find(|key| key.id == name.id).cloned().map(Step::AddAuthenticationKey)
            }
            ObjectKind::WrapKey => {
                manifest.wrap_keys.iter().find(|key| key.id == name.id).cloned().map(Step::AddWrapKey)
            }
            ObjectKind::SigningKey => {
                manifest.signing_keys.iter().find(|key| key.id == name.id).cloned().map(Step::MakeSigningKey)
            }
            ObjectKind::Opaque | ObjectKind::HmacKey | ObjectKind::Template | ObjectKind::OtpKey => None,
        }
    }
}

/// Logging first, so that what follows is logged; a log that stops the device when it is full only after all keys are made; the way back last.
fn rank(step: &Step) -> u8 {
    match step {
        Step::AuditCommand(..) => 0,
        Step::AddAuthenticationKey(_) => 2,
        Step::Delete(name) if name.id == FACTORY_KEY => 6,
        Step::Delete(_) => 1,
        Step::AddWrapKey(_) => 3,
        Step::MakeSigningKey(_) => 4,
        Step::ForceAudit(_) => 5,
        Step::DeleteFactoryKey => 7,
    }
}
