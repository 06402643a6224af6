//! `spaces/`: spaces, and the one of VLANs that have none.

use api::vlans::UNDEFINED_SPACE;
use model::access::Permission;
use ops::network::spaces::{self, SpaceChange, SpaceDetail};

use crate::call::Call;
use crate::operation::Operation;
use crate::param::Param;
use crate::params::Params;
use crate::problem::Problem;
use crate::reply::Reply;
use crate::shapes;

const NAME: Param<String> = Param::text("name", "The space's name.");
const DESCRIPTION: Param<String> = Param::text("description", "Free text.");

/// The operations of this resource.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("SpacesHandler", "spaces/", |call| Box::pin(list(call))).doc("List all spaces."),
    Operation::post("SpacesHandler", "spaces/", |call| Box::pin(create(call)))
        .reserved(Permission::ManageNetwork)
        .doc("Create a space.")
        .params(&[NAME.optional(), DESCRIPTION.optional()]),
    Operation::get("SpaceHandler", "spaces/{id}/", |call| Box::pin(read(call)))
        .doc("Read a space, by id or name."),
    Operation::put("SpaceHandler", "spaces/{id}/", |call| Box::pin(update(call)))
        .requires(Permission::ManageNetwork)
        .doc("Update a space.")
        .params(&[NAME.optional(), DESCRIPTION.optional()]),
    Operation::delete("SpaceHandler", "spaces/{id}/", |call| Box::pin(delete(call)))
        .requires(Permission::ManageNetwork)
        .doc("Delete a space. Its VLANs have none then."),
];

async fn list(call: Call) -> Result<Reply, Problem> {
    let spaces = spaces::list(&call.parts.tables, &call.actor).await?;
    Ok(Reply::json(&spaces.iter().map(shape).collect::<Vec<_>>()))
}

async fn create(call: Call) -> Result<Reply, Problem> {
    let change = change(&call.params);
    let space = spaces::create(&call.parts.tables, &call.actor, &change).await?;
    Ok(Reply::json(&shape(&space)))
}

async fn read(call: Call) -> Result<Reply, Problem> {
    let tables = &call.parts.tables;
    let space = match call.segment("id") {
        UNDEFINED_SPACE | "-1" => spaces::undefined(tables, &call.actor).await?,
        specifier => spaces::get(tables, &call.actor, specifier).await?,
    };
    Ok(Reply::json(&shape(&space)))
}

async fn update(call: Call) -> Result<Reply, Problem> {
    let (id, change) = (call.segment("id"), change(&call.params));
    let space = spaces::update(&call.parts.tables, &call.actor, id, &change).await?;
    Ok(Reply::json(&shape(&space)))
}

async fn delete(call: Call) -> Result<Reply, Problem> {
    spaces::delete(&call.parts.tables, &call.actor, call.segment("id")).await?;
    Ok(Reply::no_content())
}

/// A space, or the one of VLANs that have none.
fn shape(detail: &SpaceDetail) -> api::spaces::Space {
    let space = detail.space.as_ref();
    api::spaces::Space {
        resource_uri: match space {
            Some(space) => format!("/MAAS/api/2.0/spaces/{}/", space.id),
            None => format!("/MAAS/api/2.0/spaces/{UNDEFINED_SPACE}/"),
        },
        id: space.map_or(-1, |space| i64::from(space.id.0)),
        name: space.map_or_else(|| UNDEFINED_SPACE.to_owned(), |space| space.name.clone()),
        vlans: detail.vlans.iter().map(|vlan| shapes::vlan(vlan)).collect(),
        subnets: detail.subnets.iter().map(|subnet| shapes::subnet(subnet)).collect(),
        description: space.map(|space| space.description.clone()).unwrap_or_default(),
    }
}

fn change(params: &Params) -> SpaceChange {
    SpaceChange { name: NAME.given(params), description: DESCRIPTION.given(params) }
}
