//! The connections that are open, by client, and which of them goes when one too many comes.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Instant,
};

use futures_util::task::AtomicWaker;

use crate::client::Client;

/// All of them, over all workers.
#[derive(Clone, Debug)]
pub(super) struct OpenConnections(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    most: usize,
    most_of_one: usize,
    started: Instant,
    places: Mutex<Places>,
}

#[derive(Debug, Default)]
struct Places {
    count: usize,
    next: u64,
    clients: HashMap<Client, HashMap<u64, Arc<Slot>>>,
}

/// Connections of one client that are compared when one of them has to go: any of them, since a crowd of thousands must
/// not make each newcomer cost as much.
const LOOKED_AT: usize = 64;

/// One connection's place.
#[derive(Debug)]
pub(crate) struct Slot {
    /// A request of it is being worked on.
    busy: AtomicBool,
    /// Milliseconds after the start when it last ended one, or came.
    active: AtomicU64,
    evicted: AtomicBool,
    waker: AtomicWaker,
    started: Instant,
}

/// Gives the place back when dropped.
#[derive(Debug)]
pub(super) struct Ticket {
    open: OpenConnections,
    client: Client,
    number: u64,
    pub(super) slot: Arc<Slot>,
}

impl OpenConnections {
    pub(super) fn new(most: usize, most_of_one: usize) -> Self {
        Self(Arc::new(Shared { most, most_of_one, started: Instant::now(), places: Mutex::default() }))
    }

    /// A place for a connection of `client`. Where there is none, the connection that has been quiet longest goes: of this client if it has
    /// as many as one may have, else of the client that has most. Whoever is being answered stays. `None`: all are.
    pub(super) fn enter(&self, client: Client, capped: bool) -> Option<Ticket> {
        let mut places = self.places();
        let own = places.clients.get(&client).map_or(0, HashMap::len);
        if capped && own >= self.0.most_of_one {
            places.evict(&client)?;
        } else if places.count >= self.0.most {
            let quiet = |slots: &HashMap<u64, Arc<Slot>>| slots.values().any(|slot| !slot.busy.load(Relaxed));
            let may_go = places.clients.iter().filter(|(_, slots)| quiet(slots));
            let largest = may_go.max_by_key(|(_, slots)| slots.len())?;
            let largest = largest.0.clone();
            places.evict(&largest)?;
        }
        let started = self.0.started;
        let slot = Arc::new(Slot {
            busy: AtomicBool::new(false),
            active: AtomicU64::new(millis(started)),
            evicted: AtomicBool::new(false),
            waker: AtomicWaker::new(),
            started,
        });
        let number = places.next;
        places.next += 1;
        places.count += 1;
        places.clients.entry(client.clone()).or_default().insert(number, Arc::clone(&slot));
        drop(places);
        Some(Ticket { open: self.clone(), client, number, slot })
    }

    /// Connections open now.
    #[cfg(test)]
    fn count(&self) -> usize {
        self.places().count
    }

    fn places(&self) -> MutexGuard<'_, Places> {
        self.0.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Places {
    fn evict(&mut self, client: &Client) -> Option<()> {
        let slots = self.clients.get(client)?;
        let quiet = slots.iter().filter(|(_, slot)| !slot.busy.load(Relaxed));
        let (&number, _) = quiet.take(LOOKED_AT).min_by_key(|(number, slot)| (slot.active.load(Relaxed), **number))?;
        self.remove(client, number)?.evict();
        Some(())
    }

    fn remove(&mut self, client: &Client, number: u64) -> Option<Arc<Slot>> {
        let slots = self.clients.get_mut(client)?;
        let slot = slots.remove(&number)?;
        if slots.is_empty() {
            self.clients.remove(client);
        }
        self.count -= 1;
        Some(slot)
    }
}

impl Slot {
    fn evict(&self) {
        self.evicted.store(true, Relaxed);
        self.waker.wake();
    }

    /// Whether it has to go; if not, the task is woken when it has.
    pub(super) fn is_evicted(&self) -> bool {
        self.evicted.load(Relaxed)
    }

    pub(super) fn wake_with(&self, waker: &std::task::Waker) {
        self.waker.register(waker);
    }

    /// From here on it keeps its place.
    pub(crate) fn begin(&self) {
        self.busy.store(true, Relaxed);
    }

    /// It has been answered.
    pub(crate) fn end(&self) {
        self.active.store(millis(self.started), Relaxed);
        self.busy.store(false, Relaxed);
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        drop(self.open.places().remove(&self.client, self.number));
    }
}

fn millis(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(last: u8) -> Client {
        Client::V4([192, 0, 2, last].into())
    }

    #[test]
    fn lets_the_quietest_of_the_client_with_most_go_thr_87() {
        let open = OpenConnections::new(4, 4);
        let other = open.enter(client(1), true).unwrap();
        let many: Vec<Ticket> = (0..3).map(|_| open.enter(client(2), true).unwrap()).collect();
        many[0].slot.begin();
        let late = open.enter(client(3), true).unwrap();
        let gone: Vec<bool> = many.iter().map(|ticket| ticket.slot.is_evicted()).collect();
        assert_eq!(gone, [false, true, false], "the first is being answered");
        assert!(!other.slot.is_evicted() && !late.slot.is_evicted());
        assert_eq!(open.count(), 4);
        drop(many);
        assert_eq!(open.count(), 2, "who was let go is not counted twice");
    }

    #[test]
    fn lets_a_clients_own_connection_go_when_it_has_too_many() {
        let open = OpenConnections::new(100, 2);
        let held: Vec<Ticket> = (0..3).map(|_| open.enter(client(1), true).unwrap()).collect();
        assert_eq!(held.iter().filter(|ticket| ticket.slot.is_evicted()).count(), 1);
        assert!(open.enter(client(2), true).is_some());
        assert!(open.enter(client(1), false).is_some_and(|_| held.iter().filter(|t| t.slot.is_evicted()).count() == 1));
    }

    #[test]
    fn takes_nobody_in_while_all_are_being_answered() {
        let open = OpenConnections::new(2, 2);
        let held: Vec<Ticket> = (0..2).map(|n| open.enter(client(n), true).unwrap()).collect();
        held.iter().for_each(|ticket| ticket.slot.begin());
        assert!(open.enter(client(9), true).is_none());
        held[0].slot.end();
        assert!(open.enter(client(9), true).is_some());
    }
}
