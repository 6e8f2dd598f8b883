//! `yubihsm:DEVICE/KEY`: the key by the name that a ceremony gave it, or `yubihsm:DEVICE/0xID` by its number in the device.

use std::str::FromStr;

use kokuin_key::KeyId;

/// Which key of which device.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct YubiHsmUri {
    /// The device, as `[[keys.yubihsm]]` calls it.
    pub device: KeyId,
    /// The key.
    pub key: KeyName,
}

/// What a key is called.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum KeyName {
    /// By its ceremony.
    Id(KeyId),
    /// By the device.
    Object(u16),
}

/// Why the part after `yubihsm:` names no key.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum YubiHsmUriError {
    /// It is not `DEVICE/KEY`.
    #[error("a key in a device is yubihsm:DEVICE/KEY, the device as [[keys.yubihsm]] calls it")]
    Form,
    /// Neither a name nor a number.
    #[error("{0:?} is neither a key's name nor 0x and its number")]
    Key(String),
    /// Not a number that an object can have. Cut to 16 bits it would be another key.
    #[error("{0} is no object's number: 0x0001 to 0xfffe")]
    Object(String),
}

impl YubiHsmUriError {
    /// Stable name, for logs and `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Form => "yubihsm.uri",
            Self::Key(_) => "yubihsm.uri-key",
            Self::Object(_) => "yubihsm.uri-object",
        }
    }

    /// The text that makes it a rule.
    #[must_use]
    pub const fn clause(&self) -> &'static str {
        match self {
            Self::Form | Self::Key(_) => "Kokuin THR-103",
            Self::Object(_) => "Kokuin THR-60, Yubico Object ID",
        }
    }
}

/// The beginning of a number; no key is called so.
pub(super) const NUMBER: &str = "0x";

/// An object's number as it is written: `0x0123`.
pub(crate) fn parse_object(text: &str) -> Result<u16, YubiHsmUriError> {
    let refused = || YubiHsmUriError::Object(text.to_owned());
    let digits = text.strip_prefix(NUMBER).ok_or_else(refused)?;
    let plain = !digits.is_empty() && digits.bytes().all(|c| c.is_ascii_hexdigit());
    let number = u16::from_str_radix(digits, 16).ok().filter(|_| plain).ok_or_else(refused)?;
    if number == 0 || number == u16::MAX { Err(refused()) } else { Ok(number) }
}

impl FromStr for YubiHsmUri {
    type Err = YubiHsmUriError;

    fn from_str(text: &str) -> Result<Self, YubiHsmUriError> {
        let (device, key) = text.split_once('/').ok_or(YubiHsmUriError::Form)?;
        let device = device.parse().map_err(|_| YubiHsmUriError::Form)?;
        let key = if key.starts_with(NUMBER) {
            KeyName::Object(parse_object(key)?)
        } else {
            KeyName::Id(key.parse().map_err(|_| YubiHsmUriError::Key(key.to_owned()))?)
        };
        Ok(Self { device, key })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_a_key_by_name_or_number() {
        let parse = |text: &str| text.parse::<YubiHsmUri>().map(|uri| (uri.device.to_string(), uri.key));
        let tsu: KeyId = "tsu-1".parse().unwrap();
        assert_eq!(parse("a/tsu-1"), Ok(("a".to_owned(), KeyName::Id(tsu))));
        assert_eq!(parse("a/0x12"), Ok(("a".to_owned(), KeyName::Object(0x12))));
        assert_eq!(parse("tsu-1"), Err(YubiHsmUriError::Form));
        assert_eq!(parse("A/tsu-1"), Err(YubiHsmUriError::Form));
        assert_eq!(parse("a/b/c"), Err(YubiHsmUriError::Key("b/c".to_owned())));
    }

    #[test]
    fn a_number_over_16_bits_is_refused_and_never_cut() {
        for number in ["0x10005", "0x", "0x0", "0x0000", "0xffff", "0x+5", "0x-1", "0xg", "0x1 "] {
            let refused = format!("a/{number}").parse::<YubiHsmUri>().unwrap_err();
            assert_eq!(refused, YubiHsmUriError::Object(number.to_owned()));
            assert_eq!(refused.code(), "yubihsm.uri-object");
        }
    }
}
