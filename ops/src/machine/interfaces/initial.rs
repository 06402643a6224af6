//! The network of a machine as commissioning leaves it: its hardware, of which the interface that it boots from gets an address
//! of the subnet that it was seen on, and the others are up.

use model::access::{Actor, Object, Permission, permits};
use model::error::Kind;
use model::id::SystemId;
use model::machine::Machine;
use model::machine::interface::{Interface, rules, stack};
use model::machine::status::Status;

use crate::authorize::cause;
use crate::error::Refusal;
use crate::machine::{machines, step};
use crate::network::addresses::{self, Seen};
use tables::error::TableError;
use tables::tx::Tx;
use tables::update::Tables;

/// Restores the network of a machine.
///
/// # Errors
/// [`Refusal`].
pub async fn restore(tables: &Tables, actor: &Actor, id: &SystemId) -> Result<Machine, Refusal> {
    tables
        .update(&cause(actor, "machine.restore-networking"), |tx| {
            let mut machine = machines::find(tx, id)?;
            permits(actor, Permission::EditMachine, &Object::of(&machine))?;
            if !rules::may_restore(Status::of(&machine.lifecycle)) {
                let message = "Machine must be in a ready or failed testing state to restore networking configuration";
                return Err(Refusal::with_message(Kind::Conflict, message));
            }
            configure(tx, &mut machine)?;
            step::write(tx, &mut machine)?;
            Ok(machine)
        })
        .await
}

/// Sets the network of a machine up anew.
///
/// # Errors
/// [`TableError::Corrupt`].
pub fn configure(tx: &mut Tx, machine: &mut Machine) -> Result<(), TableError> {
    let interfaces = &mut machine.interfaces;
    stack::reset(interfaces);
    let first = interfaces.iter().position(|interface| interface.boot).unwrap_or(0);
    for (position, interface) in interfaces.iter_mut().enumerate() {
        if position == first {
            connect(tx, interface)?;
        } else {
            interface.ensure_link();
        }
    }
    Ok(())
}

fn connect(tx: &mut Tx, interface: &mut Interface) -> Result<(), TableError> {
    let seen = addresses::seen(&tx.looking(), interface, &[])?;
    // A lease of before says more of the subnet than the VLAN does, but nothing of another VLAN.
    let seen = seen.filter(|seen| interface.vlan.is_none_or(|vlan| vlan == seen.vlan));
    match seen.or_else(|| interface.vlan.map(Seen::on)) {
        Some(seen) => addresses::connect(tx, interface, seen),
        None => Ok(()),
    }
}
