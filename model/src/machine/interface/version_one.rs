//! The network of a deployed system as cloud-init's network configuration v1, for systems of the Red Hat family: of v2, which
//! is netplan's, cloud-init renders only a part for their network scripts and `NetworkManager`.
//!
//! It is made of v2, so that both say the same.

use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::{Map, Value, json};

/// Operating systems that get it, by the name of their images.
const FAMILY: &[&str] = &["centos", "rhel", "rocky", "alma", "almalinux", "ol", "fedora"];

/// Parameters of bonds, and what v1 calls them.
const BOND: &[(&str, &str)] = &[
    ("mode", "bond-mode"),
    ("mii-monitor-interval", "bond-miimon"),
    ("down-delay", "bond-downdelay"),
    ("up-delay", "bond-updelay"),
    ("lacp-rate", "bond-lacp-rate"),
    ("transmit-hash-policy", "bond-xmit-hash-policy"),
    ("gratuitious-arp", "bond-num-grat-arp"),
];
/// Those of bridges.
const BRIDGE: &[(&str, &str)] = &[("stp", "bridge_stp"), ("forward-delay", "bridge_fd")];

/// Whether an operating system is told its network this way. Of an image of one's own, that is the one that it is made of.
#[must_use]
pub fn is_for(osystem: &str) -> bool {
    FAMILY.contains(&osystem)
}

/// The same network in version 1.
#[must_use]
pub fn in_version_one(netplan: &Value) -> Value {
    let mut config = Vec::new();
    for (section, convert) in SECTIONS {
        let interfaces = netplan["network"][section].as_object();
        for (name, interface) in interfaces.into_iter().flatten() {
            if let Some(interface) = interface.as_object() {
                config.push(convert(name, interface));
            }
        }
    }
    json!({ "network": { "version": 1, "config": config } })
}

type Convert = fn(&str, &Map<String, Value>) -> Value;

const SECTIONS: [(&str, Convert); 4] =
    [("ethernets", physical), ("bonds", bond), ("vlans", vlan), ("bridges", bridge)];

fn physical(name: &str, of: &Map<String, Value>) -> Value {
    let mac = of.get("match").map(|found| found["macaddress"].clone());
    named("physical", name, of, mac, &[])
}

fn bond(name: &str, of: &Map<String, Value>) -> Value {
    let more = [("bond_interfaces", of.get("interfaces").cloned()), ("params", params(of, BOND))];
    named("bond", name, of, of.get("macaddress").cloned(), &more)
}

fn bridge(name: &str, of: &Map<String, Value>) -> Value {
    let more =
        [("bridge_interfaces", of.get("interfaces").cloned()), ("params", params(of, BRIDGE))];
    named("bridge", name, of, of.get("macaddress").cloned(), &more)
}

fn vlan(name: &str, of: &Map<String, Value>) -> Value {
    let more = [("vlan_link", of.get("link").cloned()), ("vlan_id", of.get("id").cloned())];
    named("vlan", name, of, None, &more)
}

/// What all kinds have.
fn named(
    kind: &str,
    name: &str,
    of: &Map<String, Value>,
    mac: Option<Value>,
    more: &[(&str, Option<Value>)],
) -> Value {
    let mut interface = json!({ "type": kind, "name": name });
    let all = [("mac_address", mac), ("mtu", of.get("mtu").cloned())];
    let accept_ra = [("accept-ra", of.get("accept-ra").cloned())];
    for (field, value) in all.iter().chain(&accept_ra).chain(more) {
        if let Some(value) = value {
            interface[*field] = value.clone();
        }
    }
    interface["subnets"] = subnets(of).into();
    interface
}

fn params(of: &Map<String, Value>, names: &[(&str, &str)]) -> Option<Value> {
    let parameters = of.get("parameters")?.as_object()?;
    let known = names
        .iter()
        .filter_map(|(name, own)| Some(((*own).to_owned(), parameters.get(*name)?.clone())));
    Some(known.collect::<Map<String, Value>>().into())
}

/// The addresses of an interface: each with the gateway that it leads to, the first of a family with its routes, and the
/// first of all with the DNS servers.
fn subnets(of: &Map<String, Value>) -> Vec<Value> {
    let mut subnets: Vec<Value> = Vec::new();
    for address in list(of, "addresses").filter_map(Value::as_str) {
        let kind = if address.contains(':') { "static6" } else { "static" };
        subnets.push(json!({ "type": kind, "address": address }));
    }
    for (field, kind) in [("dhcp4", "dhcp4"), ("dhcp6", "dhcp6")] {
        if of.get(field) == Some(&Value::Bool(true)) {
            subnets.push(json!({ "type": kind }));
        }
    }
    if subnets.is_empty() {
        return vec![json!({ "type": "manual" })];
    }
    for gateway in ["gateway4", "gateway6"].iter().filter_map(|field| of.get(*field)?.as_str()) {
        if let Some(subnet) = leading_to(&mut subnets, gateway) {
            subnet["gateway"] = gateway.into();
        }
    }
    for route in list(of, "routes") {
        let via = route["via"].as_str().unwrap_or_default();
        let Some(subnet) = leading_to(&mut subnets, via) else { continue };
        let route = json!({
            "destination": route["to"],
            "gateway": route["via"],
            "metric": route["metric"],
        });
        match subnet["routes"].as_array_mut() {
            Some(routes) => routes.push(route),
            None => subnet["routes"] = json!([route]),
        }
    }
    if let Some(servers) = of.get("nameservers") {
        for (field, own) in [("addresses", "dns_nameservers"), ("search", "dns_search")] {
            if let Some(values) = servers.get(field) {
                subnets[0][own] = values.clone();
            }
        }
    }
    subnets
}

fn list<'a>(of: &'a Map<String, Value>, field: &str) -> impl Iterator<Item = &'a Value> {
    of.get(field).and_then(Value::as_array).into_iter().flatten()
}

/// The address in whose network a router is, else the first of its family.
fn leading_to<'a>(subnets: &'a mut [Value], router: &str) -> Option<&'a mut Value> {
    let router: IpAddr = router.parse().ok()?;
    let network = |subnet: &Value| subnet["address"].as_str()?.parse::<IpNet>().ok();
    let has = |subnet: &Value| network(subnet).is_some_and(|net| net.contains(&router));
    let is_like = |subnet: &Value| {
        network(subnet).is_some_and(|net| net.addr().is_ipv4() == router.is_ipv4())
    };
    let position = subnets.iter().position(has).or_else(|| subnets.iter().position(is_like))?;
    subnets.get_mut(position)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_of_the_red_hat_family_are_told_in_version_one() {
        assert!(["centos", "rhel", "rocky", "alma", "ol"].into_iter().all(is_for));
        assert!(!["ubuntu", "debian", "custom", ""].into_iter().any(is_for));
    }

    #[test]
    fn what_version_two_says_is_said_in_version_one() {
        let netplan = json!({ "network": { "version": 2,
            "ethernets": {
                "eth0": { "match": { "macaddress": "52:54:00:00:00:01" }, "set-name": "eth0",
                    "mtu": 9000, "optional": true },
                "eth1": { "match": { "macaddress": "52:54:00:00:00:02" }, "set-name": "eth1",
                    "mtu": 1500, "accept-ra": false, "dhcp4": true },
            },
            "bonds": { "bond0": {
                "interfaces": ["eth0"], "macaddress": "52:54:00:00:00:01", "mtu": 9000,
                "parameters": { "mode": "802.3ad", "lacp-rate": "fast", "mii-monitor-interval": 100,
                    "down-delay": 0, "up-delay": 0, "transmit-hash-policy": "layer2" },
                "addresses": ["10.9.0.7/24", "10.0.0.7/24", "fd00::7/64"],
                "gateway4": "10.0.0.1", "gateway6": "fd00::1",
                "routes": [{ "to": "10.9.0.0/16", "via": "10.0.0.254", "metric": 7 }],
                "nameservers": { "addresses": ["10.0.0.2"], "search": ["maas"] },
            } },
            "vlans": { "bond0.5": { "id": 5, "link": "bond0", "mtu": 9000, "optional": true } },
            "bridges": { "br0": { "interfaces": ["bond0.5"], "macaddress": "52:54:00:00:00:01",
                "mtu": 9000, "parameters": { "stp": true, "forward-delay": 15 }, "dhcp6": true } },
        } });
        let told = in_version_one(&netplan);
        assert_eq!(told["network"]["version"], 1);
        assert_eq!(
            told["network"]["config"],
            json!([
                { "type": "physical", "name": "eth0", "mac_address": "52:54:00:00:00:01",
                  "mtu": 9000, "subnets": [{ "type": "manual" }] },
                { "type": "physical", "name": "eth1", "mac_address": "52:54:00:00:00:02",
                  "mtu": 1500, "accept-ra": false, "subnets": [{ "type": "dhcp4" }] },
                { "type": "bond", "name": "bond0", "mac_address": "52:54:00:00:00:01", "mtu": 9000,
                  "bond_interfaces": ["eth0"],
                  "params": { "bond-mode": "802.3ad", "bond-lacp-rate": "fast", "bond-miimon": 100,
                      "bond-downdelay": 0, "bond-updelay": 0, "bond-xmit-hash-policy": "layer2" },
                  "subnets": [
                    { "type": "static", "address": "10.9.0.7/24", "dns_nameservers": ["10.0.0.2"],
                      "dns_search": ["maas"] },
                    { "type": "static", "address": "10.0.0.7/24", "gateway": "10.0.0.1",
                      "routes": [{ "destination": "10.9.0.0/16", "gateway": "10.0.0.254",
                          "metric": 7 }] },
                    { "type": "static6", "address": "fd00::7/64", "gateway": "fd00::1" },
                  ] },
                { "type": "vlan", "name": "bond0.5", "mtu": 9000, "vlan_link": "bond0",
                  "vlan_id": 5, "subnets": [{ "type": "manual" }] },
                { "type": "bridge", "name": "br0", "mac_address": "52:54:00:00:00:01", "mtu": 9000,
                  "bridge_interfaces": ["bond0.5"],
                  "params": { "bridge_stp": true, "bridge_fd": 15 },
                  "subnets": [{ "type": "dhcp6" }] },
            ])
        );
    }
}
