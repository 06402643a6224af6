//! What MAAS does with the power and the lifecycle of a machine that is a controller: nodes of the cluster are not
//! switched from here, so that what would do it says so, and what asks for it finds nothing.

use std::collections::BTreeMap;

use model::access::Permission;
use model::error::Kind;
use model::id::SystemId;
use model::mac::MacAddress;
use ops::cluster::controllers;
use ops::machine::nodes;
use serde_json::{Map, Value, json};

use crate::call::Call;
use crate::operation::Operation;
use crate::param::Param;
use crate::problem::Problem;
use crate::reply::Reply;

const RACKS: &str = "rackcontrollers/";
const RACK: &str = "rackcontrollers/{system_id}/";
const REGIONS: &str = "regioncontrollers/";
const REGION: &str = "regioncontrollers/{system_id}/";

const NOT_SWITCHED: &str = "Refused: controllers are not switched from here.";
const NOT_EXAMINED: &str = "Refused: controllers are not examined.";

const ID: Param<String> = Param::text("id", "The controllers, by id.");
const MAC_ADDRESS: Param<String> = Param::text("mac_address", "The address.");

/// The operations of this file.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("RackControllersHandler", RACKS, |call| Box::pin(parameters_of_all(call)))
        .op("power_parameters")
        .of_now()
        .reserved(Permission::ManageControllers)
        .doc("Power parameters by rack controller: they have none.")
        .params(&[ID.repeated()]),
    Operation::get("RackControllerHandler", RACK, |call| Box::pin(of_rack(call, json!({}))))
        .op("power_parameters")
        .of_now()
        .reserved(Permission::ManageControllers)
        .doc("Read the power parameters of a rack controller: it has none."),
    Operation::get("RackControllerHandler", RACK, |call| {
        Box::pin(of_rack(call, json!({ "state": "unknown" })))
    })
    .op("query_power_state")
    .doc("Read whether a rack controller is on: nobody asks its BMC."),
    refused("power_on", NOT_SWITCHED),
    refused("power_off", NOT_SWITCHED),
    refused("abort", NOT_EXAMINED),
    refused("override_failed_testing", NOT_EXAMINED),
    Operation::get("RegionControllersHandler", REGIONS, |call| Box::pin(is_registered(call)))
        .op("is_registered")
        .doc("Whether a hardware address is known.")
        .params(&[MAC_ADDRESS.needed()]),
    Operation::get("RegionControllerHandler", REGION, |call| Box::pin(of_region(call)))
        .op("power_parameters")
        .of_now()
        .reserved(Permission::ManageControllers)
        .doc("Read the power parameters of a region controller: it has none."),
];

/// An operation on a rack that says that it is not done.
const fn refused(op: &'static str, doc: &'static str) -> Operation {
    Operation::post("RackControllerHandler", RACK, |call| Box::pin(refuse(call)))
        .op(op)
        .requires(Permission::ManageControllers)
        .doc(doc)
}

async fn refuse(call: Call) -> Result<Reply, Problem> {
    let rack = controllers::get_rack(&call.parts.tables, &call.actor, &rack_id(&call)?).await?;
    let message = format!(
        "{} is a rack controller: it is neither switched nor examined from here.",
        rack.rack.hostname
    );
    Err(Problem::text(Kind::Conflict, message))
}

async fn of_rack(call: Call, answer: Value) -> Result<Reply, Problem> {
    controllers::get_rack(&call.parts.tables, &call.actor, &rack_id(&call)?).await?;
    Ok(Reply::json(&answer))
}

async fn of_region(call: Call) -> Result<Reply, Problem> {
    let id: SystemId = call.id("system_id", "RegionController")?;
    controllers::get_region(&call.parts.tables, &call.actor, &id).await?;
    Ok(Reply::json(&json!({})))
}

async fn parameters_of_all(call: Call) -> Result<Reply, Problem> {
    let ids = ID.all(&call.params);
    let racks = controllers::list_racks(&call.parts.tables, &call.actor, &[]).await?;
    let wanted = |id: &str| ids.is_empty() || ids.iter().any(|asked| asked == id);
    let found: BTreeMap<String, Map<String, Value>> = racks
        .into_iter()
        .map(|rack| (rack.rack.system_id.to_string(), Map::new()))
        .filter(|(id, _)| wanted(id))
        .collect();
    Ok(Reply::json(&found))
}

/// An address that is none is nobody's.
async fn is_registered(call: Call) -> Result<Reply, Problem> {
    let Ok(mac) = MAC_ADDRESS.required(&call.params)?.parse::<MacAddress>() else {
        return Ok(Reply::json(&false));
    };
    let known = nodes::is_registered(&call.parts.tables, &call.actor, mac).await?;
    Ok(Reply::json(&known))
}

fn rack_id(call: &Call) -> Result<SystemId, Problem> {
    call.id("system_id", "RackController")
}
