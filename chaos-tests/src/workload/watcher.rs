//! A watcher of all keys at one node: when its watch ends, it goes on from where it was.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tonic::transport::Channel;
use tonic::{Status, Streaming};

use super::client::text;
use super::recorder::Recorder;
use crate::history::{Record, Write};
use crate::node::wire::kv_client::KvClient;
use crate::node::wire::{WatchBatch, WatchRequest};

/// The pause before a watch is begun again.
const PAUSE: Duration = Duration::from_millis(100);

/// Watches for ever.
pub(super) async fn run(recorder: Arc<Recorder>, node: u64, mut kv: KvClient<Channel>) {
    let mut after_revision = 0;
    loop {
        let request = WatchRequest { prefixes: vec![Bytes::new()], after_revision };
        if let Ok(batches) = kv.watch(request).await {
            let watch = recorder.number();
            recorder.add(Record::WatchBegan {
                watch,
                node,
                prefix: String::new(),
                after_revision,
                at_ns: recorder.now_ns(),
            });
            let ended = follow(&recorder, watch, batches.into_inner(), &mut after_revision).await;
            let reason = ended.map_or_else(|| "the stream ended".to_owned(), |s| s.to_string());
            recorder.add(Record::WatchEnded { watch, reason, at_ns: recorder.now_ns() });
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn follow(
    recorder: &Recorder,
    watch: u64,
    mut batches: Streaming<WatchBatch>,
    after_revision: &mut u64,
) -> Option<Status> {
    loop {
        let WatchBatch { revision, changes } = match batches.message().await {
            Ok(Some(batch)) => batch,
            Ok(None) => return None,
            Err(status) => return Some(status),
        };
        *after_revision = revision;
        let changes = changes
            .iter()
            .map(|change| Write { key: text(&change.key), value: change.value.as_ref().map(text) });
        let changes = changes.collect();
        recorder.add(Record::Watched { watch, revision, changes, at_ns: recorder.now_ns() });
    }
}
