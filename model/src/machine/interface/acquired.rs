//! Bridges that a machine has only while somebody has it: `bridge_all` makes one over each configured interface when the
//! machine is allocated or deployed, and they go when it is given back.

use crate::id::InterfaceId;
use crate::machine::interface::bridge::Bridge;
use crate::machine::interface::stack::{is_enabled, is_replaced};
use crate::machine::interface::{Interface, Kind, Settings};

/// The longest name of an interface that Linux takes, in bytes.
const NAME_MAX: usize = 15;

/// The interfaces that `bridge_all` makes bridges over: all that give the machine an address and are no bridges.
#[must_use]
pub fn to_be_bridged(all: &[Interface]) -> Vec<InterfaceId> {
    let wanted = |interface: &&Interface| {
        !matches!(interface.kind, Kind::Bridge(_))
            && is_enabled(all, interface)
            && interface.is_configured()
            && !is_replaced(all, interface.id)
    };
    all.iter().filter(wanted).map(|interface| interface.id).collect()
}

/// Puts a bridge over an interface: it takes over the links, and what else makes the interface known.
pub fn put_over(all: &mut Vec<Interface>, port: InterfaceId, id: InterfaceId, bridge: Bridge) {
    let name = bridge_name(all, port);
    let Some(under) = all.iter_mut().find(|interface| interface.id == port) else { return };
    let over = Interface {
        id,
        name,
        kind: Kind::Bridge(Bridge { acquired: true, ..bridge }),
        parents: vec![port],
        vlan: under.vlan,
        settings: Settings { mtu: under.settings.mtu, accept_ra: None },
        links: std::mem::take(&mut under.links),
        ..Interface::of_mac(under.mac)
    };
    all.push(over);
}

/// Takes the bridges away that the machine has only while somebody has it; their links go back to where they were.
pub fn take_down(all: &mut Vec<Interface>) {
    let is_acquired = |interface: &Interface| match interface.kind {
        Kind::Bridge(bridge) => bridge.acquired,
        Kind::Physical | Kind::Bond(_) | Kind::Vlan | Kind::Unknown => false,
    };
    while let Some(position) = all.iter().position(is_acquired) {
        let gone = all.remove(position);
        let port = gone.parents.first().copied();
        if let Some(under) = all.iter_mut().find(|interface| Some(interface.id) == port) {
            under.links.extend(gone.links);
        }
        // What was put upon it meanwhile, a VLAN interface, stands on what it was over.
        for interface in all.iter_mut() {
            for parent in interface.parents.iter_mut().filter(|parent| **parent == gone.id) {
                *parent = port.unwrap_or(*parent);
            }
        }
    }
}

/// The name of a bridge over an interface: `br-eth0`, shortened as Juju does where that is too long for Linux.
fn bridge_name(all: &[Interface], port: InterfaceId) -> String {
    let under = all.iter().find(|interface| interface.id == port);
    let name = under.map(|interface| interface.name.as_str()).unwrap_or_default();
    let short = name.strip_prefix("en").unwrap_or(name);
    let tail: String = name.chars().skip(name.chars().count().saturating_sub(6)).collect();
    let hashed = format!("b-{:06x}-{tail}", crc32(name.as_bytes()) & 0xff_ffff);
    let candidates = [format!("br-{name}"), format!("b-{short}"), hashed];
    let is_fit = |name: &&String| {
        name.len() <= NAME_MAX && all.iter().all(|interface| interface.name != **name)
    };
    let fit = candidates.iter().find(is_fit).cloned();
    fit.unwrap_or_else(|| format!("b-{}-{port}", &candidates[2][2..8]))
}

/// The CRC-32 of zip and Ethernet.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
    !bytes.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step))
}
