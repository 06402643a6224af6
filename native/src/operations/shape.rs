//! An operation as it is shown.

use std::collections::BTreeMap;

use model::operation::{BulkOperation, Outcome, Target};
use model::secret::HIDDEN;
use model::time::Timestamp;
use ops::background;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::problem::Problem;
use crate::request::Request;

/// One verb on many objects, and how far it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Operation)]
pub struct Shown {
    /// Its id.
    pub id: String,
    /// `running`, `done`, `failed` (something was refused) or `cancelled`.
    pub state: String,
    /// The kind of the objects.
    pub kind: String,
    /// What is done to each.
    pub verb: String,
    /// Who asked for it.
    pub username: String,
    /// The other end of the connection.
    pub from_address: Option<String>,
    /// The id of the request that asked for it.
    pub request_id: Option<String>,
    /// The filter that meant the objects; null when they were named.
    pub filter: Option<String>,
    /// The parameters; what may be a secret is `***`.
    #[schema(value_type = Object)]
    pub parameters: BTreeMap<String, Vec<String>>,
    /// When it was asked for (RFC 3339).
    pub created: String,
    /// When nothing was left to do.
    pub ended: Option<String>,
    /// Who cancelled it.
    pub cancelled_by: Option<String>,
    /// The revision at which the objects were found.
    pub resolved_at: u64,
    /// How many objects are meant.
    pub total: usize,
    /// How many wait.
    pub waiting: usize,
    /// How many were done.
    pub done: usize,
    /// How many were refused.
    pub failed: usize,
    /// How many were given up.
    pub cancelled: usize,
    /// The objects, in the order in which they come. Lists leave them out unless `fields` names them.
    #[schema(required = false)]
    pub targets: Vec<ShownTarget>,
}

/// An object of an operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = OperationTarget)]
pub struct ShownTarget {
    /// What names it.
    pub id: String,
    /// What it was called when the operation was made.
    pub name: String,
    /// `waiting`, `done`, `failed` or `cancelled`.
    pub outcome: String,
    /// The revision of what was done.
    pub revision: Option<u64>,
    /// The HTTP status of the problem.
    pub status: Option<u16>,
    /// What is wrong, in a sentence.
    pub detail: Option<String>,
    /// When (RFC 3339); of one that waits, when it was tried last.
    pub time: Option<String>,
}

impl From<&BulkOperation> for Shown {
    fn from(operation: &BulkOperation) -> Self {
        let counts = operation.counts();
        let hidden = operation.secrets.keys().map(|name| (name.clone(), vec![HIDDEN.to_owned()]));
        Self {
            id: operation.id.clone(),
            state: operation.state().name().to_owned(),
            kind: operation.resource.clone(),
            verb: operation.verb.clone(),
            username: operation.username.clone(),
            from_address: operation.from.map(|from| from.to_string()),
            request_id: operation.request_id.clone().map(String::from),
            filter: operation.filter.clone(),
            parameters: operation.parameters.clone().into_iter().chain(hidden).collect(),
            created: time(operation.created),
            ended: operation.ended.map(time),
            cancelled_by: operation.cancelled_by.clone(),
            resolved_at: operation.resolved_at,
            total: operation.targets.len(),
            waiting: counts.waiting,
            done: counts.done,
            failed: counts.failed,
            cancelled: counts.cancelled,
            targets: operation.targets.iter().map(ShownTarget::from).collect(),
        }
    }
}

impl From<&Target> for ShownTarget {
    fn from(target: &Target) -> Self {
        let (outcome, revision, status, detail) = match &target.outcome {
            Outcome::Waiting => ("waiting", None, None, None),
            Outcome::Done { revision } => ("done", Some(*revision), None, None),
            Outcome::Failed { status, detail } => {
                ("failed", None, Some(*status), Some(detail.clone()))
            }
            Outcome::Cancelled => ("cancelled", None, None, None),
        };
        Self {
            id: target.id.clone(),
            name: target.name.clone(),
            outcome: outcome.to_owned(),
            revision,
            status,
            detail,
            time: target.at.map(time),
        }
    }
}

/// A time as it is shown.
pub(crate) fn time(at: Timestamp) -> String {
    let at = i64::try_from(at.unix_ms).ok().map(jiff::Timestamp::from_millisecond);
    at.and_then(Result::ok).map(|at| at.to_string()).unwrap_or_default()
}

/// An operation as JSON.
#[must_use]
pub fn json(operation: &BulkOperation) -> Value {
    serde_json::to_value(Shown::from(operation)).unwrap_or_default()
}

/// All operations that whoever asks may see.
///
/// # Errors
/// [`Problem`].
pub async fn all(request: &Request) -> Result<Vec<Value>, Problem> {
    let all = ops::site::operations::list(&request.parts.tables, &request.actor).await?;
    let mut shown = Vec::with_capacity(all.len());
    for operation in all {
        shown.push(background::run(move || json(&operation)).await);
    }
    Ok(shown)
}

/// The operation with that id, if whoever asks may see it.
///
/// # Errors
/// [`Problem`].
pub async fn one(request: &Request, id: &str) -> Result<Vec<Value>, Problem> {
    match ops::site::operations::show(&request.parts.tables, &request.actor, id).await {
        Ok(operation) => Ok(vec![json(&operation)]),
        Err(ops::error::Refusal::NotFound { .. }) => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}
