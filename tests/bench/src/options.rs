//! The command line.

use std::{
    net::{SocketAddr, ToSocketAddrs as _},
    path::PathBuf,
    str::FromStr,
    time::Duration,
};

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand, ValueEnum};
use kokuin_settings::HumanDuration;
use serde::Serialize;

/// Puts load on trust services and measures what it costs them.
#[derive(Debug, Parser)]
#[command(name = "kokuin-bench", version)]
pub(crate) struct Arguments {
    /// What to measure.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What can be measured.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// An RFC 3161 service, any product's.
    Tsa(TsaOptions),
    /// What a signature costs by itself, in each library; needs no service.
    Raw {
        /// Kind of key.
        #[arg(long, value_enum, default_value_t = KeyKind::P256)]
        key: KeyKind,
    },
    /// Load at a steady rate in windows; fails when memory, descriptors or latency grow.
    Soak(SoakOptions),
    /// Time until a service that is being started gives a token.
    First(FirstOptions),
    /// Token entries for the log of a stopped development service, through the real log.
    #[command(hide = true)]
    Fill {
        /// Its folder.
        #[arg(long)]
        data: PathBuf,
        /// How many.
        #[arg(long)]
        entries: u64,
    },
}

/// How long a service is watched, and at what rate.
#[derive(Args, Debug)]
pub(crate) struct SoakOptions {
    /// Where requests go, http only.
    #[arg(long)]
    pub(crate) url: TsaUrl,
    /// Keep-alive connections, opened anew for each window.
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) connections: u32,
    /// Requests a second.
    #[arg(long)]
    pub(crate) rate: u32,
    /// How long.
    #[arg(long)]
    pub(crate) duration: HumanDuration,
    /// Length of a window.
    #[arg(long, default_value = "10s")]
    pub(crate) window: HumanDuration,
    /// Process of the service.
    #[arg(long)]
    pub(crate) pid: u32,
    /// The write-ahead log of its database.
    #[arg(long)]
    pub(crate) wal: Option<PathBuf>,
}

impl SoakOptions {
    /// The load of each window.
    pub(crate) fn tsa(&self) -> TsaOptions {
        let of = TsaOptions::of(self.url.clone());
        TsaOptions { connections: self.connections, rate: Some(self.rate), pid: vec![self.pid], ..of }
    }
}

/// Which service, and how long it has.
#[derive(Args, Debug)]
pub(crate) struct FirstOptions {
    /// Where requests go, http only.
    #[arg(long)]
    pub(crate) url: TsaUrl,
    /// How long to ask.
    #[arg(long, default_value = "60s")]
    pub(crate) within: HumanDuration,
}

/// How a time-stamp service is measured.
#[derive(Args, Debug)]
pub(crate) struct TsaOptions {
    /// Where requests go, http only.
    #[arg(long)]
    pub(crate) url: TsaUrl,
    /// Keep-alive connections.
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) connections: u32,
    /// Threads of the load generator.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub(crate) threads: u32,
    /// How long; 10s unless --count is given.
    #[arg(long, conflicts_with = "count")]
    pub(crate) duration: Option<HumanDuration>,
    /// How many tokens.
    #[arg(long)]
    pub(crate) count: Option<u64>,
    /// Load before the measuring starts.
    #[arg(long, default_value = "500ms")]
    pub(crate) warm_up: HumanDuration,
    /// Requests a second, evenly spread; as many as go unless given. Latency then counts from the moment a request was due.
    #[arg(long)]
    pub(crate) rate: Option<u32>,
    /// Process of the service, on this machine; repeat for several.
    #[arg(long)]
    pub(crate) pid: Vec<u32>,
    /// Kind of key whose raw signing time is measured.
    #[arg(long, value_enum, default_value_t = KeyKind::P256)]
    pub(crate) key: KeyKind,
    /// Folder on the disk that holds the service's log: its fdatasync is measured.
    #[arg(long)]
    pub(crate) data: Option<PathBuf>,
    /// Ask for the certificate in the token.
    #[arg(long)]
    pub(crate) cert_req: bool,
    /// Parse every Nth token fully and hold it against its request.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) check_every: u64,
    /// Machine-readable output.
    #[arg(long)]
    pub(crate) json: bool,
}

impl TsaOptions {
    /// What the command line has unless told otherwise.
    pub(crate) const fn of(url: TsaUrl) -> Self {
        Self {
            url,
            connections: 32,
            threads: 1,
            duration: None,
            count: None,
            warm_up: HumanDuration::from_millis(500),
            rate: None,
            pid: Vec::new(),
            key: KeyKind::P256,
            data: None,
            cert_req: false,
            check_every: 100,
            json: false,
        }
    }

    /// When to stop, if not by count.
    pub(crate) fn duration_limit(&self) -> Option<Duration> {
        match (self.duration, self.count) {
            (Some(duration), _) => Some(duration.as_std()),
            (None, Some(_)) => None,
            (None, None) => Some(Duration::from_secs(10)),
        }
    }
}

/// Kinds of keys whose signing time is measured.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum KeyKind {
    /// ECDSA over P-256.
    P256,
    /// ECDSA over P-384.
    P384,
    /// Ed25519.
    Ed25519,
    /// RSA PKCS#1 v1.5, 2048 bits.
    Rsa2048,
    /// RSA PKCS#1 v1.5, 3072 bits.
    Rsa3072,
    /// RSA PKCS#1 v1.5, 4096 bits.
    Rsa4096,
}

impl KeyKind {
    /// Whether it is one of RSA's.
    pub(crate) const fn is_rsa(self) -> bool {
        matches!(self, Self::Rsa2048 | Self::Rsa3072 | Self::Rsa4096)
    }
}

/// Address of a service, taken apart.
#[derive(Clone, Debug)]
pub(crate) struct TsaUrl {
    authority: String,
    path: String,
}

/// Where to connect, and what to ask for there.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// Where.
    pub(crate) address: SocketAddr,
    /// `Host` header.
    pub(crate) authority: String,
    /// Request target.
    pub(crate) path: String,
}

impl TsaUrl {
    pub(crate) fn target(&self) -> anyhow::Result<Target> {
        let host = &self.authority;
        // A literal IPv6 address has colons, but ends in a bracket if it has no port.
        let has_port = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        let with_port = if has_port { host.clone() } else { format!("{host}:80") };
        let mut addresses = with_port.to_socket_addrs().with_context(|| format!("looking {host} up"))?;
        let address = addresses.next().with_context(|| format!("{host} has no address"))?;
        Ok(Target { address, authority: host.clone(), path: self.path.clone() })
    }
}

impl FromStr for TsaUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let rest = text.strip_prefix("http://").ok_or("an address starts with http://")?;
        let (authority, path) = rest.find('/').map_or((rest, "/"), |slash| rest.split_at(slash));
        if authority.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("not an address".to_owned());
        }
        Ok(Self { authority: authority.to_owned(), path: path.to_owned() })
    }
}

impl std::fmt::Display for TsaUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "http://{}{}", self.authority, self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_addresses_apart() {
        let target = "http://127.0.0.1:3161/tsa".parse::<TsaUrl>().unwrap().target().unwrap();
        assert_eq!((target.address.to_string().as_str(), target.path.as_str()), ("127.0.0.1:3161", "/tsa"));
        let target = "http://[::1]".parse::<TsaUrl>().unwrap().target().unwrap();
        assert_eq!((target.address.to_string().as_str(), target.path.as_str()), ("[::1]:80", "/"));
        for wrong in ["https://a/", "127.0.0.1:3161", "http://", "http://a/ b"] {
            assert!(wrong.parse::<TsaUrl>().is_err(), "{wrong}");
        }
    }
}
