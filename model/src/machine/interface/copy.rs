//! The network of one machine on the hardware of another one.

use std::collections::BTreeMap;

use crate::id::InterfaceId;
use crate::mac::MacAddress;
use crate::machine::interface::acquired::take_down;
use crate::machine::interface::stack::{ancestors, find, reset};
use crate::machine::interface::{Interface, Link, LinkMode};

/// The network of a machine that is copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network(Vec<Interface>);

impl Network {
    /// That of a machine with these interfaces, without what it has for who has it.
    #[must_use]
    pub fn of(interfaces: &[Interface]) -> Self {
        let mut copied = interfaces.to_vec();
        take_down(&mut copied);
        Self(copied)
    }

    /// How many new numbers of interfaces and links a copy needs.
    #[must_use]
    pub fn numbers(&self) -> usize {
        let needed = |one: &Interface| one.links.len() + usize::from(!one.kind.is_physical());
        self.0.iter().map(needed).sum()
    }

    /// Gives it to a machine: hardware of the same name is set alike, and what is made of it is made anew.
    pub fn copy_to(&self, to: &mut Vec<Interface>, numbers: Vec<u32>) {
        let mut numbers = numbers.into_iter();
        reset(to);
        let mut ids: BTreeMap<InterfaceId, InterfaceId> = BTreeMap::new();
        let mut macs: BTreeMap<MacAddress, MacAddress> = BTreeMap::new();
        let (hardware, made): (Vec<&Interface>, Vec<&Interface>) =
            self.0.iter().partition(|one| one.kind.is_physical());
        for one in hardware {
            if let Some(other) = to.iter_mut().find(|other| other.name == one.name) {
                set_alike(other, one, &mut numbers);
                ids.insert(one.id, other.id);
                macs.insert(one.mac, other.mac);
            }
        }
        ids.extend(made.iter().map(|one| one.id).zip(numbers.by_ref().map(InterfaceId)));
        for one in made {
            let of_hardware = |id: &InterfaceId| macs.get(&find(&self.0, *id)?.mac).copied();
            let below = ancestors(&self.0, one.id);
            // No two machines have one hardware address, whatever was set of the first one.
            let mac = macs.get(&one.mac).copied().or_else(|| below.iter().find_map(of_hardware));
            let (Some(mac), Some(id)) = (mac, ids.get(&one.id).copied()) else { continue };
            let parents = one.parents.iter().filter_map(|id| ids.get(id).copied()).collect();
            let mut other = Interface {
                id,
                name: one.name.clone(),
                kind: one.kind.clone(),
                parents,
                tags: one.tags.clone(),
                ..Interface::of_mac(mac)
            };
            set_alike(&mut other, one, &mut numbers);
            to.push(other);
        }
    }
}

/// An address belongs to one machine, so that a link with a fixed one becomes one that gets another at deployment.
fn set_alike(to: &mut Interface, from: &Interface, numbers: &mut impl Iterator<Item = u32>) {
    to.vlan = from.vlan;
    to.enabled = from.enabled;
    to.settings = from.settings;
    to.links = from
        .links
        .iter()
        .zip(numbers)
        .map(|(link, number)| {
            let mode = if link.mode == LinkMode::Static { LinkMode::Auto } else { link.mode };
            let copy = Link::new(number, mode, link.subnet);
            Link { default_gateway: link.default_gateway, ..copy }
        })
        .collect();
}
