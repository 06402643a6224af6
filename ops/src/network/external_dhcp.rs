//! What racks found out about DHCP servers that are none of the site's: kept by VLAN, and events.

use std::collections::BTreeSet;
use std::net::IpAddr;

use model::access::{Actor, Object, Permission, permits};
use model::controller::RackController;
use model::event::EventLevel;
use model::id::{SystemId, VlanId};
use model::mac::MacAddress;
use model::net::external_dhcp::{Changes, ExternalDhcp, Heard, Protocol};
use model::net::vlan::Vlan;

use crate::authorize::cause;
use crate::error::Refusal;
use crate::network::external_dhcp_rows::put;
use crate::network::link_names::vlan_in_words;
use crate::network::spans::racks_of;
use crate::site::events::{self, NewEvent};
use tables::error::TableError;
use tables::network::SUBNETS_OF_VLAN;
use tables::read::Reads;
use tables::tx::Tx;
use tables::update::Tables;

/// Takes in the external servers that a rack hears on a VLAN. It must serve the VLAN, or have an address
/// there: other servers are looked for before DHCP is switched on, too.
///
/// # Errors
/// [`Refusal`].
pub async fn take_in(
    tables: &Tables,
    rack: &SystemId,
    vlan: VlanId,
    heard: &Heard,
) -> Result<(), Refusal> {
    let actor = Actor::Rack(rack.clone());
    tables
        .update(&cause(&actor, "external-dhcp.report"), |tx| {
            let racks = tx.list::<RackController>()?;
            let finder = racks.iter().find(|own| own.system_id == *rack);
            permits(
                &actor,
                Permission::LeaseAddresses,
                &Object::Link { racks: &racks_at(tx, vlan, finder)? },
            )?;
            let own = racks.iter().flat_map(|rack| &rack.interfaces);
            let own: BTreeSet<IpAddr> =
                own.flat_map(|it| it.addresses.iter().map(|net| net.addr())).collect();
            let mut heard = heard.clone();
            heard.servers.retain(|ip, _| is_of_a_link(*ip) || !own.contains(ip));
            let known = tx.get::<ExternalDhcp>(&vlan)?;
            let mut external = known.unwrap_or_else(|| ExternalDhcp::none(vlan));
            let is_a_rack = |id: &SystemId| racks.iter().any(|rack| rack.system_id == *id);
            let changes = external.take_in(rack, &heard, is_a_rack, tx.now());
            if changes == Changes::default() {
                return Ok(());
            }
            put(tx, &external)?;
            let name = finder.map(|finder| finder.hostname.clone()).unwrap_or_default();
            for event in events_of(tx, vlan, &changes)? {
                events::record_of_controller(tx, (rack, name.clone()), event)?;
            }
            Ok(())
        })
        .await
}

/// Whether an address has a meaning on its link alone, and hosts of other links may have the same: many call themselves
/// `fe80::1`. Racks know their site's servers of `DHCPv6` by the identifier.
fn is_of_a_link(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(_) => false,
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    }
}

/// The racks that serve a VLAN, and the one that reports, if it has an address there.
fn racks_at(
    tx: &Tx,
    vlan: VlanId,
    finder: Option<&RackController>,
) -> Result<Vec<SystemId>, TableError> {
    let mut racks = racks_of(tx, vlan)?;
    let Some(finder) = finder else { return Ok(racks) };
    let addresses = || finder.interfaces.iter().flat_map(|own| &own.addresses);
    let subnets = tx.list_by(&SUBNETS_OF_VLAN, &vlan)?;
    if subnets.iter().any(|subnet| addresses().any(|net| subnet.cidr.contains(&net.addr()))) {
        racks.push(finder.system_id.clone());
    }
    Ok(racks)
}

fn events_of(tx: &Tx, vlan: VlanId, changes: &Changes) -> Result<Vec<NewEvent>, TableError> {
    let is_on = tx.get::<Vlan>(&vlan)?.is_some_and(|vlan| vlan.dhcp_on);
    let subnets = tx.list_by(&SUBNETS_OF_VLAN, &vlan)?;
    let serves_ipv6 =
        is_on && subnets.iter().any(|subnet| subnet.managed && subnet.cidr.addr().is_ipv6());
    let served = |ip| match Protocol::of(ip) {
        Protocol::DhcpV4 if is_on => Served::Now,
        Protocol::DhcpV6 if serves_ipv6 => Served::Now,
        Protocol::DhcpV6 if is_on => Served::OverIpv4,
        Protocol::DhcpV4 | Protocol::DhcpV6 => Served::Off,
    };
    let link = vlan_in_words(&tx.looking(), vlan)?;
    let found = changes.found.iter().map(|(ip, mac)| found(&link, *ip, *mac, served(*ip)));
    let gone = changes.gone.iter().map(|ip| NewEvent {
        kind: "External DHCP server gone",
        level: EventLevel::Info,
        description: format!("{} {ip} does not answer on {link} any more", server(*ip)),
    });
    Ok(found.chain(gone).collect())
}

/// Whether racks serve clients that another server gives addresses to.
enum Served {
    /// They do.
    Now,
    /// They give addresses of IPv4, and this server those of IPv6.
    OverIpv4,
    /// DHCP is off.
    Off,
}

/// What a server is called.
const fn server(ip: IpAddr) -> &'static str {
    match Protocol::of(ip) {
        Protocol::DhcpV4 => "DHCP server",
        Protocol::DhcpV6 => "DHCPv6 server",
    }
}

fn found(link: &str, ip: IpAddr, mac: Option<MacAddress>, served: Served) -> NewEvent {
    let from = mac.map(|mac| format!(" ({mac})")).unwrap_or_default();
    let then = match served {
        Served::Now => {
            ", which racks serve: clients get addresses of it, do not boot, or are refused the \
             addresses that they have; switch it off, or DHCP of the VLAN (dhcp_on=false)"
        }
        Served::OverIpv4 => "; switch it off before a subnet of IPv6 is managed there",
        Served::Off => "; switch it off before DHCP of the VLAN is switched on",
    };
    let description = format!("{} {ip}{from} answers on {link}{then}", server(ip));
    NewEvent { kind: "External DHCP server", level: EventLevel::Warning, description }
}
