//! Octets of a known range of lengths, in one spelling each.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use super::FieldError;

/// Octets written as base64url without padding.
macro_rules! octets_between {
    ($(#[$doc:meta])* $name:ident, $min:expr, $max:expr, $wrong:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Vec<u8>);

        impl $name {
            /// Fewest octets.
            pub const MIN: usize = $min;
            /// Most octets.
            pub const MAX: usize = $max;

            /// Checks how many there are.
            ///
            /// # Errors
            #[doc = concat!("[`FieldError::", stringify!($wrong), "`] for too few or too many.")]
            pub fn new(octets: &[u8]) -> Result<Self, FieldError> {
                if (Self::MIN..=Self::MAX).contains(&octets.len()) {
                    Ok(Self(octets.to_vec()))
                } else {
                    Err(FieldError::$wrong(octets.len()))
                }
            }

            /// The octets.
            #[must_use]
            pub fn as_bytes(&self) -> &[u8] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&URL_SAFE_NO_PAD.encode(&self.0))
            }
        }

        impl TryFrom<String> for $name {
            type Error = FieldError;

            fn try_from(text: String) -> Result<Self, FieldError> {
                let octets = URL_SAFE_NO_PAD.decode(&text).map_err(|_| FieldError::$wrong(text.len()))?;
                Self::new(&octets)
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.to_string()
            }
        }
    };
}

octets_between!(
    /// Root of a hash tree: 32 to 64 octets.
    RootValue, 32, 64, Root
);
octets_between!(
    /// A time-stamp token that fits an entry: its base64 is at most 61,440 characters of 65,535.
    TokenDer, 1, 46_080, Token
);
octets_between!(
    /// Lines of a device's log as the device gave them: more than a YubiHSM holds (62 of 32 octets).
    DeviceLines, 0, 16_384, Lines
);

/// What a time source calls its reference: a name, an address or a part of a hash. Eight hexadecimal digits.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ReferenceId([u8; 4]);

impl ReferenceId {
    /// Takes over four octets.
    #[must_use]
    pub const fn new(octets: [u8; 4]) -> Self {
        Self(octets)
    }

    /// The octets.
    #[must_use]
    pub const fn as_bytes(self) -> [u8; 4] {
        self.0
    }
}

impl fmt::Display for ReferenceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl TryFrom<String> for ReferenceId {
    type Error = FieldError;

    fn try_from(text: String) -> Result<Self, FieldError> {
        let octets = hex::decode(&text).ok().and_then(|octets| octets.try_into().ok()).map(Self);
        octets.filter(|id| id.to_string() == text).ok_or_else(|| FieldError::Reference(text.chars().take(80).collect()))
    }
}

impl From<ReferenceId> for String {
    fn from(id: ReferenceId) -> Self {
        id.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_octets_beyond_their_range() {
        assert_eq!(RootValue::new(&[0; 31]), Err(FieldError::Root(31)));
        assert_eq!(RootValue::new(&[0; 65]), Err(FieldError::Root(65)));
        assert_eq!(TokenDer::new(&[]), Err(FieldError::Token(0)));
        assert_eq!(TokenDer::new(&vec![0; 46_081]), Err(FieldError::Token(46_081)));
        assert_eq!(DeviceLines::new(&vec![0; 16_385]), Err(FieldError::Lines(16_385)));
        assert!(DeviceLines::new(&[]).is_ok());
        assert!(RootValue::new(&[0; 48]).is_ok());
        assert!(TokenDer::new(&vec![0; 46_080]).is_ok());
    }

    #[test]
    fn refuses_second_spellings() {
        for bad in ["4e494354 ", "4E494354", "4e4943", "NICT"] {
            assert_eq!(ReferenceId::try_from(bad.to_owned()), Err(FieldError::Reference(bad.to_owned())));
        }
        assert_eq!(ReferenceId::try_from("4e494354".to_owned()), Ok(ReferenceId::new(*b"NICT")));
        // Three octets and two bits that must be zero.
        assert!(TokenDer::try_from("AAAAAA".to_owned()).is_ok());
        assert!(TokenDer::try_from("AAAAAB".to_owned()).is_err());
        assert!(TokenDer::try_from("AAAAAA==".to_owned()).is_err());
    }
}
