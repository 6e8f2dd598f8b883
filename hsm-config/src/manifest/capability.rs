//! What an object or a session may do: a bit each.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// A set of capabilities.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Capabilities(u64);

/// Names by bit, as libyubihsm has them.
const NAMES: [&str; 56] = [
    "get-opaque",
    "put-opaque",
    "put-authentication-key",
    "put-asymmetric-key",
    "generate-asymmetric-key",
    "sign-pkcs",
    "sign-pss",
    "sign-ecdsa",
    "sign-eddsa",
    "decrypt-pkcs",
    "decrypt-oaep",
    "derive-ecdh",
    "export-wrapped",
    "import-wrapped",
    "put-wrap-key",
    "generate-wrap-key",
    "exportable-under-wrap",
    "set-option",
    "get-option",
    "get-pseudo-random",
    "put-mac-key",
    "generate-hmac-key",
    "sign-hmac",
    "verify-hmac",
    "get-log-entries",
    "sign-ssh-certificate",
    "get-template",
    "put-template",
    "reset-device",
    "decrypt-otp",
    "create-otp-aead",
    "randomize-otp-aead",
    "rewrap-from-otp-aead-key",
    "rewrap-to-otp-aead-key",
    "sign-attestation-certificate",
    "put-otp-aead-key",
    "generate-otp-aead-key",
    "wrap-data",
    "unwrap-data",
    "delete-opaque",
    "delete-authentication-key",
    "delete-asymmetric-key",
    "delete-wrap-key",
    "delete-hmac-key",
    "delete-template",
    "delete-otp-aead-key",
    "change-authentication-key",
    "put-symmetric-key",
    "generate-symmetric-key",
    "delete-symmetric-key",
    "decrypt-ecb",
    "encrypt-ecb",
    "decrypt-cbc",
    "encrypt-cbc",
    "put-public-wrap-key",
    "delete-public-wrap-key",
];

impl Capabilities {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// Read data, certificates among it.
    pub const GET_OPAQUE: Self = Self(1);
    /// RSA PKCS#1 v1.5.
    pub const SIGN_PKCS: Self = Self(1 << 0x05);
    /// RSA-PSS.
    pub const SIGN_PSS: Self = Self(1 << 0x06);
    /// ECDSA.
    pub const SIGN_ECDSA: Self = Self(1 << 0x07);
    /// Ed25519.
    pub const SIGN_EDDSA: Self = Self(1 << 0x08);
    /// The signatures that services make.
    pub const SIGN: Self = Self(0x0f << 0x05);
    /// Everything that makes a signature for somebody: HMAC and SSH certificates too.
    pub const SIGN_ANYTHING: Self = Self(Self::SIGN.0 | 1 << 0x16 | 1 << 0x19);
    /// Take a wrapped key out.
    pub const EXPORT_WRAPPED: Self = Self(1 << 0x0c);
    /// Take a wrapped key in.
    pub const IMPORT_WRAPPED: Self = Self(1 << 0x0d);
    /// Of a key: it may leave wrapped.
    pub const EXPORTABLE: Self = Self(1 << 0x10);
    /// Change options.
    pub const SET_OPTION: Self = Self(1 << 0x11);
    /// Read options.
    pub const GET_OPTION: Self = Self(1 << 0x12);
    /// Read the log, and make room in it.
    pub const GET_LOG_ENTRIES: Self = Self(1 << 0x18);
    /// Attest keys.
    pub const ATTEST: Self = Self(1 << 0x22);
    /// Make signing keys.
    pub const GENERATE_ASYMMETRIC_KEY: Self = Self(1 << 0x04);
    /// Make authentication keys.
    pub const PUT_AUTHENTICATION_KEY: Self = Self(1 << 0x02);
    /// Bring wrap keys in.
    pub const PUT_WRAP_KEY: Self = Self(1 << 0x0e);
    /// Delete authentication keys.
    pub const DELETE_AUTHENTICATION_KEY: Self = Self(1 << 0x28);

    /// From the device's bits.
    #[must_use]
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// The device's bits.
    #[must_use]
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether every one of `other` is here.
    #[must_use]
    pub const fn cover(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether one at least is in both.
    #[must_use]
    pub const fn meet(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// All of both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// These without `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

impl fmt::Display for Capabilities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("nothing");
        }
        let mut comma = "";
        for bit in (0..64_usize).filter(|bit| self.0 >> bit & 1 == 1) {
            match NAMES.get(bit) {
                Some(name) => write!(f, "{comma}{name}")?,
                None => write!(f, "{comma}capability {bit:#04x}")?,
            }
            comma = ", ";
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for Capabilities {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut all = Self::NONE;
        for name in Vec::<String>::deserialize(deserializer)? {
            let bit = NAMES.iter().position(|known| *known == name);
            let one = bit
                .map(|bit| Self(1 << bit))
                .ok_or_else(|| D::Error::custom(format!("no capability is called {name:?}")))?;
            if all.meet(one) {
                return Err(D::Error::custom(format!("capability {name} is named twice")));
            }
            all = all.and(one);
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against libyubihsm's table (yubihsm.h).
    #[test]
    fn names_stand_at_their_bits() {
        for (bits, name) in [
            (Capabilities::SIGN_ECDSA, "sign-ecdsa"),
            (Capabilities::SIGN_EDDSA, "sign-eddsa"),
            (Capabilities::EXPORTABLE, "exportable-under-wrap"),
            (Capabilities::GET_LOG_ENTRIES, "get-log-entries"),
            (Capabilities::ATTEST, "sign-attestation-certificate"),
            (Capabilities::DELETE_AUTHENTICATION_KEY, "delete-authentication-key"),
            (Capabilities(1 << 0x1c), "reset-device"),
            (Capabilities(1 << 0x2e), "change-authentication-key"),
            (Capabilities(1 << 0x37), "delete-public-wrap-key"),
            (Capabilities(1 << 0x38), "capability 0x38"),
            (Capabilities::SIGN, "sign-pkcs, sign-pss, sign-ecdsa, sign-eddsa"),
            (Capabilities::NONE, "nothing"),
        ] {
            assert_eq!(bits.to_string(), name);
        }
        assert!(Capabilities::SIGN_ANYTHING.cover(Capabilities(1 << 0x16)), "sign-hmac");
        assert_eq!(Capabilities(1 << 0x19).to_string(), "sign-ssh-certificate");
    }
}
