//! The service's end of the socket.

use std::{
    fs,
    io::{ErrorKind, Read as _, Write as _},
    os::unix::net::{UnixListener, UnixStream},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use anyhow::{Context as _, bail};

use super::{Answer, LIMIT};

/// Who asks is on this machine and writes one line.
const PATIENCE: Duration = Duration::from_secs(5);

/// Takes up the configuration again and names the settings that changed, or leaves all as it was.
type Action = Box<dyn FnMut() -> anyhow::Result<Vec<String>> + Send>;

/// What the two ways of asking share: one reload at a time.
#[derive(Clone)]
pub(crate) struct Reload {
    /// The file that the service runs on.
    config: PathBuf,
    action: Arc<Mutex<Action>>,
}

/// The listening thread; it ends, and the socket goes, when this is dropped.
pub(crate) struct Listener {
    ended: Arc<AtomicBool>,
    socket: PathBuf,
    thread: Option<JoinHandle<()>>,
}

impl std::fmt::Debug for Listener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Listener").field("socket", &self.socket).finish_non_exhaustive()
    }
}

impl Listener {
    /// Listens at `socket`. A socket that is left over is replaced: the log's lock says that no
    /// other process of this service runs.
    ///
    /// # Errors
    /// If the socket cannot be made.
    pub(crate) fn start(socket: PathBuf, reload: Reload) -> anyhow::Result<Self> {
        let failed = || format!("cannot listen at {}", socket.display());
        match fs::remove_file(&socket) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error).with_context(failed),
            Ok(()) | Err(_) => (),
        }
        let listener = UnixListener::bind(&socket).with_context(failed)?;
        let ended = Arc::new(AtomicBool::new(false));
        let end = Arc::clone(&ended);
        let thread = thread::Builder::new().name("control".to_owned()).spawn(move || reload.listen(&listener, &end))?;
        Ok(Self { ended, socket, thread: Some(thread) })
    }
}

impl Reload {
    /// `action` for a service that runs on the file `config`.
    pub(crate) fn new(config: &Path, action: impl FnMut() -> anyhow::Result<Vec<String>> + Send + 'static) -> Self {
        Self { config: config.to_owned(), action: Arc::new(Mutex::new(Box::new(action))) }
    }

    /// What SIGHUP does: the same as the command, on a thread of its own, with the outcome in the messages.
    pub(crate) fn on_hangup(&self) -> impl Fn() + Send + use<> {
        let reload = self.clone();
        move || {
            let reload = reload.clone();
            let started = thread::Builder::new().name("reload".to_owned()).spawn(move || reload.run());
            if let Err(error) = started {
                tracing::error!(%error, "no thread to take up the configuration again");
            }
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Release);
        // Whoever connects wakes the thread.
        drop(UnixStream::connect(&self.socket));
        if let Some(thread) = self.thread.take() {
            // A panic in there has been printed already.
            thread.join().unwrap_or_default();
        }
        fs::remove_file(&self.socket).unwrap_or_default();
    }
}

impl Reload {
    fn listen(&self, listener: &UnixListener, ended: &AtomicBool) {
        for stream in listener.incoming() {
            if ended.load(Ordering::Acquire) {
                return;
            }
            let outcome = stream.map_err(anyhow::Error::from).and_then(|stream| self.answer(stream));
            if let Err(error) = outcome {
                tracing::warn!(error = format!("{error:#}"), "a question on the control socket was not answered");
            }
        }
    }

    fn answer(&self, mut stream: UnixStream) -> anyhow::Result<()> {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let mut question = String::new();
        (&stream).take(LIMIT).read_to_string(&mut question)?;
        let answer = match self.check(&question) {
            Ok(()) => self.run(),
            Err(error) => Answer::from(Err(error)),
        };
        Ok(stream.write_all(&serde_json::to_vec(&answer)?)?)
    }

    fn check(&self, question: &str) -> anyhow::Result<()> {
        let path = question.strip_prefix("reload ").and_then(|rest| rest.strip_suffix('\n'));
        let path = Path::new(path.context("the one question is `reload PATH`")?);
        if !is_same(path, &self.config) {
            bail!("the service runs on {}, not on {}", self.config.display(), path.display());
        }
        Ok(())
    }

    /// One at a time, from wherever it was asked for.
    fn run(&self) -> Answer {
        let mut action = self.action.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = Answer::from(action());
        match &answer {
            Answer::Changed(changed) => tracing::info!(?changed, "the configuration was taken up"),
            Answer::Refused(reason) => {
                tracing::error!(reason, "the configuration was refused; the one before stays in force");
            }
        }
        answer
    }
}

/// Whether two paths lead to one file.
fn is_same(one: &Path, other: &Path) -> bool {
    match (fs::canonicalize(one), fs::canonicalize(other)) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::ask;
    use super::*;

    #[test]
    fn answers_what_became_of_a_reload_and_leaves_no_socket() {
        let dir = tempfile::tempdir().unwrap();
        let (config, other, socket) = (dir.path().join("a.toml"), dir.path().join("b.toml"), dir.path().join("t.sock"));
        fs::write(&config, "").unwrap();
        fs::write(&other, "").unwrap();
        let mut times = 0;
        let reload = Reload::new(&config, move || {
            times += 1;
            if times == 1 { Ok(vec!["tsa.verify_every".to_owned()]) } else { bail!("listen.tsa cannot be changed") }
        });
        let listener = Listener::start(socket.clone(), reload).unwrap();
        assert_eq!(ask(&socket, &config).unwrap(), Answer::Changed(vec!["tsa.verify_every".to_owned()]));
        assert_eq!(ask(&socket, &config).unwrap(), Answer::Refused("listen.tsa cannot be changed".to_owned()));
        let Answer::Refused(reason) = ask(&socket, &other).unwrap() else { panic!("the service runs on another file") };
        assert!(reason.contains("a.toml") && reason.contains("b.toml"), "{reason}");
        drop(listener);
        assert!(!socket.exists());
        assert!(ask(&socket, &config).is_err());
    }
}
