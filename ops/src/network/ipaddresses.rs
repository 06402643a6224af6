//! Addresses that users reserve and give back (MAAS `ipaddresses`).

use std::net::IpAddr;

use model::error::Kind;
use model::mac::MacAddress;
use model::net::iprange::Purpose;
use model::net::range::AddressRange;
use model::net::reserved::ReservedAddress;
use model::net::subnet::Subnet;
use model::user::User;

use crate::error::Refusal;
use crate::network::promised::is_promised;
use crate::network::{addresses, specifiers};
use tables::network::{IPRANGES_OF_SUBNET, is_held};
use tables::read::Reads;
use tables::tx::Tx;
use tables::update::{Cause, Tables};

/// What a user wants to reserve.
#[derive(Debug, Clone, Default)]
pub struct Wish {
    /// The subnet, when no address is named.
    pub subnet: Option<String>,
    /// The address; a free one of the subnet when absent.
    pub ip: Option<IpAddr>,
    /// The name of the client.
    pub hostname: Option<String>,
    /// The client that DHCP gives it to.
    pub mac: Option<MacAddress>,
}

/// Reserves an address for a user.
///
/// # Errors
/// [`Refusal`] when it is in use, in a dynamic range, or none is free.
pub async fn reserve(
    tables: &Tables,
    cause: &Cause,
    user: &User,
    wish: &Wish,
) -> Result<ReservedAddress, Refusal> {
    tables
        .update(cause, |tx| {
            let subnet = wanted_subnet(tx, wish)?;
            let ip = match wish.ip {
                Some(ip) => checked(tx, &subnet, ip)?,
                None => addresses::choose(tx, &subnet)?,
            };
            let reserved = ReservedAddress {
                ip,
                subnet: subnet.id,
                mac: wish.mac,
                hostname: wish.hostname.clone().unwrap_or_default(),
                comment: String::new(),
                user: user.id,
                created: tx.now(),
            };
            tx.insert(&reserved)?;
            Ok(reserved)
        })
        .await
}

/// Gives a reserved address back.
///
/// # Errors
/// [`Refusal`] when the user does not have it; administrators with `force` may give back anybody's.
pub async fn release(
    tables: &Tables,
    cause: &Cause,
    user: &User,
    ip: IpAddr,
    force: bool,
) -> Result<(), Refusal> {
    if force && !user.is_superuser {
        let message = "Force-releasing an IP address requires admin privileges.";
        return Err(Refusal::said(Kind::Forbidden, message));
    }
    tables
        .update(cause, |tx| {
            let own = tx
                .get::<ReservedAddress>(&ip)?
                .filter(|reserved| force || reserved.user == user.id);
            own.ok_or_else(|| {
                let message = format!(
                    "IP address {ip} does not exist, is not the correct type of \
                                       address, or does not belong to the requesting user."
                );
                Refusal::said(Kind::Invalid, message)
            })?;
            tx.delete::<ReservedAddress>(&ip)?;
            Ok(())
        })
        .await
}

fn wanted_subnet(tx: &Tx, wish: &Wish) -> Result<Subnet, Refusal> {
    match (&wish.subnet, wish.ip) {
        (Some(subnet), _) => specifiers::subnet(tx, subnet),
        (None, Some(ip)) => {
            specifiers::subnet(tx, &format!("ip:{ip}")).map_err(|refusal| match refusal {
                Refusal::NotFound { .. } => {
                    Refusal::field("ip_address", format!("No known subnet for IP {ip}."))
                }
                other => other,
            })
        }
        (None, None) => {
            let message = "Must supply either a subnet or an IP address.";
            Err(Refusal::said(Kind::Invalid, message))
        }
    }
}

fn checked(tx: &mut Tx, subnet: &Subnet, ip: IpAddr) -> Result<IpAddr, Refusal> {
    if !AddressRange::hosts_of(subnet.cidr).contains(ip) {
        let message = format!("{ip} is not within subnet CIDR: {}", subnet.cidr);
        return Err(Refusal::field("ip_address", message));
    }
    let ranges = tx.list_by(&IPRANGES_OF_SUBNET, &subnet.id)?;
    let dynamic = ranges.iter().find(|range| {
        let addresses = AddressRange::new(range.start_ip, range.end_ip);
        range.purpose == Purpose::Dynamic
            && addresses.is_some_and(|addresses| addresses.contains(ip))
    });
    if let Some(range) = dynamic {
        let message =
            format!("{ip} is within the dynamic range from {} to {}", range.start_ip, range.end_ip);
        return Err(Refusal::said(Kind::Forbidden, message));
    }
    let used = !tx.state().used(AddressRange::one(ip)).is_empty();
    let taken = used || is_held(&tx.looking(), ip) || is_promised(tx, ip, tx.now());
    if taken || subnet.gateway_ip == Some(ip) {
        let message = format!("The IP address {ip} is already in use.");
        return Err(Refusal::Said { kind: Kind::NotFound, message });
    }
    addresses::keep(tx, subnet, ip);
    Ok(ip)
}
