//! `agents/{system_id}/services/{service_name}/config/`: what MAAS's agent, a part of its rack controllers, asks its
//! region for. MAAS answers for the service `dhcp` alone, with the configuration files of ISC's DHCP server.
//!
//! Racks here are no such agents and run no such server: a region tells them of objects, in their session. So every
//! service is refused by name, of racks that there are.

use model::access::Permission;
use model::id::SystemId;
use ops::cluster::controllers;

use crate::call::Call;
use crate::operation::Operation;
use crate::problem::Problem;
use crate::reply::Reply;

const HANDLER: &str = "AgentConfigHandler";
const PATH: &str = "agents/{system_id}/services/{service_name}/config/";

/// The operations of this resource; MAAS describes neither.
pub const OPERATIONS: &[Operation] = &[
    Operation::get(HANDLER, PATH, |call| Box::pin(read(call)))
        .reserved(Permission::ManageControllers)
        .undescribed()
        .doc("Refused by name: racks have no configuration files of services."),
    Operation::post(HANDLER, PATH, |call| Box::pin(std::future::ready(create(&call))))
        .undescribed()
        .doc("Refused, as MAAS refuses it: nothing is implemented here."),
];

async fn read(call: Call) -> Result<Reply, Problem> {
    let service = call.segment("service_name");
    let id: SystemId = call.id("system_id", "RackController")?;
    let rack = controllers::get_rack(&call.parts.tables, &call.actor, &id).await?.rack;
    let message = format!(
        "There is no configuration of service {service} of rack {}: racks are told of what they serve in their \
         session with a region, and have no configuration files.",
        rack.hostname
    );
    Err(Problem::status(501, message))
}

/// What MAAS's framework says of an action without code.
fn create(_: &Call) -> Result<Reply, Problem> {
    Err(Problem::status(501, "Not Implemented"))
}
