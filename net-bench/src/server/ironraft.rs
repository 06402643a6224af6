//! Ironraft: three regions that fsync and racks, formed by its own commands and told of the clients'
//! subnet by its REST API.

use std::path::Path;

use anyhow::Context;
use serde_json::Value;
use testkit::lab::Lab;
use testkit::lab::cluster::{Cluster, Kind};
use testkit::wait::{PROCESS_STALL, wait_for};

use crate::clients::{self, Pool};

const REGIONS: u8 = 3;

/// Forms a cluster whose racks serve the clients.
pub(super) async fn start(
    lab: Lab,
    binary: &Path,
    racks: u8,
    pool: Pool,
) -> anyhow::Result<Cluster> {
    let cluster = Cluster::form(lab, binary, REGIONS, racks).await?;
    for rack in cluster.nodes(Kind::Rack) {
        clients::route(cluster.lab(), &rack.name)?;
    }
    describe(&cluster, pool).await?;
    serving(&cluster).await?;
    Ok(cluster)
}

/// The servers' and the clients' subnets on one VLAN, and a dynamic range for the clients.
async fn describe(cluster: &Cluster, pool: Pool) -> anyhow::Result<()> {
    let racks = known_racks(cluster).await?;
    let client = cluster.client()?;
    let fabrics = client.get("fabrics/").await?;
    let (fabric, vlan) = (&fabrics[0]["id"], &fabrics[0]["vlans"][0]);
    let on_vlan = vlan["id"].to_string();
    let mut subnet = Value::Null;
    for (name, cidr) in [("servers", clients::SERVERS), ("clients", clients::SUBNET)] {
        subnet =
            client.post("subnets/", &[("cidr", cidr), ("name", name), ("vlan", &on_vlan)]).await?;
    }
    let (first, last, id) =
        (pool.first.to_string(), pool.last.to_string(), subnet["id"].to_string());
    let range =
        [("type", "dynamic"), ("start_ip", &first), ("end_ip", &last), ("subnet", id.as_str())];
    client.post("ipranges/", &range).await?;
    let mut served = vec![("dhcp_on", "true")];
    let roles = ["primary_rack", "secondary_rack"].into_iter();
    served.extend(roles.zip(racks.iter().map(String::as_str)));
    client.put(&format!("fabrics/{fabric}/vlans/{}/", vlan["vid"]), &served).await?;
    Ok(())
}

/// The racks' ids, in the order of the lab's names, once all are known.
async fn known_racks(cluster: &Cluster) -> anyhow::Result<Vec<String>> {
    let wanted: Vec<&str> = cluster.nodes(Kind::Rack).map(|node| node.name.as_str()).collect();
    let client = cluster.client()?;
    wait_for("the racks are known", PROCESS_STALL, async |signs| {
        let known = client.get("rackcontrollers/").await?;
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

/// Waits until every rack listens for DHCP: it says so in its log.
async fn serving(cluster: &Cluster) -> anyhow::Result<()> {
    for rack in cluster.nodes(Kind::Rack) {
        let log = cluster.lab().logs().join(format!("{}.log", rack.name));
        wait_for(&format!("{} serves DHCP", rack.name), PROCESS_STALL, async |signs| {
            let text = std::fs::read_to_string(&log)?;
            signs.see("log", text.len());
            Ok(text.contains("DHCP is served on").then_some(()))
        })
        .await?;
    }
    Ok(())
}
