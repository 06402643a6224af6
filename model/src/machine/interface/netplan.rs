//! The network of a deployed system in netplan's words, which cloud-init takes as its network configuration v2.
//!
//! It is JSON, which both read as YAML: nothing that a user named can break out of it.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::{Map, Value, json};

use crate::id::{SubnetId, VlanId};
use crate::machine::interface::bond::{Bond, BondMode};
use crate::machine::interface::bridge::{Bridge, BridgeType};
use crate::machine::interface::gateways::{Gateways, Router};
use crate::machine::interface::stack::{effective_mtu, is_enabled, parents};
use crate::machine::interface::{Interface, Kind, LinkMode};
use crate::net::subnet::Subnet;
use crate::net::vlan::Vlan;

/// What the interfaces of a machine are connected to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Networks {
    /// The VLANs that they are on.
    pub vlans: BTreeMap<VlanId, Vlan>,
    /// The subnets that they have links to.
    pub subnets: BTreeMap<SubnetId, LinkedSubnet>,
    /// Where names without a domain are looked for.
    pub domain: Option<String>,
}

/// A subnet, and what its hosts are told besides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkedSubnet {
    /// The subnet.
    pub subnet: Subnet,
    /// The DNS servers of its hosts.
    pub name_servers: Vec<IpAddr>,
    /// The static routes of its hosts.
    pub routes: Vec<Route>,
}

/// A static route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// Where it leads.
    pub to: IpNet,
    /// The router.
    pub via: IpAddr,
    /// How far it is.
    pub metric: u32,
}

impl Networks {
    fn subnet(&self, id: Option<SubnetId>) -> Option<&LinkedSubnet> {
        self.subnets.get(&id?)
    }

    /// The default gateways of a machine with these interfaces.
    #[must_use]
    pub fn gateways(&self, all: &[Interface]) -> Gateways {
        Gateways::of(all, |id| {
            let subnet = &self.subnets.get(&id)?.subnet;
            let dhcp_on = self.vlans.get(&subnet.vlan).is_some_and(|vlan| vlan.dhcp_on);
            Some(Router { gateway_ip: subnet.gateway_ip?, dhcp_on })
        })
    }
}

/// The network of a machine with these interfaces.
#[must_use]
pub fn netplan(all: &[Interface], networks: &Networks) -> Value {
    let mut sections: BTreeMap<&str, Map<String, Value>> =
        BTreeMap::from([("ethernets", Map::new())]);
    let gateways = networks.gateways(all);
    for interface in all.iter().filter(|interface| is_enabled(all, interface)) {
        let Some((section, mut settings)) = of_kind(all, interface, networks) else { continue };
        let of_vlan = |id| networks.vlans.get(&id).map(|vlan| vlan.mtu);
        settings.insert("mtu".to_owned(), effective_mtu(all, interface, of_vlan).into());
        if let Some(accept_ra) = interface.settings.accept_ra {
            settings.insert("accept-ra".to_owned(), accept_ra.into());
        }
        add_links(&mut settings, interface, networks, &gateways);
        sections.entry(section).or_default().insert(interface.name.clone(), settings.into());
    }
    let mut network = json!({ "version": 2 });
    for (section, interfaces) in sections {
        network[section] = interfaces.into();
    }
    json!({ "network": network })
}

/// The section that an interface stands in, and what it is there besides its links; none where it cannot be told.
fn of_kind(
    all: &[Interface],
    interface: &Interface,
    networks: &Networks,
) -> Option<(&'static str, Map<String, Value>)> {
    let mac = interface.mac.to_string();
    let mut below: Vec<&str> = parents(all, interface).map(|parent| parent.name.as_str()).collect();
    let (section, settings) = match &interface.kind {
        Kind::Physical => {
            ("ethernets", json!({ "match": { "macaddress": mac }, "set-name": interface.name }))
        }
        Kind::Bond(bond) => {
            below.sort_unstable();
            let parameters = bond_parameters(bond);
            let bond = json!({ "interfaces": below, "macaddress": mac, "parameters": parameters });
            ("bonds", bond)
        }
        Kind::Bridge(bridge) => {
            let Bridge { made_by, stp, forward_delay_s, .. } = bridge;
            let parameters = json!({ "stp": stp, "forward-delay": forward_delay_s });
            let mut bridge =
                json!({ "interfaces": below, "macaddress": mac, "parameters": parameters });
            match made_by {
                BridgeType::Standard => {}
                BridgeType::Ovs => {
                    // Open vSwitch has a forward delay of its own, which netplan does not set.
                    bridge["parameters"] = json!({ "stp": stp });
                    bridge["openvswitch"] = json!({});
                }
            }
            ("bridges", bridge)
        }
        Kind::Vlan => {
            let vid = networks.vlans.get(&interface.vlan?)?.vid;
            ("vlans", json!({ "id": vid, "link": below.first()? }))
        }
        Kind::Unknown => return None,
    };
    let Value::Object(settings) = settings else { return None };
    Some((section, settings))
}

/// What has no meaning in a mode is left out: netplan and the kernel refuse some of it.
fn bond_parameters(bond: &Bond) -> Value {
    let mut parameters = json!({
        "mode": bond.mode.word(),
        "mii-monitor-interval": bond.miimon_ms,
        "down-delay": bond.down_delay_ms,
        "up-delay": bond.up_delay_ms,
        "transmit-hash-policy": bond.hash_policy.word(),
    });
    match bond.mode {
        BondMode::Lacp => parameters["lacp-rate"] = bond.lacp_rate.word().into(),
        // The spelling of netplan's first versions, which cloud-init knows alone.
        BondMode::ActiveBackup => parameters["gratuitious-arp"] = bond.peer_notifications.into(),
        BondMode::BalanceRr
        | BondMode::BalanceXor
        | BondMode::Broadcast
        | BondMode::BalanceTlb
        | BondMode::BalanceAlb => {}
    }
    parameters
}

/// The addresses of an interface, and what its subnets say. The default route is `gateway4` and not one of `routes`, because
/// the cloud-init of Debian 12 renders only that for all of its network back ends.
fn add_links(
    settings: &mut Map<String, Value>,
    interface: &Interface,
    networks: &Networks,
    gateways: &Gateways,
) {
    let (mut addresses, mut routes) = (Vec::new(), Vec::new());
    let mut servers: Vec<String> = Vec::new();
    for link in &interface.links {
        match (link.mode, link.ip_address, networks.subnet(link.subnet)) {
            (LinkMode::Dhcp, _, linked) => {
                let is_ipv6 = linked.map(|linked| linked.subnet.cidr.addr().is_ipv6());
                for (name, family) in [("dhcp4", false), ("dhcp6", true)] {
                    if is_ipv6.is_none_or(|is_ipv6| is_ipv6 == family) {
                        settings.insert(name.to_owned(), true.into());
                    }
                }
            }
            (LinkMode::Auto | LinkMode::Static, Some(address), Some(linked)) => {
                addresses.push(format!("{address}/{}", linked.subnet.cidr.prefix_len()));
                if let Some(gateway) = gateways.by(interface.id, link.id) {
                    let ip = gateway.gateway_ip;
                    let name = if ip.is_ipv4() { "gateway4" } else { "gateway6" };
                    settings.insert(name.to_owned(), ip.to_string().into());
                }
                servers.extend(linked.name_servers.iter().map(ToString::to_string));
                for route in linked.routes.iter().map(route) {
                    // Another address of the same subnet may have brought it.
                    if !routes.contains(&route) {
                        routes.push(route);
                    }
                }
            }
            (LinkMode::Auto | LinkMode::Static | LinkMode::LinkUp, _, _) => {}
        }
    }
    let asks = ["dhcp4", "dhcp6"].iter().any(|name| settings.contains_key(*name));
    if addresses.is_empty() && !asks {
        settings.insert("optional".to_owned(), true.into());
    }
    let mut put = |name: &str, values: Vec<Value>| {
        if !values.is_empty() {
            settings.insert(name.to_owned(), values.into());
        }
    };
    put("addresses", addresses.into_iter().map(Value::from).collect());
    put("routes", routes);
    if let Some(name_servers) = name_servers(servers, networks.domain.as_deref()) {
        settings.insert("nameservers".to_owned(), name_servers);
    }
}

fn route(Route { to, via, metric }: &Route) -> Value {
    json!({ "to": to.to_string(), "via": via.to_string(), "metric": metric })
}

fn name_servers(servers: Vec<String>, domain: Option<&str>) -> Option<Value> {
    let mut distinct: Vec<String> = Vec::new();
    for server in servers {
        if !distinct.contains(&server) {
            distinct.push(server);
        }
    }
    if distinct.is_empty() {
        return None;
    }
    let mut told = json!({ "addresses": distinct });
    if let Some(domain) = domain {
        told["search"] = json!([domain]);
    }
    Some(told)
}

#[cfg(test)]
mod tests;
