//! New interfaces: hardware of machines and devices, and bonds, bridges and VLAN interfaces of machines.

use model::access::Actor;
use model::id::{InterfaceId, SystemId, VlanId};
use model::machine::interface::bond::Bond;
use model::machine::interface::bridge::Bridge;
use model::machine::interface::rules::{check_bond_vlan, check_parents, check_vlan};
use model::machine::interface::{Interface, Kind, stack};
use model::machine::status::Status;

use crate::error::Refusal;
use crate::machine::enlist::new_interface;
use crate::machine::interfaces::NodeInterface;
use crate::machine::interfaces::edit::{Doing, Editing, change, free_mac, parsed_mac, vlan_of};
use crate::machine::interfaces::settable::check_of_device;
use crate::machine::interfaces::update::{
    NAME_MAX, apply, bond_of, bridge_of, check_name, named_parents, wrong_vlan,
};
use crate::machine::interfaces::wanted::InterfaceChange;
use tables::tx::Tx;
use tables::update::Tables;

/// What is said of what is missing.
const REQUIRED: &str = "This field is required.";

/// Adds a physical interface to a machine or device.
///
/// # Errors
/// [`Refusal`].
pub async fn create_physical(
    tables: &Tables,
    actor: &Actor,
    node: &SystemId,
    wanted: &InterfaceChange,
) -> Result<NodeInterface, Refusal> {
    change(tables, actor, node, Doing::of("interface.create", "create"), |tx, node| {
        if node.is_device() {
            check_of_device(wanted)?;
        }
        let mac = match wanted.mac.as_deref().filter(|mac| !mac.is_empty()) {
            Some(mac) => free_mac(tx, mac, None)?,
            None => return Err(Refusal::field("mac_address", REQUIRED)),
        };
        let mut interface = new_interface(tx, stack::next_name(&node.interfaces), mac)?;
        interface.boot = node.interfaces.is_empty();
        apply(tx, node, &mut interface, wanted)?;
        interface.ensure_link();
        Ok(add(node, interface))
    })
    .await
}

/// Makes a bond of physical interfaces of a machine: it takes their place in the network.
///
/// # Errors
/// [`Refusal`].
pub async fn create_bond(
    tables: &Tables,
    actor: &Actor,
    node: &SystemId,
    wanted: &InterfaceChange,
) -> Result<NodeInterface, Refusal> {
    let doing = Doing::of("interface.create-bond", "create bond").of_machines();
    change(tables, actor, node, doing, |tx, node| {
        let kind = Kind::Bond(bond_of(Bond::default(), &wanted.bond)?);
        let (parents, mut bond) = made_of(tx, node, kind, wanted)?;
        let name = wanted.name.as_deref().filter(|name| !name.is_empty());
        name.ok_or_else(|| Refusal::field("name", REQUIRED))?;
        apply(tx, node, &mut bond, wanted)?;
        check_bond_vlan(&node.interfaces, &parents, bond.vlan)
            .map_err(|error| Refusal::field("parents", error.to_string()))?;
        bond.ensure_link();
        Ok(add(node, bond))
    })
    .await
}

/// Makes a bridge over an interface of a machine, and takes its place in the network. One that is made for who has the
/// machine takes over its links, and goes when the machine is given back.
///
/// # Errors
/// [`Refusal`].
pub async fn create_bridge(
    tables: &Tables,
    actor: &Actor,
    node: &SystemId,
    wanted: &InterfaceChange,
) -> Result<NodeInterface, Refusal> {
    let doing = Doing::of("interface.create-bridge", "create bridge").of_machines();
    change(tables, actor, node, doing, |tx, node| {
        let acquired = node.status() == Some(Status::Allocated);
        let bridge = Bridge { acquired, ..bridge_of(Bridge::default(), &wanted.bridge)? };
        let (parents, mut bridge) = made_of(tx, node, Kind::Bridge(bridge), wanted)?;
        let port = parents.first().and_then(|id| stack::find(&node.interfaces, *id));
        if let Some(port) = port {
            bridge.name = format!("br-{}", port.name);
        }
        if acquired {
            let links = port.map(|port| port.links.clone());
            bridge.links = links.unwrap_or_default();
            apply(tx, node, &mut bridge, &InterfaceChange { vlan: None, ..wanted.clone() })?;
        } else {
            apply(tx, node, &mut bridge, wanted)?;
        }
        check_name(tx, node, bridge.id, &bridge.name)?;
        bridge.ensure_link();
        Ok(add(node, bridge))
    })
    .await
}

/// Makes an interface for the tagged packets of a VLAN on an interface of a machine.
///
/// # Errors
/// [`Refusal`].
pub async fn create_vlan(
    tables: &Tables,
    actor: &Actor,
    node: &SystemId,
    wanted: &InterfaceChange,
) -> Result<NodeInterface, Refusal> {
    let doing = Doing::of("interface.create-vlan", "create VLAN").of_machines();
    change(tables, actor, node, doing, |tx, node| {
        let (parents, mut tagged) = made_of(tx, node, Kind::Vlan, wanted)?;
        let parent = parents.first().and_then(|id| stack::find(&node.interfaces, *id));
        let of_parent: Option<VlanId> = parent.and_then(|parent| parent.vlan);
        let parent_name = parent.map(|parent| parent.name.clone()).unwrap_or_default();
        tagged.vlan = None;
        apply(tx, node, &mut tagged, wanted)?;
        let (vlan, of_parent) = (vlan_of(tx, tagged.vlan)?, vlan_of(tx, of_parent)?);
        check_vlan(&tagged.kind, vlan.as_ref(), of_parent.as_ref()).map_err(wrong_vlan)?;
        if tagged.name.is_empty() {
            let vid = vlan.map(|vlan| vlan.vid).unwrap_or_default();
            let name = format!("{parent_name}.{vid}");
            tagged.name = if name.len() <= NAME_MAX { name } else { format!("vlan{vid}") };
        }
        check_name(tx, node, tagged.id, &tagged.name)?;
        tagged.ensure_link();
        Ok(add(node, tagged))
    })
    .await
}

/// An interface that is made of those that are wanted: with the hardware address and the VLAN of the first, where no other is
/// wanted.
fn made_of(
    tx: &mut Tx,
    node: &Editing,
    kind: Kind,
    wanted: &InterfaceChange,
) -> Result<(Vec<InterfaceId>, Interface), Refusal> {
    // MAAS calls the parent of what has one by that.
    let field = if matches!(kind, Kind::Bond(_)) { "parents" } else { "parent" };
    let named = wanted.parents.as_deref().unwrap_or_default();
    let parents = named_parents(&node.interfaces, field, named)?;
    check_parents(&node.interfaces, None, &kind, &parents)
        .map_err(|error| Refusal::field(field, error.to_string()))?;
    let first = parents.first().and_then(|id| stack::find(&node.interfaces, *id));
    let Some(first) = first else { return Err(Refusal::field(field, REQUIRED)) };
    let sent = wanted.mac.as_deref().filter(|mac| !mac.is_empty() && kind != Kind::Vlan);
    let mac = sent.map_or(Ok(first.mac), parsed_mac)?;
    let (vlan, parents_of) = (first.vlan, parents.clone());
    let made = new_interface(tx, String::new(), mac)?;
    Ok((parents, Interface { kind, parents: parents_of, vlan, ..made }))
}

fn add(node: &mut Editing, interface: Interface) -> InterfaceId {
    let id = interface.id;
    node.interfaces.push(interface);
    stack::settle(&mut node.interfaces, id);
    stack::follow_mtu(&mut node.interfaces, id);
    id
}
