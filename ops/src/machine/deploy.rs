//! What a deployed system is told: the files that the agent writes into the new root, so that
//! cloud-init finds the metadata service of its rack and configures the static network.
//!
//! The files are JSON, which cloud-init reads as YAML: nothing a user named can break out of it.

use std::collections::BTreeMap;
use std::net::IpAddr;

use model::dns::domain::Domain;
use model::id::VlanId;
use model::machine::Machine;
use model::machine::interface::netplan::{LinkedSubnet, Networks, Route, netplan};
use model::machine::interface::version_one;
use model::net::staticroute::StaticRoute;
use model::net::subnet::Subnet;
use model::net::vlan::Vlan;
use model::secret::Secret;
use model::user::ApiToken;
use serde_json::{Value, json};

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

/// The networks of a machine as the system on it is told: in netplan's words, or in those of cloud-init's version 1.
///
/// # Errors
/// [`TableError::Corrupt`].
pub(crate) fn network_config(
    reads: &impl Reads,
    machine: &Machine,
    rack: &str,
) -> Result<Value, TableError> {
    let told = netplan(&machine.interfaces, &networks(reads, machine, rack)?);
    let osystem = machine.deployment.as_ref().map_or("", |found| found.osystem.as_str());
    Ok(if version_one::is_for(osystem) { version_one::in_version_one(&told) } else { told })
}

/// What the interfaces of a machine are connected to.
fn networks(reads: &impl Reads, machine: &Machine, rack: &str) -> Result<Networks, TableError> {
    let domain = reads.get::<Domain>(&machine.placement.domain)?;
    let mut networks = Networks { domain: domain.map(|domain| domain.name), ..Networks::default() };
    for interface in &machine.interfaces {
        for id in interface.links.iter().filter_map(|link| link.subnet) {
            let Some(subnet) = reads.get::<Subnet>(&id)? else { continue };
            add_vlan(reads, &mut networks, subnet.vlan)?;
            let (name_servers, routes) =
                (name_servers(reads, &subnet, rack)?, static_routes(reads, &subnet)?);
            networks.subnets.insert(id, LinkedSubnet { subnet, name_servers, routes });
        }
        if let Some(vlan) = interface.vlan {
            add_vlan(reads, &mut networks, vlan)?;
        }
    }
    Ok(networks)
}

fn add_vlan(reads: &impl Reads, networks: &mut Networks, id: VlanId) -> Result<(), TableError> {
    if let Some(vlan) = reads.get::<Vlan>(&id)? {
        networks.vlans.insert(id, vlan);
    }
    Ok(())
}

/// The static routes of a subnet's hosts.
fn static_routes(reads: &impl Reads, subnet: &Subnet) -> Result<Vec<Route>, TableError> {
    let mut routes = reads.list_by(&STATIC_ROUTES_OF_SUBNET, &subnet.id)?;
    routes.retain(|route| route.source == subnet.id);
    routes.sort_by_key(|route| (route.metric, route.id));
    let mut found = Vec::new();
    for StaticRoute { destination, gateway_ip, metric, .. } in routes {
        if let Some(destination) = reads.get::<Subnet>(&destination)? {
            found.push(Route { to: destination.cidr, via: gateway_ip, metric });
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
