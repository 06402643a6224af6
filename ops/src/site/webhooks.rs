//! Webhooks: superusers make them, each is told what the user who made it may see.

use std::sync::Arc;

use api::field_errors::FieldErrors;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use model::access::{Actor, Permission};
use model::boot::source::is_url;
use model::error::Kind;
use model::id::WebhookId;
use model::secret::Secret;
use model::user::User;
use model::webhook::{
    DeadLetter, KEY_BYTES, NAME_MAX, SECRET_PREFIX, URL_BYTES_MAX, WEBHOOKS_MAX, Webhook,
    WebhookProgress,
};
use tables::read::Reads;
use tables::tx::Tx;
use tables::update::Tables;
use tables::webhooks::{DEAD_LETTERS_OF_WEBHOOK, WEBHOOK_BY_NAME};

use crate::access::belongings::remove_notification;
use crate::authorize::authorize;
use crate::details::Details;
use crate::error::Refusal;
use crate::site::webhook_deliveries::notification_of;

const MISSING: Refusal = Refusal::NotFound { model: "Webhook" };

/// What is taken while hooks are counted.
const GUARD: &str = "webhooks";

/// How long a key is that is made here, in bytes.
const KEY_BYTES_MADE: usize = 32;

/// What shall be set of a hook; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct WebhookChange {
    /// What it is called.
    pub name: Option<String>,
    /// Where deliveries are sent.
    pub url: Option<String>,
    /// What they are signed with; a new one is made for one that is empty.
    pub secret: Option<Secret>,
    /// The kinds of objects; whoever calls has seen that there are such kinds.
    pub resources: Option<Vec<String>>,
    /// Only objects that this filter means; whoever calls has understood it.
    pub filter: Option<String>,
    /// Whether it is told anything.
    pub enabled: Option<bool>,
    /// Whether it may be at an internal address.
    pub allow_internal: Option<bool>,
}

/// A hook as doors show it.
#[derive(Debug, Clone)]
pub struct WebhookDetail {
    /// The hook.
    pub webhook: Webhook,
    /// Who made it, unless that user is gone.
    pub owner: Option<Arc<User>>,
    /// How far it was told.
    pub progress: Option<WebhookProgress>,
    /// How many deliveries failed for good, of those that are kept.
    pub dead_letters: usize,
}

/// All hooks, in the order of their ids.
///
/// # Errors
/// [`Refusal`].
pub async fn list(tables: &Tables, actor: &Actor) -> Result<Vec<WebhookDetail>, Refusal> {
    authorize(actor, Permission::ManageWebhooks, "webhook.list")?;
    let details = Details::seen_by(actor, tables).await?;
    let all = details.view().list::<Webhook>()?;
    all.into_iter().map(|webhook| detail(&details, webhook)).collect()
}

/// One hook.
///
/// # Errors
/// [`Refusal`].
pub async fn get(tables: &Tables, actor: &Actor, id: WebhookId) -> Result<WebhookDetail, Refusal> {
    authorize(actor, Permission::ManageWebhooks, "webhook.read")?;
    let details = Details::seen_by(actor, tables).await?;
    let found = details.view().get::<Webhook>(&id)?.ok_or(MISSING)?;
    detail(&details, found)
}

/// Makes a hook. It is told what happens from now on.
///
/// # Errors
/// [`Refusal`].
pub async fn create(
    tables: &Tables,
    actor: &Actor,
    change: &WebhookChange,
) -> Result<WebhookDetail, Refusal> {
    let cause = authorize(actor, Permission::ManageWebhooks, "webhook.create")?;
    let owner = actor.user(Permission::ManageWebhooks)?.id;
    let secret = match &change.secret {
        Some(secret) if !secret.is_empty() => secret.clone(),
        _ => new_secret(),
    };
    let change = WebhookChange { secret: Some(secret), ..change.clone() };
    let webhook = tables
        .update(&cause, |tx| -> Result<_, Refusal> {
            tx.guard(GUARD);
            if tx.list::<Webhook>()?.len() >= WEBHOOKS_MAX {
                let message = format!("There are {WEBHOOKS_MAX} webhooks, and may not be more.");
                return Err(Refusal::with_message(Kind::Conflict, message));
            }
            let blank = Webhook {
                id: WebhookId(tx.next_id::<Webhook>()?),
                name: String::new(),
                url: String::new(),
                secret: Secret::default(),
                resources: Vec::new(),
                filter: String::new(),
                enabled: true,
                allow_internal: false,
                owner,
                disabled_because: None,
                created: tx.now(),
                updated: tx.now(),
            };
            let webhook = changed(tx, blank, &change)?;
            tx.insert(&webhook)?;
            tx.insert(&WebhookProgress {
                webhook: webhook.id,
                revision: tx.revision(),
                written: tx.now(),
                sending: None,
                dead_in_a_row: 0,
            })?;
            Ok(webhook)
        })
        .await?;
    detail(&Details::after_change(tables).await?, webhook)
}

/// Changes a hook. What waits for its next attempt is sent at once: the reason for its failure may be gone.
///
/// # Errors
/// [`Refusal`].
pub async fn update(
    tables: &Tables,
    actor: &Actor,
    id: WebhookId,
    change: &WebhookChange,
) -> Result<WebhookDetail, Refusal> {
    let cause = authorize(actor, Permission::ManageWebhooks, "webhook.update")?;
    let is_new = change.secret.as_ref().is_some_and(Secret::is_empty);
    let secret = if is_new { Some(new_secret()) } else { change.secret.clone() };
    let change = WebhookChange { secret, ..change.clone() };
    let webhook = tables
        .update(&cause, |tx| -> Result<_, Refusal> {
            let before = tx.get::<Webhook>(&id)?.ok_or(MISSING)?;
            let mut webhook = changed(tx, before, &change)?;
            if webhook.enabled {
                webhook.disabled_because = None;
            }
            tx.put(&webhook)?;
            if let Some(mut progress) = tx.get::<WebhookProgress>(&id)? {
                progress.dead_in_a_row = 0;
                if let Some(sending) = &mut progress.sending {
                    sending.not_before = tx.now();
                }
                tx.put(&progress)?;
            }
            Ok(webhook)
        })
        .await?;
    detail(&Details::after_change(tables).await?, webhook)
}

/// Removes a hook with what could not be delivered.
///
/// # Errors
/// [`Refusal`].
pub async fn delete(tables: &Tables, actor: &Actor, id: WebhookId) -> Result<(), Refusal> {
    let cause = authorize(actor, Permission::ManageWebhooks, "webhook.delete")?;
    tables
        .update(&cause, |tx| {
            tx.delete::<Webhook>(&id)?.ok_or(MISSING)?;
            tx.delete::<WebhookProgress>(&id)?;
            for letter in tx.list_by(&DEAD_LETTERS_OF_WEBHOOK, &id)? {
                tx.delete::<DeadLetter>(&(id, letter.delivery.through))?;
            }
            if let Some(notification) = notification_of(tx, id)? {
                remove_notification(tx, notification.id)?;
            }
            Ok(())
        })
        .await
}

/// The deliveries of a hook that failed for good, the oldest first.
///
/// # Errors
/// [`Refusal`].
pub async fn dead_letters(
    tables: &Tables,
    actor: &Actor,
    id: WebhookId,
) -> Result<Vec<DeadLetter>, Refusal> {
    authorize(actor, Permission::ManageWebhooks, "webhook.read")?;
    let details = Details::seen_by(actor, tables).await?;
    details.view().get::<Webhook>(&id)?.ok_or(MISSING)?;
    let mut found = details.view().list_by(&DEAD_LETTERS_OF_WEBHOOK, &id)?;
    found.sort_by_key(|letter| letter.delivery.through);
    Ok(found)
}

/// Has deliveries that failed for good sent once more: that one, by its name, or all of them. How many there are.
///
/// # Errors
/// [`Refusal`].
pub async fn retry(
    tables: &Tables,
    actor: &Actor,
    id: WebhookId,
    delivery: Option<&str>,
) -> Result<usize, Refusal> {
    let cause = authorize(actor, Permission::ManageWebhooks, "webhook.retry")?;
    tables
        .update(&cause, |tx| {
            let webhook = tx.get::<Webhook>(&id)?.ok_or(MISSING)?;
            if !webhook.enabled {
                let message = "The webhook is disabled: enable it first.";
                return Err(Refusal::with_message(Kind::Conflict, message));
            }
            let mut letters = tx.list_by(&DEAD_LETTERS_OF_WEBHOOK, &id)?;
            letters.retain(|letter| delivery.is_none_or(|name| letter.delivery.name(id) == name));
            if letters.is_empty() && delivery.is_some() {
                return Err(Refusal::field("delivery", "There is no such dead letter."));
            }
            for letter in &letters {
                tx.put(&DeadLetter { retry: true, ..letter.clone() })?;
            }
            Ok(letters.len())
        })
        .await
}

/// The bytes that a secret is the text of; none when it is no such text.
#[must_use]
pub fn key_of(secret: &Secret) -> Option<Vec<u8>> {
    let text = secret.expose().strip_prefix(SECRET_PREFIX)?;
    STANDARD.decode(text).ok().filter(|key| KEY_BYTES.contains(&key.len()))
}

fn new_secret() -> Secret {
    let key: [u8; KEY_BYTES_MADE] = rand::random();
    Secret::from(format!("{SECRET_PREFIX}{}", STANDARD.encode(key)))
}

fn changed(tx: &mut Tx, before: Webhook, change: &WebhookChange) -> Result<Webhook, Refusal> {
    let WebhookChange { name, url, secret, resources, filter, enabled, allow_internal } =
        change.clone();
    let webhook = Webhook {
        name: name.map_or(before.name, |name| name.trim().to_owned()),
        url: url.map_or(before.url, |url| url.trim().to_owned()),
        secret: secret.unwrap_or(before.secret),
        resources: resources.unwrap_or(before.resources),
        filter: filter.unwrap_or(before.filter),
        enabled: enabled.unwrap_or(before.enabled),
        allow_internal: allow_internal.unwrap_or(before.allow_internal),
        updated: tx.now(),
        ..before
    };
    check(&webhook)?;
    let named = tx.find(&WEBHOOK_BY_NAME, &webhook.name)?;
    if named.is_some_and(|other| other.id != webhook.id) {
        return Err(Refusal::field("name", "Webhook with this Name already exists."));
    }
    Ok(webhook)
}

fn check(webhook: &Webhook) -> Result<(), FieldErrors> {
    let mut errors = FieldErrors::default();
    if webhook.name.is_empty() || webhook.name.chars().count() > NAME_MAX {
        errors.add("name", format!("It has 1 to {NAME_MAX} characters."));
    }
    let authority = webhook.url.split("//").nth(1).and_then(|rest| rest.split(['/', '?']).next());
    if !is_url(&webhook.url) || webhook.url.len() > URL_BYTES_MAX || webhook.url.contains('#') {
        errors.add("url", "It is a URL that begins with http:// or https://.");
    } else if authority.is_some_and(|authority| authority.contains('@')) {
        errors.add("url", "It has no user and no password: deliveries are signed.");
    }
    if key_of(&webhook.secret).is_none() {
        let (least, most) = (KEY_BYTES.start(), KEY_BYTES.end());
        let message = format!("It is {SECRET_PREFIX} and {least} to {most} bytes in base64.");
        errors.add("secret", message);
    }
    errors.finish()
}

fn detail(details: &Details, webhook: Webhook) -> Result<WebhookDetail, Refusal> {
    let view = details.view();
    let progress = view.get::<WebhookProgress>(&webhook.id)?;
    let dead_letters = view.list_by(&DEAD_LETTERS_OF_WEBHOOK, &webhook.id)?.len();
    let owner = details.user(webhook.owner)?;
    Ok(WebhookDetail { webhook, owner, progress, dead_letters })
}
