//! Finds objects by what MAAS's clients write: an id, a name, `name:x`, a prefix, ….

use std::net::IpAddr;

use ipnet::IpNet;
use model::dhcp::snippet::DhcpSnippet;
use model::dns::domain::Domain;
use model::id::{
    DhcpSnippetId, DomainId, FabricId, IpRangeId, ResourcePoolId, SpaceId, SubnetId, VlanId,
};
use model::net::fabric::Fabric;
use model::net::iprange::IpRange;
use model::net::space::Space;
use model::net::subnet::Subnet;
use model::net::vlan::Vlan;
use model::pool::ResourcePool;
use model::zone::AvailabilityZone;

use crate::error::Refusal;
use tables::names::DOMAIN_BY_NAME;
use tables::network::{FABRIC_BY_NAME, SPACE_BY_NAME, SUBNET_BY_CIDR, VLAN_BY_VID};
use tables::read::Reads;
use tables::site::{POOL_BY_NAME, ZONE_BY_NAME};

/// A fabric by id or name.
///
/// # Errors
/// [`Refusal::NotFound`].
pub fn fabric(at: &impl Reads, text: &str) -> Result<Fabric, Refusal> {
    let text = without(text, &["id:", "name:"]);
    let found = match text.parse::<FabricId>() {
        Ok(id) => at.get(&id)?,
        Err(_) => at.find(&FABRIC_BY_NAME, &text.to_owned())?,
    };
    found.ok_or(Refusal::NotFound { model: "Fabric" })
}

/// A space by id or name.
///
/// # Errors
/// [`Refusal::NotFound`].
pub fn space(at: &impl Reads, text: &str) -> Result<Space, Refusal> {
    let text = without(text, &["id:", "name:"]);
    let found = match text.parse::<SpaceId>() {
        Ok(id) => at.get(&id)?,
        Err(_) => at.find(&SPACE_BY_NAME, &text.to_owned())?,
    };
    found.ok_or(Refusal::NotFound { model: "Space" })
}

/// A VLAN by id, or by name when only one has it.
///
/// # Errors
/// [`Refusal::NotFound`].
pub fn vlan(at: &impl Reads, text: &str) -> Result<Vlan, Refusal> {
    let text = without(text, &["id:", "name:"]);
    let found = match text.parse::<VlanId>() {
        Ok(id) => at.get(&id)?,
        Err(_) => only(at.list::<Vlan>()?, |vlan| vlan.name == text),
    };
    found.ok_or(Refusal::NotFound { model: "VLAN" })
}

/// A VLAN of a fabric by its tag.
///
/// # Errors
/// [`Refusal::NotFound`].
pub fn vlan_of_fabric(at: &impl Reads, fabric_text: &str, vid: &str) -> Result<Vlan, Refusal> {
    let fabric = fabric(at, fabric_text)?;
    let vid = without(vid, &["vid:"]);
    let found = match vid.parse::<u16>() {
        Ok(vid) => at.find(&VLAN_BY_VID, &(fabric.id, vid))?,
        Err(_) if vid == "untagged" => at.find(&VLAN_BY_VID, &(fabric.id, 0_u16))?,
        Err(_) => None,
    };
    found.ok_or(Refusal::NotFound { model: "VLAN" })
}

/// A subnet by id, prefix, name, or something it lies in or contains.
///
/// # Errors
/// [`Refusal::NotFound`].
pub fn subnet(at: &impl Reads, text: &str) -> Result<Subnet, Refusal> {
    let missing = Refusal::NotFound { model: "Subnet" };
    if let Ok(id) = without(text, &["id:"]).parse::<SubnetId>() {
        return at.get(&id)?.ok_or(missing);
    }
    if let Ok(cidr) = without(text, &["cidr:"]).parse::<IpNet>() {
        return at.find(&SUBNET_BY_CIDR, &cidr.trunc())?.ok_or(missing);
    }
    let all = at.list::<Subnet>()?;
    let found = match text.split_once(':') {
        Some(("ip", address)) => match address.parse::<IpAddr>() {
            Ok(address) => {
                // `::ffff:10.0.0.1` is 10.0.0.1.
                let address = address.to_canonical();
                let within = all.into_iter().filter(|subnet| subnet.cidr.contains(&address));
                within.max_by_key(|subnet| subnet.cidr.prefix_len())
            }
            Err(_) => None,
        },
        Some(("vlan", wanted)) => {
            let vlan = vlan(at, wanted)?;
            only(all, |subnet| subnet.vlan == vlan.id)
        }
        Some((by @ ("vid" | "fabric" | "space"), wanted)) => {
            let vlans = vlans_by(at, by, wanted)?;
            only(all, |subnet| vlans.contains(&subnet.vlan))
        }
        _ => only(all, |subnet| subnet.name == without(text, &["name:"])),
    };
    found.ok_or(missing)
}

/// An IP range by id, by its first address, or by both, `10.0.0.10-10.0.0.20`; none when there is no such.
pub(crate) fn ip_range(at: &impl Reads, text: &str) -> Result<Option<IpRange>, Refusal> {
    let text = without(text, &["id:"]);
    if let Ok(id) = text.parse::<IpRangeId>() {
        return Ok(at.get(&id)?);
    }
    let ip = |text: &str| text.trim().parse::<IpAddr>().ok();
    let (first, last) = text.split_once('-').map_or((text, None), |(a, b)| (a, Some(b)));
    let Some(first) = ip(first) else { return Ok(None) };
    let is_it = |range: &IpRange| {
        range.start_ip == first && last.is_none_or(|last| ip(last) == Some(range.end_ip))
    };
    let found = only(at.list::<IpRange>()?, is_it);
    // Read by its key, and so compared.
    Ok(found.map(|range| at.get(&range.id)).transpose()?.flatten())
}

/// A snippet by id, or by name when only one has it.
///
/// # Errors
/// [`Refusal::NotFound`].
pub fn dhcp_snippet(at: &impl Reads, text: &str) -> Result<DhcpSnippet, Refusal> {
    let text = without(text, &["id:", "name:"]);
    let found = match text.parse::<DhcpSnippetId>() {
        Ok(id) => at.get(&id)?,
        Err(_) => match only(at.list::<DhcpSnippet>()?, |snippet| snippet.name == text) {
            // Read by its key, and so compared.
            Some(named) => at.get(&named.id)?,
            None => None,
        },
    };
    found.ok_or(Refusal::NotFound { model: "DHCPSnippet" })
}

/// A domain by id or name.
///
/// # Errors
/// [`Refusal::NotFound`].
pub fn domain(at: &impl Reads, text: &str) -> Result<Domain, Refusal> {
    let text = without(text, &["id:", "name:"]);
    let found = match text.parse::<DomainId>() {
        Ok(id) => at.get(&id)?,
        Err(_) => at.find(&DOMAIN_BY_NAME, &text.to_lowercase())?,
    };
    found.ok_or(Refusal::NotFound { model: "Domain" })
}

/// A zone by name, or by id where no zone has such a name.
///
/// # Errors
/// [`Refusal::NotFound`].
pub fn zone(at: &impl Reads, text: &str) -> Result<AvailabilityZone, Refusal> {
    let by_name = at.find(&ZONE_BY_NAME, &text.to_owned())?;
    let found = match (by_name, text.parse()) {
        (Some(zone), _) => Some(zone),
        (None, Ok(id)) => at.get(&id)?,
        (None, Err(_)) => None,
    };
    found.ok_or(Refusal::NotFound { model: "Zone" })
}

/// A resource pool by id, or by name where no pool has such an id.
///
/// # Errors
/// [`Refusal::NotFound`].
pub fn pool(at: &impl Reads, text: &str) -> Result<ResourcePool, Refusal> {
    let by_id = text.parse::<ResourcePoolId>().ok();
    let found = match by_id.map_or(Ok(None), |id| at.get(&id))? {
        Some(pool) => Some(pool),
        None => at.find(&POOL_BY_NAME, &text.to_owned())?,
    };
    found.ok_or(Refusal::NotFound { model: "ResourcePool" })
}

fn vlans_by(at: &impl Reads, by: &str, wanted: &str) -> Result<Vec<VlanId>, Refusal> {
    let mut vlans = at.list::<Vlan>()?;
    match by {
        "vid" => vlans.retain(|vlan| wanted.parse() == Ok(vlan.vid)),
        "fabric" => {
            let fabric = fabric(at, wanted)?;
            vlans.retain(|vlan| vlan.fabric == fabric.id);
        }
        _ => {
            let space = if wanted == "undefined" { None } else { Some(space(at, wanted)?.id) };
            vlans.retain(|vlan| vlan.space == space);
        }
    }
    Ok(vlans.into_iter().map(|vlan| vlan.id).collect())
}

fn without<'a>(text: &'a str, prefixes: &[&str]) -> &'a str {
    prefixes.iter().find_map(|prefix| text.strip_prefix(prefix)).unwrap_or(text)
}

fn only<T>(all: Vec<T>, wanted: impl Fn(&T) -> bool) -> Option<T> {
    let mut found = all.into_iter().filter(wanted);
    let first = found.next()?;
    found.next().is_none().then_some(first)
}
