//! Ironraft: three regions that fsync and racks, formed by its own commands and told of the clients'
//! subnet by its REST API.

use std::net::Ipv4Addr;

use anyhow::{Context, ensure};
use region_bench::bench::seed::{self, Leases};
use serde_json::Value;
use testkit::lab::Lab;
use testkit::lab::cluster::{Cluster, Kind};
use testkit::wait::{PROCESS_STALL, wait_for};

use super::Options;
use crate::clients::{self, Family, Pool};

const REGIONS: u8 = 3;

/// Forms a cluster whose racks serve the clients. So many leases are there from the beginning: the
/// last addresses of the pool.
pub(super) async fn start(lab: Lab, racks: u8, options: Options<'_>) -> anyhow::Result<Cluster> {
    let Options { binary, pool, leases, family, .. } = options;
    let mut cluster = Cluster::begin(lab, binary, REGIONS, racks).await?;
    let link = describe(&cluster, pool, family).await?;
    if leases > 0 {
        cluster.kill("r1")?;
        let first = Ipv4Addr::from_bits((pool.last.to_bits() + 1).saturating_sub(leases));
        ensure!(first >= pool.first, "the pool has fewer than {leases} addresses");
        let Link { vlan, subnet, .. } = link;
        let data = cluster.node("r1")?.data().to_owned();
        Box::pin(seed::leases(&data, Leases { vlan, subnet, first, count: leases })).await?;
        cluster.start("r1").await?;
    }
    for (last, rack) in (2..).zip(cluster.nodes(Kind::Rack)) {
        if family == Family::V6 {
            let address = format!("{}/64", clients::on_vlan_v6(last));
            clients::add_v6(cluster.lab(), &rack.name, &address)?;
        }
        clients::route(cluster.lab(), &rack.name, family)?;
    }
    cluster.complete().await?;
    serve(&cluster, &link).await?;
    serving(&cluster, family).await?;
    Ok(cluster)
}

/// Where the clients are.
struct Link {
    vlan: u32,
    subnet: u32,
    /// Path of the VLAN in the API.
    path: String,
}

/// The servers' and the clients' subnets on one VLAN, and a dynamic range for the clients.
async fn describe(cluster: &Cluster, pool: Pool, family: Family) -> anyhow::Result<Link> {
    let client = cluster.client()?;
    let fabrics = client.get("fabrics/").await?;
    let (fabric, vlan) = (&fabrics[0]["id"], &fabrics[0]["vlans"][0]);
    let on_vlan = vlan["id"].to_string();
    let mut subnet = Value::Null;
    let (servers, subnet_of_clients) = match family {
        Family::V4 => (clients::SERVERS, clients::SUBNET),
        Family::V6 => (clients::SERVERS_V6, clients::SUBNET_V6),
    };
    for (name, cidr) in [("servers", servers), ("clients", subnet_of_clients)] {
        let form = [("cidr", cidr), ("name", name), ("vlan", &on_vlan)];
        subnet = client.post("subnets/", &form).await?;
    }
    let (first, last) = match family {
        Family::V4 => (pool.first.to_string(), pool.last.to_string()),
        Family::V6 => (clients::POOL_V6.0.to_string(), clients::POOL_V6.1.to_string()),
    };
    let id = subnet["id"].to_string();
    let range =
        [("type", "dynamic"), ("start_ip", &first), ("end_ip", &last), ("subnet", id.as_str())];
    client.post("ipranges/", &range).await?;
    let path = format!("fabrics/{fabric}/vlans/{}/", vlan["vid"]);
    Ok(Link { vlan: number(&vlan["id"])?, subnet: number(&subnet["id"])?, path })
}

/// Lets the racks serve the clients' link.
async fn serve(cluster: &Cluster, link: &Link) -> anyhow::Result<()> {
    let racks = known_racks(cluster).await?;
    let mut served = vec![("dhcp_on", "true")];
    let roles = ["primary_rack", "secondary_rack"].into_iter();
    served.extend(roles.zip(racks.iter().map(String::as_str)));
    cluster.client()?.put(&link.path, &served).await?;
    Ok(())
}

fn number(value: &Value) -> anyhow::Result<u32> {
    let number = value.as_u64().with_context(|| format!("{value} is no number"))?;
    u32::try_from(number).with_context(|| format!("{value} is too large"))
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
async fn serving(cluster: &Cluster, family: Family) -> anyhow::Result<()> {
    let service = if family == Family::V4 { "DHCP is served on" } else { "DHCPv6 is served on" };
    for rack in cluster.nodes(Kind::Rack) {
        let log = cluster.lab().logs().join(format!("{}.log", rack.name));
        wait_for(&format!("{} serves DHCP", rack.name), PROCESS_STALL, async |signs| {
            let text = std::fs::read_to_string(&log)?;
            signs.see("log", text.len());
            Ok(text.contains(service).then_some(()))
        })
        .await?;
    }
    Ok(())
}
