//! Addresses that clients made themselves and registered (RFC 9686): nobody gave them, so they give way to whoever is given one.

use std::net::IpAddr;

use ipnet::IpNet;
use model::lease::binding::Binding;
use model::net::range::AddressRange;

use tables::error::TableError;
use tables::read::Reads;
use tables::tx::Tx;

/// Forgets that a client registered an address, which somebody else is to have now.
pub(crate) fn give_way(tx: &mut Tx, ip: IpAddr) -> Result<(), TableError> {
    if tx.state().registered_within(ip, ip).next().is_none() {
        return Ok(());
    }
    if tx.get::<Binding>(&ip)?.is_some_and(|binding| binding.is_registered()) {
        tx.delete::<Binding>(&ip)?;
    }
    Ok(())
}

/// Forgets what was registered of a subnet that goes, or becomes another one.
pub(super) fn forget_beyond(
    tx: &mut Tx,
    before: IpNet,
    after: Option<IpNet>,
) -> Result<(), TableError> {
    let all = AddressRange::of(before);
    let known = tx.state().registered_within(all.first(), all.last());
    let is_gone = |ip: &IpAddr| !after.is_some_and(|after| after.contains(ip));
    let gone: Vec<IpAddr> = known.filter(is_gone).collect();
    gone.into_iter().try_for_each(|ip| give_way(tx, ip))
}

/// Whether a client registered an address.
pub(super) fn is_one(at: &impl Reads, ip: IpAddr) -> bool {
    at.state().registered_within(ip, ip).next().is_some()
}
