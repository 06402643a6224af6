//! Rack controllers as operators see them.

use model::controller::RackController;
use model::error::Kind;
use model::id::SystemId;
use model::net::vlan::Vlan;

use crate::error::Refusal;
use tables::read::Reads;
use tables::update::{Cause, Tables};

/// How long a rack that said nothing counts as connected, in milliseconds.
pub const SILENCE_MAX_MS: u64 = 30_000;

/// Forgets a rack. One that comes back is entered again.
///
/// # Errors
/// [`Refusal`] when VLANs name it, unless `force`, which takes it from them.
pub async fn delete_rack(
    tables: &Tables,
    cause: &Cause,
    id: &SystemId,
    force: bool,
) -> Result<(), Refusal> {
    tables
        .update(cause, |tx| {
            let rack = tx.get::<RackController>(id)?;
            let rack = rack.ok_or(Refusal::NotFound { model: "RackController" })?;
            let mut vlans = tx.list::<Vlan>()?;
            vlans.retain(|vlan| vlan.racks().any(|named| named == id));
            if !vlans.is_empty() && !force {
                let names: Vec<String> =
                    vlans.iter().map(|vlan| format!("{} (vid {})", vlan.name, vlan.vid)).collect();
                let message = format!(
                    "Unable to delete '{}'; it is currently set as a rack controller on VLANs {}.",
                    rack.hostname,
                    names.join(", ")
                );
                return Err(Refusal::said(Kind::Invalid, message));
            }
            for mut vlan in vlans {
                if vlan.secondary_rack.as_ref() == Some(id) {
                    vlan.secondary_rack = None;
                }
                if vlan.primary_rack.as_ref() == Some(id) {
                    vlan.primary_rack = vlan.secondary_rack.take();
                }
                vlan.dhcp_on &= vlan.primary_rack.is_some();
                tx.put(&vlan)?;
            }
            tx.delete::<RackController>(id)?;
            Ok(())
        })
        .await
}
