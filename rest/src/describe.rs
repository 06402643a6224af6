//! `describe/`: the description of what is served, made from the router's own table.

mod handlers;
mod openapi;
pub mod pages;
mod yaml;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::LazyLock;

use crate::problem::Problem;
use api::describe::{Action, Description, Handler, Resource};
use bytes::Bytes;
use ops::site::settings;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::call::Call;
use crate::operation::Operation;
use crate::operations;
use crate::paths::placeholders;
use crate::reply::Reply;
use crate::router::ROOT;

/// The operations of this resource. MAAS describes neither itself.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("DescribeHandler", "describe/", |call| Box::pin(async move { read(&call) }))
        .anonymous()
        .doc("Describe the API."),
    Operation::get("OpenApiHandler", "openapi.yaml", |call| Box::pin(openapi(call)))
        .anonymous()
        .undescribed()
        .doc("Describe the API as OpenAPI 3.0."),
];

/// What is served, without a host in its `uri`s.
pub static DESCRIPTION: LazyLock<Description> = LazyLock::new(|| describe(&operations()));

/// The same as `OpenAPI`, without a server.
static OPENAPI: LazyLock<Value> = LazyLock::new(|| openapi::document(&operations()));

/// The same to be read.
pub static PAGE: LazyLock<String> = LazyLock::new(|| pages::page(&DESCRIPTION));

async fn openapi(call: Call) -> Result<Reply, Problem> {
    let site = settings::site_name(&call.parts.tables).await?;
    let server = format!("{}{ROOT}", call.origin);
    let text = openapi::text(OPENAPI.clone(), &server, &site);
    Ok(Reply::bytes(openapi::CONTENT_TYPE, Bytes::from(text)))
}

/// The content type must be exactly this: MAAS's CLI compares it.
fn read(call: &Call) -> Result<Reply, Problem> {
    let mut description = DESCRIPTION.clone();
    let both = |resource: &mut Resource| {
        for handler in resource.anon.iter_mut().chain(&mut resource.auth) {
            handler.uri = format!("{}{}", call.origin, handler.path);
        }
    };
    description.resources.iter_mut().for_each(both);
    for handler in &mut description.handlers {
        handler.uri = format!("{}{}", call.origin, handler.path);
    }
    Ok(Reply::json(&description).with_content_type("application/json"))
}

/// Describes operations.
fn describe(operations: &[Operation]) -> Description {
    let mut resources: BTreeMap<&'static str, Resource> = BTreeMap::new();
    for operation in operations.iter().filter(|operation| !operation.alias) {
        let name = operation.handler;
        let resource = resources.entry(name).or_insert_with(|| Resource {
            name: name.to_owned(),
            anon: None,
            auth: None,
        });
        let anonymous = operation.is_anonymous();
        let side = if anonymous { &mut resource.anon } else { &mut resource.auth };
        side.get_or_insert_with(|| handler(operation, anonymous)).actions.push(action(operation));
    }
    let resources: Vec<Resource> = resources.into_values().map(completed).map(sorted).collect();
    let all = resources.iter().flat_map(|resource| resource.anon.iter().chain(&resource.auth));
    let handlers: Vec<Handler> = all.cloned().collect();
    let doc = "Ironraft serves the API 2.0 of MAAS.".to_owned();
    Description { doc, hash: hash(&handlers), handlers, resources }
}

/// What callers without a key can do, users can do, too.
fn completed(mut resource: Resource) -> Resource {
    if let (Some(anon), Some(auth)) = (&resource.anon, &mut resource.auth) {
        let is_new = |action: &&Action| !auth.actions.iter().any(|own| own.name == action.name);
        let new: Vec<Action> = anon.actions.iter().filter(is_new).cloned().collect();
        auth.actions.extend(new);
    }
    resource
}

fn handler(operation: &Operation, anonymous: bool) -> Handler {
    let also_for_users = operations()
        .iter()
        .any(|other| other.handler == operation.handler && !other.is_anonymous());
    let prefix = if anonymous && also_for_users { "Anon" } else { "" };
    Handler {
        name: format!("{prefix}{}", operation.handler),
        doc: handlers::purpose(operation.handler, operation.doc).to_owned(),
        params: placeholders(operation.path).map(str::to_owned).collect(),
        path: format!("{ROOT}{}", operation.path),
        uri: format!("{ROOT}{}", operation.path),
        actions: Vec::new(),
    }
}

fn action(operation: &Operation) -> Action {
    Action {
        name: operation.op.unwrap_or_else(|| operation.method.action()).to_owned(),
        method: operation.method.name().to_owned(),
        op: operation.op.map(str::to_owned),
        restful: operation.op.is_none(),
        doc: documentation(operation),
    }
}

/// With a `:param` line for every parameter: without any, MAAS's CLI refuses to send one. Those that are refused
/// unless they ask for nothing are among them, so that it sends them and is told why.
fn documentation(operation: &Operation) -> String {
    let mut doc = operation.doc.to_owned();
    if !operation.params.is_empty() || !operation.refused.is_empty() {
        doc.push('\n');
    }
    operation.params.iter().for_each(|param| param.describe(&mut doc));
    for refused in operation.refused {
        for name in refused.names {
            let _ = write!(doc, "\n:param {name}: Refused. {}", refused.reason);
        }
    }
    doc
}

fn sorted(mut resource: Resource) -> Resource {
    for handler in resource.anon.iter_mut().chain(&mut resource.auth) {
        handler.actions.sort_by(|a, b| a.name.cmp(&b.name));
    }
    resource
}

/// Forty hexadecimal digits that change when what is described does. MAAS sends a SHA-1; clients
/// only compare it.
fn hash(handlers: &[Handler]) -> String {
    let text = serde_json::to_vec(handlers).unwrap_or_default();
    let digest = Sha256::digest(Bytes::from(text));
    let mut hash = String::new();
    for byte in digest.iter().take(20) {
        let _ = write!(hash, "{byte:02x}");
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_is_described_once() {
        let all = operations();
        let mut keys: Vec<_> = all
            .iter()
            .map(|found| (found.path, found.method, found.op, found.is_anonymous()))
            .collect();
        keys.sort_unstable();
        let before = keys.len();
        keys.dedup();
        assert_eq!(before, keys.len(), "two operations share path, method and op");
        let mut paths = BTreeMap::new();
        for operation in &all {
            assert!(!operation.doc.is_empty(), "{} has no documentation", operation.path);
            // A handler is described with one path.
            if !operation.alias {
                let path = *paths.entry(operation.handler).or_insert(operation.path);
                assert_eq!(path, operation.path, "{}", operation.handler);
            }
        }
    }
}
