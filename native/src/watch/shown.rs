//! Objects as watchers are shown them, made once for all that may see the same.

use std::sync::Arc;

use model::access::{Actor, Role};
use model::query::Query;
use quick_cache::sync::Cache;
use serde_json::Value;

use crate::item::{Item, text_of};
use crate::listing::Listing;
use crate::problem::Problem;
use crate::read::with_revision;
use crate::registry::known_fields;
use crate::request::Request;
use crate::resource::Resource;

/// How many objects are kept for watchers that come to them later.
const OBJECTS_MAX: usize = 4_096;

/// Who sees the same objects: all superusers, or one user with the same rights.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Viewer {
    Superuser,
    One(String),
}

/// An object of a resource at a revision, as a viewer sees it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    resource: &'static str,
    id: String,
    revision: u64,
    viewer: Viewer,
}

/// An object that is shown.
#[derive(Debug)]
pub(crate) struct Object {
    json: Value,
    node: Option<crate::machines::Node>,
    resource: &'static Resource,
}

impl Object {
    pub(crate) fn json(&self) -> Value {
        self.json.clone()
    }

    /// Whether a filter means it.
    pub(crate) fn is_meant_by(&self, filter: Option<&Query>) -> bool {
        let Some(filter) = filter else { return true };
        match &self.node {
            Some(node) => filter.matches(node),
            None => filter.matches(&Item {
                object: self.json.clone(),
                fields: known_fields(self.resource),
                key: self.resource.key,
            }),
        }
    }
}

/// The objects that were shown last, for all watchers of a region.
pub struct Shown {
    objects: Cache<Key, Option<Arc<Object>>>,
}

impl Default for Shown {
    fn default() -> Self {
        Self { objects: Cache::new(OBJECTS_MAX) }
    }
}

impl std::fmt::Debug for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Shown({} objects)", self.objects.len())
    }
}

impl Shown {
    /// An object as it is at that revision or a later one; none when it is gone or may not be seen.
    ///
    /// # Errors
    /// When this region cannot tell.
    pub(crate) async fn object(
        &self,
        request: &Request,
        resource: &'static Resource,
        id: &str,
        revision: u64,
    ) -> Result<Option<Arc<Object>>, Problem> {
        let viewer = match (&request.actor, request.actor.role()) {
            (_, Role::Superuser) => Viewer::Superuser,
            (Actor::User(user, given), _) => Viewer::One(format!("{} {given:?}", user.id)),
            (other, _) => Viewer::One(other.to_string()),
        };
        let key = Key { resource: resource.name, id: id.to_owned(), revision, viewer };
        let made = async { Ok(made(request, resource, id).await?.map(Arc::new)) };
        self.objects.get_or_insert_async(&key, made).await
    }
}

/// An object as this region has it now.
async fn made(
    request: &Request,
    resource: &'static Resource,
    id: &str,
) -> Result<Option<Object>, Problem> {
    let view = request.live.stale_view().await?;
    let now = request.at(view);
    let Some(rows) = resource.rows else { return Ok(None) };
    let (json, node) = match resource.listing {
        Listing::Nodes(nodes) => {
            let Some(node) = nodes.node(&now, id) else { return Ok(None) };
            (nodes.one(&now, id).await?.pop(), Some(node))
        }
        Listing::Pages(pages) => ((pages.one)(&now, id).await?.pop(), None),
        listing => {
            let all = listing.with(&now, id).await?;
            let is_it =
                |object: &Value| object.get(rows.id_field).map(text_of).as_deref() == Some(id);
            (all.into_iter().find(is_it), None)
        }
    };
    let shown = |json| Object { json: with_revision(&now, resource, json), node, resource };
    Ok(json.map(shown))
}
