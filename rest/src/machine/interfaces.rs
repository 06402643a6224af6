//! `nodes/{system_id}/interfaces/`: interfaces of all nodes to read, and those of devices to change.

use std::net::IpAddr;

use model::access::Permission;
use model::id::SystemId;
use ops::machine::interfaces::links::{self, LinkRequest};
use ops::machine::interfaces::{self, InterfaceChange, NodeInterface, NodeInterfaces};

use crate::call::Call;
use crate::cluster::controllers;
use crate::machine::{device_shape, shape};
use crate::operation::Operation;
use crate::param::Param;
use crate::params::Params;
use crate::problem::Problem;
use crate::refused::Refused;
use crate::reply::Reply;

const HANDLER: &str = "InterfacesHandler";
const PATH: &str = "nodes/{system_id}/interfaces/";
const ONE_HANDLER: &str = "InterfaceHandler";
const ONE: &str = "nodes/{system_id}/interfaces/{id}/";

const NAME: Param<String> = Param::text("name", "Its name; the next `ethN` if it is absent.");
const MAC_ADDRESS: Param<String> = Param::text("mac_address", "Its hardware address.");
const TAGS: Param<String> = Param::text("tags", "What it is marked with.");
const VLAN: Param<String> =
    Param::text("vlan", "The VLAN it is on, by id or name; without one it is not connected.");
const LINK_CONNECTED: Param<bool> =
    Param::boolean("link_connected", "Whether a cable is plugged in; true by default.");
const LINK_SPEED: Param<u32> = Param::number("link_speed", "Mbit/s that it does.");
const MODE: Param<String> = Param::text("mode", "How it gets its address: `static`.");
const SUBNET: Param<String> = Param::text("subnet", "The subnet, by id, name or CIDR.");
const IP_ADDRESS: Param<IpAddr> =
    Param::address("ip_address", "Its address; a free one of the subnet if it is absent.");
const FORCE: Param<bool> =
    Param::boolean("force", "Whether the link replaces all others, also on another VLAN.");
const LINK_ID: Param<String> = Param::text("id", "The id of the link.");
const TAG: Param<String> = Param::text("tag", "The tag.");

/// What is configured on machines and has no meaning for a device.
const CONFIGURED: &[Refused] = &[
    Refused::new(
        &["mtu", "accept_ra", "autoconf", "interface_speed", "numa_node"],
        "Devices are not configured: leave it out, and set it on the device itself.",
    ),
    Refused::new(&["enabled"], "Interfaces of devices are enabled: leave it out.").unless("true"),
    Refused::new(
        &["ip_assignment", "ip_address"],
        "An interface gets its address by a link: leave it out, and use link_subnet.",
    ),
    Refused::new(
        &[
            "parent",
            "parents",
            "bridge_type",
            "bridge_stp",
            "bridge_fd",
            "bond_mode",
            "bond_miimon",
            "bond_downdelay",
            "bond_updelay",
            "bond_lacp_rate",
            "bond_xmit_hash_policy",
            "bond_num_grat_arp",
        ],
        "Interfaces of devices are physical: leave it out.",
    ),
];

/// What machines have and devices have not.
const GATEWAY: Refused = Refused::new(
    &["default_gateway"],
    "Devices are not configured: leave it out, and set the gateway on the device itself.",
);

/// The operations of these resources.
pub const OPERATIONS: &[Operation] = &[
    Operation::get(HANDLER, PATH, |call| Box::pin(list(call)))
        .doc("List the interfaces of a node."),
    Operation::post(HANDLER, PATH, |call| Box::pin(create(call)))
        .op("create_physical")
        .requires(Permission::EditDevice)
        .doc("Add an interface to a device.")
        .params(&[
            MAC_ADDRESS.needed(),
            NAME.optional(),
            TAGS.repeated(),
            VLAN.optional(),
            LINK_CONNECTED.optional(),
            LINK_SPEED.optional(),
        ])
        .refuses(CONFIGURED),
    Operation::get(ONE_HANDLER, ONE, |call| Box::pin(read(call))).doc("Read an interface."),
    Operation::put(ONE_HANDLER, ONE, |call| Box::pin(update(call)))
        .requires(Permission::EditDevice)
        .doc("Update an interface of a device.")
        .params(&[
            MAC_ADDRESS.optional(),
            NAME.described("Its name.").optional(),
            TAGS.repeated(),
            VLAN.optional(),
            LINK_CONNECTED.optional(),
            LINK_SPEED.optional(),
        ])
        .refuses(CONFIGURED),
    Operation::delete(ONE_HANDLER, ONE, |call| Box::pin(delete(call)))
        .requires(Permission::EditDevice)
        .doc("Delete an interface of a device with its addresses."),
    Operation::post(ONE_HANDLER, ONE, |call| Box::pin(link_subnet(call)))
        .op("link_subnet")
        .requires(Permission::EditDevice)
        .doc("Give an interface of a device an address of a subnet, which it keeps.")
        .params(&[MODE.needed(), SUBNET.needed(), IP_ADDRESS.optional(), FORCE.optional()])
        .refuses(&[GATEWAY]),
    Operation::post(ONE_HANDLER, ONE, |call| Box::pin(unlink_subnet(call)))
        .op("unlink_subnet")
        .requires(Permission::EditDevice)
        .doc("Take a link of an interface of a device away, and its address.")
        .params(&[LINK_ID.needed()]),
    Operation::post(ONE_HANDLER, ONE, |call| Box::pin(disconnect(call)))
        .op("disconnect")
        .requires(Permission::EditDevice)
        .doc("Take all links of an interface of a device away, and its VLAN."),
    Operation::post(ONE_HANDLER, ONE, |call| Box::pin(set_tag(call, true)))
        .op("add_tag")
        .requires(Permission::EditDevice)
        .doc("Mark an interface of a device.")
        .params(&[TAG.needed()]),
    Operation::post(ONE_HANDLER, ONE, |call| Box::pin(set_tag(call, false)))
        .op("remove_tag")
        .requires(Permission::EditDevice)
        .doc("Take a mark off an interface of a device.")
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

async fn create(call: Call) -> Result<Reply, Problem> {
    let (tables, node) = (&call.parts.tables, node(&call)?);
    let wanted = change_of(&call.params)?;
    Ok(answer(&interfaces::create_physical(tables, &call.actor, &node, &wanted).await?))
}

async fn update(call: Call) -> Result<Reply, Problem> {
    let wanted = change_of(&call.params)?;
    let (node, id) = both(&call)?;
    let found = interfaces::update(&call.parts.tables, &call.actor, &node, id, &wanted).await?;
    Ok(answer(&found))
}

async fn delete(call: Call) -> Result<Reply, Problem> {
    let (node, id) = both(&call)?;
    interfaces::delete(&call.parts.tables, &call.actor, &node, id).await?;
    Ok(Reply::no_content())
}

async fn link_subnet(call: Call) -> Result<Reply, Problem> {
    let wanted = LinkRequest {
        mode: MODE.given(&call.params),
        subnet: SUBNET.given(&call.params),
        ip: IP_ADDRESS.of(&call.params)?,
        force: FORCE.is_set(&call.params)?,
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

async fn disconnect(call: Call) -> Result<Reply, Problem> {
    let (node, id) = both(&call)?;
    Ok(answer(&interfaces::disconnect(&call.parts.tables, &call.actor, &node, id).await?))
}

async fn set_tag(call: Call, marked: bool) -> Result<Reply, Problem> {
    let tag = TAG.required(&call.params)?;
    let (node, id) = both(&call)?;
    let (tables, of) = (&call.parts.tables, (&node, id));
    Ok(answer(&interfaces::set_tag(tables, &call.actor, of, &tag, marked).await?))
}

fn change_of(params: &Params) -> Result<InterfaceChange, Problem> {
    Ok(InterfaceChange {
        name: NAME.given(params),
        mac: MAC_ADDRESS.given(params),
        tags: TAGS.items(params),
        vlan: VLAN.given(params).map(|vlan| Some(vlan).filter(|vlan| !vlan.is_empty())),
        link_connected: LINK_CONNECTED.of(params)?,
        link_speed: LINK_SPEED.of(params)?,
    })
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
