//! What clients do while faults happen, and the history of it.
//!
//! Every value is written once, every transaction has a request id and is sent again when its
//! outcome is not known; a client that gives up says so and goes on as another client.

pub mod bank;
pub mod client;
mod probe;
pub mod recorder;
mod registers;
mod watcher;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::cluster::Cluster;
use crate::history::History;
use client::{Client, Timeouts};
use recorder::Recorder;

/// Clients of registers and of the bank.
const REGISTER_CLIENTS: u64 = 6;
const BANK_CLIENTS: u64 = 3;
/// How patient they are.
const TIMEOUTS: Timeouts =
    Timeouts { attempt: Duration::from_secs(1), operation: Duration::from_secs(4) };

/// How long the last operation of a client can take, and some.
const STOP_MAX: Duration = Duration::from_secs(15);

/// Clients at work. Dropping it stops them at once.
#[derive(Debug)]
pub struct Workload {
    recorder: Arc<Recorder>,
    clients: JoinSet<()>,
    watchers: JoinSet<()>,
    stop: CancellationToken,
}

impl Workload {
    /// Starts clients on the nodes that are members at the beginning.
    ///
    /// # Errors
    /// When the cluster has no nodes.
    pub fn start(cluster: &Cluster, seed: u64) -> anyhow::Result<Self> {
        let (recorder, stop) = (Arc::new(Recorder::begin()), CancellationToken::new());
        let mut nodes = BTreeMap::new();
        for id in cluster.founders() {
            nodes.insert(id, cluster.kv(id)?);
        }
        let client = |position| Client::new(&recorder, &nodes, position, TIMEOUTS, &stop);
        let (mut clients, mut watchers) = (JoinSet::new(), JoinSet::new());
        for (number, position) in (0..REGISTER_CLIENTS).zip(0..) {
            clients.spawn(registers::run(client(position), seed.wrapping_add(number)));
        }
        for (number, position) in (0..BANK_CLIENTS).zip(0..) {
            clients.spawn(bank::run(client(position), seed.wrapping_add(100 + number)));
        }
        for (id, kv) in &nodes {
            let only = BTreeMap::from([(*id, kv.clone())]);
            let client = Client::new(&recorder, &only, 0, probe::TIMEOUTS, &stop);
            clients.spawn(probe::run(client, *id));
            watchers.spawn(watcher::run(Arc::clone(&recorder), *id, kv.clone()));
        }
        Ok(Self { recorder, clients, watchers, stop })
    }

    /// What is recorded.
    #[must_use]
    pub fn recorder(&self) -> &Arc<Recorder> {
        &self.recorder
    }

    /// Waits until all clients have ended what they are at; then nobody writes any more.
    ///
    /// # Errors
    /// When one does not end.
    pub async fn stop_clients(&mut self) -> anyhow::Result<()> {
        self.stop.cancel();
        let ended = async { while self.clients.join_next().await.is_some() {} };
        timeout(STOP_MAX, ended).await.context("a client does not end")
    }

    /// Ends the watches and returns what was seen. Stop the clients first.
    pub async fn finish(mut self) -> History {
        self.clients.shutdown().await;
        self.watchers.shutdown().await;
        self.recorder.history()
    }
}
