//! A disk that does not answer: a leader hands over, and a node that waits too long ends.
//!
//! An fsync cannot be interrupted, and a leader whose log does not come to disk still sends
//! heartbeats: nobody would elect another one. So others than the writer look at how long its write
//! takes: a thread (`writer/clock.rs`) ends the process, and the task here transfers leadership, for
//! which the old leader's disk is not needed.

use std::sync::Arc;
use std::time::Duration;

use openraft::Instant as _;

use crate::fatal::end_process;
use crate::node::Node;
use crate::runtime::clock::{self, Instant};

/// How often the writer is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// At how many of these looks once the database is asked for what failed: asking costs more.
const DATABASE_EVERY: u32 = 10;
/// How often leadership is offered while the writer hangs, or the disk is nearly full.
const TRANSFER_EVERY: Duration = Duration::from_secs(2);
/// How long a leader with a nearly full disk keeps a leadership that comes back to it: when all
/// disks are nearly full, somebody has to lead, or nobody could be read or helped.
const KEEP_WHEN_LOW: Duration = Duration::from_secs(60);

/// Hands leadership over while writes hang or the disk is nearly full, and ends the process when the
/// database failed in the background.
pub(crate) async fn guard(node: Arc<Node>) {
    let mut offers = Offers::default();
    for look in (0..DATABASE_EVERY).cycle() {
        tokio::select! {
            biased;
            () = node.stopping.cancelled() => return,
            () = clock::sleep(LOOK_EVERY) => {}
        }
        let failed = if look == 0 { node.background_errors() } else { 0 };
        if failed > 0 {
            let error = format!("{failed} flushes or compactions failed");
            end_process("the database in the background", &error);
        }
        let unfit = if node.writing_for() > node.config.stall.transfer_after {
            Some(Unfit::Hangs)
        } else {
            node.disk.is_low().then_some(Unfit::Low)
        };
        let Some(unfit) = unfit else { continue };
        if node.leadership.borrow().leading && offers.is_due(unfit, Instant::now()) {
            let why = match unfit {
                Unfit::Hangs => "a write to its disk does not end",
                Unfit::Low => "its disk is nearly full",
            };
            tracing::warn!("this node leads and {why}: leadership is handed to another node");
            offers.offered(Instant::now());
            if node.hand_over().await.is_some() {
                offers.taken(unfit, Instant::now());
            }
        }
    }
}

/// Why a node should not lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unfit {
    Hangs,
    Low,
}

/// When leadership was offered and taken.
#[derive(Debug, Default)]
struct Offers {
    offered: Option<Instant>,
    taken_when_low: Option<Instant>,
}

impl Offers {
    fn is_due(&self, unfit: Unfit, now: Instant) -> bool {
        let over = |since: Option<Instant>, wait| since.is_none_or(|at| now - at >= wait);
        let kept = unfit == Unfit::Low && !over(self.taken_when_low, KEEP_WHEN_LOW);
        over(self.offered, TRANSFER_EVERY) && !kept
    }

    fn offered(&mut self, now: Instant) {
        self.offered = Some(now);
    }

    fn taken(&mut self, unfit: Unfit, now: Instant) {
        if unfit == Unfit::Low {
            self.taken_when_low = Some(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leadership_is_offered_again_until_somebody_takes_it() {
        for unfit in [Unfit::Hangs, Unfit::Low] {
            let now = Instant::now();
            let mut offers = Offers::default();
            assert!(offers.is_due(unfit, now));
            offers.offered(now);
            assert!(!offers.is_due(unfit, now + TRANSFER_EVERY / 2));
            assert!(offers.is_due(unfit, now + TRANSFER_EVERY));
        }
    }

    #[test]
    fn leadership_that_comes_back_to_a_nearly_full_disk_stays_there_for_a_while() {
        let now = Instant::now();
        let mut offers = Offers::default();
        offers.offered(now);
        offers.taken(Unfit::Low, now);
        assert!(!offers.is_due(Unfit::Low, now + TRANSFER_EVERY));
        assert!(offers.is_due(Unfit::Hangs, now + TRANSFER_EVERY), "no disk can be worse");
        assert!(offers.is_due(Unfit::Low, now + KEEP_WHEN_LOW));
    }
}
