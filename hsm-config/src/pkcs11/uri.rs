//! How configuration names a key in a token: RFC 7512, and nothing of it that we would ignore.

use std::path::PathBuf;
use std::str::FromStr;

/// A key in a token. What it does not name may be anything, but one key only may fit.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Pkcs11Uri {
    /// `CK_TOKEN_INFO.label`.
    pub token: Option<String>,
    /// `CK_TOKEN_INFO.serialNumber`.
    pub serial: Option<String>,
    /// `CK_TOKEN_INFO.manufacturerID`.
    pub manufacturer: Option<String>,
    /// Number of the slot, where a module keeps it the same.
    pub slot: Option<u64>,
    /// `CKA_LABEL` of the key.
    pub object: Option<String>,
    /// `CKA_ID` of the key.
    pub id: Option<Vec<u8>>,
    /// File of the module.
    pub module_path: Option<PathBuf>,
    /// Name of the module's file, without `lib` and `.so`.
    pub module_name: Option<String>,
}

/// Why a text names no key in a token. Names attributes, never their values: one may be a PIN.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum UriError {
    /// A part that is not `name=value`.
    #[error("part {0} of the PKCS#11 URI is not name=value")]
    NoValue(usize),
    /// An attribute that we would ignore.
    #[error("the PKCS#11 URI has the attribute {0:?}, which is not read here")]
    Unknown(String),
    /// A secret does not belong into a configuration.
    #[error("the PKCS#11 URI has {0}: a PIN stands in a file that keys.pkcs11 names")]
    Pin(&'static str),
    /// An attribute comes twice.
    #[error("the PKCS#11 URI has {0} twice")]
    Twice(&'static str),
    /// An attribute is empty.
    #[error("{0} of the PKCS#11 URI is empty")]
    Empty(&'static str),
    /// A `%` without two hexadecimal digits, or octets that are no UTF-8.
    #[error("{0} of the PKCS#11 URI is not percent-encoded UTF-8")]
    Encoding(&'static str),
    /// A slot is a decimal number.
    #[error("slot-id of the PKCS#11 URI is no number")]
    Slot,
    /// Neither label nor identifier of a key.
    #[error("the PKCS#11 URI names no key: object or id is missing")]
    NoKey,
}

impl UriError {
    /// Stable name, for logs and `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoValue(_) => "pkcs11.uri-no-value",
            Self::Unknown(_) => "pkcs11.uri-unknown",
            Self::Pin(_) => "pkcs11.uri-pin",
            Self::Twice(_) => "pkcs11.uri-twice",
            Self::Empty(_) => "pkcs11.uri-empty",
            Self::Encoding(_) => "pkcs11.uri-encoding",
            Self::Slot => "pkcs11.uri-slot",
            Self::NoKey => "pkcs11.uri-no-key",
        }
    }

    /// The text that makes it a rule.
    #[must_use]
    pub const fn clause(&self) -> &'static str {
        match self {
            Self::Pin(_) => "Kokuin THR-103",
            Self::NoValue(_)
            | Self::Unknown(_)
            | Self::Twice(_)
            | Self::Empty(_)
            | Self::Encoding(_)
            | Self::Slot
            | Self::NoKey => "RFC 7512 2.3",
        }
    }
}

impl FromStr for Pkcs11Uri {
    type Err = UriError;

    /// Reads what follows `pkcs11:`.
    fn from_str(rest: &str) -> Result<Self, UriError> {
        let (path, query) = rest.split_once('?').map_or((rest, None), |(path, query)| (path, Some(query)));
        let mut uri = Self::default();
        for (part, number) in path.split(';').zip(1..) {
            let (name, value) = part.split_once('=').ok_or(UriError::NoValue(number))?;
            match name {
                "token" => set(&mut uri.token, "token", text("token", value)?)?,
                "serial" => set(&mut uri.serial, "serial", text("serial", value)?)?,
                "manufacturer" => set(&mut uri.manufacturer, "manufacturer", text("manufacturer", value)?)?,
                "object" => set(&mut uri.object, "object", text("object", value)?)?,
                "id" => set(&mut uri.id, "id", octets("id", value)?)?,
                "slot-id" => set(&mut uri.slot, "slot-id", slot(value)?)?,
                other => return Err(unread(other)),
            }
        }
        for (part, number) in query.iter().flat_map(|query| query.split('&')).zip(1..) {
            let (name, value) = part.split_once('=').ok_or(UriError::NoValue(number))?;
            match name {
                "module-path" => {
                    set(&mut uri.module_path, "module-path", PathBuf::from(text("module-path", value)?))?;
                }
                "module-name" => set(&mut uri.module_name, "module-name", text("module-name", value)?)?,
                other => return Err(unread(other)),
            }
        }
        if uri.object.is_none() && uri.id.is_none() {
            return Err(UriError::NoKey);
        }
        Ok(uri)
    }
}

fn unread(name: &str) -> UriError {
    match name {
        "pin-value" => UriError::Pin("pin-value"),
        "pin-source" => UriError::Pin("pin-source"),
        other => UriError::Unknown(other.to_owned()),
    }
}

fn set<T>(place: &mut Option<T>, name: &'static str, value: T) -> Result<(), UriError> {
    if place.replace(value).is_some() { Err(UriError::Twice(name)) } else { Ok(()) }
}

fn slot(value: &str) -> Result<u64, UriError> {
    if value.bytes().all(|octet| octet.is_ascii_digit()) {
        value.parse().map_err(|_| UriError::Slot)
    } else {
        Err(UriError::Slot)
    }
}

fn text(name: &'static str, value: &str) -> Result<String, UriError> {
    let text = String::from_utf8(octets(name, value)?).map_err(|_| UriError::Encoding(name))?;
    // A label with a NUL or a line end would not be what it looks like in a log.
    if text.chars().any(char::is_control) { Err(UriError::Encoding(name)) } else { Ok(text) }
}

fn octets(name: &'static str, value: &str) -> Result<Vec<u8>, UriError> {
    if value.is_empty() {
        return Err(UriError::Empty(name));
    }
    let mut decoded = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        if first == b'%' {
            let digits = after.get(..2).and_then(|digits| hex::decode(digits).ok()).ok_or(UriError::Encoding(name))?;
            decoded.extend(digits);
            rest = &after[2..];
        } else {
            decoded.push(first);
        }
    }
    Ok(decoded)
}

/// `value` as it stands in a URI: what RFC 3986 calls unreserved, and all else percent-encoded.
pub(super) fn encode(value: &str) -> String {
    let plain = |octet: u8| octet.is_ascii_alphanumeric() || b"-._~".contains(&octet);
    value
        .bytes()
        .map(|octet| if plain(octet) { char::from(octet).to_string() } else { format!("%{octet:02X}") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Pkcs11Uri, UriError> {
        text.parse()
    }

    #[test]
    fn reads_every_attribute_that_it_does_not_refuse() {
        let uri = parse(
            "token=The%20TSU;serial=0a1b;manufacturer=Maker%20%2F%20Co;slot-id=7;object=tsu-1;id=%01%ff?module-path=/usr/lib/x.so&module-name=x",
        );
        let expected = Pkcs11Uri {
            token: Some("The TSU".to_owned()),
            serial: Some("0a1b".to_owned()),
            manufacturer: Some("Maker / Co".to_owned()),
            slot: Some(7),
            object: Some("tsu-1".to_owned()),
            id: Some(vec![1, 255]),
            module_path: Some(PathBuf::from("/usr/lib/x.so")),
            module_name: Some("x".to_owned()),
        };
        assert_eq!(uri, Ok(expected));
    }

    #[test]
    fn refuses_what_it_would_ignore_or_guess() {
        for (text, expected) in [
            ("", UriError::NoValue(1)),
            ("token=a", UriError::NoKey),
            ("object", UriError::NoValue(1)),
            ("object=a;", UriError::NoValue(2)),
            ("object=", UriError::Empty("object")),
            ("object=a;object=b", UriError::Twice("object")),
            ("object=a;type=private", UriError::Unknown("type".to_owned())),
            ("object=a;Token=b", UriError::Unknown("Token".to_owned())),
            ("object=a?x-vendor=b", UriError::Unknown("x-vendor".to_owned())),
            ("object=a?token=b", UriError::Unknown("token".to_owned())),
            ("object=a?", UriError::NoValue(1)),
            ("object=%4", UriError::Encoding("object")),
            ("object=%+1", UriError::Encoding("object")),
            ("object=%ff", UriError::Encoding("object")),
            ("object=a%00b", UriError::Encoding("object")),
            ("object=a%0Ab", UriError::Encoding("object")),
            ("object=a;slot-id=+1", UriError::Slot),
            ("object=a;slot-id=99999999999999999999", UriError::Slot),
        ] {
            assert_eq!(parse(text), Err(expected), "{text}");
        }
    }

    #[test]
    fn a_pin_has_no_place_in_it_thr_103() {
        assert_eq!(parse("object=a?pin-value=1234"), Err(UriError::Pin("pin-value")));
        assert_eq!(parse("object=a?pin-source=file:/etc/pin"), Err(UriError::Pin("pin-source")));
        assert_eq!(parse("object=a;pin-value=1234"), Err(UriError::Pin("pin-value")));
        let refused = parse("object=a?pin-value=1234").unwrap_err();
        assert!(!format!("{refused} {refused:?}").contains("1234"));
    }

    #[test]
    fn what_is_encoded_is_read_back() {
        for label in ["tsu-1", "a b;c=d?e&f%", "刻印"] {
            assert_eq!(parse(&format!("object={}", encode(label))).unwrap().object.as_deref(), Some(label));
        }
    }
}
