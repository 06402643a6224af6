//! Asks the model whether an actor may do something, and turns the actor into the cause that the
//! history keeps: the one place where either happens.

use std::net::IpAddr;

use identity::Role;
use model::access::{Actor, Denied, Object, Permission, permits};
use model::request::Source;
use tables::audit::Origin;
use tables::update::{Cause, Tables};

use crate::machine::step::Author;

/// Who and why, for a change of the site or of an object that belongs to nobody.
///
/// # Errors
/// [`Denied`] when the actor may not.
pub fn authorize(
    actor: &Actor,
    permission: Permission,
    reason: &'static str,
) -> Result<Cause, Denied> {
    permits(actor, permission, &Object::Site)?;
    Ok(cause(actor, reason))
}

/// Who and why, for a change whose permission depends on the object: the operation asks for it
/// where it reads the object.
#[must_use]
pub fn cause(actor: &Actor, reason: &'static str) -> Cause {
    Cause::new(actor.to_string(), reason)
}

/// The tables for what a user asks for from there: what it changes is told in an event. For others it is not.
#[must_use]
pub fn on_behalf(tables: &Tables, actor: &Actor, source: &Source) -> Tables {
    match author(actor) {
        Author::User(username) => {
            let (username, source) = (username.to_owned(), source.clone());
            tables.on_behalf(Origin { username, source })
        }
        Author::System => tables.clone(),
    }
}

/// The tables for what an operator asks a region for with the certificate of a node: what it changes is told in an event, in
/// the name that the history has for the node, `region:1`.
#[must_use]
pub fn on_behalf_of_node(tables: &Tables, actor: &Actor, from: Option<IpAddr>) -> Tables {
    tables.on_behalf(Origin { username: actor.to_string(), source: from.into() })
}

/// A node as the actor that it is; none when its name is no node's.
#[must_use]
pub fn actor_of(role: &Role) -> Option<Actor> {
    match role {
        Role::Region { node_id } => Some(Actor::Region(*node_id)),
        Role::Rack { system_id } => system_id.parse().ok().map(Actor::Rack),
    }
}

/// Asks whether an actor may do something for a node.
///
/// # Errors
/// [`Denied`] when the actor may not, or the name is no node's.
pub(crate) fn permit_for_node(
    actor: &Actor,
    permission: Permission,
    node: &Role,
) -> Result<(), Denied> {
    match actor_of(node) {
        Some(Actor::Region(node_id)) => permits(actor, permission, &Object::Region { node_id }),
        Some(Actor::Rack(id)) => permits(actor, permission, &Object::Rack { id: &id }),
        Some(_) | None => Err(Denied { permission, role: actor.role() }),
    }
}

/// The actor as events name it: users by name, everybody else not at all.
pub(crate) fn author(actor: &Actor) -> Author<'_> {
    match actor {
        Actor::User(user, _) => Author::User(&user.username),
        Actor::Anonymous
        | Actor::Machine(_)
        | Actor::Agent(_)
        | Actor::Rack(_)
        | Actor::Region(_)
        | Actor::Joining
        | Actor::Setup
        | Actor::Reconciler(_) => Author::System,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use model::id::UserId;
    use model::time::Timestamp;
    use model::user::User;

    use super::*;

    /// A superuser.
    pub(crate) fn administrator() -> Actor {
        Actor::without_groups(User {
            id: UserId(1),
            username: "admin".to_owned(),
            email: String::new(),
            is_superuser: true,
            password_hash: None,
            created: Timestamp::default(),
        })
    }
}
