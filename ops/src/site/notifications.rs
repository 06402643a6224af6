//! Messages to users: superusers write them, and each user dismisses its own.

use api::field_errors::FieldErrors;
use model::access::{Actor, Object, Permission, permits};
use model::error::Kind;
use model::id::{NotificationId, UserId};
use model::notification::{Category, Dismissal, IDENT_MAX, Notification, TEXT_BYTES_MAX};
use model::user::User;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

use crate::access::belongings;
use crate::access::users::UserDetail;
use crate::authorize::{authorize, cause};
use crate::details::Details;
use crate::error::{NO_CHOICE, Refusal};
use crate::machine::placement;
use tables::notifications::DISMISSALS_OF_USER;
use tables::read::Reads;
use tables::site::USER_BY_NAME;
use tables::tx::Tx;
use tables::update::Tables;

const MISSING: Refusal = Refusal::NotFound { model: "Notification" };
/// What shall be set of a message; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct NotificationChange {
    /// What its author calls it; empty for nothing.
    pub ident: Option<String>,
    /// The one user that it is for, by id or name; empty for nobody.
    pub user: Option<String>,
    /// Whether it is for all users that are no superusers.
    pub users: Option<bool>,
    /// Whether it is for all superusers.
    pub admins: Option<bool>,
    /// The text.
    pub message: Option<String>,
    /// Its values, as a JSON object.
    pub context: Option<String>,
    /// What sort of news it is.
    pub category: Option<String>,
    /// Whether who reads it can have it go away.
    pub dismissable: Option<bool>,
}

/// A message as doors show it.
#[derive(Debug, Clone)]
pub struct NotificationDetail {
    /// The message.
    pub notification: Notification,
    /// The one user that it is for.
    pub user: Option<UserDetail>,
}

/// The messages to the user that asks, but for those that it dismissed.
///
/// # Errors
/// [`Refusal`].
pub async fn list(tables: &Tables, actor: &Actor) -> Result<Vec<NotificationDetail>, Refusal> {
    let user = actor.user(Permission::View)?;
    let details = Details::seen_by(actor, tables).await?;
    let dismissed = details.view().list_by(&DISMISSALS_OF_USER, &user.id)?;
    let dismissed: BTreeSet<_> = dismissed.iter().map(|found| found.notification).collect();
    let mut found = details.view().list::<Notification>()?;
    found.retain(|message| message.is_for(user) && !dismissed.contains(&message.id));
    found.into_iter().map(|message| detail(&details, message)).collect()
}

/// A message to the user that asks; some see those to others, too.
///
/// # Errors
/// [`Refusal`].
pub async fn get(
    tables: &Tables,
    actor: &Actor,
    id: NotificationId,
) -> Result<NotificationDetail, Refusal> {
    let user = actor.user(Permission::View)?;
    let details = Details::seen_by(actor, tables).await?;
    let found = details.view().get::<Notification>(&id)?.ok_or(MISSING)?;
    if permits(actor, Permission::ReadAllNotifications, &Object::Site).is_err() {
        check_is_for(&found, user)?;
    }
    detail(&details, found)
}

/// Makes a message.
///
/// # Errors
/// [`Refusal`].
pub async fn create(
    tables: &Tables,
    actor: &Actor,
    change: &NotificationChange,
) -> Result<NotificationDetail, Refusal> {
    let cause = authorize(actor, Permission::ManageNotifications, "notification.create")?;
    if change.message.as_deref().is_none_or(|message| message.trim().is_empty()) {
        return Err(Refusal::field("message", "This field is required."));
    }
    let notification = tables
        .update(&cause, |tx| -> Result<_, Refusal> {
            let blank = Notification {
                id: NotificationId(tx.next_id::<Notification>()?),
                ident: None,
                user: None,
                users: false,
                admins: false,
                message: String::new(),
                context: Map::new(),
                category: Category::Info,
                dismissable: true,
                created: tx.now(),
                updated: tx.now(),
            };
            let notification = changed(tx, blank, change)?;
            tx.insert(&notification)?;
            Ok(notification)
        })
        .await?;
    detail(&Details::after_change(tables).await?, notification)
}

/// Changes a message. Who dismissed it is not shown it again.
///
/// # Errors
/// [`Refusal`].
pub async fn update(
    tables: &Tables,
    actor: &Actor,
    id: NotificationId,
    change: &NotificationChange,
) -> Result<NotificationDetail, Refusal> {
    let cause = authorize(actor, Permission::ManageNotifications, "notification.update")?;
    let notification = tables
        .update(&cause, |tx| -> Result<_, Refusal> {
            let before = tx.get::<Notification>(&id)?.ok_or(MISSING)?;
            let notification = changed(tx, before, change)?;
            tx.put(&notification)?;
            Ok(notification)
        })
        .await?;
    detail(&Details::after_change(tables).await?, notification)
}

/// Removes a message.
///
/// # Errors
/// [`Refusal`].
pub async fn delete(tables: &Tables, actor: &Actor, id: NotificationId) -> Result<(), Refusal> {
    let cause = authorize(actor, Permission::ManageNotifications, "notification.delete")?;
    tables
        .update(&cause, |tx| {
            tx.get::<Notification>(&id)?.ok_or(MISSING)?;
            Ok(belongings::remove_notification(tx, id)?)
        })
        .await
}

/// Has a message go away for the user that asks, however often.
///
/// # Errors
/// [`Refusal`] when it is for others, or must stay.
pub async fn dismiss(tables: &Tables, actor: &Actor, id: NotificationId) -> Result<(), Refusal> {
    let user = actor.user(Permission::View)?;
    tables
        .update(&cause(actor, "notification.dismiss"), |tx| {
            let found = tx.get::<Notification>(&id)?.ok_or(MISSING)?;
            check_is_for(&found, user)?;
            if !found.dismissable {
                let message = "Notification is not dismissable.";
                return Err(Refusal::with_message(Kind::Invalid, message));
            }
            placement::give_to(tx, user.id)?;
            Ok(tx.put(&Dismissal { notification: id, user: user.id })?)
        })
        .await
}

fn check_is_for(found: &Notification, user: &User) -> Result<(), Refusal> {
    if found.is_for(user) { Ok(()) } else { Err(Refusal::with_message(Kind::Forbidden, "")) }
}

fn changed(
    tx: &mut Tx,
    before: Notification,
    change: &NotificationChange,
) -> Result<Notification, Refusal> {
    check_lengths(change)?;
    let mut notification = Notification { updated: tx.now(), ..before };
    if let Some(ident) = &change.ident {
        notification.ident = Some(ident.clone()).filter(|ident| !ident.is_empty());
    }
    if let Some(user) = &change.user {
        notification.user = user_named(tx, user.trim())?;
    }
    notification.users = change.users.unwrap_or(notification.users);
    notification.admins = change.admins.unwrap_or(notification.admins);
    notification.dismissable = change.dismissable.unwrap_or(notification.dismissable);
    if let Some(message) = change.message.as_ref().filter(|message| !message.trim().is_empty()) {
        notification.message.clone_from(message);
    }
    if let Some(context) = &change.context {
        notification.context = read_context(context)?;
    }
    if let Some(category) = change.category.as_deref().filter(|category| !category.is_empty()) {
        let read = category.parse::<Category>();
        notification.category =
            read.map_err(|error| Refusal::field("category", error.to_string()))?;
    }
    if !notification.can_be_rendered() {
        return Err(Refusal::field("__all__", "Notification cannot be rendered."));
    }
    Ok(notification)
}

fn check_lengths(change: &NotificationChange) -> Result<(), FieldErrors> {
    let mut errors = FieldErrors::default();
    let mut check = |field, text: Option<&String>, most| {
        let length = text.map_or(0, |text| text.chars().count());
        if length > most {
            let most = format!("Ensure this value has at most {most} characters");
            errors.add(field, format!("{most} (it has {length})."));
        }
    };
    check("ident", change.ident.as_ref(), IDENT_MAX);
    check("message", change.message.as_ref(), TEXT_BYTES_MAX);
    check("context", change.context.as_ref(), TEXT_BYTES_MAX);
    errors.finish()
}

/// A user by id or name; none for an empty one.
fn user_named(tx: &mut Tx, named: &str) -> Result<Option<UserId>, Refusal> {
    if named.is_empty() {
        return Ok(None);
    }
    let found = match named.parse::<UserId>() {
        Ok(id) => tx.get::<User>(&id)?,
        Err(_) => tx.find(&USER_BY_NAME, &named.to_owned())?,
    };
    let found = found.ok_or_else(|| Refusal::field("user", NO_CHOICE))?;
    placement::give_to(tx, found.id)?;
    Ok(Some(found.id))
}

fn read_context(text: &str) -> Result<Map<String, Value>, Refusal> {
    if text.trim().is_empty() {
        return Ok(Map::new());
    }
    let wrong = |message: &str| Refusal::field("context", message);
    match serde_json::from_str(text).map_err(|_| wrong("Enter a valid JSON."))? {
        Value::Object(context) => Ok(context),
        _ => Err(wrong("Context is not a mapping.")),
    }
}

fn detail(details: &Details, notification: Notification) -> Result<NotificationDetail, Refusal> {
    let user = notification.user.map_or(Ok(None), |user| details.user_detail(user))?;
    Ok(NotificationDetail { notification, user })
}
