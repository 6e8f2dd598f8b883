//! The device: takes a frame, answers a frame. Knows nothing of HTTP.

mod attest;
mod create;
mod info;
mod login;
mod options;
mod run;
mod session;
mod sign;
mod symmetric;
mod wrap;

use std::time::{Duration, Instant};

use openssl::{ec::EcKey, error::ErrorStack, pkey::Private};

use crate::{
    algorithm::Algorithm,
    channel::StaticKeys,
    command_log::{CommandLog, Event, NO_ID},
    keys,
    object::{Capabilities, Object, ObjectType, Store},
    refusal::Refusal,
    saved::Saved,
    settings::{Firmware, Settings},
    wire::{self, Command, Frame},
};
use attest::Attestor;
pub(crate) use options::Options;
use session::{Rights, Sessions, State};

/// The key of a fresh device, and its password.
pub const FACTORY_KEY: u16 = 1;
/// As published by Yubico.
pub const FACTORY_PASSWORD: &str = "password";
const FACTORY_LABEL: &str = "DEFAULT AUTHKEY CHANGE THIS ASAP";

/// A change to what the device does, for one command.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Tamper {
    /// Signatures have a bit flipped; the answer around them is genuine.
    pub wrong_signature: bool,
    /// The command is not carried out and answers this, in the secure channel.
    pub refuse: Option<Refusal>,
}

/// A signature that the device made.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SignatureMade {
    /// The key.
    pub key: u16,
    /// The authentication key of the session.
    pub session_key: u16,
    /// The command.
    pub command: Command,
    /// Digest or message.
    pub data: Vec<u8>,
}

/// What came of a frame.
#[derive(Debug)]
pub struct Transaction {
    /// The frame to answer with.
    pub answer: Vec<u8>,
    /// How long the device works on it.
    pub latency: Duration,
}

/// A device with its objects, log and sessions.
#[derive(Debug)]
pub struct Device {
    pub(crate) settings: Settings,
    pub(crate) serial: u32,
    pub(crate) store: Store,
    pub(crate) log: CommandLog,
    pub(crate) options: Options,
    pub(crate) sessions: Sessions,
    pub(crate) identity: EcKey<Private>,
    pub(crate) attestor: Attestor,
    pub(crate) signatures: Vec<SignatureMade>,
    booted: Instant,
    moved: Duration,
}

impl Device {
    /// A fresh device.
    ///
    /// # Errors
    /// If OpenSSL fails.
    pub fn new(settings: Settings) -> Result<Self, Refusal> {
        let payload = keys::generate(Algorithm::P256)?;
        let mut device = Self {
            serial: settings.serial,
            store: Store::default(),
            log: CommandLog::after_reset([0; 32]),
            options: Options::new(settings.firmware),
            sessions: Sessions::default(),
            identity: keys::open_ec(Algorithm::P256, &payload)?,
            attestor: Attestor::new(settings.serial, settings.firmware)?,
            signatures: Vec::new(),
            booted: Instant::now(),
            moved: Duration::ZERO,
            settings,
        };
        device.factory_reset()?;
        Ok(device)
    }

    /// The device that was saved, started again.
    ///
    /// # Errors
    /// If what was saved is not a device.
    pub(crate) fn restore(settings: Settings, saved: &Saved) -> Result<Self, Refusal> {
        let mut device = Self {
            serial: saved.serial,
            store: saved.store(),
            log: saved.log.clone(),
            options: saved.options.clone(),
            sessions: Sessions::default(),
            identity: keys::open_ec(Algorithm::P256, &saved.identity)?,
            attestor: Attestor::restore(&saved.attestor)?,
            signatures: Vec::new(),
            booted: Instant::now(),
            moved: Duration::ZERO,
            settings,
        };
        device.power_cycle();
        Ok(device)
    }

    /// What it keeps without power.
    pub(crate) fn save(&self) -> Result<Saved, Refusal> {
        let identity = keys::ec_payload(&self.identity)?;
        let (log, options) = (self.log.clone(), self.options.clone());
        Ok(Saved::new(self.serial, &self.store, log, options, identity, self.attestor.save()?))
    }

    /// Everything goes, and the factory key comes back.
    ///
    /// # Errors
    /// If OpenSSL fails.
    pub fn factory_reset(&mut self) -> Result<(), Refusal> {
        self.store = Store::default();
        self.store.add(factory_key()?)?;
        let mut seed = [0; 32];
        openssl::rand::rand_bytes(&mut seed)?;
        self.log = CommandLog::after_reset(seed);
        self.options = Options::new(self.firmware());
        self.sessions.clear();
        self.booted = Instant::now();
        Ok(())
    }

    /// Power goes and comes back: sessions are lost, and the start is logged.
    pub fn power_cycle(&mut self) {
        self.sessions.clear();
        self.booted = Instant::now();
        if self.log_is_closed() {
            self.log.unlogged_boots = self.log.unlogged_boots.saturating_add(1);
        } else {
            self.log.boot(0);
        }
    }

    /// The device becomes one of another serial number, with its objects or without.
    ///
    /// # Errors
    /// If OpenSSL fails.
    pub fn swap(&mut self, serial: u32, with_objects: bool) -> Result<(), Refusal> {
        if with_objects {
            self.power_cycle();
        } else {
            self.factory_reset()?;
        }
        self.serial = serial;
        self.identity = keys::open_ec(Algorithm::P256, &keys::generate(Algorithm::P256)?)?;
        self.attestor.reissue(serial, self.firmware())
    }

    /// Lets time pass, for the expiry of sessions.
    pub fn advance(&mut self, by: Duration) {
        self.moved += by;
    }

    pub(crate) fn firmware(&self) -> Firmware {
        self.settings.firmware
    }

    fn now(&self) -> Duration {
        self.booted.elapsed() + self.moved
    }

    /// Milliseconds: a choice that fits Yubico's example.
    fn tick(&self) -> u32 {
        u32::try_from(self.booted.elapsed().as_millis()).unwrap_or(u32::MAX)
    }

    /// The command in a frame, looked into without changing anything.
    #[must_use]
    pub fn peek(&mut self, bytes: &[u8]) -> Option<Command> {
        let frame = Frame::parse(bytes).ok()?;
        if frame.command != Command::SESSION_MESSAGE {
            return Some(frame.command);
        }
        let session = self.sessions.find(*frame.payload.first()?).ok()?;
        let State::Open(channel) = &session.state else { return None };
        let inner = channel.unwrap(bytes).ok()?.inner;
        inner.first().copied().map(Command)
    }

    /// Takes a frame.
    #[must_use]
    pub fn transact(&mut self, bytes: &[u8], tamper: Tamper) -> Transaction {
        let mut latency = self.settings.latency.base;
        let answer = self.plain(bytes, tamper, &mut latency).unwrap_or_else(wire::error);
        Transaction { answer, latency }
    }

    fn plain(&mut self, bytes: &[u8], tamper: Tamper, latency: &mut Duration) -> Result<Vec<u8>, Refusal> {
        if bytes.len() > self.firmware().buffer() {
            return Err(Refusal::WrongLength);
        }
        let frame = Frame::parse(bytes)?;
        let (now, expiry) = (self.now(), self.settings.session_expiry);
        self.sessions.expire(now, expiry);
        match frame.command {
            Command::SESSION_MESSAGE => self.session_message(bytes, frame.payload, tamper, latency),
            Command::CREATE_SESSION | Command::AUTHENTICATE_SESSION => {
                let mut target = NO_ID;
                let done = if frame.command == Command::CREATE_SESSION {
                    self.create_session(frame.payload, &mut target)
                } else {
                    self.authenticate_session(bytes, frame.payload, &mut target)
                };
                self.record_login(frame, target, done.as_ref().err());
                Ok(wire::answer(frame.command, &done?))
            }
            Command::ECHO => Ok(wire::answer(frame.command, frame.payload)),
            Command::DEVICE_INFO => Ok(wire::answer(frame.command, &self.device_info(frame.payload)?)),
            Command::GET_DEVICE_PUBLIC_KEY => Ok(wire::answer(frame.command, &self.device_public_key()?)),
            _ => Err(Refusal::InvalidCommand),
        }
    }

    fn session_message(
        &mut self,
        outer: &[u8],
        payload: &[u8],
        tamper: Tamper,
        latency: &mut Duration,
    ) -> Result<Vec<u8>, Refusal> {
        let id = *payload.first().ok_or(Refusal::WrongLength)?;
        let session = self.sessions.find(id)?;
        let State::Open(channel) = &session.state else { return Err(Refusal::InvalidSession) };
        let rights = session.rights;
        let opened = channel.unwrap(outer);
        if self.settings.choices.bad_mac_ends_session && opened.is_err() {
            self.sessions.close(id);
        }
        let opened = opened?;
        // Old firmware takes this option, and with a full log can then not be read any more (yubihsm.md section 6).
        let wrapping_audited = self.options.audits(Command::SESSION_MESSAGE);
        if wrapping_audited && self.log_is_closed() {
            return Err(Refusal::LogFull);
        }
        let mut channel = opened.next;
        let answer = match Frame::parse(&opened.inner) {
            Ok(frame) => match self.run(rights, frame, tamper, latency) {
                Ok(done) => wire::answer(frame.command, &done),
                Err(refusal) => wire::error(refusal),
            },
            Err(refusal) => wire::error(refusal),
        };
        if wrapping_audited && !self.log_is_closed() {
            self.record(Frame { command: Command::SESSION_MESSAGE, payload }, rights.key, NO_ID, NO_ID, None);
        }
        let wrapped = channel.wrap(id, &answer)?;
        let closed = answer.first() == Some(&(Command::CLOSE_SESSION.0 | 0x80));
        let used = self.now() + *latency;
        // A reset has closed it already.
        if let Ok(session) = self.sessions.find(id) {
            session.state = State::Open(channel);
            session.used = used;
            if closed {
                self.sessions.close(id);
            }
        }
        Ok(wrapped)
    }

    /// Openings of sessions are always allowed; a full log under force-audit only counts them.
    fn record_login(&mut self, frame: Frame<'_>, target: u16, refused: Option<&Refusal>) {
        if !self.options.audits(frame.command) {
            return;
        }
        if self.log_is_closed() {
            self.log.unlogged_logins = self.log.unlogged_logins.saturating_add(1);
        } else {
            self.record(frame, NO_ID, target, NO_ID, refused);
        }
    }

    /// Under force-audit, a full log takes nothing more.
    fn log_is_closed(&self) -> bool {
        self.options.force_audit > 0 && self.log.is_full()
    }

    fn record(&mut self, frame: Frame<'_>, session_key: u16, target: u16, second: u16, refused: Option<&Refusal>) {
        let event = Event {
            command: frame.command,
            length: u16::try_from(frame.payload.len()).unwrap_or(u16::MAX),
            session_key,
            target,
            second,
            result: refused.map_or(frame.command.0 | 0x80, |refusal| refusal.byte()),
        };
        self.log.push(event, self.tick());
    }

    /// Runs a command as a session of authentication key `key` would, with its login and its end: somebody else at the device.
    ///
    /// # Errors
    /// Whatever the device refuses.
    pub fn direct(&mut self, key: u16, command: Command, payload: &[u8]) -> Result<Vec<u8>, Refusal> {
        let rights = Rights::of(self.store.find(ObjectType::AUTHENTICATION_KEY, key, u16::MAX)?);
        for (command, length) in [(Command::CREATE_SESSION, 10), (Command::AUTHENTICATE_SESSION, 17)] {
            self.record_login(Frame { command, payload: &[0; 17][..length] }, key, None);
        }
        let mut latency = Duration::ZERO;
        let done = self.run(rights, Frame { command, payload }, Tamper::default(), &mut latency);
        self.run(rights, Frame { command: Command::CLOSE_SESSION, payload: &[] }, Tamper::default(), &mut latency)?;
        done
    }
}

fn factory_key() -> Result<Object, ErrorStack> {
    let keys = StaticKeys::from_password(FACTORY_PASSWORD)?;
    let mut label = FACTORY_LABEL.as_bytes().to_vec();
    label.resize(40, 0);
    Ok(Object {
        id: FACTORY_KEY,
        kind: ObjectType::AUTHENTICATION_KEY,
        label,
        domains: u16::MAX,
        capabilities: Capabilities::ALL,
        delegated: Capabilities::ALL,
        algorithm: Algorithm::AES128_AUTHENTICATION,
        sequence: 0,
        origin: 2,
        payload: [keys.encryption, keys.mac].concat(),
    })
}
