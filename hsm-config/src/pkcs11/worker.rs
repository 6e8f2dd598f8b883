//! One session on a thread of its own, because a session belongs to one thread and a device may not answer.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use cryptoki::context::Function;
use cryptoki::error::Error;
use cryptoki::session::Session;
use kokuin_key::KeyError;

use crate::pkcs11::Pkcs11Error;
use crate::pkcs11::deadline::THREAD;
use crate::pkcs11::error::DeviceError;
use crate::pkcs11::find::{self, Found};
use crate::pkcs11::key::Shared;
use crate::pkcs11::mechanism::Question;
use crate::pkcs11::session::{Access, Opened};

/// How long either side looks for the other before it sleeps.
const AWAKE: Duration = Duration::from_micros(100);

/// The way to a session. Dropped, the thread closes its session as soon as the device lets it.
#[derive(Debug)]
pub(super) struct Worker {
    questions: SyncSender<Question>,
    answers: Receiver<Result<Vec<u8>, KeyError>>,
    patience: Duration,
}

impl Worker {
    /// Opens a session and finds the key, which must still be the one that it was.
    pub(super) fn open(key: &Arc<Shared>) -> Result<Self, KeyError> {
        let patience = key.token.config.timeout.as_std();
        let (questions, asked) = sync_channel::<Question>(1);
        let (tell, answers) = sync_channel(1);
        let key = Arc::clone(key);
        let thread = thread::Builder::new().name(THREAD.to_owned());
        let spawned = thread.spawn(move || {
            let (opened, found) = match ready(&key) {
                Ok(ready) => ready,
                // Who asked may have gone away meanwhile.
                Err(error) => return drop(tell.send(Err(error.as_key_error()))),
            };
            // An empty answer says that the session is there.
            let mut listens = tell.send(Ok(Vec::new())).is_ok();
            while listens && let Some(question) = awake(&asked).or_else(|| asked.recv().ok()) {
                listens = tell.send(sign(&opened.session, &found, &question)).is_ok();
            }
        });
        spawned.map_err(|error| Pkcs11Error::Thread(error).as_key_error())?;
        let worker = Self { questions, answers, patience };
        worker.hear()?;
        Ok(worker)
    }

    /// The token's signature as it comes. After an error the worker is not used again.
    pub(super) fn ask(&self, question: Question) -> Result<Vec<u8>, KeyError> {
        self.questions.send(question).map_err(|_| KeyError::SessionLost)?;
        self.hear()
    }

    fn hear(&self) -> Result<Vec<u8>, KeyError> {
        if let Some(answer) = awake(&self.answers) {
            return answer;
        }
        match self.answers.recv_timeout(self.patience) {
            Ok(answer) => answer,
            Err(RecvTimeoutError::Timeout) => Err(KeyError::TimedOut),
            // The thread ended without a word.
            Err(RecvTimeoutError::Disconnected) => Err(KeyError::SessionLost),
        }
    }
}

/// What comes at once. To be woken costs as long as a program's signature takes; a device's takes longer, and is slept for. Others run
/// meanwhile, if there are any.
fn awake<T>(receiver: &Receiver<T>) -> Option<T> {
    let begun = Instant::now();
    loop {
        match receiver.try_recv() {
            Ok(message) => return Some(message),
            Err(TryRecvError::Empty) if begun.elapsed() < AWAKE => thread::yield_now(),
            Err(TryRecvError::Empty | TryRecvError::Disconnected) => return None,
        }
    }
}

fn ready(key: &Shared) -> Result<(Opened, Found), Pkcs11Error> {
    let opened = key.token.session(Access::Use, &key.uri)?;
    let config = &key.token.config;
    let found = find::private(&opened.session, &config.token, &key.uri, &config.accept)?;
    if found.name != key.id || find::public(&opened.session, &found)? != key.public {
        return Err(Pkcs11Error::OtherKey(key.id.clone()));
    }
    Ok((opened, found))
}

fn sign(session: &Session, key: &Found, question: &Question) -> Result<Vec<u8>, KeyError> {
    let mechanism = question.mechanism().ok_or(KeyError::Library("PKCS#11 mechanism"))?;
    session.sign(&mechanism, key.handle, &question.data).map_err(|error| {
        // Of the two calls only the second makes a signature.
        let sent = !matches!(&error, Error::Pkcs11(_, Function::SignInit));
        DeviceError::from(error).as_key_error(sent)
    })
}
