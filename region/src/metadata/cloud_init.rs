//! The tree that cloud-init's MAAS datasource reads (`2012-03-01`), for the deployed system that
//! signs with its machine's key. Fetching the user data is what tells that a deployment is done:
//! only the installed system has the key, and only a booted one asks.

use std::collections::BTreeMap;

use axum::extract::{Path, Request, State};
use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use model::access::Actor;
use model::error::Kind;
use model::machine::Machine;
use rest::problem::Problem;

use crate::metadata::MetadataParts;
use ops::error::Refusal;
use ops::machine::metadata;
use rest::auth::caller::authenticate;
use rest::auth::oauth::Credentials;
use rest::reply::problem_response;

/// The versions that are served, as MAAS lists them.
const VERSIONS: [&str; 2] = ["2012-03-01", "latest"];

/// `GET /MAAS/metadata/`.
pub async fn versions() -> Response {
    VERSIONS.join("\n").into_response()
}

/// Lets requests through whose path names a version that is served.
pub async fn known_version(
    Path(parameters): Path<BTreeMap<String, String>>,
    request: Request,
    next: Next,
) -> Response {
    let version = parameters.get("version").map(String::as_str).unwrap_or_default();
    if VERSIONS.contains(&version) {
        return next.run(request).await;
    }
    let message = format!("Unknown metadata version: {version}");
    problem_response(&Problem::text(Kind::NotFound, message))
}

/// `GET /MAAS/metadata/{version}/`.
pub async fn index(State(parts): State<MetadataParts>, headers: HeaderMap) -> Response {
    let machine = machine_of(&parts, &headers).await;
    respond(machine.map(|(_, machine)| {
        let user_data = machine.deployment.is_some_and(|wanted| wanted.user_data.is_some());
        let names: &[&str] = if user_data { &["meta-data", "user-data"] } else { &["meta-data"] };
        names.join("\n").into_response()
    }))
}

/// `GET /MAAS/metadata/{version}/meta-data/`.
pub async fn keys(State(parts): State<MetadataParts>, headers: HeaderMap) -> Response {
    respond(listed_keys(&parts, &headers).await)
}

/// `GET /MAAS/metadata/{version}/meta-data/{key}`.
pub async fn value(
    State(parts): State<MetadataParts>,
    Path((_, key)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    respond(meta_data(&parts, &headers, &key).await)
}

/// `GET /MAAS/metadata/{version}/user-data`.
pub async fn user_data(State(parts): State<MetadataParts>, headers: HeaderMap) -> Response {
    respond(deployed(&parts, &headers).await)
}

/// The names that are served; those of keys only when there are any, as in MAAS.
async fn listed_keys(parts: &MetadataParts, headers: &HeaderMap) -> Result<Response, Problem> {
    let (actor, machine) = machine_of(parts, headers).await?;
    let keys = metadata::public_keys(&parts.tables, &actor, &machine.system_id).await?;
    let certificates = metadata::certificates(&parts.tables, &actor, &machine.system_id).await?;
    let public_keys = (!keys.is_empty()).then_some("public-keys");
    let x509 = (!certificates.is_empty()).then_some("x509");
    let names = ["instance-id", "local-hostname"].into_iter().chain(public_keys);
    let names: Vec<&str> = names.chain(["vendor-data"]).chain(x509).collect();
    Ok(names.join("\n").into_response())
}

async fn meta_data(
    parts: &MetadataParts,
    headers: &HeaderMap,
    key: &str,
) -> Result<Response, Problem> {
    let (actor, machine) = machine_of(parts, headers).await?;
    match key {
        "instance-id" => Ok(machine.system_id.to_string().into_response()),
        "local-hostname" => {
            let fqdn = metadata::fqdn(&parts.tables, &actor, &machine.system_id).await?;
            Ok(fqdn.into_response())
        }
        "public-keys" => {
            let keys = metadata::public_keys(&parts.tables, &actor, &machine.system_id).await?;
            Ok(keys.join("\n").into_response())
        }
        "vendor-data" => {
            let content_type = [(CONTENT_TYPE, "application/x-yaml; charset=utf-8")];
            let told = metadata::vendor_data(&parts.tables, &actor, &machine.system_id).await?;
            Ok((content_type, told).into_response())
        }
        "x509" => {
            let id = &machine.system_id;
            let certificates = metadata::certificates(&parts.tables, &actor, id).await?;
            Ok(certificates.join("\n").into_response())
        }
        _ => Err(Problem::text(Kind::NotFound, format!("Unknown metadata attribute: {key}"))),
    }
}

async fn deployed(parts: &MetadataParts, headers: &HeaderMap) -> Result<Response, Problem> {
    let (actor, machine) = machine_of(parts, headers).await?;
    let machine = metadata::booted(&parts.tables, &actor, &machine.system_id).await?;
    let user_data = machine.deployment.and_then(|deployment| deployment.user_data);
    let Some(user_data) = user_data else {
        return Err(Problem::text(Kind::NotFound, "No user data available for this node."));
    };
    Ok(([(CONTENT_TYPE, "application/octet-stream")], user_data.expose().clone()).into_response())
}

/// The deployed system that signed a request, and its machine.
///
/// # Errors
/// 401 without a machine's key.
pub(crate) async fn machine_of(
    parts: &MetadataParts,
    headers: &HeaderMap,
) -> Result<(Actor, Machine), Problem> {
    let unauthenticated = || Problem::text(Kind::Unauthenticated, "Unauthorized");
    let header = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let credentials = header.and_then(Credentials::from_header).ok_or_else(unauthenticated)?;
    let actor = authenticate(&parts.tables, &parts.nonces, &credentials, None).await?;
    let Actor::Machine(id) = &actor else { return Err(unauthenticated()) };
    match metadata::machine(&parts.tables, &actor, id).await {
        Ok(machine) => Ok((actor, machine)),
        Err(Refusal::NotFound { .. }) => Err(unauthenticated()),
        Err(refusal) => Err(refusal.into()),
    }
}

fn respond(result: Result<Response, Problem>) -> Response {
    result.unwrap_or_else(|problem| problem_response(&problem))
}
