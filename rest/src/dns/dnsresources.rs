//! `dnsresources/`: names with addresses.

use api::ipaddresses::IpAddress;
use model::access::Permission;
use ops::dns::dnsresources::{
    self, DnsQuery, DnsRecordDetail, DnsResourceChange, DnsResourceDetail,
};
use ops::dns::naming::Naming;

use crate::call::Call;
use crate::operation::Operation;
use crate::param::Param;
use crate::params::Params;
use crate::problem::Problem;
use crate::refused::Refused;
use crate::reply::Reply;
use crate::shapes;

const ONE: &str = "dnsresources/{id}/";

pub(crate) const FQDN: Param<String> = Param::text("fqdn", "Its full name; or name and domain.");
pub(crate) const NAME: Param<String> = Param::text("name", "Its name below the domain.");
pub(crate) const DOMAIN: Param<String> = Param::text("domain", "Its domain, by name or id.");
pub(crate) const RRTYPE: Param<String> =
    Param::text("rrtype", "Only names with records of that type.");
const ADDRESS_TTL: Param<u32> =
    Param::number("address_ttl", "The TTL of its addresses in seconds.");
const IP_ADDRESSES: Param<String> =
    Param::text("ip_addresses", "Its addresses, separated by blanks.");

/// Names that machines and clients of DHCP have.
pub(crate) const IMPLICIT: Refused = Refused::new(
    &["all"],
    "Only what was made here is listed: leave it out, and read the names of machines from them.",
);

/// The operations of this resource.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("DNSResourcesHandler", "dnsresources/", |call| Box::pin(list(call)))
        .doc("List DNS resources.")
        .params(&[
            FQDN.described("Only that name.").optional(),
            DOMAIN.described("Only that domain.").optional(),
            NAME.described("Only that name below its domain.").optional(),
            RRTYPE.optional(),
        ])
        .refuses(&[IMPLICIT]),
    Operation::post("DNSResourcesHandler", "dnsresources/", |call| Box::pin(create(call)))
        .reserved(Permission::ManageDns)
        .doc("Create a DNS resource.")
        .params(&[
            FQDN.optional(),
            NAME.optional(),
            DOMAIN.optional(),
            ADDRESS_TTL.optional(),
            IP_ADDRESSES.needed(),
        ]),
    Operation::get("DNSResourceHandler", ONE, |call| Box::pin(read(call)))
        .doc("Read a DNS resource."),
    Operation::put("DNSResourceHandler", ONE, |call| Box::pin(update(call)))
        .requires(Permission::ManageDns)
        .doc("Update a DNS resource.")
        .params(&[
            FQDN.optional(),
            NAME.optional(),
            DOMAIN.optional(),
            ADDRESS_TTL.optional(),
            IP_ADDRESSES.optional(),
        ]),
    Operation::delete("DNSResourceHandler", ONE, |call| Box::pin(delete(call)))
        .requires(Permission::ManageDns)
        .doc("Delete a DNS resource with its records."),
];

async fn list(call: Call) -> Result<Reply, Problem> {
    let query = query(&call.params);
    let found = dnsresources::list(&call.parts.tables, &call.actor, &query).await?;
    Ok(Reply::json_list(found.into_iter().map(|found| Ok::<_, Problem>(shape(&found)))))
}

async fn create(call: Call) -> Result<Reply, Problem> {
    let change = change(&call.params)?;
    let resource = dnsresources::create(&call.parts.tables, &call.actor, &change).await?;
    Ok(Reply::json(&shape(&resource)))
}

async fn read(call: Call) -> Result<Reply, Problem> {
    let id = call.id("id", "DNSResource")?;
    Ok(Reply::json(&shape(&dnsresources::get(&call.parts.tables, &call.actor, id).await?)))
}

async fn update(call: Call) -> Result<Reply, Problem> {
    let (change, id) = (change(&call.params)?, call.id("id", "DNSResource")?);
    let resource = dnsresources::update(&call.parts.tables, &call.actor, id, &change).await?;
    Ok(Reply::json(&shape(&resource)))
}

async fn delete(call: Call) -> Result<Reply, Problem> {
    let id = call.id("id", "DNSResource")?;
    dnsresources::delete(&call.parts.tables, &call.actor, id).await?;
    Ok(Reply::no_content())
}

/// The filters of a request.
pub(crate) fn query(params: &Params) -> DnsQuery {
    let naming =
        Naming { fqdn: FQDN.given(params), name: NAME.given(params), domain: DOMAIN.named(params) };
    DnsQuery { naming, rrtype: RRTYPE.given(params).map(|text| text.to_uppercase()) }
}

/// The shape of a record.
pub(crate) fn record_shape(detail: &DnsRecordDetail) -> api::dnsresources::DnsRecord {
    let record = &detail.record;
    api::dnsresources::DnsRecord {
        id: record.id.0,
        fqdn: detail.fqdn.clone(),
        ttl: record.ttl,
        rrtype: record.rrtype.clone(),
        rrdata: record.rrdata.clone(),
        resource_uri: format!("/MAAS/api/2.0/dnsresourcerecords/{}/", record.id),
    }
}

fn shape(detail: &DnsResourceDetail) -> api::dnsresources::DnsResource {
    let resource = &detail.resource;
    let ip_addresses = detail.addresses.iter().map(|(ip, subnet)| IpAddress {
        alloc_type: 4,
        alloc_type_name: "User reserved".to_owned(),
        created: None,
        ip: *ip,
        owner: None,
        interface_set: Vec::new(),
        subnet: subnet.as_deref().map(shapes::subnet),
        resource_uri: "/MAAS/api/2.0/ipaddresses/".to_owned(),
    });
    let fqdn = &detail.fqdn;
    let records = resource.records.iter().cloned();
    let records = records.map(|record| DnsRecordDetail { record, fqdn: fqdn.clone() });
    api::dnsresources::DnsResource {
        id: i64::from(resource.id.0),
        address_ttl: resource.address_ttl,
        ip_addresses: ip_addresses.collect(),
        resource_records: records.map(|record| record_shape(&record)).collect(),
        resource_uri: format!("/MAAS/api/2.0/dnsresources/{}/", resource.id),
        fqdn: fqdn.clone(),
    }
}

/// The name in a request.
pub(crate) fn naming(params: &Params) -> Naming {
    Naming { fqdn: FQDN.named(params), name: NAME.named(params), domain: DOMAIN.named(params) }
}

fn change(params: &Params) -> Result<DnsResourceChange, Problem> {
    let mut ip_addresses = None;
    if let Some(items) = IP_ADDRESSES.items(params) {
        let parsed = items.iter().map(|item| {
            item.parse()
                .map_err(|_| Problem::field("ip_addresses", format!("Invalid IP address: {item}.")))
        });
        ip_addresses = Some(parsed.collect::<Result<Vec<_>, _>>()?);
    }
    let address_ttl = ADDRESS_TTL.clearable(params)?;
    Ok(DnsResourceChange { naming: naming(params), address_ttl, ip_addresses })
}
