//! A machine's zone, pool, domain and owner against those that are deleted meanwhile; a device's alike, and its parent.
//!
//! Machines are moved all the time, and few zones are ever deleted. Who moves a machine marks where it
//! goes, which hinders nobody else who moves; who deletes depends on that mark, so that one of the two is
//! evaluated again.

use model::id::{AvailabilityZoneId, DomainId, ResourcePoolId, SystemId, UserId};
use model::machine::Placement;
use model::user::User;

use crate::error::Refusal;
use tables::read::Reads;
use tables::tx::Tx;

/// Marks where a machine goes.
pub(crate) fn mark(tx: &mut Tx, before: Option<&Placement>, after: &Placement) {
    if before.is_none_or(|before| before.zone != after.zone) {
        tx.mark(&of_zone(after.zone));
    }
    if before.is_none_or(|before| before.pool != after.pool) {
        tx.mark(&of_pool(after.pool));
    }
    if before.is_none_or(|before| before.domain != after.domain) {
        tx.mark(&of_domain(after.domain));
    }
}

/// Gives a user something: one that is deleted meanwhile gets nothing.
pub(crate) fn give_to(tx: &mut Tx, user: UserId) -> Result<(), Refusal> {
    if tx.get::<User>(&user)?.is_none() {
        return Err(Refusal::NotFound { model: "User" });
    }
    tx.mark(&of_owner(user));
    Ok(())
}

/// The guard of what a user has: machines, devices, addresses, IP ranges, keys, files, messages.
pub(crate) fn of_owner(owner: UserId) -> String {
    format!("machines/owner/{owner}")
}

/// The guard of the devices that go with a node.
pub(crate) fn of_parent(parent: &SystemId) -> String {
    format!("devices/parent/{parent}")
}

/// The guard of the machines in a zone.
pub(crate) fn of_zone(zone: AvailabilityZoneId) -> String {
    format!("machines/zone/{zone}")
}

/// The guard of the machines in a pool.
pub(crate) fn of_pool(pool: ResourcePoolId) -> String {
    format!("machines/pool/{pool}")
}

/// The guard of the machines in a domain.
pub(crate) fn of_domain(domain: DomainId) -> String {
    format!("machines/domain/{domain}")
}
