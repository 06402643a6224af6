//! A device: something with a name and addresses that is never deployed: a switch, a printer, a container on a machine.
//!
//! Names, DHCP and filters know machines, and a device is to them like a machine that always boots by itself.

use serde::{Deserialize, Serialize};

use crate::id::{AvailabilityZoneId, DomainId, ResourcePoolId, SystemId, UserId};
use crate::machine::annotations::Annotations;
use crate::machine::hardware::Hardware;
use crate::machine::interface::{Interface, Link};
use crate::machine::lifecycle::{Lifecycle, Phase};
use crate::machine::power::Power;
use crate::machine::served::{ServedMachine, ServedPhase};
use crate::machine::{Machine, Placement};
use crate::time::Timestamp;

/// What machines have as their pool, and devices have not: the id of no pool.
const NO_POOL: ResourcePoolId = ResourcePoolId(u32::MAX);

/// The longest name of an interface, in characters: it becomes a label of a name.
const INTERFACE_NAME_MAX: usize = 63;

/// A device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// Its id, six characters; no machine or controller has the same.
    pub system_id: SystemId,
    /// Its label in its domain; no machine and no other device has it.
    pub hostname: String,
    /// Free text.
    pub description: String,
    /// The domain of its name.
    pub domain: DomainId,
    /// Its availability zone.
    pub zone: AvailabilityZoneId,
    /// Who made it.
    pub owner: Option<UserId>,
    /// The machine or device that it goes with.
    pub parent: Option<SystemId>,
    /// What its owner noted of it (MAAS: workload annotations).
    pub annotations: Annotations,
    /// Its network interfaces, in the order in which they were added.
    pub interfaces: Vec<Interface>,
    /// When it was made.
    pub created: Timestamp,
    /// When it last changed.
    pub updated: Timestamp,
}

impl Device {
    /// What finds and filters machines finds and filters devices in this form.
    #[must_use]
    pub fn as_machine(&self) -> Machine {
        Machine {
            system_id: self.system_id.clone(),
            hostname: self.hostname.clone(),
            description: self.description.clone(),
            placement: Placement {
                domain: self.domain,
                zone: self.zone,
                pool: NO_POOL,
                owner: self.owner,
                ..Placement::default()
            },
            lifecycle: Lifecycle::default(),
            power: Power::default(),
            hardware: Hardware::default(),
            interfaces: self.interfaces.clone(),
            block_devices: Vec::new(),
            storage: crate::machine::storage::Storage::default(),
            deployment: None,
            created: self.created,
            updated: self.updated,
        }
    }

    /// What racks serve of it.
    #[must_use]
    pub fn served(&self) -> ServedMachine {
        served(&self.as_machine())
    }

    /// The links of all of its interfaces.
    pub fn links(&self) -> impl Iterator<Item = &Link> {
        self.interfaces.iter().flat_map(|interface| &interface.links)
    }
}

/// What racks serve of a device that is found [as a machine](Device::as_machine).
#[must_use]
pub fn served(device: &Machine) -> ServedMachine {
    ServedMachine {
        phase: ServedPhase::Known(Phase::Deployed),
        boots_own_disk: true,
        ..ServedMachine::of(device)
    }
}

/// Whether a text can be the name of an interface.
#[must_use]
pub fn is_interface_name(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
    (1..=INTERFACE_NAME_MAX).contains(&text.len()) && text.chars().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mac::MacAddress;
    use crate::machine::interface::stack::next_name;

    fn device(names: &[&str]) -> Device {
        let interface = |(at, name): (u8, &&str)| {
            let mac = MacAddress([2, 0, 0, 0, 0, at]);
            Interface { name: (*name).to_owned(), ..Interface::of_mac(mac) }
        };
        Device {
            system_id: SystemId::from_number(1),
            hostname: "switch".to_owned(),
            description: String::new(),
            domain: DomainId(3),
            zone: AvailabilityZoneId(1),
            owner: None,
            parent: None,
            annotations: Annotations::default(),
            interfaces: (0..).zip(names).map(interface).collect(),
            created: Timestamp::default(),
            updated: Timestamp::default(),
        }
    }

    #[test]
    fn racks_see_a_machine_that_boots_by_itself() {
        let served = device(&["eth0"]).served();
        assert!(served.boots_locally());
        assert_eq!((served.hostname.as_str(), served.domain), ("switch", DomainId(3)));
        assert_eq!(served.interfaces.len(), 1);
    }

    #[test]
    fn interfaces_without_a_name_get_the_first_free_one() {
        let next = |names: &[&str]| next_name(&device(names).interfaces);
        assert_eq!(next(&[]), "eth0");
        assert_eq!(next(&["eth1", "eth0", "eth3"]), "eth2");
        assert_eq!(next(&["wlan0"]), "eth0");
    }

    #[test]
    fn names_with_blanks_or_slashes_are_refused() {
        for right in ["eth0", "eth0.5", "br-a:1", "x_y"] {
            assert!(is_interface_name(right), "{right}");
        }
        for wrong in ["", "a b", "a/b", "ä", &"a".repeat(64)] {
            assert!(!is_interface_name(wrong), "{wrong}");
        }
    }
}
