//! Reads and writes that never stop, by clients that go to another region when one is away.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, ensure};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::regions::Regions;
use client::{Client, ClientError};

/// Writers, and as many readers.
const WRITERS: usize = 3;
/// Errors that are kept.
const ERRORS_MAX: usize = 5;

/// Clients at work.
pub(super) struct Load {
    stop: CancellationToken,
    clients: JoinSet<Seen>,
}

/// What clients saw.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) requests: usize,
    pub(super) errors: Vec<String>,
    /// Names of pools whose making was acknowledged.
    made: Vec<String>,
}

impl Load {
    /// Begins.
    pub(super) fn start(regions: &Regions) -> anyhow::Result<Self> {
        let (stop, mut clients) = (CancellationToken::new(), JoinSet::new());
        let newest = Arc::new(AtomicUsize::new(0));
        for number in 0..WRITERS {
            let client = regions.client()?;
            clients.spawn(write(client, number, Arc::clone(&newest), stop.clone()));
            let client = regions.client()?;
            clients.spawn(read(client, stop.clone()));
        }
        Ok(Self { stop, clients })
    }

    /// Ends, and tells what was seen.
    pub(super) async fn end(self) -> Seen {
        self.stop.cancel();
        let mut all = Seen::default();
        for seen in self.clients.join_all().await {
            all.requests += seen.requests;
            all.errors.extend(seen.errors);
            all.made.extend(seen.made);
        }
        all.errors.truncate(ERRORS_MAX);
        all
    }
}

impl Seen {
    /// Whether everything that was acknowledged is there, at every region.
    pub(super) async fn compare(&self, regions: &Regions) -> anyhow::Result<()> {
        for number in 0..regions.count() {
            let pools = regions.rest(number)?.get("resourcepools/").await?.success()?.json();
            let pools = pools.as_array().context("a list of pools")?;
            for name in &self.made {
                let there = pools.iter().filter(|pool| pool["name"] == name.as_str()).count();
                ensure!(there == 1, "pool {name} is there {there} times at region {}", number + 1);
            }
        }
        Ok(())
    }

    fn put<T>(&mut self, done: Result<T, ClientError>) -> Option<T> {
        self.requests += 1;
        done.map_err(|error| self.errors.push(error.to_string())).ok()
    }
}

/// Makes pools and changes them. A pool whose making was cut off is there already when it is made
/// again, which is a success.
async fn write(
    client: Client,
    writer: usize,
    newest: Arc<AtomicUsize>,
    stop: CancellationToken,
) -> Seen {
    let mut seen = Seen::default();
    while !stop.is_cancelled() {
        let number = newest.fetch_add(1, Ordering::Relaxed);
        let name = format!("load-{writer}-{number}");
        let made = match client.post("resourcepools/", &[("name", &name)]).await {
            Err(error) if is_there_already(&error) => Ok(()),
            made => made.map(drop),
        };
        if seen.put(made).is_none() {
            continue;
        }
        let (path, text) = (format!("resourcepool/{name}/"), format!("newest {number}"));
        seen.put(client.put(&path, &[("description", &text)]).await);
        seen.made.push(name);
    }
    seen
}

async fn read(client: Client, stop: CancellationToken) -> Seen {
    let mut seen = Seen::default();
    while !stop.is_cancelled() {
        for path in ["machines/", "zones/", "subnets/", "users/?op=whoami"] {
            seen.put(client.get(path).await);
        }
    }
    seen
}

fn is_there_already(error: &ClientError) -> bool {
    matches!(error, ClientError::Refused { status: 400, text } if text.contains("already exists"))
}
