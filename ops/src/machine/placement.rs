//! A machine's zone, pool, domain and owner against those that are deleted meanwhile.
//!
//! Machines are moved all the time, and few zones are ever deleted. Who moves a machine marks where it
//! goes, which hinders nobody else who moves; who deletes depends on that mark, so that one of the two is
//! evaluated again.

use model::id::{AvailabilityZoneId, DomainId, ResourcePoolId, UserId};
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

/// Has a user who gets something not be deleted meanwhile.
///
/// # Errors
/// [`Refusal::NotFound`] when it is gone.
pub(crate) fn keep_user(tx: &mut Tx, user: UserId) -> Result<(), Refusal> {
    if tx.get::<User>(&user)?.is_none() {
        return Err(Refusal::NotFound { model: "User" });
    }
    tx.mark(&of_owner(user));
    Ok(())
}

/// The guard of what belongs to a user: machines, addresses and ranges.
pub(crate) fn of_owner(owner: UserId) -> String {
    format!("machines/owner/{owner}")
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
