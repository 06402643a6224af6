//! A whole cluster on one thread in simulated time: a seed gives everything that happens.
//!
//! A run has two parts. In the first, faults come while clients work and invariants are looked at;
//! then everything is mended, and the cluster must agree and serve again. What the clients and
//! watchers saw is judged at the end. A failure is told with its seed, which shows it again.

mod client;
mod fault;
pub mod invariant;
mod operator;
pub mod overwritten;
pub mod setup;
pub mod slow_leader;
pub mod stale_read;
pub mod sweep;
mod watcher;
mod world;

use std::time::Duration;

use raft_store::sim::clock::Drift;
use raft_store::sim::process::Process;
use raft_store::sim::turns::give_turns;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

use self::fault::Faults;
use self::invariant::Invariants;
pub use self::setup::Setup;
use self::world::World;
use crate::check::enough::{self, Window};
use crate::check::{self, Ledger, Verdict};
use crate::history::History;

/// How long faults come, in simulated time.
const FAULTS_FOR: Duration = Duration::from_secs(12);
/// How long the cluster may take to agree when everything is mended.
const CONVERGE_WITHIN: Duration = Duration::from_secs(30);
/// How long it has to serve after that.
const SERVE_FOR: Duration = Duration::from_secs(5);
/// How often the invariants are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How much faster or slower a monotonic clock runs at most, in parts per thousand: a thousand times
/// what real ones do.
const DRIFT_MAX_PERMILLE: i16 = 200;
const CLIENTS: u64 = 5;
const WATCHERS: u64 = 2;

/// What came of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// What it was made from.
    pub setup: Setup,
    /// Whether every promise was kept.
    pub verdict: Verdict,
    /// A hash of every message with its time: the same for the same setup.
    pub trace: u64,
    /// How many messages were sent between nodes.
    pub messages: u64,
    /// The faults, in order, with their time in milliseconds.
    pub faults: Vec<String>,
    /// How the monotonic clock of each node ran that was started, in their order.
    pub drifts: Vec<(u64, Drift)>,
    /// What clients and watchers saw.
    pub history: History,
}

/// Simulates a cluster from a seed.
#[must_use]
pub fn run(seed: u64) -> Report {
    run_with(Setup { seed, mutant: None })
}

/// Simulates a cluster.
///
/// # Panics
/// When the runtime cannot be made.
#[must_use]
pub fn run_with(setup: Setup) -> Report {
    runtime().block_on(in_turns(async || simulate(setup).await))
}

/// One thread, whose time goes on when there is nothing left to do.
fn runtime() -> Runtime {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime without IO")
}

/// Runs with an order of tasks that depends on nothing but the seed.
async fn in_turns<R>(run: impl AsyncFnOnce() -> R) -> R {
    let mut turns = JoinSet::new();
    turns.spawn(give_turns());
    run().await
}

async fn simulate(setup: Setup) -> Report {
    let mut rng = StdRng::seed_from_u64(setup.seed);
    let size = if rng.random_range(0..4) == 0 { 5 } else { 3 };
    let drift_of = if rng.random_range(0..4) == 0 { alike } else { apart };
    let world = World::start(&setup, size, &mut rng, drift_of).await;
    let now = tokio::time::Instant::now();
    let clients = Process::new(now, rng.random(), None, Drift::default());
    let mut working = JoinSet::new();
    for number in 1..=CLIENTS {
        working.spawn(clients.task(client::work(world.clone(), number, rng.random())));
    }
    if rng.random_range(0..3) == 0 {
        working.spawn(clients.task(operator::replace_nodes(world.clone(), rng.random())));
    }
    for _ in 0..WATCHERS {
        working.spawn(clients.task(watcher::follow(world.clone(), rng.random())));
    }
    let mut faults = Faults::new(rng.random());
    let mut invariants = Invariants::default();
    let broken = judge_while(&world, &mut invariants, &mut faults).await;
    let healed_ns = world.now_ns();
    let broken = match broken {
        Ok(()) => recover(&world, &mut invariants).await,
        broken @ Err(_) => broken,
    };
    world.stop_clients();
    let all_ended = async { while working.join_next().await.is_some() {} };
    let ended = tokio::time::timeout(CONVERGE_WITHIN, all_ended).await;
    let broken = broken.and_then(|()| match ended {
        Ok(()) => Ok(()),
        Err(_) => Err(format!("a client waits for ever: {:?}", clients.ended())),
    });
    let verdict = Verdict::of(broken.err()).and(|| judge_end(&world, healed_ns));
    Report {
        setup,
        verdict,
        trace: world.network.trace(),
        messages: world.network.messages(),
        faults: faults.told,
        drifts: world.drifts(),
        history: world.take_history(),
    }
}

/// All clocks run right.
fn alike(_: u64, _: &mut StdRng) -> Drift {
    Drift::default()
}

/// Every clock runs at a rate of its own, and at another one after a restart.
fn apart(_: u64, rng: &mut StdRng) -> Drift {
    let faster_permille = rng.random_range(-DRIFT_MAX_PERMILLE..=DRIFT_MAX_PERMILLE);
    Drift { faster_permille }
}

/// Lets faults come; the first invariant that is broken ends it.
async fn judge_while(
    world: &World,
    invariants: &mut Invariants,
    faults: &mut Faults,
) -> Result<(), String> {
    let until = world.now() + FAULTS_FOR;
    while world.now() < until {
        tokio::time::sleep(LOOK_EVERY).await;
        invariants.look(world)?;
        faults.act(world).await?;
    }
    faults.end_all(world).await
}

/// Waits until all nodes have applied the same, then lets the cluster serve for a while.
async fn recover(world: &World, invariants: &mut Invariants) -> Result<(), String> {
    let until = world.now() + CONVERGE_WITHIN;
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        invariants.look(world)?;
        let positions = world.positions();
        let leaders = positions.values().filter(|position| position.leading).count();
        let same = |position: &raft_store::sim::member::Position| {
            positions.values().all(|other| {
                other.vote == position.vote && other.applied.abs_diff(position.applied) < 200
            })
        };
        if leaders == 1 && positions.len() == world.enlisted().len() && positions.values().all(same)
        {
            break;
        }
        if world.now() > until {
            return Err(format!("the cluster did not recover: {positions:?}"));
        }
    }
    let until = world.now() + SERVE_FOR;
    while world.now() < until {
        tokio::time::sleep(LOOK_EVERY).await;
        invariants.look(world)?;
    }
    Ok(())
}

fn judge_end(world: &World, healed_ns: u64) -> Verdict {
    let history = world.history();
    let ledger: Ledger = world.ledger();
    let window = |name: &str, from_ns, to_ns, acknowledged_min| Window {
        name: name.to_owned(),
        from_ns,
        to_ns,
        acknowledged_min,
    };
    let windows = [
        window("during the faults", 0, healed_ns, 50),
        window("after them", healed_ns, u64::MAX, 20),
    ];
    check::all(&history, &ledger).and(|| enough::check(&history, &windows))
}
