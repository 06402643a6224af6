//! PCI and USB devices in machines, as they were found when the machine was examined last.

use model::access::{Actor, Object, Permission, permits};
use model::id::SystemId;
use model::machine::Machine;
use model::machine::hardware::Device;

use crate::authorize::cause;
use crate::error::Refusal;
use crate::machine::nodes::{self, NodeDetail};
use crate::machine::{machines, step};
use tables::update::Tables;

/// A device that is none.
const NOT_FOUND: Refusal = Refusal::NotFound { model: "NodeDevice" };

/// The devices in a node that the actor may read; only machines are examined.
///
/// # Errors
/// [`Refusal`].
pub async fn list(tables: &Tables, actor: &Actor, id: &SystemId) -> Result<Vec<Device>, Refusal> {
    match nodes::get(tables, actor, id).await? {
        NodeDetail::Machine(found) => Ok(found.machine.hardware.devices),
        NodeDetail::Device(_) | NodeDetail::Rack(_) | NodeDetail::Region(_) => Ok(Vec::new()),
    }
}

/// A device by its number, its PCI address, or its place on a USB bus.
///
/// # Errors
/// [`Refusal`].
pub async fn get(
    tables: &Tables,
    actor: &Actor,
    id: &SystemId,
    device: &str,
) -> Result<Device, Refusal> {
    let found = list(tables, actor, id).await?.into_iter().find(|found| is_meant(found, device));
    found.ok_or(NOT_FOUND)
}

/// Forgets a device; it is back when the machine is examined and still has it.
///
/// # Errors
/// [`Refusal`].
pub async fn delete(
    tables: &Tables,
    actor: &Actor,
    id: &SystemId,
    device: &str,
) -> Result<(), Refusal> {
    let cause = cause(actor, "machine.device.delete");
    // A node of another kind has none.
    get(tables, actor, id, device).await?;
    tables
        .update(&cause, |tx| {
            let mut machine: Machine = machines::find(tx, id)?;
            permits(actor, Permission::EditMachine, &Object::of(&machine))?;
            let devices = &mut machine.hardware.devices;
            let before = devices.len();
            devices.retain(|found| !is_meant(found, device));
            if devices.len() == before {
                return Err(NOT_FOUND);
            }
            Ok(step::write(tx, &mut machine)?)
        })
        .await
}

fn is_meant(device: &Device, wanted: &str) -> bool {
    let place = device.place();
    let is_there = |(bus, number): (&str, &str)| {
        bus.parse() == Ok(place.bus) && number.parse() == Ok(place.device)
    };
    device.address == wanted
        || wanted.parse() == Ok(place.number)
        || (device.bus == "usb" && wanted.split_once(':').is_some_and(is_there))
}
