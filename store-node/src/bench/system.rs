//! What is measured, ours or etcd, behind the few calls that the benchmark makes.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use bytes::Bytes;
use tonic::transport::Channel;

use super::etcd::Etcd;
use super::etcd_wire as etcd;
use crate::cluster::{Cluster, endpoint};
use crate::packed::Packed;
use crate::wait::wait_for;
use crate::wire;
use crate::wire::txn_reply::Result as Reply;

/// How long a cluster may take to be whole again.
const WHOLE_MAX: Duration = Duration::from_secs(60);

/// One of the two systems, with its three processes.
pub(super) enum System {
    Ours(Cluster),
    Etcd(Etcd),
}

/// A connection to one node of a system; clones share it.
#[derive(Clone)]
pub(super) enum Client {
    /// With transactions in packed messages or in messages of their own.
    Ours(wire::kv_client::KvClient<Channel>, Option<Packed>),
    Etcd(etcd::kv_client::KvClient<Channel>),
}

/// A lease-like transaction: a condition on the first key, and writes of all.
pub(super) struct Lease {
    pub(super) keys: [Bytes; 4],
    pub(super) value: Bytes,
    /// The revision that last wrote it; 0 when it was not written yet.
    pub(super) revision: u64,
}

impl System {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Ours(_) => "ironraft",
            Self::Etcd(_) => "etcd",
        }
    }

    pub(super) async fn leader(&self) -> anyhow::Result<u64> {
        match self {
            Self::Ours(cluster) => cluster.leader().await,
            Self::Etcd(etcd) => etcd.leader().await,
        }
    }

    /// A node that does not lead.
    pub(super) async fn follower(&self) -> anyhow::Result<u64> {
        Ok(if self.leader().await? == 1 { 2 } else { 1 })
    }

    /// Waits until all nodes run and agree on a leader; returns it.
    pub(super) async fn wait_whole(&self) -> anyhow::Result<u64> {
        wait_for("the cluster is whole", WHOLE_MAX, async || {
            let leader = self.leader().await?;
            for id in 1..=3 {
                self.client(id)?.get(Bytes::from_static(b"probe"), true).await?;
            }
            let caught_up = match self {
                Self::Ours(cluster) => {
                    let mut admin = cluster.node(leader)?.admin();
                    let status = admin.status(wire::Nothing {}).await?.into_inner();
                    status.members.iter().all(|member| member.matched + 1000 > status.last_log)
                }
                Self::Etcd(_) => true,
            };
            Ok(caught_up.then_some(leader))
        })
        .await
    }

    fn address(&self, id: u64) -> anyhow::Result<SocketAddr> {
        match self {
            Self::Ours(cluster) => Ok(cluster.node(id)?.client),
            Self::Etcd(etcd) => etcd.address(id),
        }
    }

    /// A new connection to a node.
    pub(super) fn client(&self, id: u64) -> anyhow::Result<Client> {
        let channel = endpoint(self.address(id)?).connect_lazy();
        Ok(match self {
            Self::Ours(_) => Client::Ours(wire::kv_client::KvClient::new(channel), None),
            Self::Etcd(_) => Client::Etcd(etcd::kv_client::KvClient::new(channel)),
        })
    }

    /// A new connection to a node that packs what its callers ask, if the system has such requests;
    /// a usual one if not.
    pub(super) fn packing_client(&self, id: u64) -> anyhow::Result<Client> {
        Ok(match self.client(id)? {
            Client::Ours(kv, _) => Client::Ours(kv.clone(), Some(Packed::new(kv))),
            other @ Client::Etcd(_) => other,
        })
    }

    /// The ids of the processes that run.
    pub(super) fn pids(&self) -> Vec<u32> {
        match self {
            Self::Ours(cluster) => cluster.nodes().filter_map(|node| node.pid()).collect(),
            Self::Etcd(etcd) => etcd.pids(),
        }
    }

    pub(super) fn pid(&self, id: u64) -> anyhow::Result<u32> {
        let pid = match self {
            Self::Ours(cluster) => cluster.node(id)?.pid(),
            Self::Etcd(etcd) => etcd.pid(id),
        };
        pid.with_context(|| format!("node {id} is down"))
    }

    pub(super) fn folder(&self) -> &Path {
        match self {
            Self::Ours(cluster) => cluster.folder(),
            Self::Etcd(etcd) => etcd.folder(),
        }
    }

    pub(super) fn kill(&mut self, id: u64) -> anyhow::Result<()> {
        match self {
            Self::Ours(cluster) => cluster.kill(id),
            Self::Etcd(etcd) => etcd.kill(id),
        }
    }

    /// Asks a node to stop, and waits until it has.
    pub(super) async fn stop(&mut self, id: u64) -> anyhow::Result<()> {
        match self {
            Self::Ours(cluster) => cluster.stop(id).await,
            Self::Etcd(etcd) => etcd.stop(id).await,
        }
    }

    pub(super) fn start(&mut self, id: u64) -> anyhow::Result<()> {
        match self {
            Self::Ours(cluster) => cluster.start(id),
            Self::Etcd(etcd) => etcd.start(id),
        }
    }

    /// Hands leadership from one node to another.
    pub(super) async fn transfer(&self, from: u64, to: u64) -> anyhow::Result<()> {
        match self {
            Self::Ours(cluster) => {
                cluster.node(from)?.admin().transfer(wire::Node { id: to }).await?;
                Ok(())
            }
            Self::Etcd(etcd) => etcd.transfer(from, to).await,
        }
    }

    /// Fsyncs of all nodes since they were started, as each counts its own.
    pub(super) async fn fsyncs(&self) -> anyhow::Result<u64> {
        let mut sum = 0;
        for id in 1..=3 {
            sum += match self {
                Self::Ours(cluster) => {
                    let mut admin = cluster.node(id)?.admin();
                    admin.status(wire::Nothing {}).await?.into_inner().fsyncs
                }
                Self::Etcd(etcd) => etcd.fsyncs(id).await?,
            };
        }
        Ok(sum)
    }
}

impl Client {
    pub(super) async fn put(&mut self, key: Bytes, value: Bytes) -> anyhow::Result<()> {
        match self {
            Self::Ours(_, Some(packed)) => {
                let writes = vec![wire::Write { key, value: Some(value) }];
                let txn = wire::TxnRequest { writes, ..Default::default() };
                committed(packed.transact(txn).await?).map(drop)
            }
            Self::Ours(kv, None) => {
                let request = wire::PutRequest { key, value, request_id: Bytes::new() };
                committed(kv.put(request).await?.into_inner()).map(drop)
            }
            Self::Etcd(kv) => {
                kv.put(etcd::PutRequest { key, value }).await?;
                Ok(())
            }
        }
    }

    pub(super) async fn get(&mut self, key: Bytes, stale: bool) -> anyhow::Result<()> {
        match self {
            Self::Ours(_, Some(packed)) if !stale => {
                packed.get(key).await?;
            }
            Self::Ours(kv, _) => {
                kv.get(wire::GetRequest { key, stale, revision: 0 }).await?;
            }
            Self::Etcd(kv) => {
                let request = etcd::RangeRequest { key, serializable: stale, ..Default::default() };
                kv.range(request).await?;
            }
        }
        Ok(())
    }

    /// Sets many keys in one transaction.
    pub(super) async fn put_all(&mut self, pairs: Vec<(Bytes, Bytes)>) -> anyhow::Result<()> {
        match self {
            Self::Ours(kv, _) => {
                let write = |(key, value)| wire::Write { key, value: Some(value) };
                let writes = pairs.into_iter().map(write).collect();
                let request = wire::TxnRequest { writes, ..Default::default() };
                committed(kv.txn(request).await?.into_inner()).map(drop)
            }
            Self::Etcd(kv) => {
                let success = pairs.into_iter().map(|(key, value)| etcd_put(key, value)).collect();
                kv.txn(etcd::TxnRequest { success, ..Default::default() }).await?;
                Ok(())
            }
        }
    }

    /// Writes a lease if nobody else did; the revision is the new one afterwards.
    pub(super) async fn renew(&mut self, lease: &mut Lease) -> anyhow::Result<()> {
        match self {
            Self::Ours(_, Some(packed)) => {
                lease.revision = committed(packed.transact(lease.to_wire()).await?)?;
            }
            Self::Ours(kv, None) => {
                lease.revision = committed(kv.txn(lease.to_wire()).await?.into_inner())?;
            }
            Self::Etcd(kv) => {
                let mod_revision = i64::try_from(lease.revision).context("revisions fit")?;
                let target_union = etcd::compare::TargetUnion::ModRevision(mod_revision);
                let compare = etcd::Compare {
                    target: etcd::compare::CompareTarget::Mod.into(),
                    key: lease.keys[0].clone(),
                    target_union: Some(target_union),
                    ..Default::default()
                };
                let put = |key: &Bytes| etcd_put(key.clone(), lease.value.clone());
                let success = lease.keys.iter().map(put).collect();
                let request =
                    etcd::TxnRequest { compare: vec![compare], success, failure: Vec::new() };
                let reply = kv.txn(request).await?.into_inner();
                ensure!(reply.succeeded, "a lease was changed by another");
                let header = reply.header.context("etcd answers with a header")?;
                lease.revision = header.revision.try_into().context("revisions are positive")?;
            }
        }
        Ok(())
    }
}

impl Lease {
    /// The transaction as our store takes it.
    pub(super) fn to_wire(&self) -> wire::TxnRequest {
        let write = |key: &Bytes| wire::Write { key: key.clone(), value: Some(self.value.clone()) };
        wire::TxnRequest {
            compares: vec![wire::Compare { key: self.keys[0].clone(), revision: self.revision }],
            writes: self.keys.iter().map(write).collect(),
            ..Default::default()
        }
    }
}

/// The revision of a transaction that was applied.
pub(super) fn committed(reply: wire::TxnReply) -> anyhow::Result<u64> {
    match reply.result {
        Some(Reply::Committed(revision)) => Ok(revision),
        other => bail!("not committed: {other:?}"),
    }
}

fn etcd_put(key: Bytes, value: Bytes) -> etcd::RequestOp {
    let put = etcd::PutRequest { key, value };
    etcd::RequestOp { request: Some(etcd::request_op::Request::RequestPut(put)) }
}
