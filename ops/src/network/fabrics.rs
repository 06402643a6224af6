//! Fabrics. Each begins with an untagged VLAN, which stays.

use std::sync::Arc;

use model::access::{Actor, Permission};
use model::id::{FabricId, VlanId};
use model::net::fabric::Fabric;
use model::net::subnet::Subnet;
use model::net::vlan::Vlan;

use crate::authorize::authorize;
use crate::cluster::bootstrap::DEFAULT_FABRIC;
use crate::details::Details;
use crate::error::Refusal;
use crate::network::dependents::Holder;
use crate::network::vlans::VlanDetail;
use crate::network::{names, specifiers};
use tables::network::{SUBNETS_GUARD, VLANS_OF_FABRIC};
use tables::read::Reads;
use tables::tx::Tx;
use tables::update::Tables;
use tables::views::machines::MachineKey;

/// What shall be set of a fabric; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct FabricChange {
    /// Its unique name.
    pub name: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// Its classification; empty for none.
    pub class_type: Option<String>,
}

/// A fabric as doors show it.
#[derive(Debug, Clone)]
pub struct FabricDetail {
    /// The fabric.
    pub fabric: Fabric,
    /// Its VLANs.
    pub vlans: Vec<Arc<VlanDetail>>,
}

/// All fabrics.
///
/// # Errors
/// [`Refusal`].
pub async fn list(tables: &Tables, actor: &Actor) -> Result<Vec<FabricDetail>, Refusal> {
    let details = Details::of_site(actor, tables).await?;
    let vlans = details.all_vlans()?;
    let of = |fabric: &Fabric| {
        vlans.iter().filter(|found| found.vlan.fabric == fabric.id).cloned().collect()
    };
    let fabrics = details.view().list::<Fabric>()?.into_iter();
    Ok(fabrics.map(|fabric| FabricDetail { vlans: of(&fabric), fabric }).collect())
}

/// A fabric by id or name.
///
/// # Errors
/// [`Refusal::NotFound`].
pub async fn get(tables: &Tables, actor: &Actor, specifier: &str) -> Result<FabricDetail, Refusal> {
    let details = Details::of_site(actor, tables).await?;
    let fabric = specifiers::fabric(details.view(), specifier)?;
    detail(&details, fabric)
}

/// Makes a fabric with its untagged VLAN.
///
/// # Errors
/// [`Refusal`].
pub async fn create(
    tables: &Tables,
    actor: &Actor,
    change: &FabricChange,
) -> Result<FabricDetail, Refusal> {
    let cause = authorize(actor, Permission::ManageNetwork, "fabric.create")?;
    let fabric = tables
        .update(&cause, |tx| -> Result<_, Refusal> {
            let id = FabricId(tx.next_id::<Fabric>()?);
            let (name, description) = (format!("fabric-{id}"), String::new());
            let fabric = changed(Fabric { id, name, description, class_type: None }, change)?;
            tx.insert(&fabric)?;
            let vlan = VlanId(tx.next_id::<Vlan>()?);
            tx.insert(&Vlan::untagged(vlan, id))?;
            Ok(fabric)
        })
        .await?;
    detail(&Details::after_change(tables).await?, fabric)
}

/// Changes a fabric, by id or name.
///
/// # Errors
/// [`Refusal`].
pub async fn update(
    tables: &Tables,
    actor: &Actor,
    specifier: &str,
    change: &FabricChange,
) -> Result<FabricDetail, Refusal> {
    let cause = authorize(actor, Permission::ManageNetwork, "fabric.update")?;
    let fabric = tables
        .update(&cause, |tx| -> Result<_, Refusal> {
            let fabric = changed(specifiers::fabric(tx, specifier)?, change)?;
            tx.put(&fabric)?;
            Ok(fabric)
        })
        .await?;
    detail(&Details::after_change(tables).await?, fabric)
}

/// Removes a fabric and its VLANs.
///
/// # Errors
/// [`Refusal`] when it is the default one, or subnets or interfaces are still in it.
pub async fn delete(tables: &Tables, actor: &Actor, specifier: &str) -> Result<(), Refusal> {
    let cause = authorize(actor, Permission::ManageNetwork, "fabric.delete")?;
    tables.update(&cause, |tx| remove(tx, specifier)).await
}

/// The same within a transaction.
///
/// # Errors
/// As [`delete`].
pub(crate) fn remove(tx: &mut Tx, specifier: &str) -> Result<(), Refusal> {
    tx.guard(SUBNETS_GUARD);
    let fabric = specifiers::fabric(tx, specifier)?;
    if fabric.id == DEFAULT_FABRIC {
        let message = "This fabric is the default fabric, it cannot be deleted.";
        return Err(Refusal::field("__all__", message));
    }
    Holder::Fabric(fabric.id).goes(tx);
    let vlans = tx.list_by(&VLANS_OF_FABRIC, &fabric.id)?;
    vlans.iter().for_each(|vlan| Holder::Vlan(vlan.id).goes(tx));
    check_unused(tx, &vlans)?;
    check_relays(tx, &vlans)?;
    for vlan in vlans {
        tx.delete::<Vlan>(&vlan.id)?;
    }
    tx.delete::<Fabric>(&fabric.id)?;
    Ok(())
}

fn detail(details: &Details, fabric: Fabric) -> Result<FabricDetail, Refusal> {
    let vlans = details.view().list_by(&VLANS_OF_FABRIC, &fabric.id)?.into_iter();
    let vlans = vlans.map(|vlan| details.vlan_of(vlan).map(Arc::new));
    Ok(FabricDetail { vlans: vlans.collect::<Result<_, _>>()?, fabric })
}

/// What is in the fabric goes with it; VLANs of other fabrics must not relay to it.
fn check_relays(tx: &Tx, vlans: &[Vlan]) -> Result<(), Refusal> {
    let within = |id: VlanId| vlans.iter().any(|vlan| vlan.id == id);
    let relaying = tx.list::<Vlan>()?;
    let mut relaying = relaying.iter().filter(|vlan| !within(vlan.id));
    let Some(vlan) = relaying.find(|vlan| vlan.relay_vlan.is_some_and(within)) else {
        return Ok(());
    };
    let message = format!(
        "Can't delete fabric; VLAN {} (id {}, vid {}) relays to a VLAN of it.",
        vlan.name, vlan.id, vlan.vid
    );
    Err(Refusal::field("__all__", message))
}

fn check_unused(tx: &Tx, vlans: &[Vlan]) -> Result<(), Refusal> {
    let within = |id: VlanId| vlans.iter().any(|vlan| vlan.id == id);
    let subnets: Vec<String> = tx
        .list::<Subnet>()?
        .iter()
        .filter(|subnet| within(subnet.vlan))
        .map(|subnet| subnet.cidr.to_string())
        .collect();
    if !subnets.is_empty() {
        let subnets = subnets.join(", ");
        let message =
            format!("Can't delete fabric; the following subnets are still present: {subnets}");
        return Err(Refusal::field("__all__", message));
    }
    let mut connected = Vec::new();
    let keys: Vec<MachineKey> = vlans.iter().map(|vlan| MachineKey::Vlan(vlan.id)).collect();
    let devices = tx.state().devices().with(&keys);
    for machine in tx.state().machines_with(&keys).into_iter().chain(devices) {
        let here = |vlan: Option<VlanId>| vlan.is_some_and(within);
        for interface in machine.interfaces.iter().filter(|interface| here(interface.vlan)) {
            connected.push(format!("{} (physical) on {}", interface.name, machine.hostname));
        }
    }
    if connected.is_empty() {
        return Ok(());
    }
    let message = format!(
        "Can't delete fabric; the following interfaces are still connected: {}",
        connected.join(", ")
    );
    Err(Refusal::field("__all__", message))
}

fn changed(fabric: Fabric, change: &FabricChange) -> Result<Fabric, Refusal> {
    let own = format!("fabric-{}", fabric.id);
    let name = match &change.name {
        None => fabric.name,
        Some(name) if name.is_empty() => own.clone(),
        Some(name) => name.clone(),
    };
    if change.name.is_some() {
        names::check(&name).map_err(|message| Refusal::field("name", message))?;
    }
    let digits = name.strip_prefix("fabric-");
    let reserved = digits
        .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()));
    if reserved && name != own {
        return Err(Refusal::field("name", "Reserved fabric name."));
    }
    let class_type = change.class_type.clone().map_or(fabric.class_type, Some);
    Ok(Fabric {
        id: fabric.id,
        name,
        description: change.description.clone().unwrap_or(fabric.description),
        class_type: class_type.filter(|text| !text.is_empty()),
    })
}
