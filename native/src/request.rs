//! One request: who asks, at which revision, and how the operations that both APIs share are run for it.

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts as Head;
use model::access::{Actor, Object, permits};
use model::request::Source;
use rest::call::{Call, Content, Parts};
use rest::operation::{Method, Operation};
use rest::params::Params;
use rest::reply::Reply;
use serde_json::Value;
use tables::read::{Reads, View};
use tables::update::Tables;

use crate::problem::Problem;

/// The operations of MAAS's API, which this one runs as well.
pub static OPERATIONS: LazyLock<Vec<Operation>> =
    LazyLock::new(|| [rest::operations(), rest::native::operations()].concat());

/// The operation at a path with an `op`.
#[must_use]
pub fn operation_at(method: Method, path: &str, op: Option<&str>) -> Option<&'static Operation> {
    OPERATIONS.iter().find(|known| known.method == method && known.path == path && known.op == op)
}

/// What came with a request besides its body.
#[derive(Debug)]
pub struct Input {
    /// Its head.
    pub head: Head,
    /// The values of the path's placeholders.
    pub values: BTreeMap<String, String>,
    /// The parameters of its query.
    pub params: Params,
}

impl Input {
    /// The value of a placeholder.
    #[must_use]
    pub fn value(&self, name: &str) -> &str {
        self.values.get(name).map_or("", String::as_str)
    }

    /// A header, if it is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// A header that a change is made under, if it was sent: it must not be overlooked.
    ///
    /// # Errors
    /// 400 when it is no text, or comes more than once.
    pub fn condition(&self, name: &str) -> Result<Option<&str>, Problem> {
        let mut values = self.head.headers.get_all(name).iter();
        let Some(value) = values.next() else { return Ok(None) };
        if values.next().is_some() {
            return Err(Problem::new(400, format!("{name}: it is sent more than once.")));
        }
        let text = value.to_str();
        text.map(Some).map_err(|_| Problem::new(400, format!("{name}: it is no text of ASCII.")))
    }
}

/// A request whose caller is known. What it reads is all of one revision.
#[derive(Debug, Clone)]
pub struct Request {
    /// What answers it; its tables are read at the view.
    pub parts: Parts,
    /// Who asks.
    pub actor: Actor,
    /// What is read.
    pub view: View,
    /// The tables as they change.
    pub live: Tables,
    /// What there is now, when what is read is of the past: who may not see an object now does not see it there.
    pub present: Option<View>,
    /// How old at most is what is read; none when it is the latest, or of the past.
    pub age: Option<Duration>,
    /// Scheme and host that the client used.
    pub origin: String,
    /// Where it comes from, and what it is called.
    pub source: Source,
}

impl Request {
    /// The same request at another view.
    #[must_use]
    pub fn at(&self, view: View) -> Self {
        let tables = self.live.pinned(view.clone());
        Self {
            parts: Parts { tables, ..self.parts.clone() },
            actor: self.actor.clone(),
            view,
            live: self.live.clone(),
            present: None,
            age: None,
            origin: self.origin.clone(),
            source: self.source.clone(),
        }
    }

    /// The same request, whose operations change what these tables let them.
    #[must_use]
    pub fn changing(&self, tables: Tables) -> Self {
        Self { parts: Parts { tables, ..self.parts.clone() }, ..self.at(self.view.clone()) }
    }

    /// The stored value of a key at the view.
    pub(crate) fn view_value(&self, key: &Bytes) -> Option<Bytes> {
        self.view.value(key).map(|stored| stored.value)
    }

    /// Runs an operation with the values of its placeholders and its parameters.
    ///
    /// # Errors
    /// What the operation says, as a problem.
    pub async fn run(
        &self,
        operation: &Operation,
        path: BTreeMap<&'static str, String>,
        params: Params,
        content: Content,
    ) -> Result<Reply, Problem> {
        permits(&self.actor, operation.permission, &Object::Site)
            .map_err(rest::problem::Problem::from)?;
        if operation.is_of_now && self.present.is_some() {
            return Err(Problem::parameter("at", "This is about what there is now only."));
        }
        let call = Call {
            parts: self.parts.clone(),
            actor: self.actor.clone(),
            path,
            params,
            content,
            origin: self.origin.clone(),
            source: self.source.clone(),
        };
        Ok((operation.run)(call).await?)
    }

    /// The objects that MAAS's API lists at a path.
    ///
    /// # Errors
    /// What the operation says, and 500 when there is none.
    pub async fn list_with(&self, path: &str, params: Params) -> Result<Vec<Value>, Problem> {
        let missing = || Problem::new(500, format!("Nothing is listed at {path}."));
        let operation = operation_at(Method::Get, path, None).ok_or_else(missing)?;
        let reply = self.run(operation, BTreeMap::new(), params, Content::default()).await?;
        match json_of(reply).await? {
            Value::Array(objects) => Ok(objects),
            other => Ok(vec![other]),
        }
    }
}

/// An answer's JSON; null for one without a body.
///
/// # Errors
/// 500 when it is none.
pub async fn json_of(reply: Reply) -> Result<Value, Problem> {
    let body = reply.into_bytes().await.map_err(|error| Problem::new(500, error.to_string()))?;
    if body.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(&body)
        .map_err(|error| Problem::new(500, format!("An answer is no JSON: {error}.")))
}
