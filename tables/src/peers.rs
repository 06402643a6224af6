//! What this region heard of the others when it asked them last.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use raft_store::status::{Role, Status};

use crate::clock::reading;

/// What is known of the other regions; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Peers {
    heard: Arc<Mutex<BTreeMap<u64, Heard>>>,
}

/// How a region stands, as it said itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// What it is; none of one that is newer and something else.
    pub role: Option<Role>,
    /// Its Raft term.
    pub term: u64,
    /// The last entry of its log.
    pub last_log: u64,
    /// The last entry that it applied.
    pub applied: u64,
    /// Size of the file system that its store is on, in bytes; 0 when that is not known.
    pub disk_bytes: u64,
    /// How much of it is free, in bytes.
    pub disk_free_bytes: u64,
}

impl From<&Status> for Standing {
    fn from(status: &Status) -> Self {
        Self {
            role: Some(status.role),
            term: status.term,
            last_log: status.last_log,
            applied: status.applied,
            disk_bytes: status.disk_bytes,
            disk_free_bytes: status.disk_free_bytes,
        }
    }
}

/// The last answer of a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heard {
    /// When it came, by the clock that nobody sets, in milliseconds.
    at_ms: u64,
    /// How that region stood; none of an older program, which does not say.
    pub standing: Option<Standing>,
}

impl Heard {
    /// How long ago the answer came, in milliseconds.
    #[must_use]
    pub fn age_ms(&self) -> u64 {
        reading().boot_ms.saturating_sub(self.at_ms)
    }
}

impl Peers {
    /// These answered now.
    pub fn answered(&self, regions: impl IntoIterator<Item = (u64, Option<Standing>)>) {
        let at_ms = reading().boot_ms;
        let heard = regions.into_iter().map(|(id, standing)| (id, Heard { at_ms, standing }));
        self.lock().extend(heard);
    }

    /// Forgets regions that are no members any more.
    pub fn keep(&self, is_member: impl Fn(u64) -> bool) {
        self.lock().retain(|id, _| is_member(*id));
    }

    /// The last answers, by node id.
    #[must_use]
    pub fn heard(&self) -> BTreeMap<u64, Heard> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, Heard>> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_answer_of_each_member_is_kept() {
        let standing = |last_log| Standing {
            role: Some(Role::Follower),
            term: 3,
            last_log,
            applied: last_log,
            disk_bytes: 100,
            disk_free_bytes: 10,
        };
        let peers = Peers::default();
        peers.answered([(2, Some(standing(7))), (3, None), (4, None)]);
        peers.answered([(2, Some(standing(9)))]);
        peers.keep(|id| id != 4);
        let heard = peers.heard();
        let told: Vec<_> = heard.iter().map(|(id, heard)| (*id, heard.standing)).collect();
        assert_eq!(told, [(2, Some(standing(9))), (3, None)]);
    }
}
