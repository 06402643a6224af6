//! A site: three regions and racks that serve one client link in both families, all of them processes of their own.
//!
//! Each region has a disk that loses power and runs full, and a wall clock that can be moved.

mod clock;
mod describe;
mod wires;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;

use anyhow::{Context, ensure};
use client::Client;
use nix::sys::signal::Signal;
use serde_json::Value;
use testkit::lab::Lab;
use testkit::lab::cluster::{Cluster, Kind, data_folder};
use testkit::wait::{PROCESS_STALL, wait_for};
use tokio::task::block_in_place;

use crate::cluster::disk::Disk;
use crate::continuity::check::lost::Known;
use clock::{Clock, Library};

/// Regions of a site.
pub const REGIONS: u8 = 3;
/// The size of a region's disk: room for all that a run writes, and more than what makes a region refuse to write.
const DISK_BYTES: u64 = 2 << 30;
/// Where the API tells of leases, and how many of them on a page.
const LEASES: &str = "/api/v1/leases";
const PAGE: &str = "100";

/// A running site. Dropping it ends every process and takes wires and mounts away.
#[derive(Debug)]
pub struct Site {
    cluster: Cluster,
    disks: BTreeMap<String, Disk>,
    clocks: BTreeMap<String, Clock>,
    client: Client,
}

impl Site {
    /// Forms a cluster of processes of `binary`, tells it of the clients' link, and waits until all racks serve it. Call
    /// [`enter_private`](crate::disk::mounts::enter_private) before any thread is started.
    ///
    /// # Errors
    /// When not root, or something cannot be made or does not get ready.
    pub async fn form(binary: &Path, racks: u8) -> anyhow::Result<Self> {
        ensure!(binary.exists(), "{} is not built", binary.display());
        let lab = Lab::create()?;
        let mut disks = BTreeMap::new();
        for number in 1..=REGIONS {
            let name = format!("r{number}");
            let folder = data_folder(&lab, &name);
            let parent = folder.parent().context("data lies in the lab's folder")?;
            let disk = Disk::create(parent, &format!("data-{name}"), DISK_BYTES)?;
            // It is no file of a region's.
            std::fs::remove_dir(folder.join("lost+found")).context("a new disk")?;
            disks.insert(name, disk);
        }
        let mut clocks = BTreeMap::new();
        let library = Library::build(lab.folder())?;
        let mut cluster = Cluster::prepare(lab, binary, REGIONS, racks)?;
        for name in disks.keys() {
            let clock = Clock::new(cluster.lab().folder(), name)?;
            cluster.set_environment(name, clock.environment(&library))?;
            clocks.insert(name.clone(), clock);
        }
        describe::add_addresses(&cluster)?;
        cluster.start("r1").await?;
        describe::describe(&cluster).await?;
        cluster.complete().await?;
        describe::serve(&cluster).await?;
        let client = cluster.client()?;
        Ok(Self { cluster, disks, clocks, client })
    }

    /// Its lab.
    #[must_use]
    pub fn lab(&self) -> &Lab {
        self.cluster.lab()
    }

    /// Leaves the folder with the logs in place at the end.
    pub fn keep_folder(&mut self) {
        self.cluster.lab_mut().keep_folder();
    }

    /// The names of the nodes of one kind.
    #[must_use]
    pub fn names(&self, kind: Kind) -> Vec<String> {
        self.cluster.nodes(kind).map(|node| node.name.clone()).collect()
    }

    /// The names of all nodes.
    #[must_use]
    pub fn all(&self) -> Vec<String> {
        [Kind::Region, Kind::Rack].into_iter().flat_map(|kind| self.names(kind)).collect()
    }

    /// The region that leads, once one does.
    ///
    /// # Errors
    /// When none does for a long time.
    pub async fn leader(&self) -> anyhow::Result<String> {
        let leader = wait_for("a region leads", PROCESS_STALL, async |_| {
            self.cluster.leader().await.map(Some)
        });
        leader.await
    }

    /// Kills a node with SIGKILL.
    ///
    /// # Errors
    /// When it does not run.
    pub fn kill(&mut self, name: &str) -> anyhow::Result<()> {
        block_in_place(|| self.cluster.kill(name))
    }

    /// Starts nodes in this order, each as soon as the one before it was started.
    ///
    /// # Errors
    /// When one cannot be started.
    pub fn launch(&mut self, names: &[String]) -> anyhow::Result<()> {
        for name in names {
            if !self.runs(name)? {
                block_in_place(|| self.cluster.launch(name))?;
            }
        }
        Ok(())
    }

    /// Waits until nodes say that they are ready.
    ///
    /// # Errors
    /// When one does not get ready.
    pub async fn ready(&mut self, names: &[String]) -> anyhow::Result<()> {
        for name in names {
            self.cluster.wait_ready(name).await?;
        }
        Ok(())
    }

    /// Starts nodes in this order, and waits until all of them are ready.
    ///
    /// # Errors
    /// When one cannot be started, or does not get ready.
    pub async fn start(&mut self, names: &[String]) -> anyhow::Result<()> {
        self.launch(names)?;
        self.ready(names).await
    }

    /// Whether a node's process runs.
    ///
    /// # Errors
    /// When there is no such node.
    pub fn runs(&mut self, name: &str) -> anyhow::Result<bool> {
        self.cluster.note_end(name)?;
        Ok(self.cluster.node(name)?.is_running())
    }

    /// Stops a node's time with SIGSTOP.
    ///
    /// # Errors
    /// When it does not run.
    pub fn pause(&self, name: &str) -> anyhow::Result<()> {
        self.cluster.signal(name, Signal::SIGSTOP)
    }

    /// Lets a paused node go on.
    ///
    /// # Errors
    /// When it does not run.
    pub fn resume(&self, name: &str) -> anyhow::Result<()> {
        self.cluster.signal(name, Signal::SIGCONT)
    }

    /// Lets nothing pass from one node to another on the management network, in this direction.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn cut(&self, from: &str, to: &str) -> anyhow::Result<()> {
        wires::drop_from(&self.cluster, from, to, 100)
    }

    /// Loses so many of a hundred packets from one node to another.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn lose(&self, from: &str, to: &str, percent: u8) -> anyhow::Result<()> {
        wires::drop_from(&self.cluster, from, to, percent)
    }

    /// Makes all wires whole again.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn mend(&self) -> anyhow::Result<()> {
        wires::mend(&self.cluster)
    }

    /// Moves the wall clock of a region, by seconds from the true time.
    ///
    /// # Errors
    /// When there is no such region, or its file cannot be written.
    pub fn set_clock(&self, region: &str, offset_s: i64) -> anyhow::Result<()> {
        self.clocks.get(region).with_context(|| format!("no clock of {region}"))?.set(offset_s)
    }

    /// Fills the disk of a region to the last block.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn fill_disk(&self, region: &str) -> anyhow::Result<()> {
        block_in_place(|| self.disk(region)?.fill())
    }

    /// Frees it again.
    ///
    /// # Errors
    /// When what fills it cannot be removed.
    pub fn free_disk(&self, region: &str) -> anyhow::Result<()> {
        self.disk(region)?.free()
    }

    /// Cuts the power of the whole site at one instant: what regions had not flushed is gone.
    ///
    /// # Errors
    /// When a disk cannot be copied or mounted.
    pub fn cut_power(&mut self) -> anyhow::Result<()> {
        let mut running = Vec::new();
        for name in self.all() {
            if self.runs(&name)? {
                self.pause(&name)?;
                running.push(name);
            }
        }
        block_in_place(|| {
            for disk in self.disks.values() {
                disk.copy()?;
            }
            for name in &running {
                self.cluster.kill(name)?;
            }
            self.disks.values_mut().try_for_each(Disk::become_copy)
        })
    }

    /// All leases that the regions tell of, by their addresses.
    ///
    /// # Errors
    /// When no region answers.
    pub async fn leases(&self) -> anyhow::Result<BTreeMap<IpAddr, Known>> {
        let mut leases = BTreeMap::new();
        let mut token = None;
        loop {
            // Lists wait for all else that a region does, which can be long on a busy host.
            let what = format!("the leases behind {token:?} are told");
            let page = wait_for(&what, PROCESS_STALL.saturating_mul(2), async |_| {
                self.page(token.as_deref()).await.map(Some)
            })
            .await?;
            for lease in page["items"].as_array().context("a page of leases")? {
                let text = |name: &str| lease[name].as_str().unwrap_or_default().to_owned();
                let known = Known { client: text("client"), state: text("state") };
                leases.insert(text("ip").parse().context("an address")?, known);
            }
            token = page["next"].as_str().map(str::to_owned);
            if token.is_none() {
                return Ok(leases);
            }
        }
    }

    async fn page(&self, token: Option<&str>) -> anyhow::Result<Value> {
        let mut query = vec![("limit", PAGE)];
        query.extend(token.map(|token| ("page_token", token)));
        Ok(self.client.query(LEASES, &query).await?)
    }

    fn disk(&self, region: &str) -> anyhow::Result<&Disk> {
        self.disks.get(region).with_context(|| format!("no disk of {region}"))
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        // Before the disks are unmounted, which is before their folder goes.
        for name in self.all() {
            self.cluster.kill(&name).ok();
        }
        self.disks.clear();
    }
}
