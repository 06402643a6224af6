//! Interfaces that are made of others, and what a change of one means for those above and below: a bond is the network
//! of its parents, a VLAN interface has the hardware address of what it is on, and no packet is larger than what
//! carries it.

use crate::id::{InterfaceId, VlanId};
use crate::mac::MacAddress;
use crate::machine::interface::{Interface, Kind, Link, LinkMode};

/// The MTU of an interface of which nothing else is known.
pub const DEFAULT_MTU: u16 = 1500;

/// An interface by its id.
#[must_use]
pub fn find(all: &[Interface], id: InterfaceId) -> Option<&Interface> {
    all.iter().find(|interface| interface.id == id)
}

fn find_mut(all: &mut [Interface], id: InterfaceId) -> Option<&mut Interface> {
    all.iter_mut().find(|interface| interface.id == id)
}

/// The first name `eth0`, `eth1`, … that no interface has.
#[must_use]
pub fn next_name(all: &[Interface]) -> String {
    let is_free = |name: &String| all.iter().all(|known| known.name != *name);
    let names = (0..=all.len()).map(|number| format!("eth{number}"));
    names.into_iter().find(is_free).unwrap_or_default()
}

/// What is made of an interface.
pub fn children(all: &[Interface], id: InterfaceId) -> impl Iterator<Item = &Interface> {
    all.iter().filter(move |interface| interface.parents.contains(&id))
}

/// What an interface is made of.
pub fn parents<'a>(
    all: &'a [Interface],
    of: &'a Interface,
) -> impl Iterator<Item = &'a Interface> + 'a {
    of.parents.iter().filter_map(|id| find(all, *id))
}

/// An interface's children, their children, and so on.
#[must_use]
pub fn descendants(all: &[Interface], id: InterfaceId) -> Vec<InterfaceId> {
    reached(id, |id| children(all, id).map(|child| child.id).collect())
}

/// An interface's parents, their parents, and so on.
#[must_use]
pub fn ancestors(all: &[Interface], id: InterfaceId) -> Vec<InterfaceId> {
    reached(id, |id| find(all, id).map(|found| found.parents.clone()).unwrap_or_default())
}

/// What is reached from an interface step by step, each once and without itself.
fn reached(from: InterfaceId, next: impl Fn(InterfaceId) -> Vec<InterfaceId>) -> Vec<InterfaceId> {
    let (mut found, mut at) = (next(from), 0);
    while let Some(id) = found.get(at).copied() {
        for more in next(id) {
            if more != from && !found.contains(&more) {
                found.push(more);
            }
        }
        at += 1;
    }
    found
}

/// The bond or bridge that has taken the place of an interface in the network.
#[must_use]
pub fn replaced_by(all: &[Interface], id: InterfaceId) -> Option<&Interface> {
    children(all, id).find(|child| child.kind.replaces_parents())
}

/// Whether a bond or a bridge has taken the place of an interface.
#[must_use]
pub fn is_replaced(all: &[Interface], id: InterfaceId) -> bool {
    replaced_by(all, id).is_some()
}

/// Whether an interface takes part in a deployment: one that is made of others does when one of them does.
#[must_use]
pub fn is_enabled(all: &[Interface], interface: &Interface) -> bool {
    if interface.parents.is_empty() {
        return interface.enabled;
    }
    let below = ancestors(all, interface.id);
    let mut below = below.iter().filter_map(|id| find(all, *id));
    below.any(|interface| interface.parents.is_empty() && interface.enabled)
}

/// The MTU of an interface: what is set of it, else that of its VLAN, but no less than what it carries has.
#[must_use]
pub fn effective_mtu(
    all: &[Interface],
    interface: &Interface,
    of_vlan: impl Fn(VlanId) -> Option<u16>,
) -> u16 {
    let own = |interface: &Interface| {
        let set = interface.settings.mtu;
        set.or_else(|| of_vlan(interface.vlan?)).unwrap_or(DEFAULT_MTU)
    };
    let above = descendants(all, interface.id);
    let above = above.iter().filter_map(|id| find(all, *id)).map(own);
    above.chain([own(interface)]).max().unwrap_or(DEFAULT_MTU)
}

/// Takes the links of what an interface replaces, and puts it on the same VLAN.
pub fn settle(all: &mut [Interface], id: InterfaceId) {
    let (mut waiting, mut seen) = (vec![id], Vec::new());
    while let Some(id) = waiting.pop() {
        let Some(child) = find(all, id).filter(|child| child.kind.replaces_parents()) else {
            continue;
        };
        let (vlan, below) = (child.vlan, child.parents.clone());
        for parent in below.into_iter().filter(|parent| !seen.contains(parent)).collect::<Vec<_>>()
        {
            seen.push(parent);
            if let Some(parent) = find_mut(all, parent) {
                parent.links.clear();
                parent.vlan = vlan;
            }
            waiting.push(parent);
        }
    }
}

/// Has what is above an interface follow its hardware address, if it had the same; VLAN interfaces always have it.
pub fn follow_mac(all: &mut [Interface], id: InterfaceId, old: MacAddress) {
    let Some(new) = find(all, id).map(|interface| interface.mac) else { return };
    let mut waiting = vec![id];
    while let Some(id) = waiting.pop() {
        for child in all.iter_mut().filter(|child| child.parents.contains(&id)) {
            if child.mac != new && (child.mac == old || child.kind == Kind::Vlan) {
                child.mac = new;
                waiting.push(child.id);
            }
        }
    }
}

/// Has what is above and below an interface follow an MTU that was set of it: what it carries has no greater one, what
/// carries it no less.
pub fn follow_mtu(all: &mut [Interface], id: InterfaceId) {
    let Some(mtu) = find(all, id).and_then(|interface| interface.settings.mtu) else { return };
    for above in descendants(all, id) {
        if let Some(above) = find_mut(all, above) {
            above.settings.mtu = above.settings.mtu.map(|own| own.min(mtu));
        }
    }
    for below in ancestors(all, id) {
        if let Some(below) = find_mut(all, below) {
            below.settings.mtu = below.settings.mtu.max(Some(mtu));
        }
    }
}

/// Sees that an interface on a VLAN is up at least, and that one with addresses is not said to be up without.
pub fn ensure_link(all: &mut [Interface], id: InterfaceId) {
    let replaced = is_replaced(all, id);
    let Some(interface) = find_mut(all, id) else { return };
    if replaced {
        interface.links.clear();
    } else {
        interface.ensure_link();
    }
}

impl Interface {
    /// What is on a VLAN is up at least; what has addresses is not up without.
    pub fn ensure_link(&mut self) {
        let is_needed = self.enabled && self.vlan.is_some() && !self.is_configured();
        if !is_needed {
            self.links.retain(|link| link.mode != LinkMode::LinkUp);
        } else if self.links.is_empty() {
            self.links.push(Link::new(self.id.0, LinkMode::LinkUp, None));
        }
    }
}

/// Removes an interface with everything that is made of it alone. What it was made of is on its own again.
pub fn remove(all: &mut Vec<Interface>, id: InterfaceId) {
    let mut waiting = vec![id];
    while let Some(id) = waiting.pop() {
        let Some(position) = all.iter().position(|interface| interface.id == id) else { continue };
        let gone = all.remove(position);
        for child in all.iter_mut().filter(|child| child.parents.contains(&gone.id)) {
            child.parents.retain(|parent| *parent != gone.id);
            if child.parents.is_empty() {
                waiting.push(child.id);
            }
        }
        let orphans = all.iter().filter(|child| child.mac == gone.mac && !child.parents.is_empty());
        let orphans: Vec<InterfaceId> = orphans.map(|child| child.id).collect();
        for orphan in orphans {
            adopt_mac(all, orphan, gone.mac);
        }
        for parent in gone.parents {
            ensure_link(all, parent);
        }
    }
}

/// Gives an interface the hardware address of its first parent, where none of them has the old one any more.
pub fn adopt_mac(all: &mut [Interface], id: InterfaceId, old: MacAddress) {
    let Some(child) = find(all, id) else { return };
    let macs: Vec<MacAddress> = parents(all, child).map(|parent| parent.mac).collect();
    if let Some(first) = macs.first().copied().filter(|_| !macs.contains(&old)) {
        if let Some(child) = find_mut(all, id) {
            child.mac = first;
        }
        follow_mac(all, id, old);
    }
}

/// Takes everything away that commissioning does not find: what is made of other interfaces, and links.
pub fn reset(all: &mut Vec<Interface>) {
    all.retain(|interface| interface.kind.is_physical());
    for interface in all.iter_mut() {
        interface.links.clear();
    }
}
