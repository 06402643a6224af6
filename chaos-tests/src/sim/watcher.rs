//! A watcher: it follows keys on some node, and goes on on another one when that is lost.

use std::time::Duration;

use bytes::Bytes;
use raft_store::sim::member::Member;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::world::World;
use crate::history::{Record, Write};

/// The longest time a watcher is busy with what it was given.
const BUSY_MAX: Duration = Duration::from_millis(400);
/// How long it waits for a change before it looks whether the world stops.
const TIMEOUTS: Duration = Duration::from_millis(500);

/// Follows until the world stops.
pub(super) async fn follow(world: World, seed: u64) {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut after_revision = 0;
    let prefix = if rng.random_range(0..2) == 0 { "k" } else { "k1" };
    while !world.is_stopping() {
        let members: Vec<(u64, Member)> = world.members().into_iter().collect();
        if !members.is_empty() {
            let (node, member) = &members[rng.random_range(0..members.len())];
            after_revision =
                one_watch(&world, &mut rng, *node, member, prefix, after_revision).await;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Follows on one node; returns the revision up to which everything was given.
async fn one_watch(
    world: &World,
    rng: &mut StdRng,
    node: u64,
    member: &Member,
    prefix: &str,
    mut after_revision: u64,
) -> u64 {
    let prefixes = vec![Bytes::copy_from_slice(prefix.as_bytes())];
    let store = member.store();
    let began = member.process().run(store.watch(prefixes, after_revision)).await;
    let Ok(Ok(mut following)) = began else { return after_revision };
    let watch = world.next_watch();
    let (prefix, at_ns) = (prefix.to_owned(), world.now_ns());
    world.record(Record::WatchBegan { watch, node, prefix, after_revision, at_ns });
    let reason = loop {
        let next = member.process().run(following.next());
        match tokio::time::timeout(TIMEOUTS, next).await {
            Err(_) if world.is_stopping() => break "the run ended".to_owned(),
            Err(_) => {}
            Ok(Err(ended)) => break ended.to_string(),
            Ok(Ok(Err(error))) => break error.to_string(),
            Ok(Ok(Ok(batch))) => {
                after_revision = batch.revision;
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                let changes = batch.changes.iter().map(|change| Write {
                    key: text(&change.key),
                    value: change.value.as_deref().map(text),
                });
                let (revision, at_ns) = (batch.revision, world.now_ns());
                let changes = changes.collect();
                world.record(Record::Watched { watch, revision, changes, at_ns });
                let busy = rng.random_range(0..4) == 0 && !world.is_stopping();
                tokio::time::sleep(if busy { BUSY_MAX } else { Duration::ZERO }).await;
            }
        }
    };
    world.record(Record::WatchEnded { watch, reason, at_ns: world.now_ns() });
    after_revision
}
