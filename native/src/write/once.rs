//! `Idempotency-Key`: a request that is sent again is answered and not carried out again, on any region, whatever failed
//! in between. The first transaction of the request remembers it ([`tables::request::once`]).

use axum::response::Response;
use http::StatusCode;
use model::access::Actor;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tables::error::TableError;
use tables::request::once::Once;
use tables::update::Tables;

use crate::item::text_of;
use crate::listing::Listing;
use crate::problem::Problem;
use crate::read::{self, tagged, with_revision};
use crate::request::{Input, Request};
use crate::verb::Verb;

/// The header that names a request.
const HEADER: &str = "idempotency-key";

/// How long such a name is at most, in bytes.
const KEY_BYTES_MAX: usize = 255;

/// A request with a name.
#[derive(Debug, Clone)]
pub struct Repeat {
    once: Once,
    name: [u8; 32],
    request: [u8; 32],
}

impl Repeat {
    /// The name of a request; none when it has none.
    ///
    /// # Errors
    /// 400 for one that is empty or too long.
    pub fn of(input: &Input, actor: &Actor, body: &[u8]) -> Result<Option<Self>, Problem> {
        let Some(name) = input.condition(HEADER)? else { return Ok(None) };
        if name.is_empty() || name.len() > KEY_BYTES_MAX {
            let message = format!("Idempotency-Key: it has 1 to {KEY_BYTES_MAX} bytes.");
            return Err(Problem::new(400, message));
        }
        let key = hash(&[actor.to_string().as_bytes(), name.as_bytes()]);
        let (method, uri) = (input.head.method.as_str(), input.head.uri.to_string());
        let request = hash(&[method.as_bytes(), uri.as_bytes(), body]);
        Ok(Some(Self { once: Once::new(&key, &request), name: key, request }))
    }

    /// The tables in which the request is carried out once.
    #[must_use]
    pub fn tables(&self, tables: &Tables) -> Tables {
        tables.answering_once(self.once.clone())
    }

    /// The hash of its name and of who sent it.
    #[must_use]
    pub fn name(&self) -> &[u8; 32] {
        &self.name
    }

    /// The hash of what it asks for.
    #[must_use]
    pub fn request(&self) -> &[u8; 32] {
        &self.request
    }

    /// The revision of what the same request did before; none when it is new.
    ///
    /// # Errors
    /// 422 when another request came with that name.
    pub async fn answered(&self, request: &Request) -> Result<Option<u64>, Problem> {
        let view = request.live.view().await?;
        match self.once.check(&view, tables::update::now()) {
            Ok(()) => Ok(None),
            Err(TableError::Answered { revision, same_request: true }) => Ok(Some(revision)),
            Err(TableError::Answered { same_request: false, .. }) => {
                let message = "Another request came with this Idempotency-Key.";
                Err(Problem::new(422, message))
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// The answer to a request that was carried out before: the object that it changed as it was then, or what is left of it.
///
/// # Errors
/// [`Problem`].
pub async fn answer(
    request: &Request,
    verb: &Verb,
    object: Option<&Value>,
    revision: u64,
) -> Result<Response, Problem> {
    let view = match request.live.view_at(revision).await {
        Ok(view) => view,
        Err(_) => request.live.view().await?,
    };
    let then = request.at(view);
    let done = done(&then, verb, object, revision).await?;
    let status = match verb.name().as_str() {
        "delete" => StatusCode::NO_CONTENT,
        "create" => StatusCode::CREATED,
        _ => StatusCode::OK,
    };
    let body = if status == StatusCode::NO_CONTENT { Value::Null } else { done };
    let tag = read::tag_of(&body);
    let mut response = tagged(read::answer(&then, status, body), tag.as_deref());
    response.headers_mut().insert("idempotent-replay", http::HeaderValue::from_static("true"));
    Ok(response)
}

/// The object of the request as it was when it had been carried out.
async fn done(
    then: &Request,
    verb: &Verb,
    object: Option<&Value>,
    revision: u64,
) -> Result<Value, Problem> {
    let Some((resource, rows)) = verb.resource.and_then(|of| Some((of, of.rows?))) else {
        return Ok(json!({ "revision": revision }));
    };
    let found = match (object, resource.listing) {
        (Some(object), listing) => {
            let key = object.get(resource.key).map(text_of).unwrap_or_default();
            let all = listing.with(then, &key).await?;
            all.into_iter().find(|found| found.get(rows.id_field) == object.get(rows.id_field))
        }
        // What a request made is what has its revision.
        (None, Listing::Nodes(nodes)) => nodes.written_at(then, rows, revision).await?.pop(),
        (None, listing) => {
            let all = listing.all(then).await?;
            all.into_iter().find(|found| rows.revision(&then.view, found) == Some(revision))
        }
    };
    Ok(found.map_or_else(
        || json!({ "revision": revision }),
        |found| with_revision(then, resource, found),
    ))
}

pub(crate) fn hash(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hasher.update(part);
    }
    hasher.finalize().into()
}
