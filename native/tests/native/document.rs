//! The `OpenAPI` document and the tables that it is made of.

use std::collections::BTreeSet;

use native::openapi::document;
use native::registry::RESOURCES;
use native::route::ROUTES;
use rest::operation::{Method, Operation};

/// The document stands in the tree, so that a change of the API is seen in a review.
const COMMITTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../api/openapi.json");

#[test]
fn the_committed_document_is_the_one_that_is_served() {
    let mut made = serde_json::to_string_pretty(&document()).unwrap();
    made.push('\n');
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(COMMITTED, &made).unwrap();
    }
    let committed = std::fs::read_to_string(COMMITTED).unwrap();
    assert!(made == committed, "api/openapi.json is not what is served: run with UPDATE_DOCS=1");
}

#[test]
fn every_route_is_described_and_every_reference_is_there() {
    let document = document();
    let paths = document["paths"].as_object().unwrap();
    for route in ROUTES.iter() {
        let path = format!("/api/v1/{}", route.path.join("/"));
        assert!(paths[&path].get(route.method.to_lowercase()).is_some(), "{} {path}", route.method);
    }
    let described: usize = paths.values().map(|methods| methods.as_object().unwrap().len()).sum();
    assert_eq!(described, ROUTES.len());
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"").skip(1) {
        let pointer = &reference[1..reference.find('"').unwrap()];
        assert!(document.pointer(pointer).is_some(), "{pointer} is nowhere");
    }
    let mut ids = BTreeSet::new();
    for methods in paths.values() {
        for operation in methods.as_object().unwrap().values() {
            let id = operation["operationId"].as_str().unwrap();
            assert!(ids.insert(id.to_owned()), "{id} comes twice");
        }
    }
}

#[test]
fn no_two_shapes_share_a_name() {
    let mut known = std::collections::BTreeMap::new();
    for resource in RESOURCES {
        let shape = (resource.shape)();
        let own = (shape.name, shape.schema);
        for (name, schema) in shape.named.into_iter().chain([own]) {
            let schema = serde_json::to_value(&schema).unwrap();
            let first = known.entry(name.clone()).or_insert_with(|| schema.clone());
            assert_eq!(*first, schema, "{name} is two shapes");
        }
    }
}

/// What a list or a read of a resource gives.
fn is_read_of_a_resource(operation: &Operation) -> bool {
    let has = |paths: &[&str]| paths.contains(&operation.path);
    operation.method == Method::Get
        && operation.op.is_none()
        && RESOURCES.iter().any(|resource| has(resource.collections) || has(resource.items))
}

#[test]
fn every_operation_of_maas_is_here_too() {
    let served: BTreeSet<(&str, &str, Option<&str>)> = ROUTES
        .iter()
        .filter_map(|route| match &route.act {
            native::route::Act::Run(verb) => {
                let operation = &verb.operation;
                Some((operation.method.name(), operation.path, operation.op))
            }
            _ => None,
        })
        .collect();
    let missing: Vec<String> = rest::operations()
        .iter()
        .filter(|operation| !operation.alias && !is_read_of_a_resource(operation))
        .filter(|operation| {
            !served.contains(&(operation.method.name(), operation.path, operation.op))
        })
        .map(|operation| {
            format!(
                "{} {} {}",
                operation.method.name(),
                operation.path,
                operation.op.unwrap_or("-")
            )
        })
        .collect();
    insta::assert_snapshot!(missing.join("\n"));
}

#[test]
fn columns_and_keys_are_members_of_their_shapes() {
    for resource in RESOURCES {
        let fields = native::field::Fields::of(resource);
        for column in resource.columns.iter().chain([&resource.key]) {
            let is_silent = *column == "resource_uri";
            assert!(is_silent || fields.find(column).is_some(), "{}: no {column}", resource.name);
        }
    }
}
