//! Which addresses may be reached.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The networks that a client may connect to. Public addresses always; the others only where a configuration says so.
/// Link-local, metadata, multicast and reserved addresses never (THR-89).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Reach {
    /// 127.0.0.0/8 and `::1`: development, and a service of the same machine.
    pub loopback: bool,
    /// 10/8, 172.16/12, 192.168/16, 100.64/10, `fc00::/7`: an operator's own network.
    pub private: bool,
}

impl Reach {
    /// Public addresses only: for every address that somebody else chose.
    pub const PUBLIC: Self = Self { loopback: false, private: false };
    /// Public addresses and this machine: for development.
    pub const LOOPBACK: Self = Self { loopback: true, private: false };
    /// Also the operator's own network: for addresses from a configuration.
    pub const CONFIGURED: Self = Self { loopback: true, private: true };

    /// Whether `address` may be connected to.
    #[must_use]
    pub fn allows(self, address: IpAddr) -> bool {
        match network(address) {
            Network::Public => true,
            Network::Loopback => self.loopback,
            Network::Private => self.private,
            Network::Never => false,
        }
    }
}

enum Network {
    Public,
    Loopback,
    Private,
    Never,
}

fn network(address: IpAddr) -> Network {
    match address {
        IpAddr::V4(address) => network_v4(address),
        IpAddr::V6(address) => network_v6(address),
    }
}

/// By the special-purpose registry of RFC 6890 and its updates.
fn network_v4(address: Ipv4Addr) -> Network {
    match address.octets() {
        [127, ..] => Network::Loopback,
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] | [100, 64..=127, ..] => Network::Private,
        // This network; link-local with the clouds' metadata; protocol assignments; documentation; 6to4 relays;
        // benchmarks; multicast, reserved and broadcast.
        [0, ..]
        | [169, 254, ..]
        | [192, 0, 0 | 2, _]
        | [198, 51, 100, _]
        | [203, 0, 113, _]
        | [192, 88, 99, _]
        | [198, 18 | 19, ..]
        | [224..=255, ..] => Network::Never,
        [1..=9 | 11..=99 | 100..=223, ..] => Network::Public,
    }
}

fn network_v6(address: Ipv6Addr) -> Network {
    let segments = address.segments();
    match segments {
        [0, 0, 0, 0, 0, 0, 0, 1] => Network::Loopback,
        // An IPv4 address in IPv6 clothes is judged as what is inside: mapped, NAT64, 6to4.
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => {
            let [[a, b], [c, d]] = [high.to_be_bytes(), low.to_be_bytes()];
            network_v4(Ipv4Addr::new(a, b, c, d))
        }
        // Teredo and other protocol assignments; documentation.
        [0x2001, 0..=0x1ff, ..] | [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => Network::Never,
        [0xfc00..=0xfdff, ..] => Network::Private,
        [0x2000..=0x3fff, ..] => Network::Public,
        // Unspecified, discard, link-local, site-local, multicast, and everything not given out.
        [..] => Network::Never,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(reach: Reach, address: &str) -> bool {
        reach.allows(address.parse().unwrap())
    }

    #[test]
    fn reaches_public_addresses() {
        for address in ["192.0.3.1", "8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "64:ff9b::8.8.8.8"] {
            assert!(allowed(Reach::PUBLIC, address), "{address}");
        }
    }

    #[test]
    fn reaches_loopback_only_if_allowed_thr_89() {
        for address in ["127.0.0.1", "127.255.0.9", "::1", "::ffff:127.0.0.1", "64:ff9b::127.0.0.1", "2002:7f00:1::"] {
            assert!(!allowed(Reach::PUBLIC, address), "{address}");
            assert!(allowed(Reach::LOOPBACK, address), "{address}");
        }
    }

    #[test]
    fn reaches_private_networks_only_if_allowed_thr_89() {
        for address in
            ["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "fd00::1", "::ffff:10.0.0.1"]
        {
            assert!(!allowed(Reach::LOOPBACK, address), "{address}");
            assert!(allowed(Reach::CONFIGURED, address), "{address}");
        }
    }

    #[test]
    fn never_reaches_metadata_and_special_addresses_thr_89() {
        for address in [
            "169.254.169.254",
            "::ffff:169.254.169.254",
            "0.0.0.0",
            "255.255.255.255",
            "224.0.0.1",
            "192.0.2.1",
            "198.18.0.1",
            "::",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "64:ff9b:1::1",
            "::127.0.0.1",
        ] {
            assert!(!allowed(Reach::CONFIGURED, address), "{address}");
        }
    }
}
