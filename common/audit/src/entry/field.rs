//! Checked values of members: none can break the JSON around it.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::FieldError;

/// Text of a known alphabet.
macro_rules! text_field {
    ($(#[$doc:meta])* $name:ident, $fits:expr, $error:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Checks the text.
            ///
            /// # Errors
            #[doc = concat!("The [`FieldError`] of a [`", stringify!($name), "`].")]
            pub fn new(text: &str) -> Result<Self, FieldError> {
                let fits: fn(&str) -> bool = $fits;
                let error: fn(&str) -> FieldError = $error;
                if fits(text) { Ok(Self(text.to_owned())) } else { Err(error(text)) }
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = FieldError;

            fn try_from(text: String) -> Result<Self, FieldError> {
                Self::new(&text)
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.0
            }
        }
    };
}

/// What of a refused text is worth repeating.
fn shown(text: &str) -> String {
    text.chars().take(80).collect()
}

text_field!(
    /// The name of a key: 1 to 64 of `a-z`, `0-9`, `-`.
    KeyName,
    |text| (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'),
    |text| FieldError::KeyName(shown(text))
);
text_field!(
    /// A code or the name of a software part: 1 to 128 of `A-Z`, `a-z`, `0-9`, `._:/+@-`. Never the name of a person or customer.
    Label,
    |text| (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._:/+@-".contains(&b)),
    |text| FieldError::Label(shown(text))
);
text_field!(
    /// An explanation, 1 to 1024 octets without control characters: it is printed as it is. Never the name of a person or customer.
    Text,
    |text| (1..=1024).contains(&text.len()) && !text.contains(char::is_control),
    |text| FieldError::Text(text.len())
);
text_field!(
    /// An object identifier, dotted.
    PolicyOid,
    |text| text.len() <= 255
        && text.split('.').count() >= 2
        && text.split('.').all(|arc| {
            !arc.is_empty() && arc.bytes().all(|b| b.is_ascii_digit()) && (arc == "0" || !arc.starts_with('0'))
        }),
    |text| FieldError::PolicyOid(shown(text))
);

impl From<&kokuin_key::KeyId> for KeyName {
    /// Key identifiers have the alphabet of key names.
    fn from(id: &kokuin_key::KeyId) -> Self {
        Self(id.to_string())
    }
}

/// The number of a token or seal: the content octets of the INTEGER, or the octets of the seal's id.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Serial(Vec<u8>);

impl Serial {
    /// Most octets.
    pub const MAX: usize = 32;

    /// Checks the octets.
    ///
    /// # Errors
    /// [`FieldError::Serial`] unless 1 to 32.
    pub fn new(octets: &[u8]) -> Result<Self, FieldError> {
        if (1..=Self::MAX).contains(&octets.len()) {
            Ok(Self(octets.to_vec()))
        } else {
            Err(FieldError::Serial(hex::encode(octets)))
        }
    }

    /// Reads lower-case hexadecimal.
    ///
    /// # Errors
    /// [`FieldError::Serial`] for anything else.
    pub fn from_hex(text: &str) -> Result<Self, FieldError> {
        let wrong = || FieldError::Serial(shown(text));
        let serial = Self::new(&hex::decode(text).map_err(|_| wrong())?).map_err(|_| wrong())?;
        if serial.to_string() == text { Ok(serial) } else { Err(wrong()) }
    }

    /// The octets.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

impl TryFrom<String> for Serial {
    type Error = FieldError;

    fn try_from(text: String) -> Result<Self, FieldError> {
        Self::from_hex(&text)
    }
}

impl From<Serial> for String {
    fn from(serial: Serial) -> Self {
        serial.to_string()
    }
}

/// 32 octets, written as base64url without padding.
macro_rules! octets_field {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name([u8; 32]);

        impl $name {
            /// Takes over octets computed elsewhere.
            #[must_use]
            pub const fn from_bytes(octets: [u8; 32]) -> Self {
                Self(octets)
            }

            /// The octets.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
            }
        }

        impl TryFrom<String> for $name {
            type Error = FieldError;

            fn try_from(text: String) -> Result<Self, FieldError> {
                let octets = URL_SAFE_NO_PAD.decode(&text).ok().and_then(|octets| octets.try_into().ok());
                octets.map(Self).ok_or_else(|| FieldError::Octets32(shown(&text)))
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.to_string()
            }
        }
    };
}

octets_field!(
    /// A SHA-256 digest.
    Digest
);
octets_field!(
    /// A salted commitment, see [`crate::commitment`]: says nothing to whoever lacks the tenant's secret (THR-49).
    Commitment
);

impl Digest {
    /// The digest of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_text_outside_its_alphabet() {
        assert_eq!(KeyName::new("Key"), Err(FieldError::KeyName("Key".to_owned())));
        assert_eq!(Label::new("a\"b"), Err(FieldError::Label("a\"b".to_owned())));
        assert_eq!(Text::new(&"x".repeat(1025)), Err(FieldError::Text(1025)));
        for bad in ["", "1", "1.", "1..2", "1.02", "1.2a"] {
            assert_eq!(PolicyOid::new(bad), Err(FieldError::PolicyOid(bad.to_owned())));
        }
        assert!(PolicyOid::new("2.999.3161.1").is_ok());
    }

    #[test]
    fn refuses_second_spellings_of_octets() {
        assert!(Serial::from_hex("0a").is_ok());
        for bad in ["", "0A", "a", "0g", &"00".repeat(33)] {
            assert!(Serial::from_hex(bad).is_err(), "{bad}");
        }
        let zeros = "A".repeat(43);
        assert_eq!(Digest::try_from(zeros.clone()).map(|digest| digest.to_string()), Ok(zeros));
        // The last character carries two bits that must be zero; padding is refused too.
        for bad in [format!("{}B", "A".repeat(42)), format!("{}=", "A".repeat(43)), "+".repeat(43), "AA".to_owned()] {
            assert_eq!(Digest::try_from(bad.clone()), Err(FieldError::Octets32(bad)));
        }
    }
}
