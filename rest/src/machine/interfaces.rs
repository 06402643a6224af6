//! `nodes/{system_id}/interfaces/`: interfaces of all nodes to read, and those of machines and devices to change.

use model::access::Permission;
use model::id::SystemId;
use ops::machine::interfaces::links::{self, LinkRequest};
use ops::machine::interfaces::{
    self, NodeInterface, NodeInterfaces, create, gateways, remove, update,
};

use crate::call::Call;
use crate::cluster::controllers;
use crate::machine::interface_params::{
    BOND, BRIDGE, CHANGED, DEFAULT_GATEWAY, FORCE, GATEWAY_LINK_ID, IP_ADDRESS, LINK_ID, MODE,
    NOT_SET, OF_HARDWARE, PHYSICAL, SUBNET, TAG, TAGGED, change_of,
};
use crate::machine::{device_shape, shape};
use crate::operation::Operation;
use crate::problem::Problem;
use crate::reply::Reply;

const HANDLER: &str = "InterfacesHandler";
const PATH: &str = "nodes/{system_id}/interfaces/";
const ONE_HANDLER: &str = "InterfaceHandler";
const ONE: &str = "nodes/{system_id}/interfaces/{id}/";

/// The operations of these resources.
pub const OPERATIONS: &[Operation] = &[
    Operation::get(HANDLER, PATH, |call| Box::pin(list(call)))
        .doc("List the interfaces of a node."),
    Operation::post(HANDLER, PATH, |call| Box::pin(create_physical(call)))
        .op("create_physical")
        .requires(Permission::EditDevice)
        .doc("Add a physical interface to a machine or device.")
        .params(PHYSICAL)
        .refuses(OF_HARDWARE),
    Operation::post(HANDLER, PATH, |call| Box::pin(create_bond(call)))
        .op("create_bond")
        .requires(Permission::EditMachine)
        .doc("Make a bond of physical interfaces of a machine.")
        .params(BOND)
        .refuses(NOT_SET),
    Operation::post(HANDLER, PATH, |call| Box::pin(create_bridge(call)))
        .op("create_bridge")
        .requires(Permission::EditMachine)
        .doc("Make a bridge over an interface of a machine.")
        .params(BRIDGE)
        .refuses(NOT_SET),
    Operation::post(HANDLER, PATH, |call| Box::pin(create_vlan(call)))
        .op("create_vlan")
        .requires(Permission::EditMachine)
        .doc("Make an interface for a tagged VLAN on an interface of a machine.")
        .params(TAGGED)
        .refuses(NOT_SET),
    Operation::get(ONE_HANDLER, ONE, |call| Box::pin(read(call))).doc("Read an interface."),
    Operation::put(ONE_HANDLER, ONE, |call| Box::pin(update(call)))
        .requires(Permission::EditDevice)
        .doc("Update an interface of a machine or device.")
        .params(CHANGED)
        .refuses(NOT_SET),
    Operation::delete(ONE_HANDLER, ONE, |call| Box::pin(delete(call)))
        .requires(Permission::EditDevice)
        .doc("Delete an interface of a machine or device with its addresses."),
    Operation::post(ONE_HANDLER, ONE, |call| Box::pin(link_subnet(call)))
        .op("link_subnet")
        .requires(Permission::EditDevice)
        .doc("Link an interface of a machine or device to a subnet.")
        .params(&[
            MODE.needed(),
            SUBNET.optional(),
            IP_ADDRESS.optional(),
            FORCE.optional(),
            DEFAULT_GATEWAY.optional(),
        ]),
    Operation::post(ONE_HANDLER, ONE, |call| Box::pin(unlink_subnet(call)))
        .op("unlink_subnet")
        .requires(Permission::EditDevice)
        .doc("Take a link of an interface of a machine or device away, and its address.")
        .params(&[LINK_ID.needed()]),
    Operation::post(ONE_HANDLER, ONE, |call| Box::pin(set_default_gateway(call)))
        .op("set_default_gateway")
        .requires(Permission::EditMachine)
        .doc("Make the gateway of an interface's subnet the machine's.")
        .params(&[GATEWAY_LINK_ID.optional()]),
    Operation::post(ONE_HANDLER, ONE, |call| Box::pin(disconnect(call)))
        .op("disconnect")
        .requires(Permission::EditDevice)
        .doc("Take all links of an interface of a machine or device away, and its VLAN."),
    Operation::post(ONE_HANDLER, ONE, |call| Box::pin(set_tag(call, true)))
        .op("add_tag")
        .requires(Permission::EditDevice)
        .doc("Mark an interface of a machine or device.")
        .params(&[TAG.needed()]),
    Operation::post(ONE_HANDLER, ONE, |call| Box::pin(set_tag(call, false)))
        .op("remove_tag")
        .requires(Permission::EditDevice)
        .doc("Take a mark off an interface of a machine or device.")
        .params(&[TAG.needed()]),
];

async fn list(call: Call) -> Result<Reply, Problem> {
    let found = interfaces::list(&call.parts.tables, &call.actor, &node(&call)?).await?;
    Ok(match &found {
        NodeInterfaces::Node(interfaces) => {
            Reply::json(&interfaces.iter().map(shape_of).collect::<Vec<_>>())
        }
        NodeInterfaces::Rack(rack) => Reply::json(&controllers::rack_shape(rack).interface_set),
    })
}

async fn read(call: Call) -> Result<Reply, Problem> {
    let (node, id) = both(&call)?;
    let found = interfaces::get(&call.parts.tables, &call.actor, &node, id).await?;
    Ok(answer(&found))
}

async fn create_physical(call: Call) -> Result<Reply, Problem> {
    let (tables, node) = (&call.parts.tables, node(&call)?);
    let wanted = change_of(&call.params)?;
    Ok(answer(&create::create_physical(tables, &call.actor, &node, &wanted).await?))
}

async fn create_bond(call: Call) -> Result<Reply, Problem> {
    let (tables, node) = (&call.parts.tables, node(&call)?);
    let wanted = change_of(&call.params)?;
    Ok(answer(&create::create_bond(tables, &call.actor, &node, &wanted).await?))
}

async fn create_bridge(call: Call) -> Result<Reply, Problem> {
    let (tables, node) = (&call.parts.tables, node(&call)?);
    let wanted = change_of(&call.params)?;
    Ok(answer(&create::create_bridge(tables, &call.actor, &node, &wanted).await?))
}

async fn create_vlan(call: Call) -> Result<Reply, Problem> {
    let (tables, node) = (&call.parts.tables, node(&call)?);
    let wanted = change_of(&call.params)?;
    Ok(answer(&create::create_vlan(tables, &call.actor, &node, &wanted).await?))
}

async fn update(call: Call) -> Result<Reply, Problem> {
    let wanted = change_of(&call.params)?;
    let (node, id) = both(&call)?;
    let found = update::update(&call.parts.tables, &call.actor, &node, id, &wanted).await?;
    Ok(answer(&found))
}

async fn delete(call: Call) -> Result<Reply, Problem> {
    let (node, id) = both(&call)?;
    remove::delete(&call.parts.tables, &call.actor, &node, id).await?;
    Ok(Reply::no_content())
}

async fn link_subnet(call: Call) -> Result<Reply, Problem> {
    let wanted = LinkRequest {
        mode: MODE.given(&call.params),
        subnet: SUBNET.given(&call.params),
        ip: IP_ADDRESS.of(&call.params)?,
        force: FORCE.is_set(&call.params)?,
        default_gateway: DEFAULT_GATEWAY.is_set(&call.params)?,
    };
    let (node, id) = both(&call)?;
    let found = links::link_subnet(&call.parts.tables, &call.actor, &node, id, &wanted).await?;
    Ok(answer(&found))
}

async fn unlink_subnet(call: Call) -> Result<Reply, Problem> {
    let link = LINK_ID.given(&call.params);
    let (node, id) = both(&call)?;
    let (tables, link) = (&call.parts.tables, link.as_deref());
    Ok(answer(&links::unlink_subnet(tables, &call.actor, &node, id, link).await?))
}

async fn set_default_gateway(call: Call) -> Result<Reply, Problem> {
    let link = GATEWAY_LINK_ID.given(&call.params);
    let (node, id) = both(&call)?;
    let (tables, link) = (&call.parts.tables, link.as_deref());
    Ok(answer(&gateways::set(tables, &call.actor, &node, id, link).await?))
}

async fn disconnect(call: Call) -> Result<Reply, Problem> {
    let (node, id) = both(&call)?;
    Ok(answer(&remove::disconnect(&call.parts.tables, &call.actor, &node, id).await?))
}

async fn set_tag(call: Call, marked: bool) -> Result<Reply, Problem> {
    let tag = TAG.required(&call.params)?;
    let (node, id) = both(&call)?;
    let (tables, of) = (&call.parts.tables, (&node, id));
    Ok(answer(&remove::set_tag(tables, &call.actor, of, &tag, marked).await?))
}

fn node(call: &Call) -> Result<SystemId, Problem> {
    call.id("system_id", "Node")
}

fn both(call: &Call) -> Result<(SystemId, &str), Problem> {
    Ok((node(call)?, call.segment("id")))
}

fn answer(found: &NodeInterface) -> Reply {
    Reply::json(&shape_of(found))
}

fn shape_of(found: &NodeInterface) -> api::machines::Interface {
    let shape = if found.of_device { device_shape::interface } else { shape::interface };
    shape(&found.system_id, &found.interface, &found.names)
}
