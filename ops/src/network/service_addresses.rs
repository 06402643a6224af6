//! The service addresses of VLANs: which may be set.

use std::net::IpAddr;

use api::field_errors::FieldErrors;
use model::controller::RackController;
use model::error::Kind;
use model::id::VlanId;
use model::net::subnet::Subnet;
use model::net::vlan::Vlan;
use tables::error::TableError;
use tables::network::SUBNETS_OF_VLAN;
use tables::read::Reads;
use tables::tx::Tx;

use crate::error::Refusal;
use crate::network::gateways;

const FIELD: &str = "service_addresses";

/// The cluster version from which on racks may have them.
const SINCE: u32 = 9;

/// Whether a VLAN may have the service addresses that it has. Those of `before` were looked at when they were set.
///
/// # Errors
/// [`Refusal::Tables`].
pub(super) fn check(
    tx: &Tx,
    vlan: &Vlan,
    before: &[IpAddr],
    errors: &mut FieldErrors,
) -> Result<(), Refusal> {
    let addresses = &vlan.service_addresses;
    if addresses.is_empty() {
        return Ok(());
    }
    if vlan.primary_rack.is_none() && !errors.has("primary_rack") {
        errors.add(FIELD, "It can only be set when a primary rack controller is set.");
    }
    if tx.cluster_version() < SINCE {
        errors.add(FIELD, "Not all regions know it yet: upgrade them first.");
    }
    for of_family in [IpAddr::is_ipv4, IpAddr::is_ipv6] {
        if addresses.iter().filter(|ip| of_family(ip)).count() > 1 {
            errors.add(FIELD, "A VLAN has one service address of each address family at most.");
        }
    }
    for ip in addresses.iter().filter(|ip| !before.contains(ip)) {
        check_address(tx, vlan, *ip, errors)?;
    }
    Ok(())
}

fn check_address(
    tx: &Tx,
    vlan: &Vlan,
    ip: IpAddr,
    errors: &mut FieldErrors,
) -> Result<(), Refusal> {
    let subnets = tx.list_by(&SUBNETS_OF_VLAN, &vlan.id)?;
    let around = subnets.iter().filter(|subnet| subnet.cidr.contains(&ip));
    let Some(subnet) = around.max_by_key(|subnet| subnet.cidr.prefix_len()) else {
        errors.add(FIELD, format!("{ip} lies in no subnet of this VLAN."));
        return Ok(());
    };
    if subnet.gateway_ip == Some(ip) {
        errors.add(FIELD, format!("{ip} is the gateway of subnet {}.", subnet.cidr));
    }
    for rack in tx.list::<RackController>()? {
        let mut addresses = rack.interfaces.iter().flat_map(|own| &own.addresses);
        if addresses.any(|own| own.addr() == ip) {
            errors.add(FIELD, format!("{ip} is an address of rack {} alone.", rack.hostname));
        }
    }
    match gateways::check_unused(tx, subnet, ip, FIELD) {
        Err(Refusal::Fields(found)) => {
            let messages = found.by_field().values().flatten();
            messages.for_each(|message| errors.add(FIELD, message));
            Ok(())
        }
        other => other,
    }
}

/// Whether an address is a service address of a VLAN.
pub(super) fn is_one(at: &impl Reads, vlan: VlanId, ip: IpAddr) -> Result<bool, TableError> {
    Ok(at.get::<Vlan>(&vlan)?.is_some_and(|vlan| vlan.service_addresses.contains(&ip)))
}

/// Whether a subnet may go from its VLAN, or be another one there: no service address of the VLAN lies in it alone.
///
/// # Errors
/// [`Refusal::Message`] that names the address.
pub(super) fn check_loss(tx: &Tx, before: &Subnet, after: Option<&Subnet>) -> Result<(), Refusal> {
    let Some(vlan) = tx.get::<Vlan>(&before.vlan)? else { return Ok(()) };
    let stays = |ip: &IpAddr| {
        after.is_some_and(|after| after.vlan == before.vlan && after.cidr.contains(ip))
    };
    let mut addresses = vlan.service_addresses.iter();
    let lost = addresses.find(|ip| before.cidr.contains(*ip) && !stays(ip));
    match lost {
        None => Ok(()),
        Some(ip) => Err(Refusal::with_message(
            Kind::Conflict,
            format!(
                "{ip} in {} is a service address of VLAN {} (vid {}): take it away there first \
                 (service_addresses=).",
                before.cidr, vlan.name, vlan.vid
            ),
        )),
    }
}
