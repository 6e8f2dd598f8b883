//! `kokuin tsa`: a running time-stamp service, and keys for its clients.

use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use clap::Subcommand;
use kokuin_settings::SecretFile;
use kokuin_web::ApiKey;
use serde::Deserialize;

use crate::control::{self, Answer};

/// What to do with it.
#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// Have the running service take up its changed configuration, whole or not at all; fails with the reason if it is refused
    Reload(Reload),
    /// Make an API key for a client: printed once, and only its hash is kept
    ApiKey(NewKey),
}

#[derive(Debug, clap::Args)]
pub(crate) struct NewKey {
    /// Whose key it is: 1 to 64 letters, digits, `-`, `_`, `.`
    name: String,
    /// File of keys (`api_keys_file`) that gets the line; made with mode 0600 if there is none. Without it, the line is printed below the key
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Reload {
    /// Configuration file that the service was started with
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

/// The part of the file that says where the service is. What else is in it is for the service to judge.
#[derive(Debug, Deserialize)]
struct Settings {
    keys: Keys,
}

#[derive(Debug, Deserialize)]
struct Keys {
    directory: PathBuf,
}

/// Runs the action.
pub(crate) fn run(action: &Action) -> anyhow::Result<()> {
    match action {
        Action::Reload(reload) => run_reload(reload),
        Action::ApiKey(new) => make_key(new),
    }
}

fn run_reload(reload: &Reload) -> anyhow::Result<()> {
    let config = std::path::absolute(&reload.config)?;
    let settings: Settings = kokuin_settings::load(&config)?;
    let folder = config.parent().unwrap_or_else(|| Path::new("/"));
    let socket = control::socket(&folder.join(settings.keys.directory), "tsa");
    match control::ask(&socket, &config).context("nothing was changed")? {
        Answer::Changed(changed) if changed.is_empty() => println!("nothing has changed"),
        Answer::Changed(changed) => println!("in force, changed: {}", changed.join(", ")),
        Answer::Refused(reason) => bail!("refused, the configuration before stays in force: {reason}"),
    }
    Ok(())
}

fn make_key(new: &NewKey) -> anyhow::Result<()> {
    let key = ApiKey::generate()?;
    let line = key.line(&new.name)?;
    match &new.file {
        // First the file: a key that is printed works.
        Some(path) => {
            append(path, &new.name, &line)?;
            println!("{}", key.expose());
        }
        None => println!("{}\n{line}", key.expose()),
    }
    Ok(())
}

/// Puts `line` behind the others. A file that others may read or write is refused, and a name that is there already.
fn append(path: &Path, name: &str, line: &str) -> anyhow::Result<()> {
    let before = match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.len() == 0 => String::new(),
        Ok(_) => {
            let secret = SecretFile::new(path.to_owned()).read()?;
            secret.expose_text().with_context(|| format!("{} is not text", path.display()))?.to_owned()
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error).with_context(|| format!("{} cannot be read", path.display())),
    };
    if before.lines().any(|known| known.trim().split(' ').next() == Some(name)) {
        bail!("{} has a key of {name} already", path.display());
    }
    let mut file = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("{} cannot be written", path.display()))?;
    // One write, on a line of its own whether the last one has an end or not.
    let ended = before.is_empty() || fs::read(path)?.ends_with(b"\n");
    let text = if ended { format!("{line}\n") } else { format!("\n{line}\n") };
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn appends_a_line_of_its_own_and_each_name_once_thr_103() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("api-keys");
        append(&path, "one", "one 01").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        append(&path, "two", "two 02").unwrap();
        assert!(append(&path, "one", "one 03").unwrap_err().to_string().contains("already"));
        assert_eq!(fs::read_to_string(&path).unwrap(), "one 01\ntwo 02\n");
        fs::write(&path, "one 01").unwrap();
        append(&path, "three", "three 03").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "one 01\nthree 03\n");
        fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
        assert!(append(&path, "four", "four 04").is_err());
    }
}
