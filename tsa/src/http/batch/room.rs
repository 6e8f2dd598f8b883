//! Memory for bodies that are being read: one batch's worth for each client, some for all (THR-92, THR-85).

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use kokuin_web::{Client, Refused};

/// Largest bodies read at a time.
const BODIES: usize = 4;

/// The room of a listener, shared by its workers.
#[derive(Clone, Debug)]
pub(super) struct Room {
    /// Of one client.
    limit: usize,
    taken: Arc<Mutex<Taken>>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    clients: HashMap<Client, usize>,
}

/// Room for one body, given back when dropped.
#[derive(Debug)]
pub(super) struct Held {
    room: Room,
    client: Client,
    octets: usize,
}

impl Room {
    /// Room for bodies of at most `limit` octets.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, taken: Arc::default() }
    }

    /// Room for a body that says how long it is; one that does not may be the longest.
    pub(super) fn take(&self, client: &Client, octets: Option<usize>) -> Result<Held, Refused> {
        let octets = octets.unwrap_or(self.limit);
        let mut taken = self.taken();
        let own = taken.clients.get(client).copied().unwrap_or(0);
        if own > 0 && own + octets > self.limit {
            return Err(Refused::TooManyRequests { retry_after_s: 1 });
        }
        if taken.all + octets > self.limit * BODIES {
            return Err(Refused::Busy { retry_after_s: 1 });
        }
        taken.all += octets;
        *taken.clients.entry(client.clone()).or_default() += octets;
        Ok(Held { room: self.clone(), client: client.clone(), octets })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut taken = self.room.taken();
        taken.all -= self.octets;
        if let Some(own) = taken.clients.get_mut(&self.client) {
            *own -= self.octets;
            if *own == 0 {
                taken.clients.remove(&self.client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(last: u8) -> Client {
        Client::at([192, 0, 2, last].into())
    }

    #[test]
    fn one_client_has_room_for_one_large_body_and_all_for_four_thr_92() {
        let room = Room::new(100);
        let first = room.take(&client(1), Some(60)).unwrap();
        let second = room.take(&client(1), Some(40)).unwrap();
        assert_eq!(room.take(&client(1), Some(1)).unwrap_err(), Refused::TooManyRequests { retry_after_s: 1 });
        let _others: Vec<Held> = (2..5).map(|last| room.take(&client(last), None).unwrap()).collect();
        assert_eq!(room.take(&client(5), Some(1)).unwrap_err(), Refused::Busy { retry_after_s: 1 });
        drop((first, second));
        assert!(room.take(&client(5), None).is_ok());
        assert_eq!(room.taken().clients.len(), 3);
    }
}
