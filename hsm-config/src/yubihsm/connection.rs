//! One session with one device, on a thread of its own, because the crate waits 20 seconds for what may never come.
//!
//! The crate's client is thrown away on every error but the device's own: it does not leave a session that the device has dropped. It has no way to
//! close a session either, so that each one that is given up stays taken in the device until 30 seconds after its last command: a session is kept
//! as long as it works, and who opens new ones waits between attempts that fail.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use yubihsm::{Client, client};

use crate::yubihsm::login::Login;
use crate::yubihsm::{CallError, Way};

/// Name of the threads that wait for devices.
const THREAD: &str = "yubihsm";

/// A connector closes a connection after 5 seconds of silence, a device its session after 30. A silent one is kept by an echo, which devices do not
/// log unless they are told to.
const SILENCE: Duration = Duration::from_secs(2);

/// Where a device is, and how long it may take.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) way: Way,
    pub(crate) serial: u32,
    pub(crate) timeout: Duration,
}

/// A session. Dropped, its thread ends when the device lets it.
#[derive(Debug)]
pub(crate) struct Connection {
    jobs: Option<SyncSender<Job>>,
    patience: Duration,
}

type Work = Box<dyn FnOnce(&Client) + Send>;

struct Job {
    turn: Arc<Turn>,
    work: Work,
}

/// Whether a job was begun, which is when it may have reached the device; or given up before.
#[derive(Debug, Default)]
struct Turn(AtomicU8);

const WAITING: u8 = 0;
const BEGUN: u8 = 1;
const GIVEN_UP: u8 = 2;

impl Turn {
    /// Of the two sides, the first has its way.
    fn take(&self, what: u8) -> bool {
        self.0.compare_exchange(WAITING, what, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}

impl Connection {
    /// Opens a session. The secret is tried once.
    pub(crate) fn open(link: &Link, login: &Login) -> Result<Self, CallError> {
        let (jobs, given) = sync_channel::<Job>(1);
        let (tell, told) = sync_channel(1);
        let connector = link.way.connector(link.serial, link.timeout);
        let connector = connector.ok_or_else(|| CallError::NotSent("this program has no USB built in".to_owned()))?;
        let login = login.clone();
        let thread = thread::Builder::new().name(THREAD.to_owned());
        let spawned = thread.spawn(move || {
            // It opens no other session by itself: that would hide that this one is gone.
            match Client::open(connector, login.credentials(), false) {
                Ok(client) => {
                    if tell.send(Ok(())).is_ok() {
                        serve(&client, &given);
                    }
                }
                // Who asked may have gone away meanwhile.
                Err(error) => drop(tell.send(Err(CallError::of_login(login.id(), &error)))),
            }
        });
        spawned.map_err(CallError::Thread)?;
        match told.recv_timeout(link.timeout) {
            Ok(opened) => opened?,
            Err(RecvTimeoutError::Timeout) => return Err(CallError::NotSent("no session in time".to_owned())),
            // The crate panicked on what it was answered.
            Err(RecvTimeoutError::Disconnected) => return Err(CallError::NotSent("no session was opened".to_owned())),
        }
        Ok(Self { jobs: Some(jobs), patience: link.timeout })
    }

    /// Whether the session was not given up yet.
    pub(crate) const fn is_usable(&self) -> bool {
        self.jobs.is_some()
    }

    /// Runs one command. After an error that is not the device's own word, the session is not used again.
    pub(crate) fn call<T: Send + 'static>(
        &mut self,
        command: impl FnOnce(&Client) -> Result<T, client::Error> + Send + 'static,
    ) -> Result<T, CallError> {
        self.call_within(self.patience, command)
    }

    /// The same for commands that take their time: making RSA keys takes minutes.
    pub(crate) fn call_within<T: Send + 'static>(
        &mut self,
        patience: Duration,
        command: impl FnOnce(&Client) -> Result<T, client::Error> + Send + 'static,
    ) -> Result<T, CallError> {
        let (tell, told) = sync_channel(1);
        let turn = Arc::new(Turn::default());
        // Nobody listens any more once the time is over.
        let work: Work = Box::new(move |client| drop(tell.send(command(client))));
        let answer = self.put(Job { turn: Arc::clone(&turn), work }).and_then(|()| hear(&told, &turn, patience));
        if answer.as_ref().is_err_and(|error| !error.keeps_session()) {
            self.jobs = None;
        }
        answer
    }

    fn put(&self, job: Job) -> Result<(), CallError> {
        let jobs = self.jobs.as_ref().ok_or_else(gone)?;
        jobs.send(job).map_err(|_| gone())
    }
}

fn gone() -> CallError {
    CallError::NotSent("the session ended".to_owned())
}

fn hear<T>(told: &Receiver<Result<T, client::Error>>, turn: &Turn, patience: Duration) -> Result<T, CallError> {
    match told.recv_timeout(patience) {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(CallError::of_command(&error)),
        Err(_) if turn.take(GIVEN_UP) => Err(gone()),
        Err(RecvTimeoutError::Timeout) => Err(CallError::TimedOut),
        // The crate panics on some answers that no device gives.
        Err(RecvTimeoutError::Disconnected) => {
            Err(CallError::AnswerLost("the answer is not one of a device".to_owned()))
        }
    }
}

/// Runs jobs until there is nobody who could give any, or the session ends in silence.
fn serve(client: &Client, given: &Receiver<Job>) {
    loop {
        match given.recv_timeout(SILENCE) {
            Ok(job) => {
                if job.turn.take(BEGUN) {
                    (job.work)(client);
                }
            }
            Err(RecvTimeoutError::Timeout) => {
                if client.echo(*b"kokuin").is_err() {
                    return;
                }
            }
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use kokuin_settings::Secret;
    use kokuin_yubihsm_sim::{FACTORY_KEY, FACTORY_PASSWORD, Fault, On, Settings, Simulator};

    use super::*;

    fn link(simulator: &Simulator) -> Link {
        Link { way: simulator.url().parse().unwrap(), serial: simulator.serial(), timeout: Duration::from_secs(2) }
    }

    fn factory() -> Login {
        Login::new(FACTORY_KEY, &Secret::new(FACTORY_PASSWORD.as_bytes().to_vec()))
    }

    fn open(simulator: &Simulator) -> Connection {
        Connection::open(&link(simulator), &factory()).unwrap()
    }

    fn echo(connection: &mut Connection) -> Result<Vec<u8>, CallError> {
        connection.call(|client| client.echo(*b"hello"))
    }

    #[test]
    fn logs_in_and_asks() {
        let simulator = Simulator::start(Settings::default()).unwrap();
        let mut connection = open(&simulator);
        assert_eq!(echo(&mut connection).unwrap(), b"hello");
        let serial = connection.call(Client::device_info).unwrap().serial_number;
        assert_eq!(serial.to_string(), "0007550000");
        assert!(connection.is_usable());
    }

    #[test]
    fn the_devices_own_refusal_keeps_the_session() {
        let simulator = Simulator::start(Settings::default()).unwrap();
        let mut connection = open(&simulator);
        let refused = connection.call(|client| client.get_public_key(9)).unwrap_err();
        assert!(matches!(refused, CallError::Refused(0x0b)), "{refused}");
        assert_eq!(refused.to_string(), "the device refused: object not found (0x0b)");
        assert_eq!(echo(&mut connection).unwrap(), b"hello");
    }

    #[test]
    fn whatever_else_comes_back_ends_the_session_without_a_panic_thr_58() {
        let simulator = Simulator::start(Settings::default()).unwrap();
        let other = open(&simulator);
        for fault in [
            Fault::GoneBefore,
            Fault::AnswerLost,
            Fault::FlipBit { bit: 3 },
            Fault::FlipBit { bit: 100 },
            Fault::Truncated { bytes: 0 },
            Fault::Truncated { bytes: 2 },
            Fault::Truncated { bytes: 20 },
            Fault::BodyCut { bytes: 7 },
            Fault::Oversized { bytes: 9 },
            Fault::Oversized { bytes: 100_000 },
            Fault::WrongLength,
            Fault::Html,
            Fault::Redirect,
            Fault::ServerError,
            Fault::OtherSession,
            Fault::Replayed,
            Fault::Drip { ms: 1 },
            Fault::Segmented,
            Fault::Chunked,
            Fault::PlainError { code: 3 },
            Fault::PlainError { code: 4 },
            Fault::GoneDuring,
        ] {
            let mut connection = open(&simulator);
            simulator.fault(fault.on(On::Command(1)));
            let begun = Instant::now();
            let answer = echo(&mut connection);
            simulator.clear_faults();
            assert!(begun.elapsed() < Duration::from_secs(4), "{fault:?}");
            let Err(error) = answer else { panic!("{fault:?}: {answer:?}") };
            assert!(!error.keeps_session() && !connection.is_usable(), "{fault:?}: {error}");
            assert!(error.as_key_error().may_have_signed(), "{fault:?}: {error}");
            assert!(matches!(echo(&mut connection), Err(CallError::NotSent(_))), "{fault:?}");
            // The sessions that were given up are the device's until it forgets them.
            simulator.advance(Duration::from_secs(31));
        }
        drop(other);
    }

    #[test]
    fn a_device_that_is_not_there_was_not_asked() {
        let simulator = Simulator::start(Settings::default()).unwrap();
        simulator.plug(false);
        let error = Connection::open(&link(&simulator), &factory()).unwrap_err();
        assert!(matches!(error, CallError::NotSent(_)), "{error}");
        simulator.stop_connector();
        let error = Connection::open(&link(&simulator), &factory()).unwrap_err();
        assert!(matches!(error, CallError::NotSent(_)), "{error}");
    }

    #[test]
    fn a_silent_session_is_kept_and_one_that_ended_in_silence_was_not_asked() {
        let settings = Settings { idle: Some(Duration::from_millis(2_500)), ..Settings::default() };
        let simulator = Simulator::start(settings).unwrap();
        let mut connection = open(&simulator);
        let lines = simulator.log().len();
        thread::sleep(Duration::from_secs(5));
        assert_eq!(echo(&mut connection).unwrap(), b"hello");
        assert_eq!(simulator.log().len(), lines, "an echo leaves no line");
        simulator.power_cycle();
        thread::sleep(Duration::from_millis(2_500));
        assert!(matches!(echo(&mut connection), Err(CallError::NotSent(_))));
    }

    #[test]
    fn a_wrong_secret_is_told_from_a_device_that_is_not_there() {
        let simulator = Simulator::start(Settings::default()).unwrap();
        for login in
            [Login::new(1, &Secret::new(b"passw0rd".to_vec())), Login::new(9, &Secret::new(b"password".to_vec()))]
        {
            let error = Connection::open(&link(&simulator), &login).unwrap_err();
            assert!(matches!(error, CallError::Login(id) if id == login.id()), "{error}");
        }
    }
}
