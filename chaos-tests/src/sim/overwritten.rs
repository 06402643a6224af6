//! What a leader that was cut off had in its log is gone when the next leader has another log.

use std::time::Duration;

use bytes::Bytes;
use raft_store::txn::{Txn, Write};
use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::task::JoinSet;

use super::invariant::Invariants;
use super::stale_read::leader;
use super::world::World;
use super::{Setup, alike, runtime};

/// How many entries the leader has that nobody else ever gets.
const ENTRIES: usize = 20;
const POLL: Duration = Duration::from_millis(10);

/// Cuts the leader of three nodes off while it has much to write, and mends the network when another
/// one leads.
///
/// # Errors
/// The invariant that does not hold then.
///
/// # Panics
/// When the cluster does not get that far.
pub fn run(setup: Setup) -> Result<(), String> {
    runtime().block_on(super::in_turns(async || simulate(setup).await))
}

async fn simulate(setup: Setup) -> Result<(), String> {
    let mut rng = StdRng::seed_from_u64(setup.seed);
    let world = World::start(&setup, 3, &mut rng, alike).await;
    let mut invariants = Invariants::default();
    let old = leader(&world, &|_| true).await;
    let begun = old.position();
    let cut_off = begun.vote.1;
    for other in world.enlisted().into_iter().filter(|id| *id != cut_off) {
        world.network.cut(cut_off, other);
        world.network.cut(other, cut_off);
    }
    let mut writing = JoinSet::new();
    for _ in 0..ENTRIES {
        let (store, process) = (old.store(), old.process().clone());
        // All write one key, so each is an entry of its own. They end when their time is over.
        let writes =
            vec![Write::Put { key: Bytes::from_static(b"key"), value: Bytes::from_static(b"x") }];
        let txn = Txn { writes, ..Txn::default() };
        writing.spawn(async move { process.run(store.transact(txn)).await.is_ok() });
    }
    let new = leader(&world, &|member| member.position().vote > begun.vote).await;
    invariants.look(&world)?;
    let alone = old.position().last_log;
    assert!(alone > new.position().last_log + 5, "{alone} entries, and no more elsewhere");
    world.network.mend();
    while old.position().vote != new.position().vote
        || old.position().applied < new.position().last_log
    {
        tokio::time::sleep(POLL).await;
        invariants.look(&world)?;
    }
    invariants.look(&world)
}
