//! What racks found out about addresses that somebody uses without having been given them: events of
//! the machine that does, or of the rack that found it.

use std::net::IpAddr;

use model::access::{Actor, Object, Permission, permits};
use model::controller::RackController;
use model::event::EventLevel;
use model::id::{SystemId, VlanId};
use model::mac::MacAddress;

use crate::authorize::cause;
use crate::error::Refusal;
use crate::machine::step::Author;
use crate::network::spans::racks_of;
use crate::site::events::{self, NewEvent};
use tables::machines::MACHINE_BY_MAC;
use tables::read::Reads;
use tables::update::Tables;

/// An address of a dynamic range that somebody uses to whom it was not given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressConflict {
    /// The link.
    pub vlan: VlanId,
    /// The address.
    pub ip: IpAddr,
    /// Who answers for it, if known.
    pub by: Option<MacAddress>,
    /// It answers for so many addresses that it is not believed any more.
    pub answers_for_many: bool,
}

/// Records it, if the rack serves the link.
///
/// # Errors
/// [`Refusal`].
pub async fn take_in(
    tables: &Tables,
    rack: &SystemId,
    conflict: &AddressConflict,
) -> Result<(), Refusal> {
    let actor = Actor::Rack(rack.clone());
    tables
        .update(&cause(&actor, "address.conflict"), |tx| {
            let racks = racks_of(tx, conflict.vlan)?;
            permits(&actor, Permission::LeaseAddresses, &Object::Link { racks: &racks })?;
            let machine = match conflict.by {
                Some(mac) => tx.find(&MACHINE_BY_MAC, &mac)?,
                None => None,
            };
            if let Some(machine) = machine {
                return Ok(events::record(tx, &machine, event(conflict), Author::System)?);
            }
            let finder = tx.get::<RackController>(rack)?;
            let name = finder.map(|finder| finder.hostname).unwrap_or_default();
            Ok(events::record_of_controller(tx, (rack, name), event(conflict))?)
        })
        .await
}

fn event(conflict: &AddressConflict) -> NewEvent {
    let AddressConflict { vlan, ip, by, answers_for_many } = conflict;
    let by = by.map_or_else(|| "a host".to_owned(), |mac| mac.to_string());
    let description = if *answers_for_many {
        format!(
            "{by} answers for {ip} and many other free addresses of VLAN {vlan}; clients get them \
             all the same (look for proxy ARP)"
        )
    } else {
        format!(
            "{by} uses {ip} on VLAN {vlan} without a lease; no client gets the address until it is \
             silent (reserve it, or take it out of the dynamic range)"
        )
    };
    NewEvent { kind: "IP address conflict", level: EventLevel::Warning, description }
}
