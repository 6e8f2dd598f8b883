//! A range of addresses, as CIDR writes it (RFC 4632).

use std::{fmt, net::IpAddr, str::FromStr};

use serde::Deserialize;

/// `10.0.0.0/8`, `2001:db8::/32`, or one address alone.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(try_from = "String")]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

/// Why a text is no range of addresses.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum NetworkError {
    /// No address before the slash.
    #[error("`{0}` is no address and no range such as 10.0.0.0/8")]
    Address(String),
    /// More bits than an address has, or no number.
    #[error("`{found}` has no number of bits up to {most} after its slash")]
    Bits {
        /// The text.
        found: String,
        /// Bits of such an address.
        most: u8,
    },
    /// Bits behind the prefix: it is not clear what was meant.
    #[error("`{found}` has bits set after its first {bits}")]
    Host {
        /// The text.
        found: String,
        /// Bits of the prefix.
        bits: u8,
    },
}

impl NetworkError {
    /// Stable name, for logs and `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Address(_) => "network.address",
            Self::Bits { .. } => "network.bits",
            Self::Host { .. } => "network.host",
        }
    }

    /// The text that makes it a rule.
    #[must_use]
    pub const fn clause(&self) -> &'static str {
        match self {
            Self::Address(_) | Self::Bits { .. } | Self::Host { .. } => "RFC 4632 3.1",
        }
    }
}

impl Network {
    /// Whether `address` lies in it. An IPv4 address in IPv6 clothes is what is inside.
    #[must_use]
    pub fn contains(self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(_), IpAddr::V4(_)) | (IpAddr::V6(_), IpAddr::V6(_)) => {
                prefix(address.to_canonical(), self.bits) == prefix(self.address, self.bits)
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

/// The first `bits` of an address, left-aligned.
fn prefix(address: IpAddr, bits: u8) -> u128 {
    let whole = match address {
        IpAddr::V4(address) => u128::from(u32::from(address)) << 96,
        IpAddr::V6(address) => u128::from(address),
    };
    whole & u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0)
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let found = || text.chars().take(64).collect::<String>();
        let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let address: IpAddr = address.parse().map_err(|_| NetworkError::Address(found()))?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let plain = |bits: &&str| !bits.starts_with('+');
        let bits = match bits {
            None => most,
            Some(bits) => Some(bits)
                .filter(plain)
                .and_then(|bits| bits.parse().ok())
                .filter(|bits| *bits <= most)
                .ok_or_else(|| NetworkError::Bits { found: found(), most })?,
        };
        if prefix(address, bits) != prefix(address, 128) {
            return Err(NetworkError::Host { found: found(), bits });
        }
        Ok(Self { address, bits })
    }
}

impl TryFrom<String> for Network {
    type Error = NetworkError;

    fn try_from(text: String) -> Result<Self, NetworkError> {
        text.parse()
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contains_what_its_prefix_says() {
        let contains =
            |network: &str, address: &str| network.parse::<Network>().unwrap().contains(address.parse().unwrap());
        for (network, address) in [
            ("10.0.0.0/8", "10.255.0.1"),
            ("0.0.0.0/0", "203.0.113.9"),
            ("192.0.2.7", "192.0.2.7"),
            ("192.0.2.0/31", "::ffff:192.0.2.1"),
            ("2001:db8::/32", "2001:db8:ffff::1"),
            ("::/0", "::1"),
        ] {
            assert!(contains(network, address), "{network} {address}");
        }
        for (network, address) in [
            ("10.0.0.0/8", "11.0.0.1"),
            ("192.0.2.7", "192.0.2.8"),
            ("2001:db8::/32", "2001:db9::1"),
            ("0.0.0.0/0", "::1"),
            ("::/0", "192.0.2.1"),
        ] {
            assert!(!contains(network, address), "{network} {address}");
        }
    }

    #[test]
    fn refuses_what_is_no_range() {
        let code = |text: &str| text.parse::<Network>().unwrap_err().code();
        for text in ["", "ten", "10.0.0/8", "/8", "10.0.0.0 /8"] {
            assert_eq!(code(text), "network.address", "{text}");
        }
        for text in ["10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/+8", "10.0.0.0/8/8", "10.0.0.0/-1"] {
            assert_eq!(code(text), "network.bits", "{text}");
        }
        assert_eq!(code("10.0.0.1/8"), "network.host");
    }
}
