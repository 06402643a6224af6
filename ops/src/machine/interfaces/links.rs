//! Links of a device's interfaces to subnets, each with an address that stays.

use std::net::IpAddr;

use api::field_errors::FieldErrors;
use model::access::Actor;
use model::id::SystemId;
use model::machine::interface::{Interface, Link, LinkMode};
use model::net::range::AddressRange;
use model::net::subnet::Subnet;
use model::net::vlan::Vlan;

use crate::error::{NO_CHOICE, Refusal};
use crate::machine::interfaces::{NodeInterface, change_one, ensure_link};
use crate::machine::machines::no_choice;
use crate::network::{addresses, ipaddresses, kept, spans, specifiers};
use tables::error::TableError;
use tables::read::Reads;
use tables::tx::Tx;
use tables::update::Tables;

/// A link that an interface shall have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LinkRequest {
    /// How it gets its address; `static` is what devices have.
    pub mode: Option<String>,
    /// The subnet.
    pub subnet: Option<String>,
    /// The address; a free one of the subnet when absent.
    pub ip: Option<IpAddr>,
    /// Whether it replaces all links, also on another VLAN.
    pub force: bool,
}

/// Links an interface of a device to a subnet, with an address that stays.
///
/// # Errors
/// [`Refusal`].
pub async fn link_subnet(
    tables: &Tables,
    actor: &Actor,
    node: &SystemId,
    named: &str,
    wanted: &LinkRequest,
) -> Result<NodeInterface, Refusal> {
    change_one(tables, actor, (node, named), "interface.link-subnet", |tx, _, interface| {
        let (subnet, ip) = checked_link(tx, interface, wanted)?;
        let mac = interface.mac;
        let ip = match ip {
            Some(ip) if kept::for_client(tx, subnet.id, mac)? == Some(ip) => {
                addresses::choose_for(tx, &subnet, mac)?
            }
            Some(ip) => ipaddresses::take(tx, &subnet, ip)?,
            None => addresses::choose_for(tx, &subnet, mac)?,
        };
        if wanted.force {
            interface.links.clear();
        }
        // What is without an address gives way to what has one.
        interface.links.retain(|link| link.mode == LinkMode::Static);
        interface.vlan = Some(subnet.vlan);
        interface.links.push(Link {
            id: u32::try_from(tx.any_number("interface")?).unwrap_or(u32::MAX),
            mode: LinkMode::Static,
            subnet: Some(subnet.id),
            ip_address: Some(ip),
        });
        Ok(())
    })
    .await
}

/// Takes a link of an interface of a device away; its address is free then.
///
/// # Errors
/// [`Refusal`] when it has no such link.
pub async fn unlink_subnet(
    tables: &Tables,
    actor: &Actor,
    node: &SystemId,
    named: &str,
    link: Option<&str>,
) -> Result<NodeInterface, Refusal> {
    change_one(tables, actor, (node, named), "interface.unlink-subnet", |_, _, interface| {
        let Some(named) = link.filter(|link| !link.is_empty()) else {
            return Err(Refusal::field("id", "This field is required."));
        };
        let known = interface.links.iter().position(|link| link.id.to_string() == named);
        let Some(position) = known else {
            let choices = interface.links.iter().map(|link| link.id.to_string());
            return Err(Refusal::field("id", no_choice("id", named, choices)));
        };
        interface.links.remove(position);
        ensure_link(interface);
        Ok(())
    })
    .await
}

/// The subnet and the address that a link is wanted to.
fn checked_link(
    tx: &Tx,
    interface: &Interface,
    wanted: &LinkRequest,
) -> Result<(Subnet, Option<IpAddr>), Refusal> {
    let mut errors = FieldErrors::default();
    match wanted.mode.as_deref().map(str::to_lowercase).as_deref() {
        Some("static") => {}
        None | Some("") => errors.add("mode", "This field is required."),
        Some(other) => errors.add("mode", no_choice("mode", other, ["static".to_owned()])),
    }
    let named = wanted.subnet.as_deref().filter(|subnet| !subnet.is_empty());
    let Some(named) = named else {
        errors.add("subnet", "This field is required.");
        return Err(errors.into());
    };
    let subnet = match specifiers::subnet(tx, named) {
        Ok(subnet) => Some(subnet),
        Err(Refusal::NotFound { .. }) => None,
        Err(refusal) => return Err(refusal),
    };
    let is_reached =
        |subnet: &Subnet| wanted.force || interface.vlan.is_none_or(|vlan| vlan == subnet.vlan);
    let Some(subnet) = subnet.filter(is_reached) else {
        errors.add("subnet", NO_CHOICE);
        return Err(errors.into());
    };
    if let Some(ip) = wanted.ip {
        if !AddressRange::hosts_of(subnet.cidr).contains(ip) {
            let subnet = shown(tx, &subnet)?;
            let message = format!("IP address is not in the given subnet '{subnet}'.");
            errors.add("ip_address", message);
        } else if let Some(range) = spans::dynamic_range_of(tx, &subnet, ip)? {
            let (first, last) = (range.start_ip, range.end_ip);
            let message = format!("IP address is inside a dynamic range {first} to {last}.");
            errors.add("ip_address", message);
        }
    }
    errors.finish()?;
    Ok((subnet, wanted.ip))
}

/// A subnet as MAAS's messages call it.
fn shown(at: &impl Reads, subnet: &Subnet) -> Result<String, TableError> {
    let vid = at.get::<Vlan>(&subnet.vlan)?.map(|vlan| vlan.vid).unwrap_or_default();
    Ok(format!("{}:{}(vid={vid})", subnet.name, subnet.cidr))
}
