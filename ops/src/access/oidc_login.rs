//! Logins of those whom a provider vouches for: which user that is here, and with which rights.
//!
//! Somebody is known by issuer and subject, and by nothing else: a name or a mail address there is no proof of who it is.
//! So an account that somebody else made here is never taken over because it has the same name.

use std::net::IpAddr;

use model::access::Actor;
use model::event::EventLevel;
use model::external_identity::{ExternalIdentity, ReturnedLogin};
use model::oidc_provider::{Admission, OidcProvider};
use model::secret::Secret;
use model::user::User;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::access::belongings::end_sessions;
use crate::access::memberships;
use crate::access::users::{self, NewUser};
use crate::authorize::cause;
use crate::error::Refusal;
use crate::site::events::NewEvent;
use model::request::Source;
use tables::audit::Origin;
use tables::error::TableError;
use tables::read::{Reads, View};
use tables::site::USER_BY_NAME;
use tables::tx::Tx;
use tables::update::{Cause, Tables};

/// Somebody whom a provider vouches for.
#[derive(Debug, Clone, Copy)]
pub struct Person<'a> {
    /// The provider.
    pub provider: &'a OidcProvider,
    /// Who made the token.
    pub issuer: &'a str,
    /// The issuer's name for that person.
    pub subject: &'a str,
    /// What is said of that person.
    pub claims: &'a Map<String, Value>,
    /// Where the request comes from.
    pub source: &'a Source,
}

/// Why somebody whom a provider vouches for is no user here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAdmitted {
    /// It is in none of the groups.
    #[error("the user is in none of the groups that may log in")]
    NoGroup,
    /// No claim has a name.
    #[error("no claim has a name for the user")]
    NoName,
    /// Its name cannot be one here.
    #[error("the user's name {0} cannot be one here: letters, digits and @.+-_, at most 150")]
    WrongName(String),
    /// Somebody else has its name here.
    #[error("there is another user {0} here already, which the provider did not make")]
    NameTaken(String),
    /// It could not be found out.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

impl From<TableError> for NotAdmitted {
    fn from(error: TableError) -> Self {
        Self::Refused(error.into())
    }
}

/// Notes that a login came back; false when it came back before. Its state is good once, whichever region it comes to.
///
/// # Errors
/// [`TableError`].
pub async fn return_once(tables: &Tables, state: &Secret) -> Result<bool, TableError> {
    let id = hash("returned", &[state.expose()]);
    let cause = Cause::new("logins", "oidc.return");
    tables
        .update(&cause, |tx| {
            if tx.get::<ReturnedLogin>(&id)?.is_some() {
                return Ok(false);
            }
            tx.insert(&ReturnedLogin { id: id.clone(), created: tx.now() })?;
            Ok(true)
        })
        .await
}

/// The user that somebody is, made when it comes for the first time, with the rights that its groups give it now. Who is
/// in no group any more loses rights and sessions.
///
/// # Errors
/// [`NotAdmitted`].
pub async fn admit(tables: &Tables, person: &Person<'_>) -> Result<User, NotAdmitted> {
    let id = hash("identity", &[person.issuer, person.subject]);
    let known = known(&tables.view().await?, &id)?;
    let named = person.provider.username(person.claims);
    let username = known.map(|user| user.username).or_else(|| named.map(str::to_owned));
    let username = username.unwrap_or_else(|| person.subject.to_owned());
    let tables = tables.on_behalf(Origin { username, source: person.source.clone() });
    let cause = cause(&Actor::Anonymous, "login.oidc");
    let admitted = tables.update(&cause, |tx| admitted(tx, person, &id));
    admitted.await?
}

/// What administrators are told of a login that was refused.
#[must_use]
pub fn refused_event(
    provider: &OidcProvider,
    person: Option<&str>,
    from: Option<IpAddr>,
    reason: &str,
) -> NewEvent {
    let whose = person.map_or_else(String::new, |person| format!(" of {person:.150}"));
    let from = from.map_or_else(String::new, |from| format!(" from {from}"));
    let name = &provider.name;
    NewEvent {
        kind: "Authorisation",
        level: EventLevel::Audit,
        description: format!(
            "The login{whose} at OIDC provider {name:.150}{from} was refused: {reason:.300}."
        ),
    }
}

fn known(at: &View, id: &String) -> Result<Option<User>, TableError> {
    let Some(identity) = at.get::<ExternalIdentity>(id)? else { return Ok(None) };
    at.get::<User>(&identity.user)
}

/// An inner error is told when what goes with it is written.
fn admitted(
    tx: &mut Tx,
    person: &Person<'_>,
    id: &String,
) -> Result<Result<User, NotAdmitted>, NotAdmitted> {
    let identity = tx.get::<ExternalIdentity>(id)?;
    let user = match &identity {
        Some(identity) => tx.get::<User>(&identity.user)?,
        None => None,
    };
    let is_superuser = match (person.provider.admit(person.claims), &user) {
        (Admission::Superuser, _) => true,
        (Admission::User, _) => false,
        (Admission::Refused, None) => return Ok(Err(NotAdmitted::NoGroup)),
        (Admission::Refused, Some(user)) => {
            end_sessions(tx, user.id)?;
            with_rights(tx, user, false)?;
            return Ok(Err(NotAdmitted::NoGroup));
        }
    };
    let user = match user {
        Some(user) => with_rights(tx, &user, is_superuser)?,
        None => made(tx, person, is_superuser)?,
    };
    let provider = person.provider.id;
    let created =
        identity.as_ref().filter(|known| known.user == user.id).map(|known| known.created);
    let now = ExternalIdentity {
        id: id.clone(),
        issuer: person.issuer.to_owned(),
        subject: person.subject.to_owned(),
        user: user.id,
        provider,
        created: created.unwrap_or_else(|| tx.now()),
    };
    if identity.as_ref() != Some(&now) {
        tx.put(&now)?;
    }
    Ok(Ok(user))
}

fn with_rights(tx: &mut Tx, user: &User, is_superuser: bool) -> Result<User, TableError> {
    let now = User { is_superuser, ..user.clone() };
    if now != *user {
        tx.put(&now)?;
    }
    if !is_superuser {
        memberships::demote(tx, &now)?;
    }
    Ok(now)
}

fn made(tx: &mut Tx, person: &Person<'_>, is_superuser: bool) -> Result<User, NotAdmitted> {
    let name = person.provider.username(person.claims).ok_or(NotAdmitted::NoName)?;
    let email = person.claims.get("email").and_then(Value::as_str).unwrap_or_default();
    let named = |email: &str| NewUser {
        username: name.to_owned(),
        email: email.to_owned(),
        is_superuser,
        ..NewUser::default()
    };
    users::check(&named("")).map_err(|_| NotAdmitted::WrongName(shown(name)))?;
    if tx.find(&USER_BY_NAME, &name.to_owned())?.is_some() {
        return Err(NotAdmitted::NameTaken(name.to_owned()));
    }
    // A mail address is no proof of anything, and one that is none is left out.
    let new = if users::check(&named(email)).is_ok() { named(email) } else { named("") };
    Ok(users::insert(tx, &new, None)?)
}

/// A name that is none, as far as it can be shown.
fn shown(name: &str) -> String {
    name.chars().filter(|letter| !letter.is_control()).take(64).collect()
}

fn hash(purpose: &str, parts: &[&str]) -> String {
    let mut digest = Sha256::new();
    for part in std::iter::once(&purpose).chain(parts) {
        digest.update(part.len().to_be_bytes());
        digest.update(part);
    }
    let digest: [u8; 32] = digest.finalize().into();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
