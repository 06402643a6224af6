//! The events that a watcher is sent.

use axum::body::{Body, BodyDataStream};
use futures::StreamExt;
use serde_json::Value;

use crate::harness::{By, Region};

/// What a watcher is sent.
pub(crate) struct Events {
    stream: BodyDataStream,
    read: client::sse::Events,
}

#[derive(Debug, PartialEq)]
pub(crate) struct Event {
    pub(crate) name: String,
    pub(crate) id: Option<String>,
    pub(crate) data: Value,
}

impl Events {
    pub(crate) async fn open(region: &Region, by: By, query: &str, last: Option<&str>) -> Self {
        let mut request = region.request(by, "GET", &format!("watch{query}"));
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let response = region.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(response.status(), 200);
        let read = client::sse::Events::default();
        Self { stream: response.into_body().into_data_stream(), read }
    }

    pub(crate) async fn next(&mut self) -> Event {
        self.next_if_any().await.expect("the watch goes on")
    }

    /// The next event; none when the watch has ended.
    pub(crate) async fn next_if_any(&mut self) -> Option<Event> {
        loop {
            if let Some(client::sse::Event { name, id, data }) = self.read.next_whole() {
                let data = serde_json::from_str(&data).unwrap_or_default();
                return Some(Event { name, id, data });
            }
            self.read.add(&self.stream.next().await?.ok()?);
        }
    }

    pub(crate) async fn change(&mut self) -> Event {
        loop {
            let event = self.next().await;
            if event.name == "change" || event.name == "reset" {
                return event;
            }
        }
    }
}
