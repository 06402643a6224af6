//! Packets of new clients that came before the addresses for them: they wait for a moment instead of
//! their clients' next transmission.

use std::collections::VecDeque;

use model::lease::clock::Moment;

use crate::dhcp::socket::Received;

/// How long a packet waits: by then its client has sent another one.
const WAITS_MS: u64 = 1_500;
/// How many wait at most; the newest are not taken.
const PARKED_MAX: usize = 4_096;

/// A packet that waits.
#[derive(Debug)]
pub(crate) struct Waiting {
    /// The index of the interface it came in at.
    pub(crate) interface: u32,
    /// The packet.
    pub(crate) packet: Received,
    until: Moment,
}

/// The packets that wait, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct Parked {
    waiting: VecDeque<Waiting>,
}

impl Parked {
    /// Lets a packet wait, if there is room.
    pub(crate) fn park(&mut self, interface: u32, packet: Received, now: Moment) {
        while self.waiting.front().is_some_and(|oldest| oldest.until <= now) {
            self.waiting.pop_front();
        }
        self.park_again(Waiting { interface, packet, until: now.plus_ms(WAITS_MS) });
    }

    /// Lets a packet go on waiting for as long as it was to.
    pub(crate) fn park_again(&mut self, waiting: Waiting) {
        if self.waiting.len() < PARKED_MAX {
            self.waiting.push_back(waiting);
        }
    }

    /// Takes out those that still wait; forgets those that waited too long.
    pub(crate) fn take(&mut self, now: Moment) -> VecDeque<Waiting> {
        let mut taken = std::mem::take(&mut self.waiting);
        taken.retain(|waiting| waiting.until > now);
        taken
    }

    /// How many wait.
    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, SocketAddrV4};

    use super::*;

    fn packet(number: u8) -> Received {
        Received {
            payload: vec![number],
            source: SocketAddrV4::new(Ipv4Addr::LOCALHOST, 68),
            destination: Ipv4Addr::BROADCAST,
        }
    }

    #[test]
    fn packets_wait_in_order_and_not_for_ever() {
        let mut parked = Parked::default();
        let at = Moment::from_ms;
        parked.park(1, packet(1), at(0));
        parked.park(1, packet(2), at(1_000));
        let mut taken = parked.take(at(500));
        assert_eq!(taken.iter().map(|it| it.packet.payload[0]).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(parked.len(), 0);
        taken.drain(..).for_each(|waiting| parked.park_again(waiting));
        let left = parked.take(at(1_500));
        assert_eq!(left.iter().map(|it| it.packet.payload[0]).collect::<Vec<_>>(), [2]);
        assert!(parked.take(at(1_500)).is_empty());
    }

    #[test]
    fn there_is_room_for_so_many() {
        let mut parked = Parked::default();
        (0..=PARKED_MAX).for_each(|_| parked.park(1, packet(0), Moment::from_ms(0)));
        assert_eq!(parked.take(Moment::from_ms(1)).len(), PARKED_MAX);
    }
}
