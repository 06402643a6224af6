//! The paths, made of the routes.

use rest::operation::Operation;
use rest::param::Presence;
use serde_json::{Map, Value, json};

use crate::history;
use crate::list::query;
use crate::listing::Listing;
use crate::openapi::schemas::{object_name, page_name, whole};
use crate::operations;
use crate::own::{Own, What};
use crate::paged;
use crate::registry::RESOURCES;
use crate::resource::Resource;
use crate::revision;
use crate::route::{Act, ROUTES, Route};
use crate::verb::Verb;
use crate::write;

/// A tag for each resource.
pub(super) fn tags() -> Value {
    RESOURCES.iter().map(|of| json!({ "name": of.name, "description": of.doc })).collect()
}

/// All paths.
pub(super) fn paths() -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for route in ROUTES.iter() {
        let path = format!("/api/v1/{}", route.path.join("/"));
        let entry = paths.entry(path).or_insert_with(|| json!({}));
        if let Some(methods) = entry.as_object_mut() {
            methods.insert(route.method.to_lowercase(), described(route));
        }
    }
    Value::Object(paths)
}

fn described(route: &Route) -> Value {
    match &route.act {
        Act::List(resource) => list(route, resource),
        Act::Read(resource) => read(route, resource),
        Act::History(resource) => past(route, resource),
        Act::Run(verb) => run(route, verb),
        Act::Many(resource) => many(route, resource),
        Act::Own(own) => of_own(route, own),
    }
}

/// A name for an operation that no other has: its method and path.
fn operation_id(route: &Route) -> String {
    let words = route.path.iter().map(|part| match part.strip_prefix('{') {
        Some(name) => format!("by_{}", name.trim_end_matches('}')),
        None => part.clone(),
    });
    let path = words.collect::<Vec<_>>().join("_").replace(['-', '.'], "_");
    format!("{}_{path}", route.method.to_lowercase())
}

fn list(route: &Route, resource: &Resource) -> Value {
    let own = match resource.listing {
        Listing::Pages(_) => paged::PARAMETERS,
        _ => query::PARAMETERS,
    };
    let parameters = own.iter().chain(revision::PARAMETERS);
    let parameters: Vec<Value> = parameters.map(|(name, doc)| in_query(name, doc)).collect();
    json!({
        "operationId": operation_id(route),
        "tags": [resource.name],
        "summary": format!("List {}.", resource.name),
        "description": resource.doc,
        "parameters": parameters,
        "responses": responses("200", "A page of them.", Some(&page_name(resource))),
    })
}

fn read(route: &Route, resource: &Resource) -> Value {
    let fields = ("fields", "Only these members, with commas.");
    let parameters = std::iter::once(&fields).chain(revision::PARAMETERS);
    let parameters = parameters.map(|(name, doc)| in_query(name, doc));
    let parameters: Vec<Value> = in_path(route).chain(parameters).collect();
    let mut responses = responses("200", "It.", None);
    let object = whole(&object_name(resource), resource);
    responses["200"]["content"] = json!({ "application/json": { "schema": object } });
    json!({
        "operationId": operation_id(route),
        "tags": [resource.name],
        "summary": format!("Read one {}.", resource.singular),
        "parameters": parameters,
        "responses": responses,
    })
}

fn past(route: &Route, resource: &Resource) -> Value {
    let parameters = history::PARAMETERS.iter().map(|(name, doc)| in_query(name, doc));
    let parameters: Vec<Value> = in_path(route).chain(parameters).collect();
    json!({
        "operationId": operation_id(route),
        "tags": [resource.name],
        "summary": format!("What became of one {}: when, by whom and why.", resource.singular),
        "parameters": parameters,
        "responses": responses("200", "Its changes, newest first.", Some("History")),
    })
}

fn run(route: &Route, verb: &Verb) -> Value {
    let operation = &verb.operation;
    let is_reading = route.method == "GET";
    let mut parameters: Vec<Value> = in_path(route).collect();
    if is_reading {
        let own = operation.params.iter().map(|spec| {
            let mut parameter = in_query(spec.name, spec.doc);
            parameter["required"] = (spec.presence == Presence::Required).into();
            parameter
        });
        parameters.extend(own);
    } else {
        parameters.extend(write::PARAMETERS.iter().map(|(name, doc)| in_query(name, doc)));
        parameters.extend(write::HEADERS.iter().map(in_header));
    }
    let tag = verb.resource.map_or("other", |resource| resource.name);
    let mut described = json!({
        "operationId": operation_id(route),
        "tags": [tag],
        "summary": operation.doc.lines().next().unwrap_or_default(),
        "description": operation.doc,
        "parameters": parameters,
        "responses": outcome(verb),
    });
    if operation.is_anonymous() {
        described["security"] = json!([]);
    }
    if !is_reading && route.method != "DELETE" {
        described["requestBody"] = body(operation);
    }
    described
}

fn of_own(route: &Route, own: &Own) -> Value {
    let parameters = own.params.iter().map(|(name, doc)| in_query(name, doc));
    let parameters: Vec<Value> = in_path(route).chain(parameters).collect();
    let mut responses = responses("200", "What is asked for.", shape_of(own));
    if let What::Docs(file) = own.what {
        let bare = file.media_type().split(';').next().unwrap_or_default();
        responses["200"]["content"] = json!({ bare: {} });
    }
    let mut described = json!({
        "operationId": operation_id(route),
        "tags": ["other"],
        "summary": own.doc,
        "parameters": parameters,
        "responses": responses,
    });
    if own.is_open {
        described["security"] = json!([]);
    }
    described
}

/// The name of the schema of what is answered.
fn shape_of(own: &Own) -> Option<&'static str> {
    match own.what {
        What::Document | What::Docs(_) | What::Catalog | What::Watch => None,
        What::Cluster => Some("Cluster"),
        What::CancelOperation => Some("Operation"),
        What::Timeline => Some("Timeline"),
        What::Revisions | What::Revision => Some("Revisions"),
    }
}

fn many(route: &Route, resource: &Resource) -> Value {
    let verbs: Vec<String> = operations::verbs(resource).map(Verb::name).collect();
    let parameters = operations::order::PARAMETERS.iter().map(|(name, doc)| in_query(name, doc));
    let key = write::HEADERS.iter().filter(|(name, _)| *name == "Idempotency-Key");
    let parameters: Vec<Value> = parameters.chain(key.map(in_header)).collect();
    let mut responses = responses("202", "The operation that was made.", Some("Operation"));
    responses["200"] = json!({ "description": "The plan.", "content": { "application/json": {
        "schema": { "$ref": "#/components/schemas/BulkPlan" } } } });
    json!({
        "operationId": operation_id(route),
        "tags": [resource.name],
        "summary": format!("Do one thing to many {}.", resource.name),
        "description": format!("The verbs are {}.", verbs.join(", ")),
        "parameters": parameters,
        "requestBody": { "required": true, "content": { "application/json": { "schema": {
            "allOf": [
                { "$ref": "#/components/schemas/Order" },
                { "type": "object", "properties": { "verb": { "enum": verbs } } },
            ] } } } },
        "responses": responses,
    })
}

fn in_header((name, doc): &(&str, &str)) -> Value {
    json!({ "name": name, "in": "header", "required": false, "description": doc,
        "schema": { "type": "string" } })
}

fn in_query(name: &str, doc: &str) -> Value {
    json!({ "name": name, "in": "query", "required": false, "description": doc,
        "schema": { "type": "string" } })
}

fn in_path(route: &Route) -> impl Iterator<Item = Value> {
    let names = route.path.iter().filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    names.map(|name| {
        json!({ "name": name, "in": "path", "required": true,
            "description": "What names it.", "schema": { "type": "string" } })
    })
}

/// The body of an operation: its parameters as members. What they are is said in words, as MAAS does.
fn body(operation: &Operation) -> Value {
    if operation.takes_content {
        return json!({ "required": true, "content": { "application/octet-stream": {} } });
    }
    let mut members = Map::new();
    let mut others = json!(false);
    for spec in operation.params {
        match spec.name.strip_suffix("_{param}") {
            Some(name) => {
                members
                    .insert(name.to_owned(), json!({ "type": "object", "description": spec.doc }));
            }
            None if spec.name == "{param}" => others = json!({ "type": ["string", "null"] }),
            None => {
                members.insert(spec.name.to_owned(), member(spec.presence, spec.doc));
            }
        }
    }
    let required: Vec<&str> = operation
        .params
        .iter()
        .filter(|spec| spec.presence == Presence::Required)
        .map(|spec| spec.name)
        .collect();
    let mut schema =
        json!({ "type": "object", "properties": members, "additionalProperties": others });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    json!({ "content": { "application/json": { "schema": schema } } })
}

fn member(presence: Presence, doc: &str) -> Value {
    let one = json!(["string", "number", "boolean", "null"]);
    match presence {
        Presence::Required | Presence::Optional => json!({ "type": one, "description": doc }),
        Presence::Repeated => json!({
            "type": ["array", "string", "number", "boolean", "null"],
            "items": { "type": one }, "description": doc,
        }),
    }
}

/// What a verb answers when it is done.
fn outcome(verb: &Verb) -> Value {
    match verb.name().as_str() {
        "create" => responses("201", "What was made.", None),
        "delete" if verb.method == "DELETE" => {
            let mut gone = responses("204", "It is gone.", None);
            gone["204"] = json!({ "description": "It is gone." });
            gone
        }
        _ if verb.method == "GET" => responses("200", "What is asked for.", None),
        _ => {
            // Whatever the operation says in MAAS's API: done, or begun.
            let mut done = responses("2XX", "What came of it.", None);
            done["204"] = json!({ "description": "It is done, and there is nothing to say." });
            done
        }
    }
}

fn responses(status: &str, doc: &str, schema: Option<&str>) -> Value {
    let content = match schema {
        Some(name) => json!({ "application/json": {
            "schema": { "$ref": format!("#/components/schemas/{name}") } } }),
        // JSON, but for files, BSON and what MAAS answers as text.
        None => json!({ "*/*": {} }),
    };
    json!({
        status: { "description": doc, "content": content },
        "default": {
            "description": "It was not done.",
            "content": { "application/problem+json": {
                "schema": { "$ref": "#/components/schemas/Problem" } } },
        },
    })
}
