//! What a simulated device is like, before it starts. Where no vendor source says how a device behaves, the behaviour is a field of [`Choices`].

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use crate::{algorithm::Algorithm, refusal::Refusal, wire::Command};

/// Settings of one device and its connector.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the connector listens. Port 0 is any free one.
    pub listen: SocketAddr,
    /// The device's serial number.
    pub serial: u32,
    /// The device's firmware.
    pub firmware: Firmware,
    /// How long commands take.
    pub latency: Latency,
    /// How long a session lives without a command.
    pub session_expiry: Duration,
    /// How long a connection may be silent; the connector's server closes it then.
    pub idle: Option<Duration>,
    /// File that the device is kept in across restarts of the program. Keys stand in it as they are.
    pub state: Option<PathBuf>,
    /// Where no source says.
    pub choices: Choices,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            serial: 7_550_000,
            firmware: Firmware::V2_2_0,
            latency: Latency::NONE,
            session_expiry: Duration::from_secs(30),
            idle: Some(Duration::from_secs(5)),
            state: None,
            choices: Choices::default(),
        }
    }
}

/// A firmware version and what depends on it.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Firmware(pub u8, pub u8, pub u8);

impl Firmware {
    /// 2048-byte frames, commands audited unless switched off, no list that the `yubihsm` crate cannot read.
    pub const V2_2_0: Self = Self(2, 2, 0);
    /// 3136-byte frames, audit off unless switched on, newer algorithms and commands in the lists.
    pub const V2_4_1: Self = Self(2, 4, 1);

    /// Longest frame.
    #[must_use]
    pub fn buffer(self) -> usize {
        if self >= Self(2, 4, 0) { 3136 } else { 2048 }
    }

    /// Whether a fresh device logs commands.
    #[must_use]
    pub fn audits_by_default(self) -> bool {
        self < Self(2, 3, 1)
    }

    /// Whether there is asymmetric login.
    #[must_use]
    pub fn has_asymmetric_login(self) -> bool {
        self >= Self(2, 3, 0)
    }

    /// Algorithms that `DeviceInfo` lists.
    pub fn algorithms(self) -> impl Iterator<Item = Algorithm> {
        let last = if self.has_asymmetric_login() { 55 } else { 47 };
        (1..=last).map(Algorithm)
    }

    /// Commands that have an audit option, in the device's order (user guide, option-audit page).
    pub fn audited(self) -> impl Iterator<Item = Command> {
        let ranges: [std::ops::RangeInclusive<u8>; 19] = [
            0x01..=0x01,
            0x03..=0x07,
            0x09..=0x09,
            0x08..=0x08,
            0x40..=0x47,
            0x55..=0x56,
            0x48..=0x49,
            0x57..=0x57,
            0x4a..=0x4d,
            0x67..=0x67,
            0x4e..=0x54,
            0x58..=0x66,
            0x68..=0x6c,
            0x0a..=0x0a,
            0x6d..=0x72,
            0x73..=0x73,
            0x74..=0x75,
            0x76..=0x76,
            0x77..=0x77,
        ];
        let count = if self.has_asymmetric_login() { 19 } else { 13 };
        ranges.into_iter().take(count).flatten().map(Command)
    }
}

/// How long the device works on a command. One device does one thing at a time, whatever the number of sessions.
#[derive(Clone, Copy, Debug)]
pub struct Latency {
    /// Any command.
    pub base: Duration,
    /// The factor on the published averages of signing, in percent: 0 is off, 100 a real device.
    pub percent: u32,
}

impl Latency {
    /// No waiting.
    pub const NONE: Self = Self { base: Duration::ZERO, percent: 0 };
    /// As published: P-256 73 ms, P-384 120 ms, RSA-2048 139 ms and so on (yubihsm.md section 7).
    pub const REAL: Self = Self { base: Duration::from_millis(2), percent: 100 };

    /// A real device at `percent` of the published times; 0 is no waiting.
    #[must_use]
    pub fn pace(percent: u32) -> Self {
        if percent == 0 { Self::NONE } else { Self { percent, ..Self::REAL } }
    }

    /// Time that `command` takes with a key of `algorithm` on `bytes` of payload.
    #[must_use]
    pub fn of(self, command: Command, algorithm: Option<Algorithm>, bytes: usize) -> Duration {
        let published = if command.signs() { algorithm.map_or(0, |key| signing_ms(key, bytes)) } else { 0 };
        self.base + Duration::from_micros(published * 10 * u64::from(self.percent))
    }
}

/// Published averages of an idle device, in milliseconds (Yubico, product overview).
fn signing_ms(key: Algorithm, bytes: usize) -> u64 {
    match key {
        Algorithm::RSA_2048 => 139,
        Algorithm::RSA_3072 => 504,
        Algorithm::RSA_4096 => 852,
        Algorithm::P384 => 120,
        Algorithm::P521 => 210,
        Algorithm::ED25519 => match bytes {
            0..=34 => 105,
            35..=66 => 121,
            67..=130 => 137,
            131..=258 => 168,
            259..=514 => 229,
            _ => 353,
        },
        Algorithm(47) => 64,
        _ => 73,
    }
}

/// What no vendor source settles (yubihsm.md section 10), with the value taken here.
#[derive(Clone, Copy, Debug)]
pub struct Choices {
    /// Code when the session has a right that the object lacks, for signing and decrypting.
    pub object_right_missing: Refusal,
    /// Code when a new object would have more capabilities than the session may delegate.
    pub delegation_exceeded: Refusal,
    /// A new object's domains must all be the session's.
    pub domains_within_session: bool,
    /// `SetLogIndex` sets both unlogged counters to 0.
    pub log_index_clears_counters: bool,
    /// What is not audited still works while the log is full.
    pub unaudited_passes_full_log: bool,
    /// A wrong MAC ends the session.
    pub bad_mac_ends_session: bool,
}

impl Default for Choices {
    fn default() -> Self {
        Self {
            object_right_missing: Refusal::InsufficientPermissions,
            delegation_exceeded: Refusal::InsufficientPermissions,
            domains_within_session: true,
            log_index_clears_counters: true,
            unaudited_passes_full_log: true,
            bad_mac_ends_session: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_audit_list_is_the_published_one() {
        let hex: String = Firmware::V2_4_1.audited().map(|command| format!("{:02x}00", command.0)).collect();
        assert_eq!(
            hex,
            "0100030004000500060007000900080040004100420043004400450046004700550056004800490057004a004b004c004d0067004e00\
             4f0050005100520053005400580059005a005b005c005d005e005f006000610062006300640065006600680069006a006b006c000a00\
             6d006e006f0070007100720073007400750076007700"
        );
        assert!(Firmware::V2_2_0.audited().all(|command| command.0 != 0x0a && command.0 <= 0x6c));
    }

    #[test]
    fn a_real_device_signs_p256_thirteen_times_a_second() {
        let one = Latency::REAL.of(Command::SIGN_ECDSA, Some(Algorithm::P256), 34);
        assert_eq!(one, Duration::from_millis(75));
        assert_eq!(Latency::NONE.of(Command::SIGN_ECDSA, Some(Algorithm::P256), 34), Duration::ZERO);
    }
}
