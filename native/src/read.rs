//! Reading: at which revision, a page of a resource, one object.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use model::access::{Actor, Role};
use ops::background;
use rest::auth::caller::origin;
use rest::auth::source;
use rest::call::Parts;
use rest::params::Params;
use serde::Serialize;
use serde_json::{Map, Value};
use tables::error::TableError;
use tables::update::now;

use crate::item::{Item, text_of};
use crate::list;
use crate::list::body::Body;
use crate::list::query::{ListQuery, PARAMETERS, members};
use crate::listing::Listing;
use crate::members::Members;
use crate::operations::shape::time;
use crate::problem::Problem;
use crate::registry::known_fields;
use crate::request::{Input, Request};
use crate::resource::Resource;
use crate::times::Moment;
use crate::{revision, uploads};

/// The header with the revision that an answer is of.
pub const REVISION: HeaderName = HeaderName::from_static("x-ironraft-revision");

/// The header with the age of what was read without asking the other regions, in milliseconds.
pub const STALE: HeaderName = HeaderName::from_static("x-ironraft-stale-ms");

/// A request whose reads are of the revision that it asks for.
///
/// # Errors
/// 410 for a revision that is not kept any more, 503 without a quorum.
pub async fn request(parts: &Parts, actor: Actor, input: &Input) -> Result<Request, Problem> {
    let live = parts.tables.clone();
    let view = revision::view(&live, &input.params).await?;
    let present = match (revision::is_of_past(&input.params), actor.role()) {
        (false, _) => None,
        // From whom nothing is hidden.
        (true, Role::Superuser) => Some(live.stale_view().await?),
        (true, _) => Some(live.view().await?),
    };
    let parts = Parts { tables: live.pinned(view.clone()), ..parts.clone() };
    let source = source::of(&input.head.extensions);
    let origin = origin(&input.head.headers);
    // Asked for after the view: it may only be older than it says.
    let is_stale = revision::boolean(&input.params, "stale")?;
    let age = is_stale.then(|| live.store().age());
    Ok(Request { parts, actor, view, live, present, age, origin, source })
}

/// A page of a resource.
///
/// # Errors
/// [`Problem`].
pub async fn list(
    request: &Request,
    resource: &'static Resource,
    params: &Params,
) -> Result<Response, Problem> {
    check_names(params)?;
    let fields = known_fields(resource);
    let query = ListQuery::read(params, &fields.fields, now())?;
    let revision = request.view.revision();
    match resource.listing {
        Listing::Nodes(nodes) => {
            let page = nodes.page(request, &query).await?;
            let shown = |object| sent(request, resource, object, &query.members);
            Ok(page_answer(request, Body::of(page, revision, shown)))
        }
        _ => {
            let (objects, wanted) = (all(request, resource).await?, query.clone());
            let item = |object| Item { object, fields, key: resource.key };
            let page =
                background::run(move || list::page(objects.into_iter().map(item), &wanted)).await;
            let shown = |item: Item<'_>| {
                listed(resource, with_revision(request, resource, item.object), &query.members)
            };
            Ok(page_answer(request, Body::of(page, revision, shown)))
        }
    }
}

/// One object.
///
/// # Errors
/// 404 when there is none, and [`Problem`].
pub async fn one(
    request: &Request,
    resource: &'static Resource,
    input: &Input,
) -> Result<Response, Problem> {
    check_names(&input.params)?;
    let object = find(request, resource, input.value(resource.singular)).await?;
    let object = with_revision(request, resource, object);
    let tag = tag_of(&object);
    let is_known = input.header(header::IF_NONE_MATCH.as_str());
    if let Some(tag) = &tag
        && is_known.is_some_and(|known| known.split(',').any(|one| one.trim() == tag))
    {
        return Ok(tagged(answer(request, StatusCode::NOT_MODIFIED, Value::Null), Some(tag)));
    }
    let members = members(&input.params)?;
    Ok(tagged(answer(request, StatusCode::OK, only(object, &members)), tag.as_deref()))
}

/// The object that a key names: by the resource's key, or by another field that no other object has with that value.
///
/// # Errors
/// 404 when there is none, 409 when there are several.
pub async fn find(
    request: &Request,
    resource: &'static Resource,
    key: &str,
) -> Result<Value, Problem> {
    let objects = resource.listing.with(request, key).await?;
    let has = |object: &Value, field: &str| object.get(field).map(text_of).as_deref() == Some(key);
    if let Some(object) = objects.iter().find(|object| has(object, resource.key)) {
        return Ok(object.clone());
    }
    let is_called = |object: &&Value| resource.also.iter().any(|field| has(object, field));
    let mut called = objects.iter().filter(is_called);
    match (called.next(), called.next()) {
        (Some(object), None) => Ok(object.clone()),
        (None, _) => Err(Problem::not_found(resource.singular, key)),
        (Some(_), Some(_)) => {
            let message =
                format!("Several {} are called {key:?}: use the {}.", resource.name, resource.key);
            Err(Problem::new(409, message))
        }
    }
}

/// An object with its revision, and with when it was made and changed.
pub(crate) fn with_revision(request: &Request, resource: &Resource, mut object: Value) -> Value {
    if resource.uploaded {
        uploads::name_here(&mut object);
    }
    if let Some(members) = object.as_object_mut() {
        members.extend(noted(request, resource, members));
    }
    object
}

/// A node as lists have it: with its revision and times, and only these members.
fn sent(
    request: &Request,
    resource: &Resource,
    mut object: Members,
    members: &[String],
) -> Members {
    let named = object.get(resource.key).map(|key| (resource.key.to_owned(), key));
    object.extend(noted(request, resource, &named.into_iter().collect()));
    object.retain(|name| is_listed(resource, name, members));
    object
}

/// What is told of an object that its shape does not have: when it was made and changed, and its revision.
fn noted(
    request: &Request,
    resource: &Resource,
    object: &Map<String, Value>,
) -> Vec<(String, Value)> {
    let revision = resource.rows.and_then(|rows| rows.revision_in(&request.view, object));
    let revision = revision.map(|revision| ("revision".to_owned(), revision.into()));
    times(request, resource, object).into_iter().chain(revision).collect()
}

/// All objects of a resource as they are filtered and sorted.
///
/// # Errors
/// [`Problem`].
pub(crate) async fn all(request: &Request, resource: &Resource) -> Result<Vec<Value>, Problem> {
    let mut objects = resource.listing.all(request).await?;
    for members in objects.iter_mut().filter_map(Value::as_object_mut) {
        members.extend(times(request, resource, members));
    }
    Ok(objects)
}

/// When what is told of an object of a resource happened; null where that is not known.
fn times(
    request: &Request,
    resource: &Resource,
    object: &Map<String, Value>,
) -> Vec<(String, Value)> {
    if resource.times.is_empty() {
        return Vec::new();
    }
    let times = match (resource.listing, resource.rows) {
        (Listing::Nodes(nodes), _) => nodes.times(&request.view, object),
        (_, Some(rows)) => rows.times(&request.view, object),
        (_, None) => None,
    };
    let times = times.unwrap_or_default();
    let told = |moment: &Moment| (moment.name().to_owned(), times.of(*moment).map(time).into());
    resource.times.iter().map(told).collect()
}

/// The entity tag of an object with its revision.
pub(crate) fn tag_of(object: &Value) -> Option<String> {
    object.get("revision").and_then(Value::as_u64).map(|revision| format!("\"{revision}\""))
}

pub(crate) fn tagged(mut response: Response, tag: Option<&str>) -> Response {
    if let Some(value) = tag.and_then(|tag| HeaderValue::from_str(tag).ok()) {
        response.headers_mut().insert(header::ETAG, value);
    }
    response
}

/// An answer with the revision that it is of.
pub(crate) fn answer(request: &Request, status: StatusCode, body: Value) -> Response {
    match body {
        Value::Null => with_headers(request, status.into_response()),
        body => with_headers(request, (status, Json(body)).into_response()),
    }
}

/// The same with a page.
pub(crate) fn page_answer(request: &Request, body: Body<impl Serialize>) -> Response {
    with_headers(request, Json(body).into_response())
}

fn with_headers(request: &Request, mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(REVISION, HeaderValue::from(request.view.revision()));
    if let Some(age) = request.age {
        let age_ms = u64::try_from(age.as_millis()).unwrap_or(u64::MAX);
        headers.insert(STALE, HeaderValue::from(age_ms));
    }
    response
}

/// An object as lists have it.
fn listed(resource: &Resource, mut object: Value, members: &[String]) -> Value {
    if let Some(all) = object.as_object_mut() {
        all.retain(|name, _| is_listed(resource, name, members));
    }
    object
}

/// Whether lists have a member: only these, or all but those that may be long.
fn is_listed(resource: &Resource, name: &str, members: &[String]) -> bool {
    if members.is_empty() {
        !resource.left_out.contains(&name)
    } else {
        members.iter().any(|member| member == name)
    }
}

/// Only these members of an object; all of it when there are none. The key stays.
pub(crate) fn only(object: Value, members: &[String]) -> Value {
    let Value::Object(all) = object else { return object };
    if members.is_empty() {
        return Value::Object(all);
    }
    let kept: Map<String, Value> =
        all.into_iter().filter(|(name, _)| members.contains(name)).collect();
    Value::Object(kept)
}

/// Refuses parameters that nothing reads.
fn check_names(params: &Params) -> Result<(), Problem> {
    for (name, _) in params.iter() {
        let known = PARAMETERS.iter().chain(revision::PARAMETERS).any(|(known, _)| *known == name);
        if !known && !name.starts_with("oauth_") {
            return Err(Problem::parameter(name, "There is no such parameter."));
        }
    }
    Ok(())
}

impl From<TableError> for Problem {
    fn from(error: TableError) -> Self {
        match error {
            TableError::Forgotten { .. } => Self::new(410, error.to_string()),
            _ => Self::of(error.kind(), error.to_string()),
        }
    }
}
