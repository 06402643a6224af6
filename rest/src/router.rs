//! From an HTTP request to the operation that answers it, by the rules of MAAS's API.
//!
//! The path decides the resource, and method and `op` the operation. `op` comes from the query,
//! else from the form, else from a last path element `op-<name>`, with or without a `/` after it; an empty one counts
//! as none.
//!
//! Who calls is known before the body is read: keys come in the header or the query, sessions in cookies. Whoever has
//! none may send a small form, in which MAAS accepts a key as well. Contents are read by the
//! operation that takes them.

use std::sync::{Arc, LazyLock};

use crate::problem::Problem;
use api::field_errors::FieldErrors;
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use http::{HeaderMap, HeaderValue, Method, Request, Uri, header};
use model::access::{Actor, Denied, Object, permits};
use model::error::Kind;
use ops::authorize::on_behalf;

use crate::access::{accounts, oidc, sessions};
use crate::auth::caller::origin;
use crate::auth::identify::{caller, caller_with_key};
use crate::auth::source;
use crate::body::{is_covered_form, is_form, read_body, read_urlencoded};
use crate::call::{Call, Content, Parts};
use crate::describe;
use crate::describe::pages;
use crate::intake::{ANONYMOUS_BYTES_MAX, FORM_BYTES_MAX, Intake};
use crate::lengths::check_names;
use crate::native;
use crate::operation::{self, Operation};
use crate::operations;
use crate::params::Params;
use crate::paths::{elements, matched};
use crate::refused::{refuse, refuse_unknown};
use crate::reply::{Reply, problem_response};
use crate::unserved::{no_endpoint, no_operation};

/// The root of MAAS's API.
pub const ROOT: &str = "/MAAS/api/2.0/";

/// MAAS's API.
static MAAS: LazyLock<Surface> =
    LazyLock::new(|| Surface { root: ROOT, drops_unknown: true, operations: operations() });

/// What MAAS's API has not.
static NATIVE: LazyLock<Surface> = LazyLock::new(|| Surface {
    root: native::ROOT,
    drops_unknown: false,
    operations: native::operations(),
});

/// Operations below one root.
struct Surface {
    root: &'static str,
    /// Whether a name that is no parameter is dropped, as MAAS does it, or refused.
    drops_unknown: bool,
    operations: Vec<Operation>,
}

/// The routes of MAAS's REST API. Wrap the whole service in [`collapse_slashes`].
pub fn router(parts: Parts) -> Router {
    Router::new()
        .route("/MAAS/api/2.0/", any(answer_as_maas))
        .route("/MAAS/api/2.0/{*path}", any(answer_as_maas))
        .route("/MAAS/api/ironraft/{*path}", any(answer_natively))
        .route("/MAAS/api/", get(landing))
        .route("/MAAS/api", get(landing))
        .route(pages::DOCS, get(async || pages::docs(&describe::PAGE)))
        .route("/MAAS/api/version/", get(async || Reply::text("2.0")))
        .route(
            "/MAAS/api/1.0/{*path}",
            any(async || problem_response(&Problem::status(410, "API 1.0 is gone; use API 2.0."))),
        )
        .route("/MAAS/accounts/authenticate/", post(accounts::authenticate))
        .route("/MAAS/accounts/login/", get(sessions::standing).post(sessions::login))
        .route("/MAAS/accounts/oidc/login/", get(oidc::login))
        .route("/MAAS/accounts/oidc/callback/", get(oidc::callback))
        .route("/MAAS/r/login/oidc/callback", get(oidc::callback))
        .route("/MAAS/accounts/logout/", post(sessions::logout))
        .route("/MAAS/accounts/csrf/", post(sessions::csrf))
        .route("/MAAS/account/csrf/", post(sessions::csrf))
        .with_state(Arc::new(parts))
}

/// Makes one `/` of every run of `/` in a request's path, as MAAS's web server does: cloud-init
/// and Ansible rely on it. It has to run before routing.
#[must_use]
pub fn collapse_slashes<B>(mut request: Request<B>) -> Request<B> {
    let path = request.uri().path();
    if !path.contains("//") {
        return request;
    }
    let mut collapsed = String::with_capacity(path.len());
    for character in path.chars() {
        if character != '/' || !collapsed.ends_with('/') {
            collapsed.push(character);
        }
    }
    if let Some(query) = request.uri().query() {
        collapsed.push('?');
        collapsed.push_str(query);
    }
    let mut parts = request.uri().clone().into_parts();
    parts.path_and_query = collapsed.parse().ok();
    if let Ok(uri) = Uri::from_parts(parts) {
        *request.uri_mut() = uri;
    }
    request
}

async fn landing(headers: HeaderMap) -> Reply {
    pages::landing(&origin(&headers))
}

async fn answer_as_maas(State(parts): State<Arc<Parts>>, request: Request<Body>) -> Response {
    let mut response = answer(&parts, &MAAS, request).await;
    if let Ok(hash) = HeaderValue::from_str(&describe::DESCRIPTION.hash) {
        response.headers_mut().insert("x-maas-api-hash", hash);
    }
    response
}

async fn answer_natively(State(parts): State<Arc<Parts>>, request: Request<Body>) -> Response {
    answer(&parts, &NATIVE, request).await
}

async fn answer(parts: &Parts, at: &'static Surface, request: Request<Body>) -> Response {
    let mut response = match dispatch(parts, at, request).await {
        Ok(reply) => reply.into_response(),
        Err(problem) => problem_response(&problem),
    };
    let headers = response.headers_mut();
    headers.insert(header::VARY, HeaderValue::from_static("Authorization, Cookie"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    response
}

async fn dispatch(
    parts: &Parts,
    at: &'static Surface,
    request: Request<Body>,
) -> Result<Reply, Problem> {
    let (head, body) = request.into_parts();
    let path = head.uri.path().to_owned();
    let below = path.strip_prefix(at.root).unwrap_or_default();
    let (mut elements, slash) = elements(below);
    let mut at_path = at.find(&elements, slash);
    let last_op = elements.last().and_then(|last| last.strip_prefix("op-")).map(str::to_owned);
    // Without a final `/`, as MAAS has it, the last element may also be the name of an object.
    let path_op = last_op.filter(|_| slash || at_path.is_empty());
    if path_op.is_some() {
        elements.pop();
        at_path = at.find(&elements, true);
    }
    if at_path.is_empty() {
        return Err(Problem::text(Kind::NotFound, no_endpoint(&path, &elements)));
    }

    let mut params = Params::default();
    read_urlencoded(head.uri.query().unwrap_or_default().as_bytes(), &mut params);
    let content_type = header_text(&head.headers, header::CONTENT_TYPE.as_str());
    let mut actor = caller(parts, &head, &params, is_covered_form(content_type)).await?;
    let mut op = params.take("op");
    let intake = Intake::new(body);
    let op_before = op.as_deref().or(path_op.as_deref()).filter(|op| !op.is_empty());
    let body = if takes_content(&at_path, head.method.as_str(), op_before, &actor)? {
        Received::Content(intake)
    } else {
        Received::form(intake, content_type, &actor, &at_path, &mut params).await?
    };
    let form_op = params.take("op");
    if actor == Actor::Anonymous {
        let mut signed = params.clone();
        op.iter().chain(&form_op).for_each(|op| signed.add("op", op));
        let keyed = caller_with_key(parts, &head, &signed, false).await?;
        actor = keyed.unwrap_or(Actor::Anonymous);
    }
    op = op.or(form_op).or(path_op).filter(|op| !op.is_empty());

    let operation = select(&at_path, head.method.as_str(), op.as_deref(), &actor)?;
    if let Some(format) = params.take("format").filter(|format| format != "json") {
        let message = format!("Invalid output format specified '{format}'.");
        return Err(Problem::text(Kind::Invalid, message));
    }
    // As MAAS does it: a form that was not sent changes nothing and names no field.
    let form_sent = !content_type.is_empty() || body.is_sent();
    if head.method == Method::PUT && !form_sent && !operation.takes_content {
        return Err(Problem::fields(FieldErrors::default()));
    }
    permits(&actor, operation.permission, &Object::Site)?;
    refuse(operation.refused, &mut params)?;
    check_names(&params)?;
    if !at.drops_unknown {
        refuse_unknown(operation.params, &params)?;
    }
    if !operation.takes_any_name {
        params.keep(|name| operation.params.iter().any(|param| param.is_for(name)));
    }
    let source = source::of(&head.extensions);
    let mut parts = parts.clone();
    if operation.method != operation::Method::Get {
        parts.tables = on_behalf(&parts.tables, &actor, &source);
    }
    let call = Call {
        parts,
        actor,
        path: matched(operation.path, &elements).unwrap_or_default(),
        params,
        content: body.into_content(),
        origin: origin(&head.headers),
        source,
    };
    (operation.run)(call).await
}

/// What came in the body.
enum Received {
    /// Not read yet: the operation does it.
    Content(Intake),
    /// A form, whose parameters were taken; or something else, which nothing asks for.
    Form {
        /// Whether there was any byte.
        sent: bool,
    },
}

impl Received {
    /// Reads the parameters of a form.
    ///
    /// # Errors
    /// 413 when it is larger than its sender may send, 408 when it does not go on, 400 when it is
    /// malformed; and 401 before it is read where a key is needed and no form can have one.
    async fn form(
        intake: Intake,
        content_type: &str,
        actor: &Actor,
        at_path: &[&'static Operation],
        params: &mut Params,
    ) -> Result<Self, Problem> {
        let limit = if matches!(actor, Actor::User(..)) {
            FORM_BYTES_MAX
        } else {
            let open = at_path.iter().any(|operation| operation.is_anonymous());
            if !open && !is_form(content_type) {
                visible(at_path, actor)?;
            }
            ANONYMOUS_BYTES_MAX
        };
        let body = intake.gather(limit).await?;
        read_body(content_type, &body, params).await?;
        Ok(Self::Form { sent: !body.is_empty() })
    }

    fn is_sent(&self) -> bool {
        match self {
            Self::Content(_) => true,
            Self::Form { sent } => *sent,
        }
    }

    fn into_content(self) -> Content {
        match self {
            Self::Content(intake) => Content::from(intake),
            Self::Form { .. } => Content::default(),
        }
    }
}

/// Whether the operation that is called takes the body as it comes.
///
/// # Errors
/// As [`select`], at a path where no form can change that.
fn takes_content(
    at_path: &[&'static Operation],
    method: &str,
    op: Option<&str>,
    actor: &Actor,
) -> Result<bool, Problem> {
    let mut same = at_path.iter().filter(|operation| operation.method.name() == method).peekable();
    let content_only = same.peek().is_some() && same.all(|operation| operation.takes_content);
    match select(at_path, method, op, actor) {
        Ok(operation) => Ok(operation.takes_content),
        Err(problem) if content_only => Err(problem),
        Err(_) => Ok(false),
    }
}

impl Surface {
    /// The operations at a path. A template with a final `/` wants one, and one without refuses it.
    fn find(&'static self, elements: &[String], slash: bool) -> Vec<&'static Operation> {
        let here = |operation: &&Operation| {
            operation.path.ends_with('/') == slash && matched(operation.path, elements).is_some()
        };
        let found: Vec<&'static Operation> = self.operations.iter().filter(here).collect();
        // A literal element is closer than a placeholder: `boot-resources/x` is not `{name}/x`.
        let fewest = found.iter().map(|operation| operation.path.matches('{').count()).min();
        found
            .into_iter()
            .filter(|operation| Some(operation.path.matches('{').count()) == fewest)
            .collect()
    }
}

/// The operation that a caller means. A caller without a key sees only what is for everybody, and
/// is told to authenticate where there is nothing of that sort.
fn select(
    at_path: &[&'static Operation],
    method: &str,
    op: Option<&str>,
    actor: &Actor,
) -> Result<&'static Operation, Problem> {
    let visible = visible(at_path, actor)?;
    if at_path.iter().all(|operation| operation.method.name() != method) {
        let mut methods: Vec<&str> = at_path.iter().map(|found| found.method.name()).collect();
        methods.sort_unstable();
        methods.dedup();
        return Err(Problem::empty(405).with_header("Allow", methods.join(", ")));
    }
    let wanted =
        |operation: &&&'static Operation| operation.method.name() == method && operation.op == op;
    // Where users and everybody have an operation of the same name, users get their own.
    let operation = visible
        .iter()
        .filter(wanted)
        .max_by_key(|operation| !operation.is_anonymous())
        .copied()
        .ok_or_else(|| Problem::text(Kind::Invalid, no_operation(method, op)))?;
    if operation.is_reserved {
        let reserved = "This method is reserved for admin users.";
        permits(actor, operation.permission, &Object::Site)
            .map_err(|denied| Problem::text(denied.kind(), reserved))?;
    }
    Ok(operation)
}

/// The operations at a path that a caller may know of.
fn visible(
    at_path: &[&'static Operation],
    actor: &Actor,
) -> Result<Vec<&'static Operation>, Problem> {
    let is_user = matches!(actor, Actor::User(..));
    let is_visible = |operation: &&Operation| is_user || operation.is_anonymous();
    let visible: Vec<&'static Operation> = at_path.iter().copied().filter(is_visible).collect();
    match at_path.first() {
        Some(hidden) if visible.is_empty() => {
            Err(Denied { permission: hidden.permission, role: actor.role() }.into())
        }
        Some(_) | None => Ok(visible),
    }
}

fn header_text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}
