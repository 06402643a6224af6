//! What the nodes of a cluster say of themselves, and waiting until they agree.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use store_node::wait::wait_for;
use tokio::time::timeout;
use tonic::transport::Channel;

use super::Cluster;
use crate::node::cluster::endpoint;
use crate::node::wire::admin_client::AdminClient;
use crate::node::wire::kv_client::KvClient;
use crate::node::wire::{self, Nothing};

/// How long a node may take to answer when it is asked for its status.
const ANSWER_MAX: Duration = Duration::from_secs(2);
/// How long forming a cluster may take.
const FORM_MAX: Duration = Duration::from_secs(60);
/// A new node is promoted when it is at most so many entries behind.
const LAG_MAX: u64 = 1000;
/// The greatest answer of a node: all its keys.
const MESSAGE_BYTES_MAX: usize = 256 << 20;

impl Cluster {
    /// A node's administrative service; it connects at the first call.
    ///
    /// # Errors
    /// When there is no such node.
    pub fn admin(&self, id: u64) -> anyhow::Result<AdminClient<Channel>> {
        Ok(AdminClient::new(endpoint(self.client_address(id)?).connect_lazy()))
    }

    /// A node's keys and values; it connects at the first call.
    ///
    /// # Errors
    /// When there is no such node.
    pub fn kv(&self, id: u64) -> anyhow::Result<KvClient<Channel>> {
        let kv = KvClient::new(endpoint(self.client_address(id)?).connect_lazy());
        Ok(kv.max_decoding_message_size(MESSAGE_BYTES_MAX))
    }

    /// What a node says of itself.
    ///
    /// # Errors
    /// When it does not answer in time.
    pub async fn status(&self, id: u64) -> anyhow::Result<wire::StatusReply> {
        let mut admin = self.admin(id)?;
        let answer = timeout(ANSWER_MAX, admin.status(Nothing {})).await;
        Ok(answer.with_context(|| format!("s{id} does not answer"))??.into_inner())
    }

    /// What each node that answers says of itself.
    pub async fn statuses(&self) -> BTreeMap<u64, wire::StatusReply> {
        let asked = self.ids().into_iter().map(async |id| Some((id, self.status(id).await.ok()?)));
        futures::future::join_all(asked).await.into_iter().flatten().collect()
    }

    /// The node that says that it leads, in the highest term.
    ///
    /// # Errors
    /// When none says so.
    pub async fn leader(&self) -> anyhow::Result<u64> {
        let statuses = self.statuses().await;
        let leading = statuses.iter().filter(|(_, status)| status.role == "leader");
        let latest = leading.max_by_key(|(_, status)| status.term);
        latest.map(|(id, _)| *id).context("no node leads")
    }

    /// Waits until a node leads, and one other than `old` if that is given.
    ///
    /// # Errors
    /// When none does in time.
    pub async fn wait_leader(&self, old: Option<u64>, bound: Duration) -> anyhow::Result<u64> {
        wait_for("a node leads", bound, async || {
            let leader = self.leader().await?;
            Ok((Some(leader) != old).then_some(leader))
        })
        .await
    }

    /// Makes the founders a cluster.
    ///
    /// # Errors
    /// When it does not come to be in time.
    pub async fn form(&self) -> anyhow::Result<()> {
        wait_for("the first node answers", FORM_MAX, async || self.status(1).await.map(Some))
            .await?;
        self.admin(1)?.init(Nothing {}).await.context("cannot make a cluster")?;
        for id in self.founders().into_iter().skip(1) {
            self.join(id).await?;
        }
        Ok(())
    }

    /// Makes a node that runs a voter.
    ///
    /// # Errors
    /// When that does not come about in time.
    pub async fn join(&self, id: u64) -> anyhow::Result<()> {
        let address = self.peer_address(id)?.to_string();
        let joined = wait_for("the node is a voter", FORM_MAX, async || {
            let leader = self.leader().await?;
            let status = self.status(leader).await?;
            let mut admin = self.admin(leader)?;
            match status.members.iter().find(|member| member.id == id) {
                Some(member) if member.voter => return Ok(Some(())),
                Some(member) if member.matched + LAG_MAX > status.last_log => {
                    admin.promote(wire::Node { id }).await?;
                }
                Some(_) => {}
                None => {
                    let address = address.clone();
                    admin.add_learner(wire::AddLearnerRequest { id, address }).await?;
                }
            }
            Ok(None)
        });
        joined.await.with_context(|| format!("s{id} cannot join"))
    }

    /// Waits until all members follow one leader, agree on the members, and have applied all there
    /// is. Nobody may write meanwhile. Returns the index that all have applied.
    ///
    /// # Errors
    /// When they do not agree in time: with what each said last.
    pub async fn wait_converged(&self, bound: Duration) -> anyhow::Result<u64> {
        let converged = wait_for("all nodes agree", bound, async || {
            let statuses = self.statuses().await;
            agreed(&statuses).map(Some)
        });
        converged.await.context("the cluster does not recover")
    }
}

/// The index that all members have applied, if they agree on everything.
fn agreed(statuses: &BTreeMap<u64, wire::StatusReply>) -> anyhow::Result<u64> {
    let leaders: Vec<u64> =
        statuses.iter().filter(|(_, s)| s.role == "leader").map(|(id, _)| *id).collect();
    let [leader] = leaders.as_slice() else { bail!("{leaders:?} lead: {}", short(statuses)) };
    let leading = &statuses[leader];
    let members: BTreeSet<u64> = leading.members.iter().map(|member| member.id).collect();
    for id in &members {
        let status = statuses.get(id).with_context(|| format!("s{id} does not answer"))?;
        let theirs: BTreeSet<u64> = status.members.iter().map(|member| member.id).collect();
        ensure!(status.leader == *leader, "s{id} follows another: {}", short(statuses));
        ensure!(theirs == members, "s{id} knows other members: {}", short(statuses));
        ensure!(status.applied == leading.last_log, "s{id} is behind: {}", short(statuses));
    }
    Ok(leading.last_log)
}

/// The statuses in one line.
fn short(statuses: &BTreeMap<u64, wire::StatusReply>) -> String {
    let one = |(id, status): (&u64, &wire::StatusReply)| {
        let wire::StatusReply { role, term, leader, last_log, applied, .. } = status;
        format!("s{id} {role} term {term} of s{leader} log {last_log} applied {applied}")
    };
    statuses.iter().map(one).collect::<Vec<_>>().join("; ")
}
