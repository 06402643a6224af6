//! Interfaces of nodes: read of all of them, changed of machines and devices. Those of machines are configured for what is
//! deployed on them; a device's static addresses are kept for it as long as the link lasts, and racks give them to its
//! hardware addresses.

mod edit;
mod settable;

pub mod bridges;
pub mod create;
pub mod gateways;
pub mod initial;
pub mod links;
pub mod remove;
pub mod update;
pub mod wanted;

use model::access::{Actor, Object, Permission, permits};
use model::controller::RackController;
use model::device::Device;
use model::id::{InterfaceId, SystemId};
use model::machine::Machine;
use model::machine::interface::Interface;

use crate::cluster::controllers::{self, RackDetail};
use crate::details::Details;
use crate::error::Refusal;
use crate::machine::list::InterfaceDetail;
use tables::read::Reads;
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
            let all = interfaces.iter().map(|found| &found.interface);
            let position = named_one(all, named)?;
            interfaces.into_iter().nth(position).ok_or(Refusal::NotFound { model: "Interface" })
        }
        NodeInterfaces::Rack(_) => Err(Refusal::NotFound { model: "Interface" }),
    }
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
