//! Subnets. No two overlap, so that an address belongs to one subnet and is given to one holder.

use std::net::IpAddr;

use api::field_errors::FieldErrors;
use ipnet::IpNet;
use model::error::Kind;
use model::id::SubnetId;
use model::net::iprange::IpRange;
use model::net::range::AddressRange;
use model::net::reserved::ReservedAddress;
use model::net::subnet::{ReverseDns, Subnet};
use model::net::vlan::Vlan;

use crate::cluster::bootstrap::DEFAULT_FABRIC;
use crate::error::Refusal;
use crate::network::{addresses, specifiers};
use tables::network::{IPRANGES_OF_SUBNET, RESERVED_OF_SUBNET, SUBNETS_GUARD, VLAN_BY_VID};
use tables::read::Reads;
use tables::tx::Tx;
use tables::update::{Cause, Tables};

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
    /// Which reverse zones it gets.
    pub rdns_mode: Option<ReverseDns>,
    /// Whether its hosts may use the racks' DNS.
    pub allow_dns: Option<bool>,
    /// Whether its hosts may use the proxy.
    pub allow_proxy: Option<bool>,
    /// Whether it is scanned for neighbours.
    pub active_discovery: Option<bool>,
    /// Whether addresses are allocated in it.
    pub managed: Option<bool>,
    /// Boot methods that are not answered.
    pub disabled_boot_architectures: Option<Vec<String>>,
}

/// Makes a subnet; on the untagged VLAN of the default fabric unless another is named.
///
/// # Errors
/// [`Refusal`].
pub async fn create(
    tables: &Tables,
    cause: &Cause,
    change: &SubnetChange,
) -> Result<Subnet, Refusal> {
    let cidr = change.cidr.ok_or_else(|| Refusal::field("cidr", "This field is required."))?;
    let cidr = cidr.trunc();
    tables
        .update(cause, |tx| {
            tx.guard(SUBNETS_GUARD);
            let vlan = match named_vlan(tx, change)? {
                Some(vlan) => Some(vlan),
                None => tx.find(&VLAN_BY_VID, &(DEFAULT_FABRIC, 0_u16))?,
            };
            let vlan = vlan.ok_or_else(|| Refusal::field("vlan", "This field is required."))?;
            let blank = Subnet {
                id: SubnetId(tx.next_id::<Subnet>()?),
                name: String::new(),
                description: String::new(),
                vlan: vlan.id,
                cidr,
                gateway_ip: None,
                dns_servers: Vec::new(),
                managed: true,
                rdns_mode: ReverseDns::default(),
                allow_dns: true,
                allow_proxy: true,
                active_discovery: false,
                disabled_boot_architectures: Vec::new(),
            };
            let subnet = changed(blank, change);
            check(tx, &subnet)?;
            tx.insert(&subnet)?;
            Ok(subnet)
        })
        .await
}

/// Changes a subnet.
///
/// # Errors
/// [`Refusal`].
pub async fn update(
    tables: &Tables,
    cause: &Cause,
    specifier: &str,
    change: &SubnetChange,
) -> Result<Subnet, Refusal> {
    tables
        .update(cause, |tx| {
            tx.guard(SUBNETS_GUARD);
            let before = specifiers::subnet(tx, specifier)?;
            let mut subnet = changed(before.clone(), change);
            if let Some(vlan) = named_vlan(tx, change)? {
                subnet.vlan = vlan.id;
            }
            check(tx, &subnet)?;
            addresses::keep_all(tx, &before, AddressRange::of(before.cidr));
            if subnet.cidr != before.cidr {
                check_contents(tx, &subnet)?;
            }
            tx.put(&subnet)?;
            Ok(subnet)
        })
        .await
}

/// Removes a subnet with its IP ranges.
///
/// # Errors
/// [`Refusal`] when machines have links to it or users reserved addresses in it. `force` gives
/// reservations up, never addresses of machines.
pub async fn delete(
    tables: &Tables,
    cause: &Cause,
    specifier: &str,
    force: bool,
) -> Result<(), Refusal> {
    tables
        .update(cause, |tx| {
            tx.guard(SUBNETS_GUARD);
            let subnet = specifiers::subnet(tx, specifier)?;
            addresses::keep_all(tx, &subnet, AddressRange::of(subnet.cidr));
            if let Some(machine) = tx.state().linked_to(subnet.id).next() {
                let message = format!(
                    "Cannot delete subnet {}: machine {} has a link to it.",
                    subnet.cidr, machine.hostname
                );
                return Err(Refusal::said(Kind::Conflict, message));
            }
            let reserved = tx.list_by(&RESERVED_OF_SUBNET, &subnet.id)?;
            if let Some(address) = reserved.first().filter(|_| !force) {
                let message = format!(
                    "Cannot delete subnet {}: address {} is reserved.",
                    subnet.cidr, address.ip
                );
                return Err(Refusal::said(Kind::Conflict, message));
            }
            for address in reserved {
                tx.delete::<ReservedAddress>(&address.ip)?;
            }
            for range in tx.list_by(&IPRANGES_OF_SUBNET, &subnet.id)? {
                tx.delete::<IpRange>(&range.id)?;
            }
            tx.delete::<Subnet>(&subnet.id)?;
            Ok(())
        })
        .await
}

/// The addresses of a subnet that machines, users, controllers or DNS resources have, as ranges.
#[must_use]
pub fn assigned(at: &impl Reads, subnet: &Subnet) -> Vec<AddressRange> {
    at.state().used(AddressRange::of(subnet.cidr))
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
    let vid = change.vid.unwrap_or_default();
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
        managed: change.managed.unwrap_or(before.managed),
        rdns_mode: change.rdns_mode.unwrap_or(before.rdns_mode),
        allow_dns: change.allow_dns.unwrap_or(before.allow_dns),
        allow_proxy: change.allow_proxy.unwrap_or(before.allow_proxy),
        active_discovery: change.active_discovery.unwrap_or(before.active_discovery),
        disabled_boot_architectures: change
            .disabled_boot_architectures
            .clone()
            .unwrap_or(before.disabled_boot_architectures),
    }
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
    for machine in tx.state().linked_to(subnet.id) {
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
