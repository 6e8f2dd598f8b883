//! Objects and the store that keeps them (yubihsm.md section 5).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{algorithm::Algorithm, refusal::Refusal};

/// Records that an empty store has; one of 256 is the device's own.
const RECORDS: u16 = 256;
const PAGES: u16 = 1024;
const PAGE_SIZE: u16 = 126;

/// Type of an object.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub struct ObjectType(pub u8);

impl ObjectType {
    /// Data.
    pub const OPAQUE: Self = Self(1);
    /// A key to log in with.
    pub const AUTHENTICATION_KEY: Self = Self(2);
    /// A key pair.
    pub const ASYMMETRIC_KEY: Self = Self(3);
    /// A key to export under.
    pub const WRAP_KEY: Self = Self(4);
    /// An HMAC key.
    pub const HMAC_KEY: Self = Self(5);
}

/// What a key or a session may do: a bit each.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Capabilities(pub u64);

macro_rules! capabilities {
    ($($name:ident = $bit:literal, $doc:literal;)*) => {
        impl Capabilities {
            $(#[doc = $doc] pub const $name: Self = Self(1 << $bit);)*
        }
    };
}

capabilities! {
    GET_OPAQUE = 0x00, "get-opaque";
    PUT_OPAQUE = 0x01, "put-opaque";
    PUT_AUTHENTICATION_KEY = 0x02, "put-authentication-key";
    PUT_ASYMMETRIC_KEY = 0x03, "put-asymmetric-key";
    GENERATE_ASYMMETRIC_KEY = 0x04, "generate-asymmetric-key";
    SIGN_PKCS = 0x05, "sign-pkcs";
    SIGN_PSS = 0x06, "sign-pss";
    SIGN_ECDSA = 0x07, "sign-ecdsa";
    SIGN_EDDSA = 0x08, "sign-eddsa";
    DECRYPT_PKCS = 0x09, "decrypt-pkcs";
    DECRYPT_OAEP = 0x0a, "decrypt-oaep";
    DERIVE_ECDH = 0x0b, "derive-ecdh";
    EXPORT_WRAPPED = 0x0c, "export-wrapped";
    IMPORT_WRAPPED = 0x0d, "import-wrapped";
    PUT_WRAP_KEY = 0x0e, "put-wrap-key";
    GENERATE_WRAP_KEY = 0x0f, "generate-wrap-key";
    EXPORTABLE_UNDER_WRAP = 0x10, "exportable-under-wrap";
    SET_OPTION = 0x11, "set-option";
    GET_OPTION = 0x12, "get-option";
    GET_PSEUDO_RANDOM = 0x13, "get-pseudo-random";
    PUT_MAC_KEY = 0x14, "put-mac-key";
    GENERATE_HMAC_KEY = 0x15, "generate-hmac-key";
    SIGN_HMAC = 0x16, "sign-hmac";
    VERIFY_HMAC = 0x17, "verify-hmac";
    GET_LOG_ENTRIES = 0x18, "get-log-entries";
    RESET_DEVICE = 0x1c, "reset-device";
    SIGN_ATTESTATION_CERTIFICATE = 0x22, "sign-attestation-certificate";
    WRAP_DATA = 0x25, "wrap-data";
    UNWRAP_DATA = 0x26, "unwrap-data";
    DELETE_OPAQUE = 0x27, "delete-opaque";
    DELETE_AUTHENTICATION_KEY = 0x28, "delete-authentication-key";
    DELETE_ASYMMETRIC_KEY = 0x29, "delete-asymmetric-key";
    DELETE_WRAP_KEY = 0x2a, "delete-wrap-key";
    DELETE_HMAC_KEY = 0x2b, "delete-hmac-key";
    CHANGE_AUTHENTICATION_KEY = 0x2e, "change-authentication-key";
}

impl Capabilities {
    /// None.
    pub const NONE: Self = Self(0);
    /// All that are named, those of newer firmware too: 00 to 37.
    pub const ALL: Self = Self((1 << 0x38) - 1);

    /// Whether every bit of `other` is here.
    #[must_use]
    pub const fn covers(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Both together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// What identifies an object.
pub type Key = (ObjectType, u16);

/// An object with its secret.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Object {
    /// With the type, its name.
    pub id: u16,
    /// With the id, its name.
    pub kind: ObjectType,
    /// 40 bytes, NUL-padded.
    pub label: Vec<u8>,
    /// Domain n is bit n-1.
    pub domains: u16,
    /// What may be done with it.
    pub capabilities: Capabilities,
    /// What its sessions may hand on, or it may wrap; authentication and wrap keys only.
    pub delegated: Capabilities,
    /// What its payload is.
    pub algorithm: Algorithm,
    /// How often this type and id was written before.
    pub sequence: u8,
    /// 1 generated, 2 imported, 10 more if it came under wrap.
    pub origin: u8,
    /// As it is inside a wrapped object: RSA p, q, dp, dq, qinv, n; EC d, X, Y; Ed25519 seed and public key (a choice).
    pub payload: Vec<u8>,
}

impl Object {
    /// The size that `GetObjectInfo` tells.
    #[must_use]
    pub fn length(&self) -> u16 {
        let delegated = if self.has_delegated() { 8 } else { 0 };
        let payload = match self.algorithm {
            // The inner and the outer pad's state, not the key.
            Algorithm::HMAC_SHA1 | Algorithm::HMAC_SHA256 => 128,
            Algorithm::HMAC_SHA384 | Algorithm::HMAC_SHA512 => 256,
            _ => self.payload.len(),
        };
        u16::try_from(payload + delegated).unwrap_or(u16::MAX)
    }

    /// Whether it has delegated capabilities.
    #[must_use]
    pub fn has_delegated(&self) -> bool {
        matches!(self.kind, ObjectType::AUTHENTICATION_KEY | ObjectType::WRAP_KEY)
    }

    /// The answer to `GetObjectInfo`.
    #[must_use]
    pub fn info(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend(self.capabilities.0.to_be_bytes());
        bytes.extend(self.id.to_be_bytes());
        bytes.extend(self.length().to_be_bytes());
        bytes.extend(self.domains.to_be_bytes());
        bytes.extend([self.kind.0, self.algorithm.0, self.sequence, self.origin]);
        bytes.extend_from_slice(&self.label);
        bytes.extend(self.delegated.0.to_be_bytes());
        bytes
    }
}

/// All objects of a device, and how often each name was written.
#[derive(Clone, Debug, Default)]
pub struct Store {
    objects: BTreeMap<Key, Object>,
    written: BTreeMap<Key, u8>,
}

impl Store {
    /// An object by name, if it shares one of `domains`.
    ///
    /// # Errors
    /// [`Refusal::ObjectNotFound`] otherwise.
    pub fn find(&self, kind: ObjectType, id: u16, domains: u16) -> Result<&Object, Refusal> {
        self.objects.get(&(kind, id)).filter(|object| object.domains & domains != 0).ok_or(Refusal::ObjectNotFound)
    }

    /// The same, to change it.
    ///
    /// # Errors
    /// [`Refusal::ObjectNotFound`] if it is not there or not visible.
    pub fn find_mut(&mut self, kind: ObjectType, id: u16, domains: u16) -> Result<&mut Object, Refusal> {
        let found = self.objects.get_mut(&(kind, id));
        found.filter(|object| object.domains & domains != 0).ok_or(Refusal::ObjectNotFound)
    }

    /// The id for a new object: `wanted`, or the first free one for 0 (a real device's choice is not documented).
    ///
    /// # Errors
    /// [`Refusal::InvalidId`] for ffff, [`Refusal::ObjectExists`], [`Refusal::StorageFailed`] if no id is free.
    pub fn free_id(&self, kind: ObjectType, wanted: u16) -> Result<u16, Refusal> {
        match wanted {
            0xffff => Err(Refusal::InvalidId),
            0 => (1..0xffff).find(|id| !self.objects.contains_key(&(kind, *id))).ok_or(Refusal::StorageFailed),
            id if self.objects.contains_key(&(kind, id)) => Err(Refusal::ObjectExists),
            id => Ok(id),
        }
    }

    /// Adds an object under its name and sets its sequence.
    ///
    /// # Errors
    /// [`Refusal::StorageFailed`] if there is no record or not enough pages for it.
    pub fn add(&mut self, mut object: Object) -> Result<u16, Refusal> {
        if self.free_records() == 0 || self.free_pages() < pages(&object) {
            return Err(Refusal::StorageFailed);
        }
        let (id, key) = (object.id, (object.kind, object.id));
        object.sequence = self.next_sequence(key);
        self.objects.insert(key, object);
        Ok(id)
    }

    /// Counts one more writing of a name.
    pub fn next_sequence(&mut self, key: Key) -> u8 {
        let next = self.written.get(&key).map_or(0, |last| last.wrapping_add(1));
        self.written.insert(key, next);
        next
    }

    /// Takes an object away.
    pub fn remove(&mut self, kind: ObjectType, id: u16) {
        self.objects.remove(&(kind, id));
    }

    /// All objects, by type and id.
    pub fn iter(&self) -> impl Iterator<Item = &Object> {
        self.objects.values()
    }

    /// The counts of writings, for a saved device.
    pub fn written(&self) -> impl Iterator<Item = (Key, u8)> {
        self.written.iter().map(|(key, count)| (*key, *count))
    }

    /// A store as it was saved.
    #[must_use]
    pub fn restore(objects: Vec<Object>, written: Vec<(Key, u8)>) -> Self {
        let objects = objects.into_iter().map(|object| ((object.kind, object.id), object)).collect();
        Self { objects, written: written.into_iter().collect() }
    }

    fn free_records(&self) -> u16 {
        RECORDS - u16::try_from(self.objects.len()).unwrap_or(RECORDS)
    }

    fn free_pages(&self) -> u16 {
        PAGES - self.objects.values().map(pages).sum::<u16>().min(PAGES)
    }

    /// The answer to `GetStorageInfo`. A device with its default key alone has 255 records and 1023 pages free.
    #[must_use]
    pub fn info(&self) -> Vec<u8> {
        [RECORDS, self.free_records(), PAGES, self.free_pages(), PAGE_SIZE].map(u16::to_be_bytes).concat()
    }
}

fn pages(object: &Object) -> u16 {
    object.length().div_ceil(PAGE_SIZE)
}
