//! Spaces.

use std::sync::Arc;

use model::access::{Actor, Permission};
use model::id::SpaceId;
use model::net::space::Space;
use model::net::vlan::Vlan;

use crate::authorize::authorize;
use crate::details::Details;
use crate::error::Refusal;
use crate::network::dependents::Holder;
use crate::network::subnets::SubnetDetail;
use crate::network::vlans::VlanDetail;
use crate::network::{names, specifiers};
use tables::read::Reads;
use tables::tx::Tx;
use tables::update::Tables;

/// What shall be set of a space; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct SpaceChange {
    /// Its unique name.
    pub name: Option<String>,
    /// Free text.
    pub description: Option<String>,
}

/// A space as doors show it.
#[derive(Debug, Clone)]
pub struct SpaceDetail {
    /// The space; none for what stands for the VLANs that have no space.
    pub space: Option<Space>,
    /// Its VLANs.
    pub vlans: Vec<Arc<VlanDetail>>,
    /// The subnets on them.
    pub subnets: Vec<Arc<SubnetDetail>>,
}

/// All spaces, and last what stands for the VLANs that have none, if there are any.
///
/// # Errors
/// [`Refusal`].
pub async fn list(tables: &Tables, actor: &Actor) -> Result<Vec<SpaceDetail>, Refusal> {
    let details = Details::of_site(actor, tables).await?;
    let (vlans, subnets) = (details.all_vlans()?, details.all_subnets()?);
    let spaces = details.view().list::<Space>()?.into_iter().map(Some).chain([None]);
    let spaces = spaces.map(|space| within(space, &vlans, subnets));
    Ok(spaces.filter(|found| found.space.is_some() || !found.vlans.is_empty()).collect())
}

/// A space by id or name.
///
/// # Errors
/// [`Refusal::NotFound`].
pub async fn get(tables: &Tables, actor: &Actor, specifier: &str) -> Result<SpaceDetail, Refusal> {
    let details = Details::of_site(actor, tables).await?;
    let space = specifiers::space(details.view(), specifier)?;
    detail(&details, Some(space))
}

/// What stands for the VLANs that have no space.
///
/// # Errors
/// [`Refusal`].
pub async fn undefined(tables: &Tables, actor: &Actor) -> Result<SpaceDetail, Refusal> {
    detail(&Details::of_site(actor, tables).await?, None)
}

/// Makes a space.
///
/// # Errors
/// [`Refusal`].
pub async fn create(
    tables: &Tables,
    actor: &Actor,
    change: &SpaceChange,
) -> Result<SpaceDetail, Refusal> {
    let cause = authorize(actor, Permission::ManageNetwork, "space.create")?;
    let space = tables
        .update(&cause, |tx| -> Result<_, Refusal> {
            let id = SpaceId(tx.next_id::<Space>()?);
            let (name, description) = (format!("space-{id}"), String::new());
            let space = changed(Space { id, name, description }, change)?;
            tx.insert(&space)?;
            Ok(space)
        })
        .await?;
    detail(&Details::after_change(tables).await?, Some(space))
}

/// Changes a space, by id or name.
///
/// # Errors
/// [`Refusal`].
pub async fn update(
    tables: &Tables,
    actor: &Actor,
    specifier: &str,
    change: &SpaceChange,
) -> Result<SpaceDetail, Refusal> {
    let cause = authorize(actor, Permission::ManageNetwork, "space.update")?;
    let space = tables
        .update(&cause, |tx| -> Result<_, Refusal> {
            let space = changed(specifiers::space(tx, specifier)?, change)?;
            tx.put(&space)?;
            Ok(space)
        })
        .await?;
    detail(&Details::after_change(tables).await?, Some(space))
}

/// Removes a space; its VLANs have none then.
///
/// # Errors
/// [`Refusal`].
pub async fn delete(tables: &Tables, actor: &Actor, specifier: &str) -> Result<(), Refusal> {
    let cause = authorize(actor, Permission::ManageNetwork, "space.delete")?;
    tables.update(&cause, |tx| remove(tx, specifier)).await
}

/// The same within a transaction.
///
/// # Errors
/// As [`delete`].
pub(crate) fn remove(tx: &mut Tx, specifier: &str) -> Result<(), Refusal> {
    let space = specifiers::space(tx, specifier)?;
    Holder::Space(space.id).goes(tx);
    let vlans = tx.list::<Vlan>()?;
    for vlan in vlans.into_iter().filter(|vlan| vlan.space == Some(space.id)) {
        tx.put(&Vlan { space: None, ..vlan })?;
    }
    tx.delete::<Space>(&space.id)?;
    Ok(())
}

fn detail(details: &Details, space: Option<Space>) -> Result<SpaceDetail, Refusal> {
    Ok(within(space, &details.all_vlans()?, details.all_subnets()?))
}

fn within(
    space: Option<Space>,
    vlans: &[Arc<VlanDetail>],
    subnets: &[Arc<SubnetDetail>],
) -> SpaceDetail {
    let id = space.as_ref().map(|space| space.id);
    let vlans = vlans.iter().filter(|found| found.vlan.space == id);
    let subnets = subnets.iter().filter(|found| found.vlan.vlan.space == id);
    SpaceDetail { space, vlans: vlans.cloned().collect(), subnets: subnets.cloned().collect() }
}

fn changed(space: Space, change: &SpaceChange) -> Result<Space, Refusal> {
    let name = change.name.clone().filter(|name| !name.is_empty()).unwrap_or(space.name);
    if change.name.is_some() {
        names::check(&name).map_err(|message| Refusal::field("name", message))?;
    }
    let own = format!("space-{}", space.id);
    let digits = name.strip_prefix("space-");
    let numbered = digits
        .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()));
    if name == "undefined" || (numbered && name != own) {
        return Err(Refusal::field("name", "Reserved space name."));
    }
    let description = change.description.clone().unwrap_or(space.description);
    Ok(Space { id: space.id, name, description })
}
