//! `dnsresourcerecords/`: records that are not addresses.

use model::access::Permission;
use ops::dns::dnsresources::{self, DnsRecordChange};

use crate::call::Call;
use crate::dns::dnsresources::{DOMAIN, FQDN, IMPLICIT, NAME, RRTYPE, naming, query, record_shape};
use crate::operation::Operation;
use crate::param::Param;
use crate::params::Params;
use crate::problem::Problem;
use crate::refused::Refused;
use crate::reply::Reply;

const ALL: &str = "dnsresourcerecords/";
const ONE: &str = "dnsresourcerecords/{id}/";

const TYPE: Param<String> = RRTYPE.described("Its type: CNAME, MX, NS, SRV, SSHFP or TXT.");
const RRDATA: Param<String> = Param::text("rrdata", "Its data as in a zone file.");
const TTL: Param<u32> = Param::number("ttl", "Its TTL in seconds.");

/// What belongs to a name and not to a record.
const ADDRESSES: Refused = Refused::new(
    &["ip_addresses", "address_ttl", "dnsresource"],
    "A record has no addresses and stays at its name: leave it out, and use `dnsresources`.",
);

/// The operations of this resource.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("DNSResourceRecordsHandler", ALL, |call| Box::pin(list(call)))
        .doc("List DNS records.")
        .params(&[
            FQDN.described("Only that name.").optional(),
            DOMAIN.described("Only that domain.").optional(),
            NAME.described("Only that name below its domain.").optional(),
            RRTYPE.described("Only that type.").optional(),
        ])
        .refuses(&[IMPLICIT]),
    Operation::post("DNSResourceRecordsHandler", ALL, |call| Box::pin(create(call)))
        .reserved(Permission::ManageDns)
        .doc("Create a DNS record.")
        .params(&[
            FQDN.optional(),
            NAME.optional(),
            DOMAIN.optional(),
            TYPE.needed(),
            RRDATA.needed(),
            TTL.optional(),
        ])
        .refuses(&[ADDRESSES]),
    Operation::get("DNSResourceRecordHandler", ONE, |call| Box::pin(read(call)))
        .doc("Read a DNS record."),
    Operation::put("DNSResourceRecordHandler", ONE, |call| Box::pin(update(call)))
        .requires(Permission::ManageDns)
        .doc("Update a DNS record.")
        .params(&[TYPE.optional(), RRDATA.optional(), TTL.optional()])
        .refuses(&[ADDRESSES]),
    Operation::delete("DNSResourceRecordHandler", ONE, |call| Box::pin(delete(call)))
        .requires(Permission::ManageDns)
        .doc("Delete a DNS record."),
];

async fn list(call: Call) -> Result<Reply, Problem> {
    let query = query(&call.params);
    let found = dnsresources::list_records(&call.parts.tables, &call.actor, &query).await?;
    Ok(Reply::json_list(found.into_iter().map(|found| Ok::<_, Problem>(record_shape(&found)))))
}

async fn create(call: Call) -> Result<Reply, Problem> {
    let change = change(&call.params)?;
    let record = dnsresources::create_record(&call.parts.tables, &call.actor, &change).await?;
    Ok(Reply::json(&record_shape(&record)))
}

async fn read(call: Call) -> Result<Reply, Problem> {
    let id = call.id("id", "DNSData")?;
    let record = dnsresources::get_record(&call.parts.tables, &call.actor, id).await?;
    Ok(Reply::json(&record_shape(&record)))
}

async fn update(call: Call) -> Result<Reply, Problem> {
    let (change, id) = (change(&call.params)?, call.id("id", "DNSData")?);
    let record = dnsresources::update_record(&call.parts.tables, &call.actor, id, &change).await?;
    Ok(Reply::json(&record_shape(&record)))
}

async fn delete(call: Call) -> Result<Reply, Problem> {
    let id = call.id("id", "DNSData")?;
    dnsresources::delete_record(&call.parts.tables, &call.actor, id).await?;
    Ok(Reply::no_content())
}

fn change(params: &Params) -> Result<DnsRecordChange, Problem> {
    Ok(DnsRecordChange {
        naming: naming(params),
        rrtype: TYPE.named(params),
        rrdata: RRDATA.named(params),
        ttl: TTL.clearable(params)?,
    })
}
