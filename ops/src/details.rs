//! Objects as doors show them: together with the objects that they name.
//!
//! A list is read at one view, and what its objects name is read once, however often it is named:
//! ten thousand machines name one domain, a few zones and pools, and some dozens of subnets.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use model::access::{Actor, Object, Permission, permits};
use model::dns::domain::Domain;
use model::id::{
    AvailabilityZoneId, DomainId, FabricId, ResourcePoolId, SpaceId, SubnetId, SystemId, UserId,
    VlanId,
};
use model::net::external_dhcp::ExternalDhcp;
use model::net::fabric::Fabric;
use model::net::service_address::ServiceHolder;
use model::net::space::Space;
use model::net::subnet::Subnet;
use model::net::vlan::Vlan;
use model::pool::ResourcePool;
use model::user::User;
use model::zone::AvailabilityZone;

use crate::access::users::UserDetail;
use crate::dns::domains::DomainDetail;
use crate::error::Refusal;
use crate::network::subnets::SubnetDetail;
use crate::network::vlans::VlanDetail;
use tables::error::TableError;
use tables::names::DNSRESOURCES_OF_DOMAIN;
use tables::read::{Reads, View};
use tables::row::Row;
use tables::update::Tables;

/// Reads objects at one view with what they name.
#[derive(Debug)]
pub(crate) struct Details {
    view: View,
    vlans: Memo<VlanId, VlanDetail>,
    subnets: Memo<SubnetId, SubnetDetail>,
    domains: Memo<DomainId, DomainDetail>,
    zones: Memo<AvailabilityZoneId, AvailabilityZone>,
    pools: Memo<ResourcePoolId, ResourcePool>,
    users: Memo<UserId, User>,
    fabrics: Memo<FabricId, Fabric>,
    spaces: Memo<SpaceId, Space>,
    all_subnets: OnceCell<Vec<Arc<SubnetDetail>>>,
}

impl Details {
    /// Reads what an actor may see, at least as new as everything acknowledged before.
    ///
    /// # Errors
    /// [`Refusal::Denied`], or [`Refusal::Tables`] without a quorum.
    pub(crate) async fn seen_by(actor: &Actor, tables: &Tables) -> Result<Self, Refusal> {
        Self::permitted(actor, Permission::View, tables).await
    }

    /// The same of networks, zones and tags.
    ///
    /// # Errors
    /// As [`Details::seen_by`].
    pub(crate) async fn of_site(actor: &Actor, tables: &Tables) -> Result<Self, Refusal> {
        Self::permitted(actor, Permission::ReadSite, tables).await
    }

    /// The same of domains and their names.
    ///
    /// # Errors
    /// As [`Details::seen_by`].
    pub(crate) async fn of_dns(actor: &Actor, tables: &Tables) -> Result<Self, Refusal> {
        Self::permitted(actor, Permission::ReadDns, tables).await
    }

    /// The same of settings and package repositories.
    ///
    /// # Errors
    /// As [`Details::seen_by`].
    pub(crate) async fn of_settings(actor: &Actor, tables: &Tables) -> Result<Self, Refusal> {
        Self::permitted(actor, Permission::ReadSettings, tables).await
    }

    async fn permitted(
        actor: &Actor,
        permission: Permission,
        tables: &Tables,
    ) -> Result<Self, Refusal> {
        permits(actor, permission, &Object::Site)?;
        Self::after_change(tables).await
    }

    /// Reads what a change is answered with.
    ///
    /// # Errors
    /// [`Refusal::Tables`] without a quorum.
    pub(crate) async fn after_change(tables: &Tables) -> Result<Self, Refusal> {
        Ok(Self::new(tables.view().await?))
    }

    fn new(view: View) -> Self {
        Self {
            view,
            vlans: Memo::default(),
            subnets: Memo::default(),
            domains: Memo::default(),
            zones: Memo::default(),
            pools: Memo::default(),
            users: Memo::default(),
            fabrics: Memo::default(),
            spaces: Memo::default(),
            all_subnets: OnceCell::new(),
        }
    }

    /// The view that is read.
    pub(crate) fn view(&self) -> &View {
        &self.view
    }

    /// A VLAN by id; none when there is no such VLAN.
    pub(crate) fn vlan(&self, id: VlanId) -> Result<Option<Arc<VlanDetail>>, TableError> {
        self.vlans.get(id, || match self.view.get::<Vlan>(&id)? {
            Some(vlan) => Ok(Some(self.vlan_of(vlan)?)),
            None => Ok(None),
        })
    }

    /// A VLAN with what it names.
    pub(crate) fn vlan_of(&self, vlan: Vlan) -> Result<VlanDetail, TableError> {
        let relay = match vlan.relay_vlan.filter(|relay| *relay != vlan.id) {
            Some(relay) => self.view.get::<Vlan>(&relay)?,
            None => None,
        };
        let relayed_by = relayed_by(&vlan, relay.as_ref());
        // A relay's own relay is not followed: a circle must not hang the API.
        let relay = relay.map(|relay| self.vlan_of(Vlan { relay_vlan: None, ..relay }));
        let fabric = self.fabrics.row(&self.view, vlan.fabric)?;
        let space = vlan.space.map_or(Ok(None), |space| self.spaces.row(&self.view, space))?;
        let external = self.view.get::<ExternalDhcp>(&vlan.id)?;
        Ok(VlanDetail {
            external_dhcp: external.and_then(|found| found.servers.into_keys().next()),
            fabric: fabric
                .map_or_else(|| format!("fabric-{}", vlan.fabric), |found| found.name.clone()),
            space: space.map(|space| space.name.clone()),
            relay: relay.transpose()?.map(Box::new),
            relayed_by,
            service_rack: self.view.get::<ServiceHolder>(&vlan.id)?.and_then(|held| held.rack),
            vlan,
        })
    }

    /// All VLANs, in the order of their ids.
    pub(crate) fn all_vlans(&self) -> Result<Vec<Arc<VlanDetail>>, TableError> {
        let vlans = self.view.list::<Vlan>()?.into_iter();
        let known = vlans.map(|vlan| self.vlans.get(vlan.id, || self.vlan_of(vlan).map(Some)));
        known.filter_map(Result::transpose).collect()
    }

    /// A subnet by id; none when there is no such subnet, or its VLAN is gone.
    pub(crate) fn subnet(&self, id: SubnetId) -> Result<Option<Arc<SubnetDetail>>, TableError> {
        self.subnets.get(id, || match self.view.get::<Subnet>(&id)? {
            Some(subnet) => self.subnet_of(subnet),
            None => Ok(None),
        })
    }

    /// A subnet with what it names; none when its VLAN is gone.
    pub(crate) fn subnet_of(&self, subnet: Subnet) -> Result<Option<SubnetDetail>, TableError> {
        Ok(self.vlan(subnet.vlan)?.map(|vlan| SubnetDetail { subnet, vlan }))
    }

    /// All subnets, in the order of their ids.
    pub(crate) fn all_subnets(&self) -> Result<&[Arc<SubnetDetail>], TableError> {
        if let Some(known) = self.all_subnets.get() {
            return Ok(known);
        }
        let subnets = self.view.list::<Subnet>()?.into_iter();
        let known = subnets.map(|subnet| self.subnets.get(subnet.id, || self.subnet_of(subnet)));
        let all = known.filter_map(Result::transpose).collect::<Result<Vec<_>, _>>()?;
        Ok(self.all_subnets.get_or_init(|| all))
    }

    /// The subnet that an address lies in.
    pub(crate) fn subnet_around(
        &self,
        ip: IpAddr,
    ) -> Result<Option<Arc<SubnetDetail>>, TableError> {
        let mut subnets = self.all_subnets()?.iter();
        Ok(subnets.find(|found| found.subnet.cidr.contains(&ip)).cloned())
    }

    /// A domain by id; none when there is no such domain.
    pub(crate) fn domain(&self, id: DomainId) -> Result<Option<Arc<DomainDetail>>, TableError> {
        self.domains.get(id, || match self.view.get::<Domain>(&id)? {
            Some(domain) => Ok(Some(self.domain_of(domain)?)),
            None => Ok(None),
        })
    }

    /// A domain with the number of its records.
    pub(crate) fn domain_of(&self, domain: Domain) -> Result<DomainDetail, TableError> {
        let resources = self.view.list_by(&DNSRESOURCES_OF_DOMAIN, &domain.id)?;
        let counts = resources.iter().map(|found| found.ip_addresses.len() + found.records.len());
        Ok(DomainDetail { record_count: counts.sum(), domain })
    }

    /// A zone by id; none when there is no such zone.
    pub(crate) fn zone(
        &self,
        id: AvailabilityZoneId,
    ) -> Result<Option<Arc<AvailabilityZone>>, TableError> {
        self.zones.row(&self.view, id)
    }

    /// A resource pool by id; none when there is no such pool.
    pub(crate) fn pool(&self, id: ResourcePoolId) -> Result<Option<Arc<ResourcePool>>, TableError> {
        self.pools.row(&self.view, id)
    }

    /// A user by id; none when there is no such user.
    pub(crate) fn user(&self, id: UserId) -> Result<Option<Arc<User>>, TableError> {
        self.users.row(&self.view, id)
    }

    /// The same as doors show it.
    pub(crate) fn user_detail(&self, id: UserId) -> Result<Option<UserDetail>, TableError> {
        let found = self.user(id)?;
        found.map(|user| UserDetail::of(&self.view, User::clone(&user))).transpose()
    }
}

/// The racks that relay what they hear on a VLAN: its own, if it asks for that, but those that serve it.
fn relayed_by(vlan: &Vlan, relay: Option<&Vlan>) -> Vec<SystemId> {
    let serves = |rack: &SystemId| {
        relay.is_some_and(|relay| relay.dhcp_on && relay.racks().any(|serving| serving == rack))
    };
    let racks = vlan.racks().filter(|rack| vlan.is_relayed_by_racks() && !serves(rack));
    racks.cloned().collect()
}

/// What was read already; also what was not there.
#[derive(Debug)]
struct Memo<K, V>(RefCell<BTreeMap<K, Option<Arc<V>>>>);

impl<K, V> Default for Memo<K, V> {
    fn default() -> Self {
        Self(RefCell::default())
    }
}

impl<K: Ord + Copy, V> Memo<K, V> {
    fn get(
        &self,
        key: K,
        read: impl FnOnce() -> Result<Option<V>, TableError>,
    ) -> Result<Option<Arc<V>>, TableError> {
        if let Some(known) = self.0.borrow().get(&key) {
            return Ok(known.clone());
        }
        let found = read()?.map(Arc::new);
        self.0.borrow_mut().insert(key, found.clone());
        Ok(found)
    }

    fn row(&self, view: &View, id: K) -> Result<Option<Arc<V>>, TableError>
    where
        V: Row<Id = K>,
    {
        self.get(id, || view.get::<V>(&id))
    }
}
