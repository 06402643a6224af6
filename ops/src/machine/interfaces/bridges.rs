//! Bridges that are made over all configured interfaces of a machine for who gets it (`bridge_all`): they go when the
//! machine is given back.

use model::id::InterfaceId;
use model::machine::Machine;
use model::machine::interface::acquired;
use model::machine::interface::bridge::Bridge;

use crate::error::Refusal;
use crate::machine::interfaces::edit::check_version;
use crate::machine::interfaces::links::next_id;
use crate::network::addresses;
use tables::tx::Tx;

/// Makes a bridge over each interface that is configured and has none.
///
/// # Errors
/// [`Refusal::Tables`].
pub(crate) fn make(tx: &mut Tx, machine: &mut Machine, bridge: Bridge) -> Result<(), Refusal> {
    check_version(tx)?;
    addresses::link_boot_interface(tx, machine)?;
    for port in acquired::to_be_bridged(&machine.interfaces) {
        let id = InterfaceId(next_id(tx)?);
        acquired::put_over(&mut machine.interfaces, port, id, bridge);
    }
    Ok(())
}
