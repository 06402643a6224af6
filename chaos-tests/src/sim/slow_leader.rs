//! A leader that is cut off, and whose clock is slow, never shows what others have overwritten meanwhile:
//! by its own clock nobody can have been elected yet.

use raft_store::sim::clock::Drift;
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::stale_read::{Answer, NEW, OLD, answer, leader, read, write};
use super::world::{DriftOf, World};
use super::{Setup, alike, runtime};

/// How much slower the clock of the first node runs, and how much faster those of the others do.
const DRIFT_PERMILLE: i16 = 400;

/// How the clocks of the nodes run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clocks {
    /// All at the same rate.
    Alike,
    /// That of the leader is slow, and those of the others are fast.
    Apart,
}

/// Cuts the leader of three nodes off, writes by the one that is elected then, and reads by the old
/// one, which takes itself for the leader still.
///
/// # Panics
/// When the cluster does not get that far.
#[must_use]
pub fn run(setup: Setup, clocks: Clocks) -> Answer {
    let drift_of: DriftOf = match clocks {
        Clocks::Alike => alike,
        Clocks::Apart => first_is_slow,
    };
    runtime().block_on(super::in_turns(async || simulate(setup, drift_of).await))
}

fn first_is_slow(id: u64, _: &mut StdRng) -> Drift {
    Drift { faster_permille: if id == 1 { -DRIFT_PERMILLE } else { DRIFT_PERMILLE } }
}

async fn simulate(setup: Setup, drift_of: DriftOf) -> Answer {
    let mut rng = StdRng::seed_from_u64(setup.seed);
    let world = World::start(&setup, 3, &mut rng, drift_of).await;
    let old = leader(&world, &|_| true).await;
    write(&old, OLD).await;
    let begun = old.position();
    let cut_off = begun.vote.1;
    assert_eq!(1, cut_off, "the founder leads, whose clock is slow");
    for other in world.enlisted().into_iter().filter(|id| *id != cut_off) {
        world.network.cut(cut_off, other);
        world.network.cut(other, cut_off);
    }
    let new = leader(&world, &|member| member.position().vote > begun.vote).await;
    write(&new, NEW).await;
    let read = old.process().run(read(&old));
    answer(read.await.expect("it lives"))
}
