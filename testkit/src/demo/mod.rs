//! The demo: a three-region cluster takes two blank virtual machines to a deployed operating system
//! and loses its leader in the middle.
//!
//! Nothing here is special to the demo but the story: processes are the real binary, machines boot
//! through their firmware, and every claim at the end is checked from outside.

pub mod artifacts;
pub mod images;
pub mod life;
pub mod probe;
pub mod proof;
pub mod report;
pub mod timeline;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};

use crate::lab::Lab;
use crate::lab::cluster::{ADMIN, Cluster, Kind};
use crate::lab::machine::Firmware;
use crate::operator;
use crate::wait::{PROCESS_STALL, wait_for};
use images::{IMAGE, Images};
use life::Life;
use probe::Probe;
use report::Report;
use timeline::{Step, Timeline};

/// How long the killed leader stays away.
const LEADER_AWAY: Duration = Duration::from_secs(20);
const REGIONS: u8 = 3;
const RACKS: u8 = 2;
/// The demo's steps, each with the time that it took on two idle cores.
const STEPS: &[Step] = &[
    step("images: the ephemeral OS and the Debian image", "seconds, from the cache"),
    step("cluster: three regions and two racks", "5 s"),
    step("network: a subnet with DHCP, uploads of what machines boot and install", "10 s"),
    step("enlist: both machines boot from the network and tell what they are", "1 to 2 min"),
    step("commission: both boot again and are examined", "1 to 2 min"),
    step("deploy: both boot again, and their agents begin to install", "1 to 2 min"),
    step("lose the leader: it is killed during the installation", "20 s"),
    step("install: until both run the image from their own disk", "4 to 6 min"),
    step("proofs: every claim is checked from outside", "30 s"),
];

const fn step(title: &'static str, usual: &'static str) -> Step {
    Step { title, usual }
}

/// What the demo is run with.
#[derive(Debug, Clone)]
pub struct Options {
    /// The folder of the binaries `ironraft` and `agent`.
    pub binaries: PathBuf,
    /// The root of the source tree.
    pub root: PathBuf,
    /// Where logs and the report go.
    pub artifacts: PathBuf,
}

/// A demo that ran: its report, and the cluster, which runs until it is dropped.
#[derive(Debug)]
pub struct Finished {
    /// What was seen.
    pub report: Report,
    /// The cluster.
    pub cluster: Cluster,
}

/// Runs the demo until its end, or until `stop` gives a reason to end it. Logs are kept in any case.
///
/// # Errors
/// When a part of the story does not happen, or it was stopped.
pub async fn run(
    options: &Options,
    stop: impl Future<Output = anyhow::Result<String>>,
) -> anyhow::Result<Finished> {
    tokio::pin!(stop);
    let timeline = Arc::new(Timeline::new(STEPS));
    timeline.next_step();
    let images = Images::build(&options.root, &options.binaries, &timeline).await?;
    timeline.next_step();
    let mut lab = Lab::create()?;
    timeline.note("lab", &format!("lab {} in {}", lab.number(), lab.folder().display()));
    for firmware in [Firmware::Bios, Firmware::Uefi] {
        let name = lab.add_virtual_machine(firmware)?.name.clone();
        timeline.note(&name, "blank machine, off");
    }
    let binary = options.binaries.join("ironraft");
    let mut cluster = tokio::select! {
        cluster = Cluster::form(lab, &binary, REGIONS, RACKS) => cluster?,
        reason = &mut stop => bail!("stopped: {}", reason?),
    };
    timeline.note("cluster", &format!("{REGIONS} regions and {RACKS} racks are ready"));
    timeline.note("web", &web_interface(&cluster).await?);
    let outcome = tokio::select! {
        outcome = story(&mut cluster, &images, &timeline) => outcome,
        reason = stop => reason.and_then(|reason| bail!("stopped: {reason}")),
    };
    let kept = artifacts::keep(&cluster, &options.artifacts);
    let report = outcome?;
    kept?;
    report.write(&options.artifacts)?;
    Ok(Finished { report, cluster })
}

async fn story(
    cluster: &mut Cluster,
    images: &Images,
    timeline: &Arc<Timeline>,
) -> anyhow::Result<Report> {
    let client = Arc::new(cluster.client()?);
    timeline.next_step();
    prepare(cluster, images, timeline).await?;
    let probe = Probe::start(cluster.region_urls(), cluster.key().clone(), &client).await?;
    let machines = cluster.lab().machines();
    let life = Life::start(machines, Arc::clone(&client), Arc::clone(timeline))?;

    timeline.next_step();
    life.enlist(cluster).await?;
    timeline.next_step();
    life.commission().await?;
    timeline.next_step();
    life.allocate().await?;
    life.deploy(IMAGE, &[]).await?;
    life.wait_installing().await?;
    timeline.next_step();
    let outage = lose_the_leader(cluster, timeline, &probe).await?;
    timeline.next_step();
    life.wait_deployed().await?;
    let restarted = outage.restart(cluster, timeline).await?;

    let machines = life.finish().await?;
    let gaps = probe.finish(restarted.killed, restarted.back).await;
    timeline.next_step();
    let proofs = proof::check(cluster, &client, &machines, timeline).await?;
    let dhcp = report::dhcp_messages(cluster).await?;
    Ok(Report::new(timeline, machines, gaps, restarted.leader, proofs, dhcp))
}

/// Where a browser on this host sees all of it: at a region that does not lead, because the one that leads is killed.
async fn web_interface(cluster: &Cluster) -> anyhow::Result<String> {
    let leader = leader_of(cluster).await?;
    let mut regions = cluster.nodes(Kind::Region);
    let region = regions.find(|node| node.name != leader).context("a region that does not lead")?;
    let (user, password) = ADMIN;
    Ok(format!("watch it in a browser: {}/ (user {user}, password {password})", region.url()))
}

/// The network, the images, and the racks on the VLAN, by the commands an operator types.
async fn prepare(cluster: &Cluster, images: &Images, timeline: &Timeline) -> anyhow::Result<()> {
    let cidr = operator::create_network(cluster).await?;
    timeline.note("operator", &format!("subnet {cidr} with DHCP by both racks"));
    images.upload(cluster, timeline).await
}

/// A leader that was killed and has yet to come back.
struct Outage {
    leader: String,
    killed: std::time::Instant,
}

/// An outage that is over.
struct Restarted {
    leader: String,
    killed: std::time::Instant,
    back: std::time::Instant,
}

async fn lose_the_leader(
    cluster: &mut Cluster,
    timeline: &Timeline,
    probe: &Probe,
) -> anyhow::Result<Outage> {
    let leader = leader_of(cluster).await?;
    let killed = std::time::Instant::now();
    cluster.kill(&leader)?;
    timeline.note("cluster", &format!("leader {leader} killed with SIGKILL"));
    probe.wait_for_write_after(killed).await?;
    let waited = killed.elapsed().as_secs_f64();
    let next = leader_of(cluster).await?;
    timeline.note("cluster", &format!("writes are served again after {waited:.1} s, {next} leads"));
    tokio::time::sleep(LEADER_AWAY.saturating_sub(killed.elapsed())).await;
    Ok(Outage { leader, killed })
}

/// The region that leads; between two leaders there is none.
async fn leader_of(cluster: &Cluster) -> anyhow::Result<String> {
    wait_for("a region leads", PROCESS_STALL, async |_| cluster.leader().await.map(Some)).await
}

impl Outage {
    async fn restart(
        self,
        cluster: &mut Cluster,
        timeline: &Timeline,
    ) -> anyhow::Result<Restarted> {
        cluster.start(&self.leader).await?;
        timeline.note("cluster", &format!("{} is back", self.leader));
        let back = std::time::Instant::now();
        Ok(Restarted { leader: self.leader, killed: self.killed, back })
    }
}
