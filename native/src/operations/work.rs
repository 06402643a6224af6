//! A verb with its parameters, for one object after the other.

use std::collections::BTreeMap;

use model::operation::BulkOperation;
use rest::call::Content;
use rest::params::Params;
use rest::reply::Reply;
use serde_json::{Value, json};
use tables::update::Tables;

use crate::item::text_of;
use crate::listing::Listing;
use crate::problem::Problem;
use crate::request::Request;
use crate::resource::Resource;
use crate::verb::Verb;
use crate::write;

/// A verb with its parameters, at one view.
#[derive(Debug)]
pub struct Work<'a> {
    /// Who asks, and what is read.
    pub request: &'a Request,
    /// The kind of the objects.
    pub resource: &'static Resource,
    /// What is done to each.
    pub verb: &'static Verb,
    /// With which parameters.
    pub params: Params,
}

impl<'a> Work<'a> {
    /// What an operation asks for; none when this program does not know its verb.
    #[must_use]
    pub fn of(operation: &BulkOperation, request: &'a Request) -> Option<Self> {
        let resource = crate::registry::find(&operation.resource)?;
        let verb = super::verbs(resource).find(|verb| verb.name() == operation.verb)?;
        let mut params = Params::default();
        for (name, values) in &operation.parameters {
            values.iter().for_each(|value| params.add(name, value));
        }
        for (name, values) in &operation.secrets {
            values.iter().for_each(|value| params.add(name, value.expose()));
        }
        Some(Self { request, resource, verb, params })
    }

    /// What is known of objects, by their keys: enough to name each to an operation. All are read at once.
    ///
    /// # Errors
    /// [`Problem`].
    pub async fn objects(&self) -> Result<BTreeMap<String, Value>, Problem> {
        if let Listing::Nodes(_) = self.resource.listing {
            return Ok(BTreeMap::new());
        }
        let all = self.resource.listing.all(self.request).await?;
        let keyed = |object: Value| Some((text_of(object.get(self.resource.key)?), object));
        Ok(all.into_iter().filter_map(keyed).collect())
    }

    /// Does it to one object, with these tables.
    ///
    /// # Errors
    /// What the operation says, and 404 when the object is gone.
    pub async fn run(
        &self,
        tables: Tables,
        id: &str,
        objects: &BTreeMap<String, Value>,
    ) -> Result<Reply, Problem> {
        let by_id;
        let object = match self.resource.listing {
            Listing::Nodes(_) => {
                by_id = json!({ self.resource.key: id });
                &by_id
            }
            _ => objects.get(id).ok_or_else(|| Problem::not_found(self.resource.singular, id))?,
        };
        let path = write::placeholders(self.verb, &BTreeMap::new(), Some(object));
        let changing = self.request.changing(tables);
        changing.run(&self.verb.operation, path, self.params.clone(), Content::default()).await
    }
}
