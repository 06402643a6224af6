//! Who is served next when more requests come than run at once. Pure: no clock, no waiting.
//!
//! A free place goes to the client that has the fewest running, among those the one that was served
//! least recently; no client has more than its part of the places. When the queue is full, the
//! client that waits with most gives way to one that waits with fewer, so that nobody is kept out
//! by the number of connections that somebody else opens.

use std::collections::{BTreeMap, VecDeque};

/// How many requests there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Under way.
    pub running_max: usize,
    /// Under way for one client.
    pub running_per_client_max: usize,
    /// Waiting.
    pub waiting_max: usize,
}

/// A request that waits.
pub type Ticket = u64;

/// What becomes of a request that arrives.
#[derive(Debug, PartialEq, Eq)]
pub enum Arrival {
    /// It runs.
    Run,
    /// It waits.
    Wait {
        /// Its number.
        ticket: Ticket,
        /// A request of another client that has to go for it.
        displaced: Option<Ticket>,
    },
    /// There is no place for it.
    Refused,
}

#[derive(Debug, Default)]
struct Client {
    running: usize,
    waiting: VecDeque<Ticket>,
    /// When it was served last, as the number of requests that were.
    served: u64,
}

/// Requests under way, and those that wait.
#[derive(Debug)]
pub struct Queue<C> {
    limits: Limits,
    /// Those that have a request.
    clients: BTreeMap<C, Client>,
    running: usize,
    waiting: usize,
    tickets: Ticket,
    served: u64,
}

impl<C: Ord + Clone> Queue<C> {
    /// An empty one.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        let clients = BTreeMap::new();
        Self { limits, clients, running: 0, waiting: 0, tickets: 0, served: 0 }
    }

    /// How many run.
    #[must_use]
    pub fn running(&self) -> usize {
        self.running
    }

    /// How many wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting
    }

    /// A request arrives.
    pub fn arrive(&mut self, client: &C) -> Arrival {
        let own = self.clients.get(client);
        let (running, waiting) = own.map_or((0, 0), |own| (own.running, own.waiting.len()));
        if self.running < self.limits.running_max && running < self.limits.running_per_client_max {
            self.run(client);
            return Arrival::Run;
        }
        let mut displaced = None;
        if self.waiting >= self.limits.waiting_max {
            displaced = self.displace(waiting + 1);
            if displaced.is_none() {
                return Arrival::Refused;
            }
        }
        self.tickets += 1;
        self.waiting += 1;
        let ticket = self.tickets;
        self.clients.entry(client.clone()).or_default().waiting.push_back(ticket);
        Arrival::Wait { ticket, displaced }
    }

    /// A request that ran is over; returns the one that runs in its place.
    pub fn leave(&mut self, client: &C) -> Option<Ticket> {
        self.running = self.running.saturating_sub(1);
        if let Some(own) = self.clients.get_mut(client) {
            own.running = own.running.saturating_sub(1);
        }
        self.forget_idle(client);
        let next = self.next_client()?;
        let ticket = self.clients.get_mut(&next)?.waiting.pop_front()?;
        self.waiting -= 1;
        self.run(&next);
        Some(ticket)
    }

    /// A request does not wait any longer; false when it did not.
    pub fn abandon(&mut self, client: &C, ticket: Ticket) -> bool {
        let Some(own) = self.clients.get_mut(client) else { return false };
        let Some(at) = own.waiting.iter().position(|waiting| *waiting == ticket) else {
            return false;
        };
        own.waiting.remove(at);
        self.waiting -= 1;
        self.forget_idle(client);
        true
    }

    fn run(&mut self, client: &C) {
        self.running += 1;
        self.served += 1;
        let own = self.clients.entry(client.clone()).or_default();
        own.running += 1;
        own.served = self.served;
    }

    fn next_client(&self) -> Option<C> {
        let may_run = |own: &&Client| {
            !own.waiting.is_empty() && own.running < self.limits.running_per_client_max
        };
        let waiting = self.clients.iter().filter(|(_, own)| may_run(own));
        let next = waiting.min_by_key(|(_, own)| (own.running, own.served));
        next.map(|(client, _)| client.clone())
    }

    /// Takes the newest request from the client that waits with most, if those are more than `than`.
    fn displace(&mut self, than: usize) -> Option<Ticket> {
        let most = self.clients.iter().max_by_key(|(_, own)| own.waiting.len());
        let client = most.filter(|(_, own)| own.waiting.len() > than)?.0.clone();
        let ticket = self.clients.get_mut(&client)?.waiting.pop_back()?;
        self.waiting -= 1;
        Some(ticket)
    }

    /// Only who has a request is known; who comes again begins anew.
    fn forget_idle(&mut self, client: &C) {
        let idle = |own: &Client| own.running == 0 && own.waiting.is_empty();
        if self.clients.get(client).is_some_and(idle) {
            self.clients.remove(client);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { running_max: 4, running_per_client_max: 3, waiting_max: 6 };

    #[track_caller]
    fn waits(queue: &mut Queue<&'static str>, client: &'static str) -> Ticket {
        match queue.arrive(&client) {
            Arrival::Wait { ticket, displaced: None } => ticket,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn no_client_takes_all_places() {
        let mut queue = Queue::new(LIMITS);
        for _ in 0..3 {
            assert_eq!(queue.arrive(&"greedy"), Arrival::Run);
        }
        let fourth = waits(&mut queue, "greedy");
        assert_eq!(queue.arrive(&"other"), Arrival::Run);
        assert_eq!((queue.running(), queue.waiting()), (4, 1));
        // The place of the other one is not for a client that has its part already.
        assert_eq!(queue.leave(&"other"), None);
        assert_eq!(queue.leave(&"greedy"), Some(fourth));
    }

    #[test]
    fn a_free_place_goes_to_who_has_the_fewest() {
        let mut queue = Queue::new(LIMITS);
        for _ in 0..3 {
            queue.arrive(&"a");
        }
        queue.arrive(&"b");
        let a = [waits(&mut queue, "a"), waits(&mut queue, "a")];
        let b = waits(&mut queue, "b");
        let c = waits(&mut queue, "c");
        assert_eq!(queue.leave(&"a"), Some(c));
        // Both have one now; `b` was served after the last of `a`, and comes next.
        assert_eq!(queue.leave(&"a"), Some(a[0]));
        assert_eq!(queue.leave(&"a"), Some(b));
        assert_eq!(queue.leave(&"b"), Some(a[1]));
        assert_eq!(queue.waiting(), 0);
    }

    #[test]
    fn who_waits_with_most_gives_way() {
        let mut queue = Queue::new(LIMITS);
        for _ in 0..4 {
            queue.arrive(&"x");
        }
        queue.arrive(&"y");
        let mut last = 0;
        while queue.waiting() < 6 {
            last = waits(&mut queue, "greedy");
        }
        let arrival = queue.arrive(&"other");
        assert!(matches!(arrival, Arrival::Wait { displaced: Some(out), .. } if out == last));
        assert_eq!(queue.arrive(&"greedy"), Arrival::Refused);
        assert_eq!(queue.waiting(), 6);
    }

    #[test]
    fn who_hangs_up_waits_no_more_and_is_forgotten() {
        let mut queue = Queue::new(LIMITS);
        for client in ["a", "b", "c", "d"] {
            queue.arrive(&client);
        }
        let e = waits(&mut queue, "e");
        assert!(queue.abandon(&"e", e));
        assert!(!queue.abandon(&"e", e));
        for client in ["a", "b", "c", "d"] {
            assert_eq!(queue.leave(&client), None);
        }
        assert_eq!((queue.running(), queue.waiting(), queue.clients.len()), (0, 0, 0));
    }

    /// Whatever comes and goes: the limits hold, nobody is lost, and who has few never waits for
    /// one with many.
    #[test]
    fn limits_hold_over_any_course_of_events() {
        let mut random = 1_u64;
        let mut draw = |below: u64| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (random >> 33) % below
        };
        let mut queue = Queue::new(LIMITS);
        let mut running: Vec<u64> = Vec::new();
        let mut waiting: BTreeMap<Ticket, u64> = BTreeMap::new();
        for _ in 0..20_000 {
            if draw(2) == 0 || running.is_empty() {
                let client = draw(5).min(draw(5));
                match queue.arrive(&client) {
                    Arrival::Run => running.push(client),
                    Arrival::Refused => assert_eq!(waiting.len(), LIMITS.waiting_max),
                    Arrival::Wait { ticket, displaced } => {
                        if let Some(displaced) = displaced {
                            assert_ne!(waiting.remove(&displaced), Some(client));
                        }
                        waiting.insert(ticket, client);
                    }
                }
            } else {
                let at = usize::try_from(draw(running.len() as u64)).unwrap();
                let client = running.swap_remove(at);
                if let Some(ticket) = queue.leave(&client) {
                    running.push(waiting.remove(&ticket).unwrap());
                }
            }
            assert!(running.len() <= LIMITS.running_max && waiting.len() <= LIMITS.waiting_max);
            assert_eq!((queue.running(), queue.waiting()), (running.len(), waiting.len()));
            let has = |client: u64| running.iter().filter(|other| **other == client).count();
            let idle = running.len() < LIMITS.running_max;
            let stuck = |client: &u64| idle && has(*client) < LIMITS.running_per_client_max;
            assert!(!waiting.values().any(stuck), "a place is free for one that waits");
        }
    }
}
