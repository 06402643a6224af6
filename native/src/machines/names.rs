//! What machines name by id, by name: read once for a list.

use std::collections::BTreeMap;

use model::dns::domain::Domain;
use model::id::{
    AvailabilityZoneId, DomainId, FabricId, ResourcePoolId, SpaceId, SubnetId, UserId, VlanId,
};
use model::machine::Machine;
use model::net::fabric::Fabric;
use model::net::space::Space;
use model::net::subnet::Subnet;
use model::net::vlan::Vlan;
use model::pool::ResourcePool;
use model::user::User;
use model::zone::AvailabilityZone;
use tables::error::TableError;
use tables::read::{Reads, View};

use crate::problem::Problem;

/// The names of what machines refer to.
#[derive(Debug, Default)]
pub struct Names {
    pub(crate) domains: BTreeMap<DomainId, String>,
    pub(crate) zones: BTreeMap<AvailabilityZoneId, String>,
    pub(crate) pools: BTreeMap<ResourcePoolId, String>,
    pub(crate) users: BTreeMap<UserId, String>,
    pub(crate) fabrics: BTreeMap<FabricId, String>,
    pub(crate) spaces: BTreeMap<SpaceId, String>,
    pub(crate) vlans: BTreeMap<VlanId, Vlan>,
    pub(crate) subnets: BTreeMap<SubnetId, Subnet>,
}

impl Names {
    /// The names at a view.
    ///
    /// # Errors
    /// A row that cannot be read.
    pub fn read(view: &View) -> Result<Self, Problem> {
        Self::read_rows(view).map_err(|error| Problem::of(error.kind(), error.to_string()))
    }

    fn read_rows(view: &View) -> Result<Self, TableError> {
        Ok(Self {
            domains: view.list::<Domain>()?.into_iter().map(|row| (row.id, row.name)).collect(),
            zones: view
                .list::<AvailabilityZone>()?
                .into_iter()
                .map(|row| (row.id, row.name))
                .collect(),
            pools: view.list::<ResourcePool>()?.into_iter().map(|row| (row.id, row.name)).collect(),
            users: view.list::<User>()?.into_iter().map(|row| (row.id, row.username)).collect(),
            fabrics: view.list::<Fabric>()?.into_iter().map(|row| (row.id, row.name)).collect(),
            spaces: view.list::<Space>()?.into_iter().map(|row| (row.id, row.name)).collect(),
            vlans: view.list::<Vlan>()?.into_iter().map(|row| (row.id, row)).collect(),
            subnets: view.list::<Subnet>()?.into_iter().map(|row| (row.id, row)).collect(),
        })
    }

    /// A machine's name with its domain.
    #[must_use]
    pub fn full(&self, machine: &Machine) -> String {
        match self.domains.get(&machine.placement.domain) {
            Some(domain) => format!("{}.{domain}", machine.hostname),
            None => machine.hostname.clone(),
        }
    }
}
