//! `domains/`: DNS domains.

use model::access::Permission;
use ops::dns::domains::{self, DomainChange};

use crate::call::Call;
use crate::operation::Operation;
use crate::param::Param;
use crate::params::Params;
use crate::problem::Problem;
use crate::refused::Refused;
use crate::reply::Reply;
use crate::shapes;

const ONE: &str = "domains/{id}/";

const NAME: Param<String> = Param::text("name", "The domain's name.");
const AUTHORITATIVE: Param<bool> =
    Param::boolean("authoritative", "Whether the racks answer for it.");
const TTL: Param<u32> =
    Param::number("ttl", "The TTL of its records in seconds; empty for the default.");

const SERIAL: Param<String> = Param::text("serial", "The serial, from 1 to 4294967295.");

/// Servers for one domain.
const FORWARDED: Refused = Refused::new(
    &["forward_dns_servers"],
    "Domains have no servers of their own: leave it out, and set the site's `upstream_dns`.",
);

/// The operations of this resource.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("DomainsHandler", "domains/", |call| Box::pin(list(call)))
        .doc("List all domains."),
    Operation::post("DomainsHandler", "domains/", |call| Box::pin(create(call)))
        .reserved(Permission::ManageDns)
        .doc("Create a domain.")
        .params(&[
            NAME.needed(),
            AUTHORITATIVE.described("Whether the racks answer for it; true by default.").optional(),
            TTL.optional(),
        ])
        .refuses(&[FORWARDED]),
    Operation::post("DomainsHandler", "domains/", |call| Box::pin(set_serial(call)))
        .op("set_serial")
        .reserved(Permission::ManageDns)
        .doc("Set the SOA serial of all zones; it grows from there.")
        .params(&[SERIAL.needed()]),
    Operation::get("DomainHandler", ONE, |call| Box::pin(read(call)))
        .doc("Read a domain, by id or name."),
    Operation::put("DomainHandler", ONE, |call| Box::pin(update(call)))
        .requires(Permission::ManageDns)
        .doc("Update a domain.")
        .params(&[NAME.optional(), AUTHORITATIVE.optional(), TTL.optional()])
        .refuses(&[FORWARDED]),
    Operation::delete("DomainHandler", ONE, |call| Box::pin(delete(call)))
        .requires(Permission::ManageDns)
        .doc("Delete a domain with no machines and no DNS resources in it."),
    Operation::post("DomainHandler", ONE, |call| Box::pin(set_default(call)))
        .op("set_default")
        .requires(Permission::ManageDns)
        .doc("Make a domain the default one."),
];

async fn list(call: Call) -> Result<Reply, Problem> {
    let domains = domains::list(&call.parts.tables, &call.actor).await?;
    Ok(Reply::json(&domains.iter().map(shapes::domain).collect::<Vec<_>>()))
}

async fn create(call: Call) -> Result<Reply, Problem> {
    let change = change(&call.params)?;
    let domain = domains::create(&call.parts.tables, &call.actor, &change).await?;
    Ok(Reply::json(&shapes::domain(&domain)))
}

async fn read(call: Call) -> Result<Reply, Problem> {
    let domain = domains::get(&call.parts.tables, &call.actor, call.segment("id")).await?;
    Ok(Reply::json(&shapes::domain(&domain)))
}

async fn update(call: Call) -> Result<Reply, Problem> {
    let (id, change) = (call.segment("id"), change(&call.params)?);
    let domain = domains::update(&call.parts.tables, &call.actor, id, &change).await?;
    Ok(Reply::json(&shapes::domain(&domain)))
}

async fn set_serial(call: Call) -> Result<Reply, Problem> {
    let text =
        SERIAL.given(&call.params).ok_or_else(|| Problem::field("serial", "Missing parameter"))?;
    let wrong = || {
        let between = format!("Expected a serial number between 1 and {}", u32::MAX);
        let is_number = text.trim().parse::<i128>().is_ok();
        Problem::field(
            "serial",
            if is_number { between } else { "Expected a serial number".into() },
        )
    };
    let serial = text.trim().parse().map_err(|_| wrong())?;
    domains::set_serial(&call.parts.tables, &call.actor, serial).await?;
    Ok(Reply::json(&()))
}

async fn set_default(call: Call) -> Result<Reply, Problem> {
    let domain = domains::set_default(&call.parts.tables, &call.actor, call.segment("id")).await?;
    Ok(Reply::json(&shapes::domain(&domain)))
}

async fn delete(call: Call) -> Result<Reply, Problem> {
    domains::delete(&call.parts.tables, &call.actor, call.segment("id")).await?;
    Ok(Reply::no_content())
}

fn change(params: &Params) -> Result<DomainChange, Problem> {
    Ok(DomainChange {
        name: NAME.given(params),
        authoritative: AUTHORITATIVE.of(params)?,
        ttl: TTL.clearable(params)?,
    })
}
