//! Webhooks are told what happens: each by a worker of its own, at the leader, so that a slow receiver holds nobody else
//! up. What is sent next is committed before it is sent, and what came of it after; a new leader goes on from there.
//!
//! A worker keeps nothing but the revision that it has looked up to: bodies are made for each attempt.

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use model::id::WebhookId;
use model::user::User;
use model::webhook::{DeadLetter, Delivery, Patience, Tells, Webhook, WebhookProgress};
use native::webhooks::deliver::{Next, Teller, Unknown};
use ops::site::webhook_deliveries::{Fate, arrived, begin, disable, failed, pass_over, retried};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use raft_store::watch::{Watch, WatchError};
use tables::error::TableError;
use tables::key::encoded;
use tables::read::{Reads, View};
use tables::row::{prefix, row_key};
use tables::update::{Tables, now};
use tables::webhooks::DEAD_LETTERS_OF_WEBHOOK;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// How long a worker rests after something failed here, and how long hooks are looked for at most.
const REST: Duration = Duration::from_secs(1);
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// After so many revisions of which a hook is told nothing, or so long, how far it was told is written.
const PASS_REVISIONS: u64 = 8_192;
const PASS_AFTER_MS: u64 = 600_000;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabel {
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WebhookLabel {
    webhook: u32,
}

/// What this node delivered while it led; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Delivered {
    deliveries: Family<OutcomeLabel, Counter>,
    lag: Family<WebhookLabel, Gauge>,
}

impl Delivered {
    /// Shows it among the metrics.
    pub(crate) fn register(&self, registry: &mut Registry) {
        let webhook = registry.sub_registry_with_prefix("webhook");
        let help = "Attempts to deliver to webhooks, by what came of them";
        webhook.register("deliveries", help, self.deliveries.clone());
        let help = "Revisions that a webhook was not told of yet, at the leader";
        webhook.register("lag_revisions", help, self.lag.clone());
    }

    fn count(&self, outcome: &'static str) {
        self.deliveries.get_or_create(&OutcomeLabel { outcome }).inc();
    }

    fn set_lag(&self, webhook: WebhookId, revisions: u64) {
        let lag = self.lag.get_or_create(&WebhookLabel { webhook: webhook.0 });
        lag.set(i64::try_from(revisions).unwrap_or(i64::MAX));
    }
}

/// What tells hooks.
#[derive(Debug, Clone)]
pub struct Webhooks {
    /// The tables.
    pub tables: Tables,
    /// What makes deliveries and sends them.
    pub teller: Teller,
    /// How long it tries.
    pub patience: Patience,
    /// What it counts.
    pub delivered: Delivered,
}

/// Runs until cancelled.
pub async fn run(webhooks: Webhooks, shutdown: CancellationToken) {
    let mut leadership = webhooks.tables.store().leadership();
    loop {
        let led = async {
            let leading = leadership.wait_for(|known| known.leading).await.is_ok();
            if leading {
                let mut ending = webhooks.tables.store().leadership();
                tokio::select! {
                    () = webhooks.lead() => {}
                    _ = ending.wait_for(|known| !known.leading) => {}
                }
                webhooks.delivered.lag.clear();
            }
            leading
        };
        tokio::select! {
            () = shutdown.cancelled() => return,
            leading = led => if !leading { return },
        }
    }
}

impl Webhooks {
    /// Has a worker for each hook that is enabled, as long as it is polled.
    pub async fn lead(&self) {
        let (mut workers, mut running) = (FuturesUnordered::new(), BTreeSet::new());
        let mut changes = None;
        loop {
            if changes.is_none() {
                changes = self.changes(vec![prefix::<Webhook>()]).await;
            }
            match self.enabled().await {
                Ok(enabled) => {
                    let new = enabled.into_iter().filter(|id| running.insert(*id));
                    workers.extend(new.map(|id| self.work(id)));
                }
                Err(error) => warn!("webhooks cannot be read: {error}"),
            }
            tokio::select! {
                Some(id) = workers.next() => {
                    running.remove(&id);
                    self.delivered.lag.remove(&WebhookLabel { webhook: id.0 });
                }
                ended = changed(changes.as_mut()) => if ended { changes = None },
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }

    async fn enabled(&self) -> Result<Vec<WebhookId>, TableError> {
        let all = self.tables.stale_view().await?.list::<Webhook>()?;
        Ok(all.into_iter().filter(|hook| hook.enabled).map(|hook| hook.id).collect())
    }

    async fn changes(&self, prefixes: Vec<Bytes>) -> Option<Watch> {
        let revision = self.tables.stale_view().await.ok()?.revision();
        self.tables.store().watch(prefixes, revision).await.ok()
    }

    /// Tells one hook until it is not enabled any more.
    async fn work(&self, id: WebhookId) -> WebhookId {
        loop {
            match self.step(id).await {
                Ok(true) => {}
                Ok(false) => return id,
                Err(error) => {
                    warn!("webhook {id}: {error}");
                    tokio::time::sleep(REST).await;
                }
            }
        }
    }

    /// Does what is to be done for a hook next; false when it is not enabled.
    async fn step(&self, id: WebhookId) -> Result<bool, TableError> {
        // Before what is read, so that no change comes in between.
        let letters = [prefix::<DeadLetter>().as_ref(), &encoded(&id)].concat();
        let mut changes = self.changes(vec![row_key::<Webhook>(&id), letters.into()]).await;
        let view = self.tables.stale_view().await?;
        let found = view.get::<Webhook>(&id)?.filter(|hook| hook.enabled);
        let Some((hook, progress)) = found.zip(view.get::<WebhookProgress>(&id)?) else {
            return Ok(false);
        };
        let Some(owner) = view.get::<User>(&hook.owner)? else {
            let reason = "the user who made it is gone, and nobody knows what it may be told";
            disable(&self.tables, id, reason).await?;
            return Ok(false);
        };
        self.delivered.set_lag(id, view.revision().saturating_sub(progress.revision));
        if let Some(letter) = retries(&view, id)?.first() {
            self.retry(&hook, &owner, letter).await?;
            return Ok(true);
        }
        match &progress.sending {
            Some(delivery) => {
                let pause = delivery.not_before.since_ms(now());
                if pause == 0 {
                    return self.deliver(&hook, &owner, delivery).await;
                }
                tokio::select! {
                    () = tokio::time::sleep(Duration::from_millis(pause)) => {}
                    _ = changed(changes.as_mut()) => {}
                }
            }
            None => self.look(&hook, &progress, changes).await?,
        }
        Ok(true)
    }

    /// Waits until something happens that a hook is told of, and fixes the delivery that tells it.
    async fn look(
        &self,
        hook: &Webhook,
        progress: &WebhookProgress,
        mut changes: Option<Watch>,
    ) -> Result<(), TableError> {
        let after = progress.revision;
        let mut following = match self.teller.follow(hook, after).await {
            Ok(Ok(following)) => following,
            Ok(Err(error)) => return self.reset(hook.id, after, &error).await,
            Err(unknown) => return self.give_up(hook.id, &unknown).await,
        };
        loop {
            let next = tokio::select! {
                next = following.next() => next,
                _ = changed(changes.as_mut()) => return Ok(()),
            };
            match next {
                Ok(Next::Delivery(through, tells)) => {
                    return begin(&self.tables, hook.id, after, through, tells).await;
                }
                Ok(Next::Nothing(revision)) => {
                    let latest = self.tables.stale_view().await?.revision();
                    self.delivered.set_lag(hook.id, latest.saturating_sub(revision));
                    let is_far = revision.saturating_sub(after) >= PASS_REVISIONS;
                    if is_far || now().since_ms(progress.written) >= PASS_AFTER_MS {
                        return pass_over(&self.tables, hook.id, after, revision).await;
                    }
                }
                Err(error) => return self.reset(hook.id, after, &error).await,
            }
        }
    }

    /// The history that a hook needs is gone.
    async fn reset(&self, id: WebhookId, after: u64, error: &WatchError) -> Result<(), TableError> {
        match error {
            WatchError::Compacted { .. } => {
                let through = self.tables.stale_view().await?.revision();
                begin(&self.tables, id, after, through, Tells::Reset).await
            }
            WatchError::Ended => {
                tokio::time::sleep(REST).await;
                Ok(())
            }
        }
    }

    async fn give_up(&self, id: WebhookId, unknown: &Unknown) -> Result<(), TableError> {
        disable(&self.tables, id, &unknown.to_string()).await
    }

    async fn deliver(
        &self,
        hook: &Webhook,
        owner: &User,
        delivery: &Delivery,
    ) -> Result<bool, TableError> {
        let name = delivery.name(hook.id);
        let Err(why) = self.teller.deliver(hook, owner, delivery).await else {
            self.delivered.count("delivered");
            arrived(&self.tables, hook.id, delivery).await?;
            return Ok(true);
        };
        let fate = failed(&self.tables, hook.id, delivery, &why, &self.patience).await?;
        info!("webhook {} did not take {name}: {}", hook.name, why.error);
        self.delivered.count(match fate {
            Fate::Waits => "failed",
            Fate::Dead => "dead",
            Fate::Disabled => "disabled",
            Fate::Moot => "moot",
        });
        Ok(fate != Fate::Disabled)
    }

    async fn retry(
        &self,
        hook: &Webhook,
        owner: &User,
        letter: &DeadLetter,
    ) -> Result<(), TableError> {
        let sent = self.teller.deliver(hook, owner, &letter.delivery).await;
        self.delivered.count(if sent.is_ok() { "retried" } else { "failed" });
        let error = sent.as_ref().err().map(|failed| failed.error.as_str());
        retried(&self.tables, letter, error).await
    }
}

/// The dead letters that are to be sent once more, the oldest first.
fn retries(view: &View, id: WebhookId) -> Result<Vec<DeadLetter>, TableError> {
    let mut letters = view.list_by(&DEAD_LETTERS_OF_WEBHOOK, &id)?;
    letters.retain(|letter| letter.retry);
    letters.sort_by_key(|letter| letter.delivery.through);
    Ok(letters)
}

/// Waits for a change; true when the watch has ended.
async fn changed(changes: Option<&mut Watch>) -> bool {
    let Some(changes) = changes else {
        tokio::time::sleep(LOOK_EVERY).await;
        return true;
    };
    loop {
        match changes.next().await {
            Ok(batch) if batch.changes.is_empty() => {}
            Ok(_) => return false,
            Err(_) => return true,
        }
    }
}
