//! Which objects an operation is about.

use std::collections::{BTreeMap, BTreeSet};

use model::operation::{TARGETS_MAX, Target};
use model::query::Query;
use ops::background;
use serde_json::Value;
use tables::update::now;

use crate::item::{Item, text_of};
use crate::listing::Listing;
use crate::problem::Problem;
use crate::read;
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
        return Ok(nodes.meant(request, &query).await?.into_iter().map(target).collect());
    }
    let fields = known_fields(resource);
    let all = read::all(request, resource).await?;
    Ok(background::run(move || {
        let item = |object| Item { object, fields, key: resource.key };
        let meant = all.into_iter().map(item).filter(|item| query.matches(item));
        meant.map(|item| target(named(resource, &item.object))).collect()
    })
    .await)
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
    if keys.len() > TARGETS_MAX {
        return Err(Problem::member("ids", format!("They are at most {TARGETS_MAX}.")));
    }
    let keys: Vec<String> = keys.iter().map(text_of).collect();
    let found = match resource.listing {
        Listing::Nodes(nodes) => nodes.called(request, &keys)?,
        listing => {
            let called = Called::of(resource, &listing.all(request).await?);
            keys.iter().map(|key| called.find(key)).collect()
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

/// The keys and names of objects, by what they are called.
#[derive(Default)]
struct Called {
    by_key: BTreeMap<String, (String, String)>,
    /// None where several are called so.
    by_name: BTreeMap<String, Option<(String, String)>>,
}

impl Called {
    fn of(resource: &Resource, all: &[Value]) -> Self {
        let mut called = Self::default();
        for object in all {
            let known = named(resource, object);
            let names = resource.also.iter().filter_map(|field| object.get(*field).map(text_of));
            for name in names.collect::<BTreeSet<_>>() {
                let is_first = !called.by_name.contains_key(&name);
                called.by_name.insert(name, is_first.then(|| known.clone()));
            }
            called.by_key.insert(known.0.clone(), known);
        }
        called
    }

    /// The only one with that key or name.
    fn find(&self, key: &str) -> Option<(String, String)> {
        self.by_key.get(key).or_else(|| self.by_name.get(key)?.as_ref()).cloned()
    }
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
