//! Blank machines are deployed where there is no IPv4, each by another way to boot: power, firmware, iPXE, the ephemeral OS,
//! the agent, the installed system, cloud-init and names, all over IPv6. For `make e2e`: emulated machines take minutes.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, ensure};
use testkit::demo::artifacts;
use testkit::demo::images::{IMAGE, Images};
use testkit::demo::life::Life;
use testkit::demo::proof;
use testkit::demo::timeline::{Step, Timeline};
use testkit::lab::Lab;
use testkit::lab::addresses::Family;
use testkit::lab::bmc::{FACTORY_PASSWORD, FACTORY_USER};
use testkit::lab::machine::Firmware;
use testkit::operator;
use testkit::site::{self, Site};

const STEPS: &[Step] = &[
    Step {
        title: "images: the ephemeral OS and the Debian image",
        usual: "seconds, from the cache",
    },
    Step { title: "cluster: three regions and a rack without IPv4", usual: "10 s" },
    Step { title: "enlist: the machine boots and tells what it is", usual: "2 min" },
    Step { title: "commission: it boots again and is examined", usual: "2 min" },
    Step { title: "deploy: it boots again and is installed", usual: "4 min" },
    Step { title: "proofs: names, power and what runs on it", usual: "30 s" },
];

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_boots_by_pxe_over_ipv6_is_deployed() {
    deployed(Firmware::UefiPxeV6).await.expect("it is deployed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_boots_by_http_over_ipv6_is_deployed() {
    deployed(Firmware::UefiHttp).await.expect("it is deployed");
}

/// Its firmware knows no IPv6; iPXE in its network card does.
#[tokio::test(flavor = "multi_thread")]
async fn a_machine_whose_card_has_ipxe_is_deployed_over_ipv6() {
    deployed(Firmware::Bios).await.expect("it is deployed");
}

async fn deployed(firmware: Firmware) -> anyhow::Result<()> {
    let binaries = site::binaries()?;
    let tree = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("the source tree")?;
    let timeline = Arc::new(Timeline::new(STEPS));
    timeline.next_step();
    let images = Images::build(tree, &binaries, &timeline).await?;
    timeline.next_step();
    let mut lab = Lab::create_of(Family::V6)?;
    lab.add_virtual_machine(firmware)?;
    let site = Site::form_in(lab, &binaries, 3, 1).await?;
    operator::create_network(&site.cluster).await?;
    images.upload(&site.cluster, &timeline).await?;
    let outcome = story(&site, &timeline).await;
    artifacts::keep(&site.cluster, &tree.join("artifacts/ipv6-only").join(firmware.name()))?;
    outcome
}

async fn story(site: &Site, timeline: &Arc<Timeline>) -> anyhow::Result<()> {
    let client = Arc::new(site.cluster.client()?);
    let machines = site.cluster.lab().machines();
    let life = Life::start(machines, Arc::clone(&client), Arc::clone(timeline))?;
    timeline.next_step();
    life.enlist(&site.cluster).await?;
    tell_bmc(site, &life).await?;
    timeline.next_step();
    life.commission().await?;
    timeline.next_step();
    life.allocate().await?;
    life.deploy(IMAGE, &[]).await?;
    life.wait_deployed().await?;
    timeline.next_step();
    let subjects = life.finish().await?;
    for subject in &subjects {
        let addresses = subject.shape["ip_addresses"].as_array().context("addresses")?;
        let all =
            addresses.iter().all(|address| address.as_str().is_some_and(|ip| ip.contains(':')));
        ensure!(all && !addresses.is_empty(), "{addresses:?}");
    }
    proof::check(&site.cluster, &client, &subjects, timeline).await.map(drop)
}

/// The simulated BMC tells its machine no address of IPv6, so that an operator has to say where it is.
async fn tell_bmc(site: &Site, life: &Life) -> anyhow::Result<()> {
    for (machine, subject) in site.cluster.lab().machines().iter().zip(life.subjects()) {
        let address = machine.bmc.address().to_string();
        let form = [
            ("power_type", "ipmi"),
            ("power_parameters_power_address", address.as_str()),
            ("power_parameters_power_user", FACTORY_USER),
            ("power_parameters_power_pass", FACTORY_PASSWORD),
        ];
        site.client.put(&format!("machines/{}/", subject.system_id), &form).await?;
    }
    Ok(())
}
