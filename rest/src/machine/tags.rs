//! `tags/`: tags, and who carries them.

use api::tags::Tag;
use model::access::Permission;
use model::id::SystemId;
use ops::machine::tags::{self, TagChange};

use crate::call::Call;
use crate::machine::shape;
use crate::operation::Operation;
use crate::param::Param;
use crate::params::Params;
use crate::problem::Problem;
use crate::refused::Refused;
use crate::reply::Reply;

const ONE: &str = "tags/{name}/";

const NAME: Param<String> = Param::text("name", "The tag's name.");
const COMMENT: Param<String> = Param::text("comment", "Free text.");
const ADD: Param<String> = Param::text("add", "System ids of machines to add it to.");
const REMOVE: Param<String> = Param::text("remove", "System ids of machines to take it from.");

/// What a tag does not do here.
const REFUSED: &[Refused] = &[
    DEFINITION,
    Refused::new(
        &["kernel_opts"],
        "Tags bring no kernel options: leave it out, and set the site's `kernel_opts`.",
    ),
];

/// What machines are not tagged by.
const DEFINITION: Refused = Refused::new(
    &["definition"],
    "Tag definitions are not evaluated by this server; tag machines directly.",
)
.unless("");

/// The operations of this resource.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("TagsHandler", "tags/", |call| Box::pin(list(call))).doc("List all tags."),
    Operation::post("TagsHandler", "tags/", |call| Box::pin(create(call)))
        .reserved(Permission::ManageGroups)
        .doc("Create a tag.")
        .params(&[NAME.needed(), COMMENT.optional()])
        .refuses(REFUSED),
    Operation::get("TagHandler", ONE, |call| Box::pin(read(call))).doc("Read a tag."),
    Operation::put("TagHandler", ONE, |call| Box::pin(update(call)))
        .reserved(Permission::ManageGroups)
        .doc("Update a tag.")
        .params(&[NAME.optional(), COMMENT.optional()])
        .refuses(REFUSED),
    Operation::delete("TagHandler", ONE, |call| Box::pin(delete(call)))
        .reserved(Permission::ManageGroups)
        .doc("Delete a tag, also from all machines."),
    Operation::get("TagHandler", ONE, |call| Box::pin(machines(call)))
        .op("machines")
        .doc("List the machines that carry a tag."),
    Operation::get("TagHandler", ONE, |call| Box::pin(machines(call)))
        .op("nodes")
        .doc("List the nodes that carry a tag: only machines do."),
    Operation::post("TagHandler", ONE, |call| Box::pin(update_nodes(call)))
        .op("update_nodes")
        .reserved(Permission::ManageGroups)
        .doc("Add a tag to machines, or take it from them.")
        .params(&[ADD.repeated(), REMOVE.repeated()])
        .refuses(&[
            DEFINITION,
            Refused::new(
                &["rack_controller"],
                "Racks evaluate no tags: leave it out, and sign as an administrator.",
            ),
        ]),
];

async fn list(call: Call) -> Result<Reply, Problem> {
    let tags = tags::list(&call.parts.tables, &call.actor).await?;
    Ok(Reply::json(&tags.iter().map(Tag::from).collect::<Vec<_>>()))
}

async fn create(call: Call) -> Result<Reply, Problem> {
    let change = change(&call.params);
    let tag = tags::create(&call.parts.tables, &call.actor, &change).await?;
    Ok(Reply::json(&Tag::from(&tag)))
}

async fn read(call: Call) -> Result<Reply, Problem> {
    let tag = tags::get(&call.parts.tables, &call.actor, call.segment("name")).await?;
    Ok(Reply::json(&Tag::from(&tag)))
}

async fn update(call: Call) -> Result<Reply, Problem> {
    let (name, change) = (call.segment("name"), change(&call.params));
    let tag = tags::update(&call.parts.tables, &call.actor, name, &change).await?;
    Ok(Reply::json(&Tag::from(&tag)))
}

async fn delete(call: Call) -> Result<Reply, Problem> {
    tags::delete(&call.parts.tables, &call.actor, call.segment("name")).await?;
    Ok(Reply::no_content())
}

async fn machines(call: Call) -> Result<Reply, Problem> {
    let found = tags::machines(&call.parts.tables, &call.actor, call.segment("name")).await?;
    Ok(shape::list(found))
}

async fn update_nodes(call: Call) -> Result<Reply, Problem> {
    let ids = |param: Param<String>| -> Vec<SystemId> {
        let items = param.items(&call.params).unwrap_or_default();
        items.iter().filter_map(|item| item.parse().ok()).collect()
    };
    let (tables, name) = (&call.parts.tables, call.segment("name"));
    let updated = tags::update_nodes(tables, &call.actor, name, &ids(ADD), &ids(REMOVE)).await?;
    Ok(Reply::json(&updated))
}

fn change(params: &Params) -> TagChange {
    TagChange { name: NAME.given(params), comment: COMMENT.given(params) }
}
