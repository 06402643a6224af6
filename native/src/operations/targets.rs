//! Which objects an operation is about.

use std::collections::BTreeSet;

use model::operation::Target;
use model::query::Query;
use serde_json::Value;
use tables::update::now;

use crate::item::{Item, text_of};
use crate::listing::Listing;
use crate::problem::Problem;
use crate::registry::{fields_of, known_fields};
use crate::request::Request;
use crate::resource::Resource;

/// The objects that a filter means, of those that whoever asks may see.
///
/// # Errors
/// 400 for a wrong filter.
pub async fn meant(
    request: &Request,
    resource: &'static Resource,
    filter: &str,
) -> Result<Vec<Target>, Problem> {
    let query = Query::parse(filter, fields_of(resource), now())
        .map_err(|error| Problem::member("filter", error.to_string()))?;
    if let Listing::Nodes(nodes) = resource.listing {
        return Ok(nodes.meant(request, &query)?.into_iter().map(target).collect());
    }
    let fields = known_fields(resource);
    let all = resource.listing.all(request).await?;
    let mut targets = Vec::new();
    for object in all {
        let item = Item { object, fields, key: resource.key };
        if query.matches(&item) {
            targets.push(target(named(resource, &item.object)));
        }
    }
    Ok(targets)
}

/// The objects with these keys or names, each once.
///
/// # Errors
/// 400 that names the first one that there is not, or that several are called.
pub async fn named_by(
    request: &Request,
    resource: &'static Resource,
    keys: &[Value],
) -> Result<Vec<Target>, Problem> {
    let keys: Vec<String> = keys.iter().map(text_of).collect();
    let found = match resource.listing {
        Listing::Nodes(nodes) => nodes.called(request, &keys)?,
        listing => {
            let all = listing.all(request).await?;
            keys.iter().map(|key| called(resource, &all, key)).collect()
        }
    };
    let mut targets = Vec::with_capacity(found.len());
    let mut known = BTreeSet::new();
    for (key, found) in keys.iter().zip(found) {
        let found = found.ok_or_else(|| {
            let message = format!("There is no {} {key:?}, or more than one.", resource.singular);
            Problem::member("ids", message)
        })?;
        if known.insert(found.0.clone()) {
            targets.push(target(found));
        }
    }
    Ok(targets)
}

/// The key and name of the only object with that key or name.
fn called(resource: &Resource, all: &[Value], key: &str) -> Option<(String, String)> {
    let has = |object: &Value, field: &str| object.get(field).map(text_of).as_deref() == Some(key);
    let by_key = all.iter().find(|object| has(object, resource.key));
    let is_called = |object: &&Value| resource.also.iter().any(|field| has(object, field));
    let mut by_name = all.iter().filter(is_called);
    let found = by_key.or_else(|| by_name.next().filter(|_| by_name.next().is_none()))?;
    Some(named(resource, found))
}

/// The key of an object, and what it is called.
fn named(resource: &Resource, object: &Value) -> (String, String) {
    let text = |field: &str| object.get(field).filter(|value| !value.is_null()).map(text_of);
    let key = text(resource.key).unwrap_or_default();
    let name = resource.also.iter().find_map(|field| text(field)).unwrap_or_else(|| key.clone());
    (key, name)
}

fn target((id, name): (String, String)) -> Target {
    Target::new(id, name)
}
