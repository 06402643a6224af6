//! `fabrics/{fabric_id}/vlans/{vid}/`, as MAAS describes VLANs, and the same VLANs at
//! `vlans/{vlan_id}/`, as it names them.

use crate::problem::Problem;
use model::net::vlan::Vlan;

use crate::call::Call;
use crate::operation::Operation;
use crate::params::Params;
use crate::reply::Reply;
use crate::shapes::Shapes;
use ops::network::specifiers;
use ops::network::vlans::{self, VlanChange, VlanName};
use tables::network::VLANS_OF_FABRIC;
use tables::read::Reads;

const OF_FABRIC: &str = "fabrics/{fabric_id}/vlans/";
const BY_VID: &str = "fabrics/{fabric_id}/vlans/{vid}/";
const BY_ID: &str = "vlans/{vlan_id}/";

const READ: Operation =
    Operation::get("VlanHandler", BY_VID, |call| Box::pin(read(call))).doc("Read a VLAN.");

const UPDATE: Operation = Operation::put("VlanHandler", BY_VID, |call| Box::pin(update(call))).doc(
    "Update a VLAN.\n\n\
         :param name: The VLAN's name. Optional.\n\
         :param description: Free text. Optional.\n\
         :param vid: The 802.1Q tag. Optional.\n\
         :param mtu: The MTU in bytes. Optional.\n\
         :param dhcp_on: Whether DHCP is served. Optional.\n\
         :param primary_rack: The system id of a rack that serves it. Optional.\n\
         :param secondary_rack: The system id of another rack that serves it. Optional.\n\
         :param relay_vlan: The VLAN whose racks serve it through a relay. Optional.\n\
         :param space: The VLAN's space; empty for none. Optional.\n\
         :param fabric: The VLAN's fabric. Optional.",
);

const DELETE: Operation = Operation::delete("VlanHandler", BY_VID, |call| Box::pin(delete(call)))
    .doc("Delete a VLAN without subnets.");

/// The operations of this resource.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("VlansHandler", OF_FABRIC, |call| Box::pin(list(call)))
        .doc("List the VLANs of a fabric."),
    Operation::post("VlansHandler", OF_FABRIC, |call| Box::pin(create(call))).doc(
        "Create a VLAN in a fabric.\n\n\
         :param name: The VLAN's name. Optional.\n\
         :param description: Free text. Optional.\n\
         :param vid: The 802.1Q tag.\n\
         :param mtu: The MTU in bytes. Optional.\n\
         :param space: The VLAN's space. Optional.",
    ),
    READ,
    UPDATE,
    DELETE,
    READ.also_at(BY_ID),
    UPDATE.also_at(BY_ID),
    DELETE.also_at(BY_ID),
];

async fn list(call: Call) -> Result<Reply, Problem> {
    let view = call.view().await?;
    let shapes = Shapes::new(&view);
    let fabric = specifiers::fabric(&view, call.segment("fabric_id"))?;
    let vlans = view.list_by(&VLANS_OF_FABRIC, &fabric.id)?;
    let vlans = vlans.iter().map(|vlan| shapes.vlan_of(vlan));
    Ok(Reply::json(&vlans.collect::<Result<Vec<_>, _>>()?))
}

async fn create(call: Call) -> Result<Reply, Problem> {
    call.admin()?;
    let (cause, change) = (call.cause("vlan.create"), change(&call.params)?);
    let fabric = call.segment("fabric_id");
    let vlan = vlans::create(&call.parts.tables, &cause, fabric, &change).await?;
    answer(&call, &vlan).await
}

async fn read(call: Call) -> Result<Reply, Problem> {
    let vlan = vlans::find(&call.view().await?, &name(&call))?;
    answer(&call, &vlan).await
}

async fn update(call: Call) -> Result<Reply, Problem> {
    call.admin()?;
    let (cause, change) = (call.cause("vlan.update"), change(&call.params)?);
    let vlan = vlans::update(&call.parts.tables, &cause, &name(&call), &change).await?;
    answer(&call, &vlan).await
}

async fn delete(call: Call) -> Result<Reply, Problem> {
    call.admin()?;
    vlans::delete(&call.parts.tables, &call.cause("vlan.delete"), &name(&call)).await?;
    Ok(Reply::no_content())
}

async fn answer(call: &Call, vlan: &Vlan) -> Result<Reply, Problem> {
    let view = call.view().await?;
    Ok(Reply::json(&Shapes::new(&view).vlan_of(vlan)?))
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
    let text = |name| params.get(name).map(str::to_owned);
    Ok(VlanChange {
        name: text("name"),
        description: text("description"),
        vid: params.parsed("vid", "VID must be between 0 and 4094.")?,
        mtu: params.parsed("mtu", "Enter a whole number.")?,
        dhcp_on: params.boolean("dhcp_on")?,
        primary_rack: text("primary_rack"),
        secondary_rack: text("secondary_rack"),
        relay_vlan: text("relay_vlan"),
        space: text("space"),
        fabric: text("fabric"),
    })
}
