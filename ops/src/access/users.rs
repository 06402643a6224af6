//! Users: who may call the API.

use api::field_errors::FieldErrors;
use model::access::{Actor, Object, Permission, permits};
use model::error::Kind;
use model::id::UserId;
use model::secret::Secret;
use model::ssh_key::PublicKey;
use model::user::User;

use crate::access::belongings::{self, Resources};
use crate::access::{authorized_keys, memberships, password};
use crate::authorize::authorize;
use crate::details::Details;
use crate::error::Refusal;
use tables::accounts::IDENTITIES_OF_USER;
use tables::error::TableError;
use tables::read::Reads;
use tables::site::USER_BY_NAME;
use tables::tx::Tx;
use tables::update::Tables;

/// The longest user name, in characters.
const USERNAME_MAX: usize = 150;

/// A user as doors show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserDetail {
    /// The user.
    pub user: User,
    /// Whether it is known here, and not by an identity provider.
    pub is_local: bool,
}

impl UserDetail {
    /// A user, with whether a provider has vouched for it.
    pub(crate) fn of(at: &impl Reads, user: User) -> Result<Self, TableError> {
        let is_local = at.list_by(&IDENTITIES_OF_USER, &user.id)?.is_empty();
        Ok(Self { user, is_local })
    }
}

/// A user that shall be made.
#[derive(Debug, Clone, Default)]
pub struct NewUser {
    /// Its unique name.
    pub username: String,
    /// Its mail address.
    pub email: String,
    /// Its password; empty for a user that only has API keys.
    pub password: Secret,
    /// Whether it may do everything.
    pub is_superuser: bool,
    /// Its first SSH key.
    pub ssh_key: Option<PublicKey>,
}

/// All users, by name.
///
/// # Errors
/// [`Refusal`].
pub async fn list(tables: &Tables, actor: &Actor) -> Result<Vec<UserDetail>, Refusal> {
    let details = Details::seen_by(actor, tables).await?;
    let mut users = details.view().list::<User>()?;
    users.sort_by(|one, other| one.username.cmp(&other.username));
    let all = users.into_iter().map(|user| UserDetail::of(details.view(), user));
    Ok(all.collect::<Result<_, _>>()?)
}

/// A user that was read or made, as doors show it.
///
/// # Errors
/// [`Refusal::Tables`].
pub async fn detail(tables: &Tables, user: User) -> Result<UserDetail, Refusal> {
    Ok(UserDetail::of(&tables.view().await?, user)?)
}

/// Whether there is any user: a login page says so before anybody is logged in.
///
/// # Errors
/// [`Refusal::Tables`].
pub async fn exist(tables: &Tables) -> Result<bool, Refusal> {
    Ok(!tables.stale_view().await?.ids_after::<User>(None, 1).is_empty())
}

/// A user by name.
///
/// # Errors
/// [`Refusal::NotFound`].
pub async fn get(tables: &Tables, actor: &Actor, username: &str) -> Result<User, Refusal> {
    let details = Details::seen_by(actor, tables).await?;
    let found = details.view().find(&USER_BY_NAME, &username.to_owned())?;
    found.ok_or(Refusal::NotFound { model: "User" })
}

/// Makes a user.
///
/// # Errors
/// [`Refusal::Fields`] for names and addresses that are none.
pub async fn create(tables: &Tables, actor: &Actor, new: &NewUser) -> Result<User, Refusal> {
    let cause = authorize(actor, needed_for(new.is_superuser), "user.create")?;
    check(new)?;
    let hash = password::hash(&new.password).await?;
    tables.update(&cause, |tx| insert(tx, new, hash.clone())).await
}

/// Adds a user, in a transaction of the caller's; the password is hashed already.
///
/// # Errors
/// [`Refusal`].
pub fn insert(tx: &mut Tx, new: &NewUser, password_hash: Option<Secret>) -> Result<User, Refusal> {
    let user = User {
        id: UserId(tx.next_id::<User>()?),
        username: new.username.clone(),
        email: new.email.clone(),
        is_superuser: new.is_superuser,
        password_hash,
        created: tx.now(),
    };
    tx.insert(&user)?;
    memberships::enter(tx, &user)?;
    if let Some(key) = &new.ssh_key {
        authorized_keys::insert(tx, user.id, key)?;
    }
    Ok(user)
}

/// Removes a user with its keys, files and messages; what it has besides is first given to the user with the name
/// `heir`. Deleting a user that is not there is no error, as in MAAS.
///
/// # Errors
/// [`Refusal::Message`] when it is the caller itself, or has machines, addresses or IP ranges still.
pub async fn delete(
    tables: &Tables,
    actor: &Actor,
    username: &str,
    heir: Option<&str>,
) -> Result<(), Refusal> {
    let cause = authorize(actor, Permission::ManageUsers, "user.delete")?;
    if actor.user(Permission::ManageUsers)?.username == username {
        return Err(Refusal::with_message(Kind::Invalid, "An administrator cannot self-delete."));
    }
    tables
        .update(&cause, |tx| {
            let Some(user) = tx.find(&USER_BY_NAME, &username.to_owned())? else {
                return Ok(());
            };
            permits(actor, needed_for(user.is_superuser), &Object::Site)?;
            let heir = heir.map(|heir| named(tx, heir)).transpose()?;
            let mut left = Resources::of(tx, user.id)?;
            if let Some(heir) = heir.filter(|heir| heir.id != user.id) {
                std::mem::take(&mut left).transfer(tx, heir.id)?;
            }
            if let Some(summary) = left.summary() {
                let message =
                    format!("User {username} cannot be deleted: {summary} are still allocated");
                return Err(Refusal::with_message(Kind::Invalid, message));
            }
            belongings::remove_all(tx, user.id)?;
            tx.delete::<User>(&user.id)?;
            Ok(())
        })
        .await
}

/// What it takes to change a user: who may look after users does not get at what superusers may.
pub(crate) fn needed_for(is_superuser: bool) -> Permission {
    if is_superuser { Permission::ManageSuperusers } else { Permission::ManageUsers }
}

fn named(tx: &Tx, username: &str) -> Result<User, Refusal> {
    let found = tx.find(&USER_BY_NAME, &username.to_owned())?;
    found.ok_or(Refusal::NotFound { model: "User" })
}

/// Refuses what cannot be a user: its name, its mail address, a password that the rules do not allow.
///
/// # Errors
/// [`FieldErrors`].
pub fn check(new: &NewUser) -> Result<(), FieldErrors> {
    let mut errors = FieldErrors::default();
    let allowed = |c: char| c.is_alphanumeric() || "@.+-_".contains(c);
    if new.username.is_empty() {
        errors.add("username", "This field is required.");
    } else if !new.username.chars().all(allowed) || new.username.chars().count() > USERNAME_MAX {
        errors.add(
            "username",
            "Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ \
             characters.",
        );
    }
    let parts = new.email.split_once('@');
    if !new.email.is_empty()
        && !parts.is_some_and(|(name, host)| !name.is_empty() && !host.is_empty())
    {
        errors.add("email", "Enter a valid email address.");
    }
    if !new.password.is_empty() {
        let user = (new.username.as_str(), new.email.as_str());
        password::check(&mut errors, "password", &new.password, user);
    }
    errors.finish()
}
