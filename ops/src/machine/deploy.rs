//! What a deployed system is told: the files that the agent writes into the new root, so that
//! cloud-init finds the metadata service of its rack and configures the static network.
//!
//! The files are JSON, which cloud-init reads as YAML: nothing a user named can break out of it.

use std::collections::BTreeMap;
use std::net::IpAddr;

use model::dns::domain::Domain;
use model::machine::Machine;
use model::machine::interface::{Interface, LinkMode};
use model::net::staticroute::StaticRoute;
use model::net::subnet::Subnet;
use model::secret::Secret;
use model::user::ApiToken;
use serde_json::{Map, Value, json};

use crate::network::spans::rack_addresses;
use tables::error::TableError;
use tables::options::STATIC_ROUTES_OF_SUBNET;
use tables::read::Reads;

const DATASOURCE_FILE: &str = "/etc/cloud/cloud.cfg.d/90_ironraft_datasource.cfg";
const NETWORK_FILE: &str = "/etc/cloud/cloud.cfg.d/50-network.cfg";

/// The machine's full name, `web-1.maas`.
///
/// # Errors
/// [`TableError::Corrupt`].
pub fn fqdn(reads: &impl Reads, machine: &Machine) -> Result<String, TableError> {
    let domain = reads.get::<Domain>(&machine.placement.domain)?;
    Ok(domain.map_or_else(
        || machine.hostname.clone(),
        |domain| format!("{}.{}", machine.hostname, domain.name),
    ))
}

/// The files for the target, path to content. `rack` is where the machine reaches its rack.
///
/// # Errors
/// [`TableError::Corrupt`].
pub fn target_files(
    reads: &impl Reads,
    machine: &Machine,
    token: &ApiToken,
    rack: &str,
) -> Result<BTreeMap<String, Secret>, TableError> {
    let network = network_config(reads, machine, rack)?;
    let pretty = |value: &Value| Secret::new(format!("{value:#}\n"));
    Ok(BTreeMap::from([
        (DATASOURCE_FILE.to_owned(), pretty(&datasource_config(token, rack))),
        (NETWORK_FILE.to_owned(), pretty(&network)),
    ]))
}

/// Where cloud-init finds the metadata service. Without MAAS's reporting web hook: its calls fail
/// until the network is up, and each failure delays the boot by seconds.
fn datasource_config(token: &ApiToken, rack: &str) -> Value {
    json!({
        "datasource_list": ["MAAS"],
        "datasource": { "MAAS": {
            "metadata_url": format!("http://{rack}/MAAS/metadata/"),
            "consumer_key": token.consumer_key,
            "token_key": token.key,
            "token_secret": token.secret.expose(),
        } },
        "manage_etc_hosts": true,
    })
}

/// The networks of a machine, in netplan's words.
///
/// # Errors
/// [`TableError::Corrupt`].
pub(crate) fn network_config(
    reads: &impl Reads,
    machine: &Machine,
    rack: &str,
) -> Result<Value, TableError> {
    let domain = reads.get::<Domain>(&machine.placement.domain)?;
    let mut ethernets = Map::new();
    for interface in machine.interfaces.iter().filter(|interface| interface.enabled) {
        let mut settings = ethernet_config(reads, interface, rack)?;
        if let Some(domain) = domain.as_ref().filter(|_| settings.contains_key("nameservers")) {
            settings["nameservers"]["search"] = json!([domain.name]);
        }
        ethernets.insert(interface.name.clone(), settings.into());
    }
    Ok(json!({ "network": { "version": 2, "ethernets": ethernets } }))
}

/// One interface in netplan's words. The default route is `gateway4` and not one of `routes`, because
/// the cloud-init of Debian 12 renders only that for all of its network back ends.
fn ethernet_config(
    reads: &impl Reads,
    interface: &Interface,
    rack: &str,
) -> Result<Map<String, Value>, TableError> {
    let mut settings = Map::new();
    settings.insert("match".to_owned(), json!({ "macaddress": interface.mac.to_string() }));
    settings.insert("set-name".to_owned(), interface.name.clone().into());
    let mut addresses = Vec::new();
    let mut servers: Vec<IpAddr> = Vec::new();
    let mut routes: Vec<Value> = Vec::new();
    for link in &interface.links {
        let subnet = match link.subnet {
            Some(subnet) => reads.get::<Subnet>(&subnet)?,
            None => None,
        };
        match (link.mode, link.ip_address, subnet) {
            (LinkMode::Dhcp, _, subnet) => {
                let over_ipv6 = subnet.is_some_and(|subnet| subnet.cidr.addr().is_ipv6());
                let name = if over_ipv6 { "dhcp6" } else { "dhcp4" };
                settings.insert(name.to_owned(), true.into());
            }
            (LinkMode::Auto | LinkMode::Static, Some(address), Some(subnet)) => {
                addresses.push(format!("{address}/{}", subnet.cidr.prefix_len()));
                if let Some(gateway) = subnet.gateway_ip {
                    let name = if gateway.is_ipv4() { "gateway4" } else { "gateway6" };
                    settings.insert(name.to_owned(), gateway.to_string().into());
                }
                servers.extend(name_servers(reads, &subnet, rack)?);
                routes.extend(static_routes(reads, &subnet)?);
            }
            (LinkMode::Auto | LinkMode::Static | LinkMode::LinkUp, _, _) => {}
        }
    }
    let asks = ["dhcp4", "dhcp6"].iter().any(|name| settings.contains_key(*name));
    if addresses.is_empty() && !asks {
        settings.insert("optional".to_owned(), true.into());
    }
    if !addresses.is_empty() {
        settings.insert("addresses".to_owned(), addresses.into());
    }
    if !routes.is_empty() {
        settings.insert("routes".to_owned(), routes.into());
    }
    if !servers.is_empty() {
        let mut distinct: Vec<String> = Vec::new();
        for server in servers.iter().map(ToString::to_string) {
            if !distinct.contains(&server) {
                distinct.push(server);
            }
        }
        settings.insert("nameservers".to_owned(), json!({ "addresses": distinct }));
    }
    Ok(settings)
}

/// The static routes of a subnet's hosts, in netplan's words.
fn static_routes(reads: &impl Reads, subnet: &Subnet) -> Result<Vec<Value>, TableError> {
    let mut routes = reads.list_by(&STATIC_ROUTES_OF_SUBNET, &subnet.id)?;
    routes.retain(|route| route.source == subnet.id);
    routes.sort_by_key(|route| (route.metric, route.id));
    let mut found = Vec::new();
    for StaticRoute { destination, gateway_ip, metric, .. } in routes {
        if let Some(destination) = reads.get::<Subnet>(&destination)? {
            let to = destination.cidr.to_string();
            found.push(json!({ "to": to, "via": gateway_ip.to_string(), "metric": metric }));
        }
    }
    Ok(found)
}

/// The DNS servers of a subnet's hosts: the racks on it, or the rack the machine came through,
/// and then the subnet's own.
fn name_servers(
    reads: &impl Reads,
    subnet: &Subnet,
    rack: &str,
) -> Result<Vec<IpAddr>, TableError> {
    let mut servers = Vec::new();
    if subnet.allow_dns {
        servers.extend(rack_addresses(reads, subnet)?);
        if servers.is_empty() {
            servers.extend(host_of(rack));
        }
    }
    servers.extend(&subnet.dns_servers);
    Ok(servers)
}

/// The address in `10.0.0.2:5248` or `[fd00::1]:5248`.
fn host_of(rack: &str) -> Option<IpAddr> {
    let host = rack.rsplit_once(':').map_or(rack, |(host, _)| host);
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}
