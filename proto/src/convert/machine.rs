//! `RackMachine` on the wire: the part of a machine that racks serve from.

use model::id::{DomainId, VlanId};
use model::machine::hardware::Firmware;
use model::machine::lifecycle::Phase;
use model::machine::served::{ServedInterface, ServedMachine};

use super::address::{ip_to_bytes, ips_from_bytes, mac_from_bytes, mac_to_bytes};
use super::error::{ConvertError, parse_text};
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
            uuid,
            phase,
            boots_own_disk,
            interfaces,
        } = machine;
        Self {
            system_id: system_id.to_string(),
            hostname: hostname.clone(),
            domain: domain.0,
            architecture: architecture.clone(),
            interfaces: interfaces.iter().map(rack::RackInterface::from).collect(),
            boots_own_disk: *boots_own_disk,
            phase: phase_name(*phase).to_owned(),
            uuid: uuid.clone(),
            uefi: match firmware {
                Firmware::Bios => false,
                Firmware::Uefi => true,
            },
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

impl TryFrom<rack::RackMachine> for ServedMachine {
    type Error = ConvertError;

    fn try_from(machine: rack::RackMachine) -> Result<Self, Self::Error> {
        let interfaces = machine.interfaces.into_iter().map(ServedInterface::try_from);
        Ok(Self {
            system_id: parse_text(MESSAGE, "system_id", &machine.system_id)?,
            hostname: machine.hostname,
            domain: DomainId(machine.domain),
            architecture: machine.architecture,
            firmware: if machine.uefi { Firmware::Uefi } else { Firmware::Bios },
            uuid: machine.uuid,
            phase: phase_of(&machine.phase)?,
            boots_own_disk: machine.boots_own_disk,
            interfaces: interfaces.collect::<Result<_, _>>()?,
        })
    }
}

impl TryFrom<rack::RackInterface> for ServedInterface {
    type Error = ConvertError;

    fn try_from(interface: rack::RackInterface) -> Result<Self, Self::Error> {
        Ok(Self {
            name: interface.name,
            mac: mac_from_bytes("RackInterface", "mac", &interface.mac)?,
            vlan: interface.vlan.map(VlanId),
            boot: interface.boot,
            addresses: ips_from_bytes("RackInterface", "addresses", &interface.addresses)?,
        })
    }
}

const PHASES: [(Phase, &str); 14] = [
    (Phase::New, "new"),
    (Phase::Commissioning, "commissioning"),
    (Phase::Testing, "testing"),
    (Phase::Ready, "ready"),
    (Phase::Allocated, "allocated"),
    (Phase::Deploying, "deploying"),
    (Phase::Deployed, "deployed"),
    (Phase::Releasing, "releasing"),
    (Phase::DiskErasing, "disk-erasing"),
    (Phase::Broken, "broken"),
    (Phase::Rescue, "rescue"),
    (Phase::Reserved, "reserved"),
    (Phase::Retired, "retired"),
    (Phase::Missing, "missing"),
];

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

fn phase_of(name: &str) -> Result<Phase, ConvertError> {
    PHASES
        .iter()
        .find(|(_, text)| *text == name)
        .map(|(phase, _)| *phase)
        .ok_or_else(|| ConvertError::invalid(MESSAGE, "phase")(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_phase_is_read_back() {
        for (phase, name) in PHASES {
            assert_eq!(phase_name(phase), name);
            assert_eq!(phase_of(name), Ok(phase));
        }
    }
}
