//! Zones, pools and tags.

use model::access::{Actor, Permission};
use model::pool::ResourcePool;
use model::tag::Tag;
use model::zone::AvailabilityZone;
use tables::tx::Tx;

use crate::error::Refusal;
use crate::machine::tags;
use crate::site::undo::kind::Kind;
use crate::site::{resourcepools, zones};

impl Kind for AvailabilityZone {
    const NAME: &'static str = "zone";
    const PERMISSION: Permission = Permission::ManageGroups;

    fn label(&self) -> String {
        self.name.clone()
    }

    fn remove(&self, tx: &mut Tx, _: &Actor) -> Result<(), Refusal> {
        zones::remove(tx, &self.name)
    }

    fn check(&self, _: &mut Tx, _: &Actor, _: Option<&Self>) -> Result<(), Refusal> {
        Ok(())
    }
}

impl Kind for ResourcePool {
    const NAME: &'static str = "pool";
    const PERMISSION: Permission = Permission::ManagePools;

    fn label(&self) -> String {
        self.name.clone()
    }

    fn remove(&self, tx: &mut Tx, _: &Actor) -> Result<(), Refusal> {
        resourcepools::remove(tx, self.id)
    }

    fn check(&self, _: &mut Tx, _: &Actor, _: Option<&Self>) -> Result<(), Refusal> {
        Ok(())
    }
}

impl Kind for Tag {
    const NAME: &'static str = "tag";
    const PERMISSION: Permission = Permission::ManageGroups;

    fn label(&self) -> String {
        self.name.clone()
    }

    fn remove(&self, tx: &mut Tx, _: &Actor) -> Result<(), Refusal> {
        tags::remove(tx, &self.name)
    }

    fn check(&self, tx: &mut Tx, _: &Actor, was: Option<&Self>) -> Result<(), Refusal> {
        if was.is_some_and(|was| was.definition == self.definition) {
            return Ok(());
        }
        tags::evaluate(tx, self)
    }
}
