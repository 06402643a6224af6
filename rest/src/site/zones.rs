//! `zones/`: availability zones.

use api::zones::Zone;
use model::access::Permission;
use model::zone::AvailabilityZone;
use ops::machine::naming::Naming;
use ops::site::groups;
use ops::site::zones;

use crate::call::Call;
use crate::operation::Operation;
use crate::param::Param;
use crate::params::Params;
use crate::problem::Problem;
use crate::reply::Reply;

/// The name of a group.
pub(crate) const NAME: Param<String> = Param::text("name", "Its name.");

/// The description of a group.
pub(crate) const DESCRIPTION: Param<String> = Param::text("description", "Free text.");

/// The operations of this resource.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("ZonesHandler", "zones/", |call| Box::pin(list(call)))
        .doc("List all physical zones."),
    Operation::post("ZonesHandler", "zones/", |call| Box::pin(create(call)))
        .reserved(Permission::ManageGroups)
        .doc("Create a physical zone.")
        .params(&[NAME.needed(), DESCRIPTION.optional()]),
    Operation::get("ZoneHandler", "zones/{name}/", |call| Box::pin(read(call)))
        .doc("Read a physical zone."),
    Operation::put("ZoneHandler", "zones/{name}/", |call| Box::pin(update(call)))
        .reserved(Permission::ManageGroups)
        .doc("Update a physical zone.")
        .params(&[NAME.optional(), DESCRIPTION.optional()]),
    Operation::delete("ZoneHandler", "zones/{name}/", |call| Box::pin(delete(call)))
        .reserved(Permission::ManageGroups)
        .doc("Delete a physical zone. Its machines move to the default one."),
];

/// The name and description in a request.
pub(crate) fn naming(params: &Params) -> Naming {
    Naming { name: NAME.given(params), description: DESCRIPTION.given(params) }
}

async fn list(call: Call) -> Result<Reply, Problem> {
    let zones = groups::list::<AvailabilityZone>(&call.parts.tables, &call.actor).await?;
    Ok(Reply::json(&zones.iter().map(Zone::from).collect::<Vec<_>>()))
}

async fn create(call: Call) -> Result<Reply, Problem> {
    let naming = naming(&call.params);
    let zone: AvailabilityZone = groups::create(&call.parts.tables, &call.actor, &naming).await?;
    Ok(Reply::json(&Zone::from(&zone)))
}

async fn read(call: Call) -> Result<Reply, Problem> {
    let name = call.segment("name");
    let zone: AvailabilityZone = groups::get(&call.parts.tables, &call.actor, name).await?;
    Ok(Reply::json(&Zone::from(&zone)))
}

async fn update(call: Call) -> Result<Reply, Problem> {
    let (name, naming) = (call.segment("name"), naming(&call.params));
    let zone: AvailabilityZone =
        groups::update(&call.parts.tables, &call.actor, name, &naming).await?;
    Ok(Reply::json(&Zone::from(&zone)))
}

async fn delete(call: Call) -> Result<Reply, Problem> {
    zones::delete(&call.parts.tables, &call.actor, call.segment("name")).await?;
    Ok(Reply::no_content())
}
