//! One device: its sessions, one a role, behind one lock, because a device does one thing at a time.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use kokuin_key::{KeyError, KeyId};
use kokuin_settings::SecretFile;
use kokuin_suite::Verify;
use yubihsm::{Client, client};

use crate::attempt::{Attempt, TriedBefore};
use crate::folder::Folder;
use crate::yubihsm::backoff::Backoff;
use crate::yubihsm::book::{Book, Fill};
use crate::yubihsm::calls::Call;
use crate::yubihsm::connection::{Connection, Link};
use crate::yubihsm::kind::Question;
use crate::yubihsm::login::Login;
use crate::yubihsm::{CallError, ConfigRule, DeviceConfig, YubiHsmError, identity};

/// One configured device.
#[derive(Debug)]
pub(super) struct Device {
    pub(super) config: DeviceConfig,
    pub(super) folder: Folder,
    /// As entries and reports name it.
    pub(super) label: String,
    pub(super) fill: Fill,
    engine: Arc<dyn Verify>,
    line: Mutex<Line>,
    /// Keys of this process, by number.
    keys: Mutex<BTreeMap<u16, KeyId>>,
    stopped: AtomicBool,
    /// Somebody reads the device's log in this process.
    is_read: AtomicBool,
}

/// The sessions with the device, and what was asked in them.
#[derive(Debug, Default)]
pub(super) struct Line {
    signing: Seat,
    auditing: Seat,
    pub(super) book: Book,
}

#[derive(Debug, Default)]
struct Seat {
    connection: Option<Connection>,
    backoff: Backoff,
}

/// What a session is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Role {
    /// Signing.
    Sign,
    /// Reading the device's log.
    Audit,
}

impl Device {
    /// The device of `config`; its keys' records are in `keys/yubihsm/NAME`. Nothing is asked of the device yet.
    pub(super) fn new(config: DeviceConfig, keys: &Path, engine: Arc<dyn Verify>) -> Result<Self, YubiHsmError> {
        if let Some(rule) = config.broken_rule() {
            return Err(YubiHsmError::Config { device: config.name, rule });
        }
        let folder = Folder::open(&keys.join("yubihsm").join(config.name.as_str()))?;
        Ok(Self {
            label: format!("yubihsm {}", config.serial),
            fill: Fill::default(),
            engine,
            line: Mutex::default(),
            keys: Mutex::default(),
            stopped: AtomicBool::new(false),
            is_read: AtomicBool::new(false),
            config,
            folder,
        })
    }

    /// The device to oneself. A panic elsewhere leaves sessions that are judged anew when they are used.
    pub(super) fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says that the object is a key of this process.
    pub(super) fn know(&self, object: u16, key: &KeyId) {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner).insert(object, key.clone());
    }

    /// The key of this process with this number.
    pub(super) fn known(&self, object: u16) -> Option<KeyId> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner).get(&object).cloned()
    }

    /// Signs nothing more in this process.
    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
    }

    /// Whether it was stopped.
    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }

    /// From here on, what this process asks for is matched with the device's log.
    pub(super) fn account(&self) {
        self.is_read.store(true, Ordering::Release);
    }

    /// Sees to a session for signing that works now.
    pub(super) fn open(&self) -> Result<(), YubiHsmError> {
        let mut line = self.line();
        self.query(&mut line, Role::Sign, |client| client.echo(*b"kokuin")).map(drop)
    }

    /// One signature as it comes. What was sent is never sent again (THR-60); what was not is, once, in a new session.
    pub(super) fn sign(&self, object: u16, question: &Question) -> Result<Vec<u8>, KeyError> {
        if self.is_stopped() {
            return Err(KeyError::Suspended);
        }
        let mut line = self.line();
        let command = question.command;
        let mut attempts = 0;
        loop {
            let asked = question.clone();
            let connection = self.session(&mut line, Role::Sign).map_err(|error| error.as_key_error())?;
            let answer = connection.call(move |client| asked.put(client, object));
            if let Some(call) = Call::of(command, object, &answer) {
                self.note(&mut line.book, call);
            }
            attempts += 1;
            match answer {
                Err(CallError::NotSent(_)) if attempts == 1 => {}
                answer => return answer.map_err(|error| error.as_key_error()),
            }
        }
    }

    /// Asks what can be asked twice.
    pub(super) fn query<T: Send + 'static>(
        &self,
        line: &mut Line,
        role: Role,
        command: impl Fn(&Client) -> Result<T, client::Error> + Clone + Send + 'static,
    ) -> Result<T, YubiHsmError> {
        let first = self.session(line, role)?.call(command.clone());
        match first {
            Err(error) if !error.keeps_session() => self.session(line, role)?.call(command),
            answer => answer,
        }
        .map_err(|error| self.failed(error))
    }

    /// A session of its own for a ceremony that makes keys.
    pub(super) fn operator(&self) -> Result<(Connection, u16), YubiHsmError> {
        let config = &self.config;
        let (id, file) = match (config.operator_key, &config.operator_password_file) {
            (Some(id), Some(file)) => (id, file),
            _ => (config.auth_key, &config.password_file),
        };
        let mut connection = self.log_in(id, file)?;
        identity::check_serial(config, &mut connection)?;
        Ok((connection, id))
    }

    pub(super) fn failed(&self, error: CallError) -> YubiHsmError {
        YubiHsmError::Call { device: self.config.name.clone(), error }
    }

    fn note(&self, book: &mut Book, call: Call) {
        self.fill.add(1);
        // Without a reader, nobody would ever take them out.
        if self.is_read.load(Ordering::Acquire) {
            book.note(call);
        }
    }

    /// The session of a role, opened if there is none, with the device that it is to be.
    fn session<'a>(&self, line: &'a mut Line, role: Role) -> Result<&'a mut Connection, YubiHsmError> {
        if role == Role::Sign && self.is_read.load(Ordering::Acquire) && !line.book.has_begun() {
            // What the device did before is told apart from what it does for this process.
            self.begin(line)?;
        }
        if !line.seat(role).connection.as_ref().is_some_and(Connection::is_usable) {
            let now = Instant::now();
            if !line.seat(role).backoff.allows(now) {
                return Err(YubiHsmError::Waiting(self.config.name.clone()));
            }
            line.seat(role).connection = None;
            let opened = self.connect(line, role);
            let seat = line.seat(role);
            match opened {
                Ok(connection) => {
                    seat.backoff.succeeded();
                    seat.connection = Some(connection);
                }
                Err(error) => {
                    seat.backoff.failed(Instant::now());
                    return Err(error);
                }
            }
        }
        let waiting = || YubiHsmError::Waiting(self.config.name.clone());
        line.seat(role).connection.as_mut().ok_or_else(waiting)
    }

    fn connect(&self, line: &mut Line, role: Role) -> Result<Connection, YubiHsmError> {
        let config = &self.config;
        let (id, file) = self.key_of(role)?;
        let mut connection = self.log_in(id, file)?;
        identity::check_serial(config, &mut connection)?;
        if role == Role::Sign {
            let book = &mut line.book;
            identity::check_key(config, &mut connection, &*self.engine, |call| self.note(book, call))?;
        }
        Ok(connection)
    }

    fn key_of(&self, role: Role) -> Result<(u16, &PathBuf), YubiHsmError> {
        let config = &self.config;
        match (role, config.audit_key, &config.audit_password_file) {
            (Role::Sign, ..) => Ok((config.auth_key, &config.password_file)),
            (Role::Audit, Some(id), Some(file)) => Ok((id, file)),
            (Role::Audit, ..) => Err(YubiHsmError::Config { device: config.name.clone(), rule: ConfigRule::Drain }),
        }
    }

    /// Opens a session with the secret in `file`, once if the device does not take it (THR-67).
    fn log_in(&self, id: u16, file: &Path) -> Result<Connection, YubiHsmError> {
        let config = &self.config;
        let device = || config.name.clone();
        let login = Login::new(id, &SecretFile::new(file.to_owned()).read()?);
        if self.shares_secret(id, &login)? {
            return Err(YubiHsmError::Config { device: device(), rule: ConfigRule::SameKey });
        }
        if login.is_weak() {
            return Err(YubiHsmError::PasswordWeak { device: device(), file: file.to_owned() });
        }
        let (serial, key) = (config.serial.to_be_bytes(), id.to_be_bytes());
        let subject = [serial.as_slice(), &key, login.secret().expose()];
        let attempt = match Attempt::begin(&self.folder, &format!("login-{id:04x}"), &subject)? {
            Ok(attempt) => attempt,
            Err(TriedBefore(marker)) => {
                return Err(YubiHsmError::PasswordNotTried { device: device(), file: file.to_owned(), marker });
            }
        };
        let link = Link { way: config.connector.clone(), serial: config.serial, timeout: config.timeout.as_std() };
        // Both halves of a login are logged.
        self.fill.add(2);
        match Connection::open(&link, &login) {
            Ok(connection) => {
                attempt.was_taken()?;
                Ok(connection)
            }
            // A secret that was right before: another device is there, or the connector lies. The way back stays open.
            Err(CallError::Login(_)) if attempt.is_known() => Err(self.failed(CallError::Login(id))),
            Err(CallError::Login(_)) => {
                attempt.was_refused()?;
                Err(YubiHsmError::PasswordRefused { device: device(), key: id, file: file.to_owned() })
            }
            Err(error) => {
                attempt.was_not_made()?;
                Err(self.failed(error))
            }
        }
    }

    /// Whether another role's file, as far as it is there, holds the same secret (THR-61).
    fn shares_secret(&self, id: u16, login: &Login) -> Result<bool, YubiHsmError> {
        let config = &self.config;
        let audit = config.audit_key.zip(config.audit_password_file.as_ref());
        for (other, file) in [(config.auth_key, &config.password_file)].into_iter().chain(audit) {
            if other != id && Login::new(other, &SecretFile::new(file.clone()).read()?).has_secret_of(login) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Longest time that making a key may take.
    pub(super) const MAKING: Duration = Duration::from_mins(5);
}

impl Line {
    fn seat(&mut self, role: Role) -> &mut Seat {
        match role {
            Role::Sign => &mut self.signing,
            Role::Audit => &mut self.auditing,
        }
    }
}
