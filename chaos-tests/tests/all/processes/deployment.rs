//! A deployment completes although regions are killed: each region in turn, at every step. Every other deployment runs in
//! memory.
//!
//! Real region and rack processes, a simulated machine that is held at the step while the region is
//! killed with SIGKILL, and let go at once: its next words meet a cluster without that region.

use anyhow::Context;
use testkit::lab::cluster::Kind;
use testkit::sim::gate::GATES;
use testkit::site::{self, IMAGE, Site};

const REGIONS: u8 = 3;
const RACKS: u8 = 2;

/// The steps that are not the machine's: the operator's requests.
const ASKED_STEPS: &[&str] = &["before allocate", "before deploy", "after deploy"];

#[tokio::test]
async fn a_deployment_completes_whichever_region_dies_at_whichever_step() {
    let binaries = site::binaries().expect("the binaries are built");
    let mut site = Site::build(&binaries, REGIONS, RACKS, 1).await.expect("a site");
    if let Err(error) = kill_at_every_step(&mut site).await {
        panic!("{error:#}\nlogs in {}", site.cluster.lab().logs().display());
    }
}

async fn kill_at_every_step(site: &mut Site) -> anyhow::Result<()> {
    let ids = site.make_ready().await?;
    let id = ids.first().context("the site has a machine")?;
    let regions: Vec<String> =
        site.cluster.nodes(Kind::Region).map(|node| node.name.clone()).collect();
    let mut in_memory = "false";
    for step in ASKED_STEPS.iter().chain(GATES) {
        for region in &regions {
            let leader = site.cluster.leader().await.unwrap_or_default();
            let place =
                format!("{region} killed at {step} (leader was {leader}, in memory: {in_memory})");
            let killed = Killed { region, step };
            deploy_and_release(site, id, killed, in_memory).await.context(place)?;
            in_memory = if in_memory == "true" { "false" } else { "true" };
        }
    }
    Ok(())
}

/// Which region is killed, and when.
#[derive(Clone, Copy)]
struct Killed<'a> {
    region: &'a str,
    step: &'a str,
}

async fn deploy_and_release(
    site: &mut Site,
    id: &str,
    Killed { region, step }: Killed<'_>,
    in_memory: &str,
) -> anyhow::Result<()> {
    let is_gate = GATES.contains(&step);
    if is_gate {
        site::gates_of(machine(site)?).hold(step)?;
    }
    kill_at(site, step, "before allocate", region)?;
    site.client.post("machines/?op=allocate", &[("system_id", id)]).await?;
    kill_at(site, step, "before deploy", region)?;
    let (osystem, series) = IMAGE;
    let form = [("osystem", osystem), ("distro_series", series), ("ephemeral_deploy", in_memory)];
    site.client.post(&format!("machines/{id}/?op=deploy"), &form).await?;
    kill_at(site, step, "after deploy", region)?;
    if is_gate {
        site.wait_at_gate(machine(site)?, step).await?;
        site.cluster.kill(region)?;
        site::gates_of(machine(site)?).release(step)?;
    }
    site.wait_for(id, "Deployed").await?;
    site.cluster.start(region).await?;
    site.client.post(&format!("machines/{id}/?op=release"), &[]).await?;
    site.wait_for(id, "Ready").await
}

fn kill_at(site: &mut Site, step: &str, here: &str, region: &str) -> anyhow::Result<()> {
    if step == here {
        site.cluster.kill(region)?;
    }
    Ok(())
}

fn machine(site: &Site) -> anyhow::Result<&testkit::lab::LabMachine> {
    site.cluster.lab().machines().first().context("the site has a machine")
}
