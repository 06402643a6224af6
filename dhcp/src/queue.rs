//! The order in which waiting packets of either family are handled, and which of them are dropped when too many wait. How
//! urgent one is says [`crate::v4::ticket`] or [`crate::v6::ticket`].
//!
//! Whoever has a lease loses something when it is not answered in time, so the packets of known
//! clients come first. A new client asks again until it is answered, and what it sent last is what
//! it still waits for: where there are more than can be handled, the newest are handled and the
//! oldest dropped (the same idea as in Kea's ring of packets). Every eighth packet comes from the
//! other end of the order, so that nobody waits for ever.

use std::collections::{BTreeMap, VecDeque};

use model::lease::client::ClientId;

/// How many packets of one client wait in a class: a client has one conversation at a time, and
/// whoever sends more in its name shall not fill the class.
const OF_CLIENT_MAX: usize = 4;
/// Every so many packets, one comes from the last class that has any.
const TURNS: u32 = 8;

/// How urgent a packet is; the first comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// A client extends, confirms or ends what it has, or takes what it was offered.
    Lease,
    /// A client that is known asks for an address.
    Known,
    /// Everything else: mostly DISCOVERs and Solicits of new clients, and relays that query leases.
    New,
}

impl Class {
    /// All classes, the most urgent first.
    pub const ALL: [Self; 3] = [Self::Lease, Self::Known, Self::New];

    /// Its name, for counters.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lease => "lease",
            Self::Known => "known",
            Self::New => "new",
        }
    }

    const fn index(self) -> usize {
        match self {
            Self::Lease => 0,
            Self::Known => 1,
            Self::New => 2,
        }
    }
}

/// Whose packet it is, and how urgent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// How urgent it is.
    pub class: Class,
    /// The client.
    pub client: ClientId,
}

/// Packets that wait to be handled. Each class has its own room.
#[derive(Debug)]
pub struct PacketQueue<T> {
    classes: [Waiting<T>; 3],
    taken: u32,
}

impl<T> PacketQueue<T> {
    /// An empty queue with room for this many packets in each class, at least one.
    #[must_use]
    pub fn with_room(room: usize) -> Self {
        Self { classes: Class::ALL.map(|class| Waiting::new(class, room.max(1))), taken: 0 }
    }

    /// How many packets wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.classes.iter().map(|waiting| waiting.packets.len()).sum()
    }

    /// Whether none waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many packets of a class were dropped since the start.
    #[must_use]
    pub fn dropped(&self, class: Class) -> u64 {
        self.classes[class.index()].dropped
    }

    /// Adds a packet, and returns the one that is dropped for it, which may be the same.
    pub fn push(&mut self, ticket: Ticket, packet: T) -> Option<T> {
        self.classes[ticket.class.index()].push(ticket.client, packet)
    }

    /// Takes the packet that is to be handled next.
    pub fn pop(&mut self) -> Option<T> {
        self.taken = (self.taken + 1) % TURNS;
        let mut classes: Vec<&mut Waiting<T>> = self.classes.iter_mut().collect();
        if self.taken == 0 {
            classes.reverse();
        }
        classes.into_iter().find_map(Waiting::pop)
    }
}

/// The packets of one class, the oldest in front.
#[derive(Debug)]
struct Waiting<T> {
    class: Class,
    room: usize,
    packets: VecDeque<(ClientId, T)>,
    of_client: BTreeMap<ClientId, usize>,
    dropped: u64,
    /// Whether packets were dropped since the class was empty.
    overflown: bool,
}

impl<T> Waiting<T> {
    const fn new(class: Class, room: usize) -> Self {
        Self {
            class,
            room,
            packets: VecDeque::new(),
            of_client: BTreeMap::new(),
            dropped: 0,
            overflown: false,
        }
    }

    fn push(&mut self, client: ClientId, packet: T) -> Option<T> {
        if self.of_client.get(&client).is_some_and(|count| *count >= OF_CLIENT_MAX) {
            self.dropped += 1;
            return Some(packet);
        }
        let full = self.packets.len() >= self.room;
        let oldest = if full { self.packets.pop_front() } else { None };
        let dropped = oldest.map(|(client, oldest)| {
            self.dropped += 1;
            self.overflown = true;
            self.leaves(&client);
            oldest
        });
        *self.of_client.entry(client.clone()).or_default() += 1;
        self.packets.push_back((client, packet));
        dropped
    }

    fn pop(&mut self) -> Option<T> {
        let newest_first = self.overflown && self.class == Class::New;
        let next = if newest_first { self.packets.pop_back() } else { self.packets.pop_front() };
        let (client, packet) = next?;
        self.leaves(&client);
        self.overflown &= !self.packets.is_empty();
        Some(packet)
    }

    /// A packet of a client waits no longer.
    fn leaves(&mut self, client: &ClientId) {
        let Some(count) = self.of_client.get_mut(client) else { return };
        *count -= 1;
        if *count == 0 {
            self.of_client.remove(client);
        }
    }
}

#[cfg(test)]
mod tests {
    use model::mac::MacAddress;

    use super::*;

    fn client(number: u64) -> ClientId {
        let [_, _, bytes @ ..] = number.to_be_bytes();
        MacAddress(bytes).into()
    }

    fn push(queue: &mut PacketQueue<u64>, class: Class, number: u64) -> Option<u64> {
        queue.push(Ticket { class, client: client(number) }, number)
    }

    fn rest(queue: &mut PacketQueue<u64>) -> Vec<u64> {
        std::iter::from_fn(|| queue.pop()).collect()
    }

    #[test]
    fn leases_come_before_known_clients_and_these_before_new_ones() {
        let mut queue = PacketQueue::with_room(10);
        for (class, number) in [
            (Class::New, 1),
            (Class::Known, 2),
            (Class::Lease, 3),
            (Class::New, 4),
            (Class::Lease, 5),
        ] {
            assert_eq!(push(&mut queue, class, number), None);
        }
        assert_eq!(rest(&mut queue), [3, 5, 2, 1, 4]);
    }

    #[test]
    fn new_clients_are_handled_in_their_order_until_too_many_wait() {
        let mut queue = PacketQueue::with_room(3);
        let dropped: Vec<u64> =
            (1..=5).filter_map(|number| push(&mut queue, Class::New, number)).collect();
        assert_eq!(dropped, [1, 2], "the oldest");
        assert_eq!(rest(&mut queue), [5, 4, 3], "the newest first");
        for number in 6..=8 {
            push(&mut queue, Class::New, number);
        }
        assert_eq!(rest(&mut queue), [6, 7, 8]);
    }

    #[test]
    fn leases_keep_their_order_also_when_too_many_wait() {
        let mut queue = PacketQueue::with_room(3);
        for number in 1..=5 {
            push(&mut queue, Class::Lease, number);
        }
        assert_eq!(rest(&mut queue), [3, 4, 5]);
    }

    /// C-11.
    #[test]
    fn a_flood_of_new_clients_takes_no_room_from_leases() {
        let mut queue = PacketQueue::with_room(100);
        for number in 0..10_000 {
            push(&mut queue, Class::New, 1_000 + number);
            if number % 200 == 0 {
                assert_eq!(push(&mut queue, Class::Lease, number / 200), None);
            }
        }
        assert_eq!(queue.len(), 150);
        assert_eq!((queue.dropped(Class::Lease), queue.dropped(Class::New)), (0, 9_900));
        let handled = rest(&mut queue);
        let last_lease = handled.iter().rposition(|number| *number < 1_000);
        assert!(last_lease.is_some_and(|at| at < 60), "{last_lease:?}");
    }

    #[test]
    fn new_clients_get_their_turn_under_a_flood_of_leases() {
        let mut queue = PacketQueue::with_room(100);
        push(&mut queue, Class::New, 1);
        for number in 2..=50 {
            push(&mut queue, Class::Lease, number);
        }
        assert!(rest(&mut queue)[..8].contains(&1));
    }

    #[test]
    fn one_client_cannot_fill_a_class() {
        let mut queue = PacketQueue::with_room(10);
        let ticket = Ticket { class: Class::Lease, client: client(1) };
        let dropped: Vec<u64> =
            (0..100).filter_map(|packet| queue.push(ticket.clone(), packet)).collect();
        assert_eq!(dropped, (4..100).collect::<Vec<u64>>());
        assert_eq!(queue.dropped(Class::Lease), 96);
        assert_eq!(push(&mut queue, Class::Lease, 2), None);
        assert_eq!(queue.len(), 5);
        queue.pop();
        assert_eq!(queue.push(ticket, 7), None, "one of its packets was handled");
    }

    #[test]
    fn what_is_counted_of_clients_goes_with_their_packets() {
        let mut queue = PacketQueue::with_room(8);
        for number in 0..1_000 {
            push(&mut queue, Class::New, number);
        }
        assert_eq!(queue.classes[Class::New.index()].of_client.len(), 8);
        rest(&mut queue);
        assert!(queue.classes.iter().all(|waiting| waiting.of_client.is_empty()));
    }
}
