//! One share of the requests: its places, those that wait for one, and how many were turned away.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::admission::client::Client;
use crate::admission::queue::{Arrival, Limits, Queue, Ticket};

/// Why a request was turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Turned {
    /// Too many wait already.
    Full,
    /// It gave way to a client that waits with fewer.
    Displaced,
    /// It waited too long.
    Patience,
}

/// A share.
#[derive(Debug)]
pub(super) struct Share {
    state: Mutex<State>,
    patience: Duration,
}

#[derive(Debug)]
struct State {
    queue: Queue<Client>,
    waiting: BTreeMap<Ticket, (Client, oneshot::Sender<Place>)>,
}

/// A place among the requests under way; given to the next one when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    share: Arc<Share>,
    client: Client,
}

/// A request that waits; it leaves the queue when it is dropped.
struct Waiting<'a> {
    share: &'a Share,
    client: Client,
    ticket: Ticket,
}

impl Share {
    pub(super) fn new(limits: Limits, patience: Duration) -> Arc<Self> {
        let state = State { queue: Queue::new(limits), waiting: BTreeMap::new() };
        Arc::new(Self { state: Mutex::new(state), patience })
    }

    /// How many run, and how many wait.
    pub(super) fn load(&self) -> (usize, usize) {
        let state = self.state();
        (state.queue.running(), state.queue.waiting())
    }

    /// Waits for a place.
    pub(super) async fn enter(self: &Arc<Self>, client: Client) -> Result<Place, Turned> {
        let (waiting, place) = {
            let mut state = self.state();
            match state.queue.arrive(&client) {
                Arrival::Run => return Ok(Place { share: Arc::clone(self), client }),
                Arrival::Refused => return Err(Turned::Full),
                Arrival::Wait { ticket, displaced } => {
                    // Whoever waits for that place hears that nobody can give it.
                    displaced.and_then(|displaced| state.waiting.remove(&displaced));
                    let (sender, place) = oneshot::channel();
                    state.waiting.insert(ticket, (client.clone(), sender));
                    (Waiting { share: self, client, ticket }, place)
                }
            }
        };
        let outcome = tokio::time::timeout(self.patience, place).await;
        drop(waiting);
        match outcome {
            Ok(Ok(place)) => Ok(place),
            Ok(Err(_)) => Err(Turned::Displaced),
            Err(_) => Err(Turned::Patience),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut state = self.share.state();
        state.queue.abandon(&self.client, self.ticket);
        state.waiting.remove(&self.ticket);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let next = {
            let mut state = self.share.state();
            let next = state.queue.leave(&self.client);
            next.and_then(|ticket| state.waiting.remove(&ticket))
        };
        if let Some((client, sender)) = next {
            // One that hung up just now drops its place in turn, without the lock.
            let _ = sender.send(Self { share: Arc::clone(&self.share), client });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    const LIMITS: Limits = Limits { running_max: 2, running_per_client_max: 1, waiting_max: 3 };

    fn client(last: u8) -> Client {
        Client::Address(Some(IpAddr::from([10, 0, 0, last])))
    }

    #[tokio::test]
    async fn a_client_with_256_connections_does_not_keep_another_one_out() {
        let share = Share::new(LIMITS, Duration::from_secs(60));
        let held = share.enter(client(1)).await.unwrap();
        let mut greedy: Vec<_> = (0..256).map(|_| Box::pin(share.enter(client(1)))).collect();
        let mut turned = 0;
        for waiting in &mut greedy {
            if let std::task::Poll::Ready(outcome) = futures::poll!(waiting) {
                assert_eq!(outcome.unwrap_err(), Turned::Full);
                turned += 1;
            }
        }
        assert_eq!((turned, share.load()), (253, (1, 3)));
        // It runs at once, and one that has to wait displaces one of the many.
        let other = share.enter(client(2)).await.unwrap();
        let mut third = Box::pin(share.enter(client(3)));
        assert!(futures::poll!(&mut third).is_pending());
        let displaced = futures::poll!(&mut greedy[2]);
        assert!(matches!(displaced, std::task::Poll::Ready(Err(Turned::Displaced))));
        drop(held);
        // The many had one running until now: the one that has none comes first.
        drop(third.await.unwrap());
        drop((other, greedy));
        assert_eq!(share.load(), (0, 0));
    }

    #[tokio::test]
    async fn who_waits_too_long_is_turned_away_and_forgotten() {
        let share = Share::new(LIMITS, Duration::from_millis(20));
        let held = share.enter(client(1)).await.unwrap();
        assert_eq!(share.enter(client(1)).await.unwrap_err(), Turned::Patience);
        assert_eq!(share.load(), (1, 0));
        drop(held);
        assert_eq!(share.load(), (0, 0));
    }

    #[tokio::test]
    async fn a_place_given_to_one_that_hung_up_is_given_on() {
        let share = Share::new(LIMITS, Duration::from_secs(60));
        let held = share.enter(client(1)).await.unwrap();
        let mut gone = Box::pin(share.enter(client(1)));
        let mut stays = Box::pin(share.enter(client(1)));
        assert!(futures::poll!(&mut gone).is_pending() && futures::poll!(&mut stays).is_pending());
        drop(held);
        drop(gone);
        drop(stays.await.unwrap());
        assert_eq!(share.load(), (0, 0));
    }
}
