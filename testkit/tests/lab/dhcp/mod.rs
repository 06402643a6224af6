//! DHCP clients and relay agents that others made, unmodified, with racks and regions in namespaces.
//!
//! Which of them were tried, and what each of them passed, stands in `docs/conformance/clients.md`.

mod advertisements;
mod client;
mod clients;
mod delegation;
pub(crate) mod ipv6;
mod networkd;
mod page;
mod patience;
mod program;
mod proxy;
mod regions;
mod registration;
mod relay;
mod relaying_racks;
mod relays;

use std::net::{IpAddr, Ipv4Addr};

use anyhow::Context;
use serde_json::Value;
use testkit::lab::cluster::{Kind, Node};
use testkit::site::Site;
use testkit::wait::{PROCESS_STALL, wait_for};

/// The addresses of all racks on the lab's first link.
fn rack_addresses(site: &Site) -> Vec<Ipv4Addr> {
    let own = |rack: &Node| match rack.on_vlan {
        Some(IpAddr::V4(address)) => Some(address),
        Some(IpAddr::V6(_)) | None => None,
    };
    site.cluster.nodes(Kind::Rack).filter_map(own).collect()
}

/// The rack that has an address.
fn rack_at(site: &Site, address: Ipv4Addr) -> anyhow::Result<String> {
    let mut racks = site.cluster.nodes(Kind::Rack);
    let rack = racks.find(|rack| rack.on_vlan == Some(address.into()));
    Ok(rack.with_context(|| format!("no rack has {address}"))?.name.clone())
}

/// The addresses of DHCP clients in a subnet, as the API tells them.
async fn leased(site: &Site, cidr: &str) -> anyhow::Result<Vec<Ipv4Addr>> {
    /// MAAS's number for an address that a client has by DHCP.
    const DISCOVERED: u64 = 6;
    let subnets = site.client.get("subnets/").await?;
    let subnets = subnets.as_array().context("a list of subnets")?;
    let subnet = subnets.iter().find(|subnet| subnet["cidr"] == cidr);
    let id = &subnet.with_context(|| format!("no subnet {cidr}"))?["id"];
    let used = site.client.get(&format!("subnets/{id}/?op=ip_addresses")).await?;
    let used = used.as_array().context("a list of addresses")?;
    let address = |entry: &Value| entry["ip"].as_str().and_then(|ip| ip.parse().ok());
    Ok(used.iter().filter(|used| used["alloc_type"] == DISCOVERED).filter_map(address).collect())
}

/// Waits until the API tells that a client has an address, or that none has it.
async fn wait_leased(
    site: &Site,
    cidr: &str,
    address: Ipv4Addr,
    wanted: bool,
) -> anyhow::Result<()> {
    let what = format!("{address} is leased: {wanted}");
    wait_for(&what, PROCESS_STALL, async |signs| {
        let leased = leased(site, cidr).await?;
        signs.see("leased", format!("{leased:?}"));
        Ok((leased.contains(&address) == wanted).then_some(()))
    })
    .await
}
