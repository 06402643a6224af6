//! A leader that is paused, deposed and resumed never shows what others have overwritten meanwhile.

use std::time::Duration;

use bytes::Bytes;
use raft_store::read::{Consistency, ReadError};
use raft_store::sim::member::Member;
use raft_store::txn::{Txn, Write};
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::world::World;
use super::{Setup, alike, runtime};

const KEY: &[u8] = b"key";
pub(super) const OLD: &[u8] = b"old";
pub(super) const NEW: &[u8] = b"new";
const POLL: Duration = Duration::from_millis(10);

/// What the resumed leader answered to a read that began after the new value was acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The new value.
    New,
    /// The value that it had acknowledged itself.
    Stale,
    /// It refused.
    Refused,
}

/// Pauses the leader of three nodes, writes by another one, and reads by the old one, which takes
/// itself for the leader still when it is resumed.
///
/// # Panics
/// When the cluster does not get that far.
#[must_use]
pub fn run(setup: Setup) -> Answer {
    runtime().block_on(super::in_turns(async || simulate(setup).await))
}

async fn simulate(setup: Setup) -> Answer {
    let mut rng = StdRng::seed_from_u64(setup.seed);
    let world = World::start(&setup, 3, &mut rng, alike).await;
    let old = leader(&world, &|_| true).await;
    write(&old, OLD).await;
    old.process().pause();
    let begun = old.position();
    let new = leader(&world, &|member| member.position().vote > begun.vote).await;
    write(&new, NEW).await;
    assert!(old.position().leading, "it does not know yet");
    // Asked before the messages that wait for it can tell that it was deposed.
    let read = old.process().run(read(&old));
    old.process().resume();
    answer(read.await.expect("it lives"))
}

/// What a read says that began after [`NEW`] was acknowledged.
pub(super) fn answer(read: Result<Option<Bytes>, ReadError>) -> Answer {
    match read {
        Ok(Some(value)) if value == OLD => Answer::Stale,
        Ok(Some(value)) => {
            assert_eq!(NEW, value, "nobody wrote anything else");
            Answer::New
        }
        Ok(None) => Answer::Stale,
        Err(_) => Answer::Refused,
    }
}

/// A member that leads, when there is one that is `wanted`.
pub(super) async fn leader(world: &World, wanted: &dyn Fn(&Member) -> bool) -> Member {
    loop {
        let members = world.members().into_values();
        let found = members.filter(|member| member.position().leading).find(wanted);
        if let Some(found) = found {
            return found;
        }
        tokio::time::sleep(POLL).await;
    }
}

pub(super) async fn write(member: &Member, value: &'static [u8]) {
    let put = Write::Put { key: Bytes::from_static(KEY), value: Bytes::from_static(value) };
    let txn = Txn { writes: vec![put], ..Txn::default() };
    let store = member.store();
    let written = member.process().run(store.transact(txn)).await;
    written.expect("it lives").expect("a quorum is there");
}

pub(super) async fn read(member: &Member) -> Result<Option<Bytes>, ReadError> {
    let view = member.store().read(Consistency::Linearizable).await?;
    Ok(view.get(KEY).map(|found| found.value))
}
