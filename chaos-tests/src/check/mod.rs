//! Judging a history: what clients and watchers saw, against what the cluster says it did.
//!
//! `revision` and `exactly_once` believe the ledger, the changes by revision that a node has in its
//! history at the end; `linearizable` believes nobody. A run in which too little was acknowledged, or
//! whose search was given up, is inconclusive and not green.

pub mod digest;
pub mod enough;
pub mod exactly_once;
pub mod ledger;
pub mod linearizable;
pub mod revision;
pub mod verdict;
pub mod watch;

use crate::history::History;

pub use self::ledger::Ledger;
pub use self::verdict::Verdict;

/// Every checker that needs only a history and the ledger.
#[must_use]
pub fn all(history: &History, ledger: &Ledger) -> Verdict {
    exactly_once::check(history, ledger)
        .and(|| revision::check(history, ledger))
        .and(|| watch::check(history, ledger))
        .and(|| linearizable::check(history, linearizable::STATES_MAX))
}
