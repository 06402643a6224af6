//! `webhooks/`: what administrators do with webhooks.

use std::time::Instant;

use model::access::Permission;
use model::error::Kind;
use model::id::WebhookId;
use model::secret::Secret;
use model::webhook::DeadLetter;
use ops::site::dates;
use ops::site::webhooks::{self, WebhookChange, WebhookDetail};
use rest::call::Call;
use rest::operation::Operation;
use rest::param::{Param, Spec};
use rest::params::Params;
use rest::problem::Problem;
use rest::reply::Reply;
use serde_json::{Value, json};

use crate::watch::{filter_of, resources_named};
use crate::webhooks::deliver::Teller;
use crate::webhooks::shape::{Webhook, shape};
use crate::webhooks::target::Target;

const NAME: Param<String> = Param::text("name", "A name that no other webhook has.");
const URL: Param<String> = Param::text("url", "Where deliveries are sent: http or https.");
const SECRET: Param<String> = Param::text(
    "secret",
    "What deliveries are signed with, as `whsec_` and 24 to 64 bytes in base64. Without one, or with null, one is made \
     and told in this answer only.",
);
const RESOURCES: Param<String> = Param::text(
    "resources",
    "The kinds of objects it is told of; null for all that are watched by default.",
);
const FILTER: Param<String> =
    Param::text("filter", "Only objects that this filter means; of one kind.");
const ENABLED: Param<bool> = Param::boolean("enabled", "Whether it is told anything.");
const ALLOW_INTERNAL: Param<bool> = Param::boolean(
    "allow_internal",
    "Whether deliveries may be sent to internal addresses: loopback, private, of a link, of the cluster.",
);
const DELIVERY: Param<String> =
    Param::text("delivery", "The name of one dead letter, its `webhook-id`; all by default.");

const CHANGE: &[Spec] = &[
    NAME.optional(),
    URL.optional(),
    SECRET.optional(),
    RESOURCES.repeated(),
    FILTER.optional(),
    ENABLED.optional(),
    ALLOW_INTERNAL.optional(),
];

const ALL: &str = "webhooks/";
const ONE: &str = "webhooks/{id}/";
const MODEL: &str = "Webhook";

/// The operations of this resource.
pub const OPERATIONS: &[Operation] = &[
    Operation::post("WebhooksHandler", ALL, |call| Box::pin(create(call)))
        .reserved(Permission::ManageWebhooks)
        .doc("Create a webhook. It is told what happens from now on.")
        .params(&[
            NAME.needed(),
            URL.needed(),
            SECRET.optional(),
            RESOURCES.repeated(),
            FILTER.optional(),
            ENABLED.optional(),
            ALLOW_INTERNAL.optional(),
        ]),
    Operation::put("WebhookHandler", ONE, |call| Box::pin(update(call)))
        .reserved(Permission::ManageWebhooks)
        .doc("Update a webhook. What waits for its next attempt is sent at once.")
        .params(CHANGE),
    Operation::delete("WebhookHandler", ONE, |call| Box::pin(delete(call)))
        .reserved(Permission::ManageWebhooks)
        .doc("Delete a webhook with its dead letters."),
    Operation::get("WebhookHandler", ONE, |call| Box::pin(dead_letters(call)))
        .op("dead_letters")
        .reserved(Permission::ManageWebhooks)
        .doc(
            "List the deliveries of a webhook that failed for good, the oldest first: at most 100.",
        ),
    Operation::post("WebhookHandler", ONE, |call| Box::pin(retry(call)))
        .op("retry")
        .reserved(Permission::ManageWebhooks)
        .doc("Send dead letters once more. What is gone from the history comes as a reset.")
        .params(&[DELIVERY.optional()]),
    Operation::post("WebhookHandler", ONE, |call| Box::pin(test(call)))
        .op("test")
        .at_once()
        .reserved(Permission::ManageWebhooks)
        .doc("Send a delivery that tells nothing now, and say what came back."),
];

async fn create(call: Call) -> Result<Reply, Problem> {
    let change = change(&call.params)?;
    let is_told = change.secret.as_ref().is_none_or(Secret::is_empty);
    check(
        change.resources.as_deref().unwrap_or_default(),
        change.filter.as_deref().unwrap_or_default(),
    )?;
    let made = webhooks::create(&call.parts.tables, &call.actor, &change).await?;
    Ok(reply(&made, is_told))
}

async fn update(call: Call) -> Result<Reply, Problem> {
    let (id, mut change) = (call.id("id", MODEL)?, change(&call.params)?);
    let is_told = change.secret.as_ref().is_some_and(Secret::is_empty);
    let before = webhooks::get(&call.parts.tables, &call.actor, id).await?.webhook;
    // What is not said stays, and is judged with what is said.
    let resources = change.resources.get_or_insert(before.resources).clone();
    let filter = change.filter.get_or_insert(before.filter).clone();
    check(&resources, &filter)?;
    let changed = webhooks::update(&call.parts.tables, &call.actor, id, &change).await?;
    Ok(reply(&changed, is_told))
}

async fn delete(call: Call) -> Result<Reply, Problem> {
    let id: WebhookId = call.id("id", MODEL)?;
    webhooks::delete(&call.parts.tables, &call.actor, id).await?;
    Ok(Reply::no_content())
}

async fn dead_letters(call: Call) -> Result<Reply, Problem> {
    let id: WebhookId = call.id("id", MODEL)?;
    let found = webhooks::dead_letters(&call.parts.tables, &call.actor, id).await?;
    Ok(Reply::json(&found.iter().map(letter).collect::<Vec<_>>()))
}

async fn retry(call: Call) -> Result<Reply, Problem> {
    let (id, delivery) = (call.id("id", MODEL)?, DELIVERY.named(&call.params));
    let tables = &call.parts.tables;
    let count = webhooks::retry(tables, &call.actor, id, delivery.as_deref()).await?;
    Ok(Reply::json(&json!({ "sent_again": count })))
}

async fn test(call: Call) -> Result<Reply, Problem> {
    let id: WebhookId = call.id("id", MODEL)?;
    let found = webhooks::get(&call.parts.tables, &call.actor, id).await?;
    if call.parts.tables.is_planning() {
        let message = "A test changes nothing, and cannot be planned.";
        return Err(Problem::text(Kind::Invalid, message));
    }
    let began = Instant::now();
    let came = Teller::new(call.parts.clone()).test(&found.webhook).await;
    let came = came.map_err(ops::error::Refusal::from)?;
    let milliseconds = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(Reply::json(&match came {
        Ok(came) => json!({
            "arrived": came.status.is_success(), "status": came.status.as_u16(),
            "answer": came.text, "error": null, "milliseconds": milliseconds,
        }),
        Err(error) => json!({
            "arrived": false, "status": null, "answer": null,
            "error": error.to_string(), "milliseconds": milliseconds,
        }),
    }))
}

fn change(params: &Params) -> Result<WebhookChange, Problem> {
    let resources = RESOURCES
        .items(params)
        .map(|names| names.into_iter().filter(|name| !name.is_empty()).collect::<Vec<String>>());
    let (url, filter) = (URL.given(params), FILTER.given(params));
    if let Some(url) = &url {
        Target::parse(url.trim()).map_err(|error| Problem::field("url", error.to_string()))?;
    }
    Ok(WebhookChange {
        name: NAME.given(params),
        url,
        secret: SECRET.given(params).map(Secret::from),
        resources,
        filter,
        enabled: ENABLED.of(params)?,
        allow_internal: ALLOW_INTERNAL.of(params)?,
    })
}

/// Whether there are such kinds, and such a filter of them.
fn check(resources: &[String], filter: &str) -> Result<(), Problem> {
    let resources = resources_named(resources).map_err(|text| Problem::field("resources", text))?;
    filter_of(filter, &resources).map_err(|text| Problem::field("filter", text))?;
    Ok(())
}

fn reply(detail: &WebhookDetail, tells_secret: bool) -> Reply {
    let secret = tells_secret.then(|| detail.webhook.secret.expose().clone());
    Reply::json(&Webhook { secret, ..shape(detail) })
}

fn letter(letter: &DeadLetter) -> Value {
    let DeadLetter { webhook, delivery, died, retry } = letter;
    json!({
        "delivery": delivery.name(*webhook),
        "type": delivery.tells.to_string(),
        "since": delivery.after,
        "revision": delivery.through,
        "attempts": delivery.attempts,
        "made": dates::rfc3339_ms(delivery.made),
        "died": dates::rfc3339_ms(*died),
        "error": delivery.error,
        "waits_for_retry": retry,
    })
}
