//! What a hook is told next, and telling it. Whoever leads calls this; what came of it is noted by `ops`.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt;
use http::StatusCode;
use model::access::Actor;
use model::request::Source;
use model::user::User;
use model::webhook::{Delivery, Tells, Webhook};
use ops::access::entitlements::actor_at;
use ops::site::dates;
use ops::site::webhook_deliveries::Failed;
use raft_store::watch::{Batch, Watch, WatchError};
use rest::call::Parts;
use serde_json::{Value, json};
use tables::error::TableError;
use tables::update::now;

use crate::request::Request;
use crate::watch::changes::{changed, told};
use crate::watch::shown::Shown;
use crate::watch::{filter_of, prefixes, resources_named};
use crate::webhooks::send::{Came, Message, SendError, send};
use crate::webhooks::target::Guard;

/// How long changes are gathered for one delivery.
const GATHER: Duration = Duration::from_millis(100);

/// How many changes a delivery tells of; one revision is never split.
const CHANGES_MAX: usize = 256;

/// How large a delivery is, about, in bytes: objects for which there is no room are named and left out.
const BODY_BYTES_MAX: usize = 1 << 20;

/// Why a hook cannot be told anything, whoever tries.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("what it is told is not known here: {0}")]
pub struct Unknown(String);

/// Tells hooks; clones share what was shown last.
#[derive(Debug, Clone)]
pub struct Teller {
    parts: Parts,
    shown: Arc<Shown>,
}

/// What a hook is told next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// What happened up to this revision.
    Delivery(u64, Tells),
    /// Nothing happened up to this revision that it is told of.
    Nothing(u64),
}

/// The history that a hook is told of, behind a revision.
#[derive(Debug)]
pub struct Following(Watch);

impl Teller {
    /// One that makes objects with these parts.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self { parts, shown: Arc::default() }
    }

    /// Follows what a hook is told of.
    ///
    /// # Errors
    /// [`WatchError`] when the history there is gone, or this node stops.
    pub async fn follow(
        &self,
        webhook: &Webhook,
        after: u64,
    ) -> Result<Result<Following, WatchError>, Unknown> {
        let resources = resources_named(&webhook.resources).map_err(Unknown)?;
        filter_of(&webhook.filter, &resources).map_err(Unknown)?;
        let store = self.parts.tables.store();
        Ok(store.watch(prefixes(&resources), after).await.map(Following))
    }

    /// Sends a delivery.
    ///
    /// # Errors
    /// What is to be noted when it did not arrive.
    pub async fn deliver(
        &self,
        webhook: &Webhook,
        owner: &User,
        delivery: &Delivery,
    ) -> Result<(), Failed> {
        let body = self.body(webhook, owner, delivery).await?;
        match self.send(webhook, &delivery.name(webhook.id), body).await? {
            Ok(came) if came.status.is_success() => Ok(()),
            Ok(came) => Err(refused(&came)),
            Err(error) => Err(in_words(&error)),
        }
    }

    /// Sends a delivery that tells nothing.
    ///
    /// # Errors
    /// [`TableError`] when it cannot be known where it may be sent.
    pub async fn test(&self, webhook: &Webhook) -> Result<Result<Came, SendError>, TableError> {
        let at = now();
        let body = body_of("test", dates::rfc3339_ms(at), &json!({ "webhook": webhook.name }));
        let name = format!("msg_{}_test_{}", webhook.id, at.unix_ms);
        self.send_where_allowed(webhook, &name, body).await
    }

    async fn send(
        &self,
        webhook: &Webhook,
        name: &str,
        body: Bytes,
    ) -> Result<Result<Came, SendError>, Failed> {
        self.send_where_allowed(webhook, name, body).await.map_err(|error| in_words(&error))
    }

    async fn send_where_allowed(
        &self,
        webhook: &Webhook,
        id: &str,
        body: Bytes,
    ) -> Result<Result<Came, SendError>, TableError> {
        let view = self.parts.tables.stale_view().await?;
        let guard = Guard::of(&view, webhook.allow_internal)?;
        let (url, secret, timestamp) = (&webhook.url, &webhook.secret, now().unix_ms / 1_000);
        Ok(send(Message { url, id, timestamp, body, secret }, &guard).await)
    }

    async fn body(
        &self,
        webhook: &Webhook,
        owner: &User,
        delivery: &Delivery,
    ) -> Result<Bytes, Failed> {
        let made = dates::rfc3339_ms(delivery.made);
        let reset = || {
            let data = json!({ "since": delivery.after, "revision": delivery.through });
            body_of("reset", made.clone(), &data)
        };
        if delivery.tells == Tells::Reset {
            return Ok(reset());
        }
        let resources = resources_named(&webhook.resources).map_err(|text| in_words(&text))?;
        let filter = filter_of(&webhook.filter, &resources).map_err(|text| in_words(&text))?;
        let store = self.parts.tables.store();
        let batches = match store.watch(prefixes(&resources), delivery.after).await {
            Ok(watch) => batches(watch, delivery.through).await,
            Err(error) => Err(error),
        };
        let batches = match batches {
            Ok(batches) => batches,
            Err(WatchError::Compacted { .. }) => return Ok(reset()),
            Err(error @ WatchError::Ended) => return Err(in_words(&error)),
        };
        let request = self.request(owner).await.map_err(|error| in_words(&error))?;
        let changed = (delivery.after, changed(&resources, &batches));
        let changes = told(&request, &self.shown, filter.as_ref(), changed).await;
        let mut changes = changes.map_err(|problem| in_words(&problem.detail))?;
        bound(&mut changes);
        let data = json!({
            "since": delivery.after, "revision": delivery.through, "changes": changes,
        });
        Ok(body_of("change", made, &data))
    }

    /// What objects are made with: as the user that made the hook sees them.
    async fn request(&self, owner: &User) -> Result<Request, TableError> {
        let tables = self.parts.tables.clone();
        let view = tables.stale_view().await?;
        let actor = actor_at(&view, owner.id)?.unwrap_or(Actor::Anonymous);
        Ok(Request {
            parts: self.parts.clone(),
            actor,
            view,
            live: tables,
            present: None,
            age: None,
            origin: String::new(),
            source: Source::default(),
        })
    }
}

impl Following {
    /// What comes next. Who stops waiting for it has to follow anew: what was gathered is lost then.
    ///
    /// # Errors
    /// [`WatchError`].
    pub async fn next(&mut self) -> Result<Next, WatchError> {
        let first = self.0.next().await?;
        if first.changes.is_empty() {
            return Ok(Next::Nothing(first.revision));
        }
        tokio::time::sleep(GATHER).await;
        let (mut through, mut changes) = (first.revision, first.changes.len());
        // An error that comes now comes again when it is asked for next.
        while changes < CHANGES_MAX
            && let Some(Ok(batch)) = self.0.next().now_or_never()
        {
            changes += batch.changes.len();
            if changes > CHANGES_MAX {
                break;
            }
            through = batch.revision;
        }
        Ok(Next::Delivery(through, Tells::Changes))
    }
}

/// The batches up to a revision.
async fn batches(mut watch: Watch, through: u64) -> Result<Vec<Batch>, WatchError> {
    let mut batches = Vec::new();
    loop {
        let batch = watch.next().await?;
        let revision = batch.revision;
        if revision <= through {
            batches.push(batch);
        }
        if revision >= through {
            return Ok(batches);
        }
    }
}

fn body_of(kind: &str, made: String, data: &Value) -> Bytes {
    let body = json!({ "type": kind, "timestamp": made, "data": data });
    Bytes::from(body.to_string())
}

/// Leaves out objects for which there is no room.
fn bound(changes: &mut [Value]) {
    let mut room = BODY_BYTES_MAX;
    for change in changes {
        let Some(members) = change.as_object_mut() else { continue };
        let size = members.get("object").map_or(0, |object| object.to_string().len());
        match room.checked_sub(size) {
            Some(left) => room = left,
            None => {
                members.remove("object");
                members.insert("left_out".to_owned(), true.into());
            }
        }
    }
}

fn refused(came: &Came) -> Failed {
    let redirected = if came.status.is_redirection() { "; redirects are not followed" } else { "" };
    Failed {
        error: format!("it answered {}{redirected}", came.status),
        retry_after_ms: came.retry_after.and_then(|after| u64::try_from(after.as_millis()).ok()),
        gone: came.status == StatusCode::GONE,
    }
}

fn in_words(error: &impl ToString) -> Failed {
    Failed { error: error.to_string(), retry_after_ms: None, gone: false }
}
