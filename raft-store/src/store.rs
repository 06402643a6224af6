//! The public interface of the store: open, transact, read, watch, members.
//!
//! # How a region uses it
//! 1. [`Store::open`] with a [`Config`]; it reads the folder and starts Raft. Nothing is served yet.
//! 2. Mount [`Store::service`] on the region's mTLS gRPC server, at `Config::address`.
//! 3. Exactly one node, the first of a new cluster, calls [`Store::init`] once. The others only wait:
//!    the leader calls [`Store::add_learner`] with their id and address, and [`Store::promote`] when
//!    [`Store::status`] shows that their lag is small.
//! 4. [`Store::shutdown`] before the process ends. A process that is killed loses nothing that was
//!    acknowledged.
//!
//! A failed write or fsync, or a damaged disk, ends the process: restart it, and if it does not
//! start, join again as a new node.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use openraft::errors::RaftError;
use proto::raft::raft_server::RaftServer;
use tokio::sync::watch;

use crate::config::Config;
use crate::memory::Memory;
use crate::metrics::{IoCounts, Metrics};
use crate::network::server::RaftService;
use crate::node::Node;
use crate::open::OpenError;
use crate::read::{Consistency, ReadError, ReadView};
use crate::runtime;
use crate::status::{Leadership, MembershipError, Status};
use crate::txn::{Committed, TransactError, Txn};
use crate::types::Member;
use crate::watch::{Watch, WatchError};

/// A cluster cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InitError {
    /// This node is a member of a cluster already.
    #[error("this node is a member of a cluster already")]
    Member,
    /// The store on this node failed.
    #[error("the store failed: {reason}")]
    Failed {
        /// What failed.
        reason: String,
    },
}

/// A handle to the store of this node; clones share it.
#[derive(Clone)]
pub struct Store {
    pub(crate) backend: Backend,
}

#[derive(Clone)]
pub(crate) enum Backend {
    Memory { memory: Arc<Memory>, leadership: watch::Sender<Leadership> },
    Node(Arc<Node>),
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = match &self.backend {
            Backend::Memory { .. } => "Store(in memory)".to_owned(),
            Backend::Node(node) => format!("Store({:?})", node.config),
        };
        f.write_str(&name)
    }
}

impl Store {
    /// A store of one node that keeps everything in memory: for tests of what stands on it.
    #[must_use]
    pub fn in_memory() -> Self {
        let leadership = Leadership { term: 1, leader: Some(1), leading: true };
        let leadership = watch::Sender::new(leadership);
        Self { backend: Backend::Memory { memory: Arc::default(), leadership } }
    }

    /// The same, of a cluster with an earlier [version](crate::version): for tests of what is written
    /// while nodes are upgraded.
    #[must_use]
    pub fn in_memory_at_version(cluster_version: u32) -> Self {
        let store = Self::in_memory();
        if let Backend::Memory { memory, .. } = &store.backend {
            memory.set_cluster_version(cluster_version);
        }
        store
    }

    /// Opens or creates the store in `config.dir` and starts taking part in the cluster.
    ///
    /// # Errors
    /// See [`OpenError`]: the folder is in use, damaged, or of another node.
    pub async fn open(config: Config) -> Result<Self, OpenError> {
        Ok(Self { backend: Backend::Node(Node::open(config).await?) })
    }

    /// The store of a node that runs.
    #[cfg(feature = "testing")]
    pub(crate) fn of(node: Arc<Node>) -> Self {
        Self { backend: Backend::Node(node) }
    }

    /// Makes a new cluster with this node as its only voter. Call it once, on the first node only.
    /// Returns when the node leads, and the cluster has the [version](crate::version) of its program.
    ///
    /// # Errors
    /// [`InitError::Member`] when this node has a log already.
    pub async fn init(&self) -> Result<(), InitError> {
        let Backend::Node(node) = &self.backend else { return Err(InitError::Member) };
        let member = Member { address: node.config.address.clone() };
        let members = BTreeMap::from([(node.config.node_id, member)]);
        node.raft.initialize(members).await.map_err(|error| match error {
            RaftError::APIError(_) => InitError::Member,
            RaftError::Fatal(fatal) => InitError::Failed { reason: fatal.to_string() },
        })?;
        let mut leadership = node.leadership.subscribe();
        tokio::select! {
            biased;
            () = node.stopping.cancelled() => {
                return Err(InitError::Failed { reason: "it is stopping".to_owned() });
            }
            // The sender is a part of the node.
            _ = leadership.wait_for(|known| known.leading) => {}
        }
        // The only member supports what its program does, so the cluster begins with that.
        node.survey().await;
        Ok(())
    }

    /// The gRPC service that the other nodes call; none for a store in memory. Mount it on a server
    /// whose connections come from [`identity::incoming`]; it refuses callers that are not a region
    /// node of this cluster.
    #[must_use]
    pub fn service(&self) -> Option<RaftServer<RaftService>> {
        match &self.backend {
            Backend::Memory { .. } => None,
            Backend::Node(node) => Some(RaftService::of(node)),
        }
    }

    /// Applies a transaction, on any node; returns once it is committed and applied here.
    ///
    /// It is forwarded to the leader when that is another node, and sent again when the leader is
    /// lost, as long as that cannot apply it twice: always on a node that does not lead, and with a
    /// request id on the leader. An acknowledged transaction is on the disks of a majority.
    ///
    /// # Errors
    /// See [`TransactError`]: only `Unknown` leaves the outcome open.
    pub async fn transact(&self, txn: Txn) -> Result<Committed, TransactError> {
        match &self.backend {
            Backend::Memory { memory, .. } => memory.transact(&txn),
            Backend::Node(node) => node.transact(txn).await,
        }
    }

    /// Applies independent transactions, each as [`transact`](Self::transact) would; returns what
    /// became of each, in their order. Together they cost far less than one by one. They may be
    /// applied in any order.
    pub async fn transact_each(&self, txns: Vec<Txn>) -> Vec<Result<Committed, TransactError>> {
        match &self.backend {
            Backend::Memory { memory, .. } => txns.iter().map(|txn| memory.transact(txn)).collect(),
            Backend::Node(node) => node.transact_each(txns).await,
        }
    }

    /// A consistent view of all keys.
    ///
    /// # Errors
    /// [`ReadError::Unavailable`] without a quorum, unless `Stale` was asked for.
    pub async fn read(&self, consistency: Consistency) -> Result<ReadView, ReadError> {
        match &self.backend {
            Backend::Memory { memory, .. } => {
                let (revision, keys) = memory.read();
                Ok(ReadView::in_memory(revision, keys, memory.clone()))
            }
            Backend::Node(node) => match consistency {
                Consistency::Linearizable => node.latest().await,
                Consistency::Stale => {
                    let (view, applied) = node.view();
                    Ok(ReadView::of(view, &applied))
                }
            },
        }
    }

    /// All keys as they were at an earlier revision, from the history.
    ///
    /// # Errors
    /// [`ReadError::Compacted`] when the history does not reach back that far;
    /// [`ReadError::Unavailable`] when this node does not come to that revision in time.
    pub async fn read_at(&self, revision: u64) -> Result<ReadView, ReadError> {
        match &self.backend {
            Backend::Memory { memory, .. } => match memory.read_at(revision) {
                Ok(keys) => Ok(ReadView::in_memory(revision, keys, memory.clone())),
                Err(oldest) => Err(ReadError::Compacted { requested: revision, oldest }),
            },
            Backend::Node(node) => {
                if *node.visible().borrow() < revision {
                    node.read_barrier().await?;
                }
                let (view, applied) = node.view();
                // What was changed since is read whole.
                let read = move || ReadView::at(view, &applied, revision);
                let read = runtime::blocking(read).await;
                read.map_err(|error| ReadError::Failed { reason: error.to_string() })?
            }
        }
    }

    /// Every later change of keys that begin with one of `prefixes`, from `after_revision` on; of
    /// all keys when one of them is empty.
    ///
    /// Changes come in the order of their revisions, each once, no revision in part, and without a
    /// gap; the watch goes on when the leader changes. To watch what a view shows, pass its
    /// revision: nothing in between is lost, on whichever node the watch runs.
    ///
    /// # Errors
    /// [`WatchError::Compacted`] when the history does not reach back that far.
    #[expect(clippy::unused_async, reason = "a watch may have to ask another node one day")]
    pub async fn watch(
        &self,
        prefixes: Vec<Bytes>,
        after_revision: u64,
    ) -> Result<Watch, WatchError> {
        match &self.backend {
            Backend::Memory { memory, .. } => {
                Ok(Watch::in_memory(memory.watch(prefixes, after_revision)))
            }
            Backend::Node(node) => {
                let stages = Arc::clone(&node.stages);
                let changes = (node.visible(), node.stopping.clone());
                Watch::of(node.database(), changes, stages, (prefixes, after_revision))
            }
        }
    }

    /// The [cluster version](crate::version): formats that came with it, or before it, may be
    /// written. As this node has applied it, without asking another one; it only ever grows.
    #[must_use]
    pub fn cluster_version(&self) -> u32 {
        match &self.backend {
            Backend::Memory { memory, .. } => memory.cluster_version(),
            Backend::Node(node) => node.cluster_version(),
        }
    }

    /// Who leads, and every change of it.
    #[must_use]
    pub fn leadership(&self) -> watch::Receiver<Leadership> {
        match &self.backend {
            Backend::Memory { leadership, .. } => leadership.subscribe(),
            Backend::Node(node) => node.leadership.subscribe(),
        }
    }

    /// How old at most is what this node has: how long ago it heard its leader last; nothing while it leads itself.
    #[must_use]
    pub fn age(&self) -> Duration {
        match &self.backend {
            Backend::Memory { .. } => Duration::ZERO,
            Backend::Node(_) if self.leadership().borrow().leading => Duration::ZERO,
            Backend::Node(node) => node.contact.age(),
        }
    }

    /// What this node knows of itself and the cluster; none for a store in memory. The lag of the
    /// members is known on the leader only.
    #[must_use]
    pub fn status(&self) -> Option<Status> {
        match &self.backend {
            Backend::Memory { .. } => None,
            Backend::Node(node) => Some(node.status()),
        }
    }

    /// What this node measured; none for a store in memory.
    #[must_use]
    pub fn metrics(&self) -> Option<Metrics> {
        match &self.backend {
            Backend::Memory { .. } => None,
            Backend::Node(node) => Some(node.metrics()),
        }
    }

    /// What this node wrote since it was opened; nothing for a store in memory.
    #[must_use]
    pub fn io_counts(&self) -> IoCounts {
        match &self.backend {
            Backend::Memory { .. } => IoCounts::default(),
            Backend::Node(node) => node.database().io_counts(),
        }
    }

    /// Drops the history that is older or longer than `Config::retention` now, on all nodes. The
    /// leader does it by itself every few seconds.
    ///
    /// # Errors
    /// See [`MembershipError`]; only the leader can do it.
    pub async fn compact(&self) -> Result<(), MembershipError> {
        let Backend::Node(node) = &self.backend else { return Ok(()) };
        node.require_leading()?;
        node.compact().await;
        Ok(())
    }

    /// Begins a snapshot of what is applied now, and does not wait for it. While one is made already,
    /// it does nothing: who needs what is newer than that one asks again after it, by
    /// [`Status::snapshot`](crate::status::Status::snapshot).
    ///
    /// # Errors
    /// [`ReadError::Failed`] when the store stopped.
    pub async fn snapshot(&self) -> Result<(), ReadError> {
        match &self.backend {
            Backend::Memory { .. } => Ok(()),
            Backend::Node(node) => {
                let triggered = node.raft.trigger().snapshot().await;
                triggered.map_err(|fatal| ReadError::Failed { reason: fatal.to_string() })
            }
        }
    }

    /// Hands leadership over, if this node leads, and stops taking part in the cluster; returns when
    /// everything is on disk. Requests fail from then on and watches end.
    pub async fn shutdown(&self) {
        self.hand_over().await;
        self.halt().await;
    }

    /// Stops as a crash would, but with everything on disk: a leader does not hand over first. For a
    /// node that must not go on, and for tests.
    pub async fn halt(&self) {
        match &self.backend {
            Backend::Memory { .. } => {}
            Backend::Node(node) => node.shutdown().await,
        }
    }
}
