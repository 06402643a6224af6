//! Reserved IPs: addresses that are kept for one client, whoever that is (MAAS `reservedips`). DHCP gives the
//! address to its client, a machine that is deployed with that interface gets it, and nobody else does.

use std::net::IpAddr;
use std::sync::Arc;

use api::field_errors::FieldErrors;
use model::access::{Actor, Permission};
use model::id::{ReservedIpId, UserId};
use model::lease::binding::Binding;
use model::mac::MacAddress;
use model::net::range::AddressRange;
use model::net::reserved::{COMMENT_MAX, ReservedAddress, ReservedIp, check};
use model::net::subnet::Subnet;

use crate::authorize::authorize;
use crate::details::Details;
use crate::error::Refusal;
use crate::machine::holders;
use crate::network::promised::is_promised;
use crate::network::subnets::SubnetDetail;
use crate::network::{addresses, kept, registered, specifiers};
use tables::error::TableError;
use tables::network::{
    IPRANGES_OF_SUBNET, RESERVEDIP_BY_ADDRESS, RESERVEDIP_OF_CLIENT, SUBNETS_GUARD,
};
use tables::read::Reads;
use tables::tx::Tx;
use tables::update::Tables;

const MISSING: Refusal = Refusal::NotFound { model: "ReservedIP" };

/// What shall be set of a reserved IP; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct ReservedIpChange {
    /// The address.
    pub ip: Option<IpAddr>,
    /// The subnet; found by the address if absent.
    pub subnet: Option<String>,
    /// The client.
    pub mac: Option<MacAddress>,
    /// Free text.
    pub comment: Option<String>,
}

/// A reserved IP as doors show it.
#[derive(Debug, Clone)]
pub struct ReservedIpDetail {
    /// The reserved IP.
    pub reserved: ReservedIp,
    /// The subnet that it lies in.
    pub subnet: Option<Arc<SubnetDetail>>,
}

/// All reserved IPs.
///
/// # Errors
/// [`Refusal`].
pub async fn list(tables: &Tables, actor: &Actor) -> Result<Vec<ReservedIpDetail>, Refusal> {
    let details = Details::of_site(actor, tables).await?;
    let all = details.view().list::<ReservedIp>()?.into_iter();
    all.map(|reserved| detail(&details, reserved)).collect()
}

/// A reserved IP.
///
/// # Errors
/// [`Refusal::NotFound`].
pub async fn get(
    tables: &Tables,
    actor: &Actor,
    id: ReservedIpId,
) -> Result<ReservedIpDetail, Refusal> {
    let details = Details::of_site(actor, tables).await?;
    let reserved = details.view().get::<ReservedIp>(&id)?.ok_or(MISSING)?;
    detail(&details, reserved)
}

/// Keeps an address for a client.
///
/// # Errors
/// [`Refusal`] when it is in a dynamic range, or another client has it.
pub async fn create(
    tables: &Tables,
    actor: &Actor,
    change: &ReservedIpChange,
) -> Result<ReservedIpDetail, Refusal> {
    let cause = authorize(actor, Permission::ManageNetwork, "reservedip.create")?;
    let user = actor.user(Permission::ManageNetwork)?;
    let reserved = tables.update(&cause, |tx| insert(tx, user.id, change)).await?;
    detail(&Details::after_change(tables).await?, reserved)
}

/// Changes the free text of a reserved IP. The rest is what it is.
///
/// # Errors
/// [`Refusal`].
pub async fn update(
    tables: &Tables,
    actor: &Actor,
    id: ReservedIpId,
    change: &ReservedIpChange,
) -> Result<ReservedIpDetail, Refusal> {
    let cause = authorize(actor, Permission::ManageNetwork, "reservedip.update")?;
    check_comment(change)?;
    let reserved = tables
        .update(&cause, |tx| -> Result<_, Refusal> {
            let before = tx.get::<ReservedIp>(&id)?.ok_or(MISSING)?;
            let subnet = match &change.subnet {
                Some(named) => specifiers::subnet(tx, named).map_err(no_such_subnet)?.id,
                None => before.subnet,
            };
            let ip = change.ip.unwrap_or(before.ip);
            let mac = change.mac.unwrap_or(before.mac);
            if (ip, mac, subnet) != (before.ip, before.mac, before.subnet) {
                let message = "The ip, mac_address and the subnet of a reserved ip are immutable. \
                               Please delete the entry and recreate it.";
                return Err(Refusal::field("__all__", message));
            }
            let comment = change.comment.clone().unwrap_or_else(|| before.comment.clone());
            let reserved = ReservedIp { comment, ..before };
            tx.put(&reserved)?;
            Ok(reserved)
        })
        .await?;
    detail(&Details::after_change(tables).await?, reserved)
}

/// Gives an address that was kept for a client free.
///
/// # Errors
/// [`Refusal`].
pub async fn delete(tables: &Tables, actor: &Actor, id: ReservedIpId) -> Result<(), Refusal> {
    let cause = authorize(actor, Permission::ManageNetwork, "reservedip.delete")?;
    tables
        .update(&cause, |tx| {
            let reserved = tx.get::<ReservedIp>(&id)?.ok_or(MISSING)?;
            Ok(kept::remove(tx, &reserved)?)
        })
        .await
}

fn insert(tx: &mut Tx, user: UserId, change: &ReservedIpChange) -> Result<ReservedIp, Refusal> {
    check_comment(change)?;
    let (Some(ip), Some(mac)) = (change.ip, change.mac) else {
        let mut errors = FieldErrors::default();
        let given = [("ip", change.ip.is_some()), ("mac_address", change.mac.is_some())];
        for (field, _) in given.into_iter().filter(|(_, given)| !given) {
            errors.add(field, "This field is required.");
        }
        return Err(errors.into());
    };
    tx.guard(SUBNETS_GUARD);
    let subnet = subnet_of(tx, change.subnet.as_deref(), ip)?;
    check_unique(tx, &subnet, ip, mac)?;
    check_free(tx, &subnet, ip, mac)?;
    let (id, created) = (ReservedIpId(tx.next_id::<ReservedIp>()?), tx.now());
    let comment = change.comment.clone().unwrap_or_default();
    let reserved = ReservedIp { id, ip, subnet: subnet.id, mac, comment, created };
    tx.insert(&reserved)?;
    registered::give_way(tx, ip)?;
    tx.insert(&ReservedAddress {
        ip,
        subnet: subnet.id,
        mac: Some(mac),
        hostname: String::new(),
        comment: String::new(),
        user,
        created,
        reserved_ip: Some(id),
    })?;
    Ok(reserved)
}

/// Whether an address may be kept for a client, in a transaction that guards the subnets.
///
/// # Errors
/// [`Refusal::Fields`].
pub(crate) fn check_free(
    tx: &Tx,
    subnet: &Subnet,
    ip: IpAddr,
    mac: MacAddress,
) -> Result<(), Refusal> {
    let ranges = tx.list_by(&IPRANGES_OF_SUBNET, &subnet.id)?;
    check(ip, subnet, &ranges).map_err(|error| Refusal::field("ip", error.to_string()))?;
    if is_anothers(tx, ip, mac)? {
        let message = format!("The ip {ip} is already in use by another machine.");
        return Err(Refusal::field("ip", message));
    }
    addresses::keep_all(tx, subnet, AddressRange::one(ip));
    Ok(())
}

fn subnet_of(tx: &Tx, named: Option<&str>, ip: IpAddr) -> Result<Subnet, Refusal> {
    let around = || format!("ip:{ip}");
    let found = specifiers::subnet(tx, &named.map_or_else(around, str::to_owned));
    found.map_err(|refusal| match (refusal, named) {
        (Refusal::NotFound { .. }, None) => {
            let message = format!(
                "Could not find a suitable subnet for {ip}. Please create the subnet first."
            );
            Refusal::field("subnet", message)
        }
        (refusal, _) => no_such_subnet(refusal),
    })
}

fn no_such_subnet(refusal: Refusal) -> Refusal {
    let message = "Select a valid choice. That choice is not one of the available choices.";
    match refusal {
        Refusal::NotFound { .. } => Refusal::field("subnet", message),
        other => other,
    }
}

fn check_unique(tx: &Tx, subnet: &Subnet, ip: IpAddr, mac: MacAddress) -> Result<(), Refusal> {
    if tx.find(&RESERVEDIP_BY_ADDRESS, &ip)?.is_some() {
        return Err(Refusal::field("ip", "Reserved IP with this IP address already exists."));
    }
    if tx.find(&RESERVEDIP_OF_CLIENT, &(subnet.id, mac))?.is_some() {
        let message = "Reserved IP with this MAC address and Subnet already exists.";
        return Err(Refusal::field("__all__", message));
    }
    Ok(())
}

/// Whether somebody other than the client has the address, or may have it by DHCP.
fn is_anothers(tx: &Tx, ip: IpAddr, mac: MacAddress) -> Result<bool, TableError> {
    if let Some(holder) = holders::of_address(tx, ip)? {
        return Ok(!holder.has(ip, mac));
    }
    if !tx.state().used(AddressRange::one(ip)).is_empty() {
        return Ok(true);
    }
    if tx.get::<Binding>(&ip)?.is_some_and(|binding| binding.mac() == Some(mac)) {
        return Ok(false);
    }
    Ok(is_promised(tx, ip, tx.now()))
}

fn check_comment(change: &ReservedIpChange) -> Result<(), Refusal> {
    let length = change.comment.as_deref().map_or(0, |comment| comment.chars().count());
    if length <= COMMENT_MAX {
        return Ok(());
    }
    let most = format!("Ensure this value has at most {COMMENT_MAX} characters");
    Err(Refusal::field("comment", format!("{most} (it has {length}).")))
}

fn detail(details: &Details, reserved: ReservedIp) -> Result<ReservedIpDetail, Refusal> {
    let subnet = details.subnet(reserved.subnet)?;
    Ok(ReservedIpDetail { reserved, subnet })
}
