//! Sessions with one token: finding it, logging in, and doing both again after it was gone.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use cryptoki::context::Pkcs11;
use cryptoki::session::{Session, SessionState};
use cryptoki::slot::{Slot, TokenInfo};

use crate::folder::Folder;
use crate::pkcs11::login::log_in;
use crate::pkcs11::{Pkcs11Error, Pkcs11Uri, TokenConfig, module};

/// One configured token.
#[derive(Debug)]
pub(super) struct Token {
    pub(super) config: TokenConfig,
    pub(super) folder: Folder,
    module: Pkcs11,
    /// The session that keeps this process logged in: a token logs out with an application's last one.
    anchor: Mutex<Option<Anchor>>,
    open: Arc<AtomicU32>,
}

#[derive(Debug)]
struct Anchor {
    slot: Slot,
    session: Session,
}

/// One session of a token, and its place in the count.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) session: Session,
    pub(super) slot: Slot,
    _place: Place,
}

/// One of [`TokenConfig::max_sessions`]. A session that hangs keeps its own.
#[derive(Debug)]
struct Place(Arc<AtomicU32>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// What a session may do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Access {
    /// Sign.
    Use,
    /// Make keys.
    Make,
}

impl Token {
    /// The token of `config`; its keys' records are in `keys/pkcs11/NAME`. Nothing is asked of the token yet.
    pub(super) fn new(config: TokenConfig, keys: &Path) -> Result<Self, Pkcs11Error> {
        let folder = Folder::open(&keys.join("pkcs11").join(config.name.as_str()))?;
        let module = module::start(&config.module)?;
        Ok(Self { config, folder, module, anchor: Mutex::new(None), open: Arc::default() })
    }

    /// A session of its own, logged in, with the token that `uri` means if there is one.
    pub(super) fn session(&self, access: Access, uri: &Pkcs11Uri) -> Result<Opened, Pkcs11Error> {
        let place = self.take_place()?;
        // What is inside is whole: it is replaced, never changed.
        let mut anchor = self.anchor.lock().unwrap_or_else(PoisonError::into_inner);
        if !anchor.as_ref().is_some_and(Anchor::is_logged_in) {
            // Closed before the new one opens: a token that came back counts its sessions anew.
            *anchor = None;
            *anchor = Some(self.connect()?);
        }
        let Some(Anchor { slot, .. }) = &*anchor else { return Err(self.absent()) };
        let slot = *slot;
        let info = self.module.get_token_info(slot)?;
        if !means(uri, slot, &info) {
            return Err(self.absent());
        }
        let session = match access {
            Access::Use => self.module.open_ro_session(slot)?,
            Access::Make => self.module.open_rw_session(slot)?,
        };
        Ok(Opened { session, slot, _place: place })
    }

    /// What the token can do.
    pub(super) fn module(&self) -> &Pkcs11 {
        &self.module
    }

    /// Its name for people.
    pub(super) fn label(&self) -> String {
        self.config.token.clone()
    }

    fn absent(&self) -> Pkcs11Error {
        Pkcs11Error::NoToken(self.label())
    }

    fn take_place(&self) -> Result<Place, Pkcs11Error> {
        let limit = self.config.max_sessions.get();
        let place = Place(Arc::clone(&self.open));
        // Counted before it is looked at, so that two that come together do not both take the last one.
        if self.open.fetch_add(1, Ordering::AcqRel) >= limit {
            drop(place);
            return Err(Pkcs11Error::Sessions { token: self.label(), limit });
        }
        Ok(place)
    }

    /// Finds the token, wherever it is now, and logs in.
    fn connect(&self) -> Result<Anchor, Pkcs11Error> {
        let mut found = Vec::new();
        for slot in self.module.get_slots_with_token()? {
            // A slot that cannot be read now has no token for us.
            let Ok(info) = self.module.get_token_info(slot) else { continue };
            let same_serial = self.config.serial.as_deref().is_none_or(|serial| info.serial_number() == serial);
            if info.label() == self.config.token && same_serial {
                found.push((slot, info));
            }
        }
        let (slot, info) = match <[_; 1]>::try_from(found) {
            Ok([one]) => one,
            Err(none) if none.is_empty() => return Err(self.absent()),
            Err(_) => return Err(Pkcs11Error::SeveralTokens(self.label())),
        };
        let session = self.module.open_ro_session(slot)?;
        let anchor = Anchor { slot, session };
        // The process may be logged in already, by another part of it.
        if !anchor.is_logged_in() {
            log_in(&anchor.session, &info, &self.config, &self.folder)?;
        }
        Ok(anchor)
    }
}

impl Anchor {
    fn is_logged_in(&self) -> bool {
        let state = self.session.get_session_info().map(|info| info.session_state());
        matches!(state, Ok(SessionState::RoUser | SessionState::RwUser))
    }
}

/// Whether the URI means this token, with all that it says.
fn means(uri: &Pkcs11Uri, slot: Slot, info: &TokenInfo) -> bool {
    let same = |asked: &Option<String>, found: &str| asked.as_deref().is_none_or(|asked| asked == found);
    same(&uri.token, info.label())
        && same(&uri.serial, info.serial_number())
        && same(&uri.manufacturer, info.manufacturer_id())
        && uri.slot.is_none_or(|asked| asked == slot.id())
}
