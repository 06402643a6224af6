//! Which addresses may be those of gateways. Nobody else gets the address of a subnet's gateway, so one
//! that somebody has, or may get, would be taken from its holder.

use std::net::IpAddr;

use model::lease::binding::{Binding, BindingState};
use model::net::range::AddressRange;
use model::net::reserved::ReservedAddress;
use model::net::subnet::Subnet;
use model::net::vlan::Vlan;

use crate::error::Refusal;
use crate::machine::holders;
use crate::network::addresses;
use crate::network::promised::is_promised;
use crate::network::spans::dynamic_range_of;
use tables::network::SUBNETS_GUARD;
use tables::read::Reads;
use tables::tx::Tx;

const FIELD: &str = "gateway_ip";

/// Whether the gateway of a subnet, which is new, may be that address: no client, machine, device or reservation
/// depends on it. A reservation for no client in particular may well be the gateway's.
pub(super) fn check(tx: &Tx, subnet: &Subnet, ip: IpAddr) -> Result<(), Refusal> {
    let vlan = tx.get::<Vlan>(&subnet.vlan)?;
    if vlan.is_some_and(|vlan| vlan.service_addresses.contains(&ip)) {
        let message = format!("The IP address {ip} is the service address of its VLAN.");
        return Err(Refusal::field(FIELD, message));
    }
    check_unused(tx, subnet, ip, FIELD)
}

/// Whether an address is a host's that nobody has or may get, for a field that says so.
pub(super) fn check_unused(
    tx: &Tx,
    subnet: &Subnet,
    ip: IpAddr,
    field: &'static str,
) -> Result<(), Refusal> {
    let refused = |message: String| Err(Refusal::field(field, message));
    check_host(tx, subnet, ip, field)?;
    addresses::keep_all(tx, subnet, AddressRange::one(ip));
    if let Some(holder) = holders::of_address(tx, ip)? {
        let hostname = holder.hostname;
        return refused(format!("The IP address {ip} is already in use by {hostname}."));
    }
    if let Some(mac) = tx.get::<ReservedAddress>(&ip)?.and_then(|reserved| reserved.mac) {
        return refused(format!("The IP address {ip} is reserved for {mac}."));
    }
    if !is_promised(tx, ip, tx.now()) {
        return Ok(());
    }
    let binding = tx.get::<Binding>(&ip)?;
    refused(match binding.filter(|binding| binding.state == BindingState::Active) {
        Some(Binding { client, .. }) => format!("The IP address {ip} is leased to {client}."),
        None => format!("The IP address {ip} is kept for DHCP clients for some minutes yet."),
    })
}

/// Whether a static route of a subnet may lead through that address: it is a host's, and no client of
/// DHCP gets it.
pub(super) fn check_route(tx: &Tx, subnet: &Subnet, ip: IpAddr) -> Result<(), Refusal> {
    tx.depend_on(SUBNETS_GUARD);
    check_host(tx, subnet, ip, FIELD)
}

fn check_host(tx: &Tx, subnet: &Subnet, ip: IpAddr, field: &'static str) -> Result<(), Refusal> {
    let refused = |message: String| Err(Refusal::field(field, message));
    // The anycast address of an IPv6 subnet is that of its routers (RFC 4291 §2.6.1).
    if ip.is_ipv4()
        && subnet.cidr.contains(&ip)
        && !AddressRange::hosts_of(subnet.cidr).contains(ip)
    {
        let what = if ip == subnet.cidr.network() { "network" } else { "broadcast" };
        return refused(format!("{ip} is the {what} address of subnet {}.", subnet.cidr));
    }
    match dynamic_range_of(tx, subnet, ip)? {
        Some(range) => refused(format!(
            "{ip} is within the dynamic range from {} to {}",
            range.start_ip, range.end_ip
        )),
        None => Ok(()),
    }
}
