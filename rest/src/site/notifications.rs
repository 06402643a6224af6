//! `notifications/`: messages to users.

use api::notifications::Notification;
use model::access::Permission;
use model::id::NotificationId;
use ops::site::notifications::{self, NotificationChange, NotificationDetail};

use crate::call::Call;
use crate::operation::Operation;
use crate::param::{Param, Spec};
use crate::params::Params;
use crate::problem::Problem;
use crate::reply::Reply;
use crate::shapes;

const ALL: &str = "notifications/";
const ONE: &str = "notifications/{id}/";
const MODEL: &str = "Notification";

const MESSAGE: Param<String> =
    Param::text("message", "The text, in which `{name}` stands for a value of the context.");
const CONTEXT: Param<String> = Param::text("context", "The values, as a JSON object.");
const CATEGORY: Param<String> =
    Param::text("category", "`error`, `warning`, `success` or `info`, which is the default.");
const IDENT: Param<String> = Param::text("ident", "A name that no other notification has.");
const USER: Param<String> = Param::text("user", "The user that it is for, by id or name.");
const USERS: Param<bool> =
    Param::boolean("users", "Whether it is for all users that are no administrators.");
const ADMINS: Param<bool> = Param::boolean("admins", "Whether it is for all administrators.");
const DISMISSABLE: Param<bool> =
    Param::boolean("dismissable", "Whether users can dismiss it; true by default.");

const CHANGE: &[Spec] = &[
    MESSAGE.optional(),
    CONTEXT.optional(),
    CATEGORY.optional(),
    IDENT.optional(),
    USER.optional(),
    USERS.optional(),
    ADMINS.optional(),
    DISMISSABLE.optional(),
];

/// The operations of this resource.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("NotificationsHandler", ALL, |call| Box::pin(list(call)))
        .doc("List the notifications for the user that calls, but for those that it dismissed."),
    Operation::post("NotificationsHandler", ALL, |call| Box::pin(create(call)))
        .reserved(Permission::ManageNotifications)
        .doc("Create a notification. Without `user`, `users` and `admins` nobody is shown it.")
        .params(&[
            MESSAGE.needed(),
            CONTEXT.optional(),
            CATEGORY.optional(),
            IDENT.optional(),
            USER.optional(),
            USERS.optional(),
            ADMINS.optional(),
            DISMISSABLE.optional(),
        ]),
    Operation::get("NotificationHandler", ONE, |call| Box::pin(read(call)))
        .doc("Read a notification."),
    Operation::put("NotificationHandler", ONE, |call| Box::pin(update(call)))
        .reserved(Permission::ManageNotifications)
        .doc("Update a notification.")
        .params(CHANGE),
    Operation::delete("NotificationHandler", ONE, |call| Box::pin(delete(call)))
        .reserved(Permission::ManageNotifications)
        .doc("Delete a notification."),
    Operation::post("NotificationHandler", ONE, |call| Box::pin(dismiss(call)))
        .op("dismiss")
        .doc("Have a notification go away for the user that calls."),
];

async fn list(call: Call) -> Result<Reply, Problem> {
    let found = notifications::list(&call.parts.tables, &call.actor).await?;
    Ok(Reply::json(&found.iter().map(shape).collect::<Vec<_>>()))
}

async fn create(call: Call) -> Result<Reply, Problem> {
    let change = change(&call.params)?;
    let created = notifications::create(&call.parts.tables, &call.actor, &change).await?;
    Ok(Reply::json(&shape(&created)))
}

async fn read(call: Call) -> Result<Reply, Problem> {
    let id: NotificationId = call.id("id", MODEL)?;
    let found = notifications::get(&call.parts.tables, &call.actor, id).await?;
    Ok(Reply::json(&shape(&found)))
}

async fn update(call: Call) -> Result<Reply, Problem> {
    let change = change(&call.params)?;
    let id: NotificationId = call.id("id", MODEL)?;
    let updated = notifications::update(&call.parts.tables, &call.actor, id, &change).await?;
    Ok(Reply::json(&shape(&updated)))
}

async fn delete(call: Call) -> Result<Reply, Problem> {
    let id: NotificationId = call.id("id", MODEL)?;
    notifications::delete(&call.parts.tables, &call.actor, id).await?;
    Ok(Reply::no_content())
}

async fn dismiss(call: Call) -> Result<Reply, Problem> {
    let id: NotificationId = call.id("id", MODEL)?;
    notifications::dismiss(&call.parts.tables, &call.actor, id).await?;
    Ok(Reply::json(&()))
}

fn change(params: &Params) -> Result<NotificationChange, Problem> {
    Ok(NotificationChange {
        ident: IDENT.given(params),
        user: USER.given(params),
        users: USERS.of(params)?,
        admins: ADMINS.of(params)?,
        message: MESSAGE.given(params),
        context: CONTEXT.given(params),
        category: CATEGORY.given(params),
        dismissable: DISMISSABLE.of(params)?,
    })
}

fn shape(detail: &NotificationDetail) -> Notification {
    let found = &detail.notification;
    Notification {
        id: found.id.0,
        ident: found.ident.clone(),
        user: detail.user.as_ref().map(shapes::user),
        users: found.users,
        admins: found.admins,
        message: found.message.clone(),
        context: found.context.clone(),
        category: found.category.to_string(),
        dismissable: found.dismissable,
        resource_uri: format!("/MAAS/api/2.0/notifications/{}/", found.id),
    }
}
