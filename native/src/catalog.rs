//! The kinds of objects as data, for clients that are made of it: what can be asked of each, and done with it.

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::registry::{RESOURCES, fields_of};
use crate::route::{Act, ROUTES};

/// Something that objects can be filtered and sorted by.
#[derive(Debug, Serialize, ToSchema)]
pub struct FieldEntry {
    /// Its name.
    pub name: String,
    /// Its other names.
    pub aliases: Vec<String>,
    /// `text`, `number`, `boolean`, `time`, `address` or `mac`.
    pub kind: &'static str,
    /// Whether free text is searched in it.
    pub searched: bool,
    /// What it says.
    pub doc: String,
}

/// Something that can be done.
#[derive(Debug, Serialize, ToSchema)]
pub struct VerbEntry {
    /// Its name: the last element of its path, or `create`, `update`, `delete`.
    pub name: String,
    /// The method.
    pub method: &'static str,
    /// The path.
    pub path: String,
    /// What it does.
    pub doc: &'static str,
    /// Whether it is about one object.
    pub of_one: bool,
    /// Whether it can be done to many objects at once, by `POST` at `actions` of the resource.
    pub of_many: bool,
    /// The names of its parameters.
    pub parameters: Vec<&'static str>,
}

/// A kind of objects.
#[derive(Debug, Serialize, ToSchema)]
pub struct ResourceEntry {
    /// What many are called.
    pub name: &'static str,
    /// What one is called.
    pub singular: &'static str,
    /// What it is.
    pub doc: &'static str,
    /// The field that names one.
    pub key: &'static str,
    /// The fields that a table shows first.
    pub columns: &'static [&'static str],
    /// What it can be filtered and sorted by.
    pub fields: Vec<FieldEntry>,
    /// What can be done.
    pub verbs: Vec<VerbEntry>,
}

/// All kinds of objects.
#[must_use]
pub fn entries() -> Vec<ResourceEntry> {
    let entry = |resource: &'static crate::resource::Resource| {
        let fields = fields_of(resource).iter().map(|field| FieldEntry {
            name: field.name.to_string(),
            aliases: field.aliases.iter().map(ToString::to_string).collect(),
            kind: field.kind.name(),
            searched: field.searched,
            doc: field.doc.to_string(),
        });
        let of_it = ROUTES.iter().filter_map(|route| match &route.act {
            Act::Run(verb) if verb.resource.is_some_and(|of| of.name == resource.name) => {
                Some(VerbEntry {
                    name: verb.name(),
                    method: route.method,
                    path: format!("/api/v1/{}", route.path.join("/")),
                    doc: verb.operation.doc,
                    of_one: verb.object.is_some(),
                    of_many: verb.is_for_many_of(resource),
                    parameters: verb.operation.params.iter().map(|spec| spec.name).collect(),
                })
            }
            _ => None,
        });
        ResourceEntry {
            name: resource.name,
            singular: resource.singular,
            doc: resource.doc,
            key: resource.key,
            columns: resource.columns,
            fields: fields.collect(),
            verbs: of_it.collect(),
        }
    };
    RESOURCES.iter().map(entry).collect()
}

/// The same as an answer.
#[must_use]
pub fn answer() -> Response {
    Json(entries()).into_response()
}
