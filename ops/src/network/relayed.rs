//! What racks do about DHCP on a VLAN that they do not serve it on: they relay it, to the racks of another VLAN or to servers of
//! others, or they say what machines boot, beside a server of others.
//!
//! All of it is off until somebody asks: a switch may relay already, and a rack that did so, too, would have each message come twice.

use std::net::IpAddr;

use api::field_errors::FieldErrors;
use model::controller::RackController;
use model::net::vlan::Vlan;
use tables::network::SUBNETS_OF_VLAN;
use tables::read::Reads;
use tables::tx::Tx;

use crate::error::Refusal;

/// The cluster version from which on racks may do so. A region of a version before would tell its racks nothing of it, and these would
/// stop.
const SINCE: u32 = 9;
/// How many servers of others a VLAN is relayed to at most: each of them gets every message.
const SERVERS_MAX: usize = 8;

pub(super) const RELAYED_HERE: &str =
    "Another VLAN relays to this one, which therefore cannot relay to a third.";

/// Whether racks may do so.
///
/// # Errors
/// [`Refusal::Tables`].
pub(super) fn check(tx: &Tx, vlan: &Vlan, errors: &mut FieldErrors) -> Result<(), Refusal> {
    if vlan.relay_agent && vlan.relay_vlan.is_none() {
        let message = "Racks relay to those of relay_vlan, which is not set.";
        errors.add("relay_agent", message);
    }
    if !vlan.relay_to.is_empty() {
        check_servers(tx, vlan, errors)?;
    }
    if vlan.proxy_dhcp && (vlan.dhcp_on || vlan.relay_vlan.is_some() || !vlan.relay_to.is_empty()) {
        let message = "DHCP of this VLAN is served or relayed by racks. Switch it off (dhcp_on=false, relay_vlan= and \
                       relay_to=) to leave addresses to a server of others.";
        errors.add("proxy_dhcp", message);
    }
    let asked = [
        ("relay_agent", vlan.relay_agent),
        ("relay_to", !vlan.relay_to.is_empty()),
        ("proxy_dhcp", vlan.proxy_dhcp),
    ];
    for (field, _) in asked.into_iter().filter(|(_, asked)| *asked) {
        if vlan.primary_rack.is_none() && !errors.has("primary_rack") {
            let message = "It can only be turned on when a primary rack controller is set.";
            errors.add(field, message);
        }
        if tx.cluster_version() < SINCE {
            errors.add(field, "Not all regions know it yet: upgrade them first.");
        }
    }
    Ok(())
}

fn check_servers(tx: &Tx, vlan: &Vlan, errors: &mut FieldErrors) -> Result<(), Refusal> {
    if vlan.dhcp_on {
        let message = "DHCP is on in this VLAN. Switch it off (dhcp_on=false) to have it relayed to servers of others.";
        errors.add("relay_to", message);
    }
    if vlan.relay_vlan.is_some() {
        let message = "Racks serve this VLAN through relay_vlan. Take that away to have it relayed to servers of others.";
        errors.add("relay_to", message);
    }
    if tx.list::<Vlan>()?.iter().any(|other| other.relay_vlan == Some(vlan.id)) {
        errors.add("relay_to", RELAYED_HERE);
    }
    if vlan.relay_to.len() > SERVERS_MAX {
        errors.add("relay_to", format!("At most {SERVERS_MAX} servers can be relayed to."));
    }
    let subnets = tx.list_by(&SUBNETS_OF_VLAN, &vlan.id)?;
    let racks = tx.list::<RackController>()?;
    for ip in &vlan.relay_to {
        if !is_a_hosts(*ip) {
            errors.add("relay_to", format!("{ip} is no address of a server."));
        }
        if let Some(subnet) = subnets.iter().find(|subnet| subnet.cidr.contains(ip)) {
            let cidr = subnet.cidr;
            let message =
                format!("{ip} lies in {cidr} of this VLAN, whose clients it hears itself.");
            errors.add("relay_to", message);
        }
        let has = |rack: &&RackController| {
            let mut addresses = rack.interfaces.iter().flat_map(|own| &own.addresses);
            addresses.any(|own| own.addr() == *ip)
        };
        if let Some(rack) = racks.iter().find(has) {
            let message = format!(
                "{ip} is an address of rack {}: name a VLAN that it serves as relay_vlan.",
                rack.hostname
            );
            errors.add("relay_to", message);
        }
    }
    Ok(())
}

/// Whether packets can be sent to one host by an address, whatever the link.
fn is_a_hosts(ip: IpAddr) -> bool {
    let of_link = match ip {
        IpAddr::V4(ip) => ip.is_link_local() || ip.is_broadcast(),
        IpAddr::V6(ip) => ip.is_unicast_link_local() || ip.to_ipv4_mapped().is_some(),
    };
    !(of_link || ip.is_unspecified() || ip.is_multicast() || ip.is_loopback())
}
