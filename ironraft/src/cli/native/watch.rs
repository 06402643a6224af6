//! What changes, as it changes. When the region that tells it is gone, another one goes on behind the last event: nothing is
//! missed and nothing comes twice.

use std::time::Duration;

use client::sse::{Event, Events};
use client::{Body, Streamed};
use http::{HeaderName, Method};
use serde_json::Value;
use tokio::time::timeout;

use crate::cli::failure::Failure;
use crate::cli::native::exchange::NativeApi;
use crate::cli::native::path::path;
use crate::cli::native::problem;

/// How long a region may be silent: it sends a comment every fifteen seconds.
const SILENCE_MAX: Duration = Duration::from_secs(40);

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// What a watch tells.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Told {
    /// What became of objects: `{"resource", "id", "revision", "change", "object"}` each.
    Changes(Vec<Value>),
    /// Nothing has changed up to a revision.
    Nothing(u64),
    /// What was missed is not known any more: everything is to be read again.
    Reset,
}

/// A watch.
#[derive(Debug)]
pub(crate) struct Watch<'a> {
    api: &'a NativeApi,
    resources: String,
    filter: String,
    /// Behind which revision it goes on.
    last: Option<u64>,
    streamed: Option<Streamed>,
    events: Events,
}

impl NativeApi {
    /// What becomes of the objects of some kinds, behind a revision, or from now on.
    pub(crate) fn watch(&self, resources: &[&str], filter: &str, since: Option<u64>) -> Watch<'_> {
        Watch::new(self, resources.join(","), filter.to_owned(), since)
    }
}

impl<'a> Watch<'a> {
    /// A watch that begins when it is asked for the first time.
    fn new(api: &'a NativeApi, resources: String, filter: String, since: Option<u64>) -> Self {
        let events = Events::default();
        Self { api, resources, filter, last: since, streamed: None, events }
    }

    /// What comes next. It waits until there is something.
    ///
    /// # Errors
    /// It was refused, or no region answers.
    pub(crate) async fn next(&mut self) -> Result<Told, Failure> {
        loop {
            while let Some(event) = self.events.next_whole() {
                if let Some(told) = self.told(&event)? {
                    return Ok(told);
                }
            }
            self.read().await?;
        }
    }

    /// Reads on, from whoever tells it.
    async fn read(&mut self) -> Result<(), Failure> {
        let streamed = match &mut self.streamed {
            Some(streamed) => streamed,
            none => none.insert(begin(self.api, &self.resources, &self.filter, self.last).await?),
        };
        let piece = timeout(SILENCE_MAX, streamed.piece()).await;
        if let Ok(Ok(Some(bytes))) = piece {
            self.events.add(&bytes);
            return Ok(());
        }
        self.api.client().turn_from(&streamed.answer.endpoint);
        self.streamed = None;
        self.events = Events::default();
        Ok(())
    }

    fn told(&mut self, event: &Event) -> Result<Option<Told>, Failure> {
        let mut data: Value = serde_json::from_str(&event.data).map_err(Failure::other)?;
        let revision = data["revision"].as_u64();
        let id = event.id.as_ref().and_then(|id| id.parse().ok());
        match event.name.as_str() {
            "open" => {
                // From here on it goes on, wherever that is.
                self.last = self.last.or(revision);
                Ok(None)
            }
            "change" => {
                self.last = id.or(revision).or(self.last);
                let changes = data["changes"].take();
                Ok(Some(Told::Changes(changes.as_array().cloned().unwrap_or_default())))
            }
            "bookmark" => {
                self.last = id.or(revision).or(self.last);
                Ok(Some(Told::Nothing(self.last.unwrap_or_default())))
            }
            "reset" => {
                self.last = revision;
                self.streamed = None;
                self.events = Events::default();
                Ok(Some(Told::Reset))
            }
            _ => Ok(None),
        }
    }
}

async fn begin(
    api: &NativeApi,
    resources: &str,
    filter: &str,
    last: Option<u64>,
) -> Result<Streamed, Failure> {
    let mut query = vec![("resources".to_owned(), resources.to_owned())];
    if !filter.trim().is_empty() {
        query.push(("filter".to_owned(), filter.to_owned()));
    }
    let headers = last.map(|last| (LAST_EVENT_ID, last.to_string())).into_iter().collect();
    let asked = api.request(Method::GET, path(&["watch"]), query, headers, Body::Nothing);
    let streamed = api.client().stream(&asked).await?;
    if !streamed.answer.status.is_success() {
        return Err(problem::failure(&streamed.answer));
    }
    Ok(streamed)
}
