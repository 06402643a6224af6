//! What an operator does to a new cluster: describe the network, upload what machines boot and what
//! they are deployed with, by the CLI, and take a machine through its life.

use std::path::Path;

use anyhow::{Context, bail};
use client::Client;
use serde_json::Value;

use crate::cli::Cli;
use crate::lab::addresses::Family;
use crate::lab::cluster::{Cluster, Kind};
use crate::lab::signs::MachineSigns;
use crate::wait::{PROCESS_STALL, wait_for};

/// Describes the lab's provisioning network, with DHCP by the first two racks, and returns its CIDR: a subnet
/// and its dynamic range on the first fabric's untagged VLAN.
///
/// # Errors
/// When a command fails.
pub async fn create_network(cluster: &Cluster) -> anyhow::Result<String> {
    let racks = known_racks(cluster).await?;
    let addresses = cluster.lab().network().addresses();
    let cidr = addresses.provisioning(0).to_string();
    let cli = cluster.cli();
    let fabrics = cli.json(&["fabric", "list"]).await?;
    let (fabric, vlan) = (&fabrics[0], &fabrics[0]["vlans"][0]);
    let subnet = [
        &format!("cidr={cidr}"),
        "name=provisioning",
        &format!("vlan={}", number(&vlan["id"])?),
        &format!("gateway_ip={}", addresses.provisioning(1).addr()),
    ];
    let subnet = cli.json(&[&["subnet", "create"], &subnet[..]].concat()).await?;
    let (first, last) = addresses.dynamic();
    let range = [
        "type=dynamic",
        &format!("start_ip={first}"),
        &format!("end_ip={last}"),
        &format!("subnet={}", number(&subnet["id"])?),
    ];
    cli.json(&[&["ip-range", "create"], &range[..]].concat()).await?;
    let roles = ["primary_rack", "secondary_rack"].into_iter().zip(racks);
    let roles: Vec<String> = roles.map(|(role, rack)| format!("{role}={rack}")).collect();
    let (fabric_id, vid) = (number(&fabric["id"])?, number(&vlan["vid"])?);
    let mut update = vec!["fabric", "vlan", "set", &fabric_id, &vid, "dhcp_on=true"];
    update.extend(roles.iter().map(String::as_str));
    cli.json(&update).await?;
    if addresses.family() == Family::V6 {
        // Nobody else on the link says what is on it and that there is DHCP.
        advertise(&cli, &number(&vlan["id"])?).await?;
    }
    Ok(cidr)
}

/// Has the racks of a VLAN send router advertisements, once the regions of a new cluster have agreed that all know
/// how to tell them.
///
/// # Errors
/// When the command fails for another reason.
pub async fn advertise(cli: &Cli, vlan: &str) -> anyhow::Result<()> {
    wait_for("the regions take the setting", PROCESS_STALL, async |signs| {
        match cli.json(&["vlan", "set", vlan, "router_advertisements=on"]).await {
            Ok(set) => Ok((set["router_advertisements"] == "on").then_some(())),
            Err(error) if format!("{error:#}").contains("Not all regions know") => {
                signs.see("refused", &error);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    })
    .await
}

/// The racks' ids, in the order of the lab's names, once all are known.
async fn known_racks(cluster: &Cluster) -> anyhow::Result<Vec<String>> {
    let wanted: Vec<&str> = cluster.nodes(Kind::Rack).map(|node| node.name.as_str()).collect();
    let cli = cluster.cli();
    wait_for("the racks are known", PROCESS_STALL, async |signs| {
        let known = cli.json(&["rack", "list"]).await?;
        let known = known.as_array().context("a list of racks")?;
        signs.see("racks", known.len());
        let id_of = |name: &&str| {
            let rack = known.iter().find(|rack| rack["hostname"] == *name)?;
            rack["system_id"].as_str().map(str::to_owned)
        };
        Ok(wanted.iter().map(id_of).collect())
    })
    .await
}

/// Uploads kernel and initramfs of the ephemeral OS and makes machines boot them.
///
/// # Errors
/// When the command fails.
pub async fn set_boot_files(
    cluster: &Cluster,
    kernel: &Path,
    initrd: &Path,
    label: &str,
) -> anyhow::Result<()> {
    let (kernel, initrd) = (text(kernel)?, text(initrd)?);
    cluster.cli().run(&["ephemeral", "upload", kernel, initrd, "--label", label]).await?;
    Ok(())
}

/// Uploads an image that machines can be deployed with.
///
/// # Errors
/// When the command fails.
pub async fn upload_image(cluster: &Cluster, name: &str, image: &Path) -> anyhow::Result<()> {
    let filetype = if image.extension().is_some_and(|end| end == "zst") { "tzst" } else { "tgz" };
    let options =
        ["--title", "Debian 12", "--base-image", "debian/bookworm", "--filetype", filetype];
    cluster.cli().run(&[&["image", "upload", name, text(image)?], &options[..]].concat()).await?;
    Ok(())
}

/// The system id of the machine with this hardware address, once it is enlisted.
///
/// # Errors
/// When no region answers.
pub async fn machine_by_mac(client: &Client, mac: &str) -> anyhow::Result<Option<Value>> {
    let machines = client.get(&format!("machines/?mac_address={mac}")).await?;
    Ok(machines.as_array().and_then(|machines| machines.first()).cloned())
}

/// Waits until a machine has a status of MAAS's, `Ready`; a failed one ends the wait. What the lab's
/// machines show says whether it gets on.
///
/// # Errors
/// When it fails, or stands still before.
pub async fn wait_for_status(
    client: &Client,
    system_id: &str,
    status: &str,
    shown: &mut [MachineSigns],
) -> anyhow::Result<Value> {
    let what = format!("machine {system_id} is {status}");
    let found = wait_for(&what, PROCESS_STALL, async |signs| {
        shown.iter_mut().for_each(|machine| machine.see(signs));
        let machine = client.get(&format!("machines/{system_id}/")).await?;
        signs.see("API", status_of(&machine));
        let now = machine["status_name"].as_str().unwrap_or_default();
        let ended = now == status || now.starts_with("Failed");
        Ok(ended.then_some(machine))
    })
    .await?;
    if found["status_name"] != status {
        bail!("machine {system_id} is {}: {}", found["status_name"], found["status_message"]);
    }
    Ok(found)
}

/// What the API says about a machine's way, in one line: status, power, what it boots from, progress.
#[must_use]
pub fn status_of(machine: &Value) -> String {
    let text = |name: &str| machine[name].as_str().unwrap_or_default();
    let boots = if machine["netboot"] == false { "disk" } else { "network" };
    let (status, power) = (text("status_name"), text("power_state"));
    format!("{status}, power {power}, boots from {boots}, {}", text("status_message"))
}

/// A number of the API, as it goes into a form or a path.
///
/// # Errors
/// When it is none.
pub fn number(value: &Value) -> anyhow::Result<String> {
    value.as_u64().map(|number| number.to_string()).with_context(|| format!("{value} is no number"))
}

fn text(path: &Path) -> anyhow::Result<&str> {
    path.to_str().with_context(|| format!("{} is not UTF-8", path.display()))
}
