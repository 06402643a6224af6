//! The events that a watcher is sent.

use axum::body::{Body, BodyDataStream};
use futures::StreamExt;
use serde_json::Value;

use crate::harness::{By, Region};

/// What a watcher is sent.
pub(crate) struct Events {
    stream: BodyDataStream,
    text: String,
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
        Self { stream: response.into_body().into_data_stream(), text: String::new() }
    }

    pub(crate) async fn next(&mut self) -> Event {
        self.next_if_any().await.expect("the watch goes on")
    }

    /// The next event; none when the watch has ended.
    pub(crate) async fn next_if_any(&mut self) -> Option<Event> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let lines: Vec<(String, String)> = event
                    .lines()
                    .filter_map(|line| line.split_once(": "))
                    .map(|(name, value)| (name.to_owned(), value.to_owned()))
                    .collect();
                let of = |wanted: &str| {
                    lines.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone())
                };
                let event = Event {
                    name: of("event").unwrap_or_default(),
                    id: of("id"),
                    data: serde_json::from_str(&of("data").unwrap_or_default()).unwrap_or_default(),
                };
                self.text = rest.to_owned();
                return Some(event);
            }
            let chunk = self.stream.next().await?.ok()?;
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
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
