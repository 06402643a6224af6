//! Interfaces of nodes: read of all of them, changed of devices. A device's static addresses are kept for it as long as
//! the link lasts, and racks give them to its hardware addresses.

pub mod links;

use model::access::{Actor, Object, Permission, permits};
use model::controller::RackController;
use model::device::{Device, is_interface_name};
use model::dns::domain::Domain;
use model::error::Kind;
use model::id::{InterfaceId, SystemId, VlanId};
use model::mac::MacAddress;
use model::machine::Machine;
use model::machine::interface::{Interface, LinkMode};
use model::net::subnet::Subnet;
use model::net::vlan::Vlan;

use crate::cluster::controllers::{self, RackDetail};
use crate::details::Details;
use crate::error::{NO_CHOICE, Refusal};
use crate::machine::devices::{self, link_up};
use crate::machine::enlist::new_interface;
use crate::machine::holders::{self, Holder};
use crate::machine::list::InterfaceDetail;
use crate::network::addresses;
use crate::network::specifiers;
use tables::read::Reads;
use tables::tx::Tx;
use tables::update::Tables;

/// An interface of a machine or device as doors show it.
#[derive(Debug, Clone)]
pub struct NodeInterface {
    /// Whose it is.
    pub system_id: SystemId,
    /// The interface.
    pub interface: Interface,
    /// What it names.
    pub names: InterfaceDetail,
    /// Whether it is a device's.
    pub of_device: bool,
}

/// The interfaces of a node.
#[derive(Debug, Clone)]
pub enum NodeInterfaces {
    /// Those of a machine or device.
    Node(Vec<NodeInterface>),
    /// Those of a rack controller.
    Rack(Box<RackDetail>),
}

/// Changes of an interface; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InterfaceChange {
    /// Its name.
    pub name: Option<String>,
    /// Its hardware address, as it was sent.
    pub mac: Option<String>,
    /// What it is marked with.
    pub tags: Option<Vec<String>>,
    /// Its VLAN, by id or name; the inner none takes it off.
    pub vlan: Option<Option<String>>,
    /// Whether a cable is plugged in.
    pub link_connected: Option<bool>,
    /// Mbit/s that it does.
    pub link_speed: Option<u32>,
}

/// The interfaces of a node.
///
/// # Errors
/// [`Refusal::NotFound`].
pub async fn list(
    tables: &Tables,
    actor: &Actor,
    id: &SystemId,
) -> Result<NodeInterfaces, Refusal> {
    let details = Details::seen_by(actor, tables).await?;
    let of_node = match details.view().get::<Machine>(id)? {
        Some(machine) => {
            permits(actor, Permission::ReadMachine, &Object::of(&machine))?;
            Some((machine.interfaces, false))
        }
        None => match details.view().get::<Device>(id)? {
            Some(device) => {
                permits(actor, Permission::ReadDevice, &Object::Device { owner: device.owner })?;
                Some((device.interfaces, true))
            }
            None => None,
        },
    };
    if let Some((interfaces, of_device)) = of_node {
        let names = details.interfaces(&interfaces)?;
        let shown = interfaces.into_iter().zip(names).map(|(interface, names)| {
            let system_id = id.clone();
            NodeInterface { system_id, interface, names, of_device }
        });
        return Ok(NodeInterfaces::Node(shown.collect()));
    }
    if details.view().get::<RackController>(id)?.is_none() {
        return Err(Refusal::NotFound { model: "Node" });
    }
    let rack = controllers::get_rack(tables, actor, id).await?;
    Ok(NodeInterfaces::Rack(Box::new(rack)))
}

/// An interface of a machine or device, by id or name.
///
/// # Errors
/// [`Refusal::NotFound`].
pub async fn get(
    tables: &Tables,
    actor: &Actor,
    node: &SystemId,
    named: &str,
) -> Result<NodeInterface, Refusal> {
    match list(tables, actor, node).await? {
        NodeInterfaces::Node(interfaces) => {
            let position = named_one(interfaces.iter().map(|found| &found.interface), named)?;
            interfaces.into_iter().nth(position).ok_or(Refusal::NotFound { model: "Interface" })
        }
        NodeInterfaces::Rack(_) => Err(Refusal::NotFound { model: "Interface" }),
    }
}

/// Adds an interface to a device.
///
/// # Errors
/// [`Refusal`].
pub async fn create_physical(
    tables: &Tables,
    actor: &Actor,
    node: &SystemId,
    wanted: &InterfaceChange,
) -> Result<NodeInterface, Refusal> {
    change(tables, actor, node, "interface.create", |tx, device| {
        let mac = match wanted.mac.as_deref().filter(|mac| !mac.is_empty()) {
            Some(mac) => free_mac(tx, mac, None)?,
            None => return Err(Refusal::field("mac_address", "This field is required.")),
        };
        let name = device.next_interface_name();
        let mut interface = new_interface(tx, name, mac)?;
        interface.boot = device.interfaces.is_empty();
        apply(tx, device, &mut interface, wanted)?;
        ensure_link(&mut interface);
        let id = interface.id;
        device.interfaces.push(interface);
        Ok(id)
    })
    .await
}

/// Changes an interface of a device. Links to subnets of another VLAN than its own go.
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
    change_one(tables, actor, (node, named), "interface.update", |tx, device, interface| {
        if let Some(mac) = wanted.mac.as_deref().filter(|mac| !mac.is_empty()) {
            interface.mac = free_mac(tx, mac, Some(interface.mac))?;
        }
        apply(tx, device, interface, wanted)
    })
    .await
}

/// Removes an interface of a device with its addresses.
///
/// # Errors
/// [`Refusal`].
pub async fn delete(
    tables: &Tables,
    actor: &Actor,
    node: &SystemId,
    named: &str,
) -> Result<(), Refusal> {
    let edited = devices::edit(tables, actor, node, "interface.delete", |_, device| {
        let position = position_of(device, named)?;
        device.interfaces.remove(position);
        Ok(())
    });
    no_device(tables, node, edited.await).await.map(drop)
}

/// Takes all links of an interface of a device away, and its VLAN.
///
/// # Errors
/// [`Refusal`].
pub async fn disconnect(
    tables: &Tables,
    actor: &Actor,
    node: &SystemId,
    named: &str,
) -> Result<NodeInterface, Refusal> {
    change_one(tables, actor, (node, named), "interface.disconnect", |_, _, interface| {
        interface.links.clear();
        interface.vlan = None;
        Ok(())
    })
    .await
}

/// Marks an interface of a device with a tag, or takes it off.
///
/// # Errors
/// [`Refusal`].
pub async fn set_tag(
    tables: &Tables,
    actor: &Actor,
    (node, named): (&SystemId, &str),
    tag: &str,
    marked: bool,
) -> Result<NodeInterface, Refusal> {
    change_one(tables, actor, (node, named), "interface.tag", |_, _, interface| {
        interface.tags.retain(|known| known != tag);
        if marked {
            interface.tags.push(tag.to_owned());
        }
        Ok(())
    })
    .await
}

/// Changes one interface of a device.
async fn change_one(
    tables: &Tables,
    actor: &Actor,
    (node, named): (&SystemId, &str),
    reason: &'static str,
    step: impl Fn(&mut Tx, &Device, &mut Interface) -> Result<(), Refusal> + Send + Sync,
) -> Result<NodeInterface, Refusal> {
    change(tables, actor, node, reason, |tx, device| {
        let position = position_of(device, named)?;
        let mut interface = device.interfaces[position].clone();
        step(tx, device, &mut interface)?;
        let id = interface.id;
        device.interfaces[position] = interface;
        Ok(id)
    })
    .await
}

/// Changes the interfaces of a device; `step` says which one it is about.
async fn change(
    tables: &Tables,
    actor: &Actor,
    node: &SystemId,
    reason: &'static str,
    step: impl Fn(&mut Tx, &mut Device) -> Result<InterfaceId, Refusal> + Send,
) -> Result<NodeInterface, Refusal> {
    let edited = devices::edit(tables, actor, node, reason, step).await;
    let (detail, about) = no_device(tables, node, edited).await?;
    let shown = detail.device.interfaces.into_iter().zip(detail.interfaces);
    let mut shown = shown.filter(|(interface, _)| interface.id == about);
    let (interface, names) = shown.next().ok_or(Refusal::NotFound { model: "Interface" })?;
    Ok(NodeInterface { system_id: node.clone(), interface, names, of_device: true })
}

/// Why a node that is no device cannot be changed.
async fn no_device<T>(
    tables: &Tables,
    node: &SystemId,
    edited: Result<T, Refusal>,
) -> Result<T, Refusal> {
    if edited.as_ref().err() != Some(&Refusal::NotFound { model: "Device" }) {
        return edited;
    }
    let view = tables.view().await?;
    if view.get::<Machine>(node)?.is_some() {
        let message = "Interfaces of machines are as commissioning found them: Ironraft changes \
                       those of devices only.";
        return Err(Refusal::with_message(Kind::Conflict, message));
    }
    if view.get::<RackController>(node)?.is_some() {
        let message = "Cannot update interface on a controller.";
        return Err(Refusal::with_message(Kind::Forbidden, message));
    }
    Err(Refusal::NotFound { model: "Node" })
}

fn position_of(device: &Device, named: &str) -> Result<usize, Refusal> {
    named_one(device.interfaces.iter(), named)
}

/// Which of some interfaces has that id, or else that name.
fn named_one<'a>(
    mut interfaces: impl Iterator<Item = &'a Interface> + Clone,
    named: &str,
) -> Result<usize, Refusal> {
    let id = named.parse::<InterfaceId>().ok();
    let by_id = interfaces.clone().position(|interface| Some(interface.id) == id);
    let position = by_id.or_else(|| interfaces.position(|interface| interface.name == named));
    position.ok_or(Refusal::NotFound { model: "Interface" })
}

/// Sets what is wanted, but for the hardware address.
fn apply(
    tx: &mut Tx,
    device: &Device,
    interface: &mut Interface,
    wanted: &InterfaceChange,
) -> Result<(), Refusal> {
    if let Some(name) = wanted.name.as_deref().filter(|name| !name.is_empty()) {
        check_name(tx, device, interface.id, name)?;
        name.clone_into(&mut interface.name);
    }
    if let Some(tags) = &wanted.tags {
        interface.tags.clone_from(tags);
    }
    if let Some(vlan) = &wanted.vlan {
        match vlan.as_deref().map(|vlan| named_vlan(tx, vlan)).transpose()? {
            Some(vlan) => addresses::put_on(tx, interface, vlan)?,
            None => interface.vlan = None,
        }
        leave_other_links(tx, interface)?;
    }
    interface.link_connected = wanted.link_connected.unwrap_or(interface.link_connected);
    interface.link_speed = wanted.link_speed.unwrap_or(interface.link_speed);
    if !interface.link_connected {
        if wanted.link_speed.is_some_and(|speed| speed > 0) {
            let message = "link_speed cannot be set when link_connected is false.";
            return Err(Refusal::field("__all__", message));
        }
        interface.link_speed = 0;
    }
    Ok(())
}

fn check_name(tx: &Tx, device: &Device, id: InterfaceId, name: &str) -> Result<(), Refusal> {
    if !is_interface_name(name) {
        return Err(Refusal::field("name", "Enter a valid value."));
    }
    if device.interfaces.iter().any(|known| known.id != id && known.name == name) {
        let domain = tx.get::<Domain>(&device.domain)?;
        let domain = domain.map(|domain| format!(".{}", domain.name)).unwrap_or_default();
        let message = format!(
            "Node {} ({}{domain}) already has an interface named '{name}'.",
            device.system_id, device.hostname
        );
        return Err(Refusal::field("name", message));
    }
    Ok(())
}

/// A hardware address that nobody has, but for the one that its interface has already.
fn free_mac(tx: &Tx, text: &str, own: Option<MacAddress>) -> Result<MacAddress, Refusal> {
    let mac: Option<MacAddress> = text.parse().ok().filter(|mac: &MacAddress| mac.is_unicast());
    let Some(mac) = mac else {
        let message = format!("'{text}' is not a valid MAC address.");
        return Err(Refusal::field("mac_address", message));
    };
    if Some(mac) != own
        && let Some(holder) = holders::of_mac(tx, mac)?
    {
        let Holder { hostname, interface } = holder;
        let message =
            format!("This MAC address is already in use by {interface} (physical) on {hostname}.");
        return Err(Refusal::field("mac_address", message));
    }
    Ok(mac)
}

fn named_vlan(tx: &Tx, named: &str) -> Result<VlanId, Refusal> {
    let vlan = specifiers::vlan(tx, named).map_err(|refusal| match refusal {
        Refusal::NotFound { .. } => Refusal::field("vlan", NO_CHOICE),
        other => other,
    })?;
    // Read by its key, and so compared.
    Ok(tx.get::<Vlan>(&vlan.id)?.map_or(vlan.id, |vlan| vlan.id))
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
    ensure_link(interface);
    Ok(())
}

/// What is on a VLAN is up at least.
fn ensure_link(interface: &mut Interface) {
    if interface.vlan.is_none() {
        interface.links.retain(|link| link.mode != LinkMode::LinkUp);
    } else if interface.links.is_empty() {
        interface.links.push(link_up(interface.id.0));
    }
}
