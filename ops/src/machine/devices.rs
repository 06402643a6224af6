//! Devices: made by any user, edited and deleted by who made them.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::field_errors::FieldErrors;
use model::access::{Actor, Object, Permission, permits};
use model::device::Device;
use model::error::Kind;
use model::id::{DomainId, SystemId};
use model::mac::MacAddress;
use model::machine::Machine;
use model::machine::annotations::Annotations;
use model::machine::interface::{Interface, Link, LinkMode};
use model::user::User;
use model::zone::AvailabilityZone;

use crate::authorize::{authorize, cause};
use crate::background;
use crate::cluster::bootstrap::DEFAULT_ZONE;
use crate::details::Details;
use crate::dns::domains::DomainDetail;
use crate::dns::named_addresses;
use crate::dns::naming::default_domain;
use crate::error::{NO_CHOICE, Refusal};
use crate::machine::enlist::{free_hostname, new_interface};
use crate::machine::filter::Filter;
use crate::machine::holders;
use crate::machine::list::{InterfaceDetail, meant};
use crate::machine::machines::{check_hostname, mac_in_use, named_domain, named_zone};
use crate::machine::placement;
use crate::network::{addresses, dependents};
use tables::read::Reads;
use tables::tx::Tx;
use tables::update::Tables;

/// How many devices may stand one below the other.
const DEPTH_MAX: usize = 16;

/// A device that shall be made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewDevice {
    /// Its name; one is generated when there is none.
    pub hostname: Option<String>,
    /// Free text.
    pub description: String,
    /// Its domain, by name or id; that of its parent or the default one when there is none.
    pub domain: Option<String>,
    /// Its zone, by name or id; the default one when there is none.
    pub zone: Option<String>,
    /// Its parent, by id or name.
    pub parent: Option<String>,
    /// Its hardware addresses.
    pub macs: Vec<MacAddress>,
}

/// Changes of a device; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeviceChange {
    /// Its name.
    pub hostname: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// Its domain, by name or id.
    pub domain: Option<String>,
    /// Its zone, by name or id.
    pub zone: Option<String>,
    /// Its parent, by id or name; the inner none takes it away.
    pub parent: Option<Option<String>>,
}

/// A device as doors show it.
#[derive(Debug, Clone)]
pub struct DeviceDetail {
    /// The device.
    pub device: Device,
    /// The domain of its name.
    pub domain: Option<Arc<DomainDetail>>,
    /// Its zone.
    pub zone: Option<Arc<AvailabilityZone>>,
    /// The user that made it.
    pub owner: Option<Arc<User>>,
    /// What each of its interfaces names, in their order.
    pub interfaces: Vec<InterfaceDetail>,
}

/// Devices at one view, read one after another.
#[derive(Debug)]
pub struct DeviceList {
    details: Details,
    ids: std::vec::IntoIter<SystemId>,
}

/// The devices that a filter means, oldest first.
///
/// # Errors
/// [`Refusal::Fields`] for zones, domains and the like that there are not.
pub async fn list(tables: &Tables, actor: &Actor, filter: &Filter) -> Result<DeviceList, Refusal> {
    let details = Details::seen_by(actor, tables).await?;
    filter.names_unknown(details.view())?.finish()?;
    let (filter, actor) = (filter.clone(), actor.clone());
    background::run(move || {
        let among = details.view().state().devices();
        let found = meant(details.view(), &filter, among, |device| is_seen(&actor, device))?;
        let ids: Vec<SystemId> = found.into_iter().map(|(_, id)| id).collect();
        Ok(DeviceList { details, ids: ids.into_iter() })
    })
    .await
}

/// Devices as doors show them, in the order of the ids.
///
/// # Errors
/// [`Refusal::Tables`].
pub async fn of_ids(tables: &Tables, ids: Vec<SystemId>) -> Result<DeviceList, Refusal> {
    Ok(DeviceList { details: Details::after_change(tables).await?, ids: ids.into_iter() })
}

impl Iterator for DeviceList {
    type Item = Result<DeviceDetail, Refusal>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let id = self.ids.next()?;
            match self.details.view().get::<Device>(&id) {
                Ok(Some(device)) => return Some(self.details.device(device)),
                Ok(None) => {}
                Err(error) => return Some(Err(error.into())),
            }
        }
    }
}

impl Details {
    /// A device with what it names.
    pub(crate) fn device(&self, device: Device) -> Result<DeviceDetail, Refusal> {
        Ok(DeviceDetail {
            domain: self.domain(device.domain)?,
            zone: self.zone(device.zone)?,
            owner: device.owner.map_or(Ok(None), |owner| self.user(owner))?,
            interfaces: self.interfaces(&device.interfaces)?,
            device,
        })
    }
}

/// Whether an actor sees a device, which is looked at in the form of a machine.
#[must_use]
pub fn is_seen(actor: &Actor, device: &Machine) -> bool {
    let owner = device.placement.owner;
    permits(actor, Permission::ReadDevice, &Object::Device { owner }).is_ok()
}

/// A device as doors show it.
///
/// # Errors
/// [`Refusal::NotFound`], [`Refusal::Denied`].
pub async fn get(tables: &Tables, actor: &Actor, id: &SystemId) -> Result<DeviceDetail, Refusal> {
    let details = Details::seen_by(actor, tables).await?;
    let device = find(details.view(), id)?;
    permits(actor, Permission::ReadDevice, &Object::Device { owner: device.owner })?;
    details.device(device)
}

/// Makes a device, which is the actor's own.
///
/// # Errors
/// [`Refusal::Fields`].
pub async fn create(
    tables: &Tables,
    actor: &Actor,
    wanted: &NewDevice,
) -> Result<DeviceDetail, Refusal> {
    let cause = authorize(actor, Permission::EditDevice, "device.create")?;
    let user = actor.user(Permission::EditDevice)?;
    let device = tables.update(&cause, |tx| insert(tx, actor, user, wanted)).await?;
    Details::after_change(tables).await?.device(device)
}

/// Changes a device.
///
/// # Errors
/// [`Refusal`].
pub async fn update(
    tables: &Tables,
    actor: &Actor,
    id: &SystemId,
    change: &DeviceChange,
) -> Result<DeviceDetail, Refusal> {
    let update = |tx: &mut Tx, device: &mut Device| apply(tx, actor, device, change);
    Ok(edit(tables, actor, id, "device.update", update).await?.0)
}

/// Deletes a device with everything that belongs to it, also the devices that go with it.
///
/// # Errors
/// [`Refusal`].
pub async fn delete(tables: &Tables, actor: &Actor, id: &SystemId) -> Result<(), Refusal> {
    tables
        .update(&cause(actor, "device.delete"), |tx| {
            let device = editable(tx, actor, id)?;
            Ok(dependents::forget_device(tx, &device)?)
        })
        .await
}

/// Sets notes of a device's owner; an empty one is taken away.
///
/// # Errors
/// [`Refusal`] for names that are none, and for too much.
pub async fn annotate(
    tables: &Tables,
    actor: &Actor,
    id: &SystemId,
    notes: &BTreeMap<String, String>,
) -> Result<DeviceDetail, Refusal> {
    let annotate = |_: &mut Tx, device: &mut Device| {
        let set = device.annotations.set(notes);
        set.map_err(|error| Refusal::with_message(Kind::Invalid, error.to_string()))
    };
    Ok(edit(tables, actor, id, "device.annotate", annotate).await?.0)
}

/// Links the interfaces of a device as those of a new machine are: the first one to the first subnet of its VLAN, without an
/// address, and no other one.
///
/// # Errors
/// [`Refusal`].
pub async fn restore_networking(
    tables: &Tables,
    actor: &Actor,
    id: &SystemId,
) -> Result<DeviceDetail, Refusal> {
    permits(actor, Permission::EditMachine, &Object::Site)?;
    let restore = |tx: &mut Tx, device: &mut Device| {
        let first = device.interfaces.iter().position(|interface| interface.boot).unwrap_or(0);
        for (position, interface) in device.interfaces.iter_mut().enumerate() {
            interface.links.clear();
            if let Some(vlan) = interface.vlan.filter(|_| position == first) {
                addresses::connect(tx, interface, addresses::Seen::on(vlan))?;
            }
            if interface.links.is_empty() {
                interface.links.push(link_up(interface.id.0));
            }
        }
        Ok(())
    };
    Ok(edit(tables, actor, id, "device.restore-networking", restore).await?.0)
}

/// Changes a device, if the actor may, and says what `change` said besides.
pub(crate) async fn edit<T: Send>(
    tables: &Tables,
    actor: &Actor,
    id: &SystemId,
    reason: &'static str,
    change: impl Fn(&mut Tx, &mut Device) -> Result<T, Refusal> + Send,
) -> Result<(DeviceDetail, T), Refusal> {
    let (device, said) = tables
        .update(&cause(actor, reason), |tx| -> Result<_, Refusal> {
            let before = editable(tx, actor, id)?;
            let mut device = before.clone();
            let said = change(tx, &mut device)?;
            if device != before {
                device.updated = tx.now();
                tx.put(&device)?;
            }
            Ok((device, said))
        })
        .await?;
    Ok((Details::after_change(tables).await?.device(device)?, said))
}

pub(crate) fn find(at: &impl Reads, id: &SystemId) -> Result<Device, Refusal> {
    at.get::<Device>(id)?.ok_or(Refusal::NotFound { model: "Device" })
}

/// An interface that is up, and no more.
pub(crate) fn link_up(id: u32) -> Link {
    Link::new(id, LinkMode::LinkUp, None)
}

/// A device, if the actor may change it.
fn editable(tx: &Tx, actor: &Actor, id: &SystemId) -> Result<Device, Refusal> {
    permits(actor, Permission::EditDevice, &Object::Site)?;
    let device = find(tx, id)?;
    permits(actor, Permission::EditDevice, &Object::Device { owner: device.owner })?;
    Ok(device)
}

fn insert(tx: &mut Tx, actor: &Actor, user: &User, wanted: &NewDevice) -> Result<Device, Refusal> {
    check_new(tx, wanted)?;
    placement::give_to(tx, user.id)?;
    let hostname = wanted.hostname.clone().map_or_else(|| free_hostname(tx), Ok)?;
    let parent =
        wanted.parent.as_deref().map(|parent| named_parent(tx, actor, parent, None)).transpose()?;
    let domain = match (&wanted.domain, &parent) {
        (Some(domain), _) => named_domain(tx, domain)?,
        (None, Some(parent)) => parent.domain,
        (None, None) => default_domain(tx)?.id,
    };
    named_addresses::check_name(tx, actor, (&hostname, domain))?;
    let zone = wanted.zone.as_deref().map(|zone| named_zone(tx, zone)).transpose()?;
    let zone = zone.unwrap_or(DEFAULT_ZONE);
    tx.mark(&placement::of_domain(domain));
    tx.mark(&placement::of_zone(zone));
    let mut interfaces: Vec<Interface> = Vec::with_capacity(wanted.macs.len());
    for (position, mac) in wanted.macs.iter().enumerate() {
        let mut interface = new_interface(tx, format!("eth{position}"), *mac)?;
        interface.boot = position == 0;
        if let Some(seen) = addresses::seen(&tx.looking(), &interface, &[])? {
            addresses::put_on(tx, &mut interface, seen.vlan)?;
        }
        interfaces.push(interface);
    }
    let now = tx.now();
    let device = Device {
        system_id: tx.next_system_id()?,
        hostname,
        description: wanted.description.clone(),
        domain,
        zone,
        owner: Some(user.id),
        parent: parent.map(|parent| parent.id),
        annotations: Annotations::default(),
        interfaces,
        created: now,
        updated: now,
    };
    tx.insert(&device)?;
    Ok(device)
}

fn check_new(tx: &Tx, wanted: &NewDevice) -> Result<(), Refusal> {
    let mut errors = FieldErrors::default();
    if wanted.macs.is_empty() {
        errors.add("mac_addresses", "This field is required.");
    }
    for (position, mac) in wanted.macs.iter().enumerate() {
        if !mac.is_unicast() {
            errors.add("mac_addresses", format!("'{mac}' is not a valid MAC address."));
        } else if wanted.macs[..position].contains(mac) {
            errors.add("mac_addresses", format!("MAC address {mac} is given twice."));
        } else if let Some(holder) = holders::of_mac(tx, *mac)? {
            errors.add("mac_addresses", mac_in_use(*mac, &holder));
        }
    }
    if let Some(hostname) = &wanted.hostname
        && let Err(message) = check_hostname(tx, hostname, None)?
    {
        errors.add("hostname", message);
    }
    Ok(errors.finish()?)
}

fn apply(
    tx: &mut Tx,
    actor: &Actor,
    device: &mut Device,
    change: &DeviceChange,
) -> Result<(), Refusal> {
    let named = (device.hostname.clone(), device.domain);
    if let Some(hostname) = &change.hostname {
        check_hostname(tx, hostname, Some(&device.system_id))?
            .map_err(|message| Refusal::field("hostname", message))?;
        device.hostname.clone_from(hostname);
    }
    if let Some(description) = &change.description {
        device.description.clone_from(description);
    }
    if let Some(parent) = &change.parent {
        let parent =
            parent.as_deref().map(|id| named_parent(tx, actor, id, Some(&device.system_id)));
        let parent = parent.transpose()?;
        if let (Some(parent), None) = (&parent, &change.domain) {
            move_to(tx, device, parent.domain);
        }
        device.parent = parent.map(|parent| parent.id);
    }
    if let Some(domain) = &change.domain {
        let domain = named_domain(tx, domain)?;
        move_to(tx, device, domain);
    }
    if (&named.0, named.1) != (&device.hostname, device.domain) {
        named_addresses::check_name(tx, actor, (&device.hostname, device.domain))?;
    }
    if let Some(zone) = &change.zone {
        device.zone = named_zone(tx, zone)?;
        tx.mark(&placement::of_zone(device.zone));
    }
    Ok(())
}

fn move_to(tx: &mut Tx, device: &mut Device, domain: DomainId) {
    if device.domain != domain {
        tx.mark(&placement::of_domain(domain));
        device.domain = domain;
    }
}

/// What a device goes with.
struct Parent {
    id: SystemId,
    domain: DomainId,
}

/// Whether a node that the actor sees may be the parent of a device.
///
/// # Errors
/// [`Refusal::Fields`] when it is not there, or the device itself, or below it.
pub(crate) fn check_parent(
    tx: &mut Tx,
    actor: &Actor,
    parent: &SystemId,
    device: &SystemId,
) -> Result<(), Refusal> {
    named_parent(tx, actor, parent.as_str(), Some(device)).map(|_| ())
}

/// The parent that a request names, which the actor sees. It must not be the device itself, nor stand below it.
fn named_parent(
    tx: &mut Tx,
    actor: &Actor,
    named: &str,
    of: Option<&SystemId>,
) -> Result<Parent, Refusal> {
    let refused = || Refusal::field("parent", NO_CHOICE);
    let id = holders::named(tx, named)?.ok_or_else(refused)?;
    // Who deletes it sees this device, or this change is evaluated again.
    tx.mark(&placement::of_parent(&id));
    if let Some(machine) = tx.get::<Machine>(&id)? {
        permits(actor, Permission::ReadMachine, &Object::of(&machine)).map_err(|_| refused())?;
        return Ok(Parent { id, domain: machine.placement.domain });
    }
    let device = tx.get::<Device>(&id)?.ok_or_else(refused)?;
    permits(actor, Permission::ReadDevice, &Object::Device { owner: device.owner })
        .map_err(|_| refused())?;
    let mut above = Some(device.clone());
    for _ in 0..DEPTH_MAX {
        let Some(at) = above else {
            return Ok(Parent { id, domain: device.domain });
        };
        if Some(&at.system_id) == of {
            return Err(refused());
        }
        above = at.parent.map_or(Ok(None), |parent| tx.get::<Device>(&parent))?;
    }
    Err(refused())
}
