//! The watch: everything that changes, in the order of revisions, as server-sent events, from a revision on.
//!
//! Each watcher reads the store's history at its own pace ([`raft_store::watch`]), so a slow one costs no memory, and one
//! that comes back, to any region, goes on behind the last event that it had: nothing is missed and nothing comes
//! twice. When the history that it needs is gone, it is told to read everything again (`reset`).
//!
//! An event has the changes of one revision or of some that came close together, each object once, as it is at that
//! revision or a later one. Objects that whoever watches may see no longer, or that its filter does not mean, come as
//! `left`: a list that had them takes them out. Of those that it could not see before either, it is told nothing.

pub(crate) mod changes;
pub mod shown;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::{FutureExt, Stream, stream};
use model::access::{Actor, Object, permits};
use model::query::Query;
use ops::access::entitlements::actor_at;
use raft_store::watch::{Batch, Watch, WatchError};
use rest::params::Params;
use serde_json::json;
use tables::update::now;

use crate::listing::Listing;
use crate::paged::Pages;
use crate::problem::Problem;
use crate::registry::{RESOURCES, fields_of, find};
use crate::request::{Input, Request};
use crate::resource::Resource;
use crate::revision;
use crate::watch::changes::{changed, told};
use crate::watch::shown::Shown;

/// The parameters, with what they mean.
pub const PARAMETERS: &[(&str, &str)] = &[
    (
        "resources",
        "The kinds of objects to watch, with commas; all but events, leases and discoveries by default.",
    ),
    ("filter", "Only objects that this filter means; of one kind."),
    (
        "since",
        "Begin behind this revision, that of a list; now by default. `Last-Event-ID` has precedence.",
    ),
];

/// How long changes are gathered for one event.
const GATHER: Duration = Duration::from_millis(50);

/// How many objects an event tells of at most.
const CHANGES_MAX: usize = 256;

/// How often a comment is sent while nothing changes, so that dead connections are noticed.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// How long a watch lasts: the next request of its client says again who it is, and goes on behind the last event.
const LIFE_MAX: Duration = Duration::from_secs(900);

/// What is watched.
struct Watcher {
    request: Request,
    resources: Vec<&'static Resource>,
    filter: Option<Query>,
    watch: Watch,
    shown: Arc<Shown>,
    /// A batch that did not fit into the last event.
    kept: Option<Batch>,
    state: State,
    /// When whoever watches has to say again who it is.
    until: Instant,
}

enum State {
    /// It has told nothing yet.
    New,
    /// It goes on behind this revision.
    Running,
    /// It has ended.
    Ended,
}

/// Watches.
///
/// # Errors
/// 400 for kinds and filters that there are not, 503 when this region cannot watch.
pub async fn answer(
    request: Request,
    shown: Arc<Shown>,
    input: &Input,
) -> Result<Response, Problem> {
    let resources = resources(&input.params, &request.actor)?;
    let filter = filter(&input.params, &resources)?;
    let last = input.header("last-event-id").and_then(|id| id.parse().ok());
    let since = match last {
        Some(id) => id,
        None => {
            revision::number(&input.params, "since")?.unwrap_or_else(|| request.view.revision())
        }
    };
    let watch = match begin(&request, &resources, since).await {
        Ok(watch) => watch,
        Err(WatchError::Compacted { oldest, .. }) => return Ok(reset(&request, oldest)),
        Err(error @ WatchError::Ended) => return Err(Problem::new(503, error.to_string())),
    };
    let until = Instant::now() + LIFE_MAX;
    let watcher =
        Watcher { request, resources, filter, watch, shown, kept: None, state: State::New, until };
    let events = stream::unfold(watcher, |mut watcher| async move {
        let event = watcher.next().await?;
        Some((Ok::<_, Infallible>(event), watcher))
    });
    Ok(sent(events))
}

fn sent(events: impl Stream<Item = Result<Event, Infallible>> + Send + 'static) -> Response {
    let mut response =
        Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response();
    // Some proxies gather what they pass on unless they are told.
    let headers = response.headers_mut();
    headers.insert("x-accel-buffering", http::HeaderValue::from_static("no"));
    response
}

/// The one event of a watcher whose history is gone: what it knows is to be read again, at this revision or later.
fn reset(request: &Request, oldest: u64) -> Response {
    let revision = request.view.revision();
    let data = json!({ "revision": revision, "oldest": oldest });
    let event = Event::default().event("reset").id(revision.to_string()).data(data.to_string());
    sent(stream::iter([Ok(event)]))
}

async fn begin(
    request: &Request,
    resources: &[&'static Resource],
    since: u64,
) -> Result<Watch, WatchError> {
    request.parts.tables.store().watch(prefixes(resources), since).await
}

/// What is watched unless kinds are named: all but those that are listed a page at a time, and others that change all the
/// time.
pub(crate) fn watched_by_default() -> impl Iterator<Item = &'static Resource> {
    let is_one = |resource: &&Resource| {
        let is_paged = matches!(resource.listing, Listing::Pages(_));
        resource.rows.is_some() && !is_paged && !resource.restless
    };
    RESOURCES.iter().filter(is_one)
}

/// The kinds that are asked for, or all that whoever asks may see.
fn resources(params: &Params, actor: &Actor) -> Result<Vec<&'static Resource>, Problem> {
    let names = params.items("resources").unwrap_or_default();
    let found =
        resources_named(&names).map_err(|message| Problem::parameter("resources", message))?;
    let may_see = |resource: &&Resource| permits(actor, resource.permission, &Object::Site).is_ok();
    if names.is_empty() {
        return Ok(found.into_iter().filter(may_see).collect());
    }
    match found.iter().find(|resource| !may_see(resource)) {
        Some(hidden) => Err(Problem::new(403, format!("You may not see {}.", hidden.name))),
        None => Ok(found),
    }
}

/// The kinds of these names; those that are watched by default when there are none.
pub(crate) fn resources_named(names: &[String]) -> Result<Vec<&'static Resource>, String> {
    if names.is_empty() {
        return Ok(watched_by_default().collect());
    }
    let known = |name: &String| {
        let found = find(name).filter(|resource| resource.rows.is_some());
        found.ok_or_else(|| format!("There are no {name:?} that can be watched."))
    };
    names.iter().map(known).collect()
}

fn filter(params: &Params, resources: &[&'static Resource]) -> Result<Option<Query>, Problem> {
    let text = params.get("filter").unwrap_or_default();
    filter_of(text, resources).map_err(|message| Problem::parameter("filter", message))
}

/// A filter of the objects of one kind; none for an empty text.
pub(crate) fn filter_of(
    text: &str,
    resources: &[&'static Resource],
) -> Result<Option<Query>, String> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let [resource] = resources else {
        return Err("A filter is of one kind of objects.".to_owned());
    };
    if let Listing::Pages(Pages { fields: Some(_), .. }) = resource.listing {
        return Err(format!("{} are watched without a filter.", resource.name));
    }
    let read = Query::parse(text, fields_of(resource), now());
    read.map(Some).map_err(|error| error.to_string())
}

/// What begins the keys of all rows of some kinds.
pub(crate) fn prefixes(resources: &[&'static Resource]) -> Vec<Bytes> {
    let rows = resources.iter().filter_map(|resource| resource.rows);
    rows.flat_map(|rows| rows.prefixes()).collect()
}

impl Watcher {
    async fn next(&mut self) -> Option<Event> {
        match self.state {
            State::Ended => return None,
            State::New => {
                self.state = State::Running;
                let revision = self.request.view.revision();
                let data = json!({ "revision": revision }).to_string();
                return Some(Event::default().event("open").data(data));
            }
            State::Running => {}
        }
        if Instant::now() >= self.until {
            return None;
        }
        match self.gathered().await {
            // It may have lost rights while it waited.
            Ok(_) if !self.is_known().await => None,
            Ok(batches) => self.told(&batches).await,
            Err(WatchError::Compacted { oldest, .. }) => {
                self.state = State::Ended;
                let data = json!({ "oldest": oldest }).to_string();
                Some(Event::default().event("reset").data(data))
            }
            Err(WatchError::Ended) => None,
        }
    }

    /// Whether whoever watches is still the user that it was, with the same rights.
    async fn is_known(&self) -> bool {
        let Actor::User(user, _) = &self.request.actor else { return true };
        let view = self.request.live.stale_view().await;
        let found = view.ok().and_then(|view| actor_at(&view, user.id).ok().flatten());
        found.as_ref() == Some(&self.request.actor)
    }

    /// What changed next, and what follows at once.
    async fn gathered(&mut self) -> Result<Vec<Batch>, WatchError> {
        let first = match self.kept.take() {
            Some(batch) => batch,
            None => self.watch.next().await?,
        };
        let mut changes = first.changes.len();
        let mut batches = vec![first];
        if changes > 0 {
            tokio::time::sleep(GATHER).await;
        }
        // An error that comes now comes again when it is asked for next.
        while changes < CHANGES_MAX
            && let Some(Ok(batch)) = self.watch.next().now_or_never()
        {
            changes += batch.changes.len();
            if changes > CHANGES_MAX {
                self.kept = Some(batch);
                break;
            }
            batches.push(batch);
        }
        Ok(batches)
    }

    /// The event of some batches, whose id is the last one's revision.
    async fn told(&mut self, batches: &[Batch]) -> Option<Event> {
        let last = batches.last()?.revision;
        let after = batches.first()?.revision.saturating_sub(1);
        let changed = (after, changed(&self.resources, batches));
        // Without an answer it ends, and its client comes back behind the last event.
        let changes = told(&self.request, &self.shown, self.filter.as_ref(), changed).await.ok()?;
        let event = Event::default().id(last.to_string());
        Some(if changes.is_empty() {
            event.event("bookmark").data(json!({ "revision": last }).to_string())
        } else {
            event.event("change").data(json!({ "revision": last, "changes": changes }).to_string())
        })
    }
}
