//! What becomes of the deliveries of webhooks: who leads fixes the next one, and notes what came of each attempt.
//!
//! Each step names the delivery that it is about and does nothing when that is not the one any more: two nodes that
//! both think that they lead send one twice, and its outcome is noted once.

use model::event::EventLevel;
use model::id::{NotificationId, WebhookId};
use model::notification::{Category, Notification};
use model::webhook::{
    DEAD_LETTERS_MAX, DeadLetter, Delivery, Patience, Tells, Webhook, WebhookProgress,
};
use serde_json::Map;
use tables::error::TableError;
use tables::notifications::NOTIFICATION_BY_IDENT;
use tables::read::Reads;
use tables::tx::Tx;
use tables::update::{Cause, Tables};
use tables::webhooks::DEAD_LETTERS_OF_WEBHOOK;

use crate::access::belongings::remove_notification;
use crate::site::events::{NewEvent, record_of_site};

const ACTOR: &str = "reconciler:webhooks";

/// Why an attempt failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// In words.
    pub error: String,
    /// How long the receiver asked to be left alone, in milliseconds.
    pub retry_after_ms: Option<u64>,
    /// Whether the receiver wants nothing any more (410).
    pub gone: bool,
}

/// What became of a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is sent again.
    Waits,
    /// It is among the dead letters, and the hook goes on.
    Dead,
    /// The hook was disabled.
    Disabled,
    /// Somebody else noted what came of it, or the hook is gone.
    Moot,
}

/// Fixes what is sent next, unless something is.
///
/// # Errors
/// [`TableError`].
pub async fn begin(
    tables: &Tables,
    id: WebhookId,
    after: u64,
    through: u64,
    tells: Tells,
) -> Result<(), TableError> {
    let cause = Cause::new(ACTOR, "webhook.begin");
    tables
        .update(&cause, |tx| {
            let Some(mut progress) = tx.get::<WebhookProgress>(&id)? else { return Ok(()) };
            if progress.sending.is_none() && progress.revision == after {
                progress.sending = Some(Delivery::new(after, through, tells, tx.now()));
                tx.put(&progress)?;
            }
            Ok(())
        })
        .await
}

/// Notes that nothing that a hook is told of happened up to a revision.
///
/// # Errors
/// [`TableError`].
pub async fn pass_over(
    tables: &Tables,
    id: WebhookId,
    after: u64,
    through: u64,
) -> Result<(), TableError> {
    let cause = Cause::new(ACTOR, "webhook.pass");
    tables
        .update(&cause, |tx| {
            let Some(mut progress) = tx.get::<WebhookProgress>(&id)? else { return Ok(()) };
            if progress.sending.is_none() && progress.revision == after && through > after {
                (progress.revision, progress.written) = (through, tx.now());
                tx.put(&progress)?;
            }
            Ok(())
        })
        .await
}

/// Notes that a delivery arrived.
///
/// # Errors
/// [`TableError`].
pub async fn arrived(tables: &Tables, id: WebhookId, sent: &Delivery) -> Result<(), TableError> {
    let cause = Cause::new(ACTOR, "webhook.deliver");
    tables
        .update(&cause, |tx| {
            if let Some(mut progress) = progress_of(tx, id, sent)? {
                (progress.revision, progress.written) = (sent.through, tx.now());
                (progress.sending, progress.dead_in_a_row) = (None, 0);
                tx.put(&progress)?;
            }
            Ok(())
        })
        .await
}

/// Notes that a delivery did not arrive: it waits, or is given up.
///
/// # Errors
/// [`TableError`].
pub async fn failed(
    tables: &Tables,
    id: WebhookId,
    sent: &Delivery,
    failed: &Failed,
    patience: &Patience,
) -> Result<Fate, TableError> {
    let cause = Cause::new(ACTOR, "webhook.fail");
    tables
        .update(&cause, |tx| {
            let Some(mut progress) = progress_of(tx, id, sent)? else { return Ok(Fate::Moot) };
            let Some(mut sending) = progress.sending.take() else { return Ok(Fate::Moot) };
            sending.attempts += 1;
            sending.error.clone_from(&failed.error);
            if failed.gone {
                sending.not_before = tx.now();
                progress.sending = Some(sending);
                tx.put(&progress)?;
                let reason = format!("its receiver does not want it any more: {}", failed.error);
                return disable_in(tx, id, &reason).map(|()| Fate::Disabled);
            }
            if sending.attempts < patience.attempts {
                let asked = failed.retry_after_ms.unwrap_or_default().min(patience.longest_ms);
                let pause = patience.pause_ms(id, &sending).max(asked);
                sending.not_before = tx.now().plus_ms(pause);
                progress.sending = Some(sending);
                tx.put(&progress)?;
                return Ok(Fate::Waits);
            }
            (progress.revision, progress.written) = (sending.through, tx.now());
            progress.dead_in_a_row += 1;
            let dead_in_a_row = progress.dead_in_a_row;
            tx.put(&progress)?;
            bury(tx, id, sending)?;
            if dead_in_a_row < patience.dead_in_a_row {
                return Ok(Fate::Dead);
            }
            let reason = format!(
                "{dead_in_a_row} deliveries in a row failed for good, the last one: {}",
                failed.error
            );
            disable_in(tx, id, &reason).map(|()| Fate::Disabled)
        })
        .await
}

/// Notes what came of a dead letter that was sent once more.
///
/// # Errors
/// [`TableError`].
pub async fn retried(
    tables: &Tables,
    letter: &DeadLetter,
    error: Option<&str>,
) -> Result<(), TableError> {
    let cause = Cause::new(ACTOR, "webhook.retry");
    let id = (letter.webhook, letter.delivery.through);
    tables
        .update(&cause, |tx| {
            let Some(mut found) = tx.get::<DeadLetter>(&id)? else { return Ok(()) };
            match error {
                None => {
                    tx.delete::<DeadLetter>(&id)?;
                }
                Some(error) => {
                    found.retry = false;
                    found.delivery.attempts += 1;
                    error.clone_into(&mut found.delivery.error);
                    tx.put(&found)?;
                }
            }
            Ok(())
        })
        .await
}

/// Disables a hook that cannot go on, and tells of it.
///
/// # Errors
/// [`TableError`].
pub async fn disable(tables: &Tables, id: WebhookId, reason: &str) -> Result<(), TableError> {
    let cause = Cause::new(ACTOR, "webhook.disable");
    tables.update(&cause, |tx| disable_in(tx, id, reason)).await
}

/// The progress of a hook if that delivery is still being sent.
fn progress_of(
    tx: &mut Tx,
    id: WebhookId,
    sent: &Delivery,
) -> Result<Option<WebhookProgress>, TableError> {
    let found = tx.get::<WebhookProgress>(&id)?;
    Ok(found.filter(|progress| progress.sending.as_ref().is_some_and(|known| known.is(sent))))
}

/// Puts a delivery among the dead letters, of which the oldest go.
fn bury(tx: &mut Tx, id: WebhookId, delivery: Delivery) -> Result<(), TableError> {
    let Some(webhook) = tx.get::<Webhook>(&id)? else { return Ok(()) };
    let mut letters = tx.list_by(&DEAD_LETTERS_OF_WEBHOOK, &id)?;
    letters.sort_by_key(|letter| letter.delivery.through);
    let too_many = (letters.len() + 1).saturating_sub(DEAD_LETTERS_MAX);
    for letter in letters.iter().take(too_many) {
        tx.delete::<DeadLetter>(&(id, letter.delivery.through))?;
    }
    let description = format!(
        "Webhook {} did not take {} in {} attempts: {}",
        webhook.name,
        delivery.name(id),
        delivery.attempts,
        delivery.error
    );
    let letter = DeadLetter { webhook: id, delivery, died: tx.now(), retry: false };
    tx.put(&letter)?;
    let event = NewEvent {
        kind: "Webhook delivery failed",
        level: EventLevel::Warning,
        description: description.clone(),
    };
    record_of_site(tx, event)?;
    if notification_of(tx, id)?.is_none() {
        notify(tx, id, description, Category::Warning)?;
    }
    Ok(())
}

fn disable_in(tx: &mut Tx, id: WebhookId, reason: &str) -> Result<(), TableError> {
    let Some(mut webhook) = tx.get::<Webhook>(&id)?.filter(|found| found.enabled) else {
        return Ok(());
    };
    webhook.enabled = false;
    webhook.disabled_because = Some(reason.to_owned());
    webhook.updated = tx.now();
    tx.put(&webhook)?;
    let description = format!("Webhook {} was disabled: {reason}", webhook.name);
    let event = NewEvent {
        kind: "Webhook disabled",
        level: EventLevel::Error,
        description: description.clone(),
    };
    record_of_site(tx, event)?;
    if let Some(before) = notification_of(tx, id)? {
        remove_notification(tx, before.id)?;
    }
    notify(tx, id, description, Category::Error)
}

/// The message that tells of a hook, of which there is one at a time.
pub(crate) fn notification_of(
    tx: &mut Tx,
    id: WebhookId,
) -> Result<Option<Notification>, TableError> {
    tx.find(&NOTIFICATION_BY_IDENT, &ident(id))
}

fn ident(id: WebhookId) -> String {
    format!("webhook-{id}")
}

fn notify(
    tx: &mut Tx,
    id: WebhookId,
    message: String,
    category: Category,
) -> Result<(), TableError> {
    // What is told has braces of its own.
    let message = message.replace('{', "{{").replace('}', "}}");
    let notification = Notification {
        id: NotificationId(tx.next_id::<Notification>()?),
        ident: Some(ident(id)),
        user: None,
        users: false,
        admins: true,
        message,
        context: Map::new(),
        category,
        dismissable: true,
        created: tx.now(),
        updated: tx.now(),
    };
    tx.put(&notification)
}
