//! Subnets. No two overlap, so that an address belongs to one subnet and is given to one holder.

use std::net::IpAddr;
use std::sync::Arc;

use api::field_errors::FieldErrors;
use api::subnets::UsedAddress;
use ipnet::IpNet;
use model::access::{Actor, Permission};
use model::error::Kind;
use model::id::SubnetId;
use model::machine::Machine;
use model::net::iprange::IpRange;
use model::net::prefixpool::PrefixPool;
use model::net::range::AddressRange;
use model::net::reserved::ReservedAddress;
use model::net::subnet::{ReverseDns, Subnet};
use model::net::vlan::Vlan;

use crate::authorize::authorize;
use crate::cluster::bootstrap::DEFAULT_FABRIC;
use crate::details::Details;
use crate::dns::named_addresses;
use crate::error::Refusal;
use crate::network::subnet_addresses;
use crate::network::vlans::{self, VlanDetail};
use crate::network::{
    addresses, delegations, dependents, external_dhcp_rows, gateways, kept, names, registered,
    service_addresses, specifiers,
};
use tables::network::{
    IPRANGES_OF_SUBNET, PREFIX_POOLS_OF_SUBNET, RESERVED_OF_SUBNET, SUBNETS_GUARD, VLAN_BY_VID,
};
use tables::read::Reads;
use tables::tx::Tx;
use tables::update::Tables;
use tables::views::machines::MachineKey;

/// What shall be set of a subnet; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct SubnetChange {
    /// Its prefix.
    pub cidr: Option<IpNet>,
    /// Its name; the prefix when empty.
    pub name: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// Its VLAN, by id.
    pub vlan: Option<String>,
    /// The fabric of its VLAN, when that is given by tag.
    pub fabric: Option<String>,
    /// The tag of its VLAN.
    pub vid: Option<u16>,
    /// Its gateway; the inner none removes it.
    pub gateway_ip: Option<Option<IpAddr>>,
    /// Its DNS servers.
    pub dns_servers: Option<Vec<IpAddr>>,
    /// The ways to boot that are not answered in it, by their names.
    pub disabled_boot_architectures: Option<Vec<String>>,
    /// Which reverse zones it gets.
    pub rdns_mode: Option<ReverseDns>,
    /// Whether its hosts may use the racks' DNS.
    pub allow_dns: Option<bool>,
    /// Whether addresses are allocated in it.
    pub managed: Option<bool>,
    /// Whether racks search it for hosts time and again.
    pub active_discovery: Option<bool>,
}

/// A subnet as doors show it.
#[derive(Debug, Clone)]
pub struct SubnetDetail {
    /// The subnet.
    pub subnet: Subnet,
    /// The VLAN it lies on.
    pub vlan: Arc<VlanDetail>,
}

/// What decides which addresses of a subnet are free.
#[derive(Debug, Clone)]
pub struct SubnetUse {
    /// The subnet.
    pub subnet: Subnet,
    /// Its IP ranges.
    pub ranges: Vec<IpRange>,
    /// Its addresses that machines or users have.
    pub assigned: Vec<AddressRange>,
}

/// All subnets.
///
/// # Errors
/// [`Refusal`].
pub async fn list(tables: &Tables, actor: &Actor) -> Result<Vec<Arc<SubnetDetail>>, Refusal> {
    Ok(Details::of_site(actor, tables).await?.all_subnets()?.to_vec())
}

/// A subnet by id, prefix or name.
///
/// # Errors
/// [`Refusal::NotFound`].
pub async fn get(tables: &Tables, actor: &Actor, specifier: &str) -> Result<SubnetDetail, Refusal> {
    let details = Details::of_site(actor, tables).await?;
    let subnet = specifiers::subnet(details.view(), specifier)?;
    detail(&details, subnet)
}

/// What decides which addresses of a subnet are free.
///
/// # Errors
/// [`Refusal::NotFound`].
pub async fn occupancy(
    tables: &Tables,
    actor: &Actor,
    specifier: &str,
) -> Result<SubnetUse, Refusal> {
    let details = Details::of_site(actor, tables).await?;
    let view = details.view();
    let subnet = specifiers::subnet(view, specifier)?;
    let ranges = view.list_by(&IPRANGES_OF_SUBNET, &subnet.id)?;
    Ok(SubnetUse { assigned: assigned(view, &subnet), ranges, subnet })
}

/// Who has which address of a subnet.
///
/// # Errors
/// [`Refusal::NotFound`].
pub async fn used_addresses(
    tables: &Tables,
    actor: &Actor,
    specifier: &str,
) -> Result<Vec<UsedAddress>, Refusal> {
    let details = Details::of_site(actor, tables).await?;
    let subnet = specifiers::subnet(details.view(), specifier)?;
    Ok(subnet_addresses::used(details.view(), &subnet)?)
}

/// Makes a subnet; on the default VLAN of the default fabric unless another is named.
///
/// # Errors
/// [`Refusal`].
pub async fn create(
    tables: &Tables,
    actor: &Actor,
    change: &SubnetChange,
) -> Result<SubnetDetail, Refusal> {
    let cause = authorize(actor, Permission::ManageNetwork, "subnet.create")?;
    let cidr = change.cidr.ok_or_else(|| Refusal::field("cidr", "This field is required."))?;
    let cidr = cidr.trunc();
    let subnet = tables
        .update(&cause, |tx| -> Result<_, Refusal> {
            tx.guard(SUBNETS_GUARD);
            let vlan = match named_vlan(tx, change)? {
                Some(vlan) => Some(vlan),
                None => vlans::default_of(tx, DEFAULT_FABRIC)?,
            };
            let vlan = vlan.ok_or_else(|| Refusal::field("vlan", "This field is required."))?;
            let blank = Subnet {
                name: String::new(),
                ..Subnet::new(SubnetId(tx.next_id::<Subnet>()?), vlan.id, cidr)
            };
            let subnet = changed(blank, change);
            check_name(&subnet, change)?;
            check(tx, &subnet)?;
            check_not_delegated(tx, None, &subnet)?;
            check_gateway(tx, None, &subnet)?;
            tx.insert(&subnet)?;
            Ok(subnet)
        })
        .await?;
    detail(&Details::after_change(tables).await?, subnet)
}

/// Changes a subnet.
///
/// # Errors
/// [`Refusal`].
pub async fn update(
    tables: &Tables,
    actor: &Actor,
    specifier: &str,
    change: &SubnetChange,
) -> Result<SubnetDetail, Refusal> {
    let cause = authorize(actor, Permission::ManageNetwork, "subnet.update")?;
    let subnet = tables
        .update(&cause, |tx| -> Result<_, Refusal> {
            tx.guard(SUBNETS_GUARD);
            let before = specifiers::subnet(tx, specifier)?;
            let mut subnet = changed(before.clone(), change);
            check_name(&subnet, change)?;
            if let Some(vlan) = named_vlan(tx, change)? {
                subnet.vlan = vlan.id;
            }
            check(tx, &subnet)?;
            check_not_delegated(tx, Some(&before), &subnet)?;
            check_gateway(tx, Some(&before), &subnet)?;
            addresses::keep_all(tx, &before, AddressRange::of(before.cidr));
            if subnet.cidr != before.cidr {
                check_contents(tx, &subnet)?;
                registered::forget_beyond(tx, before.cidr, Some(subnet.cidr))?;
            }
            if (subnet.vlan, subnet.cidr) != (before.vlan, before.cidr) {
                service_addresses::check_loss(tx, &before, Some(&subnet))?;
            }
            if subnet.vlan != before.vlan {
                dependents::check_served(tx, before.vlan, |range| range.subnet == subnet.id)?;
                dependents::follow_subnet(tx, subnet.id, before.vlan, subnet.vlan)?;
                external_dhcp_rows::forget_unsearched(tx, &before)?;
            }
            tx.put(&subnet)?;
            Ok(subnet)
        })
        .await?;
    detail(&Details::after_change(tables).await?, subnet)
}

/// Removes a subnet with its IP ranges, its pools of prefixes, its DHCP snippets and the static routes from and to it.
///
/// # Errors
/// [`Refusal`] when machines or devices have links to it, users reserved addresses in it, routers have prefixes of its
/// pools, or DHCP is served from it alone. `force` gives reservations and prefixes up, never addresses of machines.
pub async fn delete(
    tables: &Tables,
    actor: &Actor,
    specifier: &str,
    force: bool,
) -> Result<(), Refusal> {
    let cause = authorize(actor, Permission::ManageNetwork, "subnet.delete")?;
    tables.update(&cause, |tx| remove(tx, specifier, force)).await
}

/// Removes a subnet, in a transaction of the caller's.
///
/// # Errors
/// As [`delete`].
pub fn remove(tx: &mut Tx, specifier: &str, force: bool) -> Result<(), Refusal> {
    tx.guard(SUBNETS_GUARD);
    let subnet = specifiers::subnet(tx, specifier)?;
    addresses::keep_all(tx, &subnet, AddressRange::of(subnet.cidr));
    if let Some((kind, node)) = linked(tx, subnet.id).next() {
        let message = format!(
            "Cannot delete subnet {}: {kind} {} has a link to it.",
            subnet.cidr, node.hostname
        );
        return Err(Refusal::with_message(Kind::Conflict, message));
    }
    let reserved = tx.list_by(&RESERVED_OF_SUBNET, &subnet.id)?;
    if let Some(address) = reserved.first().filter(|_| !force) {
        let message =
            format!("Cannot delete subnet {}: address {} is reserved.", subnet.cidr, address.ip);
        return Err(Refusal::with_message(Kind::Conflict, message));
    }
    dependents::check_served(tx, subnet.vlan, |range| range.subnet == subnet.id)?;
    service_addresses::check_loss(tx, &subnet, None)?;
    for address in reserved {
        tx.delete::<ReservedAddress>(&address.ip)?;
        named_addresses::forget(tx, address.ip)?;
    }
    kept::forget_subnet(tx, subnet.id)?;
    for range in tx.list_by(&IPRANGES_OF_SUBNET, &subnet.id)? {
        tx.delete::<IpRange>(&range.id)?;
    }
    for pool in tx.list_by(&PREFIX_POOLS_OF_SUBNET, &subnet.id)? {
        delegations::remove(tx, pool.id, force)?;
    }
    dependents::forget_subnet(tx, subnet.id)?;
    external_dhcp_rows::forget_unsearched(tx, &subnet)?;
    registered::forget_beyond(tx, subnet.cidr, None)?;
    tx.delete::<Subnet>(&subnet.id)?;
    Ok(())
}

/// The addresses of a subnet that machines, users, controllers or DNS resources have, as ranges.
#[must_use]
pub fn assigned(at: &impl Reads, subnet: &Subnet) -> Vec<AddressRange> {
    at.state().used(AddressRange::of(subnet.cidr))
}

/// The machines and devices with a link to a subnet, and which of the two each is.
pub(crate) fn linked(
    at: &impl Reads,
    subnet: SubnetId,
) -> impl Iterator<Item = (&'static str, &Arc<Machine>)> {
    let key = [MachineKey::Subnet(subnet)];
    let machines = at.state().all_machines().with(&key).into_iter();
    let devices = at.state().devices().with(&key).into_iter();
    machines.map(|found| ("machine", found)).chain(devices.map(|found| ("device", found)))
}

fn detail(details: &Details, subnet: Subnet) -> Result<SubnetDetail, Refusal> {
    details.subnet_of(subnet)?.ok_or(Refusal::NotFound { model: "Subnet" })
}

fn named_vlan(tx: &Tx, change: &SubnetChange) -> Result<Option<Vlan>, Refusal> {
    let invalid = |field: &'static str| {
        move |refusal| match refusal {
            Refusal::NotFound { .. } => Refusal::field(
                field,
                "Select a valid choice. That choice is not one of the available choices.",
            ),
            other => other,
        }
    };
    if let Some(vlan) = &change.vlan {
        return specifiers::vlan(tx, vlan).map(Some).map_err(invalid("vlan"));
    }
    if change.fabric.is_none() && change.vid.is_none() {
        return Ok(None);
    }
    let fabric = match &change.fabric {
        Some(fabric) => specifiers::fabric(tx, fabric).map_err(invalid("fabric"))?.id,
        None => DEFAULT_FABRIC,
    };
    let Some(vid) = change.vid else {
        return vlans::default_of(tx, fabric);
    };
    let found = tx.find(&VLAN_BY_VID, &(fabric, vid))?;
    let message = format!("No VLAN with vid {vid} in fabric {fabric}.");
    found.map(Some).ok_or_else(|| Refusal::field("vid", message))
}

fn changed(before: Subnet, change: &SubnetChange) -> Subnet {
    let cidr = change.cidr.map_or(before.cidr, |cidr| cidr.trunc());
    let named_by_cidr = before.name.is_empty() || before.name == before.cidr.to_string();
    let name = match change.name.as_deref() {
        Some("") => cidr.to_string(),
        Some(name) => name.to_owned(),
        None if named_by_cidr => cidr.to_string(),
        None => before.name,
    };
    Subnet {
        id: before.id,
        name,
        description: change.description.clone().unwrap_or(before.description),
        vlan: before.vlan,
        cidr,
        gateway_ip: change.gateway_ip.unwrap_or(before.gateway_ip),
        dns_servers: change.dns_servers.clone().unwrap_or(before.dns_servers),
        disabled_boot_architectures: change
            .disabled_boot_architectures
            .clone()
            .unwrap_or(before.disabled_boot_architectures),
        managed: change.managed.unwrap_or(before.managed),
        active_discovery: change.active_discovery.unwrap_or(before.active_discovery),
        rdns_mode: change.rdns_mode.unwrap_or(before.rdns_mode),
        allow_dns: change.allow_dns.unwrap_or(before.allow_dns),
        ..before
    }
}

fn check_name(subnet: &Subnet, change: &SubnetChange) -> Result<(), Refusal> {
    if change.name.is_none() {
        return Ok(());
    }
    names::check_of_subnet(&subnet.name).map_err(|message| Refusal::field("name", message))
}

/// Whether a subnet may be as it is written, in place of what it was.
///
/// # Errors
/// [`Refusal::Fields`].
pub(crate) fn check_row(
    tx: &mut Tx,
    before: Option<&Subnet>,
    subnet: &Subnet,
) -> Result<(), Refusal> {
    tx.guard(SUBNETS_GUARD);
    check(tx, subnet)?;
    check_not_delegated(tx, before, subnet)?;
    check_gateway(tx, before, subnet)?;
    if let Some(before) = before {
        addresses::keep_all(tx, before, AddressRange::of(before.cidr));
        if subnet.cidr != before.cidr {
            check_contents(tx, subnet)?;
        }
    }
    Ok(())
}

fn check(tx: &Tx, subnet: &Subnet) -> Result<(), Refusal> {
    let mut errors = FieldErrors::default();
    if subnet.cidr.prefix_len() == 0 {
        errors.add("cidr", "Prefix length must be greater than 0.");
    }
    let addresses = AddressRange::of(subnet.cidr);
    let others = tx.list::<Subnet>()?;
    // An equal prefix is told apart by the unique index, with MAAS's words.
    let overlapping = others.iter().find(|other| {
        other.id != subnet.id
            && other.cidr != subnet.cidr
            && AddressRange::of(other.cidr).overlaps(&addresses)
    });
    if let Some(other) = overlapping {
        let message = format!("subnet {} overlaps subnet {}.", subnet.cidr, other.cidr);
        errors.add("cidr", message);
    }
    let link_local = |address: &IpAddr| match address {
        IpAddr::V4(_) => false,
        IpAddr::V6(address) => address.is_unicast_link_local(),
    };
    let outside = |address: &&IpAddr| !subnet.cidr.contains(*address) && !link_local(address);
    if subnet.gateway_ip.iter().any(|address| outside(&address)) {
        errors.add("gateway_ip", "gateway IP must be within CIDR range.");
    }
    Ok(errors.finish()?)
}

/// What is new of its addresses may be in no pool of prefixes, and behind no router that still has some of one.
fn check_not_delegated(tx: &Tx, before: Option<&Subnet>, subnet: &Subnet) -> Result<(), Refusal> {
    let is_known = before.is_some_and(|before| before.cidr == subnet.cidr);
    if is_known || subnet.cidr.addr().is_ipv4() {
        return Ok(());
    }
    let addresses = AddressRange::of(subnet.cidr);
    let pools = tx.list::<PrefixPool>()?;
    if let Some(pool) = pools.iter().find(|pool| pool.addresses().overlaps(&addresses)) {
        let message = format!("subnet {} overlaps prefix pool {}.", subnet.cidr, pool.prefix);
        return Err(Refusal::field("cidr", message));
    }
    delegations::check_not_promised(&tx.looking(), addresses, None, tx.now())
        .map_err(|message| Refusal::field("cidr", message))
}

/// Nobody else may depend on the address of a gateway that is new.
fn check_gateway(tx: &mut Tx, before: Option<&Subnet>, subnet: &Subnet) -> Result<(), Refusal> {
    let same =
        |before: &Subnet| before.gateway_ip == subnet.gateway_ip && before.cidr == subnet.cidr;
    match subnet.gateway_ip.filter(|_| !before.is_some_and(same)) {
        Some(gateway) => {
            gateways::check(tx, subnet, gateway)?;
            Ok(registered::give_way(tx, gateway)?)
        }
        None => Ok(()),
    }
}

/// A new prefix must hold what the old one did.
fn check_contents(tx: &Tx, subnet: &Subnet) -> Result<(), Refusal> {
    for range in tx.list_by(&IPRANGES_OF_SUBNET, &subnet.id)? {
        if !subnet.cidr.contains(&range.start_ip) || !subnet.cidr.contains(&range.end_ip) {
            let message = format!("IP range {}-{} is outside of it.", range.start_ip, range.end_ip);
            return Err(Refusal::field("cidr", message));
        }
    }
    let reserved = tx.list_by(&RESERVED_OF_SUBNET, &subnet.id)?;
    if let Some(address) = reserved.iter().find(|address| !subnet.cidr.contains(&address.ip)) {
        let message = format!("reserved address {} is outside of it.", address.ip);
        return Err(Refusal::field("cidr", message));
    }
    dependents::check_subnet(tx, subnet)?;
    for (_, machine) in linked(tx, subnet.id) {
        let mut links = machine.interfaces.iter().flat_map(|interface| &interface.links);
        let outside = links.find_map(|link| {
            link.ip_address.filter(|ip| link.subnet == Some(subnet.id) && !subnet.cidr.contains(ip))
        });
        if let Some(address) = outside {
            let message = format!("address {address} of {} is outside of it.", machine.hostname);
            return Err(Refusal::field("cidr", message));
        }
    }
    Ok(())
}
