//! VLANs: tags, MTU, and which racks serve DHCP on them.

use std::net::IpAddr;
use std::sync::Arc;

use api::field_errors::FieldErrors;
use model::access::{Actor, Permission};
use model::controller::RackController;
use model::device::Device;
use model::id::{FabricId, SystemId, VlanId};
use model::machine::Machine;
use model::machine::interface::Interface;
use model::net::external_dhcp::ExternalDhcp;
use model::net::fabric::Fabric;
use model::net::iprange::Purpose;
use model::net::router_advertisements::RouterAdvertisements;
use model::net::service_address::ServiceHolder;
use model::net::space::Space;
use model::net::vlan::Vlan;

use crate::authorize::authorize;
use crate::details::Details;
use crate::error::{NO_CHOICE, Refusal};
use crate::network::dependents::Holder;
use crate::network::relayed::{self, RELAYED_HERE};
use crate::network::vlan_racks::WantedRacks;
use crate::network::{names, registered, service_addresses, specifiers, vlan_racks};
use tables::error::TableError;
use tables::network::{IPRANGES_OF_SUBNET, SUBNETS_GUARD, SUBNETS_OF_VLAN, VLANS_OF_FABRIC};
use tables::read::Reads;
use tables::tx::Tx;
use tables::update::Tables;
use tables::views::machines::MachineKey;

/// The greatest 802.1Q tag that can be used.
const VID_MAX: u16 = 4094;

/// The smallest MTU that Linux accepts.
const MTU_MIN: u16 = 552;

/// The cluster version from which on racks may advertise. A region of a version before would tell its racks nothing of it, and
/// these would take back what they have advertised.
const ADVERTISEMENTS_SINCE: u32 = 8;

/// What shall be set of a VLAN; what is absent stays. Objects are named as clients name them;
/// an empty name means none.
#[derive(Debug, Clone, Default)]
pub struct VlanChange {
    /// Its name.
    pub name: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// Its tag.
    pub vid: Option<u16>,
    /// Its MTU in bytes.
    pub mtu: Option<u16>,
    /// Whether DHCP is served.
    pub dhcp_on: Option<bool>,
    /// A rack that serves it.
    pub primary_rack: Option<String>,
    /// Another rack that serves it.
    pub secondary_rack: Option<String>,
    /// All racks that serve it beside those two.
    pub further_racks: Option<Vec<String>>,
    /// The VLAN whose racks serve it.
    pub relay_vlan: Option<String>,
    /// Its space.
    pub space: Option<String>,
    /// Its fabric.
    pub fabric: Option<String>,
    /// What its racks advertise.
    pub router_advertisements: Option<RouterAdvertisements>,
    /// Whether its racks relay to those of its relay VLAN.
    pub relay_agent: Option<bool>,
    /// Servers of others that its racks relay to.
    pub relay_to: Option<Vec<IpAddr>>,
    /// Whether its racks say what to boot beside a server of others.
    pub proxy_dhcp: Option<bool>,
    /// The addresses by which clients know its racks.
    pub service_addresses: Option<Vec<IpAddr>>,
}

/// How a request names a VLAN.
#[derive(Debug, Clone)]
pub enum VlanName {
    /// By id or name.
    Vlan(String),
    /// By a fabric and the tag.
    OfFabric(String, String),
}

/// A VLAN as doors show it.
#[derive(Debug, Clone)]
pub struct VlanDetail {
    /// The VLAN.
    pub vlan: Vlan,
    /// The name of its fabric.
    pub fabric: String,
    /// The name of its space, if it has one.
    pub space: Option<String>,
    /// The VLAN whose racks serve it, but not what that one relays to.
    pub relay: Option<Box<Self>>,
    /// A DHCP server on it that is none of the site's: the one with the least address.
    pub external_dhcp: Option<IpAddr>,
    /// The racks that relay what they hear on it.
    pub relayed_by: Vec<SystemId>,
    /// The rack that holds its service addresses.
    pub service_rack: Option<SystemId>,
}

/// The VLANs of a fabric.
///
/// # Errors
/// [`Refusal::NotFound`].
pub async fn list(
    tables: &Tables,
    actor: &Actor,
    fabric: &str,
) -> Result<Vec<VlanDetail>, Refusal> {
    let details = Details::of_site(actor, tables).await?;
    let fabric = specifiers::fabric(details.view(), fabric)?;
    let vlans = details.view().list_by(&VLANS_OF_FABRIC, &fabric.id)?.into_iter();
    Ok(vlans.map(|vlan| details.vlan_of(vlan)).collect::<Result<_, _>>()?)
}

/// The VLANs of all fabrics, in the order of their ids.
///
/// # Errors
/// [`Refusal::Denied`], [`Refusal::Tables`].
pub async fn all(tables: &Tables, actor: &Actor) -> Result<Vec<Arc<VlanDetail>>, Refusal> {
    Ok(Details::of_site(actor, tables).await?.all_vlans()?)
}

/// A VLAN.
///
/// # Errors
/// [`Refusal::NotFound`].
pub async fn get(tables: &Tables, actor: &Actor, name: &VlanName) -> Result<VlanDetail, Refusal> {
    let details = Details::of_site(actor, tables).await?;
    let vlan = find(details.view(), name)?;
    Ok(details.vlan_of(vlan)?)
}

pub(super) fn find(at: &impl Reads, name: &VlanName) -> Result<Vlan, Refusal> {
    match name {
        VlanName::Vlan(text) => specifiers::vlan(at, text),
        VlanName::OfFabric(fabric, vid) => specifiers::vlan_of_fabric(at, fabric, vid),
    }
}

/// Makes a VLAN in a fabric.
///
/// # Errors
/// [`Refusal`].
pub async fn create(
    tables: &Tables,
    actor: &Actor,
    fabric: &str,
    change: &VlanChange,
) -> Result<VlanDetail, Refusal> {
    let cause = authorize(actor, Permission::ManageNetwork, "vlan.create")?;
    if change.vid.is_none() {
        return Err(Refusal::field("vid", "This field is required."));
    }
    let vlan = tables
        .update(&cause, |tx| -> Result<_, Refusal> {
            let fabric = specifiers::fabric(tx, fabric)?;
            tx.guard(SUBNETS_GUARD);
            let id = VlanId(tx.next_id::<Vlan>()?);
            let blank = Vlan { name: String::new(), ..Vlan::untagged(id, fabric.id) };
            let vlan = changed(tx, blank, change)?;
            hold(tx, &vlan)?;
            tx.insert(&vlan)?;
            Ok(vlan)
        })
        .await?;
    Ok(Details::after_change(tables).await?.vlan_of(vlan)?)
}

/// Changes a VLAN.
///
/// # Errors
/// [`Refusal`].
pub async fn update(
    tables: &Tables,
    actor: &Actor,
    name: &VlanName,
    change: &VlanChange,
) -> Result<VlanDetail, Refusal> {
    let cause = authorize(actor, Permission::ManageNetwork, "vlan.update")?;
    let vlan = tables
        .update(&cause, |tx| -> Result<_, Refusal> {
            // Who relays to whom, and which ranges are served, is about several rows.
            tx.guard(SUBNETS_GUARD);
            let vlan = find(tx, name)?;
            let vlan = changed(tx, vlan, change)?;
            hold(tx, &vlan)?;
            tx.put(&vlan)?;
            Ok(vlan)
        })
        .await?;
    Ok(Details::after_change(tables).await?.vlan_of(vlan)?)
}

/// Removes a VLAN; interfaces on it move to the fabric's default one.
///
/// # Errors
/// [`Refusal`] for the default VLAN, or when subnets or relays still use it.
pub async fn delete(tables: &Tables, actor: &Actor, name: &VlanName) -> Result<(), Refusal> {
    let cause = authorize(actor, Permission::ManageNetwork, "vlan.delete")?;
    tables.update(&cause, |tx| remove(tx, name)).await
}

/// Removes a VLAN, in a transaction of the caller's.
///
/// # Errors
/// As [`delete`].
pub fn remove(tx: &mut Tx, name: &VlanName) -> Result<(), Refusal> {
    tx.guard(SUBNETS_GUARD);
    let vlan = find(tx, name)?;
    Holder::Vlan(vlan.id).goes(tx);
    let default = default_of(tx, vlan.fabric)?.filter(|default| default.id != vlan.id);
    if default.is_none() {
        let message = "This VLAN is the default VLAN in the fabric, it cannot be deleted.";
        return Err(Refusal::field("__all__", message));
    }
    let subnets = tx.list_by(&SUBNETS_OF_VLAN, &vlan.id)?;
    if let Some(subnet) = subnets.first() {
        let message = format!("VLAN {} still has subnet {}.", vlan.vid, subnet.cidr);
        return Err(Refusal::field("__all__", message));
    }
    let vlans = tx.list::<Vlan>()?;
    if let Some(relayed) = vlans.iter().find(|other| other.relay_vlan == Some(vlan.id)) {
        let message = format!("VLAN {} relays to this VLAN.", relayed.id);
        return Err(Refusal::field("__all__", message));
    }
    move_interfaces(tx, vlan.id, default.map(|default| default.id))?;
    tx.delete::<ExternalDhcp>(&vlan.id)?;
    tx.delete::<ServiceHolder>(&vlan.id)?;
    tx.delete::<Vlan>(&vlan.id)?;
    Ok(())
}

/// Has what a VLAN belongs to, or is relayed to, not go at the same moment, and its service addresses be nobody else's.
fn hold(tx: &mut Tx, vlan: &Vlan) -> Result<(), TableError> {
    for ip in &vlan.service_addresses {
        registered::give_way(tx, *ip)?;
    }
    Holder::Fabric(vlan.fabric).gets_one(tx);
    if let Some(space) = vlan.space {
        Holder::Space(space).gets_one(tx);
    }
    if let Some(relay) = vlan.relay_vlan {
        Holder::Vlan(relay).gets_one(tx);
        // Nor does another one become relayed to this one.
        Holder::Vlan(vlan.id).goes(tx);
    }
    Ok(())
}

/// Whether a VLAN may be as it is written, with what it refers to.
///
/// # Errors
/// [`Refusal::Fields`].
pub(crate) fn check(tx: &mut Tx, vlan: &Vlan) -> Result<(), Refusal> {
    tx.guard(SUBNETS_GUARD);
    let mut errors = FieldErrors::default();
    if tx.get::<Fabric>(&vlan.fabric)?.is_none() {
        errors.add("fabric", "Its fabric is not there any more.");
    }
    if default_of(tx, vlan.fabric)?.is_some_and(|default| default.id > vlan.id) {
        errors.add("fabric", "It would become the default VLAN of its fabric.");
    }
    if let Some(space) = vlan.space
        && tx.get::<Space>(&space)?.is_none()
    {
        errors.add("space", "Its space is not there any more.");
    }
    if let Some(relay) = vlan.relay_vlan {
        match tx.get::<Vlan>(&relay)? {
            None => errors.add("relay_vlan", "The VLAN that it relays to is not there any more."),
            Some(relay) if relay.relay_vlan.is_some() || !relay.relay_to.is_empty() => {
                errors.add("relay_vlan", "What it relays to is served through a relay itself.");
            }
            Some(_) => {}
        }
        if tx.list::<Vlan>()?.iter().any(|other| other.relay_vlan == Some(vlan.id)) {
            errors.add("relay_vlan", RELAYED_HERE);
        }
    }
    for rack in vlan.racks() {
        if tx.get::<RackController>(rack)?.is_none() {
            errors.add("primary_rack", format!("Rack {rack} is not there any more."));
        }
    }
    check_advertisements(vlan, &mut errors);
    relayed::check(tx, vlan, &mut errors)?;
    let before = tx.get::<Vlan>(&vlan.id)?.map(|before| before.service_addresses);
    service_addresses::check(tx, vlan, &before.unwrap_or_default(), &mut errors)?;
    if vlan.dhcp_on {
        check_dhcp(tx, vlan, &mut errors)?;
    }
    errors.finish()?;
    hold(tx, vlan)?;
    Ok(())
}

/// Whether a VLAN from which a range is taken still has one, if DHCP is on in it.
///
/// # Errors
/// [`Refusal::Fields`] when it has none.
pub(crate) fn check_served(tx: &Tx, id: VlanId) -> Result<(), Refusal> {
    let Some(vlan) = tx.get::<Vlan>(&id)?.filter(|vlan| vlan.dhcp_on) else { return Ok(()) };
    let mut errors = FieldErrors::default();
    check_dhcp(tx, &vlan, &mut errors)?;
    Ok(errors.finish()?)
}

/// The default VLAN of a fabric: the one that it was made with, whatever its tag is now.
///
/// # Errors
/// [`Refusal::Tables`].
pub(crate) fn default_of(at: &impl Reads, fabric: FabricId) -> Result<Option<Vlan>, Refusal> {
    Ok(at.list_by(&VLANS_OF_FABRIC, &fabric)?.into_iter().min_by_key(|vlan| vlan.id))
}

fn move_interfaces(tx: &mut Tx, from: VlanId, to: Option<VlanId>) -> Result<(), Refusal> {
    for id in tx.state().ids_with(&MachineKey::Vlan(from)) {
        let Some(mut machine) = tx.get::<Machine>(&id)? else { continue };
        if move_of_node(&mut machine.interfaces, from, to) {
            if let Some(to) = to {
                Holder::Vlan(to).gets_one(tx);
            }
            tx.put(&machine)?;
        }
    }
    for id in tx.state().devices().ids_with(&MachineKey::Vlan(from)) {
        let Some(mut device) = tx.get::<Device>(&id)? else { continue };
        if move_of_node(&mut device.interfaces, from, to) {
            if let Some(to) = to {
                Holder::Vlan(to).gets_one(tx);
            }
            tx.put(&device)?;
        }
    }
    Ok(())
}

/// Whether any interface of a node was moved.
fn move_of_node(interfaces: &mut [Interface], from: VlanId, to: Option<VlanId>) -> bool {
    let mut moved = false;
    for interface in interfaces.iter_mut().filter(|interface| interface.vlan == Some(from)) {
        interface.vlan = to;
        moved = true;
    }
    moved
}

fn changed(tx: &Tx, vlan: Vlan, change: &VlanChange) -> Result<Vlan, Refusal> {
    let mut errors = FieldErrors::default();
    let mut vlan = Vlan {
        vid: change.vid.unwrap_or(vlan.vid),
        mtu: change.mtu.unwrap_or(vlan.mtu),
        name: change.name.clone().unwrap_or_else(|| vlan.name.clone()),
        description: change.description.clone().unwrap_or_else(|| vlan.description.clone()),
        dhcp_on: change.dhcp_on.unwrap_or(vlan.dhcp_on),
        router_advertisements: change.router_advertisements.unwrap_or(vlan.router_advertisements),
        ..vlan
    };
    if vlan.vid > VID_MAX {
        errors.add("vid", "VID must be between 0 and 4094.");
    }
    if vlan.mtu < MTU_MIN {
        errors.add("mtu", format!("Ensure this value is greater than or equal to {MTU_MIN}."));
    }
    if vlan.name.is_empty() {
        vlan.name = if vlan.vid == 0 { "untagged".to_owned() } else { vlan.vid.to_string() };
    }
    if change.name.is_some()
        && let Err(message) = names::check(&vlan.name)
    {
        errors.add("name", message);
    }
    set_references(tx, &mut vlan, change, &mut errors)?;
    let racks = WantedRacks {
        primary: change.primary_rack.as_deref(),
        secondary: change.secondary_rack.as_deref(),
        further: change.further_racks.as_deref(),
    };
    vlan_racks::set(tx, &mut vlan, racks, &mut errors)?;
    check_advertisements(&vlan, &mut errors);
    if tx.cluster_version() < ADVERTISEMENTS_SINCE && !vlan.router_advertisements.is_off() {
        errors.add(
            "router_advertisements",
            "Not all regions know router advertisements yet: upgrade them first.",
        );
    }
    if vlan.dhcp_on {
        if change.relay_vlan.as_deref().is_some_and(|relay| !relay.is_empty()) {
            errors.add("relay_vlan", SERVED_DIRECTLY);
        }
        vlan.relay_vlan = None;
        check_dhcp(tx, &vlan, &mut errors)?;
    }
    set_relaying(&mut vlan, change);
    relayed::check(tx, &vlan, &mut errors)?;
    let before = vlan.service_addresses.clone();
    if let Some(addresses) = &change.service_addresses {
        vlan.service_addresses.clone_from(addresses);
        vlan.service_addresses.sort_unstable();
        vlan.service_addresses.dedup();
    }
    service_addresses::check(tx, &vlan, &before, &mut errors)?;
    errors.finish()?;
    Ok(vlan)
}

fn set_references(
    tx: &Tx,
    vlan: &mut Vlan,
    change: &VlanChange,
    errors: &mut FieldErrors,
) -> Result<(), Refusal> {
    if let Some(text) = &change.fabric {
        match chosen(errors, "fabric", specifiers::fabric(tx, text))? {
            Some(Fabric { id, .. }) if id == vlan.fabric => {}
            Some(_)
                if default_of(tx, vlan.fabric)?.is_some_and(|default| default.id == vlan.id) =>
            {
                errors.add("fabric", "The default VLAN of a fabric cannot be moved.");
            }
            // The oldest one is the default.
            Some(Fabric { id, .. })
                if default_of(tx, id)?.is_some_and(|default| default.id > vlan.id) =>
            {
                let message =
                    "It is older than the default VLAN of that fabric, and would become it.";
                errors.add("fabric", message);
            }
            Some(fabric) => vlan.fabric = fabric.id,
            None => {}
        }
    }
    match change.space.as_deref() {
        None => {}
        Some("") => vlan.space = None,
        Some(text) => {
            vlan.space =
                chosen(errors, "space", specifiers::space(tx, text))?.map(|space| space.id);
        }
    }
    match change.relay_vlan.as_deref() {
        None => {}
        Some("") => vlan.relay_vlan = None,
        Some(text) => {
            let relay = chosen(errors, "relay_vlan", specifiers::vlan(tx, text))?;
            match relay {
                Some(relay) if relay.id == vlan.id => {
                    errors.add("relay_vlan", format!("{NO_CHOICE} It is this VLAN itself."));
                }
                Some(relay) if relay.relay_vlan.is_some() || !relay.relay_to.is_empty() => {
                    let message = format!("{NO_CHOICE} It is served through a relay itself.");
                    errors.add("relay_vlan", message);
                }
                relay => vlan.relay_vlan = relay.map(|relay| relay.id),
            }
            let relays_here = |other: &Vlan| other.relay_vlan == Some(vlan.id);
            if vlan.relay_vlan.is_some() && tx.list::<Vlan>()?.iter().any(relays_here) {
                errors.add("relay_vlan", RELAYED_HERE);
            }
        }
    }
    Ok(())
}

const SERVED_DIRECTLY: &str = "DHCP is on in this VLAN. Switch it off (dhcp_on=false) to have the VLAN served through a relay.";

fn chosen<T>(
    errors: &mut FieldErrors,
    field: &str,
    found: Result<T, Refusal>,
) -> Result<Option<T>, Refusal> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(Refusal::NotFound { .. }) => {
            errors.add(field, NO_CHOICE);
            Ok(None)
        }
        Err(other) => Err(other),
    }
}

/// A relay agent ends with what it relays to.
fn set_relaying(vlan: &mut Vlan, change: &VlanChange) {
    let goes_on = vlan.relay_agent && vlan.relay_vlan.is_some();
    vlan.relay_agent = change.relay_agent.unwrap_or(goes_on);
    vlan.proxy_dhcp = change.proxy_dhcp.unwrap_or(vlan.proxy_dhcp);
    if let Some(servers) = &change.relay_to {
        vlan.relay_to.clone_from(servers);
        vlan.relay_to.sort_unstable();
        vlan.relay_to.dedup();
    }
}

/// Somebody has to send them.
fn check_advertisements(vlan: &Vlan, errors: &mut FieldErrors) {
    if !vlan.router_advertisements.is_off()
        && vlan.primary_rack.is_none()
        && !errors.has("primary_rack")
    {
        let message =
            "Router advertisements can only be turned on when a primary rack controller is set.";
        errors.add("router_advertisements", message);
    }
}

fn check_dhcp(tx: &Tx, vlan: &Vlan, errors: &mut FieldErrors) -> Result<(), Refusal> {
    if vlan.primary_rack.is_none() && !errors.has("primary_rack") {
        let message = "dhcp can only be turned on when a primary rack controller is set.";
        errors.add("__all__", message);
    }
    for subnet in tx.list_by(&SUBNETS_OF_VLAN, &vlan.id)? {
        let ranges = tx.list_by(&IPRANGES_OF_SUBNET, &subnet.id)?;
        if ranges.iter().any(|range| range.purpose == Purpose::Dynamic) {
            return Ok(());
        }
    }
    errors.add("dhcp_on", "dhcp can only be turned on when a dynamic IP range is defined.");
    Ok(())
}
