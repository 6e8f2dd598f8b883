//! Who counts as one client: for quotas, caps and allow-lists.

mod forwarded;
mod network;

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::Arc,
};

use actix_web::HttpRequest;
pub use forwarded::{ForwardedHeader, Proxies};
pub use network::{Network, NetworkError};

/// What limits are counted by. An authenticated client has a name; others are an address.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Client {
    /// One IPv4 address.
    V4(Ipv4Addr),
    /// One IPv6 /64: it belongs to one customer.
    V6([u16; 4]),
    /// The name that its credentials stand for, the same from every address.
    Named(Arc<str>),
}

impl Client {
    /// The client of a request that nobody authenticated.
    #[must_use]
    pub fn at(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(address),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                Self::V6([a, b, c, d])
            }
        }
    }
}

/// The address at the other end of the connection; a request without one, in a test, comes from nowhere.
pub(crate) fn peer(request: &HttpRequest) -> IpAddr {
    request.peer_addr().map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), |peer| peer.ip().to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_a_network_of_ipv6_as_one_client() {
        let of = |text: &str| Client::at(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2:3::4"), of("2001:db8:1:2:ffff::1"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    }
}
