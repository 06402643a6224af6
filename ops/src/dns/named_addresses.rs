//! Names of addresses that users reserve: a DNS resource has them, as in MAAS, so that they resolve.

use std::net::IpAddr;
use std::sync::Arc;

use model::access::{Actor, Object, Permission, permits};
use model::dns::dnsresource::DnsResource;
use model::dns::domain::Domain;
use model::id::{DomainId, UserId};
use model::machine::Machine;
use model::net::reserved::ReservedAddress;

use crate::dns::naming::{Naming, blank, default_domain, located};
use crate::error::Refusal;
use tables::names::{DNSRESOURCE_BY_NAME, DNSRESOURCES_OF_ADDRESS};
use tables::read::Reads;
use tables::tx::Tx;
use tables::views::machines::MachineKey;

/// Gives an address a name: a full one, or one in the default domain. It has to be a name of that user's, if one is given.
///
/// # Errors
/// [`Refusal::Fields`] on `hostname`.
pub(crate) fn add(
    tx: &mut Tx,
    hostname: &str,
    ip: IpAddr,
    whose: Option<UserId>,
) -> Result<(), Refusal> {
    let naming = if hostname.contains('.') {
        Naming { fqdn: Some(hostname.to_owned()), ..Naming::default() }
    } else {
        let domain = Some(default_domain(tx)?.name);
        Naming { name: Some(hostname.to_owned()), domain, ..Naming::default() }
    };
    let of_hostname = |refusal| match refusal {
        Refusal::Fields(errors) => {
            let message = errors.by_field().values().flatten().next().cloned();
            Refusal::field("hostname", message.unwrap_or_default())
        }
        other => other,
    };
    let (name, domain) = located(tx, &naming).map_err(of_hostname)?;
    let known = tx.find(&DNSRESOURCE_BY_NAME, &(domain.id, name.to_lowercase()))?;
    if let Some(user) = whose
        && !is_own(tx, user, (&name, &domain), known.as_ref())?
    {
        let message = format!("{hostname} is not a name of yours: take another one.");
        return Err(Refusal::field("hostname", message));
    }
    let mut resource = match known {
        Some(resource) => resource,
        None => blank(tx, name, &domain)?,
    };
    if resource.records.iter().any(|record| record.rrtype == "CNAME") {
        return Err(Refusal::field("hostname", "Cannot add address: CNAME present."));
    }
    if !resource.ip_addresses.contains(&ip) {
        resource.ip_addresses.push(ip);
    }
    Ok(tx.put(&resource)?)
}

/// Refuses a name of a device that means something of others already: its addresses would be among theirs.
///
/// # Errors
/// [`Refusal::Fields`] on `hostname`.
pub(crate) fn check_name(
    tx: &Tx,
    actor: &Actor,
    (hostname, domain): (&str, DomainId),
) -> Result<(), Refusal> {
    if permits(actor, Permission::ManageDns, &Object::Site).is_ok() {
        return Ok(());
    }
    let user = actor.user(Permission::EditDevice)?.id;
    let known = tx.find(&DNSRESOURCE_BY_NAME, &(domain, hostname.to_lowercase()))?;
    if known.map_or(Ok(true), |known| is_made_of_own(tx, user, &known))? {
        return Ok(());
    }
    Err(Refusal::field("hostname", format!("{hostname} is not a name of yours: take another one.")))
}

/// Whether a user may give an address that name: nobody has it, or all that it means is its own. Names that stand for a
/// whole domain are for who looks after domains.
fn is_own(
    tx: &Tx,
    user: UserId,
    (name, domain): (&str, &Domain),
    known: Option<&DnsResource>,
) -> Result<bool, Refusal> {
    if matches!(name, "@" | "*") {
        return Ok(false);
    }
    let key = [MachineKey::Hostname(name.to_lowercase().into())];
    let (machines, devices) = (tx.state().all_machines(), tx.state().devices());
    let is_others = |node: &Arc<Machine>| {
        node.placement.domain == domain.id && node.placement.owner != Some(user)
    };
    let (machines, devices) = (machines.with(&key), devices.with(&key));
    if machines.into_iter().chain(devices).any(is_others) {
        return Ok(false);
    }
    match known {
        Some(known) => is_made_of_own(tx, user, known),
        None => Ok(true),
    }
}

/// Whether all that a name means is of a user.
fn is_made_of_own(tx: &Tx, user: UserId, known: &DnsResource) -> Result<bool, Refusal> {
    for ip in &known.ip_addresses {
        let reserved = tx.get::<ReservedAddress>(ip)?;
        if reserved.is_none_or(|reserved| reserved.user != user) {
            return Ok(false);
        }
    }
    Ok(known.records.is_empty())
}

/// Takes an address that is given back out of all names; those that have nothing else go.
///
/// # Errors
/// [`Refusal::Tables`].
pub(crate) fn forget(tx: &mut Tx, ip: IpAddr) -> Result<(), Refusal> {
    for found in tx.list_by(&DNSRESOURCES_OF_ADDRESS, &ip)? {
        // Read by its key, and so compared.
        let Some(mut resource) = tx.get::<DnsResource>(&found.id)? else { continue };
        resource.ip_addresses.retain(|address| *address != ip);
        if resource.ip_addresses.is_empty() && resource.records.is_empty() {
            tx.delete::<DnsResource>(&resource.id)?;
        } else {
            tx.put(&resource)?;
        }
    }
    Ok(())
}
