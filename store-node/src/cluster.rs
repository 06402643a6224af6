//! A cluster of store processes on loopback addresses of its own.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use crate::wait::wait_for;
use anyhow::Context;
use identity::authority::CertificateAuthority;
use identity::node::NodeRequest;
use identity::{Identity, Role};
use tonic::transport::{Channel, Endpoint};

use crate::process::Running;
use crate::wire;
use crate::wire::admin_client::AdminClient;
use crate::wire::kv_client::KvClient;

/// How long a node may take until it answers, and a cluster until it has a leader.
const READY_MAX: Duration = Duration::from_secs(60);
/// A new node is promoted when it is at most so many entries behind.
const LAG_MAX: u64 = 1000;
const FIRST_PORT: u16 = 20_000;

/// Clusters of this process, so that each has ports of its own.
static CLUSTERS: AtomicU16 = AtomicU16::new(0);

/// A node of a cluster.
#[derive(Debug)]
pub struct Node {
    /// Its node id.
    pub id: u64,
    /// Where the other nodes reach it.
    pub peer: SocketAddr,
    /// Where clients reach it, without TLS.
    pub client: SocketAddr,
    /// Its folder: `store`, `identity` and `log`.
    pub folder: PathBuf,
    process: Option<Running>,
}

impl Node {
    /// Its process, when it runs.
    #[must_use]
    pub fn process(&mut self) -> Option<&mut Running> {
        self.process.as_mut()
    }

    /// The process id, when it runs.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.process.as_ref().map(Running::id)
    }

    fn channel(&self) -> Channel {
        endpoint(self.client).connect_lazy()
    }

    /// Its administrative service; connects at the first call.
    #[must_use]
    pub fn admin(&self) -> AdminClient<Channel> {
        AdminClient::new(self.channel())
    }

    /// Its keys and values; connects at the first call.
    #[must_use]
    pub fn kv(&self) -> KvClient<Channel> {
        KvClient::new(self.channel())
    }
}

/// How clients reach a store process without TLS.
#[must_use]
pub fn endpoint(address: SocketAddr) -> Endpoint {
    let endpoint = Endpoint::from_shared(format!("http://{address}"));
    endpoint.expect("an address makes a URI").tcp_nodelay(true)
}

/// Store processes; they are killed when this is dropped. The folder stays.
#[derive(Debug)]
pub struct Cluster {
    nodes: BTreeMap<u64, Node>,
    binary: PathBuf,
    folder: PathBuf,
    arguments: Vec<OsString>,
    authority: CertificateAuthority,
    port: u16,
}

impl Cluster {
    /// A cluster without nodes. `binary` is `ironraft-store-node`, `arguments` are given to every
    /// node besides what each needs.
    ///
    /// # Errors
    /// When no authority can be made.
    pub fn new(binary: &Path, folder: &Path, arguments: &[&str]) -> anyhow::Result<Self> {
        Ok(Self {
            nodes: BTreeMap::new(),
            binary: binary.to_owned(),
            folder: folder.to_owned(),
            arguments: arguments.iter().map(OsString::from).collect(),
            authority: CertificateAuthority::create().context("cannot make an authority")?,
            port: FIRST_PORT + 2 * CLUSTERS.fetch_add(1, Ordering::Relaxed),
        })
    }

    /// Starts nodes 1 to `size` and makes all of them voters.
    ///
    /// # Errors
    /// When a node does not start or is not accepted.
    pub async fn form(&mut self, size: u64) -> anyhow::Result<()> {
        self.add(1)?;
        self.wait_ready(1).await?;
        self.node(1)?.admin().init(wire::Nothing {}).await.context("cannot make a cluster")?;
        for id in 2..=size {
            self.join(id).await?;
        }
        Ok(())
    }

    /// Starts a new node and makes it a voter.
    ///
    /// # Errors
    /// When it does not start or is not accepted.
    pub async fn join(&mut self, id: u64) -> anyhow::Result<()> {
        self.add(id)?;
        self.wait_ready(id).await?;
        let address = self.node(id)?.peer.to_string();
        let learner = wire::AddLearnerRequest { id, address };
        wait_for("the node is a learner", READY_MAX, async || {
            let mut admin = self.node(self.leader().await?)?.admin();
            admin.add_learner(learner.clone()).await?;
            Ok(Some(()))
        })
        .await?;
        wait_for("the node is a voter", READY_MAX, async || {
            let leader = self.node(self.leader().await?)?;
            let status = leader.admin().status(wire::Nothing {}).await?.into_inner();
            let known = status.members.iter().find(|member| member.id == id);
            let matched = known.map_or(0, |member| member.matched);
            if matched == 0 || matched + LAG_MAX < status.last_log {
                return Ok(None);
            }
            leader.admin().promote(wire::Node { id }).await?;
            Ok(Some(()))
        })
        .await
    }

    /// Starts a node that was not there before; the leader does not know it yet.
    ///
    /// # Errors
    /// When it has no certificate or cannot be started.
    pub fn add(&mut self, id: u64) -> anyhow::Result<()> {
        let folder = self.folder.join(id.to_string());
        enroll(&self.authority, &folder.join("identity"), id)?;
        let ip = own_address(id)?;
        let (peer, client) = ((ip, self.port).into(), (ip, self.port + 1).into());
        self.nodes.insert(id, Node { id, peer, client, folder, process: None });
        self.start(id)
    }

    /// Starts the process of a node again.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(&mut self, id: u64) -> anyhow::Result<()> {
        let arguments = self.arguments_of(id)?;
        let node = self.nodes.get_mut(&id).with_context(|| format!("there is no node {id}"))?;
        let (name, log) = (format!("node {id}"), node.folder.join("log"));
        node.process = Some(Running::start(&name, &log, &self.binary, arguments)?);
        Ok(())
    }

    /// The command line of a node's process, without the program: for tests that start it in a
    /// namespace.
    ///
    /// # Errors
    /// When there is no such node.
    pub fn arguments_of(&self, id: u64) -> anyhow::Result<Vec<OsString>> {
        let node = self.node(id)?;
        let mut arguments: Vec<OsString> = vec!["run".into()];
        for (name, value) in [
            ("--folder", node.folder.join("store").into_os_string()),
            ("--identity", node.folder.join("identity").into_os_string()),
            ("--peer", node.peer.to_string().into()),
            ("--client", node.client.to_string().into()),
        ] {
            arguments.extend([name.into(), value]);
        }
        arguments.extend(self.arguments.iter().cloned());
        Ok(arguments)
    }

    /// Waits until a node answers.
    ///
    /// # Errors
    /// When it does not in time; with the end of its log.
    pub async fn wait_ready(&self, id: u64) -> anyhow::Result<()> {
        let node = self.node(id)?;
        let ready = wait_for("the node answers", READY_MAX, async || {
            node.admin().status(wire::Nothing {}).await?;
            Ok(Some(()))
        });
        let log = || node.process.as_ref().map(Running::log_tail).unwrap_or_default();
        ready.await.with_context(|| format!("node {id}: {}", log()))
    }

    /// The node that leads; of several that believe it, the one with the highest term.
    ///
    /// # Errors
    /// When there is none now.
    pub async fn leader(&self) -> anyhow::Result<u64> {
        let mut leading = Vec::new();
        for node in self.nodes.values().filter(|node| node.process.is_some()) {
            if let Ok(status) = node.admin().status(wire::Nothing {}).await {
                let status = status.into_inner();
                leading.extend((status.leader == node.id).then_some((status.term, node.id)));
            }
        }
        let (_, leader) = leading.into_iter().max().context("no leader")?;
        Ok(leader)
    }

    /// Waits until there is a leader.
    ///
    /// # Errors
    /// When there is none in time.
    pub async fn wait_leader(&self) -> anyhow::Result<u64> {
        wait_for("a leader", READY_MAX, async || self.leader().await.map(Some)).await
    }

    /// A node.
    ///
    /// # Errors
    /// When there is none with this id.
    pub fn node(&self, id: u64) -> anyhow::Result<&Node> {
        self.nodes.get(&id).with_context(|| format!("there is no node {id}"))
    }

    /// A node, to be stopped or killed.
    ///
    /// # Errors
    /// When there is none with this id.
    pub fn node_mut(&mut self, id: u64) -> anyhow::Result<&mut Node> {
        self.nodes.get_mut(&id).with_context(|| format!("there is no node {id}"))
    }

    /// The folder of all nodes.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// All nodes in the order of their ids.
    pub fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.nodes.values()
    }

    /// Kills a node with SIGKILL.
    ///
    /// # Errors
    /// When it does not run.
    pub fn kill(&mut self, id: u64) -> anyhow::Result<()> {
        let mut process =
            self.node_mut(id)?.process.take().with_context(|| format!("node {id} is down"))?;
        process.kill()
    }

    /// Stops a node with SIGTERM.
    ///
    /// # Errors
    /// When it does not run, or does not stop cleanly.
    pub async fn stop(&mut self, id: u64) -> anyhow::Result<()> {
        let mut process =
            self.node_mut(id)?.process.take().with_context(|| format!("node {id} is down"))?;
        process.stop().await
    }
}

/// An address on loopback that no other process and no other node uses.
pub(crate) fn own_address(id: u64) -> anyhow::Result<Ipv4Addr> {
    let [.., high, middle, low] = std::process::id().to_be_bytes();
    let node = u8::try_from(id).ok().filter(|id| *id < 16).context("node ids are 1 to 15")?;
    // Sixteen addresses a process: the low half byte is the node.
    let last = (low & 0x0f) << 4 | node;
    let third = (low >> 4) | (middle << 4);
    let second = 16 + ((middle >> 4) | (high << 4)) % 200;
    Ok(Ipv4Addr::new(127, second, third, last))
}

/// Makes the key and the certificate of a node.
///
/// # Errors
/// When they cannot be made or written.
pub fn enroll(
    authority: &CertificateAuthority,
    folder: &Path,
    node_id: u64,
) -> anyhow::Result<Identity> {
    let request = NodeRequest::create().context("cannot make a key")?;
    let issued = authority.issue(&request.request_pem, Role::Region { node_id })?;
    Identity::install(folder, &request, &issued)
        .with_context(|| format!("cannot write the identity of node {node_id}"))
}
