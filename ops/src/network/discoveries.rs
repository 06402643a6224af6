//! The hosts that racks saw, as doors show them (MAAS's discoveries).

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use model::access::{Actor, Permission};
use model::controller::RackController;
use model::id::{SystemId, VlanId};
use model::lease::binding::{Binding, BindingState};
use model::mac::MacAddress;
use model::net::external_dhcp::ExternalDhcp;
use model::net::neighbour::Neighbour;
use model::net::range::AddressRange;

use crate::authorize::authorize;
use crate::background;
use crate::details::Details;
use crate::error::Refusal;
use crate::machine::holders::KnownMacs;
use crate::network::vlans::VlanDetail;
use crate::network::{neighbours, organizations};
use tables::error::TableError;
use tables::read::{Reads, View};
use tables::update::Tables;

/// What nothing is found by.
const NOT_FOUND: Refusal = Refusal::NotFound { model: "Discovery" };

/// A host with what it names.
#[derive(Debug, Clone)]
pub struct Discovery {
    /// The host.
    pub neighbour: Neighbour,
    /// The link that it is on.
    pub vlan: Arc<VlanDetail>,
    /// The rack that saw it.
    pub rack: Arc<RackController>,
    /// Who made its interface, if that is known.
    pub organization: Option<&'static str>,
    /// Whether it is a DHCP server that is none of the site's.
    pub is_external_dhcp: bool,
}

/// Which hosts are left out of a list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Unknown {
    /// Those whose hardware address is that of an interface of a machine, a device or a rack.
    pub mac: bool,
    /// Those whose address somebody has.
    pub ip: bool,
}

impl Discovery {
    /// What MAAS names it by.
    #[must_use]
    pub fn id(&self) -> String {
        STANDARD.encode(self.neighbour.name())
    }

    /// The place of the rack's interface in the list of its interfaces, if it still has it.
    #[must_use]
    pub fn interface_id(&self) -> Option<usize> {
        let mut interfaces = self.rack.interfaces.iter();
        interfaces.position(|own| own.name == self.neighbour.interface)
    }
}

/// The hosts, the one first that was seen last.
///
/// # Errors
/// [`Refusal`].
pub async fn list(
    tables: &Tables,
    actor: &Actor,
    unknown: Unknown,
) -> Result<Vec<Discovery>, Refusal> {
    let details = Details::of_site(actor, tables).await?;
    background::run(move || {
        let mut found = neighbours::all(details.view())?;
        let known = unknown.mac.then(|| KnownMacs::of(details.view())).transpose()?;
        found.retain(|neighbour| {
            known.as_ref().is_none_or(|known| !known.has(neighbour.mac))
                && !(unknown.ip && is_known_ip(details.view(), neighbour.ip))
        });
        found.sort_by_key(|neighbour| {
            (std::cmp::Reverse(neighbour.last_seen), neighbour.ip, neighbour.vlan)
        });
        let mut shower = Shower::new(&details)?;
        let shown = found.into_iter().map(|neighbour| shower.show(neighbour));
        shown.filter_map(Result::transpose).collect()
    })
    .await
}

/// One host: by its id, or by `ip:` or `mac:` and an address.
///
/// # Errors
/// [`Refusal::NotFound`].
pub async fn get(tables: &Tables, actor: &Actor, name: &str) -> Result<Discovery, Refusal> {
    let details = Details::of_site(actor, tables).await?;
    let wanted = Wanted::parse(name).ok_or(NOT_FOUND)?;
    background::run(move || {
        let found = match wanted.ip {
            Some(ip) => at_address(details.view(), ip)?,
            None => neighbours::all(details.view())?,
        };
        let found = found.into_iter().filter(|it| wanted.mac.is_none_or(|mac| it.mac == mac));
        let newest = found.max_by_key(|neighbour| neighbour.last_seen).ok_or(NOT_FOUND)?;
        Shower::new(&details)?.show(newest)?.ok_or(NOT_FOUND)
    })
    .await
}

/// Forgets all hosts.
///
/// # Errors
/// [`Refusal`].
pub async fn clear(tables: &Tables, actor: &Actor) -> Result<(), Refusal> {
    let cause = authorize(actor, Permission::ClearDiscoveries, "discovery.clear")?;
    let view = tables.view().await?;
    let all = background::run(move || neighbours::all(&view)).await?;
    neighbours::remove(tables, &cause, all).await?;
    Ok(())
}

/// Forgets a host; false when there is none with these addresses.
///
/// # Errors
/// [`Refusal`].
pub async fn clear_one(
    tables: &Tables,
    actor: &Actor,
    ip: IpAddr,
    mac: MacAddress,
) -> Result<bool, Refusal> {
    let cause = authorize(actor, Permission::ClearDiscoveries, "discovery.clear")?;
    let mut found = at_address(&tables.view().await?, ip)?;
    found.retain(|neighbour| neighbour.mac == mac);
    Ok(neighbours::remove(tables, &cause, found).await? > 0)
}

/// The hosts with an address, on any link.
fn at_address(view: &View, ip: IpAddr) -> Result<Vec<Neighbour>, TableError> {
    view.rows_between::<Neighbour>(&(ip, VlanId(0)), &(ip, VlanId(u32::MAX)))
}

/// Whether a machine, a device, a user, a controller or a DNS resource has an address, or a client of DHCP.
fn is_known_ip(view: &View, ip: IpAddr) -> bool {
    let is_used = !view.state().used(AddressRange::one(ip)).is_empty();
    let binding = || view.get::<Binding>(&ip).ok().flatten();
    is_used || binding().is_some_and(|binding| binding.state == BindingState::Active)
}

/// What a host is asked for by.
struct Wanted {
    ip: Option<IpAddr>,
    mac: Option<MacAddress>,
}

impl Wanted {
    fn parse(name: &str) -> Option<Self> {
        if let Some(ip) = name.strip_prefix("ip:") {
            return Some(Self { ip: Some(ip.parse().ok()?), mac: None });
        }
        if let Some(mac) = name.strip_prefix("mac:") {
            return Some(Self { ip: None, mac: Some(mac.parse().ok()?) });
        }
        let text = String::from_utf8(STANDARD.decode(name).ok()?).ok()?;
        let (ip, mac) = text.split_once(',')?;
        Some(Self { ip: Some(ip.parse().ok()?), mac: Some(mac.parse().ok()?) })
    }
}

/// Reads once what hosts name.
struct Shower<'a> {
    details: &'a Details,
    racks: BTreeMap<SystemId, Arc<RackController>>,
    external: BTreeMap<VlanId, BTreeSet<IpAddr>>,
}

impl<'a> Shower<'a> {
    fn new(details: &'a Details) -> Result<Self, TableError> {
        let racks = details.view().list::<RackController>()?.into_iter();
        let racks = racks.map(|rack| (rack.system_id.clone(), Arc::new(rack))).collect();
        let external = details.view().list::<ExternalDhcp>()?.into_iter();
        let external = external.map(|found| (found.vlan, found.servers.into_keys().collect()));
        Ok(Self { details, racks, external: external.collect() })
    }

    /// None for a host whose link or finder is no more.
    fn show(&mut self, neighbour: Neighbour) -> Result<Option<Discovery>, Refusal> {
        let vlan = self.details.vlan(neighbour.vlan)?;
        let rack = self.racks.get(&neighbour.rack);
        let servers = self.external.get(&neighbour.vlan);
        let is_external_dhcp = servers.is_some_and(|servers| servers.contains(&neighbour.ip));
        Ok(vlan.zip(rack).map(|(vlan, rack)| {
            let rack = Arc::clone(rack);
            let organization = organizations::of(neighbour.mac);
            Discovery { neighbour, vlan, rack, organization, is_external_dhcp }
        }))
    }
}
