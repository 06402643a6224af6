//! Named groups of machines: what availability zones and resource pools have in common.

use model::access::{Actor, Denied, Object, Permission, permits};
use model::id::{AvailabilityZoneId, ResourcePoolId};
use model::pool::ResourcePool;
use model::zone::AvailabilityZone;

use crate::authorize::{authorize, cause};
use crate::error::Refusal;
use crate::machine::naming::Naming;
use crate::network::specifiers;
use tables::read::Reads;
use tables::row::Row;
use tables::update::Tables;

/// A group with a unique name and a description.
pub trait Group: Row + Send {
    /// What it takes to list groups of this kind, and to make one.
    const NEEDED: (Permission, Permission);

    /// Why groups of this kind are made and changed, for the history.
    const REASONS: (&'static str, &'static str);

    /// What is said where there is none.
    const MISSING: Refusal;

    /// A group with the next number of its table as its id.
    fn new(number: u32, name: String, description: String) -> Self;

    /// The group that a user means, by id or name.
    ///
    /// # Errors
    /// [`Refusal::NotFound`].
    fn named(at: &impl Reads, specifier: &str) -> Result<Self, Refusal>;

    /// Whether an actor that may list groups of this kind sees this one.
    fn is_seen(&self, actor: &Actor) -> bool;

    /// Refuses who may not change it.
    ///
    /// # Errors
    /// [`Denied`].
    fn check_change(&self, actor: &Actor) -> Result<(), Denied>;

    /// Its name and its description.
    fn naming(&mut self) -> (&mut String, &mut String);
}

/// All groups of a kind.
///
/// # Errors
/// [`Refusal`].
pub async fn list<G: Group>(tables: &Tables, actor: &Actor) -> Result<Vec<G>, Refusal> {
    permits(actor, G::NEEDED.0, &Object::Site)?;
    let mut all = tables.view().await?.list::<G>()?;
    all.retain(|group| group.is_seen(actor));
    Ok(all)
}

/// A group by id or name.
///
/// # Errors
/// [`Refusal::NotFound`].
pub async fn get<G: Group>(tables: &Tables, actor: &Actor, specifier: &str) -> Result<G, Refusal> {
    permits(actor, G::NEEDED.0, &Object::Site)?;
    let found = G::named(&tables.view().await?, specifier)?;
    if found.is_seen(actor) { Ok(found) } else { Err(G::MISSING) }
}

/// Makes a group.
///
/// # Errors
/// [`Refusal`].
pub async fn create<G: Group>(
    tables: &Tables,
    actor: &Actor,
    naming: &Naming,
) -> Result<G, Refusal> {
    let cause = authorize(actor, G::NEEDED.1, G::REASONS.0)?;
    let name = naming.required_name()?;
    tables
        .update(&cause, |tx| {
            let description = naming.description.clone().unwrap_or_default();
            let group = G::new(tx.next_id::<G>()?, name.clone(), description);
            tx.insert(&group)?;
            Ok(group)
        })
        .await
}

/// Changes a group; what `naming` leaves out stays.
///
/// # Errors
/// [`Refusal`].
pub async fn update<G: Group>(
    tables: &Tables,
    actor: &Actor,
    specifier: &str,
    naming: &Naming,
) -> Result<G, Refusal> {
    let cause = cause(actor, G::REASONS.1);
    let name = naming.checked_name()?;
    tables
        .update(&cause, |tx| {
            let mut group = G::named(tx, specifier)?;
            group.check_change(actor)?;
            let (old_name, old_description) = group.naming();
            if let Some(name) = &name {
                old_name.clone_from(name);
            }
            if let Some(description) = &naming.description {
                old_description.clone_from(description);
            }
            tx.put(&group)?;
            Ok(group)
        })
        .await
}

impl Group for AvailabilityZone {
    const NEEDED: (Permission, Permission) = (Permission::ReadSite, Permission::ManageGroups);
    const REASONS: (&'static str, &'static str) = ("zone.create", "zone.update");
    const MISSING: Refusal = Refusal::NotFound { model: "Zone" };

    fn new(number: u32, name: String, description: String) -> Self {
        Self { id: AvailabilityZoneId(number), name, description }
    }

    fn named(at: &impl Reads, specifier: &str) -> Result<Self, Refusal> {
        specifiers::zone(at, specifier)
    }

    fn is_seen(&self, _: &Actor) -> bool {
        true
    }

    fn check_change(&self, actor: &Actor) -> Result<(), Denied> {
        permits(actor, Permission::ManageGroups, &Object::Site)
    }

    fn naming(&mut self) -> (&mut String, &mut String) {
        (&mut self.name, &mut self.description)
    }
}

impl Group for ResourcePool {
    const NEEDED: (Permission, Permission) = (Permission::ReadPool, Permission::ManagePools);
    const MISSING: Refusal = Refusal::NotFound { model: "ResourcePool" };
    const REASONS: (&'static str, &'static str) = ("resource-pool.create", "resource-pool.update");

    fn new(number: u32, name: String, description: String) -> Self {
        Self { id: ResourcePoolId(number), name, description }
    }

    fn named(at: &impl Reads, specifier: &str) -> Result<Self, Refusal> {
        specifiers::pool(at, specifier)
    }

    fn is_seen(&self, actor: &Actor) -> bool {
        permits(actor, Permission::ReadPool, &Object::Pool { id: self.id }).is_ok()
    }

    fn check_change(&self, actor: &Actor) -> Result<(), Denied> {
        permits(actor, Permission::EditPool, &Object::Pool { id: self.id })
    }

    fn naming(&mut self) -> (&mut String, &mut String) {
        (&mut self.name, &mut self.description)
    }
}
