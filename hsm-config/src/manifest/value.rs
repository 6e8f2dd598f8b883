//! Values of a manifest. Each refuses what a device would cut off or take for something else.

use std::fmt;
use std::str::FromStr;

use kokuin_suite::KeyAlgorithm;
use serde::de::{Error as _, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::manifest::{Capabilities, Command};

/// Number of an object: 16 bits. A larger number is refused, never cut to 16 bits, where it would be another object's.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ObjectId(u16);

impl ObjectId {
    /// 0x0001.
    pub const FIRST: Self = Self(1);

    /// The number, if a device can give it to an object: neither 0 nor 0xffff.
    #[must_use]
    pub fn new(number: u64) -> Option<Self> {
        u16::try_from(number).ok().filter(|id| !matches!(*id, 0 | u16::MAX)).map(Self)
    }

    /// As a number.
    #[must_use]
    pub const fn as_u16(self) -> u16 {
        self.0
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{:04x}", self.0)
    }
}

/// No object has this number.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("an object's number is 0x0001 to 0xfffe: {0:?}")]
pub struct NoObjectId(pub String);

impl FromStr for ObjectId {
    type Err = NoObjectId;

    fn from_str(text: &str) -> Result<Self, NoObjectId> {
        let number = match text.strip_prefix("0x") {
            Some(digits) if digits.bytes().all(|digit| digit.is_ascii_hexdigit()) => u64::from_str_radix(digits, 16),
            Some(_) => return Err(NoObjectId(text.to_owned())),
            None => text.parse(),
        };
        number.ok().and_then(Self::new).ok_or_else(|| NoObjectId(text.to_owned()))
    }
}

impl<'de> Deserialize<'de> for ObjectId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Number;
        impl Visitor<'_> for Number {
            type Value = ObjectId;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object's number, 0x0001 to 0xfffe")
            }

            fn visit_i64<E: serde::de::Error>(self, found: i64) -> Result<ObjectId, E> {
                let number = u64::try_from(found).ok().and_then(ObjectId::new);
                number.ok_or_else(|| E::invalid_value(Unexpected::Signed(found), &self))
            }
        }
        deserializer.deserialize_i64(Number)
    }
}

impl Serialize for ObjectId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Name of an object on the device: 1 to 40 printable ASCII characters; a device keeps 40 octets and no more.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct Label(String);

impl Label {
    /// Octets that a device keeps.
    pub const LIMIT: usize = 40;

    /// The label `text`, if a device keeps it whole.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let fits = (1..=Self::LIMIT).contains(&text.len());
        let is_plain = text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
        (fits && is_plain && text.trim() == text).then(|| Self(text.to_owned()))
    }

    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Label {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let refused = || D::Error::custom(format!("a label is 1 to 40 printable ASCII characters: {text:?}"));
        Self::new(&text).ok_or_else(refused)
    }
}

/// Domains 1 to 16, as the device's bits: domain n is bit n-1.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Domains(u16);

impl Domains {
    /// All sixteen.
    pub const ALL: Self = Self(u16::MAX);

    /// From the device's bits.
    #[must_use]
    pub const fn from_bits(bits: u16) -> Self {
        Self(bits)
    }

    /// The device's bits.
    #[must_use]
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// Whether every domain of `other` is here.
    #[must_use]
    pub const fn cover(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether one domain at least is in both.
    #[must_use]
    pub const fn meet(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// All of both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl fmt::Display for Domains {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::ALL {
            return f.write_str("all");
        }
        let numbers: Vec<String> = (1..=16).filter(|n| self.0 >> (n - 1) & 1 == 1).map(|n| n.to_string()).collect();
        f.write_str(&numbers.join(","))
    }
}

impl<'de> Deserialize<'de> for Domains {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut domains = Self(0);
        for number in Vec::<i64>::deserialize(deserializer)? {
            if !(1..=16).contains(&number) {
                return Err(D::Error::custom(format!("a domain is 1 to 16, not {number}")));
            }
            let one = Self(1 << (number - 1));
            if domains.meet(one) {
                return Err(D::Error::custom(format!("domain {number} is named twice")));
            }
            domains = domains.and(one);
        }
        if domains.0 == 0 {
            return Err(D::Error::custom("an object is in one domain at least"));
        }
        Ok(domains)
    }
}

/// A firmware version.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Firmware(pub u8, pub u8, pub u8);

impl Firmware {
    /// The first whose ECDSA tells nothing of the key by its timing (CVE-2024-45678).
    pub const CONSTANT_TIME_ECDSA: Self = Self(2, 4, 0);
}

impl fmt::Display for Firmware {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

impl<'de> Deserialize<'de> for Firmware {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let parts: Option<Vec<u8>> = text.split('.').map(|part| part.parse().ok()).collect();
        match parts.as_deref() {
            Some([major, minor, patch]) => Ok(Self(*major, *minor, *patch)),
            _ => Err(D::Error::custom(format!("a firmware version is three numbers, like 2.4.1: {text:?}"))),
        }
    }
}

/// Versions that are accepted: `from` and all after it, up to and without `below`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct FirmwareRange {
    /// The first.
    pub from: Firmware,
    /// The first that is not accepted any more.
    pub below: Firmware,
}

impl FirmwareRange {
    /// Whether `version` is accepted.
    #[must_use]
    pub fn takes(self, version: Firmware) -> bool {
        self.from <= version && version < self.below
    }
}

impl fmt::Display for FirmwareRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} and later, below {}", self.from, self.below)
    }
}

/// What an authentication key is for.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Changes the device.
    Admin,
    /// Reads the device's log, its options and what it holds.
    Audit,
    /// Signs, and nothing else.
    Service,
}

impl Role {
    /// Its name in the file.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Audit => "audit",
            Self::Service => "service",
        }
    }
}

/// What a signing key signs.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum KeyUse {
    /// Time-stamp tokens.
    Tst,
    /// Seals.
    Seal,
    /// Checkpoints of the log.
    Log,
    /// Proof of which device it is.
    Identity,
}

impl KeyUse {
    /// Its name in the file.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tst => "tst",
            Self::Seal => "seal",
            Self::Log => "log",
            Self::Identity => "identity",
        }
    }
}

/// Kinds of signing key that this back end makes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct KeyKind(KeyAlgorithm);

impl KeyKind {
    /// The kind of `algorithm`, if this back end makes such keys.
    #[must_use]
    pub const fn of(algorithm: KeyAlgorithm) -> Option<Self> {
        use KeyAlgorithm::{Ed25519, P256, P384, Rsa};
        match algorithm {
            P256 | P384 | Ed25519 | Rsa { bits: 3072 | 4096 } => Some(Self(algorithm)),
            _ => None,
        }
    }

    /// The algorithm.
    #[must_use]
    pub const fn algorithm(self) -> KeyAlgorithm {
        self.0
    }

    /// Its number on the device.
    #[must_use]
    pub fn code(self) -> u8 {
        match self.0 {
            KeyAlgorithm::Rsa { bits: 3072 } => 10,
            KeyAlgorithm::Rsa { .. } => 11,
            KeyAlgorithm::P384 => 13,
            KeyAlgorithm::Ed25519 => 46,
            // No other is ever made: see `Deserialize`.
            _ => 12,
        }
    }

    /// What a key of this kind must be able to do to sign.
    #[must_use]
    pub fn signs_with(self) -> Capabilities {
        match self.0 {
            KeyAlgorithm::Rsa { .. } => Capabilities::SIGN_PKCS,
            KeyAlgorithm::Ed25519 => Capabilities::SIGN_EDDSA,
            _ => Capabilities::SIGN_ECDSA,
        }
    }

    /// The command that signs with a key of this kind.
    #[must_use]
    pub fn sign_command(self) -> Command {
        match self.0 {
            KeyAlgorithm::Rsa { .. } => Command::SIGN_PKCS1,
            KeyAlgorithm::Ed25519 => Command::SIGN_EDDSA,
            _ => Command::SIGN_ECDSA,
        }
    }

    /// Whether it signs with ECDSA.
    #[must_use]
    pub fn is_ecdsa(self) -> bool {
        matches!(self.0, KeyAlgorithm::P256 | KeyAlgorithm::P384)
    }
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de> Deserialize<'de> for KeyKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let known = name.parse().ok().and_then(Self::of);
        let rule = || format!("a device's key is p256, p384, ed25519, rsa-3072 or rsa-4096, not {name:?}");
        known.ok_or_else(|| D::Error::custom(rule()))
    }
}

/// How a wrap key is split: any `threshold` of `shares` people have it together, fewer have nothing.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Custodians {
    /// People.
    pub shares: u8,
    /// How many of them it takes.
    pub threshold: u8,
}
