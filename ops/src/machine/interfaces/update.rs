//! Changes of one interface, and what they mean for those that it is made of and that are made of it.

use model::access::Actor;
use model::device::is_interface_name;
use model::id::{InterfaceId, SystemId};
use model::machine::interface::bond::{Bond, BondMode, HashPolicy, LacpRate};
use model::machine::interface::bridge::{Bridge, BridgeType};
use model::machine::interface::rules::{MTU_MIN, VlanError, check_parents, check_vlan};
use model::machine::interface::{Interface, Kind, stack};
use model::net::subnet::Subnet;
use model::net::vlan::Vlan;

use crate::error::Refusal;
use crate::machine::interfaces::edit::{
    Doing, Editing, change, free_mac, named_vlan, parsed_mac, vlan_of,
};
use crate::machine::interfaces::settable::check_fields;
use crate::machine::interfaces::wanted::{BondChange, BridgeChange, CardChange, InterfaceChange};
use crate::machine::interfaces::{NodeInterface, named_one};
use crate::machine::machines::no_choice;
use crate::network::addresses;
use tables::read::Reads;
use tables::tx::Tx;
use tables::update::Tables;

/// The longest name of an interface that Linux takes, in characters.
pub(super) const NAME_MAX: usize = 15;

/// Changes an interface. Links to subnets of another VLAN than its own go. Of a deployed machine only what follows a repair
/// is changed.
///
/// # Errors
/// [`Refusal`].
pub async fn update(
    tables: &Tables,
    actor: &Actor,
    node: &SystemId,
    named: &str,
    wanted: &InterfaceChange,
) -> Result<NodeInterface, Refusal> {
    let doing = Doing::of("interface.update", "update interface").or_deployed();
    change(tables, actor, node, doing, |tx, node| {
        let id = node.find(named)?.id;
        check_fields(node, id, wanted)?;
        set_mac(tx, node, id, wanted)?;
        if let Some(named) = &wanted.parents {
            set_parents(node, id, named)?;
        }
        let mut interface = node.interface(id)?.clone();
        let before = interface.clone();
        set_kind(&mut interface, wanted)?;
        apply(tx, node, &mut interface, wanted)?;
        if interface.vlan != before.vlan {
            check_own_vlan(&node.interfaces, id)?;
            check_vlans_above(tx, node, &interface)?;
        }
        *node.interface(id)? = interface;
        settle(node, id, &before);
        Ok(id)
    })
    .await
}

fn set_mac(
    tx: &Tx,
    node: &mut Editing,
    id: InterfaceId,
    wanted: &InterfaceChange,
) -> Result<(), Refusal> {
    let Some(text) = wanted.mac.as_deref().filter(|mac| !mac.is_empty()) else { return Ok(()) };
    let interface = node.interface(id)?;
    let old = interface.mac;
    interface.mac = match interface.kind {
        Kind::Physical | Kind::Unknown => free_mac(tx, text, Some(old))?,
        Kind::Bond(_) | Kind::Bridge(_) => parsed_mac(text)?,
        Kind::Vlan if parsed_mac(text)? == old => old,
        Kind::Vlan => {
            let message = "A VLAN interface has the hardware address of its parent: leave it out.";
            return Err(Refusal::field("mac_address", message));
        }
    };
    stack::follow_mac(&mut node.interfaces, id, old);
    Ok(())
}

fn set_parents(node: &mut Editing, id: InterfaceId, named: &[String]) -> Result<(), Refusal> {
    let parents = named_parents(&node.interfaces, "parents", named)?;
    let interface = node.interface(id)?;
    let (kind, mac) = (interface.kind.clone(), interface.mac);
    check_parents(&node.interfaces, Some(id), &kind, &parents)
        .map_err(|error| Refusal::field("parents", error.to_string()))?;
    let before = std::mem::replace(&mut node.interface(id)?.parents, parents);
    stack::adopt_mac(&mut node.interfaces, id, mac);
    for parent in before {
        stack::ensure_link(&mut node.interfaces, parent);
    }
    Ok(())
}

/// The interfaces that a request names as parents.
pub(super) fn named_parents(
    all: &[Interface],
    field: &str,
    named: &[String],
) -> Result<Vec<InterfaceId>, Refusal> {
    let mut found = Vec::new();
    for text in named {
        let Ok(position) = named_one(all.iter(), text) else {
            let message =
                format!("Select a valid choice. {text} is not one of the available choices.");
            return Err(Refusal::field(field, message));
        };
        if !found.contains(&all[position].id) {
            found.push(all[position].id);
        }
    }
    Ok(found)
}

/// Sets what bonds and bridges have.
fn set_kind(interface: &mut Interface, wanted: &InterfaceChange) -> Result<(), Refusal> {
    match &mut interface.kind {
        Kind::Bond(bond) => *bond = bond_of(*bond, &wanted.bond)?,
        Kind::Bridge(bridge) => *bridge = bridge_of(*bridge, &wanted.bridge)?,
        Kind::Physical | Kind::Vlan | Kind::Unknown => {}
    }
    Ok(())
}

/// A bond with what is wanted of it.
pub(super) fn bond_of(bond: Bond, wanted: &BondChange) -> Result<Bond, Refusal> {
    Ok(Bond {
        mode: word("bond_mode", wanted.mode.as_deref(), BondMode::ALL, BondMode::word)?
            .unwrap_or(bond.mode),
        lacp_rate: word(
            "bond_lacp_rate",
            wanted.lacp_rate.as_deref(),
            LacpRate::ALL,
            LacpRate::word,
        )?
        .unwrap_or(bond.lacp_rate),
        hash_policy: word(
            "bond_xmit_hash_policy",
            wanted.hash_policy.as_deref(),
            HashPolicy::ALL,
            HashPolicy::word,
        )?
        .unwrap_or(bond.hash_policy),
        miimon_ms: wanted.miimon_ms.unwrap_or(bond.miimon_ms),
        down_delay_ms: wanted.down_delay_ms.unwrap_or(bond.down_delay_ms),
        up_delay_ms: wanted.up_delay_ms.unwrap_or(bond.up_delay_ms),
        peer_notifications: wanted.peer_notifications.unwrap_or(bond.peer_notifications),
    })
}

/// A bridge with what is wanted of it.
///
/// # Errors
/// [`Refusal::Fields`] for a type that there is not.
pub fn bridge_of(bridge: Bridge, wanted: &BridgeChange) -> Result<Bridge, Refusal> {
    let made_by =
        word("bridge_type", wanted.made_by.as_deref(), BridgeType::ALL, BridgeType::word)?;
    Ok(Bridge {
        made_by: made_by.unwrap_or(bridge.made_by),
        stp: wanted.stp.unwrap_or(bridge.stp),
        forward_delay_s: wanted.forward_delay_s.unwrap_or(bridge.forward_delay_s),
        acquired: bridge.acquired,
    })
}

/// One of several words; none where none was sent.
fn word<T: Copy>(
    field: &str,
    sent: Option<&str>,
    all: &[T],
    word_of: fn(T) -> &'static str,
) -> Result<Option<T>, Refusal> {
    let Some(sent) = sent.filter(|sent| !sent.trim().is_empty()) else { return Ok(None) };
    let known = all.iter().copied().find(|one| word_of(*one) == sent);
    known.map(Some).ok_or_else(|| {
        let choices = all.iter().map(|one| word_of(*one).to_owned());
        Refusal::field(field, no_choice(field, sent, choices))
    })
}

/// Sets what is wanted of an interface of any kind, but for the hardware address.
pub(super) fn apply(
    tx: &mut Tx,
    node: &Editing,
    interface: &mut Interface,
    wanted: &InterfaceChange,
) -> Result<(), Refusal> {
    if let Some(name) = wanted.name.as_deref().filter(|name| !name.is_empty()) {
        check_name(tx, node, interface.id, name)?;
        name.clone_into(&mut interface.name);
    }
    if let Some(tags) = &wanted.tags {
        interface.tags.clone_from(tags);
    }
    if let Some(vlan) = &wanted.vlan {
        set_vlan(tx, node, interface, vlan.as_deref())?;
    }
    if let Some(mtu) = wanted.mtu {
        if mtu.is_some_and(|mtu| mtu < MTU_MIN) {
            let message = format!("Ensure this value is greater than or equal to {MTU_MIN}.");
            return Err(Refusal::field("mtu", message));
        }
        interface.settings.mtu = mtu;
    }
    interface.settings.accept_ra = wanted.accept_ra.unwrap_or(interface.settings.accept_ra);
    interface.enabled = wanted.enabled.unwrap_or(interface.enabled);
    set_card(interface, &wanted.card)
}

fn set_vlan(
    tx: &mut Tx,
    node: &Editing,
    interface: &mut Interface,
    named: Option<&str>,
) -> Result<(), Refusal> {
    let vlan = named.map(|named| named_vlan(tx, named)).transpose()?;
    if interface.kind == Kind::Vlan {
        let parent = stack::parents(&node.interfaces, interface).next();
        let of_parent = vlan_of(tx, parent.and_then(|parent| parent.vlan))?;
        check_vlan(&interface.kind, vlan.as_ref(), of_parent.as_ref()).map_err(wrong_vlan)?;
    }
    // A bridge puts what it is over on its VLAN, and a VLAN interface stays one.
    let of_tagged =
        stack::parents(&node.interfaces, interface).find(|parent| parent.kind == Kind::Vlan);
    if of_tagged.is_some() {
        let of_parent = vlan_of(tx, of_tagged.and_then(|parent| parent.vlan))?;
        check_vlan(&Kind::Vlan, vlan.as_ref(), of_parent.as_ref()).map_err(wrong_vlan)?;
    }
    match vlan {
        Some(vlan) => addresses::put_on(tx, interface, vlan.id)?,
        None => interface.vlan = None,
    }
    leave_other_links(tx, interface)
}

pub(super) fn wrong_vlan(error: VlanError) -> Refusal {
    Refusal::field("vlan", error.to_string())
}

fn set_card(interface: &mut Interface, wanted: &CardChange) -> Result<(), Refusal> {
    interface.link_connected = wanted.link_connected.unwrap_or(interface.link_connected);
    interface.link_speed = wanted.link_speed.unwrap_or(interface.link_speed);
    interface.card.speed = wanted.interface_speed.unwrap_or(interface.card.speed);
    interface.card.numa_node = wanted.numa_node.unwrap_or(interface.card.numa_node);
    if !interface.link_connected {
        if wanted.link_speed.is_some_and(|speed| speed > 0) {
            let message = "link_speed cannot be set when link_connected is false.";
            return Err(Refusal::field("__all__", message));
        }
        interface.link_speed = 0;
    }
    Ok(())
}

/// Whether an interface of a node can have a name.
pub(super) fn check_name(
    tx: &Tx,
    node: &Editing,
    id: InterfaceId,
    name: &str,
) -> Result<(), Refusal> {
    if !is_interface_name(name) {
        return Err(Refusal::field("name", "Enter a valid value."));
    }
    let length = name.chars().count();
    if !node.is_device() && length > NAME_MAX {
        let message =
            format!("Ensure this value has at most {NAME_MAX} characters (it has {length}).");
        return Err(Refusal::field("name", message));
    }
    if node.interfaces.iter().any(|known| known.id != id && known.name == name) {
        let shown = node.shown(tx)?;
        let message = format!("Node {shown} already has an interface named '{name}'.");
        return Err(Refusal::field("name", message));
    }
    Ok(())
}

/// Whether an interface has a VLAN of its own, and not that of a bond or bridge.
pub(super) fn check_own_vlan(all: &[Interface], id: InterfaceId) -> Result<(), Refusal> {
    let Some(above) = stack::replaced_by(all, id) else { return Ok(()) };
    let message = format!("It is in {}, whose VLAN it has: change that one.", above.name);
    Err(Refusal::field("vlan", message))
}

/// Whether VLAN interfaces on an interface stay in its fabric.
fn check_vlans_above(tx: &Tx, node: &Editing, interface: &Interface) -> Result<(), Refusal> {
    let own: Option<Vlan> = vlan_of(tx, interface.vlan)?;
    let above = stack::children(&node.interfaces, interface.id);
    for above in above.filter(|child| child.kind == Kind::Vlan) {
        let vlan = vlan_of(tx, above.vlan)?;
        check_vlan(&above.kind, vlan.as_ref(), own.as_ref()).map_err(wrong_vlan)?;
    }
    Ok(())
}

/// Has the others follow what was changed of an interface.
fn settle(node: &mut Editing, id: InterfaceId, before: &Interface) {
    let all = &mut node.interfaces;
    stack::settle(all, id);
    let now = stack::find(all, id);
    let is_other_mtu = now.is_some_and(|now| now.settings.mtu != before.settings.mtu);
    let enabled = now.is_some_and(|now| now.enabled);
    if is_other_mtu {
        stack::follow_mtu(all, id);
    }
    if enabled == before.enabled {
        return;
    }
    let above = stack::descendants(all, id);
    for one in above.into_iter().chain([id]) {
        let is_enabled = stack::find(all, one).is_some_and(|found| stack::is_enabled(all, found));
        match all.iter_mut().find(|found| found.id == one) {
            Some(found) if !is_enabled => found.links.clear(),
            Some(_) => stack::ensure_link(all, one),
            None => {}
        }
    }
}

/// Links to subnets of another VLAN than the interface's own end.
fn leave_other_links(tx: &Tx, interface: &mut Interface) -> Result<(), Refusal> {
    let mut left = Vec::new();
    for link in std::mem::take(&mut interface.links) {
        let subnet = link.subnet.map_or(Ok(None), |id| tx.get::<Subnet>(&id))?;
        if subnet.is_none_or(|subnet| Some(subnet.vlan) == interface.vlan) {
            left.push(link);
        }
    }
    interface.links = left;
    interface.ensure_link();
    Ok(())
}
