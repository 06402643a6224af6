//! Packets of new clients that came before the addresses for them: they wait for a moment instead of
//! their clients' next transmission.

use std::collections::VecDeque;

use model::lease::clock::Moment;

/// How long a packet waits: by then its client has sent another one.
const WAITS_MS: u64 = 1_500;
/// How many wait at most; the newest are not taken.
const PARKED_MAX: usize = 4_096;

/// A packet that waits.
#[derive(Debug)]
pub(crate) struct Waiting<P> {
    /// The index of the interface it came in at.
    pub(crate) interface: u32,
    /// The packet.
    pub(crate) packet: P,
    until: Moment,
}

/// The packets that wait, the oldest first.
#[derive(Debug)]
pub(crate) struct Parked<P> {
    waiting: VecDeque<Waiting<P>>,
}

impl<P> Default for Parked<P> {
    fn default() -> Self {
        Self { waiting: VecDeque::new() }
    }
}

impl<P> Parked<P> {
    /// Lets a packet wait; gives it back when there is no room.
    pub(crate) fn park(
        &mut self,
        interface: u32,
        packet: P,
        now: Moment,
    ) -> Result<(), Waiting<P>> {
        self.park_again(Waiting { interface, packet, until: now.plus_ms(WAITS_MS) })
    }

    /// Lets a packet go on waiting for as long as it was to; gives it back when there is no room.
    pub(crate) fn park_again(&mut self, waiting: Waiting<P>) -> Result<(), Waiting<P>> {
        if self.waiting.len() >= PARKED_MAX {
            return Err(waiting);
        }
        self.waiting.push_back(waiting);
        Ok(())
    }

    /// Takes out those that waited too long: nobody answers them any more.
    pub(crate) fn expired(&mut self, now: Moment) -> Vec<Waiting<P>> {
        let over = self.waiting.iter().take_while(|waiting| waiting.until <= now).count();
        self.waiting.drain(..over).collect()
    }

    /// Takes all out.
    pub(crate) fn take(&mut self) -> VecDeque<Waiting<P>> {
        std::mem::take(&mut self.waiting)
    }

    /// How many wait.
    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, SocketAddrV4};
    use std::time::Instant;

    use super::*;
    use crate::dhcp::socket::Received;

    fn packet(number: u8) -> Received {
        Received {
            payload: vec![number],
            source: SocketAddrV4::new(Ipv4Addr::LOCALHOST, 68),
            destination: Ipv4Addr::BROADCAST,
            interface: 1,
            received: Instant::now(),
            dropped: 0,
        }
    }

    fn numbers(waiting: impl IntoIterator<Item = Waiting<Received>>) -> Vec<u8> {
        waiting.into_iter().map(|it| it.packet.payload[0]).collect()
    }

    #[test]
    fn packets_wait_in_order_and_not_for_ever() {
        let mut parked = Parked::default();
        let at = Moment::from_ms;
        parked.park(1, packet(1), at(0)).unwrap();
        parked.park(1, packet(2), at(1_000)).unwrap();
        assert!(parked.expired(at(WAITS_MS - 1)).is_empty());
        let taken = parked.take();
        assert_eq!(parked.len(), 0);
        taken.into_iter().for_each(|waiting| parked.park_again(waiting).unwrap());
        assert_eq!(numbers(parked.expired(at(WAITS_MS))), [1], "each is given out once");
        assert!(parked.expired(at(WAITS_MS)).is_empty());
        assert_eq!(numbers(parked.take()), [2]);
    }

    #[test]
    fn what_finds_no_room_is_given_back() {
        let mut parked = Parked::default();
        let park = |_: &usize| parked.park(1, packet(0), Moment::from_ms(0)).is_ok();
        assert_eq!((0..PARKED_MAX + 3).filter(park).count(), PARKED_MAX);
        assert_eq!(parked.len(), PARKED_MAX);
    }
}
