//! A cluster of real stores with little history and many snapshots, and a region over each.

use std::net::SocketAddr;
use std::time::Duration;

use identity::testing::TestCluster;
use raft_store::Store;
use raft_store::config::{Config, DiskPolicy, MemoryPolicy, Retention, SnapshotPolicy};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tonic::transport::Server;

use crate::harness::Region;

/// How many revisions of history a node keeps.
pub(super) const REVISIONS_MAX: u64 = 120;

/// A node.
pub(super) struct Node {
    pub(super) id: u64,
    pub(super) store: Store,
    pub(super) region: Region,
    server: Option<Runtime>,
}

impl Node {
    /// Ends it: who watches here is told nothing more.
    pub(super) async fn stop(&mut self) {
        if let Some(server) = self.server.take() {
            server.shutdown_background();
        }
        self.store.shutdown().await;
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Some(server) = self.server.take() {
            server.shutdown_background();
        }
    }
}

/// What nodes are started with.
pub(super) struct Cluster {
    dir: TempDir,
    identities: TestCluster,
}

impl Cluster {
    pub(super) fn new() -> Self {
        let identities = identity::testing::cluster(&[1, 2, 3, 4], &[]).unwrap();
        Self { dir: TempDir::new().unwrap(), identities }
    }

    async fn open(&self, id: u64) -> (Store, Runtime, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let identity = self.identities.regions[&id].clone();
        let folder = self.dir.path().join(id.to_string());
        let config = Config {
            disk: DiskPolicy { reserve_bytes: 0, ..DiskPolicy::default() },
            retention: Retention { revisions_max: REVISIONS_MAX, ..Retention::default() },
            snapshots: SnapshotPolicy {
                every_entries: 40,
                keep_entries: 10,
                ..SnapshotPolicy::default()
            },
            memory: MemoryPolicy { write_buffer_bytes: 1 << 20, cache_bytes: 8 << 20 },
            ..Config::new(folder, id, address.to_string(), identity.clone())
        };
        let store = Store::open(config).await.unwrap();
        let service = store.service().unwrap();
        let server = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        drop(server.spawn(async move {
            let incoming = identity::incoming(listener, &identity);
            let served = Server::builder().add_service(service).serve_with_incoming(incoming);
            served.await.unwrap();
        }));
        (store, server, address)
    }

    /// The first node of a new cluster.
    pub(super) async fn first(&self) -> Node {
        let (store, server, _) = self.open(1).await;
        store.init().await.unwrap();
        leader_of(&store, 0).await;
        let region = Region::over(store.clone()).await;
        Node { id: 1, store, region, server: Some(server) }
    }

    /// One more node, which votes.
    pub(super) async fn join(&self, id: u64, known: &Node, leader: &Store) -> Node {
        let (store, server, address) = self.open(id).await;
        leader.add_learner(id, address.to_string()).await.unwrap();
        leader.promote(id).await.unwrap();
        let region = known.region.beside(store.clone());
        Node { id, store, region, server: Some(server) }
    }
}

/// The leader, when it is another one than `old`.
pub(super) async fn leader_of(store: &Store, old: u64) -> u64 {
    let mut leadership = store.leadership();
    let known = leadership.wait_for(|now| now.leader.is_some_and(|leader| leader != old));
    let known = tokio::time::timeout(Duration::from_secs(20), known).await.unwrap();
    known.unwrap().leader.unwrap()
}
