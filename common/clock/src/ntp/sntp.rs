//! A server asked by SNTP (RFC 5905 section 14), without authentication.

use std::{
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs as _, UdpSocket},
    time::Duration,
};

use sntpc::{
    Error, NtpContext, NtpResult, NtpTimestampGenerator, NtpUdpSocket,
    sync::{sntp_process_response, sntp_send_request},
};

use crate::{
    Monotonic, SourceName,
    ntp::{Authentication, Leap, Sample, TimeServer, Unanswered},
};

/// Where NTP is served.
const PORT: u16 = 123;

/// Each question pretends to be sent at a moment drawn from 2^29 s after this: 2026-01-01, in microseconds.
const BASE_US: u64 = 1_767_225_600_000_000;

/// A server, by name or address.
#[derive(Debug)]
pub struct SntpServer {
    name: SourceName,
    host: String,
    port: u16,
    timeout: Duration,
}

impl SntpServer {
    /// `authority` is a host, or a host and a port behind a colon; IPv6 addresses with a port are in brackets.
    #[must_use]
    pub fn new(authority: &str, timeout: Duration) -> Self {
        let (host, port) = split(authority);
        Self { name: SourceName::new(authority.to_owned()), host, port, timeout }
    }

    /// As [`crate::ntp::MeasuredClock`] takes it.
    #[must_use]
    pub fn boxed(self) -> Box<dyn TimeServer> {
        Box::new(self)
    }

    /// A socket to the first of its addresses that this machine has a way to.
    fn connect(&self) -> Result<(UdpSocket, SocketAddr), Unanswered> {
        let addresses = (self.host.as_str(), self.port).to_socket_addrs().map_err(|_| Unanswered::NoAddress)?;
        let mut outcome = Err(Unanswered::NoAddress);
        for address in addresses {
            match connect(address) {
                Ok(socket) => return Ok((socket, address)),
                Err(error) => outcome = Err(Unanswered::Unreachable(error.kind())),
            }
        }
        outcome
    }
}

impl TimeServer for SntpServer {
    fn name(&self) -> &SourceName {
        &self.name
    }

    fn ask(&self, clock: &dyn Fn() -> Monotonic) -> Result<Sample, Unanswered> {
        let (socket, address) = self.connect()?;
        let stamps = Stamps { clock, base_us: random_base()?, now_us: 0 };
        let sent_at = clock();
        let sent = sntp_send_request(address, &Wire(&socket), NtpContext { timestamp_gen: stamps })
            .map_err(|_| Unanswered::Unreachable(io::ErrorKind::Other))?;
        loop {
            let left = self.timeout.saturating_sub(clock().since(sent_at));
            if left.is_zero() {
                return Err(Unanswered::Silent);
            }
            socket.set_read_timeout(Some(left)).map_err(|error| Unanswered::Unreachable(error.kind()))?;
            match sntp_process_response(address, &Wire(&socket), NtpContext { timestamp_gen: stamps }, sent) {
                Ok(result) => return Ok(sample(&result, &stamps, address, sent_at, clock())),
                // Not an answer to this question, whoever sent it: ignored, kiss-o'-death or not (THR-33).
                Err(Error::IncorrectOriginTimestamp | Error::ResponseAddressMismatch | Error::IncorrectPayload) => {}
                Err(Error::Network) => return Err(Unanswered::Silent),
                Err(Error::KissOfDeath(code)) => return Err(Unanswered::KissOfDeath(code.as_str().to_owned())),
                Err(Error::UnsynchronizedClock | Error::IncorrectStratumHeaders) => {
                    return Err(Unanswered::Unsynchronised);
                }
                Err(rule) => return Err(Unanswered::Malformed(format!("{rule:?}"))),
            }
        }
    }
}

fn sample(
    result: &NtpResult,
    stamps: &Stamps<'_>,
    address: SocketAddr,
    sent_at: Monotonic,
    taken_at: Monotonic,
) -> Sample {
    Sample {
        offset_us: stamps.base_us.cast_signed().saturating_add(result.offset),
        delay: taken_at.since(sent_at),
        root_delay: short(result.root_delay),
        root_dispersion: short(result.root_dispersion),
        precision: Duration::from_secs_f64(2_f64.powi(i32::from(result.precision.min(16)))),
        stratum: result.stratum,
        leap: match result.leap_indicator {
            1 => Leap::Insert,
            2 => Leap::Delete,
            // 3 was refused by the library.
            _ => Leap::None,
        },
        reference_id: result.reference_id,
        authentication: Authentication::None,
        address,
        taken_at,
    }
}

/// NTP's short format, 16 bits of seconds and 16 of fraction, rounded up.
fn short(value: u32) -> Duration {
    Duration::from_nanos((u64::from(value) * 1_000_000_000).div_ceil(65_536))
}

/// Connected, so that the kernel drops what others send.
fn connect(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = match address {
        SocketAddr::V4(_) => UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?,
        SocketAddr::V6(_) => UdpSocket::bind((Ipv6Addr::UNSPECIFIED, 0))?,
    };
    socket.connect(address)?;
    Ok(socket)
}

/// The time of a question is a random number to everybody else: an answer made up without seeing the question does not
/// fit it, and the machine's own clock is not given away.
fn random_base() -> Result<u64, Unanswered> {
    let random = getrandom::u64().map_err(|_| Unanswered::Unreachable(io::ErrorKind::Other))?;
    Ok(BASE_US + random % ((1 << 29) * 1_000_000))
}

fn split(authority: &str) -> (String, u16) {
    if let Ok(address) = authority.parse::<SocketAddr>() {
        return (address.ip().to_string(), address.port());
    }
    // More than one colon without brackets is an IPv6 address without a port.
    let found = authority.rsplit_once(':').filter(|(host, _)| !host.contains(':'));
    let found = found.and_then(|(host, port)| Some((host.to_owned(), port.parse().ok()?)));
    found.unwrap_or_else(|| (authority.to_owned(), PORT))
}

/// The monotonic clock, moved by a random base.
#[derive(Clone, Copy)]
struct Stamps<'a> {
    clock: &'a dyn Fn() -> Monotonic,
    base_us: u64,
    now_us: u64,
}

impl NtpTimestampGenerator for Stamps<'_> {
    fn init(&mut self) {
        self.now_us = self.base_us.saturating_add((self.clock)().micros().unsigned_abs());
    }

    fn timestamp_sec(&self) -> u64 {
        self.now_us / 1_000_000
    }

    fn timestamp_subsec_micros(&self) -> u32 {
        u32::try_from(self.now_us % 1_000_000).expect("invariant: less than a million")
    }
}

/// A socket as the library wants it.
struct Wire<'a>(&'a UdpSocket);

impl NtpUdpSocket for Wire<'_> {
    async fn send_to(&self, bytes: &[u8], _: SocketAddr) -> sntpc::Result<usize> {
        self.0.send(bytes).map_err(|_| Error::Network)
    }

    async fn recv_from(&self, bytes: &mut [u8]) -> sntpc::Result<(usize, SocketAddr)> {
        self.0.recv_from(bytes).map_err(|_| Error::Network)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_hosts_with_and_without_ports() {
        let host = |text: &str| split(text);
        assert_eq!(host("ntp.nict.jp"), ("ntp.nict.jp".to_owned(), 123));
        assert_eq!(host("ntp.example:1123"), ("ntp.example".to_owned(), 1123));
        assert_eq!(host("[2001:db8::1]:1123"), ("2001:db8::1".to_owned(), 1123));
        assert_eq!(host("2001:db8::1"), ("2001:db8::1".to_owned(), 123));
    }

    #[test]
    fn rounds_the_short_format_up() {
        assert_eq!(short(0x0001_8000), Duration::from_millis(1_500));
        assert_eq!(short(1), Duration::from_nanos(15_259));
    }

    #[test]
    fn asks_with_a_time_that_nobody_can_guess_thr_33() {
        let bases = [random_base().unwrap(), random_base().unwrap()];
        assert_ne!(bases[0], bases[1]);
        assert!(bases.iter().all(|base| (BASE_US..BASE_US + 536_870_912_000_000).contains(base)));
    }
}
