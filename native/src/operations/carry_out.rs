//! Carrying an operation out, some targets at a time. Whoever leads does it, and whoever led before may still be at it: each
//! target is done once, because its transaction remembers that it was done.

use std::collections::BTreeMap;

use futures::{StreamExt, stream};
use model::access::Actor;
use model::operation::{BulkOperation, Outcome};
use model::request::Source;
use ops::authorize::on_behalf;
use ops::site::operations::{self, Noted};
use rest::call::Parts;
use serde_json::Value;
use tables::error::TableError;
use tables::read::{Reads, View};
use tables::request::once::Once;
use tables::update::now;

use crate::operations::work::Work;
use crate::problem::Problem;
use crate::request::Request;
use crate::write::once::hash;

/// How many targets are done at once.
const AT_ONCE: usize = 16;

/// How many are done before what became of them is noted.
const TARGETS_MAX: usize = 32;

/// Does the next targets of an operation, and notes what became of them; false when none is due.
///
/// # Errors
/// [`TableError`] without a quorum: what was done meanwhile is noted when it is tried again.
pub async fn go_on(parts: &Parts, id: &str) -> Result<bool, TableError> {
    let view = parts.tables.view().await?;
    let Some(operation) = view.get::<BulkOperation>(&id.to_owned())? else { return Ok(false) };
    let ids: Vec<String> =
        operation.next_targets(TARGETS_MAX, now()).iter().map(|target| target.id.clone()).collect();
    if ids.is_empty() {
        return Ok(false);
    }
    let noted = match operations::asker(&view, &operation)? {
        Some(actor) => done(parts, view, &operation, actor, ids).await?,
        None => refused(ids, 403, "Who asked for it is no user any more."),
    };
    operations::note(&parts.tables, id, &noted).await?;
    Ok(true)
}

fn refused(ids: Vec<String>, status: u16, detail: &str) -> Vec<(String, Noted)> {
    let outcome = Noted::Outcome(Outcome::Failed { status, detail: detail.to_owned() });
    ids.into_iter().map(|id| (id, outcome.clone())).collect()
}

async fn done(
    parts: &Parts,
    view: View,
    operation: &BulkOperation,
    actor: Actor,
    ids: Vec<String>,
) -> Result<Vec<(String, Noted)>, TableError> {
    let live = parts.tables.clone();
    let parts = Parts { tables: live.pinned(view.clone()), ..parts.clone() };
    let source = Source { address: operation.from, request_id: operation.request_id.clone() };
    let origin = String::new();
    let request = Request { parts, actor, view, live, present: None, age: None, origin, source };
    let Some(work) = Work::of(operation, &request) else {
        return Ok(refused(ids, 404, "The region that leads has no such verb."));
    };
    let objects = match work.objects().await {
        Ok(objects) => objects,
        Err(problem) => return Ok(refused(ids, problem.status, &problem.detail)),
    };
    let (work, objects) = (&work, &objects);
    let each = ids.into_iter().map(|target| async move {
        let noted = one(work, operation, &target, objects).await?;
        Ok::<_, TableError>((target, noted))
    });
    let found: Vec<Result<(String, Noted), TableError>> =
        stream::iter(each).buffer_unordered(AT_ONCE).collect().await;
    found.into_iter().collect()
}

/// Does it to one target, unless that was done before.
async fn one(
    work: &Work<'_>,
    operation: &BulkOperation,
    target: &str,
    objects: &BTreeMap<String, Value>,
) -> Result<Noted, TableError> {
    let request = work.request;
    let name = hash(&[b"target", operation.id.as_bytes(), target.as_bytes()]);
    let once = Once::new(&name, &name);
    if let Some(revision) = revision_of(&once, &request.view)? {
        return Ok(Noted::Outcome(Outcome::Done { revision }));
    }
    let tables = on_behalf(&request.live, &request.actor, &request.source);
    let result = work.run(tables.answering_once(once.clone()), target, objects).await;
    let after = request.live.view().await?;
    let committed = revision_of(&once, &after)?;
    Ok(match (result, committed) {
        (Ok(_), Some(revision)) => Noted::Outcome(Outcome::Done { revision }),
        // It was so already.
        (Ok(_), None) => Noted::Outcome(Outcome::Done { revision: after.revision() }),
        (Err(problem), Some(revision)) if was_answered(&problem) => {
            Noted::Outcome(Outcome::Done { revision })
        }
        (Err(problem), None) if problem.status == 503 => Noted::Unavailable(problem.detail),
        // Nobody heard how it went, and it went well.
        (Err(problem), Some(revision)) if problem.status == 503 => {
            Noted::Outcome(Outcome::Done { revision })
        }
        (Err(Problem { status, detail, .. }), _) => {
            Noted::Outcome(Outcome::Failed { status, detail })
        }
    })
}

/// The revision at which a target was done, if it was.
fn revision_of(once: &Once, view: &View) -> Result<Option<u64>, TableError> {
    match once.check(view, now()) {
        Ok(()) => Ok(None),
        Err(TableError::Answered { revision, .. }) => Ok(Some(revision)),
        Err(error) => Err(error),
    }
}

/// Whether a problem says that somebody else did it meanwhile.
fn was_answered(problem: &Problem) -> bool {
    problem.status == 409 && problem.detail.contains("carried out at revision")
}
