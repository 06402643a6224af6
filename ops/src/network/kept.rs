//! Addresses that are kept for clients, as those see them who give addresses to machines or remove subnets.

use std::net::IpAddr;

use model::id::SubnetId;
use model::mac::MacAddress;
use model::net::reserved::{ReservedAddress, ReservedIp};

use crate::machine::holders;
use tables::error::TableError;
use tables::network::{RESERVEDIP_OF_CLIENT, RESERVEDIPS_OF_SUBNET};
use tables::read::Reads;
use tables::tx::Tx;

/// The address of a subnet that is kept for a client, unless a machine or device has it.
pub(crate) fn for_client(
    at: &impl Reads,
    subnet: SubnetId,
    mac: MacAddress,
) -> Result<Option<IpAddr>, TableError> {
    let Some(reserved) = at.find(&RESERVEDIP_OF_CLIENT, &(subnet, mac))? else { return Ok(None) };
    let taken = holders::of_address(at, reserved.ip)?.is_some();
    Ok((!taken).then_some(reserved.ip))
}

/// Gives an address free that was kept for a client.
pub(crate) fn remove(tx: &mut Tx, reserved: &ReservedIp) -> Result<(), TableError> {
    tx.delete::<ReservedAddress>(&reserved.ip)?;
    tx.delete::<ReservedIp>(&reserved.id)?;
    Ok(())
}

/// Gives all addresses of a subnet free that are kept for clients, in a transaction that removes the subnet.
pub(crate) fn forget_subnet(tx: &mut Tx, subnet: SubnetId) -> Result<(), TableError> {
    for reserved in tx.list_by(&RESERVEDIPS_OF_SUBNET, &subnet)? {
        remove(tx, &reserved)?;
    }
    Ok(())
}
