//! Machines, devices and controllers as one: what MAAS calls nodes.

use model::access::{Actor, Object, Permission, permits};
use model::controller::{ControllerNote, RackController, RegionController};
use model::device::Device;
use model::error::Kind;
use model::id::{AvailabilityZoneId, ResourcePoolId, SystemId};
use model::mac::MacAddress;
use model::machine::hardware::Hardware;
use model::machine::interface::Interface;
use model::machine::lifecycle::Lifecycle;
use model::machine::power::Power;
use model::machine::power::parameters::PowerParameters;
use model::machine::status::Status;
use model::machine::{Machine, Placement};
use model::time::Timestamp;

use crate::authorize::authorize;
use crate::background;
use crate::cluster::bootstrap::DEFAULT_ZONE;
use crate::cluster::controllers::{self, RackDetail, RegionDetail};
use crate::details::Details;
use crate::dns::naming::default_domain;
use crate::error::Refusal;
use crate::machine::devices::{self, DeviceDetail};
use crate::machine::filter::Filter;
use crate::machine::holders::KnownMacs;
use crate::machine::list::{MachineDetail, meant};
use crate::machine::machines::{self, named_zone};
use crate::machine::{placement, step};
use tables::machines::MACHINE_BY_MAC;
use tables::read::Reads;
use tables::tx::Tx;
use tables::update::Tables;

/// What MAAS says of ids of nodes that the caller may not move, or that there are not.
const INVALID_IDS: &str = "Some of the given system ids are invalid system ids.";

/// A node as doors show it.
#[derive(Debug, Clone)]
pub enum NodeDetail {
    /// A machine.
    Machine(Box<MachineDetail>),
    /// A device.
    Device(Box<DeviceDetail>),
    /// A rack controller.
    Rack(Box<RackDetail>),
    /// A region controller.
    Region(Box<RegionDetail>),
}

/// Which of them it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum NodeKind {
    Machine,
    Device,
    Rack,
    Region,
}

/// Nodes at one view, read one after another.
#[derive(Debug)]
pub struct NodeList {
    details: Details,
    ids: std::vec::IntoIter<(NodeKind, SystemId)>,
}

/// The nodes that a filter means, oldest first: those of the cluster, if the actor may see them, then machines and devices.
///
/// # Errors
/// [`Refusal::Fields`] for tags, zones, pools and domains that there are not.
pub async fn list(tables: &Tables, actor: &Actor, filter: &Filter) -> Result<NodeList, Refusal> {
    let details = Details::seen_by(actor, tables).await?;
    filter.names_unknown(details.view())?.finish()?;
    let (actor, filter, sees_controllers) =
        (actor.clone(), filter.clone(), sees_controllers(actor).is_ok());
    background::run(move || {
        let view = details.view();
        let mut ids = Vec::new();
        if sees_controllers {
            for (kind, controller) in all_controllers(view)? {
                if filter.means(view, &controller)? {
                    ids.push((kind, controller.system_id));
                }
            }
        }
        let machines = meant(view, &filter, view.state().all_machines(), |machine| {
            permits(&actor, Permission::ReadMachine, &Object::of(machine)).is_ok()
        })?;
        let devices = meant(view, &filter, view.state().devices(), |device| {
            devices::is_seen(&actor, device)
        })?;
        let of_kind = |kind| move |(age, id)| (age, id, kind);
        let machines = machines.into_iter().map(of_kind(NodeKind::Machine));
        let mut nodes: Vec<(Timestamp, SystemId, NodeKind)> = machines.collect();
        nodes.extend(devices.into_iter().map(of_kind(NodeKind::Device)));
        nodes.sort();
        ids.extend(nodes.into_iter().map(|(_, id, kind)| (kind, id)));
        Ok(NodeList { details, ids: ids.into_iter() })
    })
    .await
}

impl Iterator for NodeList {
    type Item = Result<NodeDetail, Refusal>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (kind, id) = self.ids.next()?;
            match read(&self.details, kind, &id) {
                Ok(None) => {}
                found => return found.transpose(),
            }
        }
    }
}

/// A node that the actor may read.
///
/// # Errors
/// [`Refusal::NotFound`], [`Refusal::Denied`].
pub async fn get(tables: &Tables, actor: &Actor, id: &SystemId) -> Result<NodeDetail, Refusal> {
    let details = Details::seen_by(actor, tables).await?;
    for kind in [NodeKind::Machine, NodeKind::Device, NodeKind::Rack, NodeKind::Region] {
        if let Some(found) = read(&details, kind, id)? {
            match &found {
                NodeDetail::Machine(found) => {
                    permits(actor, Permission::ReadMachine, &Object::of(&found.machine))?;
                }
                NodeDetail::Device(found) => permits(actor, Permission::ReadDevice, &of(found))?,
                NodeDetail::Rack(_) | NodeDetail::Region(_) => sees_controllers(actor)?,
            }
            return Ok(found);
        }
    }
    Err(Refusal::NotFound { model: "Node" })
}

/// The machine or device with an id, if the actor may read it.
pub(crate) fn shown(
    details: &Details,
    actor: &Actor,
    id: &SystemId,
) -> Result<Option<NodeDetail>, Refusal> {
    match read(details, NodeKind::Machine, id)? {
        Some(NodeDetail::Machine(found)) => {
            let may = permits(actor, Permission::ReadMachine, &Object::of(&found.machine)).is_ok();
            Ok(may.then_some(NodeDetail::Machine(found)))
        }
        _ => Ok(read(details, NodeKind::Device, id)?.filter(|found| match found {
            NodeDetail::Device(found) => permits(actor, Permission::ReadDevice, &of(found)).is_ok(),
            NodeDetail::Machine(_) | NodeDetail::Rack(_) | NodeDetail::Region(_) => true,
        })),
    }
}

/// Deletes a node, whichever it is.
///
/// # Errors
/// [`Refusal`]; for a region controller, which leaves the cluster by other means.
pub async fn delete(tables: &Tables, actor: &Actor, id: &SystemId) -> Result<(), Refusal> {
    match get(tables, actor, id).await? {
        NodeDetail::Machine(_) => machines::delete(tables, actor, id).await,
        NodeDetail::Device(_) => {
            permits(actor, Permission::EditMachine, &Object::Site)?;
            devices::delete(tables, actor, id).await
        }
        NodeDetail::Rack(_) => controllers::delete_rack(tables, actor, id, false).await,
        NodeDetail::Region(_) => {
            let message = "Region controllers leave the cluster by `ironraft cluster remove`.";
            Err(Refusal::with_message(Kind::Conflict, message))
        }
    }
}

/// The power parameters of a machine, secrets included; other nodes have none.
///
/// # Errors
/// [`Refusal`].
pub async fn power_parameters(
    tables: &Tables,
    actor: &Actor,
    id: &SystemId,
) -> Result<PowerParameters, Refusal> {
    permits(actor, Permission::ReadMachineSecrets, &Object::Site)?;
    match get(tables, actor, id).await? {
        NodeDetail::Machine(_) => machines::power_parameters(tables, actor, id).await,
        NodeDetail::Device(_) | NodeDetail::Rack(_) | NodeDetail::Region(_) => {
            Ok(PowerParameters::default())
        }
    }
}

/// Whether a node has that hardware address; anybody may ask.
///
/// # Errors
/// [`Refusal`].
pub async fn is_registered(
    tables: &Tables,
    actor: &Actor,
    mac: MacAddress,
) -> Result<bool, Refusal> {
    permits(actor, Permission::Discover, &Object::Site)?;
    Ok(KnownMacs::of(&tables.view().await?)?.has(mac))
}

/// Whether the machine with that hardware address is at something that takes its time; anybody may ask.
///
/// # Errors
/// [`Refusal`].
pub async fn is_action_in_progress(
    tables: &Tables,
    actor: &Actor,
    mac: MacAddress,
) -> Result<bool, Refusal> {
    permits(actor, Permission::Discover, &Object::Site)?;
    let machine = tables.view().await?.find(&MACHINE_BY_MAC, &mac)?;
    Ok(machine.is_some_and(|machine| {
        matches!(
            Status::of(&machine.lifecycle),
            Status::Commissioning
                | Status::Testing
                | Status::Deploying
                | Status::Releasing
                | Status::DiskErasing
                | Status::EnteringRescueMode
                | Status::ExitingRescueMode
        )
    }))
}

/// Sets the zone of machines and devices; all or none.
///
/// # Errors
/// [`Refusal::Fields`], [`Refusal::Denied`] for a machine that is locked.
pub async fn set_zone(
    tables: &Tables,
    actor: &Actor,
    ids: &[String],
    zone: &str,
) -> Result<(), Refusal> {
    if ids.is_empty() {
        return Err(Refusal::field("system_id", "No node selected."));
    }
    let invalid = || Refusal::field("system_id", INVALID_IDS);
    // To who may move none, every id is invalid.
    let cause = authorize(actor, Permission::EditMachine, "node.set_zone").map_err(|denied| {
        if matches!(actor, Actor::User(..)) { invalid() } else { denied.into() }
    })?;
    let ids: Vec<SystemId> =
        ids.iter().map(|id| id.parse()).collect::<Result<_, _>>().map_err(|_| invalid())?;
    tables
        .update(&cause, |tx| {
            let zone = named_zone(tx, zone)?;
            for id in &ids {
                if !move_to(tx, actor, id, zone)? {
                    return Err(invalid());
                }
            }
            Ok(())
        })
        .await
}

/// Whether there is such a machine or device.
fn move_to(
    tx: &mut Tx,
    actor: &Actor,
    id: &SystemId,
    zone: AvailabilityZoneId,
) -> Result<bool, Refusal> {
    if let Some(mut machine) = tx.get::<Machine>(id)? {
        permits(actor, Permission::EditMachine, &Object::of(&machine))?;
        let before = machine.placement.clone();
        machine.placement.zone = zone;
        placement::mark(tx, Some(&before), &machine.placement);
        step::write(tx, &mut machine)?;
        return Ok(true);
    }
    let Some(device) = tx.get::<Device>(id)? else { return Ok(false) };
    permits(actor, Permission::EditDevice, &Object::Device { owner: device.owner })?;
    if device.zone != zone {
        tx.mark(&placement::of_zone(zone));
        tx.put(&Device { zone, updated: tx.now(), ..device })?;
    }
    Ok(true)
}

/// A device that was read, as what somebody wants to do something to.
fn of(found: &DeviceDetail) -> Object<'_> {
    Object::Device { owner: found.device.owner }
}

fn sees_controllers(actor: &Actor) -> Result<(), Refusal> {
    Ok(permits(actor, Permission::ReadControllers, &Object::Site)?)
}

fn read(details: &Details, kind: NodeKind, id: &SystemId) -> Result<Option<NodeDetail>, Refusal> {
    let view = details.view();
    Ok(match kind {
        NodeKind::Machine => {
            let found = view.get::<Machine>(id)?.map(|machine| details.machine(machine));
            found.transpose()?.map(|found| NodeDetail::Machine(Box::new(found)))
        }
        NodeKind::Device => {
            let found = view.get::<Device>(id)?.map(|device| details.device(device));
            found.transpose()?.map(|found| NodeDetail::Device(Box::new(found)))
        }
        NodeKind::Rack => {
            let found = view.get::<RackController>(id)?.map(|rack| details.rack(rack));
            found.transpose()?.map(|found| NodeDetail::Rack(Box::new(found)))
        }
        NodeKind::Region => {
            let found = view.get::<RegionController>(id)?.map(|region| details.region(region));
            found.transpose()?.map(|found| NodeDetail::Region(Box::new(found)))
        }
    })
}

/// The nodes of the cluster in the form that filters look at.
fn all_controllers(at: &impl Reads) -> Result<Vec<(NodeKind, Machine)>, Refusal> {
    let domain = default_domain(at)?.id;
    let form = |system_id: SystemId, hostname: String, macs: Vec<MacAddress>| {
        let ControllerNote { description, zone, .. } = controllers::note_of(at, &system_id)?;
        Ok::<_, Refusal>(Machine {
            system_id,
            hostname,
            description,
            placement: Placement {
                domain,
                zone: zone.unwrap_or(DEFAULT_ZONE),
                pool: ResourcePoolId(u32::MAX),
                ..Placement::default()
            },
            lifecycle: Lifecycle::default(),
            power: Power::default(),
            hardware: Hardware::default(),
            interfaces: macs.into_iter().map(Interface::of_mac).collect(),
            block_devices: Vec::new(),
            storage: model::machine::storage::Storage::default(),
            deployment: None,
            created: Timestamp::default(),
            updated: Timestamp::default(),
        })
    };
    let mut all = Vec::new();
    for region in at.list::<RegionController>()? {
        all.push((NodeKind::Region, form(region.system_id, region.hostname, Vec::new())?));
    }
    for rack in at.list::<RackController>()? {
        let macs = rack.interfaces.iter().map(|interface| interface.mac).collect();
        all.push((NodeKind::Rack, form(rack.system_id, rack.hostname, macs)?));
    }
    Ok(all)
}
