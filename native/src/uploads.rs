//! Where the parts of a content are sent: MAAS's operations name the path of its API for that, which is another one here.

use std::sync::LazyLock;

use rest::paths::{elements, matched};
use serde_json::Value;

use crate::registry::RESOURCES;
use crate::request::OPERATIONS;
use crate::verb::{Verb, verbs};

/// What takes parts.
static TAKING: LazyLock<Vec<Verb>> = LazyLock::new(|| {
    let all = verbs(RESOURCES, &OPERATIONS).into_iter();
    all.filter(|verb| verb.operation.takes_content).collect()
});

/// The member that names it.
const UPLOAD_URI: &str = "upload_uri";

/// Has all of an answer name the paths of this API.
pub(crate) fn name_here(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                match value.as_str().and_then(here).filter(|_| name == UPLOAD_URI) {
                    Some(path) => *value = path.into(),
                    None => name_here(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(name_here),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The path here of what MAAS's API has at that one.
fn here(path: &str) -> Option<String> {
    let (elements, _) = elements(path.strip_prefix(rest::router::ROOT)?);
    TAKING.iter().find_map(|verb| at(verb, &elements))
}

fn at(verb: &Verb, elements: &[String]) -> Option<String> {
    let values = matched(verb.operation.path, elements)?;
    let value = |name: &str| {
        let of_object = || verb.object.and_then(|object| values.get(object));
        values.get(name).or_else(of_object).cloned()
    };
    let filled = verb.path.iter().map(|part| {
        match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            Some(name) => value(name),
            None => Some(part.clone()),
        }
    });
    let filled: Vec<String> = filled.collect::<Option<_>>()?;
    Some(format!("/api/v1/{}", filled.join("/")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn parts_are_sent_to_this_api() {
        let mut answer = json!({
            "id": 5,
            "sets": {"1": {"files": {"a": {"upload_uri": "/MAAS/api/2.0/boot-resources/5/upload/9/"}}}},
            "resource_uri": "/MAAS/api/2.0/boot-resources/5/",
        });
        name_here(&mut answer);
        let file = &answer["sets"]["1"]["files"]["a"];
        assert_eq!(file["upload_uri"], "/api/v1/images/5/upload/9");
        assert_eq!(answer["resource_uri"], "/MAAS/api/2.0/boot-resources/5/", "it is MAAS's");
        let path = format!("/MAAS/api/2.0/contents/{}/upload/1/7/", "a".repeat(64));
        let mut begun = json!([{ "upload_uri": path }, { "upload_uri": null }]);
        name_here(&mut begun);
        let here = format!("/api/v1/contents/{}/upload/1/7", "a".repeat(64));
        assert_eq!(begun[0]["upload_uri"], here);
    }
}
