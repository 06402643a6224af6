//! Availability zones: how one is removed. The rest is that of all groups.

use model::access::{Actor, Permission};
use model::error::Kind;
use model::machine::Machine;
use model::zone::AvailabilityZone;

use crate::authorize::authorize;
use crate::cluster::bootstrap::DEFAULT_ZONE;
use crate::error::Refusal;
use tables::read::Reads;
use tables::site::ZONE_BY_NAME;
use tables::update::Tables;

/// Removes a zone; its machines move to the default one. A zone that is not there is no error, as
/// in MAAS.
///
/// # Errors
/// [`Refusal`] for the default zone.
pub async fn delete(tables: &Tables, actor: &Actor, name: &str) -> Result<(), Refusal> {
    let cause = authorize(actor, Permission::ManageGroups, "zone.delete")?;
    tables
        .update(&cause, |tx| {
            let Some(zone) = tx.find(&ZONE_BY_NAME, &name.to_owned())? else { return Ok(()) };
            if zone.id == DEFAULT_ZONE {
                let message = "This zone is the default zone, it cannot be deleted.";
                return Err(Refusal::with_message(Kind::Invalid, message));
            }
            for mut machine in tx.list::<Machine>()? {
                if machine.placement.zone == zone.id {
                    machine.placement.zone = DEFAULT_ZONE;
                    tx.put(&machine)?;
                }
            }
            tx.delete::<AvailabilityZone>(&zone.id)?;
            Ok(())
        })
        .await
}
