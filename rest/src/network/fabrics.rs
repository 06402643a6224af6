//! `fabrics/`: fabrics.

use model::access::Permission;
use ops::network::fabrics::{self, FabricChange, FabricDetail};

use crate::call::Call;
use crate::operation::Operation;
use crate::param::Param;
use crate::params::Params;
use crate::problem::Problem;
use crate::reply::Reply;
use crate::shapes;

const NAME: Param<String> = Param::text("name", "The fabric's name.");
const DESCRIPTION: Param<String> = Param::text("description", "Free text.");
const CLASS_TYPE: Param<String> = Param::text("class_type", "Its classification.");

/// The operations of this resource.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("FabricsHandler", "fabrics/", |call| Box::pin(list(call)))
        .doc("List all fabrics."),
    Operation::post("FabricsHandler", "fabrics/", |call| Box::pin(create(call)))
        .reserved(Permission::ManageNetwork)
        .doc("Create a fabric with its untagged VLAN.")
        .params(&[
            NAME.described("The fabric's name; fabric-<id> by default.").optional(),
            DESCRIPTION.optional(),
            CLASS_TYPE.optional(),
        ]),
    Operation::get("FabricHandler", "fabrics/{id}/", |call| Box::pin(read(call)))
        .doc("Read a fabric, by id or name."),
    Operation::put("FabricHandler", "fabrics/{id}/", |call| Box::pin(update(call)))
        .requires(Permission::ManageNetwork)
        .doc("Update a fabric.")
        .params(&[NAME.optional(), DESCRIPTION.optional(), CLASS_TYPE.optional()]),
    Operation::delete("FabricHandler", "fabrics/{id}/", |call| Box::pin(delete(call)))
        .requires(Permission::ManageNetwork)
        .doc("Delete a fabric without subnets and interfaces."),
];

async fn list(call: Call) -> Result<Reply, Problem> {
    let fabrics = fabrics::list(&call.parts.tables, &call.actor).await?;
    Ok(Reply::json(&fabrics.iter().map(shape).collect::<Vec<_>>()))
}

async fn create(call: Call) -> Result<Reply, Problem> {
    let change = change(&call.params);
    let fabric = fabrics::create(&call.parts.tables, &call.actor, &change).await?;
    Ok(Reply::json(&shape(&fabric)))
}

async fn read(call: Call) -> Result<Reply, Problem> {
    let fabric = fabrics::get(&call.parts.tables, &call.actor, call.segment("id")).await?;
    Ok(Reply::json(&shape(&fabric)))
}

async fn update(call: Call) -> Result<Reply, Problem> {
    let (id, change) = (call.segment("id"), change(&call.params));
    let fabric = fabrics::update(&call.parts.tables, &call.actor, id, &change).await?;
    Ok(Reply::json(&shape(&fabric)))
}

async fn delete(call: Call) -> Result<Reply, Problem> {
    fabrics::delete(&call.parts.tables, &call.actor, call.segment("id")).await?;
    Ok(Reply::no_content())
}

fn shape(detail: &FabricDetail) -> api::fabrics::Fabric {
    let fabric = &detail.fabric;
    api::fabrics::Fabric {
        id: fabric.id.0,
        name: fabric.name.clone(),
        class_type: fabric.class_type.clone(),
        vlans: detail.vlans.iter().map(|vlan| shapes::vlan(vlan)).collect(),
        description: fabric.description.clone(),
        resource_uri: format!("/MAAS/api/2.0/fabrics/{}/", fabric.id),
    }
}

fn change(params: &Params) -> FabricChange {
    FabricChange {
        name: NAME.given(params),
        description: DESCRIPTION.given(params),
        class_type: CLASS_TYPE.given(params),
    }
}
