//! A cluster of store processes, each in its own network namespace, that things are done to.
//!
//! Nodes reach each other through [`switch`], clients reach nodes through the lab's management
//! network, so that a node that its peers cannot reach still answers clients, rightly or wrongly.
//! Everything is given by reference and may be done by several faults at once; what makes no sense
//! for a node at the moment, such as killing a dead one, does nothing.

pub mod disk;
mod node;
pub mod observe;
pub mod switch;

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use identity::authority::CertificateAuthority;
use nix::sys::signal::Signal;
use store_node::wait::wait_for;
use testkit::lab::Lab;
use testkit::lab::namespace::Namespace;
use tokio::task::block_in_place;

use crate::node::cluster::enroll;
use disk::Disk;
use node::Node;
use switch::Switch;

/// Ports for peers and clients.
const PEER_PORT: u16 = 7000;
const CLIENT_PORT: u16 = 7001;
/// Last byte of the first node's management address.
const FIRST_NODE: u8 = 31;
/// How long a node may take to stop when it is asked to.
const STOP_MAX: Duration = Duration::from_secs(30);

/// What a cluster is made of.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Nodes at the beginning, all voters.
    pub nodes: u64,
    /// Nodes that exist and are not members, to be added: their ids follow.
    pub spare_nodes: u64,
    /// Each node has a file system of its own, of so many bytes; otherwise a plain folder.
    pub disk_bytes: Option<u64>,
    /// Each node has a wall clock that can be moved.
    pub own_clocks: bool,
    /// More arguments of `ironraft-store-node run`.
    pub arguments: Vec<String>,
    /// Decides what the switch does.
    pub seed: u64,
}

impl Plan {
    /// Three nodes on plain folders.
    #[must_use]
    pub fn three(seed: u64) -> Self {
        Self {
            nodes: 3,
            spare_nodes: 0,
            disk_bytes: None,
            own_clocks: false,
            arguments: Vec::new(),
            seed,
        }
    }
}

/// A running cluster. Dropping it ends every process and takes every wire and mount away.
#[derive(Debug)]
pub struct Cluster {
    // The order matters: processes end first, then the wires go, then the folder.
    nodes: BTreeMap<u64, Mutex<Node>>,
    switch: Switch,
    lab: Lab,
    binary: PathBuf,
    plan: Plan,
    ended: Mutex<Vec<Ended>>,
}

impl Cluster {
    /// Makes the wires, disks and identities, and starts all nodes; none is a member yet. With
    /// disks, call [`enter_private`](crate::disk::mounts::enter_private) first.
    ///
    /// # Errors
    /// When not root, or something cannot be made.
    pub fn create(binary: &Path, plan: Plan) -> anyhow::Result<Self> {
        ensure!(binary.exists(), "{} is not built", binary.display());
        let mut lab = Lab::create()?;
        let authority = CertificateAuthority::create().context("cannot make an authority")?;
        let mut nodes = BTreeMap::new();
        for (id, host) in (1..=plan.nodes + plan.spare_nodes).zip(FIRST_NODE..) {
            let name = format!("s{id}");
            lab.network_mut().add_node(&name, Some(host), None)?;
            let client = SocketAddr::from((lab.network().management(host), CLIENT_PORT));
            let node = build_node(&lab, &authority, &plan, id, (name, client))?;
            nodes.insert(id, Mutex::new(node));
        }
        let spaces: BTreeMap<u64, &Namespace> = nodes
            .keys()
            .map(|id| Ok((*id, lab.network().node(&format!("s{id}"))?)))
            .collect::<anyhow::Result<_>>()?;
        let switch = Switch::create(&spaces, |id| format!("{}/24", peer_ip(id)), plan.seed)?;
        let cluster =
            Self { nodes, switch, lab, binary: binary.to_owned(), plan, ended: Mutex::default() };
        for id in cluster.ids() {
            cluster.start(id)?;
        }
        Ok(cluster)
    }

    /// The ids of all nodes, members or not.
    #[must_use]
    pub fn ids(&self) -> Vec<u64> {
        self.nodes.keys().copied().collect()
    }

    /// The ids of the nodes that were members at the beginning.
    #[must_use]
    pub fn founders(&self) -> Vec<u64> {
        (1..=self.plan.nodes).collect()
    }

    /// What it was made of.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The wires between nodes.
    #[must_use]
    pub fn switch(&self) -> &Switch {
        &self.switch
    }

    /// Where clients reach a node, without TLS.
    ///
    /// # Errors
    /// When there is no such node.
    pub fn client_address(&self, id: u64) -> anyhow::Result<SocketAddr> {
        Ok(self.node(id)?.client)
    }

    /// Where its peers reach a node.
    ///
    /// # Errors
    /// When there is no such node.
    pub fn peer_address(&self, id: u64) -> anyhow::Result<SocketAddr> {
        Ok(self.node(id)?.peer)
    }

    /// A node's network namespace.
    ///
    /// # Errors
    /// When there is no such node.
    pub fn namespace(&self, id: u64) -> anyhow::Result<&Namespace> {
        self.lab.network().node(&format!("s{id}"))
    }

    /// Where the logs of the processes are.
    #[must_use]
    pub fn logs(&self) -> PathBuf {
        self.lab.logs()
    }

    /// Leaves the folder with logs and stores in place at the end.
    pub fn keep_folder(&mut self) {
        self.lab.keep_folder();
    }

    /// The process id of a node that runs.
    ///
    /// # Errors
    /// When there is no such node.
    pub fn pid(&self, id: u64) -> anyhow::Result<Option<u32>> {
        let mut node = self.node(id)?;
        Ok(if node.lives()? { node.process.as_ref().map(|process| process.id()) } else { None })
    }

    /// Starts a node that does not run.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(&self, id: u64) -> anyhow::Result<()> {
        let mut node = self.node(id)?;
        if node.lives()? {
            return Ok(());
        }
        self.note_end(id, &mut node)?;
        node.paused = false;
        let command = node.command(&self.binary, &self.plan.arguments)?;
        let process = block_in_place(|| self.lab.start_process(&node.name, &node.name, command))?;
        node.process = Some(process);
        Ok(())
    }

    /// Kills a node with SIGKILL.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn kill(&self, id: u64) -> anyhow::Result<()> {
        let mut node = self.node(id)?;
        self.note_end(id, &mut node)?;
        block_in_place(|| node.kill())
    }

    /// Stops a node's time with SIGSTOP.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn pause(&self, id: u64) -> anyhow::Result<()> {
        let mut node = self.node(id)?;
        node.paused = true;
        node.signal(Signal::SIGSTOP)
    }

    /// Lets a paused node go on.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn resume(&self, id: u64) -> anyhow::Result<()> {
        let mut node = self.node(id)?;
        node.paused = false;
        node.signal(Signal::SIGCONT)
    }

    /// Asks a node to stop with SIGTERM and waits until it has.
    ///
    /// # Errors
    /// When it does not stop in time, or not successfully.
    pub async fn stop(&self, id: u64) -> anyhow::Result<()> {
        self.resume(id)?;
        self.node(id)?.signal(Signal::SIGTERM)?;
        let status = wait_for("the process ends", STOP_MAX, async || {
            let mut node = self.node(id)?;
            Ok(match node.process {
                None => Some(None),
                Some(_) => node.ended()?.map(Some),
            })
        });
        let status = status.await.with_context(|| format!("s{id} does not stop"))?;
        self.node(id)?.process = None;
        match status {
            Some(status) if !status.success() => bail!("s{id} ended with {status} on SIGTERM"),
            Some(_) | None => Ok(()),
        }
    }

    /// The processes that ended by themselves until now.
    ///
    /// # Errors
    /// When the kernel does not know a process.
    pub fn ended(&self) -> anyhow::Result<Vec<Ended>> {
        for id in self.ids() {
            self.note_end(id, &mut *self.node(id)?)?;
        }
        Ok(lock(&self.ended).clone())
    }

    /// Remembers a process that ended by itself.
    fn note_end(&self, id: u64, node: &mut Node) -> anyhow::Result<()> {
        if let Some(status) = node.ended()? {
            let log = node.process.take().map(|process| process.log_tail()).unwrap_or_default();
            lock(&self.ended).push(Ended { node: id, status: status.to_string(), log });
        }
        Ok(())
    }

    /// Cuts the power of nodes at one instant: all are stopped, then their disks are copied, then
    /// they are killed and get the copies. They do not run afterwards.
    ///
    /// # Errors
    /// When one has no disk of its own, or it cannot be copied or mounted.
    pub fn cut_power(&self, ids: &[u64]) -> anyhow::Result<()> {
        let ids: BTreeSet<u64> = ids.iter().copied().collect();
        // Held together, so that no other fault lets one of them go on: what it flushed after the
        // copy would be lost with nobody to blame.
        let mut nodes = Vec::new();
        for id in &ids {
            let mut node = self.node(*id)?;
            self.note_end(*id, &mut node)?;
            nodes.push(node);
        }
        for node in &mut nodes {
            node.signal(Signal::SIGSTOP)?;
        }
        block_in_place(|| {
            for node in &nodes {
                node.disk.as_ref().context("the node has no disk of its own")?.copy()?;
            }
            for node in &mut nodes {
                node.kill()?;
                node.disk.as_mut().context("the node has no disk of its own")?.become_copy()?;
            }
            Ok(())
        })
    }

    /// Frees the disk of a node that was filled.
    ///
    /// # Errors
    /// When the filler cannot be removed.
    pub fn free_disk(&self, id: u64) -> anyhow::Result<()> {
        let node = self.node(id)?;
        node.disk.as_ref().map_or(Ok(()), Disk::free)
    }

    /// Fills the disk of a node.
    ///
    /// # Errors
    /// When it has no disk of its own, or that cannot be written.
    pub fn fill_disk(&self, id: u64) -> anyhow::Result<()> {
        let node = self.node(id)?;
        let disk = node.disk.as_ref().context("the node has no disk of its own")?;
        block_in_place(|| disk.fill())
    }

    /// Moves the wall clock of a node, by seconds from the true time.
    ///
    /// # Errors
    /// When the cluster was made without clocks of its own.
    pub fn set_clock(&self, id: u64, offset: i64) -> anyhow::Result<()> {
        self.node(id)?.set_clock(offset)
    }

    /// Undoes everything that was done and is not undone: wires, pauses, full disks, clocks; then
    /// starts what does not run.
    ///
    /// # Errors
    /// When something cannot be undone.
    pub fn heal(&self) -> anyhow::Result<()> {
        self.switch.heal();
        for id in self.ids() {
            self.namespace(id)?.run("nft", &["flush", "ruleset"])?;
            self.resume(id)?;
            self.free_disk(id)?;
            if self.plan.own_clocks {
                self.set_clock(id, 0)?;
            }
            self.start(id)?;
        }
        Ok(())
    }

    fn node(&self, id: u64) -> anyhow::Result<MutexGuard<'_, Node>> {
        let node = self.nodes.get(&id).with_context(|| format!("there is no node {id}"))?;
        Ok(lock(node))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A process that ended by itself.
#[derive(Debug, Clone)]
pub struct Ended {
    /// The node.
    pub node: u64,
    /// How it ended.
    pub status: String,
    /// The end of its log.
    pub log: String,
}

fn build_node(
    lab: &Lab,
    authority: &CertificateAuthority,
    plan: &Plan,
    id: u64,
    (name, client): (String, SocketAddr),
) -> anyhow::Result<Node> {
    let folder = lab.folder().join(&name);
    enroll(authority, &folder.join("identity"), id)?;
    let mut node = Node {
        name,
        peer: (peer_ip(id), PEER_PORT).into(),
        client,
        folder,
        process: None,
        disk: None,
        paused: false,
        clock_offset: plan.own_clocks.then_some(0),
    };
    match plan.disk_bytes {
        Some(bytes) => node.disk = Some(Disk::create(&node.folder, "disk", bytes)?),
        None => std::fs::create_dir_all(node.folder.join("disk"))
            .context("cannot make the node's folder")?,
    }
    Ok(node)
}

/// A node's address on the switch.
fn peer_ip(id: u64) -> Ipv4Addr {
    let [.., last] = id.to_be_bytes();
    Ipv4Addr::new(10, 98, 0, last)
}
