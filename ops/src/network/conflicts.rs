//! What racks found out about addresses that somebody uses without having been given them, and hardware
//! addresses that two clients use: events of the machine that has it, or of the rack that found it.

use std::net::IpAddr;

use model::access::{Actor, Object, Permission, permits};
use model::controller::RackController;
use model::event::EventLevel;
use model::id::{SystemId, VlanId};
use model::mac::MacAddress;

use crate::authorize::cause;
use crate::error::Refusal;
use crate::machine::step::Author;
use crate::network::link_names::vlan_in_words;
use crate::network::spans::racks_of;
use crate::site::events::{self, NewEvent};
use tables::machines::MACHINE_BY_MAC;
use tables::read::Reads;
use tables::update::Tables;

/// An address that somebody uses to whom it was not given: one of a dynamic range, or one that is kept for a client.
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
    /// The hardware address that it is kept for, if its client declined it.
    pub kept_for: Option<MacAddress>,
}

/// A hardware address that was heard at two places at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeardTwice {
    /// The link.
    pub vlan: VlanId,
    /// The hardware address.
    pub mac: MacAddress,
    /// What tells the two apart, in words of the rack.
    pub places: [String; 2],
}

/// Records an address in use, if the rack serves the link.
///
/// # Errors
/// [`Refusal`].
pub async fn take_in(
    tables: &Tables,
    rack: &SystemId,
    conflict: &AddressConflict,
) -> Result<(), Refusal> {
    record(tables, rack, conflict.vlan, conflict.by, |link| event(conflict, link)).await
}

/// Records a hardware address that was heard at two places at once, if the rack serves the link.
///
/// # Errors
/// [`Refusal`].
pub async fn take_in_twice(
    tables: &Tables,
    rack: &SystemId,
    heard: &HeardTwice,
) -> Result<(), Refusal> {
    record(tables, rack, heard.vlan, Some(heard.mac), |link| event_of_two(heard, link)).await
}

async fn record(
    tables: &Tables,
    rack: &SystemId,
    vlan: VlanId,
    by: Option<MacAddress>,
    event: impl Fn(&str) -> NewEvent,
) -> Result<(), Refusal> {
    let actor = Actor::Rack(rack.clone());
    tables
        .update(&cause(&actor, "address.conflict"), |tx| {
            let racks = racks_of(tx, vlan)?;
            permits(&actor, Permission::LeaseAddresses, &Object::Link { racks: &racks })?;
            let event = event(&vlan_in_words(&tx.looking(), vlan)?);
            let machine = match by {
                Some(mac) => tx.find(&MACHINE_BY_MAC, &mac)?,
                None => None,
            };
            if let Some(machine) = machine {
                return Ok(events::record(tx, &machine, event, Author::System)?);
            }
            let finder = tx.get::<RackController>(rack)?;
            let name = finder.map(|finder| finder.hostname).unwrap_or_default();
            Ok(events::record_of_controller(tx, (rack, name), event)?)
        })
        .await
}

fn event_of_two(heard: &HeardTwice, link: &str) -> NewEvent {
    let HeardTwice { mac, places: [one, other], .. } = heard;
    NewEvent {
        kind: "Hardware address in use twice",
        level: EventLevel::Warning,
        description: format!(
            "two clients use the hardware address {mac} on {link} at once, {one} and {other}; both \
             get the same IP address (look for copies of a virtual machine, and give one of them a \
             hardware address of its own)"
        ),
    }
}

fn event(conflict: &AddressConflict, link: &str) -> NewEvent {
    let AddressConflict { ip, by, answers_for_many, kept_for, .. } = conflict;
    let by = by.map_or_else(|| "a host".to_owned(), |mac| mac.to_string());
    let description = if let Some(mac) = kept_for {
        format!(
            "{mac} declined {ip} on {link}, which is reserved for it: somebody else uses the address; it is \
             offered again all the same (find who uses it, or reserve another address for {mac})"
        )
    } else if *answers_for_many {
        format!(
            "{by} answers for {ip} and many other free addresses of {link}; clients get them \
             all the same (look for proxy ARP)"
        )
    } else {
        format!(
            "{by} uses {ip} on {link} without a lease; no client gets the address until it is \
             silent (reserve it, or take it out of the dynamic range)"
        )
    };
    NewEvent { kind: "IP address conflict", level: EventLevel::Warning, description }
}
