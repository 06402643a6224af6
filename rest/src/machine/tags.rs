//! `tags/`: tags, and who carries them.

use api::tags::{Rebuilding, Tag};
use model::access::Permission;
use ops::machine::tags::{self, TagChange, TagNodes};

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
const DEFINITION: Param<String> = Param::text(
    "definition",
    "An XPath expression over what lshw printed of each machine, evaluated in the background; empty for a tag \
     that is set by hand.",
);
const KERNEL_OPTS: Param<String> = Param::text(
    "kernel_opts",
    "Kernel options of machines that carry it, after those of the site and of tags before it in the order of \
     their names.",
);
const ADD: Param<String> = Param::text("add", "The machines to add it to, by id or name.");
const REMOVE: Param<String> = Param::text("remove", "System ids of machines to take it from.");

/// The operations of this resource.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("TagsHandler", "tags/", |call| Box::pin(list(call))).doc("List all tags."),
    Operation::post("TagsHandler", "tags/", |call| Box::pin(create(call)))
        .reserved(Permission::ManageGroups)
        .doc("Create a tag.")
        .params(&[
            NAME.needed(),
            COMMENT.optional(),
            DEFINITION.optional(),
            KERNEL_OPTS.optional(),
        ]),
    Operation::get("TagHandler", ONE, |call| Box::pin(read(call))).doc("Read a tag."),
    Operation::put("TagHandler", ONE, |call| Box::pin(update(call)))
        .reserved(Permission::ManageGroups)
        .doc("Update a tag.")
        .params(&[
            NAME.optional(),
            COMMENT.optional(),
            DEFINITION.optional(),
            KERNEL_OPTS.optional(),
        ]),
    Operation::delete("TagHandler", ONE, |call| Box::pin(delete(call)))
        .reserved(Permission::ManageGroups)
        .doc("Delete a tag, also from all machines."),
    Operation::get("TagHandler", ONE, |call| Box::pin(machines(call)))
        .op("machines")
        .of_now()
        .doc("List the machines that carry a tag."),
    Operation::get("TagHandler", ONE, |call| Box::pin(machines(call)))
        .op("nodes")
        .of_now()
        .doc("List the nodes that carry a tag: only machines do."),
    Operation::get("TagHandler", ONE, |call| Box::pin(none(call)))
        .op("devices")
        .of_now()
        .doc("List the devices that carry a tag: none does."),
    Operation::get("TagHandler", ONE, |call| Box::pin(none(call)))
        .op("rack_controllers")
        .doc("List the rack controllers that carry a tag: none does."),
    Operation::get("TagHandler", ONE, |call| Box::pin(none(call)))
        .op("region_controllers")
        .doc("List the region controllers that carry a tag: none does."),
    Operation::post("TagHandler", ONE, |call| Box::pin(rebuild(call)))
        .op("rebuild")
        .reserved(Permission::ManageGroups)
        .doc("Evaluate the definition of a tag anew, in the background."),
    Operation::post("TagHandler", ONE, |call| Box::pin(update_nodes(call)))
        .op("update_nodes")
        .reserved(Permission::ManageGroups)
        .doc("Add a tag to machines, or take it from them.")
        .params(&[
            ADD.repeated(),
            REMOVE.repeated(),
            DEFINITION
                .described("The definition that was evaluated; refused when the tag has another.")
                .optional(),
        ])
        .refuses(&[Refused::new(
            &["rack_controller"],
            "Racks evaluate no tags: leave it out, and sign as an administrator.",
        )]),
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

/// Only machines carry tags; that there is the tag is looked for all the same.
async fn none(call: Call) -> Result<Reply, Problem> {
    tags::get(&call.parts.tables, &call.actor, call.segment("name")).await?;
    Ok(Reply::json(&[(); 0]))
}

async fn rebuild(call: Call) -> Result<Reply, Problem> {
    let name = call.segment("name");
    tags::rebuild(&call.parts.tables, &call.actor, name).await?;
    Ok(Reply::json(&Rebuilding { rebuilding: name.to_owned() }))
}

async fn update_nodes(call: Call) -> Result<Reply, Problem> {
    let ids = |param: Param<String>| param.items(&call.params).unwrap_or_default();
    let nodes =
        TagNodes { add: ids(ADD), remove: ids(REMOVE), definition: DEFINITION.given(&call.params) };
    let (tables, name) = (&call.parts.tables, call.segment("name"));
    let updated = tags::update_nodes(tables, &call.actor, name, &nodes).await?;
    Ok(Reply::json(&updated))
}

fn change(params: &Params) -> TagChange {
    TagChange {
        name: NAME.given(params),
        comment: COMMENT.given(params),
        definition: DEFINITION.given(params),
        kernel_opts: KERNEL_OPTS.given(params),
    }
}
