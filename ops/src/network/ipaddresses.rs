//! Addresses that users reserve and give back (MAAS `ipaddresses`).

use std::net::IpAddr;
use std::sync::Arc;

use model::access::{Actor, Object, Permission, permits};
use model::error::Kind;
use model::lease::binding::{Binding, BindingState};
use model::mac::MacAddress;
use model::net::range::AddressRange;
use model::net::reserved::ReservedAddress;
use model::net::subnet::Subnet;
use model::user::User;

use crate::access::users::UserDetail;
use crate::authorize::authorize;
use crate::background;
use crate::details::Details;
use crate::dns::named_addresses;
use crate::error::Refusal;
use crate::machine::placement;
use crate::network::promised::is_promised;
use crate::network::spans::dynamic_range_of;
use crate::network::subnets::SubnetDetail;
use crate::network::{addresses, registered, specifiers};
use tables::network::is_held;
use tables::read::Reads;
use tables::tx::Tx;
use tables::update::Tables;

/// What a user wants to reserve.
#[derive(Debug, Clone, Default)]
pub struct ReserveRequest {
    /// The subnet, when no address is named.
    pub subnet: Option<String>,
    /// The address; a free one of the subnet when absent.
    pub ip: Option<IpAddr>,
    /// The name of the client.
    pub hostname: Option<String>,
    /// The client that DHCP gives it to.
    pub mac: Option<MacAddress>,
}

/// A reserved address as doors show it.
#[derive(Debug, Clone)]
pub struct ReservedDetail {
    /// The reservation.
    pub reserved: ReservedAddress,
    /// The user that has it.
    pub owner: Option<UserDetail>,
    /// The subnet it lies in.
    pub subnet: Option<Arc<SubnetDetail>>,
}

/// Whose address is given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// One that the actor reserved.
    Own,
    /// One that anybody reserved.
    Anybodys,
    /// One that a client has by DHCP.
    Clients,
}

/// Whose reserved addresses are listed.
#[derive(Debug, Clone, Default)]
pub struct ReservedQuery {
    /// Those of everybody.
    pub everybody: bool,
    /// Those of this user; the actor's own when absent.
    pub owner: Option<String>,
    /// Only this address.
    pub ip: Option<IpAddr>,
}

/// Reserved addresses.
///
/// # Errors
/// [`Refusal::Denied`] for those of others.
pub async fn list(
    tables: &Tables,
    actor: &Actor,
    query: &ReservedQuery,
) -> Result<Vec<ReservedDetail>, Refusal> {
    let user = actor.user(Permission::ReserveAddress)?;
    let others = query.owner.as_ref().is_some_and(|owner| *owner != user.username);
    if query.everybody || others {
        permits(actor, Permission::ListAllAddresses, &Object::Site)?;
    }
    let details = Details::seen_by(actor, tables).await?;
    let owner = query.owner.clone().unwrap_or_else(|| user.username.clone());
    let owner = (!query.everybody).then_some(owner);
    if let Some(ip) = query.ip {
        let reserved = details.view().get::<ReservedAddress>(&ip)?;
        return of_owner(&details, reserved, owner.as_deref());
    }
    background::run(move || {
        let all = details.view().list::<ReservedAddress>()?;
        of_owner(&details, all, owner.as_deref())
    })
    .await
}

/// Those of a user; without one, all.
fn of_owner(
    details: &Details,
    reserved: impl IntoIterator<Item = ReservedAddress>,
    owner: Option<&str>,
) -> Result<Vec<ReservedDetail>, Refusal> {
    let mut found = Vec::new();
    for reserved in reserved {
        // Those that are kept for clients are no user's.
        if reserved.reserved_ip.is_some() {
            continue;
        }
        let known = details.user(reserved.user)?;
        if owner.is_none_or(|owner| known.is_some_and(|known| known.username == owner)) {
            found.push(detail_of(details, reserved)?);
        }
    }
    Ok(found)
}

/// A reserved address with what it names.
///
/// # Errors
/// [`Refusal::Tables`].
pub async fn detail(tables: &Tables, reserved: ReservedAddress) -> Result<ReservedDetail, Refusal> {
    detail_of(&Details::after_change(tables).await?, reserved)
}

fn detail_of(details: &Details, reserved: ReservedAddress) -> Result<ReservedDetail, Refusal> {
    let (owner, subnet) = (details.user_detail(reserved.user)?, details.subnet(reserved.subnet)?);
    Ok(ReservedDetail { reserved, owner, subnet })
}

/// Reserves an address for a user.
///
/// # Errors
/// [`Refusal`] when it is in use, in a dynamic range, or none is free.
pub async fn reserve(
    tables: &Tables,
    actor: &Actor,
    request: &ReserveRequest,
) -> Result<ReservedAddress, Refusal> {
    let cause = authorize(actor, Permission::ReserveAddress, "ipaddress.reserve")?;
    let user = actor.user(Permission::ReserveAddress)?;
    let names_all = permits(actor, Permission::ManageDns, &Object::Site).is_ok();
    tables.update(&cause, |tx| insert_as(tx, user, names_all, request)).await
}

/// Adds an address that a user keeps, in a transaction of the caller's.
///
/// # Errors
/// As [`reserve`].
pub fn insert(
    tx: &mut Tx,
    user: &User,
    request: &ReserveRequest,
) -> Result<ReservedAddress, Refusal> {
    insert_as(tx, user, false, request)
}

/// The same for a user that may change all names, or only its own.
fn insert_as(
    tx: &mut Tx,
    user: &User,
    names_all: bool,
    request: &ReserveRequest,
) -> Result<ReservedAddress, Refusal> {
    placement::give_to(tx, user.id)?;
    let subnet = wanted_subnet(tx, request)?;
    let ip = match request.ip {
        Some(ip) => checked(tx, &subnet, ip)?,
        None => addresses::choose(tx, &subnet)?,
    };
    let reserved = ReservedAddress {
        ip,
        subnet: subnet.id,
        mac: request.mac,
        hostname: request.hostname.clone().unwrap_or_default(),
        comment: String::new(),
        user: user.id,
        created: tx.now(),
        reserved_ip: None,
    };
    tx.insert(&reserved)?;
    if !reserved.hostname.is_empty() {
        let whose = (!names_all).then_some(user.id);
        named_addresses::add(tx, &reserved.hostname, reserved.ip, whose)?;
    }
    Ok(reserved)
}

/// Gives a reserved address back; no DNS resource has it any more.
///
/// # Errors
/// [`Refusal`] when nobody has it whose it may be; administrators only may give back that of others.
pub async fn release(
    tables: &Tables,
    actor: &Actor,
    ip: IpAddr,
    whose: Whose,
) -> Result<(), Refusal> {
    let permission = match whose {
        Whose::Own => Permission::ReserveAddress,
        Whose::Anybodys | Whose::Clients => Permission::ReleaseAnyAddress,
    };
    let cause = authorize(actor, permission, "ipaddress.release")?;
    let user = actor.user(permission)?;
    tables
        .update(&cause, |tx| {
            if whose == Whose::Clients {
                return end_lease(tx, ip);
            }
            let own = tx
                .get::<ReservedAddress>(&ip)?
                .filter(|reserved| reserved.reserved_ip.is_none())
                .filter(|reserved| whose == Whose::Anybodys || reserved.user == user.id);
            own.ok_or_else(|| not_released(ip, whose))?;
            tx.delete::<ReservedAddress>(&ip)?;
            named_addresses::forget(tx, ip)
        })
        .await
}

/// Ends the lease of a client, or forgets what it registered: its name goes. The address stays the client's for as long as it was
/// promised, so that nobody else gets it while the client uses it.
fn end_lease(tx: &mut Tx, ip: IpAddr) -> Result<(), Refusal> {
    let in_use = |found: &Binding| found.state == BindingState::Active && found.is_of_address();
    let binding = tx.get::<Binding>(&ip)?.filter(in_use);
    let binding = binding.ok_or_else(|| not_released(ip, Whose::Clients))?;
    if binding.is_registered() {
        return Ok(registered::give_way(tx, ip)?);
    }
    Ok(tx.put(&Binding { state: BindingState::Released, ..binding })?)
}

fn not_released(ip: IpAddr, whose: Whose) -> Refusal {
    let message = match whose {
        Whose::Own => format!(
            "IP address {ip} does not exist, is not the correct type of address, or does not belong \
             to the requesting user.\nIf you are sure you want to release this address, use \
             force=true as a MAAS administrator."
        ),
        Whose::Anybodys | Whose::Clients => format!("IP address {ip} does not exist."),
    };
    Refusal::with_message(Kind::Invalid, message)
}

fn wanted_subnet(tx: &Tx, request: &ReserveRequest) -> Result<Subnet, Refusal> {
    match (&request.subnet, request.ip) {
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
            Err(Refusal::with_message(Kind::Invalid, message))
        }
    }
}

fn checked(tx: &mut Tx, subnet: &Subnet, ip: IpAddr) -> Result<IpAddr, Refusal> {
    if !AddressRange::hosts_of(subnet.cidr).contains(ip) {
        let message = format!("{ip} is not within subnet CIDR: {}", subnet.cidr);
        return Err(Refusal::field("ip_address", message));
    }
    if let Some(range) = dynamic_range_of(tx, subnet, ip)? {
        let message =
            format!("{ip} is within the dynamic range from {} to {}", range.start_ip, range.end_ip);
        return Err(Refusal::with_message(Kind::Forbidden, message));
    }
    take(tx, subnet, ip)
}

/// An address of a subnet, unless anybody has it or may have it.
///
/// # Errors
/// [`Refusal`] as MAAS says it, not found.
pub(crate) fn take(tx: &mut Tx, subnet: &Subnet, ip: IpAddr) -> Result<IpAddr, Refusal> {
    let used = !tx.state().used(AddressRange::one(ip)).is_empty();
    let taken = used || is_held(&tx.looking(), ip) || is_promised(tx, ip, tx.now());
    if taken || subnet.gateway_ip == Some(ip) {
        let message = format!("The IP address {ip} is already in use.");
        return Err(Refusal::Message { kind: Kind::NotFound, message });
    }
    addresses::keep(tx, subnet, ip);
    registered::give_way(tx, ip)?;
    Ok(ip)
}
