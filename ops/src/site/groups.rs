//! Named groups of machines: what availability zones and resource pools have in common.

use model::id::{AvailabilityZoneId, ResourcePoolId};
use model::pool::ResourcePool;
use model::zone::AvailabilityZone;

use crate::error::Refusal;
use crate::machine::naming::Naming;
use crate::network::specifiers;
use tables::row::Row;
use tables::tx::Tx;
use tables::update::{Cause, Tables};

/// A group with a unique name and a description.
pub trait Group: Row + Send {
    /// A group with the next number of its table as its id.
    fn new(number: u32, name: String, description: String) -> Self;

    /// The group that a user means, by id or name.
    ///
    /// # Errors
    /// [`Refusal::NotFound`].
    fn named(tx: &Tx, specifier: &str) -> Result<Self, Refusal>;

    /// Its name and its description.
    fn naming(&mut self) -> (&mut String, &mut String);
}

/// Makes a group.
///
/// # Errors
/// [`Refusal`].
pub async fn create<G: Group>(
    tables: &Tables,
    cause: &Cause,
    naming: &Naming,
) -> Result<G, Refusal> {
    let name = naming.required_name()?;
    tables
        .update(cause, |tx| {
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
    cause: &Cause,
    specifier: &str,
    naming: &Naming,
) -> Result<G, Refusal> {
    let name = naming.checked_name()?;
    tables
        .update(cause, |tx| {
            let mut group = G::named(tx, specifier)?;
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
    fn new(number: u32, name: String, description: String) -> Self {
        Self { id: AvailabilityZoneId(number), name, description }
    }

    fn named(tx: &Tx, specifier: &str) -> Result<Self, Refusal> {
        specifiers::zone(tx, specifier)
    }

    fn naming(&mut self) -> (&mut String, &mut String) {
        (&mut self.name, &mut self.description)
    }
}

impl Group for ResourcePool {
    fn new(number: u32, name: String, description: String) -> Self {
        Self { id: ResourcePoolId(number), name, description }
    }

    fn named(tx: &Tx, specifier: &str) -> Result<Self, Refusal> {
        specifiers::pool(tx, specifier)
    }

    fn naming(&mut self) -> (&mut String, &mut String) {
        (&mut self.name, &mut self.description)
    }
}
