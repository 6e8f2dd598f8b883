//! Asking a running service.

use std::{
    io::{Read as _, Write as _},
    net::Shutdown,
    os::unix::net::UnixStream,
    path::Path,
    time::Duration,
};

use anyhow::Context as _;

use super::{Answer, LIMIT};

/// Keys are opened and tested for an answer, RSA of 4096 bits too.
const PATIENCE: Duration = Duration::from_secs(120);

/// Has the service behind `socket` take up its configuration in `config` again.
///
/// # Errors
/// If no service answers.
pub(crate) fn ask(socket: &Path, config: &Path) -> anyhow::Result<Answer> {
    let mut stream = UnixStream::connect(socket).with_context(|| {
        format!("no service answers at {} (keys.directory cannot be changed by a reload)", socket.display())
    })?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let question = format!("reload {}\n", config.to_str().context("the path is not UTF-8")?);
    stream.write_all(question.as_bytes())?;
    stream.shutdown(Shutdown::Write)?;
    let mut answer = Vec::new();
    stream.take(LIMIT).read_to_end(&mut answer).context("the service did not answer")?;
    serde_json::from_slice(&answer).context("the service broke off; see its messages")
}
