//! Addresses that a user names without reserving them first: those of DNS resources.
//!
//! As in MAAS, an address that nobody has becomes a reserved address of the user, so that no machine gets it, and is
//! given back as one. One that somebody has, or that DHCP gives away, is only named.

use std::net::IpAddr;

use model::net::range::AddressRange;
use model::net::reserved::ReservedAddress;
use model::user::User;

use crate::error::Refusal;
use crate::machine::placement;
use crate::network::promised::is_promised;
use crate::network::spans::dynamic_range_of;
use crate::network::{addresses, registered, specifiers};
use tables::network::is_held;
use tables::tx::Tx;

/// Reserves an address for a user where nobody has it and it is of a known subnet.
///
/// # Errors
/// [`Refusal::Tables`].
pub(crate) fn reserve(tx: &mut Tx, user: &User, ip: IpAddr) -> Result<(), Refusal> {
    if is_held(tx, ip) || is_promised(&tx.looking(), ip, tx.now()) {
        return Ok(());
    }
    let subnet = match specifiers::subnet(tx, &format!("ip:{ip}")) {
        Ok(subnet) => subnet,
        Err(Refusal::NotFound { .. }) => return Ok(()),
        Err(other) => return Err(other),
    };
    let is_dynamic = dynamic_range_of(tx, &subnet, ip)?.is_some();
    let is_host = AddressRange::hosts_of(subnet.cidr).contains(ip);
    if is_dynamic || !is_host || subnet.gateway_ip == Some(ip) {
        return Ok(());
    }
    placement::give_to(tx, user.id)?;
    addresses::keep(tx, &subnet, ip);
    registered::give_way(tx, ip)?;
    Ok(tx.insert(&ReservedAddress {
        ip,
        subnet: subnet.id,
        mac: None,
        hostname: String::new(),
        comment: String::new(),
        user: user.id,
        created: tx.now(),
        reserved_ip: None,
    })?)
}
