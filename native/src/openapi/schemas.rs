//! The forms of objects.

use serde_json::{Map, Value, json};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::catalog::ResourceEntry;
use crate::cluster::Cluster;
use crate::history::History;
use crate::list::Count;
use crate::listing::Listing;
use crate::machines::timeline;
use crate::operations::order::Order;
use crate::operations::plan::BulkPlan;
use crate::problem::Document;
use crate::registry::RESOURCES;
use crate::resource::Resource;
use crate::revisions::Revisions;
use crate::write::plan::Plan;

/// All schemas, by name.
pub(super) fn all() -> Map<String, Value> {
    let mut all = Map::new();
    for resource in RESOURCES {
        let shape = (resource.shape)();
        for (name, schema) in shape.named {
            add(&mut all, name, &schema);
        }
        add(&mut all, shape.name.clone(), &shape.schema);
        all.insert(page_name(resource), page(&shape.name, resource));
    }
    add_type::<Document>(&mut all);
    add_type::<Count>(&mut all);
    add_type::<ResourceEntry>(&mut all);
    add_type::<History>(&mut all);
    add_type::<Plan>(&mut all);
    add_type::<Order>(&mut all);
    add_type::<BulkPlan>(&mut all);
    add_type::<timeline::Shown>(&mut all);
    add_type::<Cluster>(&mut all);
    add_type::<Revisions>(&mut all);
    all
}

/// The name of the schema of a resource's pages.
pub(super) fn page_name(resource: &Resource) -> String {
    let words = resource.name.split('-').map(|word| {
        let (first, rest) = word.split_at(1);
        format!("{}{rest}", first.to_uppercase())
    });
    format!("{}Page", words.collect::<String>())
}

/// The name of the schema of a resource's objects.
pub(super) fn object_name(resource: &Resource) -> String {
    (resource.shape)().name
}

fn add_type<T: ToSchema>(all: &mut Map<String, Value>) {
    let mut named = Vec::new();
    T::schemas(&mut named);
    for (name, schema) in named {
        add(all, name, &schema);
    }
    add(all, T::name().into_owned(), &<T as PartialSchema>::schema());
}

fn add(all: &mut Map<String, Value>, name: String, schema: &RefOr<Schema>) {
    all.entry(name).or_insert_with(|| serde_json::to_value(schema).unwrap_or_default());
}

/// The form of an object with what all kinds have alike: its revision, and when it was made and changed.
pub(super) fn whole(object: &str, resource: &Resource) -> Value {
    let mut members = json!({ "revision": {
        "type": "integer", "description": "The revision of its last change: its entity tag.",
    } });
    for moment in resource.times {
        members[moment.name()] = json!({ "type": ["string", "null"], "description": moment.doc() });
    }
    json!({ "allOf": [
        { "$ref": format!("#/components/schemas/{object}") },
        { "type": "object", "properties": members },
    ] })
}

fn page(object: &str, resource: &Resource) -> Value {
    let total = match resource.listing {
        Listing::Pages(_) => json!({ "type": "null", "description": "They are not counted." }),
        _ => {
            json!({ "type": "integer", "description": "How many the filter means, on all pages." })
        }
    };
    let counts = json!({ "type": "array", "items": { "$ref": "#/components/schemas/Count" } });
    json!({
        "type": "object",
        "description": "A page of a list.",
        "required": ["items", "total", "next", "revision"],
        "properties": {
            "items": {
                "type": "array",
                "description": "The objects, in order; with `fields`, only those members of each.",
                "items": whole(object, resource),
            },
            "total": total,
            "next": { "type": ["string", "null"], "description": "The `page_token` of the next page." },
            "revision": { "type": "integer", "description": "The revision that was read." },
            "facets": {
                "type": "object", "description": "How many have each value, by field.",
                "additionalProperties": counts,
            },
            "groups": { "type": "array", "items": { "$ref": "#/components/schemas/Count" },
                "description": "How many are in each group, in their order." },
        },
    })
}
