//! `dnsresources/`: names with addresses.

use crate::problem::Problem;
use api::ipaddresses::IpAddress;
use model::dns::dnsresource::{DnsRecord, DnsResource};
use model::dns::domain::Domain;
use model::id::DomainId;
use model::net::subnet::Subnet;

use crate::call::Call;
use crate::operation::Operation;
use crate::params::Params;
use crate::reply::Reply;
use crate::shapes::Shapes;
use ops::dns::dnsresources::{self, DnsResourceChange, Naming};
use ops::network::specifiers;
use ops::site::dates;
use tables::error::TableError;
use tables::read::Reads;
use tables::update::now;

const ONE: &str = "dnsresources/{id}/";

/// The operations of this resource.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("DNSResourcesHandler", "dnsresources/", |call| Box::pin(list(call))).doc(
        "List DNS resources.\n\n\
         :param fqdn: Only that name. Optional.\n\
         :param domain: Only that domain. Optional.\n\
         :param name: Only that name below its domain. Optional.\n\
         :param rrtype: Only names with records of that type. Optional.",
    ),
    Operation::post("DNSResourcesHandler", "dnsresources/", |call| Box::pin(create(call)))
        .admin()
        .doc(
            "Create a DNS resource.\n\n\
             :param fqdn: Its full name; or name and domain. Optional.\n\
             :param name: Its name below the domain. Optional.\n\
             :param domain: Its domain, by name or id. Optional.\n\
             :param address_ttl: The TTL of its addresses in seconds. Optional.\n\
             :param ip_addresses: Its addresses, separated by blanks.",
        ),
    Operation::get("DNSResourceHandler", ONE, |call| Box::pin(read(call)))
        .doc("Read a DNS resource."),
    Operation::put("DNSResourceHandler", ONE, |call| Box::pin(update(call))).doc(
        "Update a DNS resource.\n\n\
         :param fqdn: Its full name. Optional.\n\
         :param name: Its name below the domain. Optional.\n\
         :param domain: Its domain. Optional.\n\
         :param address_ttl: The TTL of its addresses in seconds. Optional.\n\
         :param ip_addresses: Its addresses, separated by blanks. Optional.",
    ),
    Operation::delete("DNSResourceHandler", ONE, |call| Box::pin(delete(call)))
        .doc("Delete a DNS resource with its records."),
];

async fn list(call: Call) -> Result<Reply, Problem> {
    let view = call.view().await?;
    let shapes = Shapes::new(&view);
    let mut found = Vec::new();
    for resource in filtered(&view, &call.params)? {
        found.push(shape(&shapes, &resource)?);
    }
    Ok(Reply::json(&found))
}

async fn create(call: Call) -> Result<Reply, Problem> {
    let (cause, change) = (call.cause("dnsresource.create"), change(&call.params)?);
    let resource = dnsresources::create(&call.parts.tables, &cause, &change).await?;
    answer(&call, &resource).await
}

async fn read(call: Call) -> Result<Reply, Problem> {
    let id = call.id("id", "DNSResource")?;
    let resource = dnsresources::get(&call.view().await?, id)?;
    answer(&call, &resource).await
}

async fn update(call: Call) -> Result<Reply, Problem> {
    call.admin()?;
    let (cause, change) = (call.cause("dnsresource.update"), change(&call.params)?);
    let id = call.id("id", "DNSResource")?;
    let resource = dnsresources::update(&call.parts.tables, &cause, id, &change).await?;
    answer(&call, &resource).await
}

async fn delete(call: Call) -> Result<Reply, Problem> {
    call.admin()?;
    let id = call.id("id", "DNSResource")?;
    dnsresources::delete(&call.parts.tables, &call.cause("dnsresource.delete"), id).await?;
    Ok(Reply::no_content())
}

async fn answer(call: &Call, resource: &DnsResource) -> Result<Reply, Problem> {
    let view = call.view().await?;
    Ok(Reply::json(&shape(&Shapes::new(&view), resource)?))
}

/// The resources that a request's filters leave.
pub(crate) fn filtered(at: &impl Reads, params: &Params) -> Result<Vec<DnsResource>, Problem> {
    let domain = match params.get("domain").filter(|text| !text.is_empty()) {
        Some(text) => Some(specifiers::domain(at, text)?.id),
        None => None,
    };
    let mut resources = at.list::<DnsResource>()?;
    resources.retain(|resource| domain.is_none_or(|domain| resource.domain == domain));
    if let Some(name) = params.get("name") {
        resources.retain(|resource| resource.name.eq_ignore_ascii_case(name));
    }
    if let Some(rrtype) = params.get("rrtype") {
        resources.retain(|resource| has_type(resource, &rrtype.to_uppercase()));
    }
    if let Some(wanted) = params.get("fqdn") {
        let mut left = Vec::new();
        for resource in resources {
            if fqdn(at, resource.domain, &resource.name)?.eq_ignore_ascii_case(wanted) {
                left.push(resource);
            }
        }
        return Ok(left);
    }
    Ok(resources)
}

fn has_type(resource: &DnsResource, rrtype: &str) -> bool {
    match rrtype {
        "A" => resource.ip_addresses.iter().any(std::net::IpAddr::is_ipv4),
        "AAAA" => resource.ip_addresses.iter().any(std::net::IpAddr::is_ipv6),
        _ => resource.records.iter().any(|record| record.rrtype == rrtype),
    }
}

/// The full name of a resource.
///
/// # Errors
/// [`TableError`].
pub(crate) fn fqdn(at: &impl Reads, domain: DomainId, name: &str) -> Result<String, TableError> {
    let domain = at.get::<Domain>(&domain)?.map(|domain| domain.name).unwrap_or_default();
    Ok(if name == "@" { domain } else { format!("{name}.{domain}") })
}

/// The shape of a record.
pub(crate) fn record_shape(record: &DnsRecord, fqdn: &str) -> api::dnsresources::DnsRecord {
    api::dnsresources::DnsRecord {
        id: record.id.0,
        fqdn: fqdn.to_owned(),
        ttl: record.ttl,
        rrtype: record.rrtype.clone(),
        rrdata: record.rrdata.clone(),
        resource_uri: format!("/MAAS/api/2.0/dnsresourcerecords/{}/", record.id),
    }
}

fn shape(
    shapes: &Shapes<'_>,
    resource: &DnsResource,
) -> Result<api::dnsresources::DnsResource, TableError> {
    let fqdn = fqdn(shapes.view(), resource.domain, &resource.name)?;
    let subnets = shapes.view().list::<Subnet>()?;
    let mut ip_addresses = Vec::new();
    for ip in &resource.ip_addresses {
        let subnet = subnets.iter().find(|subnet| subnet.cidr.contains(ip));
        let subnet = subnet.map_or(Ok(None), |subnet| shapes.subnet_of(subnet))?;
        ip_addresses.push(IpAddress {
            alloc_type: 4,
            alloc_type_name: "User reserved".to_owned(),
            created: dates::rfc3339_ms(now()),
            ip: *ip,
            owner: None,
            interface_set: Vec::new(),
            subnet,
            resource_uri: "/MAAS/api/2.0/ipaddresses/".to_owned(),
        });
    }
    Ok(api::dnsresources::DnsResource {
        id: i64::from(resource.id.0),
        address_ttl: resource.address_ttl,
        ip_addresses,
        resource_records: resource.records.iter().map(|r| record_shape(r, &fqdn)).collect(),
        resource_uri: format!("/MAAS/api/2.0/dnsresources/{}/", resource.id),
        fqdn,
    })
}

/// The name in a request.
pub(crate) fn naming(params: &Params) -> Naming {
    let text = |name| params.get(name).filter(|text| !text.is_empty()).map(str::to_owned);
    Naming { fqdn: text("fqdn"), name: text("name"), domain: text("domain") }
}

fn change(params: &Params) -> Result<DnsResourceChange, Problem> {
    let mut ip_addresses = None;
    if let Some(items) = params.items("ip_addresses") {
        let parsed = items.iter().map(|item| {
            item.parse()
                .map_err(|_| Problem::field("ip_addresses", format!("Invalid IP address: {item}.")))
        });
        ip_addresses = Some(parsed.collect::<Result<Vec<_>, _>>()?);
    }
    let address_ttl = params.clearable("address_ttl", "Enter a whole number.")?;
    Ok(DnsResourceChange { naming: naming(params), address_ttl, ip_addresses })
}
