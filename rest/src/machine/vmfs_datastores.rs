//! `nodes/{system_id}/vmfs-datastores/`: the datastores that `ESXi` will have.

use ops::machine::storage::raids::{Of, ShownGroup};

use crate::call::Call;
use crate::machine::block_devices::{drives, editor, machine};
use crate::machine::raids::{CHANGES, change_of, group};
use crate::machine::storage_shape::{self, Shapes};
use crate::machine::volume_groups::{NEW, new_group};
use crate::operation::Operation;
use crate::problem::Problem;
use crate::reply::Reply;

const ALL_HANDLER: &str = "VmfsDatastoresHandler";
const ALL: &str = "nodes/{system_id}/vmfs-datastores/";
const HANDLER: &str = "VmfsDatastoreHandler";
const ONE: &str = "nodes/{system_id}/vmfs-datastore/{id}/";

/// The operations of these resources.
pub const OPERATIONS: &[Operation] = &[
    Operation::get(ALL_HANDLER, ALL, |call| Box::pin(list(call))).doc("List VMFS datastores."),
    Operation::post(ALL_HANDLER, ALL, |call| Box::pin(create(call)))
        .doc("Make a VMFS datastore.")
        .params(NEW),
    Operation::get(HANDLER, ONE, |call| Box::pin(read(call))).doc("Read a VMFS datastore."),
    Operation::put(HANDLER, ONE, |call| Box::pin(update(call)))
        .doc("Change a VMFS datastore.")
        .params(CHANGES),
    Operation::delete(HANDLER, ONE, |call| Box::pin(delete(call)))
        .doc("Take a VMFS datastore apart."),
];

async fn list(call: Call) -> Result<Reply, Problem> {
    let found = drives(&call).await?;
    Ok(Reply::json(&storage_shape::of(&found).groups(Of::Vmfs, Shapes::datastore)))
}

async fn create(call: Call) -> Result<Reply, Problem> {
    let wanted = new_group(&call.params);
    let id = machine(&call)?;
    answer(&editor(&call, &id).create_datastore(&wanted).await?)
}

async fn read(call: Call) -> Result<Reply, Problem> {
    answer(&group(&call, Of::Vmfs, "VMFS").await?)
}

async fn update(call: Call) -> Result<Reply, Problem> {
    let change = change_of(&call.params);
    let id = machine(&call)?;
    answer(&editor(&call, &id).update_datastore(call.segment("id"), &change).await?)
}

async fn delete(call: Call) -> Result<Reply, Problem> {
    let id = machine(&call)?;
    editor(&call, &id).delete_datastore(call.segment("id")).await?;
    Ok(Reply::no_content())
}

fn answer(found: &ShownGroup) -> Result<Reply, Problem> {
    let shape = storage_shape::of(&found.of).group(found.id, Shapes::datastore);
    Ok(Reply::json(&shape.ok_or_else(|| Problem::not_found("VMFS"))?))
}
