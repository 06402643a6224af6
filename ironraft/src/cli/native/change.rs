//! A change of the native API, as it is planned and carried out. It is named when it is made, so that it is carried out once,
//! however often it is sent.

use client::{Body, IDEMPOTENCY_KEY};
use http::{HeaderName, Method, header};
use serde_json::{Value, json};

use crate::cli::native::path::path;

/// A request that changes something.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    /// The method.
    pub(crate) method: Method,
    elements: Vec<String>,
    body: Option<Value>,
    if_plan: Option<String>,
    if_match: Option<u64>,
    name: String,
}

/// Which objects something is done to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Targets {
    /// Those that a filter means.
    Filter(String),
    /// These, by key or name.
    Ids(Vec<String>),
}

impl Change {
    /// A request at the path of these elements.
    pub(crate) fn new(method: Method, elements: &[&str], body: Option<Value>) -> Self {
        let elements = elements.iter().map(|element| (*element).to_owned()).collect();
        let name = format!("cli-{:032x}", rand::random::<u128>());
        Self { method, elements, body, if_plan: None, if_match: None, name }
    }

    /// Makes an object.
    pub(crate) fn create(resource: &str, body: Value) -> Self {
        Self::new(Method::POST, &[resource], Some(body))
    }

    /// Changes an object.
    pub(crate) fn update(resource: &str, key: &str, body: Value) -> Self {
        Self::new(Method::PATCH, &[resource, key], Some(body))
    }

    /// Removes an object.
    pub(crate) fn delete(resource: &str, key: &str) -> Self {
        Self::new(Method::DELETE, &[resource, key], None)
    }

    /// Does something to an object.
    pub(crate) fn verb(resource: &str, key: &str, verb: &str, body: Value) -> Self {
        Self::new(Method::POST, &[resource, key, verb], Some(body))
    }

    /// Does something to many objects, but not to more than `max`.
    pub(crate) fn many(
        resource: &str,
        verb: &str,
        targets: &Targets,
        parameters: Value,
        max: usize,
    ) -> Self {
        let mut body = json!({ "verb": verb, "parameters": parameters, "max": max });
        match targets {
            Targets::Filter(filter) => body["filter"] = json!(filter),
            Targets::Ids(ids) => body["ids"] = json!(ids),
        }
        Self::new(Method::POST, &[resource, "actions"], Some(body))
    }

    /// The same, which does what a plan showed, or nothing.
    pub(crate) fn only_if(mut self, plan: &str) -> Self {
        self.if_plan = Some(plan.to_owned());
        self
    }

    /// The same, which changes an object only as it was at its revision.
    pub(crate) fn only_at(mut self, revision: u64) -> Self {
        self.if_match = Some(revision);
        self
    }

    /// Its path.
    pub(crate) fn path(&self) -> String {
        path(&self.elements.iter().map(String::as_str).collect::<Vec<_>>())
    }

    pub(crate) fn query(&self) -> Vec<(String, String)> {
        self.if_plan.iter().map(|plan| ("if_plan".to_owned(), plan.clone())).collect()
    }

    pub(crate) fn headers(&self) -> Vec<(HeaderName, String)> {
        let name = (IDEMPOTENCY_KEY, self.name.clone());
        let expected = self.if_match.map(|revision| (header::IF_MATCH, format!("\"{revision}\"")));
        std::iter::once(name).chain(expected).collect()
    }

    pub(crate) fn body(&self) -> Body {
        self.body.as_ref().map_or(Body::Nothing, |body| Body::Json(body.to_string().into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_change_has_a_name_and_keeps_it() {
        let change = Change::delete("zones", "a");
        assert_eq!(change.headers(), change.clone().only_if("x").headers());
        assert_ne!(change.headers(), Change::delete("zones", "a").headers());
        let guarded = change.only_at(7).headers();
        assert_eq!(guarded[1], (header::IF_MATCH, "\"7\"".to_owned()));
    }

    #[test]
    fn many_objects_are_one_request() {
        let ids = Targets::Ids(vec!["a".to_owned()]);
        let change = Change::many("machines", "release", &ids, json!({"erase": true}), 50);
        assert_eq!(change.path(), "/api/v1/machines/actions");
        let Body::Json(body) = change.body() else { panic!("it has a body") };
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(
            body,
            json!({"verb": "release", "ids": ["a"], "parameters": {"erase": true}, "max": 50})
        );
    }
}
