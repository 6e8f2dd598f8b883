//! How configuration names a key: the back end's scheme, and what that back end calls it.

use std::fmt;
use std::str::FromStr;

/// A key back end.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Scheme {
    /// Encrypted PKCS#8 files.
    Soft,
    /// A YubiHSM 2 through its connector.
    YubiHsm,
    /// A PKCS#11 token (RFC 7512).
    Pkcs11,
}

impl Scheme {
    /// The scheme as written.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Soft => "soft",
            Self::YubiHsm => "yubihsm",
            Self::Pkcs11 => "pkcs11",
        }
    }
}

/// `soft:NAME`, `yubihsm:...` or `pkcs11:...`.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct KeyUri {
    scheme: Scheme,
    rest: String,
}

/// Why a text is no key URI. Carries the scheme only: what follows may hold a PIN.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum KeyUriError {
    /// There is no scheme, or none we have a back end for.
    #[error("a key is named SCHEME:NAME, and {0:?} is not a scheme: soft, yubihsm or pkcs11")]
    UnknownScheme(String),
    /// Nothing after the scheme.
    #[error("nothing follows {0}:")]
    Empty(&'static str),
    /// Characters that RFC 3986 has no place for.
    #[error("the key URI after {0}: has characters that must be percent-encoded")]
    Characters(&'static str),
    /// RFC 7512 lets a PIN stand in the URI; here secrets come from files.
    #[error("a key URI must not hold a PIN")]
    Pin,
}

impl KeyUri {
    /// Which back end.
    #[must_use]
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// What the back end calls the key: all after the scheme's colon.
    #[must_use]
    pub fn rest(&self) -> &str {
        &self.rest
    }
}

impl FromStr for KeyUri {
    type Err = KeyUriError;

    fn from_str(text: &str) -> Result<Self, KeyUriError> {
        let (name, rest) = text.split_once(':').ok_or_else(|| KeyUriError::UnknownScheme(String::new()))?;
        let scheme = [Scheme::Soft, Scheme::YubiHsm, Scheme::Pkcs11]
            .into_iter()
            .find(|scheme| scheme.name() == name)
            .ok_or_else(|| KeyUriError::UnknownScheme(name.to_owned()))?;
        if rest.is_empty() {
            return Err(KeyUriError::Empty(scheme.name()));
        }
        let allowed = |c: u8| c.is_ascii_alphanumeric() || b"-._~:/?@!$&'()*+,;=%[]".contains(&c);
        if !rest.bytes().all(allowed) {
            return Err(KeyUriError::Characters(scheme.name()));
        }
        let holds_pin = rest.split(['?', '&', ';']).any(|attribute| attribute.starts_with("pin-value="));
        if holds_pin {
            return Err(KeyUriError::Pin);
        }
        Ok(Self { scheme, rest: rest.to_owned() })
    }
}

impl fmt::Display for KeyUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.scheme.name(), self.rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_a_back_end_and_what_it_calls_the_key() {
        for (text, scheme, rest) in [
            ("soft:tsu-2026", Scheme::Soft, "tsu-2026"),
            ("yubihsm:0x0123", Scheme::YubiHsm, "0x0123"),
            ("pkcs11:token=t%20s;object=k?module-name=m", Scheme::Pkcs11, "token=t%20s;object=k?module-name=m"),
        ] {
            let uri: KeyUri = text.parse().unwrap();
            assert_eq!((uri.scheme(), uri.rest(), uri.to_string().as_str()), (scheme, rest, text));
        }
    }

    #[test]
    fn refuses_what_no_back_end_can_open() {
        assert_eq!("file:x".parse::<KeyUri>(), Err(KeyUriError::UnknownScheme("file".into())));
        assert_eq!("soft".parse::<KeyUri>(), Err(KeyUriError::UnknownScheme(String::new())));
        assert_eq!("soft:".parse::<KeyUri>(), Err(KeyUriError::Empty("soft")));
        assert_eq!("pkcs11:object=a b".parse::<KeyUri>(), Err(KeyUriError::Characters("pkcs11")));
        assert_eq!("pkcs11:object=a?pin-value=1234".parse::<KeyUri>(), Err(KeyUriError::Pin));
        assert_eq!("pkcs11:object=a?x=y&pin-value=1234".parse::<KeyUri>(), Err(KeyUriError::Pin));
    }
}
