//! Sixteen sessions, each with the rights of the key that opened it (yubihsm.md section 4).

use std::time::Duration;

use crate::{
    channel::{Channel, SessionKeys},
    object::{Capabilities, Object},
    refusal::Refusal,
};

const SLOTS: usize = 16;

/// What a session may do and see.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Rights {
    pub(crate) key: u16,
    pub(crate) domains: u16,
    pub(crate) capabilities: Capabilities,
    pub(crate) delegated: Capabilities,
}

impl Rights {
    pub(crate) fn of(key: &Object) -> Self {
        Self { key: key.id, domains: key.domains, capabilities: key.capabilities, delegated: key.delegated }
    }
}

/// How far the login is.
#[derive(Clone, Debug)]
pub(crate) enum State {
    /// The host has yet to prove itself.
    HalfOpen {
        keys: SessionKeys,
        context: [u8; 16],
    },
    Open(Channel),
}

#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) rights: Rights,
    pub(crate) state: State,
    pub(crate) used: Duration,
}

/// The slots. A session that was idle too long is gone the next time anyone looks.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    slots: [Option<Session>; SLOTS],
}

impl Sessions {
    pub(crate) fn expire(&mut self, now: Duration, after: Duration) {
        for slot in &mut self.slots {
            if slot.as_ref().is_some_and(|session| now.saturating_sub(session.used) >= after) {
                *slot = None;
            }
        }
    }

    pub(crate) fn free(&self) -> Result<u8, Refusal> {
        let index = self.slots.iter().position(Option::is_none).ok_or(Refusal::SessionsFull)?;
        u8::try_from(index).map_err(|_| Refusal::SessionsFull)
    }

    pub(crate) fn put(&mut self, id: u8, session: Session) {
        self.slots[usize::from(id)] = Some(session);
    }

    pub(crate) fn find(&mut self, id: u8) -> Result<&mut Session, Refusal> {
        self.slots.get_mut(usize::from(id)).and_then(Option::as_mut).ok_or(Refusal::InvalidSession)
    }

    pub(crate) fn close(&mut self, id: u8) {
        if let Some(slot) = self.slots.get_mut(usize::from(id)) {
            *slot = None;
        }
    }

    pub(crate) fn clear(&mut self) {
        self.slots = Default::default();
    }

    pub(crate) fn open(&self) -> usize {
        self.slots.iter().flatten().count()
    }
}
