//! What an operator tells the site: a link with a subnet of each family, and which racks serve it.

use std::net::{Ipv4Addr, Ipv6Addr};

use anyhow::Context;
use serde_json::Value;
use testkit::lab::cluster::{Cluster, Kind};
use testkit::wait::{PROCESS_STALL, wait_for};

const SUBNET_V4: &str = "10.64.0.0/16";
const RANGE_V4: (&str, &str) = ("10.64.16.0", "10.64.255.250");
const SUBNET_V6: &str = "fd00:64::/64";
const RANGE_V6: (&str, &str) = ("fd00:64::1:0", "fd00:64::1:ffff");
/// Last bytes of the racks' addresses in either subnet, from this on.
const FIRST_RACK: u8 = 2;

/// Gives the racks addresses on the clients' link, before they run.
pub(super) fn add_addresses(cluster: &Cluster) -> anyhow::Result<()> {
    for (last, rack) in (FIRST_RACK..).zip(cluster.nodes(Kind::Rack)) {
        let node = cluster.lab().network().node(&rack.name)?;
        let v4 = format!("{}/16", Ipv4Addr::new(10, 64, 0, last));
        let v6 = Ipv6Addr::new(0xfd00, 0x64, 0, 0, 0, 0, 0, u16::from(last));
        node.ip(&["address", "add", &v4, "dev", "prov0"])?;
        node.ip(&["address", "add", &format!("{v6}/64"), "dev", "prov0", "nodad"])?;
    }
    Ok(())
}

/// The subnets and their dynamic ranges.
pub(super) async fn describe(cluster: &Cluster) -> anyhow::Result<()> {
    let client = cluster.client()?;
    let fabrics = client.get("fabrics/").await?;
    let vlan = fabrics[0]["vlans"][0]["id"].to_string();
    for (name, cidr, (first, last)) in
        [("clients", SUBNET_V4, RANGE_V4), ("clients6", SUBNET_V6, RANGE_V6)]
    {
        let form = [("cidr", cidr), ("name", name), ("vlan", &vlan)];
        let subnet = client.post("subnets/", &form).await?["id"].to_string();
        let range =
            [("type", "dynamic"), ("start_ip", first), ("end_ip", last), ("subnet", &subnet)];
        client.post("ipranges/", &range).await?;
    }
    Ok(())
}

/// Has the racks serve the link, and waits until they do in both families.
pub(super) async fn serve(cluster: &Cluster) -> anyhow::Result<()> {
    let client = cluster.client()?;
    let racks = known_racks(cluster).await?;
    let mut named = racks.iter().map(String::as_str);
    let mut form = vec![("dhcp_on", "true")];
    form.extend(["primary_rack", "secondary_rack"].into_iter().zip(&mut named));
    form.extend(named.map(|rack| ("further_racks", rack)));
    let fabrics = client.get("fabrics/").await?;
    let (fabric, vlan) = (&fabrics[0]["id"], &fabrics[0]["vlans"][0]["vid"]);
    client.put(&format!("fabrics/{fabric}/vlans/{vlan}/"), &form).await?;
    for rack in cluster.nodes(Kind::Rack) {
        let log = cluster.lab().logs().join(format!("{}.log", rack.name));
        wait_for(&format!("{} serves both families", rack.name), PROCESS_STALL, async |signs| {
            let text = std::fs::read_to_string(&log)?;
            signs.see("log", text.len());
            let serves = |service| text.contains(service);
            Ok((serves("DHCP is served on") && serves("DHCPv6 is served on")).then_some(()))
        })
        .await?;
    }
    Ok(())
}

/// The racks' ids, once all of them have told of themselves: their interfaces, and what they can do.
async fn known_racks(cluster: &Cluster) -> anyhow::Result<Vec<String>> {
    let names: Vec<&str> = cluster.nodes(Kind::Rack).map(|node| node.name.as_str()).collect();
    let client = cluster.client()?;
    wait_for("the racks are known", PROCESS_STALL, async |signs| {
        let known = client.get("rackcontrollers/").await?;
        let known = known.as_array().context("a list of racks")?;
        signs.see("racks", known.len());
        let id_of = |name: &&str| {
            let rack = known.iter().find(|rack: &&Value| rack["hostname"] == *name)?;
            rack["interface_set"].as_array()?.first()?;
            rack["system_id"].as_str().map(str::to_owned)
        };
        Ok(names.iter().map(id_of).collect())
    })
    .await
}
