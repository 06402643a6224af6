//! `nodes/`: machines, devices and controllers as one.

use model::access::Permission;
use model::id::SystemId;
use ops::machine::nodes::{self, NodeDetail};
use serde::Serialize;
use serde_json::Value;

use crate::call::Call;
use crate::cluster::controllers;
use crate::machine::constraints::LIST;
use crate::machine::machines::filter_of;
use crate::machine::{by_mac, device_shape, shape};
use crate::operation::Operation;
use crate::param::Param;
use crate::problem::Problem;
use crate::reply::Reply;

const HANDLER: &str = "NodesHandler";
const PATH: &str = "nodes/";
const ONE_HANDLER: &str = "NodeHandler";
const ONE: &str = "nodes/{system_id}/";

/// The zone that nodes are moved to.
pub(crate) const ZONE: Param<String> = Param::text("zone", "Its name or id.");

/// The nodes that are moved.
pub(crate) const NODES: Param<String> = Param::text("nodes", "Their ids.");

/// The operations of these resources.
pub const OPERATIONS: &[Operation] = &[
    Operation::get(HANDLER, PATH, |call| Box::pin(list(call)))
        .any_name()
        .doc("List machines and devices; for administrators also controllers.")
        .params(LIST),
    by_mac::registered(HANDLER, PATH),
    by_mac::action_in_progress(HANDLER, PATH),
    Operation::post(HANDLER, PATH, |call| Box::pin(set_zone(call)))
        .op("set_zone")
        .doc("Set the zone of machines and devices; all or none.")
        .params(&[ZONE.needed(), NODES.repeated()]),
    Operation::get(ONE_HANDLER, ONE, |call| Box::pin(read(call))).doc("Read a node."),
    Operation::delete(ONE_HANDLER, ONE, |call| Box::pin(delete(call)))
        .requires(Permission::EditMachine)
        .doc("Delete a node."),
    Operation::get(ONE_HANDLER, ONE, |call| Box::pin(power_parameters(call)))
        .op("power_parameters")
        .of_now()
        .requires(Permission::ReadMachineSecrets)
        .doc("The power parameters of a node, secrets included."),
];

/// A node in the shape of its kind.
#[derive(Serialize)]
#[serde(untagged)]
enum Shape {
    Machine(Box<api::machines::Machine>),
    Device(Box<api::devices::Device>),
    Controller(Box<api::controllers::Controller>),
}

async fn list(call: Call) -> Result<Reply, Problem> {
    let filter = filter_of(&call.params, &[])?;
    let nodes = nodes::list(&call.parts.tables, &call.actor, &filter).await?;
    Ok(Reply::json_list(nodes.map(|found| Ok::<_, Problem>(shape_of(&found?)))))
}

async fn read(call: Call) -> Result<Reply, Problem> {
    let node = nodes::get(&call.parts.tables, &call.actor, &id(&call)?).await?;
    Ok(Reply::json(&shape_of(&node)))
}

async fn delete(call: Call) -> Result<Reply, Problem> {
    nodes::delete(&call.parts.tables, &call.actor, &id(&call)?).await?;
    Ok(Reply::no_content())
}

async fn power_parameters(call: Call) -> Result<Reply, Problem> {
    let id = id(&call)?;
    Ok(Reply::json(&nodes::power_parameters(&call.parts.tables, &call.actor, &id).await?))
}

/// Moves machines and devices to a zone.
pub(crate) async fn set_zone(call: Call) -> Result<Reply, Problem> {
    let ids = NODES.items(&call.params).unwrap_or_default();
    let zone = ZONE.named(&call.params);
    let zone = zone.ok_or_else(|| Problem::field("zone", "This field is required."))?;
    nodes::set_zone(&call.parts.tables, &call.actor, &ids, &zone).await?;
    Ok(Reply::json(&Value::Null))
}

fn id(call: &Call) -> Result<SystemId, Problem> {
    call.id("system_id", "Node")
}

fn shape_of(node: &NodeDetail) -> Shape {
    match node {
        NodeDetail::Machine(found) => Shape::Machine(Box::new(shape::machine(found))),
        NodeDetail::Device(found) => Shape::Device(Box::new(device_shape::device(found))),
        NodeDetail::Rack(found) => Shape::Controller(Box::new(controllers::rack_shape(found))),
        NodeDetail::Region(found) => Shape::Controller(Box::new(controllers::region_shape(found))),
    }
}
