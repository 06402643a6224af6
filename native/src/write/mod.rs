//! Running what changes something: the parameters of its body, its conditions, and its plan.

pub mod once;
pub mod plan;

use std::collections::BTreeMap;

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use ops::authorize::on_behalf;
use rest::call::Content;
use rest::lengths::check_names;
use rest::operation::Operation;
use rest::params::Params;
use rest::refused::{refuse, refuse_unknown};
use serde_json::Value;
use tables::request::fingerprint::Fingerprint;
use tables::update::Tables;

use crate::body;
use crate::item::text_of;
use crate::problem::Problem;
use crate::read::{self, REVISION, tagged, with_revision};
use crate::request::{Input, Request, json_of};
use crate::revision;
use crate::uploads;
use crate::verb::Verb;
use crate::write::once::Repeat;

/// The parameters of the query that all changes take, with what they mean.
pub const PARAMETERS: &[(&str, &str)] = &[
    ("plan", "`true` to be told what would change, without changing anything."),
    ("if_plan", "The `plan` of a plan: change this only if it is still what would change."),
];

/// The headers that all changes take, with what they mean.
pub const HEADERS: &[(&str, &str)] = &[
    ("If-Match", "The entity tag that the object must have: that of the last time it was read."),
    (
        "Idempotency-Key",
        "A text that no other request has: sent again, it is answered and not done again.",
    ),
];

/// What the tables say of a plan that does not hold any more.
const MOVED: &str = "what was planned";

/// Runs an operation that both APIs have.
///
/// # Errors
/// [`Problem`].
pub async fn run(
    request: Request,
    verb: &Verb,
    mut input: Input,
    body: Bytes,
    content: Content,
) -> Result<Response, Problem> {
    let operation = &verb.operation;
    if verb.method == "GET" {
        return answer_reading(&request, verb, input).await;
    }
    let plans = revision::boolean(&input.params, "plan")?;
    let if_plan = input.params.take("if_plan");
    input.params.take("plan");
    if operation.acts_at_once && (plans || if_plan.is_some()) {
        let parameter = if plans { "plan" } else { "if_plan" };
        return Err(Problem::parameter(parameter, "This is done at once, and cannot be planned."));
    }
    let mut params = input.params.clone();
    body::read(&body, operation, &mut params)?;
    check(operation, &mut params)?;
    let conditions = Conditions {
        expected: input.condition(header::IF_MATCH.as_str())?.map(revision_in).transpose()?,
        if_plan: if_plan.as_deref().map(fingerprint_in).transpose()?,
        repeat: Repeat::of(&input, &request.actor, &body)?,
    };
    let object = match object_of(&request, verb, &input.values).await {
        // The same request may have removed it, or called it otherwise.
        Err(problem) if problem.status == 404 => {
            let revision = conditions.answered(&request).await?.ok_or(problem)?;
            return once::answer(&request, verb, None, revision).await;
        }
        found => found?,
    };
    let path = placeholders(verb, &input.values, object.as_ref());
    let tables = conditions.tables(&request, verb, object.as_ref())?;
    let given = params.clone();
    let located = |problem| body::located(problem, operation).naming(&given);
    if plans {
        let (tables, planned) = tables.planning().await?;
        let planning = request.changing(tables);
        planning.run(operation, path, params, content).await.map_err(located)?;
        return Ok(plan::answer(&planning, &planned));
    }
    if let Some(revision) = conditions.answered(&request).await? {
        return once::answer(&request, verb, object.as_ref(), revision).await;
    }
    let changing = request.changing(tables);
    match changing.run(operation, path, params, content).await {
        Ok(reply) => changed(&changing, verb, reply).await,
        Err(problem) => {
            // Others may have carried the same request out meanwhile.
            if let Some(revision) = conditions.answered(&request).await? {
                return once::answer(&request, verb, object.as_ref(), revision).await;
            }
            conditions.failed(&request, verb, object.as_ref(), located(problem)).await
        }
    }
}

/// Refuses parameters that an operation does not take.
pub(crate) fn check(operation: &Operation, params: &mut Params) -> Result<(), Problem> {
    refuse(operation.refused, params).map_err(rest::problem::Problem::from)?;
    check_names(params).map_err(rest::problem::Problem::from)?;
    if !operation.takes_any_name {
        params.keep(|name| !name.starts_with("oauth_"));
        refuse_unknown(operation.params, params).map_err(rest::problem::Problem::from)?;
    }
    Ok(())
}

/// What a change is made only under.
#[derive(Debug)]
struct Conditions {
    /// The revision that its object must have.
    expected: Option<u64>,
    /// What it must rest on.
    if_plan: Option<Fingerprint>,
    /// Its name, if it has one.
    repeat: Option<Repeat>,
}

impl Conditions {
    /// The tables in which it is made under these conditions only.
    fn tables(
        &self,
        request: &Request,
        verb: &Verb,
        object: Option<&Value>,
    ) -> Result<Tables, Problem> {
        let mut tables = on_behalf(&request.live, &request.actor, &request.source);
        if let Some(expected) = self.expected {
            let rows = verb.resource.and_then(|resource| resource.rows);
            let found = rows
                .zip(object)
                .and_then(|(rows, object)| rows.expecting(&tables, object, expected));
            let message = "If-Match: there is nothing here that has an entity tag.";
            tables = found.ok_or_else(|| Problem::new(400, message))?;
        }
        if let Some(fingerprint) = &self.if_plan {
            tables = tables.only_if(fingerprint.clone());
        }
        if let Some(repeat) = &self.repeat {
            tables = repeat.tables(&tables);
        }
        Ok(tables)
    }

    /// The revision of what the same request did before.
    async fn answered(&self, request: &Request) -> Result<Option<u64>, Problem> {
        match &self.repeat {
            Some(repeat) => repeat.answered(request).await,
            None => Ok(None),
        }
    }

    /// Why it was not made: 412 when it was for one of the conditions.
    async fn failed(
        &self,
        request: &Request,
        verb: &Verb,
        object: Option<&Value>,
        problem: Problem,
    ) -> Result<Response, Problem> {
        if problem.status != 409 {
            return Err(problem);
        }
        let now = request.at(request.live.view().await?);
        let rows = verb.resource.and_then(|resource| resource.rows).zip(object);
        let found = rows.and_then(|(rows, object)| rows.revision(&now.view, object));
        if self.expected.is_some() && found != self.expected {
            let message = "The object has changed since it was read.";
            return Err(Problem::new(412, message).with("revision", found));
        }
        let is_of_plan = self.if_plan.is_some() && problem.detail.contains(MOVED);
        Err(if is_of_plan { Problem::new(412, problem.detail) } else { problem })
    }
}

async fn answer_reading(request: &Request, verb: &Verb, input: Input) -> Result<Response, Problem> {
    let operation = &verb.operation;
    let mut params = input.params;
    for (name, _) in revision::PARAMETERS {
        params.take(name);
    }
    refuse(operation.refused, &mut params).map_err(rest::problem::Problem::from)?;
    check_names(&params).map_err(rest::problem::Problem::from)?;
    params.keep(|name| !name.starts_with("oauth_"));
    if !operation.takes_any_name {
        refuse_unknown(operation.params, &params).map_err(rest::problem::Problem::from)?;
    }
    let object = object_of(request, verb, &input.values).await?;
    let path = placeholders(verb, &input.values, object.as_ref());
    let mut response =
        request.run(operation, path, params, Content::default()).await?.into_response();
    response.headers_mut().insert(REVISION, HeaderValue::from(request.view.revision()));
    Ok(response)
}

/// The object that a verb is about; none for one of no object, or whose resource has no lists.
async fn object_of(
    request: &Request,
    verb: &Verb,
    values: &BTreeMap<String, String>,
) -> Result<Option<Value>, Problem> {
    let Some((resource, _)) = verb.resource.zip(verb.object) else { return Ok(None) };
    let key = values.get(resource.singular).map(String::as_str).unwrap_or_default();
    read::find(request, resource, key).await.map(Some)
}

/// The values of an operation's placeholders: the object's, and those of the path.
pub(crate) fn placeholders(
    verb: &Verb,
    values: &BTreeMap<String, String>,
    object: Option<&Value>,
) -> BTreeMap<&'static str, String> {
    let names = rest::paths::placeholders(verb.operation.path);
    let value = |name: &'static str| {
        if verb.object == Some(name)
            && let Some((object, resource)) = object.zip(verb.resource)
        {
            let field = object.get(name).or_else(|| object.get(resource.key));
            return (name, field.map(text_of).unwrap_or_default());
        }
        (name, values.get(name).cloned().unwrap_or_default())
    };
    names.map(value).collect()
}

/// The answer to a change: what the operation says, with the revision from which on it can be read.
async fn changed(
    request: &Request,
    verb: &Verb,
    reply: rest::reply::Reply,
) -> Result<Response, Problem> {
    let now = request.at(request.live.view().await?);
    let status = StatusCode::from_u16(reply.status()).unwrap_or(StatusCode::OK);
    if !reply.is_json() {
        let mut response = reply.into_response();
        response.headers_mut().insert(REVISION, HeaderValue::from(now.view.revision()));
        return Ok(response);
    }
    let mut object = json_of(reply).await?;
    uploads::name_here(&mut object);
    let object = match verb.resource {
        Some(resource) => with_revision(&now, resource, object),
        None => object,
    };
    let status = match status {
        StatusCode::OK if object.is_null() => StatusCode::NO_CONTENT,
        StatusCode::OK if verb.name() == "create" => StatusCode::CREATED,
        other => other,
    };
    let tag = read::tag_of(&object);
    Ok(tagged(read::answer(&now, status, object), tag.as_deref()))
}

fn fingerprint_in(text: &str) -> Result<Fingerprint, Problem> {
    text.parse().map_err(|_| Problem::parameter("if_plan", "It is no `plan` of a plan."))
}

/// The revision in an entity tag.
fn revision_in(tag: &str) -> Result<u64, Problem> {
    let bare = tag.trim().trim_matches('"');
    bare.parse()
        .map_err(|_| Problem::new(400, format!("If-Match: {tag} is no entity tag of ours.")))
}
