//! `domains/`: DNS domains.

use crate::problem::Problem;
use model::dns::domain::Domain;

use crate::call::Call;
use crate::operation::Operation;
use crate::params::Params;
use crate::reply::Reply;
use crate::shapes::Shapes;
use ops::dns::domains::{self, DomainChange};
use ops::network::specifiers;
use tables::read::Reads;

const ONE: &str = "domains/{id}/";

/// The operations of this resource.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("DomainsHandler", "domains/", |call| Box::pin(list(call)))
        .doc("List all domains."),
    Operation::post("DomainsHandler", "domains/", |call| Box::pin(create(call))).admin().doc(
        "Create a domain.\n\n\
         :param name: The domain's name.\n\
         :param authoritative: Whether the racks answer for it; true by default. Optional.\n\
         :param ttl: The TTL of its records in seconds. Optional.",
    ),
    Operation::get("DomainHandler", ONE, |call| Box::pin(read(call)))
        .doc("Read a domain, by id or name."),
    Operation::put("DomainHandler", ONE, |call| Box::pin(update(call))).doc(
        "Update a domain.\n\n\
         :param name: The domain's name. Optional.\n\
         :param authoritative: Whether the racks answer for it. Optional.\n\
         :param ttl: The TTL of its records in seconds; empty for the default. Optional.",
    ),
    Operation::delete("DomainHandler", ONE, |call| Box::pin(delete(call)))
        .doc("Delete a domain without machines, with its records."),
    Operation::post("DomainHandler", ONE, |call| Box::pin(set_default(call)))
        .op("set_default")
        .doc("Make a domain the default one."),
];

async fn list(call: Call) -> Result<Reply, Problem> {
    let view = call.view().await?;
    let shapes = Shapes::new(&view);
    let domains = view.list::<Domain>()?;
    let domains = domains.iter().map(|domain| shapes.domain_of(domain));
    Ok(Reply::json(&domains.collect::<Result<Vec<_>, _>>()?))
}

async fn create(call: Call) -> Result<Reply, Problem> {
    let (cause, change) = (call.cause("domain.create"), change(&call.params)?);
    let domain = domains::create(&call.parts.tables, &cause, &change).await?;
    answer(&call, &domain).await
}

async fn read(call: Call) -> Result<Reply, Problem> {
    let domain = specifiers::domain(&call.view().await?, call.segment("id"))?;
    answer(&call, &domain).await
}

async fn update(call: Call) -> Result<Reply, Problem> {
    call.admin()?;
    let (cause, change) = (call.cause("domain.update"), change(&call.params)?);
    let domain = domains::update(&call.parts.tables, &cause, call.segment("id"), &change).await?;
    answer(&call, &domain).await
}

async fn set_default(call: Call) -> Result<Reply, Problem> {
    call.admin()?;
    let cause = call.cause("domain.set-default");
    let domain = domains::set_default(&call.parts.tables, &cause, call.segment("id")).await?;
    answer(&call, &domain).await
}

async fn delete(call: Call) -> Result<Reply, Problem> {
    call.admin()?;
    let cause = call.cause("domain.delete");
    domains::delete(&call.parts.tables, &cause, call.segment("id")).await?;
    Ok(Reply::no_content())
}

async fn answer(call: &Call, domain: &Domain) -> Result<Reply, Problem> {
    let view = call.view().await?;
    Ok(Reply::json(&Shapes::new(&view).domain_of(domain)?))
}

fn change(params: &Params) -> Result<DomainChange, Problem> {
    Ok(DomainChange {
        name: params.get("name").map(str::to_owned),
        authoritative: params.boolean("authoritative")?,
        ttl: params.clearable("ttl", "Enter a whole number.")?,
    })
}
