//! What is really in the store of each node, read after the faults, when nobody writes any more.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::{Context, ensure};
use bytes::Bytes;
use store_node::wait::wait_for;
use tokio::time::timeout;

use crate::cluster::Cluster;
use crate::history::Found;
use crate::node::wire::{RangeRequest, WatchRequest};

/// How long a node may take to tell its whole history.
const SCAN_MAX: Duration = Duration::from_secs(60);
/// How long it may take until all nodes are read at one revision.
const AGREED_MAX: Duration = Duration::from_secs(120);

/// What a node has: all keys, and every change that led to them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Truth {
    /// The last revision that it shows: what a client gave up on can still take effect after it.
    pub revision: u64,
    /// The present values.
    pub state: BTreeMap<String, Found>,
    /// The changes by revision, each a key and its new value.
    pub log: BTreeMap<u64, BTreeMap<String, Option<String>>>,
}

/// Reads what each member has, all at one revision.
///
/// # Errors
/// When a member does not answer, has not its whole history, or stays at a revision of its own.
pub async fn collect(cluster: &Cluster) -> anyhow::Result<BTreeMap<u64, Truth>> {
    wait_for("all nodes are at one revision", AGREED_MAX, async || {
        let truths = scan_all(cluster).await?;
        let revisions: BTreeSet<u64> = truths.values().map(|truth| truth.revision).collect();
        Ok((revisions.len() == 1).then_some(truths))
    })
    .await
}

async fn scan_all(cluster: &Cluster) -> anyhow::Result<BTreeMap<u64, Truth>> {
    let leader = cluster.status(cluster.leader().await?).await?;
    let members: BTreeSet<u64> = leader.members.iter().map(|member| member.id).collect();
    let mut truths = BTreeMap::new();
    for id in members {
        let truth = timeout(SCAN_MAX, scan(cluster, id)).await.context("it takes too long");
        let truth = truth.and_then(|scanned| scanned);
        truths.insert(id, truth.with_context(|| format!("cannot scan s{id}"))?);
    }
    Ok(truths)
}

async fn scan(cluster: &Cluster, id: u64) -> anyhow::Result<Truth> {
    let mut kv = cluster.kv(id)?;
    let request = RangeRequest { prefix: Bytes::new(), stale: true, revision: 0 };
    let reply = kv.range(request).await?.into_inner();
    let mut truth = Truth { revision: reply.revision, ..Truth::default() };
    for pair in reply.pairs {
        let value = pair.value.context("a pair has a value")?;
        let found = Found { value: text(&value.value), revision: value.revision };
        truth.state.insert(text(&pair.key), found);
    }
    // Nothing is ever deleted, so the last change is the latest of the present values.
    let last = truth.state.values().map(|found| found.revision).max().unwrap_or(0);
    let request = WatchRequest { prefixes: vec![Bytes::new()], after_revision: 0 };
    let mut batches = kv.watch(request).await?.into_inner();
    let mut revision = 0;
    while revision < last {
        let batch = batches.message().await?.context("the watch ended")?;
        ensure!(batch.revision >= revision, "{} comes after {revision}", batch.revision);
        revision = batch.revision;
        let changes = batch.changes.iter();
        let changes = changes.map(|c| (text(&c.key), c.value.as_ref().map(text)));
        truth.log.entry(revision).or_default().extend(changes);
    }
    truth.log.retain(|revision, changes| *revision <= truth.revision && !changes.is_empty());
    Ok(truth)
}

fn text(bytes: &Bytes) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
