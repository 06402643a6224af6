//! Spaces.

use model::id::SpaceId;
use model::net::space::Space;
use model::net::vlan::Vlan;

use crate::error::Refusal;
use crate::network::specifiers;
use tables::read::Reads;
use tables::update::{Cause, Tables};

/// What shall be set of a space; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct SpaceChange {
    /// Its unique name.
    pub name: Option<String>,
    /// Free text.
    pub description: Option<String>,
}

/// Makes a space.
///
/// # Errors
/// [`Refusal`].
pub async fn create(
    tables: &Tables,
    cause: &Cause,
    change: &SpaceChange,
) -> Result<Space, Refusal> {
    tables
        .update(cause, |tx| {
            let id = SpaceId(tx.next_id::<Space>()?);
            let (name, description) = (format!("space-{id}"), String::new());
            let space = changed(Space { id, name, description }, change)?;
            tx.insert(&space)?;
            Ok(space)
        })
        .await
}

/// Changes a space, by id or name.
///
/// # Errors
/// [`Refusal`].
pub async fn update(
    tables: &Tables,
    cause: &Cause,
    specifier: &str,
    change: &SpaceChange,
) -> Result<Space, Refusal> {
    tables
        .update(cause, |tx| {
            let space = changed(specifiers::space(tx, specifier)?, change)?;
            tx.put(&space)?;
            Ok(space)
        })
        .await
}

/// Removes a space; its VLANs have none then.
///
/// # Errors
/// [`Refusal`].
pub async fn delete(tables: &Tables, cause: &Cause, specifier: &str) -> Result<(), Refusal> {
    tables
        .update(cause, |tx| {
            let space = specifiers::space(tx, specifier)?;
            let vlans = tx.list::<Vlan>()?;
            for vlan in vlans.into_iter().filter(|vlan| vlan.space == Some(space.id)) {
                tx.put(&Vlan { space: None, ..vlan })?;
            }
            tx.delete::<Space>(&space.id)?;
            Ok(())
        })
        .await
}

fn changed(space: Space, change: &SpaceChange) -> Result<Space, Refusal> {
    let name = change.name.clone().filter(|name| !name.is_empty()).unwrap_or(space.name);
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
