//! The plans of all targets as one. All are evaluated at one view.

use axum::response::Response;
use http::StatusCode;
use model::operation::Target;
use ops::authorize::on_behalf;
use serde::Serialize;
use utoipa::ToSchema;

use crate::operations::work::Work;
use crate::problem::Problem;
use crate::read;
use crate::request::Request;
use crate::write::once::hash;
use crate::write::plan::{self, Effects, ObjectPlan};

/// How many objects are told of; of more it is said how many. What it means is told of all.
const CHANGES_MAX: usize = 1_000;

/// A target that would be refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RefusedTarget {
    /// What names it.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// The HTTP status of the problem.
    pub status: u16,
    /// What is wrong, in a sentence.
    pub detail: String,
}

/// What an operation on many objects would do.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct BulkPlan {
    /// What it rests on: send it as `if_plan` to have the operation made only while that is still so.
    pub plan: String,
    /// The revision that it was made at.
    pub revision: u64,
    /// How many objects are meant.
    pub targets: usize,
    /// Those that would be refused.
    pub refused: Vec<RefusedTarget>,
    /// What would become of which objects.
    pub changes: Vec<ObjectPlan>,
    /// How many more would change.
    pub more: u32,
    /// What that means.
    pub effects: Effects,
}

/// The plan of a verb for some objects.
///
/// # Errors
/// [`Problem`] when nothing can be planned at all.
pub async fn plan(work: &Work<'_>, targets: &[Target]) -> Result<BulkPlan, Problem> {
    let request = work.request;
    let live = on_behalf(&request.live, &request.actor, &request.source);
    let pinned = live.pinned(request.view.clone());
    let objects = work.objects().await?;
    let mut whole = BulkPlan {
        plan: String::new(),
        revision: request.view.revision(),
        targets: targets.len(),
        refused: Vec::new(),
        changes: Vec::new(),
        more: 0,
        effects: Effects::default(),
    };
    let mut rests_on: Vec<String> = Vec::with_capacity(2 * targets.len());
    for target in targets {
        // Others have their turn in between.
        tokio::task::yield_now().await;
        let (tables, planned) = pinned.planning().await?;
        let refused = work.run(tables, &target.id, &objects).await.err();
        rests_on.push(target.id.clone());
        if let Some(Problem { status, detail, .. }) = refused {
            let (id, name) = (target.id.clone(), target.name.clone());
            whole.refused.push(RefusedTarget { id, name, status, detail });
            rests_on.push(status.to_string());
        } else {
            rests_on.push(planned.fingerprint().without_revision());
            whole.add(plan::plan(&planned, &request.view));
        }
    }
    let parts: Vec<&[u8]> = rests_on.iter().map(String::as_bytes).collect();
    whole.plan = hash(&parts).iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(whole)
}

impl BulkPlan {
    fn add(&mut self, one: plan::Plan) {
        let room = CHANGES_MAX.saturating_sub(self.changes.len());
        let over = one.changes.len().saturating_sub(room);
        let over = u32::try_from(over).unwrap_or(u32::MAX);
        self.more = self.more.saturating_add(one.more).saturating_add(over);
        self.changes.extend(one.changes.into_iter().take(room));
        self.effects = std::mem::take(&mut self.effects).and(one.effects);
    }
}

/// The same as an answer.
#[must_use]
pub fn answer(request: &Request, plan: &BulkPlan) -> Response {
    read::answer(request, StatusCode::OK, serde_json::to_value(plan).unwrap_or_default())
}
