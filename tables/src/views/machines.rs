//! The machines in memory, and what they are found by. Devices are found alike, in the form of machines.
//!
//! Orders that somebody walks along have a set each. Everything else that a machine has, and is asked for by, is a
//! [`MachineKey`] of one lookup: another kind of question is one more variant and one more line of [`keys_of`].

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use model::id::{AvailabilityZoneId, DomainId, ResourcePoolId, SubnetId, SystemId, UserId, VlanId};
use model::mac::MacAddress;
use model::machine::Machine;
use model::machine::status::Status;
use model::time::Timestamp;
use rpds::{RedBlackTreeMapSync as Map, RedBlackTreeSetSync as Set};

use crate::views::lookup::Lookup;

/// Something that a machine has, and is found by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum MachineKey {
    /// Its host name, in lower case.
    Hostname(Arc<str>),
    /// The hardware address of an interface.
    Mac(MacAddress),
    /// The address of a link.
    Address(IpAddr),
    /// Its status.
    Status(Status),
    /// The user it is allocated to.
    Owner(UserId),
    /// Its availability zone.
    Zone(AvailabilityZoneId),
    /// Its resource pool.
    Pool(ResourcePoolId),
    /// The domain of its name.
    Domain(DomainId),
    /// A tag that it carries.
    Tag(Arc<str>),
    /// The VLAN of an interface.
    Vlan(VlanId),
    /// The subnet of a link.
    Subnet(SubnetId),
    /// The address of its BMC.
    Bmc(Arc<str>),
}

/// Everything that a machine is found by.
#[must_use]
pub fn keys_of(machine: &Machine) -> BTreeSet<MachineKey> {
    let placement = &machine.placement;
    let mut keys = BTreeSet::from([
        MachineKey::Hostname(machine.hostname.to_lowercase().into()),
        MachineKey::Status(Status::of(&machine.lifecycle)),
        MachineKey::Zone(placement.zone),
        MachineKey::Pool(placement.pool),
        MachineKey::Domain(placement.domain),
    ]);
    keys.extend(placement.owner.map(MachineKey::Owner));
    keys.extend(machine.power.address().map(|address| MachineKey::Bmc(address.into())));
    keys.extend(placement.tags.iter().map(|tag| MachineKey::Tag(tag.as_str().into())));
    for interface in &machine.interfaces {
        keys.insert(MachineKey::Mac(interface.mac));
        keys.extend(interface.vlan.map(MachineKey::Vlan));
        for link in &interface.links {
            keys.extend(link.ip_address.map(MachineKey::Address));
            keys.extend(link.subnet.map(MachineKey::Subnet));
        }
    }
    keys
}

/// What machines are ordered by when they are given away: small ones first.
#[must_use]
pub fn size_of(machine: &Machine) -> (u32, u64, Timestamp, &SystemId) {
    let hardware = &machine.hardware;
    (hardware.cpu_count, hardware.memory_mib, machine.created, &machine.system_id)
}

/// The same to keep.
type SizeKey = (u32, u64, Timestamp, Arc<SystemId>);

/// The machines, and the orders and keys that they are found by. All share one copy of an id.
#[derive(Debug, Clone, Default)]
pub struct Machines {
    all: Map<Arc<SystemId>, Arc<Machine>>,
    ready: Set<SizeKey>,
    by_age: Set<(Timestamp, Arc<SystemId>)>,
    deadlines: Set<(Timestamp, Arc<SystemId>)>,
    observed: Set<(Timestamp, Arc<SystemId>)>,
    by_key: Lookup<MachineKey, Arc<SystemId>>,
}

impl Machines {
    /// Says how a machine is now; none when it is gone.
    pub(crate) fn set(&mut self, id: &SystemId, machine: Option<Machine>) {
        let old = self.all.get_key_value(id).map(|(id, old)| (Arc::clone(id), Arc::clone(old)));
        let (id, old) = match old {
            Some((id, old)) => (id, Some(old)),
            None => (Arc::new(id.clone()), None),
        };
        let new = machine.map(Arc::new);
        self.set_keys(&id, old.as_deref(), new.as_deref());
        if let Some(old) = old {
            self.set_orders(&id, &old, false);
        }
        match new {
            Some(new) => {
                self.set_orders(&id, &new, true);
                self.all.insert_mut(id, new);
            }
            None => drop(self.all.remove_mut(&id)),
        }
    }

    /// Most changes of a machine change none of its keys.
    fn set_keys(&mut self, id: &Arc<SystemId>, old: Option<&Machine>, new: Option<&Machine>) {
        let had = old.map(keys_of).unwrap_or_default();
        let has = new.map(keys_of).unwrap_or_default();
        for key in had.difference(&has) {
            self.by_key.remove(key, id);
        }
        for key in has.difference(&had) {
            self.by_key.insert(key.clone(), Arc::clone(id));
        }
    }

    fn set_orders(&mut self, id: &Arc<SystemId>, machine: &Machine, present: bool) {
        set(&mut self.by_age, (machine.created, Arc::clone(id)), present);
        if Status::of(&machine.lifecycle) == Status::Ready {
            let (cpu_count, memory_mib, created, _) = size_of(machine);
            set(&mut self.ready, (cpu_count, memory_mib, created, Arc::clone(id)), present);
        }
        if let Some(deadline) = machine.lifecycle.deadline {
            set(&mut self.deadlines, (deadline, Arc::clone(id)), present);
        }
        // One that waits to be accepted is asked nothing: whoever presented it said where its BMC is.
        if machine.power.is_switchable() && Status::of(&machine.lifecycle) != Status::New {
            let observed = machine.power.observed.unwrap_or_default();
            set(&mut self.observed, (observed, Arc::clone(id)), present);
        }
    }
}

impl Machines {
    /// A machine by its id.
    #[must_use]
    pub fn get(&self, id: &SystemId) -> Option<&Arc<Machine>> {
        self.all.get(id)
    }

    /// All machines, by their ids.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Machine>> {
        self.all.values()
    }

    /// All machines, oldest first.
    pub fn by_age(&self) -> impl Iterator<Item = &Arc<Machine>> {
        self.by_age.iter().filter_map(|(_, id)| self.get(id))
    }

    /// The machines that can be allocated, the smallest first.
    pub(crate) fn ready(&self) -> impl Iterator<Item = &Arc<Machine>> {
        self.ready.iter().filter_map(|(_, _, _, id)| self.get(id))
    }

    /// The machines that have one of some keys, in the order of their ids.
    #[must_use]
    pub fn with<'a>(&self, keys: impl IntoIterator<Item = &'a MachineKey>) -> Vec<&Arc<Machine>> {
        let ids = keys.into_iter().flat_map(|key| self.by_key.of(key));
        let ids: BTreeSet<&Arc<SystemId>> = ids.collect();
        ids.into_iter().filter_map(|id| self.get(id)).collect()
    }

    /// The ids of those that have a key: for who changes them.
    #[must_use]
    pub fn ids_with(&self, key: &MachineKey) -> Vec<SystemId> {
        self.with([key]).into_iter().map(|machine| machine.system_id.clone()).collect()
    }

    /// How many machines have a key.
    #[must_use]
    pub fn count_with(&self, key: &MachineKey) -> usize {
        self.by_key.count(key)
    }

    /// The deadlines of phases, the first one first.
    pub(crate) fn deadlines(&self) -> impl Iterator<Item = (Timestamp, &SystemId)> {
        self.deadlines.iter().map(|(at, id)| (*at, &**id))
    }

    /// When the power of those was observed that were accepted and that somebody can switch, the oldest first.
    pub(crate) fn observed(&self) -> impl Iterator<Item = (Timestamp, &SystemId)> {
        self.observed.iter().map(|(at, id)| (*at, &**id))
    }
}

fn set<T: Ord + Clone>(of: &mut Set<T>, key: T, present: bool) {
    if present {
        of.insert_mut(key);
    } else {
        of.remove_mut(&key);
    }
}

#[cfg(test)]
mod tests;
