//! `RackMachine` on the wire: the part of a machine that racks serve from.

use model::id::{DomainId, VlanId};
use model::machine::hardware::Firmware;
use model::machine::lifecycle::Phase;
use model::machine::served::{ServedInterface, ServedMachine, ServedPhase};

use super::address::{ip_to_bytes, known_ips, mac_from_bytes, mac_to_bytes};
use super::error::{ConvertError, parse_text};
use super::unknown::Unknown;
use crate::rack;

const MESSAGE: &str = "RackMachine";

impl From<&ServedMachine> for rack::RackMachine {
    fn from(machine: &ServedMachine) -> Self {
        let ServedMachine {
            system_id,
            hostname,
            domain,
            architecture,
            firmware,
            secure_boot,
            uuid,
            phase,
            boots_own_disk,
            interfaces,
            tags,
        } = machine;
        Self {
            system_id: system_id.to_string(),
            hostname: hostname.clone(),
            domain: domain.0,
            architecture: architecture.clone(),
            interfaces: interfaces.iter().map(rack::RackInterface::from).collect(),
            boots_own_disk: *boots_own_disk,
            phase: match phase {
                ServedPhase::Known(phase) => phase_name(*phase).to_owned(),
                ServedPhase::Unknown(name) => name.clone(),
            },
            uuid: uuid.clone(),
            uefi: match firmware {
                Firmware::Bios => false,
                Firmware::Uefi => true,
            },
            secure_boot: *secure_boot,
            tags: tags.clone(),
        }
    }
}

impl From<&ServedInterface> for rack::RackInterface {
    fn from(interface: &ServedInterface) -> Self {
        let ServedInterface { name, mac, vlan, boot, addresses } = interface;
        Self {
            name: name.clone(),
            mac: mac_to_bytes(*mac),
            vlan: vlan.map(|id| id.0),
            boot: *boot,
            addresses: addresses.iter().map(|&ip| ip_to_bytes(ip)).collect(),
        }
    }
}

/// The machine, with what is known of it.
pub(super) fn machine(
    machine: rack::RackMachine,
    unknown: &mut Vec<Unknown>,
) -> Result<ServedMachine, ConvertError> {
    let phase = phase_of(&machine.phase).map_or_else(
        || {
            unknown.push(Unknown::new(MESSAGE, "phase", &machine.phase));
            ServedPhase::Unknown(machine.phase.clone())
        },
        ServedPhase::Known,
    );
    Ok(ServedMachine {
        system_id: parse_text(MESSAGE, "system_id", &machine.system_id)?,
        hostname: machine.hostname,
        domain: DomainId(machine.domain),
        architecture: machine.architecture,
        firmware: if machine.uefi { Firmware::Uefi } else { Firmware::Bios },
        secure_boot: machine.secure_boot,
        uuid: machine.uuid,
        phase,
        boots_own_disk: machine.boots_own_disk,
        interfaces: machine
            .interfaces
            .into_iter()
            .filter_map(|one| interface(one, unknown))
            .collect(),
        tags: machine.tags,
    })
}

fn interface(
    interface: rack::RackInterface,
    unknown: &mut Vec<Unknown>,
) -> Option<ServedInterface> {
    const MESSAGE: &str = "RackInterface";
    let Ok(mac) = mac_from_bytes(MESSAGE, "mac", &interface.mac) else {
        let mac = format_args!("{:02x?}", interface.mac).to_string();
        unknown.push(Unknown::new(MESSAGE, "mac", mac));
        return None;
    };
    Some(ServedInterface {
        name: interface.name,
        mac,
        vlan: interface.vlan.map(VlanId),
        boot: interface.boot,
        addresses: known_ips(MESSAGE, "addresses", &interface.addresses, unknown),
    })
}

fn phase_name(phase: Phase) -> &'static str {
    match phase {
        Phase::New => "new",
        Phase::Commissioning => "commissioning",
        Phase::Testing => "testing",
        Phase::Ready => "ready",
        Phase::Allocated => "allocated",
        Phase::Deploying => "deploying",
        Phase::Deployed => "deployed",
        Phase::Releasing => "releasing",
        Phase::DiskErasing => "disk-erasing",
        Phase::Broken => "broken",
        Phase::Rescue => "rescue",
        Phase::Reserved => "reserved",
        Phase::Retired => "retired",
        Phase::Missing => "missing",
    }
}

fn phase_of(name: &str) -> Option<Phase> {
    Phase::ALL.into_iter().find(|phase| phase_name(*phase) == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_phase_is_read_back() {
        for phase in Phase::ALL {
            assert_eq!(phase_of(phase_name(phase)), Some(phase));
        }
        let mut names: Vec<&str> = Phase::ALL.into_iter().map(phase_name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Phase::ALL.len());
    }
}
