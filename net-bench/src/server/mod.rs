//! A DHCP server under test: Ironraft with its regions, or one of its rivals.
//!
//! Dropping a [`Server`] ends its processes by their ids and removes its lab with what they stored.

mod body;
mod dnsmasq;
mod ironraft;
mod kea;
pub mod kind;

use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use anyhow::{Context, ensure};
use store_node::bench::machine::cpu_time;
use testkit::lab::Lab;
use testkit::lab::cluster::Kind as NodeKind;

use self::body::Body;
use self::kind::{Kind, Patience};
use crate::clients::{self, Family, Pool, Target};

/// How a server is started.
#[derive(Debug, Clone, Copy)]
pub struct Options<'a> {
    /// Ironraft's program.
    pub binary: &'a Path,
    /// The addresses of clients.
    pub pool: Pool,
    /// How long a pair waits for its partner.
    pub patience: Patience,
    /// Leases that are there from the beginning; only Ironraft has some.
    pub leases: u32,
    /// Over which version of IP its clients come; over IPv6 the addresses are [a million](clients::POOL_V6).
    pub family: Family,
}

impl<'a> Options<'a> {
    /// A server without leases.
    #[must_use]
    pub fn new(binary: &'a Path, pool: Pool) -> Self {
        Self { binary, pool, patience: Patience::Usual, leases: 0, family: Family::V4 }
    }
}

/// A running server.
#[derive(Debug)]
pub struct Server {
    kind: Kind,
    family: Family,
    body: Body,
    /// Groups of clients that were taken.
    groups: AtomicU16,
}

/// CPU time of one process until now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Used {
    /// `r1`, `k1`, `kea-1`.
    pub process: String,
    /// User and system time.
    pub time: Duration,
}

impl Server {
    /// Starts a server that gives clients behind the relay addresses of a pool, and waits until it
    /// serves.
    ///
    /// # Errors
    /// When it cannot be started or does not get ready.
    pub async fn start(kind: Kind, options: Options<'_>) -> anyhow::Result<Self> {
        let Options { pool, patience, family, .. } = options;
        let mut lab = Lab::create()?;
        clients::add(&mut lab)?;
        let started = match kind {
            Kind::Ironraft | Kind::IronraftPair => {
                let formed = ironraft::start(lab, kind.racks(), options);
                Box::pin(formed).await.map(Body::Cluster)
            }
            Kind::Kea => kea::start(lab, pool, family).await,
            Kind::KeaPair => kea::start_pair(lab, pool, family, patience).await,
            Kind::Dnsmasq => dnsmasq::start(lab, pool).await,
        };
        let body = started.with_context(|| format!("cannot start {}", kind.name()))?;
        Ok(Self { kind, family, body, groups: AtomicU16::new(0) })
    }

    /// Which it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Over which version of IP its clients come.
    #[must_use]
    pub fn family(&self) -> Family {
        self.family
    }

    /// The lab it lives in.
    #[must_use]
    pub fn lab(&self) -> &Lab {
        match &self.body {
            Body::Cluster(cluster) => cluster.lab(),
            Body::Rival { lab, .. } => lab,
        }
    }

    /// Where a relay sends to. In hot standby the second server does not answer.
    #[must_use]
    pub fn target(&self) -> Target {
        if self.kind == Kind::IronraftPair { Target::ALL } else { Target::ONE }
    }

    /// The servers that a relay passes a message on to, where it does so to each by itself: all of them.
    #[must_use]
    pub fn addresses(&self) -> Vec<Ipv4Addr> {
        match self.kind {
            Kind::IronraftPair | Kind::KeaPair => vec![clients::SERVER, clients::SECOND_SERVER],
            Kind::Ironraft | Kind::Kea | Kind::Dnsmasq => vec![clients::SERVER],
        }
    }

    /// Kills the node that the others depend on: the leader of the regions, the active one of a pair.
    ///
    /// # Errors
    /// When nobody leads, or it is the only server.
    pub async fn kill_leader(&mut self) -> anyhow::Result<()> {
        match &mut self.body {
            Body::Cluster(cluster) => {
                let leader = cluster.leader().await?;
                cluster.kill(&leader)
            }
            Body::Rival { processes, .. } => {
                ensure!(processes.len() > 1, "there is no other server");
                processes.remove(0).1.kill()
            }
        }
    }

    /// The number of a group of clients that this server has not seen.
    #[must_use]
    pub fn next_group(&self) -> u16 {
        self.groups.fetch_add(1, Ordering::Relaxed)
    }

    /// The names and ids of its processes.
    #[must_use]
    pub fn processes(&self) -> Vec<(String, u32)> {
        match &self.body {
            Body::Cluster(cluster) => {
                let nodes = cluster.nodes(NodeKind::Region).chain(cluster.nodes(NodeKind::Rack));
                nodes.filter_map(|node| Some((node.name.clone(), node.id()?))).collect()
            }
            Body::Rival { processes, .. } => {
                processes.iter().map(|(name, process)| (name.clone(), process.id())).collect()
            }
        }
    }

    /// The CPU time of each of its processes until now.
    ///
    /// # Errors
    /// When one is gone.
    pub fn used(&self) -> anyhow::Result<Vec<Used>> {
        let of = |(process, id): (String, u32)| Ok(Used { time: cpu_time(&[id])?, process });
        self.processes().into_iter().map(of).collect()
    }
}
