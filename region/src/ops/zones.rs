//! Availability zones.

use model::error::Kind;
use model::id::AvailabilityZoneId;
use model::machine::Machine;
use model::zone::AvailabilityZone;

use crate::ops::bootstrap::DEFAULT_ZONE;
use crate::ops::error::Refusal;
use crate::ops::naming::Naming;
use crate::ops::specifiers;
use crate::tables::read::Reads;
use crate::tables::site::ZONE_BY_NAME;
use crate::tables::update::{Cause, Tables};

/// Makes a zone.
///
/// # Errors
/// [`Refusal`].
pub async fn create(
    tables: &Tables,
    cause: &Cause,
    naming: &Naming,
) -> Result<AvailabilityZone, Refusal> {
    let name = naming.required_name()?;
    tables
        .update(cause, |tx| {
            let id = AvailabilityZoneId(tx.next_id::<AvailabilityZone>()?);
            let description = naming.description.clone().unwrap_or_default();
            let zone = AvailabilityZone { id, name: name.clone(), description };
            tx.insert(&zone)?;
            Ok(zone)
        })
        .await
}

/// Changes a zone.
///
/// # Errors
/// [`Refusal`].
pub async fn update(
    tables: &Tables,
    cause: &Cause,
    specifier: &str,
    naming: &Naming,
) -> Result<AvailabilityZone, Refusal> {
    let name = naming.checked_name()?;
    tables
        .update(cause, |tx| {
            let zone = specifiers::zone(tx, specifier)?;
            let zone = AvailabilityZone {
                id: zone.id,
                name: name.clone().unwrap_or(zone.name),
                description: naming.description.clone().unwrap_or(zone.description),
            };
            tx.put(&zone)?;
            Ok(zone)
        })
        .await
}

/// Removes a zone; its machines move to the default one. A zone that is not there is no error, as
/// in MAAS.
///
/// # Errors
/// [`Refusal`] for the default zone.
pub async fn delete(tables: &Tables, cause: &Cause, name: &str) -> Result<(), Refusal> {
    tables
        .update(cause, |tx| {
            let Some(zone) = tx.find(&ZONE_BY_NAME, &name.to_owned())? else { return Ok(()) };
            if zone.id == DEFAULT_ZONE {
                let message = "This zone is the default zone, it cannot be deleted.";
                return Err(Refusal::said(Kind::Invalid, message));
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
