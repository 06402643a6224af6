//! `revisions/{revision}/`: what was changed at a revision is taken back.

use model::access::Permission;
use ops::site::undo::{self, Undone, UndoneObject};
use serde::Serialize;

use crate::call::Call;
use crate::operation::Operation;
use crate::problem::Problem;
use crate::reply::Reply;

/// The operations on revisions.
pub const OPERATIONS: &[Operation] =
    &[Operation::post("RevisionHandler", "revisions/{revision}/", |call| Box::pin(take_back(call)))
        .op("undo")
        .reserved(Permission::ReadAudit)
        .doc(
            "Take back what users changed at a revision, by the rules: what was made is removed, what was changed or \
             removed is as it was. Refused when any of it was changed since, and for what a machine went through.",
        )];

/// What was taken back.
#[derive(Serialize)]
struct UndoneShape {
    undone: u64,
    objects: Vec<UndoneObjectShape>,
}

/// What became of an object: `removed`, `restored` or `changed`.
#[derive(Serialize)]
struct UndoneObjectShape {
    kind: &'static str,
    name: String,
    change: &'static str,
}

async fn take_back(call: Call) -> Result<Reply, Problem> {
    let revision = call.id::<u64>("revision", "Revision")?;
    let Undone { undone, objects } = undo::undo(&call.parts.tables, &call.actor, revision).await?;
    let shape = |UndoneObject { kind, name, change }| UndoneObjectShape { kind, name, change };
    let objects = objects.into_iter().map(shape).collect();
    Ok(Reply::json(&UndoneShape { undone, objects }))
}
