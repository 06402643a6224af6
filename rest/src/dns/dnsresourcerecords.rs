//! `dnsresourcerecords/`: records that are not addresses.

use crate::problem::Problem;
use api::dnsresources::DnsRecord;
use model::dns::dnsresource::DnsResource;
use model::id::DnsRecordId;

use crate::call::Call;
use crate::dns::dnsresources::{filtered, fqdn, naming, record_shape};
use crate::operation::Operation;
use crate::params::Params;
use crate::reply::Reply;
use ops::dns::dnsresources::{self, DnsRecordChange};
use tables::read::View;

const ALL: &str = "dnsresourcerecords/";
const ONE: &str = "dnsresourcerecords/{id}/";

/// The operations of this resource.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("DNSResourceRecordsHandler", ALL, |call| Box::pin(list(call))).doc(
        "List DNS records.\n\n\
         :param fqdn: Only that name. Optional.\n\
         :param domain: Only that domain. Optional.\n\
         :param name: Only that name below its domain. Optional.\n\
         :param rrtype: Only that type. Optional.",
    ),
    Operation::post("DNSResourceRecordsHandler", ALL, |call| Box::pin(create(call))).admin().doc(
        "Create a DNS record.\n\n\
             :param fqdn: Its full name; or name and domain. Optional.\n\
             :param name: Its name below the domain. Optional.\n\
             :param domain: Its domain, by name or id. Optional.\n\
             :param rrtype: Its type: CNAME, MX, NS, SRV, SSHFP or TXT.\n\
             :param rrdata: Its data as in a zone file.\n\
             :param ttl: Its TTL in seconds. Optional.",
    ),
    Operation::get("DNSResourceRecordHandler", ONE, |call| Box::pin(read(call)))
        .doc("Read a DNS record."),
    Operation::put("DNSResourceRecordHandler", ONE, |call| Box::pin(update(call))).doc(
        "Update a DNS record.\n\n\
         :param rrtype: Its type. Optional.\n\
         :param rrdata: Its data. Optional.\n\
         :param ttl: Its TTL in seconds. Optional.",
    ),
    Operation::delete("DNSResourceRecordHandler", ONE, |call| Box::pin(delete(call)))
        .doc("Delete a DNS record."),
];

async fn list(call: Call) -> Result<Reply, Problem> {
    let view = call.view().await?;
    let rrtype = call.params.get("rrtype").map(str::to_uppercase);
    let mut found: Vec<DnsRecord> = Vec::new();
    for resource in filtered(&view, &call.params)? {
        let fqdn = fqdn(&view, resource.domain, &resource.name)?;
        let records = resource.records.iter();
        let wanted =
            records.filter(|record| rrtype.as_ref().is_none_or(|wanted| record.rrtype == *wanted));
        found.extend(wanted.map(|record| record_shape(record, &fqdn)));
    }
    Ok(Reply::json(&found))
}

async fn create(call: Call) -> Result<Reply, Problem> {
    let (cause, change) = (call.cause("dnsrecord.create"), change(&call.params)?);
    let (resource, id) = dnsresources::create_record(&call.parts.tables, &cause, &change).await?;
    answer(&call.view().await?, &resource, id)
}

async fn read(call: Call) -> Result<Reply, Problem> {
    let id = call.id("id", "DNSData")?;
    let view = call.view().await?;
    answer(&view, &dnsresources::of_record(&view, id)?, id)
}

async fn update(call: Call) -> Result<Reply, Problem> {
    call.admin()?;
    let (cause, change) = (call.cause("dnsrecord.update"), change(&call.params)?);
    let id = call.id("id", "DNSData")?;
    let resource = dnsresources::update_record(&call.parts.tables, &cause, id, &change).await?;
    answer(&call.view().await?, &resource, id)
}

async fn delete(call: Call) -> Result<Reply, Problem> {
    call.admin()?;
    let id = call.id("id", "DNSData")?;
    dnsresources::delete_record(&call.parts.tables, &call.cause("dnsrecord.delete"), id).await?;
    Ok(Reply::no_content())
}

fn answer(view: &View, resource: &DnsResource, id: DnsRecordId) -> Result<Reply, Problem> {
    let fqdn = fqdn(view, resource.domain, &resource.name)?;
    let record = resource.records.iter().find(|record| record.id == id);
    let record = record.ok_or_else(|| Problem::not_found("DNSData"))?;
    Ok(Reply::json(&record_shape(record, &fqdn)))
}

fn change(params: &Params) -> Result<DnsRecordChange, Problem> {
    let text = |name| params.get(name).filter(|text| !text.is_empty()).map(str::to_owned);
    Ok(DnsRecordChange {
        naming: naming(params),
        rrtype: text("rrtype"),
        rrdata: text("rrdata"),
        ttl: params.clearable("ttl", "Enter a whole number.")?,
    })
}
