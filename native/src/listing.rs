//! How all objects of a resource are found.

use std::pin::Pin;

use model::url::without_passwords;
use rest::params::Params;
use serde_json::Value;

use crate::problem::Problem;
use crate::request::Request;

/// Objects, later.
pub type Objects<'a> = Pin<Box<dyn Future<Output = Result<Vec<Value>, Problem>> + Send + 'a>>;

/// How all objects of a resource are found.
#[derive(Debug, Clone, Copy)]
pub enum Listing {
    /// By the operation at a path of MAAS's API that lists them all.
    Operation(&'static str),
    /// By a function.
    Function(for<'a> fn(&'a Request) -> Objects<'a>),
    /// By functions: all of them, and the one with a key, which finds it without the others.
    Keyed {
        /// All of them.
        all: for<'a> fn(&'a Request) -> Objects<'a>,
        /// The one with that key, if there is one.
        one: for<'a> fn(&'a Request, &'a str) -> Objects<'a>,
    },
    /// Machines or devices, which are selected in memory before they are made.
    Nodes(crate::machines::Nodes),
    /// A page at a time, in the order of an index: of what is too much to be read at once.
    Pages(crate::paged::Pages),
    /// They are not listed.
    Nothing,
}

impl Listing {
    /// All objects that whoever asks may see, as JSON.
    ///
    /// # Errors
    /// [`Problem`].
    pub async fn all(&self, request: &Request) -> Result<Vec<Value>, Problem> {
        let all = match self {
            Self::Operation(path) => request.list_with(path, Params::default()).await?,
            Self::Function(list) | Self::Keyed { all: list, .. } => list(request).await?,
            Self::Nodes(nodes) => nodes.all(request).await?,
            Self::Pages(_) | Self::Nothing => Vec::new(),
        };
        // Secrets of the past are told to nobody.
        let is_of_past = request.present.is_some();
        Ok(if is_of_past { all.into_iter().map(without_passwords).collect() } else { all })
    }

    /// Objects among which is the one with that key or name, if there is one that whoever asks may see.
    ///
    /// # Errors
    /// [`Problem`].
    pub async fn with(&self, request: &Request, key: &str) -> Result<Vec<Value>, Problem> {
        match self {
            Self::Nodes(nodes) => nodes.one(request, key).await,
            Self::Keyed { one, .. } => one(request, key).await,
            Self::Pages(pages) => (pages.one)(request, key).await,
            Self::Operation(_) | Self::Function(_) | Self::Nothing => self.all(request).await,
        }
    }
}
