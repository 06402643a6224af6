//! Copies of one message, heard at two interfaces on one link: the first is answered.
//!
//! Otherwise the client would get two answers, and both copies would count as transmissions, so
//! that a rack with two interfaces would speak before its turn.

use model::lease::clock::Moment;

use crate::lookup::recent::Recent;

/// Copies come within microseconds, but may wait in the queues of two sockets. No client that is
/// known repeats itself in less than this.
const APART_MS: u64 = 900;
/// A flood makes the rack forget a copy earlier, and answer twice.
const MESSAGES_MAX: usize = 4_096;

/// The messages of the last second, with the interface that each was heard at first, and when last. What
/// is the same in all copies is `I`: two relays on a link make two messages of one, and each of them waits
/// for an answer.
#[derive(Debug, Clone)]
pub(crate) struct Copies<I> {
    heard: Recent<I, (u32, Moment)>,
}

impl<I: Clone + Ord> Default for Copies<I> {
    fn default() -> Self {
        Self { heard: Recent::with_room(MESSAGES_MAX) }
    }
}

impl<I: Clone + Ord> Copies<I> {
    /// Whether a message is the copy of one that was heard at another interface.
    pub(crate) fn is_copy(&mut self, identity: I, interface: u32, now: Moment) -> bool {
        let first = self.heard.at(identity, || (interface, now));
        if first.0 == interface || now.since_ms(first.1) >= APART_MS {
            *first = (interface, now);
            return false;
        }
        true
    }

    /// Forgets the messages of which no copy comes any more.
    pub(crate) fn forget(&mut self, now: Moment) {
        self.heard.forget_while(|(_, last)| now.since_ms(*last) >= APART_MS);
    }
}
