//! `fabrics/`: fabrics.

use crate::problem::Problem;
use model::net::fabric::Fabric;

use crate::call::Call;
use crate::operation::Operation;
use crate::params::Params;
use crate::reply::Reply;
use crate::shapes::Shapes;
use ops::network::fabrics::{self, FabricChange};
use ops::network::specifiers;
use tables::error::TableError;
use tables::network::VLANS_OF_FABRIC;
use tables::read::Reads;

/// The operations of this resource.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("FabricsHandler", "fabrics/", |call| Box::pin(list(call)))
        .doc("List all fabrics."),
    Operation::post("FabricsHandler", "fabrics/", |call| Box::pin(create(call))).admin().doc(
        "Create a fabric with its untagged VLAN.\n\n\
         :param name: The fabric's name; fabric-<id> by default. Optional.\n\
         :param description: Free text. Optional.\n\
         :param class_type: Its classification. Optional.",
    ),
    Operation::get("FabricHandler", "fabrics/{id}/", |call| Box::pin(read(call)))
        .doc("Read a fabric, by id or name."),
    Operation::put("FabricHandler", "fabrics/{id}/", |call| Box::pin(update(call))).doc(
        "Update a fabric.\n\n\
         :param name: The fabric's name. Optional.\n\
         :param description: Free text. Optional.\n\
         :param class_type: Its classification. Optional.",
    ),
    Operation::delete("FabricHandler", "fabrics/{id}/", |call| Box::pin(delete(call)))
        .doc("Delete a fabric without subnets and interfaces."),
];

async fn list(call: Call) -> Result<Reply, Problem> {
    let view = call.view().await?;
    let shapes = Shapes::new(&view);
    let fabrics = view.list::<Fabric>()?;
    let fabrics = fabrics.iter().map(|fabric| shape(&shapes, fabric));
    Ok(Reply::json(&fabrics.collect::<Result<Vec<_>, _>>()?))
}

async fn create(call: Call) -> Result<Reply, Problem> {
    let cause = call.cause("fabric.create");
    let fabric = fabrics::create(&call.parts.tables, &cause, &change(&call.params)).await?;
    answer(&call, &fabric).await
}

async fn read(call: Call) -> Result<Reply, Problem> {
    let fabric = specifiers::fabric(&call.view().await?, call.segment("id"))?;
    answer(&call, &fabric).await
}

async fn update(call: Call) -> Result<Reply, Problem> {
    call.admin()?;
    let (cause, change) = (call.cause("fabric.update"), change(&call.params));
    let fabric = fabrics::update(&call.parts.tables, &cause, call.segment("id"), &change).await?;
    answer(&call, &fabric).await
}

async fn delete(call: Call) -> Result<Reply, Problem> {
    call.admin()?;
    let cause = call.cause("fabric.delete");
    fabrics::delete(&call.parts.tables, &cause, call.segment("id")).await?;
    Ok(Reply::no_content())
}

async fn answer(call: &Call, fabric: &Fabric) -> Result<Reply, Problem> {
    let view = call.view().await?;
    Ok(Reply::json(&shape(&Shapes::new(&view), fabric)?))
}

fn shape(shapes: &Shapes<'_>, fabric: &Fabric) -> Result<api::fabrics::Fabric, TableError> {
    let vlans = shapes.view().list_by(&VLANS_OF_FABRIC, &fabric.id)?;
    let vlans = vlans.iter().map(|vlan| shapes.vlan_of(vlan)).collect::<Result<Vec<_>, _>>()?;
    Ok(api::fabrics::Fabric {
        id: fabric.id.0,
        name: fabric.name.clone(),
        class_type: fabric.class_type.clone(),
        vlans,
        description: fabric.description.clone(),
        resource_uri: format!("/MAAS/api/2.0/fabrics/{}/", fabric.id),
    })
}

fn change(params: &Params) -> FabricChange {
    let text = |name| params.get(name).map(str::to_owned);
    FabricChange {
        name: text("name"),
        description: text("description"),
        class_type: text("class_type"),
    }
}
