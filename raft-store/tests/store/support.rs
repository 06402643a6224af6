//! A cluster in one process: real stores in temporary folders, talking over loopback.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use identity::testing::TestCluster;
use identity::{Identity, Role};
use raft_store::config::{Config, DiskPolicy, Retention, SnapshotPolicy, Timers};
use raft_store::read::Consistency;
use raft_store::txn::{Meta, Txn, Write};
use raft_store::{OpenError, Store};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tonic::codegen::http::{Request, Uri};
use tonic::transport::Server;
use tower::util::MapRequestLayer;

/// A node that serves.
pub(crate) struct Node {
    pub(crate) id: u64,
    pub(crate) store: Store,
    pub(crate) address: SocketAddr,
    /// The server has a runtime of its own, so that its connections end with it.
    server: Option<Runtime>,
}

impl Node {
    /// Stops it as a kill would: nobody is told.
    pub(crate) async fn kill(mut self) {
        self.close_connections();
        self.store.halt().await;
    }

    /// Stops it as its operator would: a leader hands over.
    pub(crate) async fn shutdown(mut self) {
        self.store.shutdown().await;
        self.close_connections();
    }

    fn close_connections(&mut self) {
        if let Some(server) = self.server.take() {
            server.shutdown_background();
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.close_connections();
    }
}

/// Stops all nodes.
pub(crate) async fn stop(nodes: Vec<Node>) {
    for node in nodes {
        node.kill().await;
    }
}

/// Folders and addresses of the nodes of a cluster.
pub(crate) struct Cluster {
    dir: TempDir,
    identities: TestCluster,
    snapshots: SnapshotPolicy,
    retention: Retention,
    timers: Timers,
    calls: Calls,
}

/// What the nodes called of each other.
#[derive(Debug, Clone, Default)]
pub(crate) struct Calls {
    by_method: Arc<Mutex<BTreeMap<String, usize>>>,
    /// A method that no node knows.
    unknown: Option<&'static str>,
}

impl Calls {
    /// How often a method was called.
    pub(crate) fn of(&self, method: &str) -> usize {
        self.by_method.lock().expect("not poisoned").get(method).copied().unwrap_or_default()
    }

    fn note<B>(&self, mut request: Request<B>) -> Request<B> {
        let path = request.uri().path();
        let method = path.rsplit('/').next().unwrap_or_default().to_owned();
        if Some(method.as_str()) == self.unknown {
            *request.uri_mut() = Uri::from_static("/ironraft.raft.v1.Raft/Unknown");
        }
        *self.by_method.lock().expect("not poisoned").entry(method).or_default() += 1;
        request
    }
}

impl Cluster {
    pub(crate) fn new() -> Self {
        let dir = TempDir::new().expect("temporary folder");
        let identities = identity::testing::cluster(&[1, 2, 3, 4, 5], &[]).expect("identities");
        Self {
            dir,
            identities,
            snapshots: SnapshotPolicy::default(),
            retention: Retention::default(),
            timers: Timers::default(),
            calls: Calls::default(),
        }
    }

    pub(crate) fn with_snapshots(self, snapshots: SnapshotPolicy) -> Self {
        Self { snapshots, ..self }
    }

    pub(crate) fn with_history_of(self, revisions_max: u64) -> Self {
        Self { retention: Retention { revisions_max, ..self.retention }, ..self }
    }

    pub(crate) fn with_history_bytes(self, bytes_max: u64) -> Self {
        Self { retention: Retention { bytes_max, ..self.retention }, ..self }
    }

    pub(crate) fn with_request_timeout(self, request: Duration) -> Self {
        Self { timers: Timers { request, ..self.timers }, ..self }
    }

    /// Its nodes are of a version that does not know a method yet.
    pub(crate) fn without_method(self, method: &'static str) -> Self {
        Self { calls: Calls { unknown: Some(method), ..self.calls }, ..self }
    }

    pub(crate) fn calls(&self) -> &Calls {
        &self.calls
    }

    pub(crate) fn folder(&self, id: u64) -> std::path::PathBuf {
        self.dir.path().join(id.to_string())
    }

    pub(crate) fn identity(&self, id: u64) -> &Identity {
        &self.identities.regions[&id]
    }

    /// The identity of one more node.
    pub(crate) fn enroll(&self, role: Role) -> Identity {
        self.identities.enroll(role).expect("identity")
    }

    pub(crate) fn config(&self, id: u64, address: SocketAddr) -> Config {
        let identity = self.identity(id).clone();
        Config {
            timers: self.timers,
            retention: self.retention,
            snapshots: self.snapshots,
            // Tests share a disk.
            disk: DiskPolicy { reserve_bytes: 0, ..DiskPolicy::default() },
            ..Config::new(self.folder(id), id, address.to_string(), identity)
        }
    }

    /// Starts a node on a free port, or on the one it had.
    pub(crate) async fn start(&self, id: u64, address: Option<SocketAddr>) -> Node {
        let any: SocketAddr = "127.0.0.1:0".parse().expect("address");
        let listener = listen(address.unwrap_or(any)).await;
        let address = listener.local_addr().expect("local address");
        let store = open(self.config(id, address)).await;
        let server = Some(self.serve(id, &store, listener));
        Node { id, store, address, server }
    }

    fn serve(&self, id: u64, store: &Store, listener: TcpListener) -> Runtime {
        let service = store.service().expect("a real store");
        let server = Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let server = server.expect("runtime");
        let (identity, calls) = (self.identity(id).clone(), self.calls.clone());
        drop(server.spawn(async move {
            let incoming = identity::incoming(listener, &identity);
            let noted = MapRequestLayer::new(move |request| calls.note(request));
            let server = Server::builder().layer(noted).add_service(service);
            let served = server.serve_with_incoming(incoming);
            served.await.expect("server");
        }));
        server
    }

    /// Nobody reaches the node until it is reconnected.
    pub(crate) fn disconnect(&self, node: &mut Node) {
        node.close_connections();
    }

    /// The node is reached again, where it was.
    pub(crate) async fn reconnect(&self, node: &mut Node) {
        let listener = listen(node.address).await;
        node.server = Some(self.serve(node.id, &node.store, listener));
    }

    /// Who signed the certificates.
    pub(crate) fn authority(&self) -> &identity::CertificateAuthority {
        &self.identities.authority
    }

    /// Starts nodes 1 to `size` and makes them all voters.
    pub(crate) async fn start_all(&self, size: u64) -> Vec<Node> {
        let first = self.start(1, None).await;
        first.store.init().await.expect("new cluster");
        wait_for_leader(&first.store).await;
        let mut nodes = vec![first];
        for id in 2..=size {
            let node = self.start(id, None).await;
            let leader = &nodes[0].store;
            leader.add_learner(id, node.address.to_string()).await.expect("learner");
            leader.promote(id).await.expect("voter");
            nodes.push(node);
        }
        nodes
    }
}

/// The pause between two looks at something that takes a moment.
pub(crate) const POLL: Duration = Duration::from_millis(10);

/// Takes a port; the connections of a node that was killed may keep it for a moment.
async fn listen(address: SocketAddr) -> TcpListener {
    for _ in 0..200 {
        if let Ok(listener) = TcpListener::bind(address).await {
            return listener;
        }
        tokio::time::sleep(POLL).await;
    }
    panic!("{address} is in use");
}

/// Opens a store; one that was stopped a moment ago may still be closing its files.
async fn open(config: Config) -> Store {
    let mut refused = None;
    for _ in 0..200 {
        match Store::open(config.clone()).await {
            Ok(store) => return store,
            Err(error @ OpenError::Database { .. }) => refused = Some(error),
            Err(error) => panic!("store does not open: {error:?}"),
        }
        tokio::time::sleep(POLL).await;
    }
    panic!("store does not open: {refused:?}");
}

pub(crate) async fn wait_for_leader(store: &Store) -> u64 {
    let mut leadership = store.leadership();
    let known = leadership.wait_for(|now| now.leader.is_some());
    let known = tokio::time::timeout(Duration::from_secs(10), known).await.expect("a leader");
    known.expect("running").leader.expect("a leader")
}

/// Waits until the store has a leader other than `old`.
pub(crate) async fn wait_for_other_leader(store: &Store, old: u64) -> u64 {
    let mut leadership = store.leadership();
    let known = leadership.wait_for(|now| now.leader.is_some_and(|id| id != old));
    let known = tokio::time::timeout(Duration::from_secs(10), known).await.expect("a new leader");
    known.expect("running").leader.expect("a leader")
}

pub(crate) fn put(key: &str, value: &str) -> Txn {
    let (key, value) = (bytes(key), bytes(value));
    Txn { writes: vec![Write::Put { key, value }], ..Txn::default() }
}

pub(crate) fn put_once(key: &str, value: &str, request_id: u8) -> Txn {
    let meta = Meta { request_id: Some([request_id; 16]), ..Meta::default() };
    Txn { meta, ..put(key, value) }
}

pub(crate) fn bytes(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

pub(crate) async fn value(store: &Store, key: &str) -> Option<String> {
    let view = store.read(Consistency::Linearizable).await.expect("linearizable read");
    view.get(key.as_bytes()).map(|found| String::from_utf8_lossy(&found.value).into_owned())
}

/// Waits until something is so.
pub(crate) async fn wait_until(reached: impl Fn() -> bool) {
    let poll = async {
        while !reached() {
            tokio::time::sleep(POLL).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), poll).await.expect("reached in time");
}
