//! What an operator calls a link: a VLAN by its fabric and VID, as every command takes it.

use model::id::VlanId;
use model::net::fabric::Fabric;
use model::net::vlan::Vlan;

use tables::error::TableError;
use tables::read::Reads;

/// A VLAN as texts call it: `VLAN fabric-0 102`; by its id alone when it is gone.
///
/// # Errors
/// [`TableError`].
pub(super) fn vlan_in_words(at: &impl Reads, id: VlanId) -> Result<String, TableError> {
    let vlan = at.get::<Vlan>(&id)?;
    let fabric = match &vlan {
        Some(vlan) => at.get::<Fabric>(&vlan.fabric)?,
        None => None,
    };
    Ok(match vlan.zip(fabric) {
        Some((vlan, fabric)) => format!("VLAN {} {}", fabric.name, vlan.vid),
        None => format!("VLAN {id}"),
    })
}
