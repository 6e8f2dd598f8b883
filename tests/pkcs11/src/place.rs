//! Tokens, as a security officer makes them, and the back end on top of them.

use std::{
    fs,
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context as _, ensure};
use cryptoki::{
    context::{CInitializeArgs, CInitializeFlags, Pkcs11},
    error::{Error, RvError},
    session::{Session, UserType},
    slot::Slot,
    types::AuthPin,
};
use kokuin_hsm_config::pkcs11::{Pkcs11Error, Pkcs11Store, Pkcs11Uri, TokenConfig};
use kokuin_suite_openssl::OpenSslEngine;
use tempfile::TempDir;

/// The user's PIN of every token here.
pub(crate) const PIN: &str = "a-pin-of-the-tests";
const SO_PIN: &str = "the-officer-of-the-tests";

/// A module and a folder.
pub(crate) struct Place {
    pub(crate) module: PathBuf,
    pub(crate) pkcs11: Pkcs11,
    folder: TempDir,
}

impl Place {
    pub(crate) fn new(module: &Path) -> anyhow::Result<Self> {
        let module = fs::canonicalize(module)?;
        let pkcs11 = Pkcs11::new(&module)?;
        match pkcs11.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
            Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(Self { module, pkcs11, folder: TempDir::new()? })
    }

    /// Initialises a token.
    pub(crate) fn make_token(&self, label: &str) -> anyhow::Result<Slot> {
        let free = self
            .pkcs11
            .get_all_slots()?
            .into_iter()
            .find(|slot| self.pkcs11.get_token_info(*slot).is_ok_and(|info| !info.token_initialized()));
        self.pkcs11.init_token(free.context("no free slot")?, &pin(SO_PIN), label)?;
        let slot = self.slot(label)?;
        let session = self.pkcs11.open_rw_session(slot)?;
        session.login(UserType::So, Some(&pin(SO_PIN)))?;
        session.init_pin(&pin(PIN))?;
        session.logout()?;
        Ok(slot)
    }

    pub(crate) fn slot(&self, label: &str) -> anyhow::Result<Slot> {
        let mut slots = self.pkcs11.get_slots_with_token()?.into_iter();
        let found = slots.find(|slot| self.pkcs11.get_token_info(*slot).is_ok_and(|info| info.label() == label));
        found.with_context(|| format!("no token {label}"))
    }

    /// A session as an attacker with the PIN has it.
    pub(crate) fn session(&self, label: &str) -> anyhow::Result<Session> {
        let session = self.pkcs11.open_rw_session(self.slot(label)?)?;
        match session.login(UserType::User, Some(&pin(PIN))) {
            Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(session),
            Err(error) => Err(error.into()),
        }
    }

    /// The back end on the token `label`, with this PIN and these settings besides.
    pub(crate) fn store(&self, label: &str, pin: &str, more: &str) -> anyhow::Result<Pkcs11Store> {
        let pin_file = self.folder.path().join(format!("{label}.pin"));
        // Made anew each time: its mode is that of its making.
        fs::remove_file(&pin_file).ok();
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&pin_file)?;
        file.write_all(pin.as_bytes())?;
        let module = &self.module;
        let text = format!(
            "name = {label:?}\nmodule = {module:?}\ntoken = {label:?}\npin_file = {pin_file:?}\ntimeout = \"3s\"\n{more}\n"
        );
        let config: TokenConfig = toml::from_str(&text)?;
        Ok(Pkcs11Store::open(config, &self.keys(), Arc::new(OpenSslEngine))?)
    }

    /// The key folder.
    pub(crate) fn keys(&self) -> PathBuf {
        self.folder.path().join("keys")
    }
}

pub(crate) fn pin(text: &str) -> AuthPin {
    AuthPin::new(text.into())
}

/// What opening the key `label` is refused with.
pub(crate) fn refusal(store: &Pkcs11Store, uri: &str) -> anyhow::Result<Pkcs11Error> {
    let uri: Pkcs11Uri = uri.parse()?;
    match store.load(&uri) {
        Ok(key) => anyhow::bail!("key {} was opened", key.id()),
        Err(error) => Ok(error),
    }
}

/// Opening the key is refused with one of these codes.
pub(crate) fn refused_with(store: &Pkcs11Store, uri: &str, codes: &[&str]) -> anyhow::Result<()> {
    let error = refusal(store, uri)?;
    ensure!(codes.contains(&error.code()), "{}: {error}", error.code());
    ensure!(!error.clause().is_empty() && !format!("{error} {error:?}").contains(PIN), "{error:?}");
    Ok(())
}
