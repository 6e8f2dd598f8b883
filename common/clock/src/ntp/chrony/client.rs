//! The child process that asks.

use std::{
    io::{self, Read as _},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::ntp::Unanswered;

/// Chrony's own client.
const PROGRAM: &str = "/usr/bin/chronyc";
/// How often it is looked whether the child has ended.
const LOOK: Duration = Duration::from_millis(2);
/// More is no answer to any question asked here.
const LONGEST: u64 = 64 * 1024;

/// Asks one daemon.
#[derive(Debug)]
pub(super) struct Client {
    arguments: Vec<String>,
    timeout: Duration,
}

impl Client {
    /// `socket` is a path, or an address and a port.
    pub(super) fn new(socket: &str, timeout: Duration) -> Self {
        let mut arguments = vec!["-c".to_owned(), "-n".to_owned()];
        match socket.rsplit_once(':').filter(|_| !socket.starts_with('/')) {
            Some((host, port)) => {
                let host = host.trim_start_matches('[').trim_end_matches(']');
                arguments.extend(["-h", host, "-p", port].map(str::to_owned));
            }
            None => arguments.extend(["-h", socket].map(str::to_owned)),
        }
        Self { arguments, timeout }
    }

    /// The lines of the answer to `command`; `None` if the daemon does not have it, or does not answer it here.
    pub(super) fn ask(&self, command: &str) -> Result<Option<String>, Unanswered> {
        let unreachable = |error: io::Error| Unanswered::Unreachable(error.kind());
        let mut child = Command::new(PROGRAM)
            .args(&self.arguments)
            .arg(command)
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(unreachable)?;
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().map_err(unreachable)? {
                break status;
            }
            if begun.elapsed() >= self.timeout {
                child.kill().map_err(unreachable)?;
                child.wait().map_err(unreachable)?;
                return Err(Unanswered::Silent);
            }
            thread::sleep(LOOK);
        };
        let mut text = String::new();
        if let Some(stdout) = child.stdout.take() {
            stdout.take(LONGEST).read_to_string(&mut text).map_err(unreachable)?;
        }
        outcome(status.success(), text)
    }
}

/// `501 Not authorised` and `505 Facility not enabled` are answers; anything else that fails is silence.
fn outcome(succeeded: bool, text: String) -> Result<Option<String>, Unanswered> {
    if succeeded {
        Ok(Some(text))
    } else if text.starts_with("501 ") || text.starts_with("505 ") {
        Ok(None)
    } else {
        Err(Unanswered::Silent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asks_by_socket_or_by_address() {
        let arguments = |socket| Client::new(socket, Duration::from_secs(1)).arguments[2..].join(" ");
        assert_eq!(arguments("/run/chrony/chronyd.sock"), "-h /run/chrony/chronyd.sock");
        assert_eq!(arguments("127.0.0.1:323"), "-h 127.0.0.1 -p 323");
        assert_eq!(arguments("[::1]:323"), "-h ::1 -p 323");
    }

    #[test]
    fn tells_a_refusal_from_silence() {
        assert_eq!(outcome(false, "501 Not authorised\n".to_owned()), Ok(None));
        assert_eq!(outcome(false, "506 Cannot talk to daemon\n".to_owned()), Err(Unanswered::Silent));
        assert_eq!(outcome(true, "a,b\n".to_owned()), Ok(Some("a,b\n".to_owned())));
    }

    #[test]
    fn a_socket_without_a_daemon_is_silence() {
        let client = Client::new("/nonexistent/chronyd.sock", Duration::from_secs(5));
        assert!(client.ask("tracking").is_err());
    }
}
