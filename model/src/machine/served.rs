//! What a rack needs of a machine to serve it (DHCP reservations, boot, names), and nothing secret.

use std::net::IpAddr;

use crate::boot::plan::{BootPlan, boot_plan};
use crate::id::{DomainId, SystemId, VlanId};
use crate::mac::MacAddress;
use crate::machine::Machine;
use crate::machine::hardware::Firmware;
use crate::machine::interface::Interface;
use crate::machine::interface::stack::{parents, replaced_by};
use crate::machine::lifecycle::Phase;

/// A machine as racks see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServedMachine {
    /// Its id.
    pub system_id: SystemId,
    /// Its label in its domain.
    pub hostname: String,
    /// The domain of its name.
    pub domain: DomainId,
    /// MAAS architecture, `amd64/generic`; empty before commissioning.
    pub architecture: String,
    /// How its firmware boots.
    pub firmware: Firmware,
    /// Whether its firmware has Secure Boot on; none when not known.
    pub secure_boot: Option<bool>,
    /// The SMBIOS UUID, empty when not known.
    pub uuid: String,
    /// Where it is in its life.
    pub phase: ServedPhase,
    /// Whether its next network boot leads to its own disk; otherwise to the ephemeral OS.
    pub boots_own_disk: bool,
    /// Its interfaces.
    pub interfaces: Vec<ServedInterface>,
    /// The tags that it carries, for their kernel options.
    pub tags: Vec<String>,
}

/// A machine's phase as racks see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServedPhase {
    /// One that this version knows.
    Known(Phase),
    /// One of a later version, as that one writes it.
    Unknown(String),
}

/// An interface of a machine as racks see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServedInterface {
    /// The kernel's name.
    pub name: String,
    /// Its hardware address.
    pub mac: MacAddress,
    /// The VLAN it is plugged into, once known.
    pub vlan: Option<VlanId>,
    /// Whether the machine last booted from it.
    pub boot: bool,
    /// Addresses that IPAM assigned or the user fixed: served as reservations.
    pub addresses: Vec<IpAddr>,
}

impl ServedMachine {
    /// The part of `machine` that racks serve from.
    #[must_use]
    pub fn of(machine: &Machine) -> Self {
        Self {
            system_id: machine.system_id.clone(),
            hostname: machine.hostname.clone(),
            domain: machine.placement.domain,
            architecture: machine.hardware.architecture.clone(),
            firmware: machine.hardware.firmware,
            secure_boot: machine.hardware.secure_boot,
            uuid: machine.hardware.uuid.clone(),
            phase: ServedPhase::Known(machine.lifecycle.phase),
            boots_own_disk: matches!(boot_plan(Some(machine)), BootPlan::LocalDisk),
            interfaces: ServedInterface::all_of(&machine.interfaces),
            tags: machine.placement.tags.clone(),
        }
    }

    /// Whether its next network boot leads to its own disk. So it does in a phase that this version
    /// does not know: whatever that phase is for, nothing here may touch the machine.
    #[must_use]
    pub fn boots_locally(&self) -> bool {
        self.boots_own_disk || matches!(self.phase, ServedPhase::Unknown(_))
    }

    /// The interface it boots from, or its first one while that is not known.
    #[must_use]
    pub fn boot_interface(&self) -> Option<&ServedInterface> {
        self.interfaces.iter().find(|interface| interface.boot).or_else(|| self.interfaces.first())
    }
}

/// Whether the machine boots from an interface, or from one that it stands for.
fn boots_from(all: &[Interface], interface: &Interface) -> bool {
    let mut at = interface;
    for _ in all {
        let same = |parent: &&Interface| at.kind.replaces_parents() && parent.mac == at.mac;
        match parents(all, at).find(same) {
            Some(parent) => at = parent,
            None => break,
        }
    }
    at.boot
}

impl ServedInterface {
    /// Those of a machine with these interfaces. A bond or bridge stands for the parent whose hardware address it has: the
    /// same packets come from both, and it has the addresses.
    #[must_use]
    pub fn all_of(all: &[Interface]) -> Vec<Self> {
        let stands_for_itself = |interface: &&Interface| {
            replaced_by(all, interface.id).is_none_or(|above| above.mac != interface.mac)
        };
        all.iter().filter(stands_for_itself).map(|one| Self::of(all, one)).collect()
    }

    fn of(all: &[Interface], interface: &Interface) -> Self {
        Self {
            name: interface.name.clone(),
            mac: interface.mac,
            vlan: interface.vlan,
            boot: boots_from(all, interface),
            addresses: interface.links.iter().filter_map(|link| link.ip_address).collect(),
        }
    }
}
