//! Availability zones: how one is removed. The rest is that of all groups.

use model::access::{Actor, Permission};
use model::device::Device;
use model::error::Kind;
use model::machine::Machine;
use model::zone::AvailabilityZone;

use crate::authorize::authorize;
use crate::cluster::bootstrap::DEFAULT_ZONE;
use crate::error::Refusal;
use crate::machine::placement;
use tables::read::Reads;
use tables::site::ZONE_BY_NAME;
use tables::tx::Tx;
use tables::update::Tables;
use tables::views::machines::MachineKey;

/// Removes a zone; its machines and devices move to the default one. A zone that is not there is no error, as
/// in MAAS.
///
/// # Errors
/// [`Refusal`] for the default zone.
pub async fn delete(tables: &Tables, actor: &Actor, name: &str) -> Result<(), Refusal> {
    let cause = authorize(actor, Permission::ManageGroups, "zone.delete")?;
    tables.update(&cause, |tx| remove(tx, name)).await
}

/// The same within a transaction.
///
/// # Errors
/// As [`delete`].
pub fn remove(tx: &mut Tx, name: &str) -> Result<(), Refusal> {
    let Some(zone) = tx.find(&ZONE_BY_NAME, &name.to_owned())? else { return Ok(()) };
    if zone.id == DEFAULT_ZONE {
        let message = "This zone is the default zone, it cannot be deleted.";
        return Err(Refusal::with_message(Kind::Invalid, message));
    }
    tx.depend_on(&placement::of_zone(zone.id));
    for id in tx.state().ids_with(&MachineKey::Zone(zone.id)) {
        let Some(mut machine) = tx.get::<Machine>(&id)? else { continue };
        if machine.placement.zone == zone.id {
            machine.placement.zone = DEFAULT_ZONE;
            tx.put(&machine)?;
        }
    }
    for id in tx.state().devices().ids_with(&MachineKey::Zone(zone.id)) {
        let Some(mut device) = tx.get::<Device>(&id)? else { continue };
        if device.zone == zone.id {
            device.zone = DEFAULT_ZONE;
            tx.put(&device)?;
        }
    }
    tx.delete::<AvailabilityZone>(&zone.id)?;
    Ok(())
}
