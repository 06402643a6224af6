//! An operator: puts new nodes in the place of old ones, whatever goes wrong meanwhile.

use std::time::Duration;

use raft_store::sim::member::Member;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::world::World;

/// How long it waits for an answer before it asks again, of whoever leads then.
const TIMEOUTS: Duration = Duration::from_secs(4);
const POLL: Duration = Duration::from_millis(50);

/// Replaces nodes until the world stops; what it began it ends.
pub(super) async fn replace_nodes(world: World, seed: u64) {
    let mut rng = StdRng::seed_from_u64(seed);
    loop {
        tokio::time::sleep(Duration::from_millis(rng.random_range(1000..5000))).await;
        if world.is_stopping() {
            return;
        }
        let members = world.enlisted();
        let old = members[rng.random_range(0..members.len())];
        let Some(new) = world.enlist() else { return };
        world.start_node(new, &mut rng).await.expect("an empty disk");
        while !replaced(&world, old, new).await {
            tokio::time::sleep(POLL).await;
        }
        world.retire(old);
    }
}

/// Whether the leader, if there is one, says that it is done.
async fn replaced(world: &World, old: u64, new: u64) -> bool {
    let members = world.members();
    let Some(leader) = members.values().find(|member| member.position().leading) else {
        return false;
    };
    let asked = ask(leader, old, new);
    matches!(tokio::time::timeout(TIMEOUTS, asked).await, Ok(true))
}

async fn ask(leader: &Member, old: u64, new: u64) -> bool {
    let store = leader.store();
    let asked = store.replace_address(old, new, format!("node-{new}"));
    matches!(leader.process().run(asked).await, Ok(Ok(())))
}
