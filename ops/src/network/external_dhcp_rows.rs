//! Rows of external DHCP servers: a VLAN without any has none, and what nobody looks for any more goes.

use model::id::SystemId;
use model::net::external_dhcp::{ExternalDhcp, Protocol};
use model::net::subnet::Subnet;

use tables::error::TableError;
use tables::network::SUBNETS_OF_VLAN;
use tables::read::Reads;
use tables::tx::Tx;

/// Forgets what a rack found that is no more.
///
/// # Errors
/// As [`Tx::put`].
pub(crate) fn forget(tx: &mut Tx, rack: &SystemId) -> Result<(), TableError> {
    for mut external in tx.list::<ExternalDhcp>()? {
        if external.forget(rack) {
            put(tx, &external)?;
        }
    }
    Ok(())
}

/// A VLAN loses a subnet. Where it was the last one of its family, no rack looks for servers of that family any more.
///
/// # Errors
/// As [`Tx::put`].
pub(super) fn forget_unsearched(tx: &mut Tx, lost: &Subnet) -> Result<(), TableError> {
    let Some(mut external) = tx.get::<ExternalDhcp>(&lost.vlan)? else { return Ok(()) };
    let protocol = Protocol::of(lost.cidr.addr());
    let subnets = tx.list_by(&SUBNETS_OF_VLAN, &lost.vlan)?;
    let mut others = subnets.iter().filter(|other| other.id != lost.id);
    let is_searched = others.any(|other| Protocol::of(other.cidr.addr()) == protocol);
    if !is_searched && external.forget_all_of(protocol) {
        put(tx, &external)?;
    }
    Ok(())
}

/// Keeps the servers of a VLAN.
///
/// # Errors
/// As [`Tx::put`].
pub(super) fn put(tx: &mut Tx, external: &ExternalDhcp) -> Result<(), TableError> {
    if external.servers.is_empty() {
        tx.delete::<ExternalDhcp>(&external.vlan).map(drop)
    } else {
        tx.put(external)
    }
}
