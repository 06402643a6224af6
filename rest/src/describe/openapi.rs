//! `openapi.yaml`: what is served, as `OpenAPI` 3.0, made from the router's own table.
//!
//! It has the form of MAAS's: an operation with an `op` has a path of its own, `/machines/op-allocate`, and is named
//! for its handler, `MachinesHandler_allocate`. What MAAS leaves out and clients need is told, too: how a request is
//! signed, that forms are taken as well as JSON, and the parameters of what reads.

use std::fmt::Write;

use serde_json::{Map, Value, json};

use crate::describe::{handlers, yaml};
use crate::operation::{Method, Operation};
use crate::param::{Presence, Spec};
use crate::paths::placeholders;

/// MAAS's type of content of its description.
pub(super) const CONTENT_TYPE: &str = "application/openapi+yaml";

/// The types of bodies that parameters are taken from.
const FORMS: [&str; 3] =
    ["application/json", "application/x-www-form-urlencoded", "multipart/form-data"];

/// The description of operations at a server, as YAML.
pub(super) fn text(mut document: Value, server: &str, site: &str) -> String {
    document["servers"] = json!([{ "url": server, "description": format!("{site} API") }]);
    yaml::document(&document)
}

/// Describes operations, without a server.
pub(super) fn document(operations: &[Operation]) -> Value {
    let mut paths = Map::new();
    let mut tags = Map::new();
    for operation in operations.iter().filter(|operation| !operation.alias) {
        let item = paths.entry(path(operation)).or_insert_with(|| path_item(operation));
        let method = operation.method.name().to_lowercase();
        let described = described(operation);
        // Users and everybody may have an action of the same name: it is described for users.
        if item.get(&method).is_none() || !operation.is_anonymous() {
            item[&method] = described;
        }
        let purpose = handlers::purpose(operation.handler, operation.doc);
        tags.entry(section(operation)).or_insert_with(|| purpose.into());
    }
    let tags: Vec<Value> = tags
        .into_iter()
        .map(|(name, description)| json!({ "name": name, "description": description }))
        .collect();
    json!({
        "openapi": "3.0.0",
        "info": {
            "title": "MAAS HTTP API",
            "description": "Ironraft serves the API 2.0 of MAAS.",
            "version": "2.0.0",
            "license": {
                "name": "Apache License, Version 2.0",
                "url": "https://www.apache.org/licenses/LICENSE-2.0",
            },
        },
        "externalDocs": { "description": "What is served, to be read", "url": "/MAAS/api/docs/" },
        "tags": tags,
        "paths": paths,
        "components": { "securitySchemes": { "key": {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "OAuth 1.0a with an API key, `consumer_key:token_key:token_secret`, signed with \
                            PLAINTEXT or HMAC-SHA1.",
        } } },
    })
}

fn path(operation: &Operation) -> String {
    match operation.op {
        None => format!("/{}", operation.path),
        Some(op) => format!("/{}/op-{op}", operation.path.trim_end_matches('/')),
    }
}

/// What MAAS's sections are called by, without what each handler's name ends with.
fn section(operation: &Operation) -> &'static str {
    operation.handler.strip_suffix("Handler").unwrap_or(operation.handler)
}

fn path_item(operation: &Operation) -> Value {
    let in_path = |name: &str| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } });
    let parameters: Vec<Value> = placeholders(operation.path).map(in_path).collect();
    if parameters.is_empty() { json!({}) } else { json!({ "parameters": parameters }) }
}

fn described(operation: &Operation) -> Value {
    let name = operation.op.unwrap_or_else(|| operation.method.action());
    let mut description = operation.doc.to_owned();
    for refused in operation.refused {
        let _ =
            write!(description, "\n\nRefused: {}. {}", refused.names.join(", "), refused.reason);
    }
    let security = if operation.is_anonymous() { json!([]) } else { json!([{ "key": [] }]) };
    let mut described = json!({
        "operationId": format!("{}_{name}", operation.handler),
        "tags": [section(operation)],
        "summary": summary(operation.doc),
        "description": description,
        "security": security,
        "responses": responses(operation),
    });
    if operation.doc.to_lowercase().contains("deprecated") {
        described["deprecated"] = true.into();
    }
    match operation.method {
        Method::Get | Method::Delete if !operation.params.is_empty() => {
            described["parameters"] = operation.params.iter().map(in_query).collect();
        }
        Method::Post | Method::Put if operation.takes_content => {
            let schema = json!({ "schema": { "type": "string", "format": "binary" } });
            described["requestBody"] = json!({ "content": { "application/octet-stream": schema } });
        }
        Method::Post | Method::Put if !operation.params.is_empty() => {
            described["requestBody"] = form(operation.params);
        }
        Method::Get | Method::Delete | Method::Post | Method::Put => {}
    }
    described
}

/// The first sentence of a documentation.
fn summary(doc: &str) -> &str {
    let end = doc.find(". ").or_else(|| doc.find('\n')).unwrap_or(doc.len());
    doc[..end].trim_end_matches('.')
}

fn responses(operation: &Operation) -> Value {
    let json = json!({ "application/json": { "schema": {} } });
    let (status, done) = match operation.method {
        Method::Delete => ("204", json!({ "description": "It is gone." })),
        Method::Get => ("200", json!({ "description": "What was asked for.", "content": json })),
        Method::Post | Method::Put => {
            ("2XX", json!({ "description": "It is done.", "content": json }))
        }
    };
    let messages = json!({ "type": "array", "items": { "type": "string" } });
    json!({
        status: done,
        "default": {
            "description": "It is refused: a text, or the messages of each field.",
            "content": {
                "text/plain": { "schema": { "type": "string" } },
                "application/json": { "schema": { "type": "object", "additionalProperties": messages } },
            },
        },
    })
}

fn schema(param: &Spec) -> Value {
    match param.presence {
        Presence::Required | Presence::Optional => json!({ "type": "string" }),
        Presence::Repeated => json!({ "type": "array", "items": { "type": "string" } }),
    }
}

fn in_query(param: &Spec) -> Value {
    json!({
        "name": param.name,
        "in": "query",
        "description": param.doc,
        "required": param.presence == Presence::Required,
        "schema": schema(param),
    })
}

fn form(params: &[Spec]) -> Value {
    let mut properties = Map::new();
    for param in params {
        let mut schema = schema(param);
        schema["description"] = param.doc.into();
        properties.insert(param.name.to_owned(), schema);
    }
    let mut schema = json!({ "type": "object", "properties": properties });
    let is_needed = |param: &&Spec| param.presence == Presence::Required;
    let required: Vec<&str> = params.iter().filter(is_needed).map(|param| param.name).collect();
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    let content: Map<String, Value> =
        FORMS.iter().map(|form| ((*form).to_owned(), json!({ "schema": schema }))).collect();
    json!({ "required": !required.is_empty(), "content": content })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::operations;

    #[test]
    fn every_described_operation_is_at_its_path_under_a_name_of_its_own() {
        let document = document(&operations());
        let mut names = BTreeSet::new();
        for item in document["paths"].as_object().unwrap().values() {
            for (_, operation) in
                item.as_object().unwrap().iter().filter(|(name, _)| *name != "parameters")
            {
                assert!(names.insert(operation["operationId"].as_str().unwrap()), "{operation}");
            }
        }
        for operation in operations().iter().filter(|operation| !operation.alias) {
            let method = operation.method.name().to_lowercase();
            let found = &document["paths"][path(operation)][method];
            assert_eq!(found["tags"][0], section(operation), "{}", path(operation));
        }
    }

    /// `OpenAPI` takes paths that differ in the names of their placeholders alone for the same.
    #[test]
    fn no_two_paths_match_the_same_requests_by_their_form() {
        let document = document(&operations());
        let mut forms = BTreeSet::new();
        for path in document["paths"].as_object().unwrap().keys() {
            let parts = path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part });
            assert!(forms.insert(parts.collect::<Vec<_>>().join("/")), "{path}");
        }
    }

    #[test]
    fn parameters_are_told_where_they_are_sent() {
        let document = document(&operations());
        let paths = &document["paths"];
        let zone = &paths["/zones/{name}/"];
        assert_eq!(zone["parameters"][0]["name"], "name");
        let create = &paths["/zones/"]["post"]["requestBody"]["content"];
        for form in FORMS {
            let schema = &create[form]["schema"];
            assert_eq!(schema["required"], json!(["name"]), "{form}");
            assert_eq!(schema["properties"]["description"]["type"], "string", "{form}");
        }
        let listed = &paths["/machines/"]["get"];
        let tags = listed["parameters"].as_array().unwrap().iter().find(|it| it["name"] == "tags");
        assert_eq!(tags.unwrap()["schema"]["type"], "array");
        assert_eq!(listed["security"], json!([{ "key": [] }]));
        assert_eq!(paths["/version/"]["get"]["security"], json!([]));
        assert_eq!(
            paths["/machines/op-allocate"]["post"]["operationId"],
            "MachinesHandler_allocate"
        );
    }
}
