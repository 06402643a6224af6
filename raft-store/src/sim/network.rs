//! The network between simulated nodes: what is sent arrives later, in order within a stream, or never.
//!
//! Messages go through the same encoding as on the wire. As over TCP, a stream of appends is not
//! reordered; a link that is cut swallows what is under way, and the caller's time limits notice.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::time::Instant;

use super::process::Process;
use crate::node::Node;

/// How long a connection lives on which nothing comes back, as with the pings of HTTP/2.
const GIVEN_UP_AFTER: Duration = Duration::from_secs(3);

/// How the network behaves where nothing is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conditions {
    /// The shortest way, in microseconds.
    pub delay_min_us: u64,
    /// The longest way, in microseconds.
    pub delay_max_us: u64,
    /// How many of a thousand messages are lost.
    pub lost_permille: u32,
    /// How many of a thousand messages that may arrive twice do.
    pub doubled_permille: u32,
}

impl Default for Conditions {
    fn default() -> Self {
        Self { delay_min_us: 200, delay_max_us: 2_000, lost_permille: 0, doubled_permille: 0 }
    }
}

/// The network of a simulated cluster; clones share it.
#[derive(Clone)]
pub struct Network {
    shared: Arc<Mutex<Shared>>,
}

struct Shared {
    begin: Instant,
    rng: StdRng,
    conditions: Conditions,
    /// Links that swallow everything, by sender and receiver.
    cut: BTreeSet<(u64, u64)>,
    nodes: BTreeMap<u64, (Process, Weak<Node>)>,
    messages: u64,
    trace: DefaultHasher,
}

impl std::fmt::Debug for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Network").finish_non_exhaustive()
    }
}

/// A node that can be called.
pub(super) struct Target {
    pub(super) process: Process,
    pub(super) node: Arc<Node>,
}

impl Network {
    /// A network of a simulation that began at `begin`; `seed` gives delays and losses.
    #[must_use]
    pub fn new(begin: Instant, seed: u64) -> Self {
        let shared = Shared {
            begin,
            rng: StdRng::seed_from_u64(seed),
            conditions: Conditions::default(),
            cut: BTreeSet::new(),
            nodes: BTreeMap::new(),
            messages: 0,
            trace: DefaultHasher::new(),
        };
        Self { shared: Arc::new(Mutex::new(shared)) }
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().expect("no panic while locked")
    }

    /// Changes how the network behaves.
    pub fn set_conditions(&self, conditions: Conditions) {
        self.shared().conditions = conditions;
    }

    /// Cuts the way from one node to another, and not the way back.
    pub fn cut(&self, from: u64, to: u64) {
        self.shared().cut.insert((from, to));
    }

    /// Mends all links.
    pub fn mend(&self) {
        self.shared().cut.clear();
    }

    /// How many messages were sent.
    #[must_use]
    pub fn messages(&self) -> u64 {
        self.shared().messages
    }

    /// Takes part of what happened into the trace.
    pub fn record(&self, what: &[u8]) {
        let mut shared = self.shared();
        let now = shared.begin.elapsed().as_micros();
        shared.trace.write_u128(now);
        shared.trace.write(what);
    }

    /// A hash of everything that was sent and recorded, with its time.
    #[must_use]
    pub fn trace(&self) -> u64 {
        self.shared().trace.finish()
    }

    pub(super) fn attach(&self, id: u64, process: Process, node: &Arc<Node>) {
        self.shared().nodes.insert(id, (process, Arc::downgrade(node)));
    }

    pub(super) fn target(&self, id: u64) -> Option<Target> {
        let (process, node) = self.shared().nodes.get(&id).cloned()?;
        if process.ended().is_some() {
            return None;
        }
        Some(Target { process, node: node.upgrade()? })
    }

    fn is_cut(&self, from: u64, to: u64) -> bool {
        self.shared().cut.contains(&(from, to))
    }

    /// Sends a message: when it arrives, or none when it is lost.
    pub(super) fn send(&self, from: u64, to: u64, content: &[u8]) -> Option<Instant> {
        let mut shared = self.shared();
        shared.messages += 1;
        let now = shared.begin.elapsed().as_micros();
        shared.trace.write_u128(now);
        shared.trace.write_u64(from << 32 | to);
        shared.trace.write(content);
        let conditions = shared.conditions;
        let delay = shared.rng.random_range(conditions.delay_min_us..=conditions.delay_max_us);
        let lost = shared.rng.random_range(0..1000) < conditions.lost_permille;
        let arrives = Instant::now() + Duration::from_micros(delay);
        (!lost && !shared.cut.contains(&(from, to))).then_some(arrives)
    }

    /// Whether a message that may arrive twice does.
    pub(super) fn doubled(&self) -> bool {
        let mut shared = self.shared();
        let permille = shared.conditions.doubled_permille;
        shared.rng.random_range(0..1000) < permille
    }

    /// Waits until a message arrives; when it is lost or its link is cut meanwhile, until the
    /// connection is given up.
    pub(super) async fn arrival(
        &self,
        from: u64,
        to: u64,
        arrives: Option<Instant>,
    ) -> Result<(), String> {
        if let Some(arrives) = arrives {
            tokio::time::sleep_until(arrives).await;
            if !self.is_cut(from, to) {
                return Ok(());
            }
        }
        tokio::time::sleep(GIVEN_UP_AFTER).await;
        Err("the connection is lost".to_owned())
    }
}
