//! `zones/`: availability zones.

use crate::problem::Problem;
use api::zones::Zone;
use model::zone::AvailabilityZone;

use crate::call::Call;
use crate::operation::Operation;
use crate::params::Params;
use crate::reply::Reply;
use ops::machine::naming::Naming;
use ops::network::specifiers;
use ops::site::groups;
use ops::site::zones;
use tables::read::Reads;

/// The operations of this resource.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("ZonesHandler", "zones/", |call| Box::pin(list(call)))
        .doc("List all physical zones."),
    Operation::post("ZonesHandler", "zones/", |call| Box::pin(create(call))).admin().doc(
        "Create a physical zone.\n\n\
         :param name: The zone's name.\n\
         :param description: Free text. Optional.",
    ),
    Operation::get("ZoneHandler", "zones/{name}/", |call| Box::pin(read(call)))
        .doc("Read a physical zone."),
    Operation::put("ZoneHandler", "zones/{name}/", |call| Box::pin(update(call))).admin().doc(
        "Update a physical zone.\n\n\
         :param name: The zone's new name. Optional.\n\
         :param description: Free text. Optional.",
    ),
    Operation::delete("ZoneHandler", "zones/{name}/", |call| Box::pin(delete(call)))
        .admin()
        .doc("Delete a physical zone. Its machines move to the default one."),
];

/// The name and description in a request.
pub(crate) fn naming(params: &Params) -> Naming {
    Naming {
        name: params.get("name").map(str::to_owned),
        description: params.get("description").map(str::to_owned),
    }
}

async fn list(call: Call) -> Result<Reply, Problem> {
    let zones = call.view().await?.list::<AvailabilityZone>()?;
    Ok(Reply::json(&zones.iter().map(Zone::from).collect::<Vec<_>>()))
}

async fn create(call: Call) -> Result<Reply, Problem> {
    let cause = call.cause("zone.create");
    let zone: AvailabilityZone =
        groups::create(&call.parts.tables, &cause, &naming(&call.params)).await?;
    Ok(Reply::json(&Zone::from(&zone)))
}

async fn read(call: Call) -> Result<Reply, Problem> {
    let zone = specifiers::zone(&call.view().await?, call.segment("name"))?;
    Ok(Reply::json(&Zone::from(&zone)))
}

async fn update(call: Call) -> Result<Reply, Problem> {
    let (cause, naming) = (call.cause("zone.update"), naming(&call.params));
    let zone: AvailabilityZone =
        groups::update(&call.parts.tables, &cause, call.segment("name"), &naming).await?;
    Ok(Reply::json(&Zone::from(&zone)))
}

async fn delete(call: Call) -> Result<Reply, Problem> {
    let cause = call.cause("zone.delete");
    zones::delete(&call.parts.tables, &cause, call.segment("name")).await?;
    Ok(Reply::no_content())
}
