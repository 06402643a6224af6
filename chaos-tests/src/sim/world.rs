//! The nodes of a simulated cluster, with their disks and processes, and the record of what is seen.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use identity::testing::TestCluster;
use raft_store::config::{Config, DiskPolicy, SnapshotPolicy, Timers};
use raft_store::sim::clock::Drift;
use raft_store::sim::member::{Disk, Member, Position};
use raft_store::sim::mutant::Mutant;
use raft_store::sim::network::Network;
use raft_store::sim::process::{Ended, Process};
use rand::RngExt;
use rand::rngs::StdRng;
use tempfile::TempDir;
use tokio::time::Instant;

use super::setup::Setup;
use crate::check::Ledger;
use crate::history::{History, Record, Write};

/// A simulated cluster; clones share it.
#[derive(Clone)]
pub(super) struct World {
    pub(super) network: Network,
    begin: Instant,
    mutant: Option<Mutant>,
    drift_of: DriftOf,
    shared: Arc<Mutex<Shared>>,
    resources: Arc<Resources>,
}

struct Resources {
    identities: TestCluster,
    folder: TempDir,
    disks: BTreeMap<u64, Disk>,
}

/// Says how the clock of a node runs, each time that it starts.
pub(super) type DriftOf = fn(u64, &mut StdRng) -> Drift;

/// How many nodes can take the place of others in one run.
const SPARES: u64 = 3;

#[derive(Default)]
struct Shared {
    /// The nodes that take part, or are about to.
    enlisted: BTreeSet<u64>,
    /// The nodes that run.
    members: BTreeMap<u64, Member>,
    /// How the clock of each node ran that was started, in their order.
    drifts: Vec<(u64, Drift)>,
    history: History,
    last_operation: u64,
    last_watch: u64,
    last_client: u64,
    stopping: bool,
}

impl World {
    /// Starts nodes 1 to `size` and makes them all voters.
    pub(super) async fn start(
        setup: &Setup,
        size: u64,
        rng: &mut StdRng,
        drift_of: DriftOf,
    ) -> Self {
        let ids: Vec<u64> = (1..=size).collect();
        let known: Vec<u64> = (1..=size + SPARES).collect();
        let identities = identity::testing::cluster(&known, &[]).expect("identities");
        let begin = Instant::now();
        let memory = std::path::Path::new("/dev/shm");
        let folder = if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() };
        let resources = Resources {
            identities,
            folder: folder.expect("temporary folder"),
            disks: known.iter().map(|id| (*id, Disk::new(rng.random()))).collect(),
        };
        let world = Self {
            network: Network::new(begin, rng.random()),
            begin,
            mutant: setup.mutant,
            drift_of,
            shared: Arc::default(),
            resources: Arc::new(resources),
        };
        world.shared().enlisted.extend(&ids);
        for id in ids {
            world.start_node(id, rng).await.expect("an empty disk");
        }
        let first = world.member(1).expect("node 1 runs");
        let store = first.store();
        let founding = async {
            store.init().await.expect("a new cluster");
            let mut leadership = store.leadership();
            leadership.wait_for(|now| now.leading).await.expect("a leader");
            for id in 2..=size {
                // Refused while the change before is under way.
                while store.add_learner(id, format!("node-{id}")).await.is_err() {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                while store.promote(id).await.is_err() {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            }
        };
        first.process().run(founding).await.expect("node 1 lives");
        world
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().expect("no panic while locked")
    }

    fn config(&self, id: u64) -> Config {
        let identity = self.resources.identities.regions[&id].clone();
        let dir = self.resources.folder.path().join(id.to_string());
        Config {
            timers: Timers { request: Duration::from_secs(3), ..Timers::default() },
            // The machine's disk is none of the simulation's.
            disk: DiskPolicy {
                low_bytes: 0,
                stop_bytes: 0,
                reserve_bytes: 0,
                ..DiskPolicy::default()
            },
            snapshots: SnapshotPolicy {
                every_entries: 60,
                keep_entries: 20,
                ..SnapshotPolicy::default()
            },
            ..Config::new(dir, id, format!("node-{id}"), identity)
        }
    }

    /// Starts a node on its disk, as a new process.
    pub(super) async fn start_node(&self, id: u64, rng: &mut StdRng) -> Result<(), String> {
        let drift = (self.drift_of)(id, rng);
        let process = Process::new(self.begin, rng.random(), self.mutant, drift);
        self.shared().drifts.push((id, drift));
        let disk = &self.resources.disks[&id];
        let started = Member::start(self.config(id), disk, &self.network, &process).await;
        if let Some(Ended::Failed { reason }) = process.ended() {
            return Err(format!("node {id} failed while starting: {reason}"));
        }
        let member = started.map_err(|error| format!("node {id} does not start: {error:?}"))?;
        let mut shared = self.shared();
        if shared.enlisted.contains(&id) {
            shared.members.insert(id, member);
        } else {
            // It was taken out while it started.
            member.process().kill();
        }
        Ok(())
    }

    /// Kills a node, with what its disk has not synced yet or with the machine only.
    pub(super) fn kill_node(&self, id: u64, power_lost: bool) {
        let Some(member) = self.shared().members.remove(&id) else { return };
        member.process().kill();
        if power_lost {
            self.resources.disks[&id].lose_power(&self.config(id).dir);
        }
    }

    pub(super) fn disk(&self, id: u64) -> &Disk {
        &self.resources.disks[&id]
    }

    /// The nodes that take part, or are about to.
    pub(super) fn enlisted(&self) -> Vec<u64> {
        self.shared().enlisted.iter().copied().collect()
    }

    /// A node that never took part, if there is one left.
    pub(super) fn enlist(&self) -> Option<u64> {
        let mut shared = self.shared();
        let next = shared.enlisted.last()? + 1;
        self.resources.disks.contains_key(&next).then(|| {
            shared.enlisted.insert(next);
            next
        })
    }

    /// Takes out a node that is no member any more.
    pub(super) fn retire(&self, id: u64) {
        self.shared().enlisted.remove(&id);
        self.kill_node(id, false);
    }

    pub(super) fn member(&self, id: u64) -> Option<Member> {
        self.shared().members.get(&id).cloned()
    }

    pub(super) fn members(&self) -> BTreeMap<u64, Member> {
        self.shared().members.clone()
    }

    pub(super) fn positions(&self) -> BTreeMap<u64, Position> {
        self.members().iter().map(|(id, member)| (*id, member.position())).collect()
    }

    pub(super) fn now(&self) -> Duration {
        self.begin.elapsed()
    }

    pub(super) fn now_ns(&self) -> u64 {
        u64::try_from(self.now().as_nanos()).unwrap_or(u64::MAX)
    }

    pub(super) fn stop_clients(&self) {
        self.shared().stopping = true;
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.shared().stopping
    }

    pub(super) fn next_operation(&self) -> u64 {
        let mut shared = self.shared();
        shared.last_operation += 1;
        shared.last_operation
    }

    pub(super) fn next_client(&self) -> u64 {
        let mut shared = self.shared();
        shared.last_client += 1;
        1000 + shared.last_client
    }

    pub(super) fn next_watch(&self) -> u64 {
        let mut shared = self.shared();
        shared.last_watch += 1;
        shared.last_watch
    }

    pub(super) fn record(&self, record: Record) {
        self.network.record(format!("{record:?}").as_bytes());
        self.shared().history.records.push(record);
    }

    pub(super) fn history(&self) -> History {
        self.shared().history.clone()
    }

    pub(super) fn drifts(&self) -> Vec<(u64, Drift)> {
        self.shared().drifts.clone()
    }

    pub(super) fn take_history(&self) -> History {
        std::mem::take(&mut self.shared().history)
    }

    /// What the node that came furthest has in its history.
    pub(super) fn ledger(&self) -> Ledger {
        let members = self.members();
        let furthest = members.values().max_by_key(|member| member.position().applied);
        let mut ledger = Ledger::default();
        let Some(member) = furthest else { return ledger };
        for (revision, changes) in member.changes_after(0) {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            let changes = changes.into_iter().map(|change| Write {
                key: text(&change.key),
                value: change.value.as_deref().map(text),
            });
            ledger.add(revision, changes);
        }
        ledger
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn a_node_that_is_taken_out_while_it_starts_does_not_run() {
        super::super::runtime().block_on(super::super::in_turns(async || {
            let mut rng = StdRng::seed_from_u64(1);
            let setup = Setup { seed: 1, mutant: None };
            let world = World::start(&setup, 1, &mut rng, |_, _| Drift::default()).await;
            let id = world.enlist().expect("a spare node");
            let start = world.start_node(id, &mut rng);
            let (started, ()) = tokio::join!(start, async { world.retire(id) });
            started.expect("an empty disk");
            assert!(world.member(id).is_none());
            assert!(world.member(1).is_some());
        }));
    }
}
