//! `fabrics/{fabric_id}/vlans/{vid}/`, as MAAS describes VLANs, and the same VLANs at
//! `vlans/{vlan_id}/`, as it names them.

use std::net::IpAddr;

use api::field_errors::FieldErrors;
use model::access::Permission;
use model::net::router_advertisements::RouterAdvertisements;
use ops::network::vlans::{self, VlanChange, VlanName};

use crate::call::Call;
use crate::operation::Operation;
use crate::param::Param;
use crate::params::Params;
use crate::problem::Problem;
use crate::reply::Reply;
use crate::shapes;

const OF_FABRIC: &str = "fabrics/{fabric_id}/vlans/";
const BY_VID: &str = "fabrics/{fabric_id}/vlans/{vid}/";
const BY_ID: &str = "vlans/{vlan_id}/";

const NAME: Param<String> = Param::text("name", "The VLAN's name.");
const DESCRIPTION: Param<String> = Param::text("description", "Free text.");
const VID: Param<u16> = Param::parsed("vid", "The 802.1Q tag.", "VID must be between 0 and 4094.");
const MTU: Param<u16> = Param::number("mtu", "The MTU in bytes.").at_least::<552>();
const DHCP_ON: Param<bool> = Param::boolean("dhcp_on", "Whether DHCP is served.");
const PRIMARY_RACK: Param<String> =
    Param::text("primary_rack", "A rack that serves it, by id or name.");
const SECONDARY_RACK: Param<String> =
    Param::text("secondary_rack", "Another rack that serves it, by id or name.");
const FURTHER_RACKS: Param<String> = Param::text(
    "further_racks",
    "All racks that serve it beside those two, by id or name, separated by commas: six at most. When one of the two goes, \
     the first of them moves up; empty for none. Not in MAAS.",
);
const RELAY_VLAN: Param<String> =
    Param::text("relay_vlan", "The VLAN whose racks serve it through a relay.");
const ROUTER_ADVERTISEMENTS: Param<RouterAdvertisements> = Param::explained(
    "router_advertisements",
    "What its racks advertise by IPv6 router advertisements: off, on, or slaac to let hosts make \
     addresses of their own, too. Not in MAAS.",
);
const RELAY_AGENT: Param<bool> = Param::boolean(
    "relay_agent",
    "Whether its racks relay DHCP to those of relay_vlan. Not in MAAS.",
);
const RELAY_TO: Param<String> = Param::text(
    "relay_to",
    "DHCP servers of others that its racks relay DHCP to, separated by commas; empty for none. Not in MAAS.",
);
const PROXY_DHCP: Param<bool> = Param::boolean(
    "proxy_dhcp",
    "Whether its racks tell clients that boot from the network what to load, while a DHCP server \
     of others gives them addresses. Not in MAAS.",
);
const SERVICE_ADDRESSES: Param<String> = Param::text(
    "service_addresses",
    "The addresses by which clients know its racks, whichever of them lives: one of each address family at most, separated by a \
     comma; empty for none. Not in MAAS.",
);
const SPACE: Param<String> = Param::text("space", "The VLAN's space; empty for none.");
const FABRIC: Param<String> = Param::text("fabric", "The VLAN's fabric.");

const READ: Operation =
    Operation::get("VlanHandler", BY_VID, |call| Box::pin(read(call))).doc("Read a VLAN.");

const UPDATE: Operation = Operation::put("VlanHandler", BY_VID, |call| Box::pin(update(call)))
    .requires(Permission::ManageNetwork)
    .doc("Update a VLAN.")
    .params(&[
        NAME.optional(),
        DESCRIPTION.optional(),
        VID.optional(),
        MTU.optional(),
        DHCP_ON.optional(),
        PRIMARY_RACK.optional(),
        SECONDARY_RACK.optional(),
        FURTHER_RACKS.optional(),
        RELAY_VLAN.optional(),
        ROUTER_ADVERTISEMENTS.optional(),
        RELAY_AGENT.optional(),
        RELAY_TO.optional(),
        PROXY_DHCP.optional(),
        SERVICE_ADDRESSES.optional(),
        SPACE.optional(),
        FABRIC.optional(),
    ]);

const DELETE: Operation = Operation::delete("VlanHandler", BY_VID, |call| Box::pin(delete(call)))
    .requires(Permission::ManageNetwork)
    .doc("Delete a VLAN without subnets.");

/// The operations of this resource.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("VlansHandler", OF_FABRIC, |call| Box::pin(list(call)))
        .doc("List the VLANs of a fabric."),
    Operation::post("VlansHandler", OF_FABRIC, |call| Box::pin(create(call)))
        .requires(Permission::ManageNetwork)
        .doc("Create a VLAN in a fabric.")
        .params(&[
            NAME.optional(),
            DESCRIPTION.optional(),
            VID.needed(),
            MTU.optional(),
            DHCP_ON.optional(),
            PRIMARY_RACK.optional(),
            SECONDARY_RACK.optional(),
            FURTHER_RACKS.optional(),
            RELAY_VLAN.optional(),
            ROUTER_ADVERTISEMENTS.optional(),
            RELAY_AGENT.optional(),
            RELAY_TO.optional(),
            PROXY_DHCP.optional(),
            SERVICE_ADDRESSES.optional(),
            SPACE.optional(),
        ]),
    READ,
    UPDATE,
    DELETE,
    READ.also_at(BY_ID),
    UPDATE.also_at(BY_ID),
    DELETE.also_at(BY_ID),
];

/// Makes a VLAN in the fabric that the body names, for doors that have VLANs at a path of their own.
pub const CREATE_IN: Operation =
    Operation::post("VlansHandler", "vlans/", |call| Box::pin(create_in(call)))
        .requires(Permission::ManageNetwork)
        .doc("Create a VLAN in the fabric that is named.")
        .params(&[
            FABRIC.needed(),
            NAME.optional(),
            DESCRIPTION.optional(),
            VID.needed(),
            MTU.optional(),
            DHCP_ON.optional(),
            PRIMARY_RACK.optional(),
            SECONDARY_RACK.optional(),
            FURTHER_RACKS.optional(),
            RELAY_VLAN.optional(),
            ROUTER_ADVERTISEMENTS.optional(),
            RELAY_AGENT.optional(),
            RELAY_TO.optional(),
            PROXY_DHCP.optional(),
            SERVICE_ADDRESSES.optional(),
            SPACE.optional(),
        ]);

async fn create_in(call: Call) -> Result<Reply, Problem> {
    let missing = || Problem::field("fabric", "This field is required.");
    let fabric = FABRIC.named(&call.params).ok_or_else(missing)?;
    let change = change(&call.params)?;
    let change = VlanChange { fabric: None, ..change };
    let vlan = vlans::create(&call.parts.tables, &call.actor, &fabric, &change).await?;
    Ok(Reply::json(&shapes::vlan(&vlan)))
}

async fn list(call: Call) -> Result<Reply, Problem> {
    let fabric = call.segment("fabric_id");
    let vlans = vlans::list(&call.parts.tables, &call.actor, fabric).await?;
    Ok(Reply::json(&vlans.iter().map(shapes::vlan).collect::<Vec<_>>()))
}

async fn create(call: Call) -> Result<Reply, Problem> {
    let (fabric, change) = (call.segment("fabric_id"), change(&call.params)?);
    let vlan = vlans::create(&call.parts.tables, &call.actor, fabric, &change).await?;
    Ok(Reply::json(&shapes::vlan(&vlan)))
}

async fn read(call: Call) -> Result<Reply, Problem> {
    let vlan = vlans::get(&call.parts.tables, &call.actor, &name(&call)).await?;
    Ok(Reply::json(&shapes::vlan(&vlan)))
}

async fn update(call: Call) -> Result<Reply, Problem> {
    let change = change(&call.params)?;
    let vlan = vlans::update(&call.parts.tables, &call.actor, &name(&call), &change).await?;
    Ok(Reply::json(&shapes::vlan(&vlan)))
}

async fn delete(call: Call) -> Result<Reply, Problem> {
    vlans::delete(&call.parts.tables, &call.actor, &name(&call)).await?;
    Ok(Reply::no_content())
}

fn name(call: &Call) -> VlanName {
    match call.path.get("vlan_id") {
        Some(id) => VlanName::Vlan(id.clone()),
        None => {
            VlanName::OfFabric(call.segment("fabric_id").to_owned(), call.segment("vid").to_owned())
        }
    }
}

fn change(params: &Params) -> Result<VlanChange, Problem> {
    Ok(VlanChange {
        name: NAME.given(params),
        description: DESCRIPTION.given(params),
        vid: VID.of(params)?,
        mtu: MTU.of(params)?,
        dhcp_on: DHCP_ON.of(params)?,
        primary_rack: PRIMARY_RACK.given(params),
        secondary_rack: SECONDARY_RACK.given(params),
        further_racks: params.items("further_racks"),
        relay_vlan: RELAY_VLAN.given(params),
        space: SPACE.given(params),
        fabric: FABRIC.given(params),
        router_advertisements: ROUTER_ADVERTISEMENTS.of(params)?,
        relay_agent: RELAY_AGENT.of(params)?,
        relay_to: addresses("relay_to", params)?,
        proxy_dhcp: PROXY_DHCP.of(params)?,
        service_addresses: addresses("service_addresses", params)?,
    })
}

fn addresses(field: &str, params: &Params) -> Result<Option<Vec<IpAddr>>, Problem> {
    let Some(items) = params.items(field) else { return Ok(None) };
    let mut errors = FieldErrors::default();
    let mut addresses = Vec::new();
    for item in items {
        match item.parse() {
            Ok(address) => addresses.push(address),
            Err(_) => errors.add(field, format!("Invalid IP address: {item}.")),
        }
    }
    errors.finish()?;
    Ok(Some(addresses))
}
