//! `spaces/`: spaces, and the one of VLANs that have none.

use crate::problem::Problem;
use api::vlans::UNDEFINED_SPACE;
use model::id::SpaceId;
use model::net::space::Space;
use model::net::subnet::Subnet;
use model::net::vlan::Vlan;

use crate::call::Call;
use crate::operation::Operation;
use crate::params::Params;
use crate::reply::Reply;
use crate::shapes::Shapes;
use ops::network::spaces::{self, SpaceChange};
use ops::network::specifiers;
use tables::error::TableError;
use tables::read::Reads;

/// The operations of this resource.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("SpacesHandler", "spaces/", |call| Box::pin(list(call))).doc("List all spaces."),
    Operation::post("SpacesHandler", "spaces/", |call| Box::pin(create(call))).admin().doc(
        "Create a space.\n\n\
         :param name: The space's name. Optional.\n\
         :param description: Free text. Optional.",
    ),
    Operation::get("SpaceHandler", "spaces/{id}/", |call| Box::pin(read(call)))
        .doc("Read a space, by id or name."),
    Operation::put("SpaceHandler", "spaces/{id}/", |call| Box::pin(update(call))).doc(
        "Update a space.\n\n\
         :param name: The space's name. Optional.\n\
         :param description: Free text. Optional.",
    ),
    Operation::delete("SpaceHandler", "spaces/{id}/", |call| Box::pin(delete(call)))
        .doc("Delete a space. Its VLANs have none then."),
];

async fn list(call: Call) -> Result<Reply, Problem> {
    let view = call.view().await?;
    let shapes = Shapes::new(&view);
    let spaces = view.list::<Space>()?;
    let mut spaces =
        spaces.iter().map(|space| shape(&shapes, Some(space))).collect::<Result<Vec<_>, _>>()?;
    let undefined = shape(&shapes, None)?;
    if !undefined.vlans.is_empty() {
        spaces.push(undefined);
    }
    Ok(Reply::json(&spaces))
}

async fn create(call: Call) -> Result<Reply, Problem> {
    let cause = call.cause("space.create");
    let space = spaces::create(&call.parts.tables, &cause, &change(&call.params)).await?;
    answer(&call, Some(&space)).await
}

async fn read(call: Call) -> Result<Reply, Problem> {
    if matches!(call.segment("id"), UNDEFINED_SPACE | "-1") {
        return answer(&call, None).await;
    }
    let space = specifiers::space(&call.view().await?, call.segment("id"))?;
    answer(&call, Some(&space)).await
}

async fn update(call: Call) -> Result<Reply, Problem> {
    call.admin()?;
    let (cause, change) = (call.cause("space.update"), change(&call.params));
    let space = spaces::update(&call.parts.tables, &cause, call.segment("id"), &change).await?;
    answer(&call, Some(&space)).await
}

async fn delete(call: Call) -> Result<Reply, Problem> {
    call.admin()?;
    let cause = call.cause("space.delete");
    spaces::delete(&call.parts.tables, &cause, call.segment("id")).await?;
    Ok(Reply::no_content())
}

async fn answer(call: &Call, space: Option<&Space>) -> Result<Reply, Problem> {
    let view = call.view().await?;
    Ok(Reply::json(&shape(&Shapes::new(&view), space)?))
}

/// A space, or the one of VLANs that have none.
fn shape(shapes: &Shapes<'_>, space: Option<&Space>) -> Result<api::spaces::Space, TableError> {
    let id: Option<SpaceId> = space.map(|space| space.id);
    let mut vlans = shapes.view().list::<Vlan>()?;
    vlans.retain(|vlan| vlan.space == id);
    let mut subnets = shapes.view().list::<Subnet>()?;
    subnets.retain(|subnet| vlans.iter().any(|vlan| vlan.id == subnet.vlan));
    let vlans = vlans.iter().map(|vlan| shapes.vlan_of(vlan)).collect::<Result<Vec<_>, _>>()?;
    let subnets = subnets.iter().filter_map(|subnet| shapes.subnet_of(subnet).transpose());
    let number = id.map_or(-1, |id| i64::from(id.0));
    Ok(api::spaces::Space {
        resource_uri: match id {
            Some(id) => format!("/MAAS/api/2.0/spaces/{id}/"),
            None => format!("/MAAS/api/2.0/spaces/{UNDEFINED_SPACE}/"),
        },
        id: number,
        name: space.map_or_else(|| UNDEFINED_SPACE.to_owned(), |space| space.name.clone()),
        vlans,
        subnets: subnets.collect::<Result<Vec<_>, _>>()?,
        description: space.map(|space| space.description.clone()).unwrap_or_default(),
    })
}

fn change(params: &Params) -> SpaceChange {
    let text = |name| params.get(name).map(str::to_owned);
    SpaceChange { name: text("name"), description: text("description") }
}
