//! What racks saw machines do on their way through a network boot: events of the machine, and progress of its phase.

use model::access::{Actor, Permission};
use model::event::EventLevel;
use model::mac::MacAddress;
use model::machine::lifecycle::{Boot, Event};

use crate::authorize::authorize;
use crate::error::Refusal;
use crate::machine::step::{self, Author};
use crate::site::events::{self, NewEvent};
use tables::machines::MACHINE_BY_MAC;
use tables::read::Reads;
use tables::update::Tables;

/// Something a rack saw a machine do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BootReport {
    /// The interface it did it from.
    pub mac: MacAddress,
    /// `dhcp`, `tftp`, `http` or `script`.
    pub stage: String,
    /// Details, for people.
    pub detail: String,
}

/// Records it for the machine that has the interface; nothing for an unknown one.
///
/// # Errors
/// [`Refusal`].
pub async fn take_in(tables: &Tables, actor: &Actor, report: &BootReport) -> Result<(), Refusal> {
    let cause = authorize(actor, Permission::ServeMachines, "machine.boot")?;
    tables
        .update(&cause, |tx| {
            let Some(mut machine) = tx.find(&MACHINE_BY_MAC, &report.mac)? else { return Ok(()) };
            if let Some(reached) = reached(&report.stage) {
                step::advance(tx, &mut machine, &Event::Booting { reached }, Author::System)?;
            }
            let level = if report.stage == "script" { EventLevel::Info } else { EventLevel::Debug };
            let description = format!("{}: {}", report.stage, report.detail);
            let event = NewEvent { kind: "Performing PXE boot", level, description };
            Ok(events::record(tx, &machine, event, Author::System)?)
        })
        .await
}

/// How far a boot came that a rack saw at a stage.
pub(crate) fn reached(stage: &str) -> Option<Boot> {
    match stage {
        "dhcp" => Some(Boot::Address),
        "tftp" | "http" => Some(Boot::Program),
        "script" => Some(Boot::Script),
        _ => None,
    }
}
