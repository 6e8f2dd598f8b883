//! What configured services need of a device and would miss, said before they start (and not at the first signature).

use std::fmt;

use crate::manifest::{AuditSetting, Capabilities, Command, Domains, Firmware, KeyKind, ObjectId};
use crate::plan::{Factory, Inventory, ObjectKind};

/// A key that a service signs with.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Need {
    /// Whose it is: for messages.
    pub user: String,
    /// The key's number, as configured.
    pub key: ObjectId,
    /// Its kind, as configured.
    pub kind: KeyKind,
    /// The authentication key that the service logs in with.
    pub login: ObjectId,
}

/// What is missing, or too much.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Lack {
    /// No such key in the login's reach.
    #[error("{user}: there is no signing key {key} on the device")]
    Key {
        /// Who needs it.
        user: String,
        /// Its number.
        key: ObjectId,
    },
    /// Another kind of key.
    #[error("{user}: signing key {key} has the device's algorithm {found}, needed is {kind} ({})", kind.code())]
    Kind {
        /// Who needs it.
        user: String,
        /// Its number.
        key: ObjectId,
        /// As configured.
        kind: KeyKind,
        /// The device's.
        found: u8,
    },
    /// The device has the algorithm switched off, or its firmware does not have it.
    #[error("{user}: the device does not offer {kind}")]
    Algorithm {
        /// Who needs it.
        user: String,
        /// As configured.
        kind: KeyKind,
    },
    /// The key may not sign.
    #[error("{user}: signing key {key} lacks {needed}")]
    KeyCapability {
        /// Who needs it.
        user: String,
        /// Its number.
        key: ObjectId,
        /// What it lacks.
        needed: Capabilities,
    },
    /// No such login.
    #[error("{user}: there is no authentication key {login} on the device")]
    Login {
        /// Who needs it.
        user: String,
        /// Its number.
        login: ObjectId,
    },
    /// The login may not sign.
    #[error("{user}: authentication key {login} lacks {needed}")]
    LoginCapability {
        /// Who needs it.
        user: String,
        /// Its number.
        login: ObjectId,
        /// What it lacks.
        needed: Capabilities,
    },
    /// The login may do more than sign (THR-59).
    #[error("{user}: authentication key {login} may also: {excess}")]
    LoginMayMore {
        /// Who has it.
        user: String,
        /// Its number.
        login: ObjectId,
        /// What is too much, its own or delegated.
        excess: Capabilities,
    },
    /// The login is not bounded by domains at all (THR-59).
    #[error("{user}: authentication key {login} works in all sixteen domains")]
    LoginEverywhere {
        /// Who has it.
        user: String,
        /// Its number.
        login: ObjectId,
    },
    /// The login does not reach the key.
    #[error("{user}: authentication key {login} is in domains {login_domains}, signing key {key} in {key_domains}")]
    OutOfReach {
        /// Who needs it.
        user: String,
        /// The login's number.
        login: ObjectId,
        /// The login's domains.
        login_domains: Domains,
        /// The key's number.
        key: ObjectId,
        /// The key's domains.
        key_domains: Domains,
    },
    /// Signatures leave no line in the device's log.
    #[error("{user}: the device does not log {command}")]
    NotLogged {
        /// Who signs so.
        user: String,
        /// With which command.
        command: Command,
    },
    /// ECDSA whose timing tells of the key (THR-69).
    #[error(
        "{user}: firmware {firmware} signs with ECDSA in a time that tells of the key (CVE-2024-45678); 2.4.0 does not"
    )]
    EcdsaTiming {
        /// Who signs so.
        user: String,
        /// The device's.
        firmware: Firmware,
    },
    /// Anybody may log in (THR-61).
    #[error("authentication key 0x0001 opens with the factory password")]
    FactoryPassword,
    /// The configuration's own secret is the factory's, or one that is guessed from a recorded login (THR-61).
    #[error(
        "device {device}: the secret of authentication key {login} is the factory's password or shorter than 16 octets"
    )]
    WeakSecret {
        /// The device, as configured.
        device: String,
        /// The login's number.
        login: u16,
    },
    /// Who reads the log could sign, and who signs could make the log forget (THR-61).
    #[error("device {device}: two authentication keys have one secret")]
    SharedSecret {
        /// The device, as configured.
        device: String,
    },
}

impl Lack {
    /// Stable name, for logs and `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Key { .. } => "preflight.key",
            Self::Kind { .. } => "preflight.kind",
            Self::Algorithm { .. } => "preflight.algorithm",
            Self::KeyCapability { .. } => "preflight.key-capability",
            Self::Login { .. } => "preflight.login",
            Self::LoginCapability { .. } => "preflight.login-capability",
            Self::LoginMayMore { .. } => "preflight.login-may-more",
            Self::LoginEverywhere { .. } => "preflight.login-everywhere",
            Self::OutOfReach { .. } => "preflight.out-of-reach",
            Self::NotLogged { .. } => "preflight.not-logged",
            Self::EcdsaTiming { .. } => "preflight.ecdsa-timing",
            Self::FactoryPassword => "preflight.factory-password",
            Self::WeakSecret { .. } => "preflight.weak-secret",
            Self::SharedSecret { .. } => "preflight.shared-secret",
        }
    }

    /// The text that makes it a rule.
    #[must_use]
    pub const fn clause(&self) -> &'static str {
        match self {
            Self::Key { .. }
            | Self::Kind { .. }
            | Self::Algorithm { .. }
            | Self::KeyCapability { .. }
            | Self::Login { .. }
            | Self::LoginCapability { .. }
            | Self::OutOfReach { .. } => "EN 319 421 7.6.2",
            Self::LoginMayMore { .. } | Self::LoginEverywhere { .. } => "Kokuin THR-59",
            Self::NotLogged { .. } => "Kokuin THR-56",
            Self::EcdsaTiming { .. } => "Kokuin THR-69",
            Self::FactoryPassword | Self::WeakSecret { .. } | Self::SharedSecret { .. } => "Kokuin THR-61",
        }
    }

    /// Whether a service may work all the same where nothing is for real: development.
    #[must_use]
    pub const fn is_borne_in_development(&self) -> bool {
        match self {
            Self::LoginMayMore { .. }
            | Self::LoginEverywhere { .. }
            | Self::NotLogged { .. }
            | Self::EcdsaTiming { .. }
            | Self::FactoryPassword
            | Self::WeakSecret { .. }
            | Self::SharedSecret { .. } => true,
            Self::Key { .. }
            | Self::Kind { .. }
            | Self::Algorithm { .. }
            | Self::KeyCapability { .. }
            | Self::Login { .. }
            | Self::LoginCapability { .. }
            | Self::OutOfReach { .. } => false,
        }
    }
}

/// Everything that `needs` lack of the device.
#[must_use]
pub fn preflight(needs: &[Need], inventory: &Inventory) -> Vec<Lack> {
    let mut lacks = Vec::new();
    if inventory.factory == Factory::Open {
        lacks.push(Lack::FactoryPassword);
    }
    for need in needs {
        login(need, inventory, &mut lacks);
        key(need, inventory, &mut lacks);
    }
    lacks
}

fn login(need: &Need, inventory: &Inventory, lacks: &mut Vec<Lack>) {
    let (user, login) = (need.user.clone(), need.login);
    let Some(found) = inventory.object(ObjectKind::AuthenticationKey, login) else {
        return lacks.push(Lack::Login { user, login });
    };
    let needed = need.kind.signs_with();
    if !found.capabilities.cover(needed) {
        lacks.push(Lack::LoginCapability { user: user.clone(), login, needed });
    }
    let excess = found.capabilities.without(Capabilities::SIGN).and(found.delegated);
    if !excess.is_empty() {
        lacks.push(Lack::LoginMayMore { user: user.clone(), login, excess });
    }
    if found.domains == Domains::ALL {
        lacks.push(Lack::LoginEverywhere { user, login });
    }
}

fn key(need: &Need, inventory: &Inventory, lacks: &mut Vec<Lack>) {
    let Need { key, kind, login, .. } = *need;
    let user = || need.user.clone();
    let needed = kind.signs_with();
    if !inventory.algorithms.contains(&kind.code()) {
        lacks.push(Lack::Algorithm { user: user(), kind });
    }
    if kind.is_ecdsa() && inventory.firmware < Firmware::CONSTANT_TIME_ECDSA {
        lacks.push(Lack::EcdsaTiming { user: user(), firmware: inventory.firmware });
    }
    // What could not be read is not off; the comparison with the manifest says so.
    if inventory.command_audit.get(&kind.sign_command()) == Some(&AuditSetting::Off) {
        lacks.push(Lack::NotLogged { user: user(), command: kind.sign_command() });
    }
    let Some(found) = inventory.object(ObjectKind::SigningKey, key) else {
        return lacks.push(Lack::Key { user: user(), key });
    };
    if found.algorithm != kind.code() {
        lacks.push(Lack::Kind { user: user(), key, kind, found: found.algorithm });
    }
    if !found.capabilities.cover(needed) {
        lacks.push(Lack::KeyCapability { user: user(), key, needed });
    }
    if let Some(authentication) = inventory.object(ObjectKind::AuthenticationKey, login)
        && !authentication.domains.meet(found.domains)
    {
        let (login_domains, key_domains) = (authentication.domains, found.domains);
        lacks.push(Lack::OutOfReach { user: user(), login, login_domains, key, key_domains });
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} signs with {} ({})", self.user, self.key, self.kind)
    }
}
