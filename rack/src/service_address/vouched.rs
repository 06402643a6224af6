//! Until when the leader vouches for this rack.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use model::net::service_address::HOLD_MS;
use tokio::sync::watch;

use crate::clock::{Boot, drift};

/// The last heartbeat that the leader vouched for, and what this rack does with it; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Vouched {
    sent: Arc<Mutex<Option<Boot>>>,
    holding: Arc<watch::Sender<Holding>>,
}

/// Whether this rack holds any service address.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Holding {
    #[default]
    Nothing,
    Some,
    /// It did, and ends.
    GaveUp,
}

impl Vouched {
    /// The leader vouched for a heartbeat that was sent then, and this rack's copy is as new as that.
    pub fn for_one_sent(&self, sent: Boot) {
        let mut known = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        *known = (*known).max(Some(sent));
    }

    /// Whether this rack holds any service address.
    pub(super) fn set_holding(&self, holds_any: bool) {
        let now = if holds_any { Holding::Some } else { Holding::Nothing };
        self.holding.send_replace(now);
    }

    /// The process ends, and the kernel has none of what it held any more.
    pub(super) fn give_up(&self) {
        self.holding.send_replace(Holding::GaveUp);
    }

    /// Waits until the process has given up what it held.
    pub(crate) async fn given_up(&self) {
        let mut holding = self.holding.subscribe();
        if holding.wait_for(|now| *now == Holding::GaveUp).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Whether there is nothing to give up.
    pub(crate) fn holds_nothing(&self) -> bool {
        *self.holding.borrow() == Holding::Nothing
    }

    /// Whether this rack may hold what it is named for, at a moment.
    #[must_use]
    pub fn holds_at(&self, now: Boot) -> bool {
        let sent = *self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        sent.is_some_and(|sent| {
            let span = now.since(sent);
            span + drift(span) < Duration::from_millis(HOLD_MS)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rack_holds_for_some_seconds_from_when_it_sent_what_was_vouched_for() {
        let vouched = Vouched::default();
        let now = Boot::now();
        let ago = |ms| now.minus(Duration::from_millis(ms));
        assert!(!vouched.holds_at(now), "nobody vouched yet");
        vouched.for_one_sent(ago(HOLD_MS - 10));
        assert!(vouched.holds_at(now));
        vouched.for_one_sent(ago(HOLD_MS + 500));
        assert!(vouched.holds_at(now), "one that was sent earlier takes nothing back");
        let drifting = Vouched::default();
        drifting.for_one_sent(ago(HOLD_MS - 1));
        assert!(!drifting.holds_at(now), "its clock may run slowly");
    }
}
