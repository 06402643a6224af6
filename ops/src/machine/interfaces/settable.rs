//! What can be set of which interface: of those of devices, of deployed machines, of bonds and bridges.

use model::id::InterfaceId;
use model::machine::interface::{Kind, stack};
use model::machine::status::Status;

use crate::error::Refusal;
use crate::machine::interfaces::edit::Editing;
use crate::machine::interfaces::wanted::{BondChange, BridgeChange, CardChange, InterfaceChange};

/// What is said of what devices have not.
const NO_DEVICE: &str =
    "Devices are not configured: leave it out, and set it on the device itself.";

/// What is said of what cannot be changed any more.
const DEPLOYED: &str = "The machine is deployed: only the name, the hardware address and the link of an interface can be \
                        changed.";

/// Whether what is wanted can be set of such an interface.
pub(super) fn check_fields(
    node: &Editing,
    id: InterfaceId,
    wanted: &InterfaceChange,
) -> Result<(), Refusal> {
    if node.is_device() {
        check_of_device(wanted)?;
    }
    if node.status() == Some(Status::Deployed) {
        check_of_deployed(wanted)?;
    }
    let Some(interface) = stack::find(&node.interfaces, id) else { return Ok(()) };
    let (kind, is_physical) = (&interface.kind, interface.kind.is_physical());
    let misplaced = [
        (wanted.bond != BondChange::default() && !matches!(kind, Kind::Bond(_)), "bond_mode"),
        (
            wanted.bridge != BridgeChange::default() && !matches!(kind, Kind::Bridge(_)),
            "bridge_type",
        ),
        (
            wanted.enabled.is_some_and(|enabled| enabled != interface.enabled) && !is_physical,
            "enabled",
        ),
        (wanted.card.numa_node.is_some() && !is_physical, "numa_node"),
    ];
    match misplaced.iter().find(|(is_so, _)| *is_so) {
        Some((_, field)) => {
            let message = format!("A {} interface has none of that: leave it out.", kind.word());
            Err(Refusal::field(field, message))
        }
        None => Ok(()),
    }
}

/// Whether what is wanted can be set of an interface of a device.
pub(super) fn check_of_device(wanted: &InterfaceChange) -> Result<(), Refusal> {
    let CardChange { interface_speed, numa_node, .. } = wanted.card;
    let refused = [
        (wanted.mtu.flatten().is_some(), "mtu"),
        (wanted.accept_ra.flatten() == Some(true), "accept_ra"),
        (interface_speed.is_some_and(|speed| speed > 0), "interface_speed"),
        (numa_node.is_some_and(|node| node > 0), "numa_node"),
    ];
    if let Some((_, field)) = refused.iter().find(|(is_so, _)| *is_so) {
        return Err(Refusal::field(field, NO_DEVICE));
    }
    if wanted.enabled == Some(false) {
        let message = "Interfaces of devices are enabled: leave it out.";
        return Err(Refusal::field("enabled", message));
    }
    Ok(())
}

fn check_of_deployed(wanted: &InterfaceChange) -> Result<(), Refusal> {
    let refused = [
        (wanted.tags.is_some(), "tags"),
        (wanted.vlan.is_some(), "vlan"),
        (wanted.enabled.is_some(), "enabled"),
        (wanted.parents.is_some(), "parents"),
        (wanted.mtu.is_some(), "mtu"),
        (wanted.accept_ra.is_some(), "accept_ra"),
        (wanted.card.numa_node.is_some(), "numa_node"),
        (wanted.bond != BondChange::default(), "bond_mode"),
        (wanted.bridge != BridgeChange::default(), "bridge_type"),
    ];
    match refused.iter().find(|(is_so, _)| *is_so) {
        Some((_, field)) => Err(Refusal::field(field, DEPLOYED)),
        None => Ok(()),
    }
}
