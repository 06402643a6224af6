//! DNS resources: names that users give addresses and records.

use std::net::IpAddr;
use std::sync::Arc;

use api::field_errors::FieldErrors;
use model::access::{Actor, Permission};
use model::dns::dnsresource::{DnsRecord, DnsResource};
use model::dns::domain::Domain;
use model::dns::rrdata::{self, RECORD_TYPES};
use model::id::{DnsRecordId, DnsResourceId};
use model::user::User;

use crate::authorize::authorize;
use crate::background;
use crate::details::Details;
use crate::dns::naming::{Naming, blank, located};
use crate::error::Refusal;
use crate::network::subnets::SubnetDetail;
use crate::network::{adopted, specifiers};
use tables::names::{DNSRESOURCE_BY_NAME, DNSRESOURCE_OF_RECORD};
use tables::read::Reads;
use tables::tx::Tx;
use tables::update::Tables;

/// What shall be set of a resource; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct DnsResourceChange {
    /// Where its name is.
    pub naming: Naming,
    /// The TTL of its addresses.
    pub address_ttl: Option<Option<u32>>,
    /// Its addresses.
    pub ip_addresses: Option<Vec<IpAddr>>,
}

/// What shall be set of a record; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct DnsRecordChange {
    /// Where its name is; used when it is made.
    pub naming: Naming,
    /// Its type.
    pub rrtype: Option<String>,
    /// Its data.
    pub rrdata: Option<String>,
    /// Its TTL.
    pub ttl: Option<Option<u32>>,
}

/// A resource as doors show it.
#[derive(Debug, Clone)]
pub struct DnsResourceDetail {
    /// The resource.
    pub resource: DnsResource,
    /// Its full name.
    pub fqdn: String,
    /// Its addresses with the subnets they lie in.
    pub addresses: Vec<(IpAddr, Option<Arc<SubnetDetail>>)>,
}

/// A record as doors show it.
#[derive(Debug, Clone)]
pub struct DnsRecordDetail {
    /// The record.
    pub record: DnsRecord,
    /// The full name of its resource.
    pub fqdn: String,
}

/// Which resources or records are listed; what is absent does not matter.
#[derive(Debug, Clone, Default)]
pub struct DnsQuery {
    /// Their names.
    pub naming: Naming,
    /// With a record of that type, in capitals.
    pub rrtype: Option<String>,
}

/// The resources that a query means.
///
/// # Errors
/// [`Refusal::NotFound`] for an unknown domain.
pub async fn list(
    tables: &Tables,
    actor: &Actor,
    query: &DnsQuery,
) -> Result<Vec<DnsResourceDetail>, Refusal> {
    let (details, query) = (Details::of_dns(actor, tables).await?, query.clone());
    background::run(move || {
        let found = matching(&details, &query)?.into_iter();
        found.map(|resource| detail(&details, resource)).collect()
    })
    .await
}

/// A resource.
///
/// # Errors
/// [`Refusal::NotFound`].
pub async fn get(
    tables: &Tables,
    actor: &Actor,
    id: DnsResourceId,
) -> Result<DnsResourceDetail, Refusal> {
    let details = Details::of_dns(actor, tables).await?;
    let resource = find(details.view(), id)?;
    detail(&details, resource)
}

/// The records that a query means.
///
/// # Errors
/// [`Refusal::NotFound`] for an unknown domain.
pub async fn list_records(
    tables: &Tables,
    actor: &Actor,
    query: &DnsQuery,
) -> Result<Vec<DnsRecordDetail>, Refusal> {
    let (details, query) = (Details::of_dns(actor, tables).await?, query.clone());
    background::run(move || records_of(&details, &query)).await
}

fn records_of(details: &Details, query: &DnsQuery) -> Result<Vec<DnsRecordDetail>, Refusal> {
    let mut found = Vec::new();
    for resource in matching(details, query)? {
        let fqdn = fqdn(details, &resource)?;
        let wanted = |record: &DnsRecord| {
            query.rrtype.as_ref().is_none_or(|wanted| record.rrtype == *wanted)
        };
        let records = resource.records.into_iter().filter(wanted);
        found.extend(records.map(|record| DnsRecordDetail { record, fqdn: fqdn.clone() }));
    }
    Ok(found)
}

/// A record.
///
/// # Errors
/// [`Refusal::NotFound`].
pub async fn get_record(
    tables: &Tables,
    actor: &Actor,
    id: DnsRecordId,
) -> Result<DnsRecordDetail, Refusal> {
    let details = Details::of_dns(actor, tables).await?;
    let resource = of_record(details.view(), id)?;
    record_detail(&details, &resource, id)
}

/// Makes a resource.
///
/// # Errors
/// [`Refusal`].
pub async fn create(
    tables: &Tables,
    actor: &Actor,
    change: &DnsResourceChange,
) -> Result<DnsResourceDetail, Refusal> {
    let cause = authorize(actor, Permission::ManageDns, "dnsresource.create")?;
    let user = actor.user(Permission::ManageDns)?;
    if change.ip_addresses.as_ref().is_none_or(Vec::is_empty) {
        return Err(Refusal::field("ip_addresses", "This field is required."));
    }
    let resource = tables
        .update(&cause, |tx| -> Result<_, Refusal> {
            let (name, domain) = located(tx, &change.naming)?;
            if tx.find(&DNSRESOURCE_BY_NAME, &(domain.id, name.to_lowercase()))?.is_some() {
                let message = format!("DNS resource {name}.{} exists already.", domain.name);
                return Err(Refusal::field("name", message));
            }
            let blank = blank(tx, name, &domain)?;
            let resource = changed(tx, user, blank, change)?;
            tx.insert(&resource)?;
            Ok(resource)
        })
        .await?;
    detail(&Details::after_change(tables).await?, resource)
}

/// Changes a resource.
///
/// # Errors
/// [`Refusal`].
pub async fn update(
    tables: &Tables,
    actor: &Actor,
    id: DnsResourceId,
    change: &DnsResourceChange,
) -> Result<DnsResourceDetail, Refusal> {
    let cause = authorize(actor, Permission::ManageDns, "dnsresource.update")?;
    let user = actor.user(Permission::ManageDns)?;
    let resource = tables
        .update(&cause, |tx| -> Result<_, Refusal> {
            let mut resource = find(tx, id)?;
            let naming = &change.naming;
            if naming.fqdn.is_some() || naming.name.is_some() || naming.domain.is_some() {
                let domain = tx.get::<Domain>(&resource.domain)?.map(|domain| domain.name);
                let (name, domain) = located(
                    tx,
                    &Naming {
                        fqdn: naming.fqdn.clone(),
                        name: naming.name.clone().or_else(|| Some(resource.name.clone())),
                        domain: naming.domain.clone().or(domain),
                    },
                )?;
                resource = DnsResource { name, domain: domain.id, ..resource };
            }
            let resource = changed(tx, user, resource, change)?;
            tx.put(&resource)?;
            Ok(resource)
        })
        .await?;
    detail(&Details::after_change(tables).await?, resource)
}

/// Removes a resource with its records. Its addresses stay reserved for who has them, as in MAAS.
///
/// # Errors
/// [`Refusal::NotFound`].
pub async fn delete(tables: &Tables, actor: &Actor, id: DnsResourceId) -> Result<(), Refusal> {
    let cause = authorize(actor, Permission::ManageDns, "dnsresource.delete")?;
    tables
        .update(&cause, |tx| {
            find(tx, id)?;
            tx.delete::<DnsResource>(&id)?;
            Ok(())
        })
        .await
}

/// Makes a record, and the resource of its name if there is none.
///
/// # Errors
/// [`Refusal`].
pub async fn create_record(
    tables: &Tables,
    actor: &Actor,
    change: &DnsRecordChange,
) -> Result<DnsRecordDetail, Refusal> {
    let cause = authorize(actor, Permission::ManageDns, "dnsrecord.create")?;
    let (resource, id) = tables
        .update(&cause, |tx| -> Result<_, Refusal> {
            let (name, domain) = located(tx, &change.naming)?;
            let known = tx.find(&DNSRESOURCE_BY_NAME, &(domain.id, name.to_lowercase()))?;
            let mut resource = match known {
                Some(resource) => resource,
                None => blank(tx, name, &domain)?,
            };
            let id = DnsRecordId(next_record_id(tx)?);
            let blank = DnsRecord { id, rrtype: String::new(), rrdata: String::new(), ttl: None };
            let record = changed_record(&resource, blank, change)?;
            resource.records.push(record);
            tx.put(&resource)?;
            Ok((resource, id))
        })
        .await?;
    record_detail(&Details::after_change(tables).await?, &resource, id)
}

/// Changes a record.
///
/// # Errors
/// [`Refusal`].
pub async fn update_record(
    tables: &Tables,
    actor: &Actor,
    id: DnsRecordId,
    change: &DnsRecordChange,
) -> Result<DnsRecordDetail, Refusal> {
    let cause = authorize(actor, Permission::ManageDns, "dnsrecord.update")?;
    let resource = tables
        .update(&cause, |tx| -> Result<_, Refusal> {
            let mut resource = of_record(tx, id)?;
            let others: Vec<DnsRecord> =
                resource.records.iter().filter(|record| record.id != id).cloned().collect();
            let before = resource.records.iter().find(|record| record.id == id).cloned();
            let before = before.ok_or(Refusal::NotFound { model: "DNSData" })?;
            resource.records = others;
            let record = changed_record(&resource, before, change)?;
            resource.records.push(record);
            resource.records.sort_by_key(|record| record.id);
            tx.put(&resource)?;
            Ok(resource)
        })
        .await?;
    record_detail(&Details::after_change(tables).await?, &resource, id)
}

/// Removes a record, and its resource when nothing else is in it.
///
/// # Errors
/// [`Refusal::NotFound`].
pub async fn delete_record(tables: &Tables, actor: &Actor, id: DnsRecordId) -> Result<(), Refusal> {
    let cause = authorize(actor, Permission::ManageDns, "dnsrecord.delete")?;
    tables
        .update(&cause, |tx| {
            let mut resource = of_record(tx, id)?;
            resource.records.retain(|record| record.id != id);
            if resource.records.is_empty() && resource.ip_addresses.is_empty() {
                tx.delete::<DnsResource>(&resource.id)?;
            } else {
                tx.put(&resource)?;
            }
            Ok(())
        })
        .await
}

fn of_record(at: &impl Reads, id: DnsRecordId) -> Result<DnsResource, Refusal> {
    at.find(&DNSRESOURCE_OF_RECORD, &id)?.ok_or(Refusal::NotFound { model: "DNSData" })
}

fn find(at: &impl Reads, id: DnsResourceId) -> Result<DnsResource, Refusal> {
    at.get::<DnsResource>(&id)?.ok_or(Refusal::NotFound { model: "DNSResource" })
}

fn detail(details: &Details, resource: DnsResource) -> Result<DnsResourceDetail, Refusal> {
    let addresses = resource.ip_addresses.iter();
    let addresses = addresses.map(|ip| Ok((*ip, details.subnet_around(*ip)?)));
    Ok(DnsResourceDetail {
        addresses: addresses.collect::<Result<_, Refusal>>()?,
        fqdn: fqdn(details, &resource)?,
        resource,
    })
}

fn record_detail(
    details: &Details,
    resource: &DnsResource,
    id: DnsRecordId,
) -> Result<DnsRecordDetail, Refusal> {
    let record = resource.records.iter().find(|record| record.id == id).cloned();
    let record = record.ok_or(Refusal::NotFound { model: "DNSData" })?;
    Ok(DnsRecordDetail { record, fqdn: fqdn(details, resource)? })
}

/// The full name of a resource.
fn fqdn(details: &Details, resource: &DnsResource) -> Result<String, Refusal> {
    let domain = details.domain(resource.domain)?;
    let domain = domain.map(|found| found.domain.name.clone()).unwrap_or_default();
    let name = &resource.name;
    Ok(if name == "@" { domain } else { format!("{name}.{domain}") })
}

/// The resources that a query leaves.
fn matching(details: &Details, query: &DnsQuery) -> Result<Vec<DnsResource>, Refusal> {
    let domain = match &query.naming.domain {
        Some(text) => Some(specifiers::domain(details.view(), text)?.id),
        None => None,
    };
    let mut found = Vec::new();
    for resource in details.view().list::<DnsResource>()? {
        let fqdn = fqdn(details, &resource)?;
        let naming = &query.naming;
        let wanted = domain.is_none_or(|domain| resource.domain == domain)
            && naming.name.as_ref().is_none_or(|name| resource.name.eq_ignore_ascii_case(name))
            && query.rrtype.as_ref().is_none_or(|rrtype| has_type(&resource, rrtype))
            && naming.fqdn.as_ref().is_none_or(|wanted| fqdn.eq_ignore_ascii_case(wanted));
        if wanted {
            found.push(resource);
        }
    }
    Ok(found)
}

fn has_type(resource: &DnsResource, rrtype: &str) -> bool {
    match rrtype {
        "A" => resource.ip_addresses.iter().any(IpAddr::is_ipv4),
        "AAAA" => resource.ip_addresses.iter().any(IpAddr::is_ipv6),
        _ => resource.records.iter().any(|record| record.rrtype == rrtype),
    }
}

fn next_record_id(tx: &mut Tx) -> Result<u32, Refusal> {
    let number = tx.next_number("dnsrecord", 1)?;
    u32::try_from(number).map_err(|_| {
        Refusal::with_message(
            model::error::Kind::Exhausted,
            "there are no more ids for DNS records",
        )
    })
}

/// The addresses that nobody has become reserved addresses of the user, and are released as such.
fn changed(
    tx: &mut Tx,
    user: &User,
    resource: DnsResource,
    change: &DnsResourceChange,
) -> Result<DnsResource, Refusal> {
    if let Err(message) = rrdata::check_ttl(change.address_ttl.flatten(), 0) {
        return Err(Refusal::field("address_ttl", message));
    }
    let before = resource.ip_addresses.clone();
    let ip_addresses = change.ip_addresses.clone().unwrap_or(resource.ip_addresses);
    let alias = resource.records.iter().any(|record| record.rrtype == "CNAME");
    if alias && !ip_addresses.is_empty() {
        let message = "Cannot add address: CNAME present.";
        return Err(Refusal::field("ip_addresses", message));
    }
    for ip in ip_addresses.iter().filter(|ip| !before.contains(ip)) {
        adopted::reserve(tx, user, *ip)?;
    }
    Ok(DnsResource {
        address_ttl: change.address_ttl.unwrap_or(resource.address_ttl),
        ip_addresses,
        ..resource
    })
}

fn changed_record(
    resource: &DnsResource,
    record: DnsRecord,
    change: &DnsRecordChange,
) -> Result<DnsRecord, Refusal> {
    let rrtype = change.rrtype.as_deref().map_or(record.rrtype, str::to_uppercase);
    let rrdata = change.rrdata.clone().unwrap_or(record.rrdata);
    let mut errors = FieldErrors::default();
    if rrtype.is_empty() {
        errors.add("rrtype", "This field is required.");
    } else if !RECORD_TYPES.contains(&rrtype.as_str()) {
        let known = RECORD_TYPES.join(" ");
        errors.add("rrtype", format!("{rrtype} is not one of {known}."));
    } else if let Err(message) = rrdata::check(&rrtype, &rrdata) {
        errors.add("rrdata", message);
    }
    if let Err(message) = rrdata::check_ttl(change.ttl.flatten(), 0) {
        errors.add("ttl", message);
    }
    let others = !resource.ip_addresses.is_empty() || !resource.records.is_empty();
    let alias = resource.records.iter().any(|other| other.rrtype == "CNAME");
    if rrtype == "CNAME" && others {
        errors.add("__all__", "CNAME records for a name cannot coexist with non-CNAME records.");
    } else if alias {
        errors.add("__all__", "Cannot add record: CNAME present.");
    }
    errors.finish()?;
    Ok(DnsRecord { id: record.id, rrtype, rrdata, ttl: change.ttl.unwrap_or(record.ttl) })
}
