//! Webhooks, how far each was told, and deliveries that failed for good.

use model::id::WebhookId;
use model::webhook::{DeadLetter, Webhook, WebhookProgress};
use raft_store::version::FIRST;

use crate::key::encoded;
use crate::row::{Index, Row, Unique};

/// Webhooks by name (a [`String`]).
pub const WEBHOOK_BY_NAME: Unique<Webhook> =
    Unique { name: "webhook.name", keys: |hook| vec![encoded(&hook.name)] };

/// The dead letters of a webhook (a [`WebhookId`]).
pub const DEAD_LETTERS_OF_WEBHOOK: Index<DeadLetter> = Index {
    name: "deadletter.webhook",
    keys: |letter| vec![encoded(&letter.webhook)],
    since: FIRST,
};

impl Row for Webhook {
    type Id = WebhookId;
    const TABLE: &'static str = "webhook";
    const UNIQUE: &'static [Unique<Self>] = &[WEBHOOK_BY_NAME];

    fn id(&self) -> WebhookId {
        self.id
    }
}

/// Apart from the hook, whose revision is that of its last change by somebody.
impl Row for WebhookProgress {
    type Id = WebhookId;
    const TABLE: &'static str = "webhookprogress";

    fn id(&self) -> WebhookId {
        self.webhook
    }
}

impl Row for DeadLetter {
    type Id = (WebhookId, u64);
    const TABLE: &'static str = "deadletter";
    const INDEXES: &'static [Index<Self>] = &[DEAD_LETTERS_OF_WEBHOOK];

    fn id(&self) -> (WebhookId, u64) {
        (self.webhook, self.delivery.through)
    }
}
