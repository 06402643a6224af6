//! What regions feed to racks. Each region follows the store once, encodes each change once, and all
//! sessions take from that what their racks need ([`Audience`](audience::Audience)).
//!
//! A rack that comes from another region goes on from its revision, if the [last
//! changes](recent::Recent) reach back to it; they are read from the store's history when a region
//! starts, so that a restart of all regions sends no copies. Otherwise, and when a rack gets a link
//! that it did not serve before, it is sent a [whole copy](copy::Copy).

pub mod audience;
pub mod copy;
pub mod encode;
pub mod recent;

mod served;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;
use raft_store::watch::{Batch, Watch, WatchError};
use tables::error::TableError;
use tables::update::Tables;
use tokio::sync::watch;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::feed::audience::Links;
use crate::feed::copy::{Copies, Copy};
use crate::feed::encode::{Encoded, Encoder};
use crate::feed::recent::{Kept, Recent};

/// So many revisions before the present one are taken in from the history at the start.
const REPLAYED: u64 = 4_096;

/// More changes than this at once are not encoded on a thread that carries Raft's heartbeats.
const INLINE_MAX: usize = 8;

/// The pause after a failure.
const RETRY_PAUSE: Duration = Duration::from_millis(200);

/// The feed of this region node; clones share it.
#[derive(Debug, Clone)]
pub struct Feed {
    tables: Tables,
    recent: Arc<Recent>,
    links: Arc<ArcSwap<Links>>,
    copies: Arc<Copies>,
    encoded: Counter,
}

/// Why it begins anew.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Table(#[from] TableError),
    #[error(transparent)]
    Watch(#[from] WatchError),
    #[error("changes cannot be encoded: {0}")]
    Encode(#[from] tokio::task::JoinError),
}

impl Feed {
    /// The feed from these tables. It is fed while [`Feed::run`] runs.
    #[must_use]
    pub fn new(tables: Tables) -> Self {
        let (recent, links, copies) = (Arc::default(), Arc::default(), Arc::default());
        Self { tables, recent, links, copies, encoded: Counter::default() }
    }

    /// Has `registry` count what is encoded.
    pub(crate) fn register(&self, registry: &mut Registry) {
        let help = "Changes encoded for racks, each once for all of them";
        registry.register("feed_changes", help, self.encoded.clone());
        let help = "Whole copies made for racks that had none or got another link";
        registry.register("feed_copies", help, self.copies.made());
    }

    /// Follows the store until cancelled.
    pub async fn run(self, shutdown: CancellationToken) {
        loop {
            let failure = tokio::select! {
                () = shutdown.cancelled() => return,
                failure = self.follow() => failure,
            };
            warn!("the feed of racks begins anew: {failure}");
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = sleep(RETRY_PAUSE) => {}
            }
        }
    }

    /// What comes after a revision.
    #[must_use]
    pub fn after(&self, revision: u64) -> Kept {
        self.recent.after(revision)
    }

    /// Tells the revision that is reached; none before the feed has begun.
    #[must_use]
    pub fn reached(&self) -> watch::Receiver<Option<u64>> {
        self.recent.reached()
    }

    /// The links of all racks.
    #[must_use]
    pub fn links(&self) -> Arc<Links> {
        self.links.load_full()
    }

    /// A whole copy; see [`Copies::get`].
    ///
    /// # Errors
    /// [`TableError::Unavailable`] when the store of this node failed.
    pub async fn copy(&self) -> Result<Arc<Copy>, TableError> {
        self.copies.get(&self.tables).await
    }

    async fn follow(&self) -> Failure {
        match self.try_follow().await {
            Ok(never) => match never {},
            Err(failure) => failure,
        }
    }

    async fn try_follow(&self) -> Result<std::convert::Infallible, Failure> {
        let view = self.tables.stale_view().await?;
        let mut encoder = Encoder::begin(&view)?;
        let (mut watch, since) = self.watch(view.revision()).await?;
        self.links.store(Arc::clone(encoder.links()));
        self.recent.begin(since);
        drop(view);
        loop {
            let batch = watch.next().await?;
            let encoded;
            (encoder, encoded) = self.encode(encoder, batch).await?;
            if let Some(links) = &encoded.links {
                self.links.store(Arc::clone(links));
            }
            self.encoded.inc_by(encoded.changes.len() as u64);
            self.recent.add(encoded);
        }
    }

    /// Watches from some revisions before `revision` on, as far as the history reaches back.
    async fn watch(&self, revision: u64) -> Result<(Watch, u64), WatchError> {
        let (store, since) = (self.tables.store(), revision.saturating_sub(REPLAYED));
        match store.watch(served::prefixes(), since).await {
            Ok(watch) => Ok((watch, since)),
            Err(WatchError::Compacted { oldest, .. }) => {
                let since = oldest.max(since);
                Ok((store.watch(served::prefixes(), since).await?, since))
            }
            Err(error @ WatchError::Ended) => Err(error),
        }
    }

    async fn encode(
        &self,
        mut encoder: Encoder,
        batch: Batch,
    ) -> Result<(Encoder, Encoded), Failure> {
        let view = self.tables.stale_view().await?;
        if batch.changes.len() <= INLINE_MAX {
            let encoded = encoder.encode(&view, &batch);
            return Ok((encoder, encoded));
        }
        let encoding = tokio::task::spawn_blocking(move || {
            let encoded = encoder.encode(&view, &batch);
            (encoder, encoded)
        });
        Ok(encoding.await?)
    }
}
