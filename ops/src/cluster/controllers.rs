//! Rack and region controllers as operators see them.

use std::net::IpAddr;
use std::sync::Arc;

use model::access::{Actor, Object, Permission, permits};
use model::controller::{ControllerInterface, ControllerNote, RackController, RegionController};
use model::error::Kind;
use model::id::SystemId;
use model::mac::MacAddress;
use model::net::scan::NetworkScan;
use model::net::vlan::Vlan;
use model::time_service::{TimeService, TimeState};
use model::zone::AvailabilityZone;

use crate::authorize::authorize;
use crate::cluster::bootstrap::DEFAULT_ZONE;
use crate::details::Details;
use crate::dns::domains::DomainDetail;
use crate::dns::naming::default_domain;
use crate::error::Refusal;
use crate::machine::holders::KnownMacs;
use crate::network::external_dhcp_rows;
use crate::network::specifiers;
use crate::network::subnets::SubnetDetail;
use tables::error::TableError;
use tables::read::Reads;
use tables::tx::Tx;
use tables::update::{Tables, now};

/// How long a rack that said nothing counts as connected, in milliseconds.
pub const SILENCE_MAX_MS: u64 = 30_000;

/// What all controllers have in common.
#[derive(Debug, Clone)]
pub struct Placement {
    /// The domain of their names.
    pub domain: DomainDetail,
    /// Their zone.
    pub zone: Option<Arc<AvailabilityZone>>,
    /// Free text.
    pub description: String,
}

/// A rack controller as doors show it.
#[derive(Debug, Clone)]
pub struct RackDetail {
    /// The rack.
    pub rack: RackController,
    /// Whether it has a session with a region and was heard lately.
    pub is_connected: bool,
    /// Its interfaces, each with the subnets that its addresses lie in.
    pub interfaces: Vec<(ControllerInterface, Vec<AddressDetail>)>,
    /// How its time service stands; none when it was not told.
    pub time: Option<TimeState>,
    /// Where it is.
    pub placement: Placement,
}

/// An address with the subnet that it lies in.
pub type AddressDetail = (IpAddr, Option<Arc<SubnetDetail>>);

/// A region controller as doors show it.
#[derive(Debug, Clone)]
pub struct RegionDetail {
    /// The region.
    pub region: RegionController,
    /// How its time service stands; none when it was not told.
    pub time: Option<TimeState>,
    /// Where it is.
    pub placement: Placement,
}

/// Whether an actor sees controllers: MAAS lists none to those who may not.
fn is_shown(actor: &Actor) -> Result<bool, Refusal> {
    permits(actor, Permission::View, &Object::Site)?;
    Ok(permits(actor, Permission::ReadControllers, &Object::Site).is_ok())
}

/// The racks with one of these names, or all.
///
/// # Errors
/// [`Refusal`].
pub async fn list_racks(
    tables: &Tables,
    actor: &Actor,
    hostnames: &[String],
) -> Result<Vec<RackDetail>, Refusal> {
    if !is_shown(actor)? {
        return Ok(Vec::new());
    }
    let details = Details::seen_by(actor, tables).await?;
    let racks = details.view().list::<RackController>()?.into_iter();
    let wanted = |rack: &RackController| hostnames.is_empty() || hostnames.contains(&rack.hostname);
    racks.filter(wanted).map(|rack| details.rack(rack)).collect()
}

/// Whether a rack has that hardware address.
///
/// # Errors
/// [`Refusal`].
pub async fn is_registered(
    tables: &Tables,
    actor: &Actor,
    mac: MacAddress,
) -> Result<bool, Refusal> {
    let details = Details::seen_by(actor, tables).await?;
    Ok(KnownMacs::of(details.view())?.is_a_racks(mac))
}

/// A rack.
///
/// # Errors
/// [`Refusal::NotFound`].
pub async fn get_rack(
    tables: &Tables,
    actor: &Actor,
    id: &SystemId,
) -> Result<RackDetail, Refusal> {
    permits(actor, Permission::ReadControllers, &Object::Site)?;
    let details = Details::seen_by(actor, tables).await?;
    let rack = details.view().get::<RackController>(id)?;
    details.rack(rack.ok_or(Refusal::NotFound { model: "RackController" })?)
}

/// All regions.
///
/// # Errors
/// [`Refusal`].
pub async fn list_regions(tables: &Tables, actor: &Actor) -> Result<Vec<RegionDetail>, Refusal> {
    if !is_shown(actor)? {
        return Ok(Vec::new());
    }
    let details = Details::seen_by(actor, tables).await?;
    let regions = details.view().list::<RegionController>()?.into_iter();
    regions.map(|region| details.region(region)).collect()
}

/// A region.
///
/// # Errors
/// [`Refusal::NotFound`].
pub async fn get_region(
    tables: &Tables,
    actor: &Actor,
    id: &SystemId,
) -> Result<RegionDetail, Refusal> {
    permits(actor, Permission::ReadControllers, &Object::Site)?;
    let details = Details::seen_by(actor, tables).await?;
    let region = details.view().get::<RegionController>(id)?;
    details.region(region.ok_or(Refusal::NotFound { model: "RegionController" })?)
}

/// What shall be said of a controller; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct ControllerChange {
    /// Free text.
    pub description: Option<String>,
    /// Its zone.
    pub zone: Option<String>,
}

/// Says something of a rack.
///
/// # Errors
/// [`Refusal`].
pub async fn update_rack(
    tables: &Tables,
    actor: &Actor,
    id: &SystemId,
    change: &ControllerChange,
) -> Result<RackDetail, Refusal> {
    let cause = authorize(actor, Permission::ManageControllers, "rack.update")?;
    tables
        .update(&cause, |tx| -> Result<(), Refusal> {
            let rack = tx.get::<RackController>(id)?;
            rack.ok_or(Refusal::NotFound { model: "RackController" })?;
            note(tx, id, change)
        })
        .await?;
    get_rack(tables, actor, id).await
}

/// Says something of a region.
///
/// # Errors
/// [`Refusal`].
pub async fn update_region(
    tables: &Tables,
    actor: &Actor,
    id: &SystemId,
    change: &ControllerChange,
) -> Result<RegionDetail, Refusal> {
    let cause = authorize(actor, Permission::ManageControllers, "region.update")?;
    tables
        .update(&cause, |tx| -> Result<(), Refusal> {
            let region = tx.get::<RegionController>(id)?;
            region.ok_or(Refusal::NotFound { model: "RegionController" })?;
            note(tx, id, change)
        })
        .await?;
    get_region(tables, actor, id).await
}

/// Moves controllers to a zone, all or none.
///
/// # Errors
/// [`Refusal`] when there is no such controller or zone.
pub async fn set_zone(
    tables: &Tables,
    actor: &Actor,
    ids: &[String],
    zone: &str,
) -> Result<(), Refusal> {
    let cause = authorize(actor, Permission::ManageControllers, "controller.set-zone")?;
    let change = ControllerChange { zone: Some(zone.to_owned()), description: None };
    tables
        .update(&cause, |tx| {
            for text in ids {
                let known = match text.parse::<SystemId>() {
                    Ok(id) if is_known(tx, &id)? => Some(id),
                    Ok(_) | Err(_) => None,
                };
                let message =
                    format!("Select a valid choice. {text} is not one of the available choices.");
                let id = known.ok_or_else(|| Refusal::field("system_id", message))?;
                note(tx, &id, &change)?;
            }
            Ok(())
        })
        .await
}

fn is_known(tx: &Tx, id: &SystemId) -> Result<bool, Refusal> {
    let rack = tx.get::<RackController>(id)?.is_some();
    Ok(rack || tx.get::<RegionController>(id)?.is_some())
}

/// What is said of a controller; of most nothing is.
pub(crate) fn note_of(at: &impl Reads, id: &SystemId) -> Result<ControllerNote, TableError> {
    let blank = || ControllerNote { system_id: id.clone(), description: String::new(), zone: None };
    Ok(at.get::<ControllerNote>(id)?.unwrap_or_else(blank))
}

fn note(tx: &mut Tx, id: &SystemId, change: &ControllerChange) -> Result<(), Refusal> {
    let mut note = note_of(tx, id)?;
    if let Some(description) = &change.description {
        note.description.clone_from(description);
    }
    if let Some(zone) = &change.zone {
        let message = "Select a valid choice. That choice is not one of the available choices.";
        let zone = specifiers::zone(tx, zone).map_err(|refusal| match refusal {
            Refusal::NotFound { .. } => Refusal::field("zone", message),
            other => other,
        })?;
        note.zone = Some(zone.id);
    }
    Ok(tx.put(&note)?)
}

/// Forgets a rack. One that comes back is entered again.
///
/// # Errors
/// [`Refusal`] when VLANs name it, unless `force`, which takes it from them.
pub async fn delete_rack(
    tables: &Tables,
    actor: &Actor,
    id: &SystemId,
    force: bool,
) -> Result<(), Refusal> {
    let cause = authorize(actor, Permission::ManageControllers, "rack.delete")?;
    tables
        .update(&cause, |tx| {
            let rack = tx.get::<RackController>(id)?;
            let rack = rack.ok_or(Refusal::NotFound { model: "RackController" })?;
            let mut vlans = tx.list::<Vlan>()?;
            vlans.retain(|vlan| vlan.racks().any(|named| named == id));
            if !vlans.is_empty() && !force {
                let names: Vec<String> =
                    vlans.iter().map(|vlan| format!("{} (vid {})", vlan.name, vlan.vid)).collect();
                let message = format!(
                    "Unable to delete '{}'; it is currently set as a rack controller on VLANs {}.",
                    rack.hostname,
                    names.join(", ")
                );
                return Err(Refusal::with_message(Kind::Invalid, message));
            }
            for mut vlan in vlans {
                vlan.remove_rack(id);
                if vlan.primary_rack.is_none() {
                    vlan.dhcp_on = false;
                    vlan.end_what_racks_do();
                }
                tx.put(&vlan)?;
            }
            external_dhcp_rows::forget(tx, id)?;
            tx.delete::<NetworkScan>(id)?;
            tx.delete::<ControllerNote>(id)?;
            tx.delete::<TimeService>(id)?;
            tx.delete::<RackController>(id)?;
            Ok(())
        })
        .await
}

/// Whether a region has a session with a rack.
pub(crate) fn is_connected(rack: &RackController) -> bool {
    rack.session.is_some() && now().since_ms(rack.last_seen) <= SILENCE_MAX_MS
}

impl Details {
    /// A rack with what it names.
    pub(crate) fn rack(&self, rack: RackController) -> Result<RackDetail, Refusal> {
        let mut interfaces = Vec::with_capacity(rack.interfaces.len());
        for interface in &rack.interfaces {
            let addresses = interface.addresses.iter().map(ipnet::IpNet::addr);
            let addresses = addresses.map(|ip| Ok((ip, self.subnet_around(ip)?)));
            interfaces.push((interface.clone(), addresses.collect::<Result<_, Refusal>>()?));
        }
        Ok(RackDetail {
            is_connected: is_connected(&rack),
            interfaces,
            time: self.time(&rack.system_id)?,
            placement: placement(self, &rack.system_id)?,
            rack,
        })
    }

    /// A region with what it names.
    pub(crate) fn region(&self, region: RegionController) -> Result<RegionDetail, Refusal> {
        let time = self.time(&region.system_id)?;
        Ok(RegionDetail { placement: placement(self, &region.system_id)?, time, region })
    }

    fn time(&self, controller: &SystemId) -> Result<Option<TimeState>, Refusal> {
        Ok(self.view().get::<TimeService>(controller)?.map(|told| told.state))
    }
}

/// Controllers are in the default domain, and in the default zone unless another is said.
fn placement(details: &Details, id: &SystemId) -> Result<Placement, Refusal> {
    let domain = details.domain_of(default_domain(details.view())?)?;
    let ControllerNote { description, zone, .. } = note_of(details.view(), id)?;
    let zone = match zone.map_or(Ok(None), |zone| details.zone(zone))? {
        Some(zone) => Some(zone),
        None => details.zone(DEFAULT_ZONE)?,
    };
    Ok(Placement { domain, zone, description })
}
