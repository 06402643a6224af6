//! `tags/`: tags, and who carries them.

use crate::problem::Problem;
use api::tags::Tag;
use model::id::SystemId;

use crate::call::Call;
use crate::machine::shape;
use crate::operation::Operation;
use crate::params::Params;
use crate::reply::Reply;
use crate::shapes::Shapes;
use ops::machine::tags::{self, TagChange};
use tables::machines::MACHINES_OF_TAG;
use tables::read::Reads;

const ONE: &str = "tags/{name}/";

/// The operations of this resource.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("TagsHandler", "tags/", |call| Box::pin(list(call))).doc("List all tags."),
    Operation::post("TagsHandler", "tags/", |call| Box::pin(create(call))).admin().doc(
        "Create a tag.\n\n\
         :param name: The tag's name.\n\
         :param comment: Free text. Optional.\n\
         :param kernel_opts: Kernel options for machines that carry it. Optional.",
    ),
    Operation::get("TagHandler", ONE, |call| Box::pin(read(call))).doc("Read a tag."),
    Operation::put("TagHandler", ONE, |call| Box::pin(update(call))).admin().doc(
        "Update a tag.\n\n\
         :param name: The tag's new name. Optional.\n\
         :param comment: Free text. Optional.\n\
         :param kernel_opts: Kernel options. Optional.",
    ),
    Operation::delete("TagHandler", ONE, |call| Box::pin(delete(call)))
        .admin()
        .doc("Delete a tag, also from all machines."),
    Operation::get("TagHandler", ONE, |call| Box::pin(machines(call)))
        .op("machines")
        .doc("List the machines that carry a tag."),
    Operation::get("TagHandler", ONE, |call| Box::pin(machines(call)))
        .op("nodes")
        .doc("List the nodes that carry a tag: only machines do."),
    Operation::post("TagHandler", ONE, |call| Box::pin(update_nodes(call)))
        .op("update_nodes")
        .admin()
        .doc(
            "Add a tag to machines, or take it from them.\n\n\
             :param add: System ids of machines to add it to. Optional.\n\
             :param remove: System ids of machines to take it from. Optional.",
        ),
];

async fn list(call: Call) -> Result<Reply, Problem> {
    let tags = call.view().await?.list::<model::tag::Tag>()?;
    Ok(Reply::json(&tags.iter().map(Tag::from).collect::<Vec<_>>()))
}

async fn create(call: Call) -> Result<Reply, Problem> {
    let (cause, change) = (call.cause("tag.create"), change(&call.params));
    let tag = tags::create(&call.parts.tables, &cause, &change).await?;
    Ok(Reply::json(&Tag::from(&tag)))
}

async fn read(call: Call) -> Result<Reply, Problem> {
    let tag = tags::find(&call.view().await?, call.segment("name"))?;
    Ok(Reply::json(&Tag::from(&tag)))
}

async fn update(call: Call) -> Result<Reply, Problem> {
    let (cause, change) = (call.cause("tag.update"), change(&call.params));
    let tag = tags::update(&call.parts.tables, &cause, call.segment("name"), &change).await?;
    Ok(Reply::json(&Tag::from(&tag)))
}

async fn delete(call: Call) -> Result<Reply, Problem> {
    tags::delete(&call.parts.tables, &call.cause("tag.delete"), call.segment("name")).await?;
    Ok(Reply::no_content())
}

async fn machines(call: Call) -> Result<Reply, Problem> {
    let view = call.view().await?;
    let shapes = Shapes::new(&view);
    let tag = tags::find(&view, call.segment("name"))?;
    let machines = view.list_by(&MACHINES_OF_TAG, &tag.name)?;
    let machines = machines.iter().map(|machine| shape::machine(&shapes, machine));
    Ok(Reply::json(&machines.collect::<Result<Vec<_>, _>>()?))
}

async fn update_nodes(call: Call) -> Result<Reply, Problem> {
    let ids = |name: &str| -> Vec<SystemId> {
        let items = call.params.items(name).unwrap_or_default();
        items.iter().filter_map(|item| item.parse().ok()).collect()
    };
    let cause = call.cause("tag.update-nodes");
    let name = call.segment("name");
    let updated =
        tags::update_nodes(&call.parts.tables, &cause, name, &ids("add"), &ids("remove")).await?;
    Ok(Reply::json(&updated))
}

fn change(params: &Params) -> TagChange {
    let text = |name| params.get(name).map(str::to_owned);
    TagChange {
        name: text("name"),
        definition: text("definition"),
        comment: text("comment"),
        kernel_opts: text("kernel_opts"),
    }
}
