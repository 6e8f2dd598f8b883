//! The way to a device.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

use yubihsm::Connector;
use yubihsm::connector::http::HttpConfig;

/// What the configuration calls the way without a connector.
const USB: &str = "usb";

/// How a device is reached.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Way {
    /// Through a connector. Plain HTTP: the crate speaks nothing else, and the session inside is encrypted by the device.
    Http {
        /// A name, or an address without brackets.
        host: String,
        /// Its port.
        port: u16,
    },
    /// Straight, on this machine. Needs the feature `usb`.
    Usb,
}

/// Why a text names no way.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum WayError {
    /// Another scheme, or none.
    #[error("a connector's address is http://HOST:PORT, or usb: this client speaks nothing else")]
    Scheme,
    /// Something that is no host.
    #[error("the connector's address has no host, or has characters that no host has")]
    Host,
    /// No number of a port.
    #[error("the connector's address ends with no port of 1 to 65535")]
    Port,
}

impl Way {
    /// Whether nothing leaves this machine on the way.
    #[must_use]
    pub fn is_local(&self) -> bool {
        match self {
            Self::Http { host, .. } => {
                host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
            }
            Self::Usb => true,
        }
    }

    /// Whether this program can go it.
    #[must_use]
    pub const fn is_built(&self) -> bool {
        match self {
            Self::Http { .. } => true,
            Self::Usb => cfg!(feature = "usb"),
        }
    }

    /// The crate's end of it; `None` if it is not built in.
    pub(super) fn connector(&self, serial: u32, timeout: Duration) -> Option<Connector> {
        match self {
            // The crate ignores the time: it is kept by who waits.
            Self::Http { host, port } => {
                Some(Connector::http(&HttpConfig { addr: host.clone(), port: *port, timeout_ms: 5_000 }))
            }
            Self::Usb => usb(serial, timeout),
        }
    }
}

/// All sessions of a process share one: opening a device resets it, which ends every session that it has.
#[cfg(feature = "usb")]
fn usb(serial: u32, timeout: Duration) -> Option<Connector> {
    use std::collections::BTreeMap;
    use std::sync::{Mutex, PoisonError};

    use yubihsm::connector::UsbConfig;

    static OPEN: Mutex<BTreeMap<u32, Connector>> = Mutex::new(BTreeMap::new());

    // The crate's form of it: ten digits. Without a number it would take any device.
    let number = format!("{serial:010}").parse().ok()?;
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    let config = UsbConfig {
        serial: Some(number),
        timeout_ms: u64::try_from(timeout.as_millis()).unwrap_or(UsbConfig::DEFAULT_TIMEOUT_MILLIS),
    };
    Some(open.entry(serial).or_insert_with(|| Connector::usb(&config)).clone())
}

#[cfg(not(feature = "usb"))]
const fn usb(_serial: u32, _timeout: Duration) -> Option<Connector> {
    None
}

impl FromStr for Way {
    type Err = WayError;

    fn from_str(text: &str) -> Result<Self, WayError> {
        if text == USB {
            return Ok(Self::Usb);
        }
        let rest = text.strip_prefix("http://").ok_or(WayError::Scheme)?;
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = rest.rsplit_once(':').unwrap_or((rest, "12345"));
        let allowed = |c: u8| c.is_ascii_alphanumeric() || b"-.".contains(&c);
        if host.is_empty() || !host.bytes().all(allowed) {
            return Err(WayError::Host);
        }
        let port = port.parse().ok().filter(|port| *port != 0).ok_or(WayError::Port)?;
        Ok(Self::Http { host: host.to_owned(), port })
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http { host, port } => write!(f, "http://{host}:{port}"),
            Self::Usb => f.write_str(USB),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connector_is_a_plain_http_address_or_usb() {
        for (text, local) in [
            ("http://127.0.0.1:12345", true),
            ("http://localhost/", true),
            ("http://127.9.9.9:1", true),
            ("http://192.0.2.1:12345", false),
            ("http://localhost.example:12345", false),
            ("usb", true),
        ] {
            assert_eq!(text.parse::<Way>().unwrap().is_local(), local, "{text}");
        }
        for (text, expected) in [
            ("https://127.0.0.1:12345", WayError::Scheme),
            ("127.0.0.1:12345", WayError::Scheme),
            ("usb:1", WayError::Scheme),
            ("http://:12345", WayError::Host),
            ("http://a@b:12345", WayError::Host),
            ("http://127.0.0.1:12345/connector/api", WayError::Port),
            ("http://127.0.0.1:0", WayError::Port),
            ("http://127.0.0.1:65536", WayError::Port),
        ] {
            assert_eq!(text.parse::<Way>(), Err(expected), "{text}");
        }
    }

    #[test]
    fn usb_is_a_way_only_where_it_is_built_in() {
        let built = Way::Usb.connector(1, Duration::from_secs(1)).is_some();
        assert_eq!((built, Way::Usb.is_built()), (cfg!(feature = "usb"), cfg!(feature = "usb")));
    }
}
