//! Webhooks, how far they were told, and what failed for good.

use model::id::{UserId, WebhookId};
use model::webhook::{DeadLetter, Delivery, Tells, Webhook, WebhookProgress};

use super::{Written, at, row, text};

pub(super) fn rows() -> Vec<Written> {
    let full = Webhook {
        id: WebhookId(16),
        name: text("chat"),
        url: text("https://hooks.example.com/a?b"),
        secret: text("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").into(),
        resources: vec![text("machines")],
        filter: text("status:failed*"),
        enabled: false,
        allow_internal: true,
        owner: UserId(2),
        disabled_because: Some(text("it answered 410 Gone")),
        created: at(1),
        updated: at(2),
    };
    let plain = Webhook {
        id: WebhookId(17),
        name: text("all"),
        resources: Vec::new(),
        filter: String::new(),
        enabled: true,
        allow_internal: false,
        disabled_because: None,
        ..full.clone()
    };
    let delivery = Delivery {
        after: 70,
        through: 90,
        tells: Tells::Changes,
        made: at(3),
        attempts: 2,
        not_before: at(4),
        error: text("no answer within 15 seconds"),
    };
    let sending = WebhookProgress {
        webhook: WebhookId(16),
        revision: 70,
        written: at(5),
        sending: Some(delivery.clone()),
        dead_in_a_row: 1,
    };
    let idle = WebhookProgress { webhook: WebhookId(17), sending: None, ..sending };
    let reset = Delivery { tells: Tells::Reset, ..delivery.clone() };
    let letter = |webhook, delivery, retry| DeadLetter {
        webhook: WebhookId(webhook),
        delivery,
        died: at(6),
        retry,
    };
    vec![
        row("webhook with everything", full),
        row("webhook of all kinds", plain),
        row("progress of a webhook that sends", sending),
        row("progress of a webhook that waits", idle),
        row("dead letter", letter(16, delivery, false)),
        row("dead letter of a reset that is sent again", letter(17, reset, true)),
    ]
}
