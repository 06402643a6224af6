//! Asking for an operation: which verb, on which objects, and what that may not exceed.

use std::collections::BTreeMap;

use axum::response::Response;
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use model::access::{Object, Permission, permits};
use model::operation::{BulkOperation, Target, is_secret};
use model::secret::Secret;
use model::time::Timestamp;
use ops::authorize::on_behalf;
use ops::machine::credentials::random_text;
use ops::site::operations::{self, Made};
use rest::param::Presence;
use rest::params::Params;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::operations::work::Work;
use crate::operations::{limits, plan, shape, targets, verbs};
use crate::problem::Problem;
use crate::read::{self, tagged, with_revision};
use crate::registry;
use crate::request::{Input, Request};
use crate::resource::Resource;
use crate::verb::Verb;
use crate::write::once::{Repeat, hash};
use crate::{body, revision, write};

/// How much the parameters are at most, in bytes.
const PARAMETERS_BYTES_MAX: usize = 64 << 10;

/// How long an id is, in characters.
const ID_LENGTH: usize = 16;

/// The parameters of the query, with what they mean.
pub const PARAMETERS: &[(&str, &str)] = &[
    ("plan", "`true` to be told what would change on all objects, without changing anything."),
    ("if_plan", "The `plan` of a plan: make the operation only if it is still what would change."),
];

/// What a body asks for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// What is to be done to each object.
    pub verb: String,
    /// A filter that means the objects; or else `ids`.
    pub filter: Option<String>,
    /// What names the objects; or else `filter`.
    #[schema(value_type = Option<Vec<String>>)]
    pub ids: Option<Vec<Value>>,
    /// The parameters of the verb.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub parameters: Map<String, Value>,
    /// How many objects may be meant: 50 unless it is said, 1000 at most.
    pub max: Option<usize>,
}

/// Makes an operation, or plans it.
///
/// # Errors
/// 400 for a wrong body and for more objects than `max`, 404 when none are meant, 409 for too many that lose power or data,
/// 412 when it is not what was planned, 422 when the key came with another request.
pub async fn answer(
    request: Request,
    resource: &'static Resource,
    mut input: Input,
    bytes: &Bytes,
) -> Result<Response, Problem> {
    let plans = revision::boolean(&input.params, "plan")?;
    input.params.take("plan");
    let if_plan = input.params.take("if_plan");
    check_rest(&input)?;
    rest::body::check_json(bytes)?;
    let order: Order = serde_json::from_slice(bytes)
        .map_err(|error| Problem::new(400, format!("The body is no operation: {error}.")))?;
    let verb = verb(resource, &order.verb)?;
    permits(&request.actor, verb.operation.permission, &Object::Site)
        .map_err(rest::problem::Problem::from)?;
    let params = params(verb, &order)?;
    let repeat = Repeat::of(&input, &request.actor, bytes)?;
    if let Some(known) = known(&request, repeat.as_ref()).await? {
        return accepted(&request, &known, true).await;
    }
    let targets = targets_of(&request, resource, &order).await?;
    limits::check_count(resource, targets.len(), order.max)?;
    let work = Work { request: &request, resource, verb, params };
    let disrupted_max = limits::disrupted_max(&request)?;
    if plans || if_plan.is_some() || targets.len() > disrupted_max {
        let planned = plan::plan(&work, &targets).await?;
        if plans {
            return Ok(plan::answer(&request, &planned));
        }
        limits::check_disrupted(&planned, disrupted_max)?;
        if if_plan.is_some_and(|expected| expected != planned.plan) {
            return Err(Problem::new(412, "It is not what was planned any more."));
        }
    }
    let operation = operation(&work, order, targets, repeat.as_ref())?;
    make(&request, &operation, repeat.as_ref()).await
}

/// Refuses what nothing reads.
fn check_rest(input: &Input) -> Result<(), Problem> {
    if input.condition(header::IF_MATCH.as_str())?.is_some() {
        return Err(Problem::new(400, "If-Match: this is about many objects: use `if_plan`."));
    }
    let unknown = input.params.iter().find(|(name, _)| !name.starts_with("oauth_"));
    unknown.map_or(Ok(()), |(name, _)| Err(Problem::parameter(name, "There is no such parameter.")))
}

fn verb(resource: &'static Resource, name: &str) -> Result<&'static Verb, Problem> {
    verbs(resource).find(|verb| verb.name() == name).ok_or_else(|| {
        let mut known: Vec<String> = verbs(resource).map(Verb::name).collect();
        known.sort_unstable();
        Problem::member(
            "verb",
            format!("There is no verb {name:?}; there are {}.", known.join(", ")),
        )
    })
}

/// The parameters of the verb.
fn params(verb: &Verb, order: &Order) -> Result<Params, Problem> {
    let mut params = Params::default();
    body::read_members(&order.parameters, &verb.operation, &mut params).map_err(within)?;
    write::check(&verb.operation, &mut params).map_err(within)?;
    for spec in verb.operation.params {
        if spec.presence == Presence::Required && params.get(spec.name).is_none() {
            return Err(within(Problem::member(spec.name, "It is needed.")));
        }
    }
    let bytes = params.iter().flat_map(|(_, values)| values).map(String::len).sum::<usize>();
    if bytes > PARAMETERS_BYTES_MAX {
        let message = format!("They have at most {PARAMETERS_BYTES_MAX} bytes.");
        return Err(Problem::member("parameters", message));
    }
    Ok(params)
}

/// The same problem of a member within the parameters.
fn within(mut problem: Problem) -> Problem {
    for fault in &mut problem.errors {
        fault.pointer = fault.pointer.take().map(|pointer| format!("/parameters{pointer}"));
    }
    problem
}

async fn targets_of(
    request: &Request,
    resource: &'static Resource,
    order: &Order,
) -> Result<Vec<Target>, Problem> {
    match (&order.filter, &order.ids) {
        (Some(filter), None) if !filter.trim().is_empty() => {
            targets::meant(request, resource, filter).await
        }
        (None, Some(ids)) => targets::named_by(request, resource, ids).await,
        _ => Err(Problem::member("filter", "Say which: by a `filter`, or else by `ids`.")),
    }
}

fn operation(
    work: &Work<'_>,
    order: Order,
    targets: Vec<Target>,
    repeat: Option<&Repeat>,
) -> Result<BulkOperation, Problem> {
    let user = work.request.actor.user(Permission::View).map_err(rest::problem::Problem::from)?;
    let (mut parameters, mut secrets) = (BTreeMap::new(), BTreeMap::new());
    for (name, values) in work.params.iter() {
        if is_secret(name) {
            let values: Vec<Secret> = values.iter().cloned().map(Secret::from).collect();
            secrets.insert(name.to_owned(), values);
        } else {
            parameters.insert(name.to_owned(), values.to_vec());
        }
    }
    Ok(BulkOperation {
        id: repeat.map_or_else(|| random_text(ID_LENGTH).to_lowercase(), id_of),
        user: user.id,
        username: user.username.clone(),
        from: work.request.source.address,
        request_id: work.request.source.request_id.clone(),
        request: repeat.map(|repeat| hex(repeat.request())).unwrap_or_default(),
        resource: work.resource.name.to_owned(),
        verb: order.verb,
        filter: order.filter,
        parameters,
        secrets,
        resolved_at: work.request.view.revision(),
        created: Timestamp::default(),
        ended: None,
        cancelled_by: None,
        targets,
    })
}

/// The id of an operation whose request has a name: the same for whoever sends it again.
fn id_of(repeat: &Repeat) -> String {
    hex(&hash(&[b"operation", repeat.name()]))[..ID_LENGTH].to_owned()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The operation that the same request made before.
async fn known(
    request: &Request,
    repeat: Option<&Repeat>,
) -> Result<Option<BulkOperation>, Problem> {
    let Some(repeat) = repeat else { return Ok(None) };
    let view = request.live.view().await?;
    let found = tables::read::Reads::get::<BulkOperation>(&view, &id_of(repeat))?;
    match found {
        Some(found) if found.request == hex(repeat.request()) => Ok(Some(found)),
        Some(_) => Err(other_request()),
        // Another kind of request may have its name.
        None => match repeat.answered(request).await? {
            None => Ok(None),
            Some(_) => Err(Problem::new(410, "The operation was made, and is forgotten.")),
        },
    }
}

fn other_request() -> Problem {
    Problem::new(422, "Another request came with this Idempotency-Key.")
}

async fn make(
    request: &Request,
    operation: &BulkOperation,
    repeat: Option<&Repeat>,
) -> Result<Response, Problem> {
    let tables = on_behalf(&request.live, &request.actor, &request.source);
    let tables = repeat.map_or_else(|| tables.clone(), |repeat| repeat.tables(&tables));
    match operations::create(&tables, &request.actor, operation).await {
        Ok(Made::New(made)) => accepted(request, &made, false).await,
        Ok(Made::Known(known)) => accepted(request, &known, true).await,
        Ok(Made::OtherRequest) => Err(other_request()),
        // The same may have been sent twice at once.
        Err(error) => match known(request, repeat).await? {
            Some(known) => accepted(request, &known, true).await,
            None => Err(error.into()),
        },
    }
}

async fn accepted(
    request: &Request,
    operation: &BulkOperation,
    is_replay: bool,
) -> Result<Response, Problem> {
    let now = request.at(request.live.view().await?);
    let shown = shape::json(operation);
    let shown = match registry::find("operations") {
        Some(resource) => with_revision(&now, resource, shown),
        None => shown,
    };
    let tag = read::tag_of(&shown);
    let mut response = tagged(read::answer(&now, StatusCode::ACCEPTED, shown), tag.as_deref());
    let headers = response.headers_mut();
    if let Ok(path) = HeaderValue::from_str(&format!("/api/v1/operations/{}", operation.id)) {
        headers.insert(header::LOCATION, path);
    }
    if is_replay {
        headers.insert("idempotent-replay", HeaderValue::from_static("true"));
    }
    Ok(response)
}
