//! From an HTTP request to what answers it.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use axum::routing::any;
use bytes::Bytes;
use http::request::Parts as Head;
use http::{Extensions, HeaderValue, Request as HttpRequest, header};
use model::access::{Actor, Object, Permission, permits};
use ops::access::entitlements::actor_at;
use rest::auth::identify::identify;
use rest::auth::source;
use rest::body::read_urlencoded;
use rest::call::{Content, Parts};
use rest::intake::{ANONYMOUS_BYTES_MAX, FORM_BYTES_MAX, Intake};
use rest::params::Params;
use rest::paths::elements;
use rest::reply::problem_response;

use crate::listing::Listing;
use crate::own::{Own, What};
use crate::problem::Problem;
use crate::request::{Input, Request};
use crate::resource::Resource;
use crate::route::{Act, Found, ROUTES, Route, find};
use crate::verb::Verb;
use crate::watch::shown::Shown;
use crate::{
    catalog, cluster, history, machines, openapi, operations, read, read_page, revision, revisions,
    watch, write,
};

/// The root of this API.
pub const ROOT: &str = "/api/v1/";

/// A failure before a request came to its door, as that door tells its own: a problem (RFC 9457) below the root of this API,
/// and as MAAS does elsewhere.
#[must_use]
pub fn refusal(problem: rest::problem::Problem, path: &str, extensions: &Extensions) -> Response {
    if path.starts_with(ROOT) {
        return Problem::from(problem).answer(source::of(extensions).request_id);
    }
    problem_response(&problem)
}

/// What all requests share.
#[derive(Debug)]
struct Shared {
    parts: Parts,
    shown: Arc<Shown>,
}

/// The routes of the native API.
pub fn router(parts: Parts) -> Router {
    let shared = Shared { parts, shown: Arc::default() };
    Router::new().route("/api/v1/{*path}", any(answer)).with_state(Arc::new(shared))
}

async fn answer(State(shared): State<Arc<Shared>>, request: HttpRequest<Body>) -> Response {
    let request_id = source::of(request.extensions()).request_id;
    let mut response = match dispatch(&shared, request).await {
        Ok(response) => response,
        Err(problem) => problem.answer(request_id),
    };
    let headers = response.headers_mut();
    headers.insert(header::VARY, HeaderValue::from_static("Authorization, Cookie"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

async fn dispatch(shared: &Shared, request: HttpRequest<Body>) -> Result<Response, Problem> {
    let (head, body) = request.into_parts();
    let (route, input) = routed(head)?;
    if let Act::Own(own) = &route.act
        && let Some(answer) = fixed(own)
    {
        return Ok(answer);
    }
    let actor = identify(&shared.parts, &input.head, &input.params).await?;
    admit(route, &actor)?;
    if revision::is_of_past(&input.params) {
        admit_to_past(route, &actor)?;
    }
    let actor = match &route.act {
        Act::List(resource) => waited(shared, route, resource, &input.params, actor).await?,
        _ => actor,
    };
    let request = read::request(&shared.parts, actor, &input).await?;
    match &route.act {
        Act::List(resource) => match resource.listing {
            Listing::Pages(pages) => {
                read_page::list(&request, resource, pages, &input.params).await
            }
            _ => read::list(&request, resource, &input.params).await,
        },
        Act::Read(resource) => read::one(&request, resource, &input).await,
        Act::History(resource) => history::answer(request, resource, &input).await,
        Act::Own(own) => answer_own(shared, request, own, &input).await,
        Act::Many(resource) => {
            let body = json_body(&request, &input, body).await?;
            operations::order::answer(request, resource, input, &body).await
        }
        Act::Run(verb) => run(request, verb, input, body).await,
    }
}

/// What is at the path of a request, and what came with it.
fn routed(head: Head) -> Result<(&'static Route, Input), Problem> {
    let below = head.uri.path().strip_prefix(ROOT).unwrap_or_default();
    let (elements, _) = elements(below);
    let (route, values) = match find(&ROUTES, head.method.as_str(), &elements) {
        Found::Route(route, values) => (route, values),
        Found::Methods(methods) => {
            let mut problem = Problem::new(405, format!("It takes {}.", methods.join(", ")));
            problem.headers.push(("allow", methods.join(", ")));
            return Err(problem);
        }
        Found::Nothing => {
            return Err(Problem::new(404, format!("There is nothing at {}.", head.uri.path())));
        }
    };
    let mut params = Params::default();
    read_urlencoded(head.uri.query().unwrap_or_default().as_bytes(), &mut params);
    Ok((route, Input { head, values, params }))
}

/// Refuses what is not asked of the past, before that is read: it costs much.
fn admit_to_past(route: &Route, actor: &Actor) -> Result<(), Problem> {
    let tells_of_it = match &route.act {
        Act::List(_) | Act::Read(_) | Act::History(_) => true,
        Act::Run(verb) => verb.method == "GET" && !verb.operation.is_of_now,
        Act::Many(_) | Act::Own(_) => false,
    };
    match (tells_of_it, actor) {
        (true, Actor::Anonymous) => {
            Err(Problem::new(401, "The past is for users: send an API key or a session."))
        }
        (true, _) => Ok(()),
        (false, _) => Err(Problem::parameter("at", "This is about what there is now only.")),
    }
}

/// Waits as long as a list is asked to. Meanwhile whoever asks may have lost what it had.
async fn waited(
    shared: &Shared,
    route: &Route,
    resource: &Resource,
    params: &Params,
    actor: Actor,
) -> Result<Actor, Problem> {
    let tables = &shared.parts.tables;
    let prefixes = resource.rows.map(|rows| rows.prefixes()).unwrap_or_default();
    if !revision::wait(tables, params, prefixes).await? {
        return Ok(actor);
    }
    let Actor::User(user, _) = &actor else { return Ok(actor) };
    let is_stale = revision::boolean(params, "stale")?;
    let view = if is_stale { tables.stale_view().await? } else { tables.view().await? };
    let now = actor_at(&view, user.id)?.unwrap_or(Actor::Anonymous);
    admit(route, &now)?;
    Ok(now)
}

/// Refuses callers that nobody knows before anything is read, and whoever may not do this to any object.
fn admit(route: &Route, actor: &Actor) -> Result<(), Problem> {
    let needed = match &route.act {
        Act::Run(verb) => verb.operation.permission,
        Act::Own(own) if own.is_open => return Ok(()),
        Act::List(resource) | Act::Read(resource) | Act::History(resource) => resource.permission,
        Act::Many(_) | Act::Own(_) => Permission::View,
    };
    permits(actor, needed, &Object::Site).map_err(|denied| {
        let mut problem = Problem::from(rest::problem::Problem::from(denied));
        if *actor == Actor::Anonymous {
            "Send an API key or a session.".clone_into(&mut problem.detail);
        } else if problem.detail.is_empty() {
            problem.detail = format!("This needs the permission {needed:?}.");
        }
        problem
    })
}

/// What is the same for everybody, and needs no quorum.
fn fixed(own: &Own) -> Option<Response> {
    match own.what {
        What::Document => Some(openapi::answer()),
        What::Docs(file) => Some(file.answer()),
        What::Catalog
        | What::Cluster
        | What::Watch
        | What::Timeline
        | What::CancelOperation
        | What::Revisions
        | What::Revision => None,
    }
}

async fn answer_own(
    shared: &Shared,
    request: Request,
    own: &Own,
    input: &Input,
) -> Result<Response, Problem> {
    match own.what {
        What::Catalog => Ok(catalog::answer()),
        What::Cluster => cluster::answer(&request).await,
        What::Watch => watch::answer(request, Arc::clone(&shared.shown), input).await,
        What::Document | What::Docs(_) => Err(Problem::new(404, "It is not here.")),
        What::Timeline => machines::timeline::answer(&request, input).await,
        What::CancelOperation => operations::cancel::answer(&request, input).await,
        What::Revisions => revisions::list(&request, input).await,
        What::Revision => revisions::one(&request, input).await,
    }
}

async fn run(request: Request, verb: &Verb, input: Input, body: Body) -> Result<Response, Problem> {
    if verb.operation.takes_content {
        let content = Content::from(Intake::new(body));
        return write::run(request, verb, input, Bytes::new(), content).await;
    }
    let body = json_body(&request, &input, body).await?;
    write::run(request, verb, input, body, Content::default()).await
}

/// A body that is JSON, or empty.
async fn json_body(request: &Request, input: &Input, body: Body) -> Result<Bytes, Problem> {
    let is_user = matches!(request.actor, Actor::User(..));
    let limit = if is_user { FORM_BYTES_MAX } else { ANONYMOUS_BYTES_MAX };
    let body = Intake::new(body).gather(limit).await?;
    check_media_type(input, &body)?;
    Ok(body)
}

fn check_media_type(input: &Input, body: &Bytes) -> Result<(), Problem> {
    let is_json = |text: &str| {
        let bare = text.split(';').next().unwrap_or_default().trim();
        bare.eq_ignore_ascii_case("application/json")
            || bare.eq_ignore_ascii_case("application/merge-patch+json")
    };
    if body.is_empty() || input.header(header::CONTENT_TYPE.as_str()).is_none_or(is_json) {
        return Ok(());
    }
    Err(Problem::new(415, "Send application/json."))
}
