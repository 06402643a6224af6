//! The shape of a webhook, and all of them.

use ops::site::dates;
use ops::site::webhooks::{self, WebhookDetail};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::problem::Problem;
use crate::request::Request;

/// A webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Webhook {
    /// Its id.
    pub id: u32,
    /// What it is called.
    pub name: String,
    /// Where deliveries are sent.
    pub url: String,
    /// What they are signed with. It is told once, when it was made here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// The kinds of objects it is told of; all that are watched by default when empty.
    pub resources: Vec<String>,
    /// Only objects that this filter means.
    pub filter: String,
    /// Whether it is told anything.
    pub enabled: bool,
    /// Why it was disabled, unless a user did it.
    pub disabled_because: Option<String>,
    /// Whether deliveries may be sent to internal addresses.
    pub allow_internal: bool,
    /// Who made it: it is told what this user may see.
    pub owner: Option<String>,
    /// What happened up to this revision was told, or is among the dead letters.
    pub delivered_through: u64,
    /// How often what is being sent was sent in vain.
    pub attempts: u32,
    /// When it is sent next (RFC 3339); null when nothing waits.
    pub next_attempt: Option<String>,
    /// Why it did not arrive last time.
    pub last_error: Option<String>,
    /// How many deliveries failed for good, of those that are kept.
    pub dead_letters: usize,
}

/// All webhooks, if whoever asks may see them.
///
/// # Errors
/// [`Problem`].
pub async fn all(request: &Request) -> Result<Vec<Value>, Problem> {
    let found = webhooks::list(&request.parts.tables, &request.actor).await?;
    Ok(found.iter().map(|detail| serde_json::to_value(shape(detail)).unwrap_or_default()).collect())
}

/// A hook as it is shown.
pub(crate) fn shape(detail: &WebhookDetail) -> Webhook {
    let found = &detail.webhook;
    let progress = detail.progress.as_ref();
    let sending = progress.and_then(|progress| progress.sending.as_ref());
    let error = sending.map(|sending| sending.error.clone()).filter(|error| !error.is_empty());
    Webhook {
        id: found.id.0,
        name: found.name.clone(),
        url: found.url.clone(),
        secret: None,
        resources: found.resources.clone(),
        filter: found.filter.clone(),
        enabled: found.enabled,
        disabled_because: found.disabled_because.clone(),
        allow_internal: found.allow_internal,
        owner: detail.owner.as_ref().map(|owner| owner.username.clone()),
        delivered_through: progress.map_or(0, |progress| progress.revision),
        attempts: sending.map_or(0, |sending| sending.attempts),
        next_attempt: sending.map(|sending| dates::rfc3339_ms(sending.not_before)),
        last_error: error,
        dead_letters: detail.dead_letters,
    }
}
