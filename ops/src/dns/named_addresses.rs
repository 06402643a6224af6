//! Names of addresses that users reserve: a DNS resource has them, as in MAAS, so that they resolve.

use std::net::IpAddr;

use model::dns::dnsresource::DnsResource;

use crate::dns::naming::{Naming, blank, default_domain, located};
use crate::error::Refusal;
use tables::names::{DNSRESOURCE_BY_NAME, DNSRESOURCES_OF_ADDRESS};
use tables::read::Reads;
use tables::tx::Tx;

/// Gives an address a name: a full one, or one in the default domain.
///
/// # Errors
/// [`Refusal::Fields`] on `hostname`.
pub(crate) fn add(tx: &mut Tx, hostname: &str, ip: IpAddr) -> Result<(), Refusal> {
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
