//! Links of interfaces to subnets. A device's have an address that stays; a machine's say how what is deployed on it gets
//! its addresses.

use std::net::IpAddr;

use api::field_errors::FieldErrors;
use model::access::Actor;
use model::id::{SubnetId, SystemId};
use model::mac::MacAddress;
use model::machine::interface::links::{self as rules, LinkError};
use model::machine::interface::{Interface, Kind, Link, LinkMode, gateways, stack};
use model::net::range::AddressRange;
use model::net::subnet::Subnet;
use model::net::vlan::Vlan;

use crate::error::{NO_CHOICE, Refusal};
use crate::machine::interfaces::edit::{Doing, Editing, change};
use crate::machine::interfaces::gateways::router_of;
use crate::machine::interfaces::{NodeInterface, update};
use crate::machine::machines::no_choice;
use crate::network::dependents::Holder;
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
    /// Whether the subnet's gateway shall be the machine's.
    pub default_gateway: bool,
}

/// A link that was found to be possible.
struct Wanted {
    mode: LinkMode,
    subnet: Option<Subnet>,
    ip: Option<IpAddr>,
}

/// Links an interface to a subnet.
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
    let doing = Doing::of("interface.link-subnet", "link subnet");
    change(tables, actor, node, doing, |tx, node| {
        let interface = node.find(named)?.clone();
        let found = checked(tx, node, &interface, wanted)?;
        let id = interface.id;
        let mut linked = interface;
        if wanted.force {
            linked.links.clear();
        }
        if let Some(subnet) = &found.subnet {
            if linked.vlan != Some(subnet.vlan) {
                update::check_own_vlan(&node.interfaces, id)?;
                addresses::put_on(tx, &mut linked, subnet.vlan)?;
            }
            Holder::Subnet(subnet.id).gets_one(tx);
        }
        let link = Link {
            ip_address: address(tx, &found, linked.mac)?,
            ..Link::new(next_id(tx)?, found.mode, found.subnet.as_ref().map(|subnet| subnet.id))
        };
        let number = link.id;
        rules::add(&mut linked, link, |link| is_ipv4(tx, link.subnet));
        *node.interface(id)? = linked;
        stack::settle(&mut node.interfaces, id);
        if wanted.default_gateway {
            gateways::set(&mut node.interfaces, id, Some(number), |id| router_of(tx, id));
        }
        Ok(id)
    })
    .await
}

/// Takes a link of an interface away; its address is free then.
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
    let doing = Doing::of("interface.unlink-subnet", "unlink subnet");
    change(tables, actor, node, doing, |_, node| {
        let id = node.find(named)?.id;
        let interface = node.interface(id)?;
        let Some(named) = link.filter(|link| !link.is_empty()) else {
            return Err(Refusal::field("id", "This field is required."));
        };
        let known = interface.links.iter().position(|link| link.id.to_string() == named);
        let Some(position) = known else {
            let choices = interface.links.iter().map(|link| link.id.to_string());
            return Err(Refusal::field("id", no_choice("id", named, choices)));
        };
        interface.links.remove(position);
        stack::ensure_link(&mut node.interfaces, id);
        Ok(id)
    })
    .await
}

/// A new number of a link. First links have the number of their interface, so that these come from the same ones.
pub(crate) fn next_id(tx: &mut Tx) -> Result<u32, TableError> {
    Ok(u32::try_from(tx.any_number("interface")?).unwrap_or(u32::MAX))
}

/// The address that a link has from the beginning.
fn address(tx: &mut Tx, wanted: &Wanted, mac: MacAddress) -> Result<Option<IpAddr>, Refusal> {
    let (LinkMode::Static, Some(subnet)) = (wanted.mode, &wanted.subnet) else { return Ok(None) };
    let ip = match wanted.ip {
        Some(ip) if kept::for_client(tx, subnet.id, mac)? == Some(ip) => {
            addresses::choose_for(tx, subnet, mac)?
        }
        Some(ip) => ipaddresses::take(tx, subnet, ip)?,
        None => addresses::choose_for(tx, subnet, mac)?,
    };
    Ok(Some(ip))
}

/// Whether an interface can have the link that is wanted.
fn checked(
    tx: &Tx,
    node: &Editing,
    interface: &Interface,
    wanted: &LinkRequest,
) -> Result<Wanted, Refusal> {
    let mut errors = FieldErrors::default();
    note(&mut errors, rules::check_unbonded(&node.interfaces, interface.id));
    if let Some(bridge) = bridge_over(node, interface) {
        let name = &interface.name;
        let message =
            format!("Cannot link interface({name}) when interface is in a bridge({bridge}).");
        errors.add("bridge", message);
    }
    let mode = mode_of(node, wanted, &mut errors);
    let subnet = subnet_of(tx, interface, wanted, &mut errors)?;
    let Some(mode) = mode else { return Err(errors.into()) };
    if subnet.is_none() && !errors.has("subnet") {
        match mode {
            LinkMode::Auto | LinkMode::Static => {
                errors.add("subnet", "This field is required.");
            }
            LinkMode::Dhcp | LinkMode::LinkUp => {}
        }
    }
    let name_of = |link: &Link| {
        let subnet = link.subnet.and_then(|id| tx.get::<Subnet>(&id).ok().flatten())?;
        shown(tx, &subnet).ok()
    };
    note(&mut errors, rules::check_mode(interface, mode, wanted.force, name_of));
    if let (LinkMode::Static, Some(subnet), Some(ip)) = (mode, &subnet, wanted.ip) {
        check_address(tx, subnet, ip, &mut errors)?;
    }
    if wanted.default_gateway && !node.is_device() {
        let named = subnet.as_ref().map(|subnet| shown(tx, subnet)).transpose()?;
        let named = subnet.as_ref().zip(named.as_deref());
        note(&mut errors, rules::check_gateway(mode, named));
    } else if wanted.default_gateway {
        let message =
            "Devices are not configured: leave it out, and set the gateway on the device itself.";
        errors.add("default_gateway", message);
    }
    errors.finish()?;
    Ok(Wanted { mode, subnet, ip: wanted.ip })
}

/// The bridge that has taken the place of an interface in the network, which has its links then.
fn bridge_over<'a>(node: &'a Editing, interface: &Interface) -> Option<&'a str> {
    let above = stack::replaced_by(&node.interfaces, interface.id)?;
    matches!(above.kind, Kind::Bridge(_)).then_some(above.name.as_str())
}

fn note(errors: &mut FieldErrors, checked: Result<(), LinkError>) {
    if let Err(error) = checked {
        errors.add(error.field(), error.to_string());
    }
}

fn mode_of(node: &Editing, wanted: &LinkRequest, errors: &mut FieldErrors) -> Option<LinkMode> {
    let allowed: &[LinkMode] = if node.is_device() { &[LinkMode::Static] } else { &LinkMode::ALL };
    let sent = wanted.mode.as_deref().map(str::to_lowercase).unwrap_or_default();
    let found = allowed.iter().copied().find(|mode| mode.word() == sent);
    match (found, sent.as_str()) {
        (Some(_), _) => {}
        (None, "") => errors.add("mode", "This field is required."),
        (None, other) => {
            let choices = allowed.iter().map(|mode| mode.word().to_owned());
            errors.add("mode", no_choice("mode", other, choices));
        }
    }
    found
}

/// The subnet that a link is wanted to, if the interface reaches it.
fn subnet_of(
    tx: &Tx,
    interface: &Interface,
    wanted: &LinkRequest,
    errors: &mut FieldErrors,
) -> Result<Option<Subnet>, Refusal> {
    let named = wanted.subnet.as_deref().filter(|subnet| !subnet.is_empty());
    let Some(named) = named else { return Ok(None) };
    let subnet = match specifiers::subnet(tx, named) {
        Ok(subnet) => Some(subnet),
        Err(Refusal::NotFound { .. }) => None,
        Err(refusal) => return Err(refusal),
    };
    let is_reached =
        |subnet: &Subnet| wanted.force || interface.vlan.is_none_or(|vlan| vlan == subnet.vlan);
    let subnet = subnet.filter(is_reached);
    if subnet.is_none() {
        errors.add("subnet", NO_CHOICE);
    }
    // Read by its key, and so compared.
    Ok(subnet.map_or(Ok(None), |subnet| tx.get::<Subnet>(&subnet.id))?)
}

fn check_address(
    tx: &Tx,
    subnet: &Subnet,
    ip: IpAddr,
    errors: &mut FieldErrors,
) -> Result<(), Refusal> {
    if !AddressRange::hosts_of(subnet.cidr).contains(ip) {
        let subnet = shown(tx, subnet)?;
        let message = format!("IP address is not in the given subnet '{subnet}'.");
        errors.add("ip_address", message);
    } else if let Some(range) = spans::dynamic_range_of(tx, subnet, ip)? {
        let (first, last) = (range.start_ip, range.end_ip);
        let message = format!("IP address is inside a dynamic range {first} to {last}.");
        errors.add("ip_address", message);
    }
    Ok(())
}

fn is_ipv4(at: &impl Reads, subnet: Option<SubnetId>) -> Option<bool> {
    let subnet = at.get::<Subnet>(&subnet?).ok().flatten()?;
    Some(subnet.cidr.addr().is_ipv4())
}

/// A subnet as MAAS's messages call it.
fn shown(at: &impl Reads, subnet: &Subnet) -> Result<String, TableError> {
    let vid = at.get::<Vlan>(&subnet.vlan)?.map(|vlan| vlan.vid).unwrap_or_default();
    Ok(format!("{}:{}(vid={vid})", subnet.name, subnet.cidr))
}
