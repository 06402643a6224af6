//! MAAS's JSON shapes of objects that others embed: VLANs in interfaces, subnets in links, zones
//! and domains in machines. Each is made once per request, however often it is embedded.

use std::cell::RefCell;
use std::collections::BTreeMap;

use api::vlans::UNDEFINED_SPACE;
use model::dns::dnsresource::DnsResource;
use model::dns::domain::Domain;
use model::id::{
    AvailabilityZoneId, DomainId, FabricId, ResourcePoolId, SpaceId, SubnetId, UserId, VlanId,
};
use model::net::fabric::Fabric;
use model::net::space::Space;
use model::net::subnet::{ReverseDns, Subnet};
use model::net::vlan::Vlan;
use model::pool::ResourcePool;
use model::user::User;
use model::zone::AvailabilityZone;

use tables::error::TableError;
use tables::names::DNSRESOURCES_OF_DOMAIN;
use tables::read::{Reads, View};

/// Makes shapes at one view.
#[derive(Debug)]
pub struct Shapes<'a> {
    view: &'a View,
    vlans: RefCell<BTreeMap<VlanId, Option<api::vlans::Vlan>>>,
    subnets: RefCell<BTreeMap<SubnetId, Option<api::subnets::Subnet>>>,
    domains: RefCell<BTreeMap<DomainId, Option<api::domains::Domain>>>,
}

impl<'a> Shapes<'a> {
    /// Shapes of what is in a view.
    #[must_use]
    pub fn new(view: &'a View) -> Self {
        Self {
            view,
            vlans: RefCell::default(),
            subnets: RefCell::default(),
            domains: RefCell::default(),
        }
    }

    /// The view they are made from.
    #[must_use]
    pub fn view(&self) -> &'a View {
        self.view
    }

    /// A VLAN by id; none when there is no such VLAN.
    ///
    /// # Errors
    /// [`TableError`].
    pub fn vlan(&self, id: VlanId) -> Result<Option<api::vlans::Vlan>, TableError> {
        if let Some(known) = self.vlans.borrow().get(&id) {
            return Ok(known.clone());
        }
        let shape = self.view.get::<Vlan>(&id)?.map(|vlan| self.vlan_of(&vlan)).transpose()?;
        self.vlans.borrow_mut().insert(id, shape.clone());
        Ok(shape)
    }

    /// The shape of a VLAN.
    ///
    /// # Errors
    /// [`TableError`].
    pub fn vlan_of(&self, vlan: &Vlan) -> Result<api::vlans::Vlan, TableError> {
        let relay = match vlan.relay_vlan.filter(|relay| *relay != vlan.id) {
            Some(relay) => self.view.get::<Vlan>(&relay)?,
            None => None,
        };
        // A relay's own relay is not followed: a circle must not hang the API.
        let relay =
            relay.map(|relay| self.vlan_of(&Vlan { relay_vlan: None, ..relay }).map(Box::new));
        Ok(api::vlans::Vlan {
            id: vlan.id.0,
            name: vlan.name.clone(),
            vid: vlan.vid,
            fabric: self.fabric_name(vlan.fabric)?,
            fabric_id: vlan.fabric.0,
            mtu: vlan.mtu,
            primary_rack: vlan.primary_rack.clone(),
            secondary_rack: vlan.secondary_rack.clone(),
            dhcp_on: vlan.dhcp_on,
            external_dhcp: None,
            relay_vlan: relay.transpose()?,
            space: self.space_name(vlan.space)?,
            description: vlan.description.clone(),
            resource_uri: format!("/MAAS/api/2.0/vlans/{}/", vlan.id),
        })
    }

    /// A subnet by id; none when there is no such subnet.
    ///
    /// # Errors
    /// [`TableError`].
    pub fn subnet(&self, id: SubnetId) -> Result<Option<api::subnets::Subnet>, TableError> {
        if let Some(known) = self.subnets.borrow().get(&id) {
            return Ok(known.clone());
        }
        let shape =
            self.view.get::<Subnet>(&id)?.map(|subnet| self.subnet_of(&subnet)).transpose()?;
        let shape = shape.flatten();
        self.subnets.borrow_mut().insert(id, shape.clone());
        Ok(shape)
    }

    /// The shape of a subnet; none when its VLAN is gone.
    ///
    /// # Errors
    /// [`TableError`].
    pub fn subnet_of(&self, subnet: &Subnet) -> Result<Option<api::subnets::Subnet>, TableError> {
        Ok(self.vlan(subnet.vlan)?.map(|vlan| api::subnets::Subnet {
            id: subnet.id.0,
            name: subnet.name.clone(),
            description: subnet.description.clone(),
            space: vlan.space.clone(),
            vlan,
            cidr: subnet.cidr,
            gateway_ip: subnet.gateway_ip,
            dns_servers: subnet.dns_servers.clone(),
            rdns_mode: match subnet.rdns_mode {
                ReverseDns::Disabled => 0,
                ReverseDns::Enabled => 1,
                ReverseDns::Classless => 2,
            },
            active_discovery: subnet.active_discovery,
            allow_dns: subnet.allow_dns,
            allow_proxy: subnet.allow_proxy,
            managed: subnet.managed,
            disabled_boot_architectures: subnet.disabled_boot_architectures.clone(),
            resource_uri: format!("/MAAS/api/2.0/subnets/{}/", subnet.id),
        }))
    }

    /// A domain by id; none when there is no such domain.
    ///
    /// # Errors
    /// [`TableError`].
    pub fn domain(&self, id: DomainId) -> Result<Option<api::domains::Domain>, TableError> {
        if let Some(known) = self.domains.borrow().get(&id) {
            return Ok(known.clone());
        }
        let shape =
            self.view.get::<Domain>(&id)?.map(|domain| self.domain_of(&domain)).transpose()?;
        self.domains.borrow_mut().insert(id, shape.clone());
        Ok(shape)
    }

    /// The shape of a domain.
    ///
    /// # Errors
    /// [`TableError`].
    pub fn domain_of(&self, domain: &Domain) -> Result<api::domains::Domain, TableError> {
        let resources = self.view.list_by(&DNSRESOURCES_OF_DOMAIN, &domain.id)?;
        let records = |found: &DnsResource| found.ip_addresses.len() + found.records.len();
        Ok(api::domains::Domain {
            id: domain.id.0,
            name: domain.name.clone(),
            ttl: domain.ttl,
            authoritative: domain.authoritative,
            resource_record_count: resources.iter().map(records).sum(),
            is_default: domain.is_default,
            resource_uri: format!("/MAAS/api/2.0/domains/{}/", domain.id),
        })
    }

    /// A zone by id; none when there is no such zone.
    ///
    /// # Errors
    /// [`TableError`].
    pub fn zone(&self, id: AvailabilityZoneId) -> Result<Option<api::zones::Zone>, TableError> {
        Ok(self.view.get::<AvailabilityZone>(&id)?.as_ref().map(Into::into))
    }

    /// A resource pool by id; none when there is no such pool.
    ///
    /// # Errors
    /// [`TableError`].
    pub fn pool(
        &self,
        id: ResourcePoolId,
    ) -> Result<Option<api::resourcepools::ResourcePool>, TableError> {
        Ok(self.view.get::<ResourcePool>(&id)?.as_ref().map(Into::into))
    }

    /// A user by id; none when there is no such user.
    ///
    /// # Errors
    /// [`TableError`].
    pub fn user(&self, id: UserId) -> Result<Option<api::users::User>, TableError> {
        Ok(self.view.get::<User>(&id)?.as_ref().map(Into::into))
    }

    fn fabric_name(&self, id: FabricId) -> Result<String, TableError> {
        let fabric = self.view.get::<Fabric>(&id)?;
        Ok(fabric.map_or_else(|| format!("fabric-{id}"), |fabric| fabric.name))
    }

    fn space_name(&self, id: Option<SpaceId>) -> Result<String, TableError> {
        let space = id.map_or(Ok(None), |id| self.view.get::<Space>(&id))?;
        Ok(space.map_or_else(|| UNDEFINED_SPACE.to_owned(), |space| space.name))
    }
}
