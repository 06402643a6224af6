//! Rack controllers as operators see them.

use std::net::IpAddr;
use std::sync::Arc;

use model::access::{Actor, Permission};
use model::controller::{ControllerInterface, RackController, RegionController};
use model::error::Kind;
use model::id::SystemId;
use model::mac::MacAddress;
use model::net::vlan::Vlan;
use model::zone::AvailabilityZone;

use crate::authorize::authorize;
use crate::cluster::bootstrap::DEFAULT_ZONE;
use crate::details::Details;
use crate::dns::domains::DomainDetail;
use crate::dns::naming::default_domain;
use crate::error::Refusal;
use crate::network::external_dhcp;
use crate::network::subnets::SubnetDetail;
use tables::read::Reads;
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
    /// Where it is.
    pub placement: Placement,
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
    let details = Details::seen_by(actor, tables).await?;
    let racks = details.view().list::<RackController>()?.into_iter();
    let wanted = |rack: &RackController| hostnames.is_empty() || hostnames.contains(&rack.hostname);
    racks.filter(wanted).map(|rack| rack_detail(&details, rack)).collect()
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
    let racks = details.view().list::<RackController>()?;
    let mut interfaces = racks.iter().flat_map(|rack| &rack.interfaces);
    Ok(interfaces.any(|interface| interface.mac == mac))
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
    let details = Details::seen_by(actor, tables).await?;
    let rack = details.view().get::<RackController>(id)?;
    rack_detail(&details, rack.ok_or(Refusal::NotFound { model: "RackController" })?)
}

/// All regions.
///
/// # Errors
/// [`Refusal`].
pub async fn list_regions(tables: &Tables, actor: &Actor) -> Result<Vec<RegionDetail>, Refusal> {
    let details = Details::seen_by(actor, tables).await?;
    let regions = details.view().list::<RegionController>()?.into_iter();
    regions.map(|region| Ok(RegionDetail { region, placement: placement(&details)? })).collect()
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
    let details = Details::seen_by(actor, tables).await?;
    let region = details.view().get::<RegionController>(id)?;
    let region = region.ok_or(Refusal::NotFound { model: "RegionController" })?;
    Ok(RegionDetail { region, placement: placement(&details)? })
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
                if vlan.secondary_rack.as_ref() == Some(id) {
                    vlan.secondary_rack = None;
                }
                if vlan.primary_rack.as_ref() == Some(id) {
                    vlan.primary_rack = vlan.secondary_rack.take();
                }
                vlan.dhcp_on &= vlan.primary_rack.is_some();
                tx.put(&vlan)?;
            }
            external_dhcp::forget(tx, id)?;
            tx.delete::<RackController>(id)?;
            Ok(())
        })
        .await
}

fn rack_detail(details: &Details, rack: RackController) -> Result<RackDetail, Refusal> {
    let mut interfaces = Vec::with_capacity(rack.interfaces.len());
    for interface in &rack.interfaces {
        let addresses = interface.addresses.iter().map(ipnet::IpNet::addr);
        let addresses = addresses.map(|ip| Ok((ip, details.subnet_around(ip)?)));
        interfaces.push((interface.clone(), addresses.collect::<Result<_, Refusal>>()?));
    }
    let silent_ms = now().since_ms(rack.last_seen);
    Ok(RackDetail {
        is_connected: rack.session.is_some() && silent_ms <= SILENCE_MAX_MS,
        interfaces,
        placement: placement(details)?,
        rack,
    })
}

/// Controllers are in the default domain and zone.
fn placement(details: &Details) -> Result<Placement, Refusal> {
    let domain = details.domain_of(default_domain(details.view())?)?;
    Ok(Placement { domain, zone: details.zone(DEFAULT_ZONE)? })
}
