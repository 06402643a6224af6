//! Lists of machines as doors show them: one at a time, because ten thousand with all that they
//! name are more than a node should hold in memory for one answer.
//!
//! What is listed is decided at one view by looking at the machines of the model in memory that the filter
//! may mean, and keeping the ids; each machine is read at the same view when it is shown.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use model::access::{Actor, Object, Permission, permits};
use model::id::SystemId;
use model::lease::binding::{Binding, BindingState};
use model::machine::Machine;
use model::machine::interface::stack::{children, effective_mtu, is_enabled, parents};
use model::machine::interface::{Interface, LinkMode};
use model::machine::lifecycle::Phase;
use model::pool::ResourcePool;
use model::time::Timestamp;
use model::user::User;
use model::zone::AvailabilityZone;
use raft_store::read::Versioned;

use crate::background;
use crate::details::Details;
use crate::dns::domains::DomainDetail;
use crate::error::Refusal;
use crate::machine::filter::Filter;
use crate::network::subnets::SubnetDetail;
use crate::network::vlans::VlanDetail;
use tables::error::TableError;
use tables::read::{Reads, View};
use tables::update::Tables;
use tables::views::machines::{MachineKey, Machines};
use tables::views::state::State;

/// A machine as doors show it.
#[derive(Debug, Clone)]
pub struct MachineDetail {
    /// The machine.
    pub machine: Machine,
    /// The domain of its name.
    pub domain: Option<Arc<DomainDetail>>,
    /// Its zone.
    pub zone: Option<Arc<AvailabilityZone>>,
    /// Its resource pool.
    pub pool: Option<Arc<ResourcePool>>,
    /// The user it is allocated to.
    pub owner: Option<Arc<User>>,
    /// What each of its interfaces names, in their order.
    pub interfaces: Vec<InterfaceDetail>,
    /// The addresses that what runs on it has by DHCP.
    pub leased: Vec<IpAddr>,
}

/// What an interface names.
#[derive(Debug, Clone)]
pub struct InterfaceDetail {
    /// Its VLAN.
    pub vlan: Option<Arc<VlanDetail>>,
    /// The subnet of each of its links, in their order.
    pub subnets: Vec<Option<Arc<SubnetDetail>>>,
    /// The names of the interfaces that it is made of, in the order of names.
    pub parents: Vec<String>,
    /// The names of the interfaces that are made of it.
    pub children: Vec<String>,
    /// Whether it takes part in a deployment.
    pub enabled: bool,
    /// The largest packet in bytes.
    pub effective_mtu: u16,
}

/// Machines at one view, read one after another.
#[derive(Debug)]
pub struct MachineList {
    details: Details,
    ids: std::vec::IntoIter<SystemId>,
}

/// The machines that a filter means, oldest first, as MAAS lists them; with `own`, only those that
/// are allocated to the actor.
///
/// # Errors
/// [`Refusal::Fields`] for tags, zones, pools and domains that there are not.
pub async fn list(
    tables: &Tables,
    actor: &Actor,
    filter: &Filter,
    own: bool,
) -> Result<MachineList, Refusal> {
    let mut filter = filter.clone();
    if own {
        filter = filter.and(MachineKey::Owner(actor.user(Permission::View)?.id));
    }
    let details = Details::seen_by(actor, tables).await?;
    filter.names_unknown(details.view())?.finish()?;
    MachineList::select(details, actor, filter).await
}

impl MachineList {
    /// The machines that a filter means and an actor may read, oldest first.
    pub(crate) async fn select(
        details: Details,
        actor: &Actor,
        filter: Filter,
    ) -> Result<Self, Refusal> {
        Self::select_for(details, actor, Permission::ReadMachine, filter).await
    }

    /// The machines that a filter means and an actor may do something to, oldest first.
    pub(crate) async fn select_for(
        details: Details,
        actor: &Actor,
        permission: Permission,
        filter: Filter,
    ) -> Result<Self, Refusal> {
        let actor = actor.clone();
        background::run(move || {
            let view = details.view();
            let found = meant(view, &filter, view.state().all_machines(), |machine| {
                permits(&actor, permission, &Object::of(machine)).is_ok()
            })?;
            let ids: Vec<SystemId> = found.into_iter().map(|(_, id)| id).collect();
            Ok(Self { details, ids: ids.into_iter() })
        })
        .await
    }

    /// The ids that are left.
    #[must_use]
    pub fn ids(&self) -> &[SystemId] {
        self.ids.as_slice()
    }
}

/// Those of some nodes that a filter means and that are seen, with the time when each was made, oldest
/// first.
pub(crate) fn meant(
    view: &View,
    filter: &Filter,
    among: &Machines,
    is_seen: impl Fn(&Machine) -> bool,
) -> Result<Vec<(Timestamp, SystemId)>, TableError> {
    let read = Remembered { view: view.clone(), values: RefCell::default() };
    let mut found = Vec::new();
    let mut look_at = |node: &Machine| -> Result<(), TableError> {
        if is_seen(node) && filter.means(&read, node)? {
            found.push((node.created, node.system_id.clone()));
        }
        Ok(())
    };
    match filter.candidates_among(&read, among, usize::MAX)? {
        Some(nodes) => {
            nodes.iter().try_for_each(|node| look_at(node))?;
            found.sort();
        }
        None => among.by_age().try_for_each(|node| look_at(node))?,
    }
    Ok(found)
}

impl Iterator for MachineList {
    type Item = Result<MachineDetail, Refusal>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let id = self.ids.next()?;
            match self.details.view().get::<Machine>(&id) {
                Ok(Some(machine)) => return Some(self.details.machine(machine)),
                Ok(None) => {}
                Err(error) => return Some(Err(error.into())),
            }
        }
    }
}

impl Details {
    /// A machine with what it names.
    pub(crate) fn machine(&self, machine: Machine) -> Result<MachineDetail, Refusal> {
        let placement = &machine.placement;
        Ok(MachineDetail {
            domain: self.domain(placement.domain)?,
            zone: self.zone(placement.zone)?,
            pool: self.pool(placement.pool)?,
            owner: placement.owner.map_or(Ok(None), |owner| self.user(owner))?,
            interfaces: self.interfaces(&machine.interfaces)?,
            leased: leased(self.view(), &machine)?,
            machine,
        })
    }

    /// What each of some interfaces names.
    pub(crate) fn interfaces(
        &self,
        of_node: &[Interface],
    ) -> Result<Vec<InterfaceDetail>, TableError> {
        let mut interfaces = Vec::with_capacity(of_node.len());
        let mut mtus = BTreeMap::new();
        for id in of_node.iter().filter_map(|interface| interface.vlan) {
            mtus.extend(self.vlan(id)?.map(|found| (id, found.vlan.mtu)));
        }
        for interface in of_node {
            let links = interface.links.iter();
            let subnets = links.map(|link| link.subnet.map_or(Ok(None), |id| self.subnet(id)));
            interfaces.push(InterfaceDetail {
                vlan: interface.vlan.map_or(Ok(None), |id| self.vlan(id))?,
                subnets: subnets.collect::<Result<_, _>>()?,
                parents: sorted_names(parents(of_node, interface)),
                children: sorted_names(children(of_node, interface.id)),
                enabled: is_enabled(of_node, interface),
                effective_mtu: effective_mtu(of_node, interface, |id| mtus.get(&id).copied()),
            });
        }
        Ok(interfaces)
    }
}

fn sorted_names<'a>(interfaces: impl Iterator<Item = &'a Interface>) -> Vec<String> {
    let mut names: Vec<String> = interfaces.map(|interface| interface.name.clone()).collect();
    names.sort_unstable();
    names
}

/// The addresses that a machine uses by DHCP: of the ephemeral system while that runs, and of its own where it is to have
/// some.
fn leased(at: &View, machine: &Machine) -> Result<Vec<IpAddr>, TableError> {
    let by_dhcp = |interface: &&Interface| match machine.lifecycle.phase {
        Phase::Commissioning | Phase::Testing | Phase::DiskErasing | Phase::Rescue => true,
        Phase::Deployed => interface.links.iter().any(|link| link.mode == LinkMode::Dhcp),
        Phase::New
        | Phase::Ready
        | Phase::Allocated
        | Phase::Deploying
        | Phase::Releasing
        | Phase::Broken
        | Phase::Reserved
        | Phase::Retired
        | Phase::Missing => false,
    };
    let mut leased = Vec::new();
    for interface in machine.interfaces.iter().filter(by_dhcp) {
        for ip in at.state().bound_to(interface.mac) {
            let binding = at.get::<Binding>(&ip)?;
            let is_active = binding.is_some_and(|binding| binding.state == BindingState::Active);
            // What is made of an interface may have its hardware address.
            if is_active && !leased.contains(&ip) {
                leased.push(ip);
            }
        }
    }
    Ok(leased)
}

/// A view that remembers what it was asked for by key: filters ask for the same few rows for every
/// machine.
pub(crate) struct Remembered {
    view: View,
    values: RefCell<BTreeMap<Bytes, Option<Versioned>>>,
}

impl Reads for Remembered {
    fn state(&self) -> &State {
        self.view.state()
    }

    fn value(&self, key: &Bytes) -> Option<Versioned> {
        if let Some(known) = self.values.borrow().get(key) {
            return known.clone();
        }
        let found = self.view.value(key);
        self.values.borrow_mut().insert(key.clone(), found.clone());
        found
    }

    fn values(&self, prefix: &[u8]) -> Vec<(Bytes, Versioned)> {
        self.view.values(prefix)
    }

    fn uncompared(&self, key: &Bytes) -> Option<Versioned> {
        self.value(key)
    }
}

/// A machine that was changed, as doors show it.
///
/// # Errors
/// [`Refusal::Tables`].
pub async fn detail(tables: &Tables, machine: Machine) -> Result<MachineDetail, Refusal> {
    Details::after_change(tables).await?.machine(machine)
}

/// Machines that were changed, as doors show them, in the order of the ids.
///
/// # Errors
/// [`Refusal::Tables`].
pub async fn of_ids(tables: &Tables, ids: Vec<SystemId>) -> Result<MachineList, Refusal> {
    Ok(MachineList { details: Details::after_change(tables).await?, ids: ids.into_iter() })
}
