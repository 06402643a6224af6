//! What racks found out about DHCP servers that are none of the site's: kept by VLAN, and events.

use std::collections::BTreeSet;
use std::net::IpAddr;

use model::access::{Actor, Object, Permission, permits};
use model::controller::RackController;
use model::event::EventLevel;
use model::id::{SystemId, VlanId};
use model::mac::MacAddress;
use model::net::external_dhcp::{Changes, ExternalDhcp, Heard};
use model::net::vlan::Vlan;

use crate::authorize::cause;
use crate::error::Refusal;
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
            heard.servers.retain(|ip, _| !own.contains(ip));
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

/// Forgets what a rack found that is no more.
///
/// # Errors
/// As [`Tx::put`].
pub(crate) fn forget(tx: &mut Tx, rack: &SystemId) -> Result<(), TableError> {
    for mut external in tx.list::<ExternalDhcp>()? {
        if external.forget(rack) {
            put(tx, &external)?;
        }
    }
    Ok(())
}

fn put(tx: &mut Tx, external: &ExternalDhcp) -> Result<(), TableError> {
    if external.servers.is_empty() {
        tx.delete::<ExternalDhcp>(&external.vlan).map(drop)
    } else {
        tx.put(external)
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
    let serves = tx.get::<Vlan>(&vlan)?.is_some_and(|vlan| vlan.dhcp_on);
    let found = changes.found.iter().map(|(ip, mac)| found(vlan, *ip, *mac, serves));
    let gone = changes.gone.iter().map(|ip| NewEvent {
        kind: "External DHCP server gone",
        level: EventLevel::Info,
        description: format!("DHCP server {ip} does not answer on VLAN {vlan} any more"),
    });
    Ok(found.chain(gone).collect())
}

fn found(vlan: VlanId, ip: IpAddr, mac: Option<MacAddress>, serves: bool) -> NewEvent {
    let from = mac.map(|mac| format!(" ({mac})")).unwrap_or_default();
    let server = format!("DHCP server {ip}{from} answers on VLAN {vlan}");
    let description = if serves {
        format!(
            "{server}, which racks serve: clients get addresses of it, do not boot, or are refused \
             the addresses that they have; switch it off, or DHCP of the VLAN (dhcp_on=false)"
        )
    } else {
        format!("{server}; switch it off before DHCP of the VLAN is switched on")
    };
    NewEvent { kind: "External DHCP server", level: EventLevel::Warning, description }
}
