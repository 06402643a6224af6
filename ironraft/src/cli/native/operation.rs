//! An operation on many objects while it is carried out, and what became of each.

use std::time::Duration;

use serde_json::Value;
use tokio::time::timeout;

use crate::cli::failure::Failure;
use crate::cli::native::exchange::{NativeApi, Reading};
use crate::cli::native::problem;
use crate::cli::native::progress::Progress;
use crate::cli::output::{OutputArguments, Sheet, field, text};

/// How long nothing is heard before it is asked.
const LOOK: Duration = Duration::from_secs(5);

/// The operation when nothing of it waits any more.
///
/// # Errors
/// Nobody answers. It goes on nevertheless.
pub(crate) async fn followed(api: &NativeApi, begun: Value) -> Result<Value, Failure> {
    let id = field(&begun, "id");
    let filter = format!("id:{id}");
    let mut progress = Progress::default();
    progress.tell(&said(&begun));
    let mut reply = api.object("operations", &id, &Reading::default()).await?;
    // From what was read on: it may end before anybody is told anything.
    let mut watch = api.watch(&["operations"], &filter, reply.revision);
    loop {
        progress.tell(&said(&reply.body));
        if reply.body["state"] != "running" {
            return Ok(reply.body);
        }
        // What it is told is only that it is time to look.
        if let Ok(told) = timeout(LOOK, watch.next()).await {
            told.map_err(|failure| failure.of(&format!("operation {id} goes on")))?;
        }
        reply = api.object("operations", &id, &Reading::default()).await?;
    }
}

fn said(operation: &Value) -> String {
    let number = |name: &str| operation[name].as_u64().unwrap_or_default();
    let failed = match number("failed") {
        0 => String::new(),
        failed => format!(", {failed} failed"),
    };
    let id = field(operation, "id");
    format!("operation {id}: {} of {} done{failed}", number("done"), number("total"))
}

/// The keys of what was done.
pub(crate) fn done(operation: &Value) -> Vec<String> {
    let is_done = |target: &&Value| target["outcome"] == "done";
    targets(operation).filter(is_done).map(|target| field(target, "id")).collect()
}

/// Prints what became of each object.
///
/// # Errors
/// Something was not done: 7 when something else was.
pub(crate) fn print(operation: &Value, output: &OutputArguments) -> Result<(), Failure> {
    if output.is_columns() {
        let row = |target: &Value| {
            ["name", "outcome", "revision", "detail"].map(|name| field(target, name)).to_vec()
        };
        let rows = targets(operation).map(row).collect();
        output.print_sheet(&Sheet::new(&["NAME", "OUTCOME", "REVISION", "DETAIL"], rows))?;
    } else {
        let rows: Vec<Value> = targets(operation).cloned().collect();
        output.print_answer(&rows, operation);
    }
    outcome(operation)
}

fn outcome(operation: &Value) -> Result<(), Failure> {
    let all = targets(operation).count();
    let done = done(operation).len();
    if done == all {
        return Ok(());
    }
    let id = field(operation, "id");
    let rest = all - done;
    if done > 0 {
        return Err(Failure::Partial(format!(
            "{done} of {all} were done, {rest} were not (operation {id})"
        )));
    }
    let first = targets(operation).find(|target| target["outcome"] == "failed");
    let none = format!("none of {all} was done (operation {id})");
    Err(match first {
        Some(target) => {
            let status = target["status"].as_u64().and_then(|status| u16::try_from(status).ok());
            let detail = text(&target["detail"]);
            problem::of(status.unwrap_or(500), &detail, None).of(&field(target, "name")).of(&none)
        }
        None => Failure::Conflict(none),
    })
}

fn targets(operation: &Value) -> impl Iterator<Item = &Value> {
    operation["targets"].as_array().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ended(outcomes: &[&str]) -> Value {
        let target = |outcome: &&str| json!({"id": "a", "name": "web", "outcome": outcome, "status": 409, "detail": "It is locked."});
        let targets: Vec<Value> = outcomes.iter().map(target).collect();
        json!({"id": "o1", "state": "failed", "total": 2, "done": 1, "failed": 1, "targets": targets})
    }

    #[test]
    fn what_was_done_to_some_only_has_a_code_of_its_own() {
        let told = |outcomes: &[&str]| outcome(&ended(outcomes)).map_err(|failure| failure.told());
        assert_eq!(told(&["done", "done"]), Ok(()));
        let partial = "1 of 2 were done, 1 were not (operation o1)".to_owned();
        assert_eq!(told(&["done", "failed"]), Err((7, partial)));
        let none = "none of 1 was done (operation o1): web: It is locked".to_owned();
        assert_eq!(told(&["failed"]), Err((4, none)));
        assert_eq!(told(&["cancelled"]).unwrap_err().0, 4);
        assert_eq!(done(&ended(&["done", "failed"])), ["a"]);
        assert_eq!(said(&ended(&[])), "operation o1: 1 of 2 done, 1 failed");
    }
}
