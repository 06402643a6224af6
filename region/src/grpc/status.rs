//! What the services for regions and operators have in common: who may ask, and how a refusal is
//! said.

use identity::PeerIdentity;
use model::access::Actor;
use model::error::Kind;
use ops::authorize::{actor_of, on_behalf_of_node};
use tables::update::Tables;
use tonic::{Request, Status};

/// The region that calls, also for the operator on its host; refuses everybody else.
pub(crate) fn only_regions<T>(request: &Request<T>) -> Result<Actor, Status> {
    match PeerIdentity::region_of(request) {
        Some(node_id) => Ok(Actor::Region(node_id)),
        None => Err(Status::permission_denied("only regions may ask this")),
    }
}

/// The tables for what the operator at a region asks for: what it changes is told in an event, with who and from where.
pub(crate) fn on_behalf<T>(tables: &Tables, actor: &Actor, request: &Request<T>) -> Tables {
    on_behalf_of_node(tables, actor, PeerIdentity::address_of(request))
}

/// The node that calls, and as which actor.
pub(crate) fn any_node<T>(request: &Request<T>) -> Result<(Actor, PeerIdentity), Status> {
    let peer = PeerIdentity::of(request).cloned();
    let peer = peer.ok_or_else(|| Status::unauthenticated("no client certificate"))?;
    let unnamed = || Status::permission_denied(format!("{peer} is no name of a node"));
    let actor = actor_of(&peer.role).ok_or_else(unnamed)?;
    Ok((actor, peer))
}

/// A refusal of this kind.
pub(crate) fn of_kind(kind: Kind, message: String) -> Status {
    match kind {
        Kind::Invalid => Status::invalid_argument(message),
        Kind::NotFound => Status::not_found(message),
        Kind::Exists => Status::already_exists(message),
        Kind::Conflict => Status::aborted(message),
        Kind::Exhausted => Status::resource_exhausted(message),
        Kind::Forbidden => Status::permission_denied(message),
        Kind::Unauthenticated => Status::unauthenticated(message),
        Kind::Unavailable | Kind::NotLeader => Status::unavailable(message),
        Kind::Internal => Status::internal(message),
    }
}
