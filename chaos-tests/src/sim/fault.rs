//! What goes wrong: one fault after the other, sometimes two at a time, each for a while.

use std::time::Duration;

use raft_store::sim::network::Conditions;
use raft_store::sim::process::Skew;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::world::World;

/// How long an fsync takes at most.
const SYNC_MAX: Duration = Duration::from_millis(4);
/// How long one of a slow disk does.
const SLOW_SYNC_MAX: Duration = Duration::from_millis(700);

/// What can go wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Fault {
    /// Nodes are killed, and lose what is not synced if their power is cut too.
    Kill { nodes: Vec<u64>, power_lost: bool },
    /// A node does nothing for a while, and then goes on.
    Pause { node: u64 },
    /// Two groups of nodes do not hear each other.
    Split { left: Vec<u64>, right: Vec<u64> },
    /// What a node sends to others is lost, but not what they send to it; or the other way round.
    OneWay { node: u64, sends: bool },
    /// Two nodes do not hear each other, while all others hear both.
    Bridge { one: u64, other: u64 },
    /// The fsyncs of a node are slow.
    SlowDisk { node: u64 },
    /// The fsyncs of all nodes are slow, until the power of all is cut in the middle of them.
    Brownout,
    /// Messages are late and some are lost.
    Storm,
    /// The time of day of a node is wrong.
    Clock { node: u64, skew: Skew },
    /// The leader hands over.
    Transfer { to: u64 },
    /// A node makes a snapshot.
    Snapshot { node: u64 },
}

/// Makes faults and ends them.
pub(super) struct Faults {
    rng: StdRng,
    next: Duration,
    running: Vec<(Duration, Fault)>,
    /// What was done, for the report.
    pub(super) told: Vec<String>,
}

impl Faults {
    pub(super) fn new(seed: u64) -> Self {
        let (next, running) = (Duration::from_secs(2), Vec::new());
        Self { rng: StdRng::seed_from_u64(seed), next, running, told: Vec::new() }
    }

    fn any_fault(&mut self, world: &World) -> Fault {
        let positions = world.positions();
        let leader = positions.iter().find(|(_, position)| position.leading);
        let leader = leader.map(|(id, _)| *id);
        let all = world.enlisted();
        let any = all[self.rng.random_range(0..all.len())];
        // The leader is the most interesting node.
        let node = if self.rng.random() { leader.unwrap_or(any) } else { any };
        match self.rng.random_range(0..16) {
            0..=2 => Fault::Kill { nodes: vec![node], power_lost: self.rng.random() },
            3 => Fault::Kill { nodes: all, power_lost: true },
            4 | 5 => Fault::Pause { node },
            6 | 7 => Fault::Split {
                left: vec![node],
                right: all.into_iter().filter(|id| *id != node).collect(),
            },
            8 => {
                let (left, right) = all.into_iter().partition(|_| self.rng.random());
                Fault::Split { left, right }
            }
            9 => Fault::OneWay { node, sends: self.rng.random() },
            10 => Fault::Bridge { one: node, other: any },
            11 => Fault::SlowDisk { node },
            12 => Fault::Brownout,
            13 => Fault::Storm,
            14 => {
                let offset_ms = self.rng.random_range(-600_000..600_000);
                let faster_permille = self.rng.random_range(-500..500);
                Fault::Clock { node, skew: Skew { offset_ms, faster_permille } }
            }
            _ if self.rng.random() => Fault::Snapshot { node },
            _ => Fault::Transfer { to: any },
        }
    }

    /// Ends what has lasted long enough and begins what comes next.
    ///
    /// # Errors
    /// When a node does not start again, or ended by itself.
    pub(super) async fn act(&mut self, world: &World) -> Result<(), String> {
        let now = world.now();
        let over = self.running.iter().position(|(until, _)| *until <= now);
        if let Some(over) = over {
            let (_, fault) = self.running.remove(over);
            self.end(world, &fault).await?;
        }
        if now < self.next || self.running.len() > 1 {
            return Ok(());
        }
        self.next = now + Duration::from_millis(self.rng.random_range(200..2500));
        let fault = self.any_fault(world);
        let lasts = match fault {
            Fault::Kill { .. } => self.rng.random_range(5..2000),
            Fault::Pause { .. } => self.rng.random_range(100..4000),
            _ => self.rng.random_range(200..3000),
        };
        self.told.push(format!("{} ms: {fault:?} for {lasts} ms", now.as_millis()));
        begin(world, &fault).await;
        self.running.push((now + Duration::from_millis(lasts), fault));
        Ok(())
    }

    /// Mends everything.
    ///
    /// # Errors
    /// When a node does not start again.
    pub(super) async fn end_all(&mut self, world: &World) -> Result<(), String> {
        for (_, fault) in std::mem::take(&mut self.running) {
            self.end(world, &fault).await?;
        }
        world.network.mend();
        world.network.set_conditions(Conditions::default());
        Ok(())
    }

    async fn end(&mut self, world: &World, fault: &Fault) -> Result<(), String> {
        match fault {
            Fault::Kill { nodes, .. } => {
                self.start(world, nodes).await?;
            }
            Fault::Pause { node } => {
                if let Some(member) = world.member(*node) {
                    member.process().resume();
                }
            }
            Fault::Split { .. } | Fault::OneWay { .. } | Fault::Bridge { .. } => {
                world.network.mend();
            }
            Fault::SlowDisk { node } => world.disk(*node).set_sync_max(SYNC_MAX),
            Fault::Brownout => {
                let all = world.enlisted();
                for node in &all {
                    world.kill_node(*node, true);
                    world.disk(*node).set_sync_max(SYNC_MAX);
                }
                self.start(world, &all).await?;
            }
            Fault::Storm => world.network.set_conditions(Conditions::default()),
            Fault::Clock { node, .. } => {
                if let Some(member) = world.member(*node) {
                    member.process().set_skew(Skew::default());
                }
            }
            Fault::Transfer { .. } | Fault::Snapshot { .. } => {}
        }
        Ok(())
    }

    /// Starts the nodes that do not run and were not taken out meanwhile.
    async fn start(&mut self, world: &World, nodes: &[u64]) -> Result<(), String> {
        for node in nodes {
            if world.member(*node).is_none() && world.enlisted().contains(node) {
                world.start_node(*node, &mut self.rng).await?;
            }
        }
        Ok(())
    }
}

async fn begin(world: &World, fault: &Fault) {
    match fault {
        Fault::Kill { nodes, power_lost } => {
            nodes.iter().for_each(|node| world.kill_node(*node, *power_lost));
        }
        Fault::Pause { node } => {
            if let Some(member) = world.member(*node) {
                member.process().pause();
            }
        }
        Fault::Split { left, right } => {
            for (one, other) in
                left.iter().flat_map(|one| right.iter().map(move |other| (one, other)))
            {
                world.network.cut(*one, *other);
                world.network.cut(*other, *one);
            }
        }
        Fault::OneWay { node, sends } => {
            for (id, _) in world.members() {
                let (from, to) = if *sends { (*node, id) } else { (id, *node) };
                world.network.cut(from, to);
            }
        }
        Fault::Bridge { one, other } => {
            world.network.cut(*one, *other);
            world.network.cut(*other, *one);
        }
        Fault::SlowDisk { node } => world.disk(*node).set_sync_max(SLOW_SYNC_MAX),
        Fault::Brownout => {
            world.enlisted().iter().for_each(|node| world.disk(*node).set_sync_max(SLOW_SYNC_MAX));
        }
        Fault::Storm => world.network.set_conditions(Conditions {
            delay_min_us: 1_000,
            delay_max_us: 60_000,
            lost_permille: 10,
            doubled_permille: 200,
        }),
        Fault::Clock { node, skew } => {
            if let Some(member) = world.member(*node) {
                member.process().set_skew(*skew);
            }
        }
        Fault::Transfer { to } => {
            for member in world.members().values() {
                if member.position().leading {
                    let store = member.store();
                    let transfer = member.process().run(store.transfer_leader(*to));
                    // A paused leader does not answer; a refusal is no fault.
                    drop(tokio::time::timeout(Duration::from_millis(5), transfer).await);
                }
            }
        }
        Fault::Snapshot { node } => {
            if let Some(member) = world.member(*node) {
                let store = member.store();
                let snapshot = member.process().run(store.snapshot());
                drop(tokio::time::timeout(Duration::from_millis(5), snapshot).await);
            }
        }
    }
}
