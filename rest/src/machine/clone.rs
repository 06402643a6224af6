//! `machines/?op=clone`: gives machines the networks of another one, and the layout of its disks.

use ops::machine::clone::{self, CloneRequest};

use crate::call::Call;
use crate::operation::Operation;
use crate::param::Param;
use crate::problem::Problem;
use crate::reply::Reply;

const SOURCE: Param<String> = Param::text("source", "The machine that is copied, by id or name.");
const DESTINATIONS: Param<String> =
    Param::text("destinations", "The machines that become like it, by id or name.");
const INTERFACES: Param<bool> =
    Param::boolean("interfaces", "Whether its interfaces are copied, by their names.");
const STORAGE: Param<bool> = Param::boolean("storage", "Whether the layout of its disks is.");

/// The operation of this file.
pub const OPERATIONS: &[Operation] =
    &[Operation::post("MachinesHandler", "machines/", |call| Box::pin(clone(call)))
        .op("clone")
        .doc("Give machines the networks or the disks of another one; all of them, or none.")
        .params(&[
            SOURCE.needed(),
            DESTINATIONS.repeated(),
            INTERFACES.optional(),
            STORAGE.optional(),
        ])];

async fn clone(call: Call) -> Result<Reply, Problem> {
    let (interfaces, storage) = (INTERFACES.is_set(&call.params), STORAGE.is_set(&call.params));
    let request = CloneRequest {
        source: SOURCE.named(&call.params).unwrap_or_default(),
        destinations: DESTINATIONS.items(&call.params).unwrap_or_default(),
        interfaces: interfaces?,
        storage: storage?,
    };
    clone::clone(&call.parts.tables, &call.actor, &request).await?;
    Ok(Reply::no_content())
}
