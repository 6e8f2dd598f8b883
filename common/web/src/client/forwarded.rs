//! The client behind proxies that are known by name; nobody else is believed.

use std::net::{IpAddr, SocketAddr};

use actix_web::{HttpRequest, http::header::HeaderMap};
use serde::Deserialize;

use super::{Network, peer};
use crate::Refused;

/// Addresses that a chain may have.
const LONGEST: usize = 32;

/// Proxies in front of a listener.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proxies {
    /// Where they are. Only what comes from there may say for whom it speaks.
    pub networks: Vec<Network>,
    /// The one header they set, and strip from what they are sent.
    pub header: ForwardedHeader,
}

/// How a proxy names its client.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum ForwardedHeader {
    /// `Forwarded: for=...` (RFC 7239).
    Forwarded,
    /// `X-Forwarded-For`, a list of addresses.
    XForwardedFor,
}

impl Proxies {
    /// The address that a request really comes from: the last one in the chain that is no proxy of ours.
    ///
    /// # Errors
    /// [`Refused::Forwarded`] if a proxy's header is not what it should be: a guess would let the wrong one in.
    pub fn client(proxies: Option<&Self>, request: &HttpRequest) -> Result<IpAddr, Refused> {
        let peer = peer(request);
        match proxies {
            Some(proxies) if proxies.knows(peer) => proxies.behind(peer, request.headers()),
            Some(_) | None => Ok(peer),
        }
    }

    /// Whether `address` is one of them.
    #[must_use]
    pub fn knows(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(address))
    }

    fn behind(&self, peer: IpAddr, headers: &HeaderMap) -> Result<IpAddr, Refused> {
        let name = match self.header {
            ForwardedHeader::Forwarded => "forwarded",
            ForwardedHeader::XForwardedFor => "x-forwarded-for",
        };
        let mut chain = Vec::new();
        for value in headers.get_all(name) {
            for element in value.to_str().map_err(|_| Refused::Forwarded)?.split(',') {
                chain.push(self.address(element.trim_matches([' ', '\t']))?);
                if chain.len() > LONGEST {
                    return Err(Refused::Forwarded);
                }
            }
        }
        let outside = chain.iter().rev().find(|address| !self.knows(**address));
        // A request of the proxy itself, such as its health check, has no chain.
        Ok(outside.or_else(|| chain.first()).copied().unwrap_or(peer))
    }

    fn address(&self, element: &str) -> Result<IpAddr, Refused> {
        let address = match self.header {
            ForwardedHeader::XForwardedFor => element.parse().ok(),
            ForwardedHeader::Forwarded => {
                let mut nodes = element.split(';').filter_map(|pair| {
                    let (name, value) = pair.trim_matches([' ', '\t']).split_once('=')?;
                    name.eq_ignore_ascii_case("for").then_some(value)
                });
                match (nodes.next(), nodes.next()) {
                    (Some(node), None) => parse_node(node),
                    (_, _) => None,
                }
            }
        };
        address.map(|address: IpAddr| address.to_canonical()).ok_or(Refused::Forwarded)
    }
}

/// `192.0.2.1`, `"192.0.2.1:80"`, `"[2001:db8::1]"` or `"[2001:db8::1]:80"` (RFC 7239 6).
fn parse_node(node: &str) -> Option<IpAddr> {
    let quoted = node.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let node = quoted.unwrap_or(node);
    let bracketed = node.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    match bracketed {
        Some(address) => address.parse().ok().filter(IpAddr::is_ipv6),
        None => node.parse::<SocketAddr>().map(|socket| socket.ip()).or_else(|_| node.parse().map(IpAddr::V4)).ok(),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn parsed<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
        text.parse().unwrap()
    }

    fn client(header: ForwardedHeader, peer: &str, name: &str, values: &[&str]) -> Result<String, Refused> {
        let request = TestRequest::default().peer_addr(SocketAddr::new(parsed(peer), 1));
        let request = values.iter().fold(request, |request, value| request.append_header((name, *value)));
        let proxies = Proxies { networks: vec![parsed("10.0.0.0/8"), parsed("2001:db8:1::/48")], header };
        Proxies::client(Some(&proxies), &request.to_http_request()).map(|address| address.to_string())
    }

    #[test]
    fn believes_nobody_but_its_proxies() {
        use ForwardedHeader::XForwardedFor;
        let from = |peer, values: &[&str]| client(XForwardedFor, peer, "x-forwarded-for", values).unwrap();
        assert_eq!(from("203.0.113.5", &["192.0.2.1"]), "203.0.113.5");
        assert_eq!(from("10.0.0.1", &["192.0.2.1"]), "192.0.2.1");
        assert_eq!(from("::ffff:10.0.0.1", &["192.0.2.1"]), "192.0.2.1");
        assert_eq!(from("10.0.0.1", &["6.6.6.6, 192.0.2.1, 10.9.9.9"]), "192.0.2.1");
        assert_eq!(from("10.0.0.1", &["6.6.6.6", "192.0.2.1"]), "192.0.2.1");
        assert_eq!(from("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(from("10.0.0.1", &["10.0.0.7"]), "10.0.0.7");
    }

    #[test]
    fn reads_rfc_7239_strictly() {
        let from = |value: &str| client(ForwardedHeader::Forwarded, "10.0.0.1", "forwarded", &[value]);
        for (value, expected) in [
            ("for=192.0.2.1", "192.0.2.1"),
            ("For=\"192.0.2.1:4711\";proto=https;by=10.0.0.1", "192.0.2.1"),
            ("for=6.6.6.6, for=\"[2001:db8:2::7]:80\"", "2001:db8:2::7"),
            ("for=\"[2001:db8:2::7]\"", "2001:db8:2::7"),
        ] {
            assert_eq!(from(value).as_deref(), Ok(expected), "{value}");
        }
        for wrong in
            ["for=unknown", "for=_hidden", "proto=https", "for=1.1.1.1;for=2.2.2.2", "", "for=", "for=2001:db8::1"]
        {
            assert_eq!(from(wrong), Err(Refused::Forwarded), "{wrong}");
        }
        let other = client(ForwardedHeader::Forwarded, "10.0.0.1", "x-forwarded-for", &["6.6.6.6"]);
        assert_eq!(other.as_deref(), Ok("10.0.0.1"), "the other header says nothing");
    }

    #[test]
    fn refuses_chains_that_are_none() {
        let from = |value: &str| client(ForwardedHeader::XForwardedFor, "10.0.0.1", "x-forwarded-for", &[value]);
        for wrong in ["", "192.0.2.1,", "192.0.2.1:80", "for=192.0.2.1", "unknown", &"1.1.1.1,".repeat(40)] {
            assert_eq!(from(wrong), Err(Refused::Forwarded), "{wrong}");
        }
    }
}
