//! The model itself, and how one changed row changes it. What machines are found by is in [`super::machines`].

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use model::controller::{RackController, RegionController};
use model::device::Device;
use model::dns::dnsresource::DnsResource;
use model::id::{IpRangeId, PrefixPoolId, SubnetId, SystemId};
use model::lease::binding::{Binding, BindingState};
use model::lease::block::Block;
use model::mac::MacAddress;
use model::machine::Machine;
use model::machine::hardware::Hardware;
use model::machine::power::PowerJob;
use model::net::iprange::IpRange;
use model::net::prefixpool::PrefixPool;
use model::net::range::{AddressRange, address, number};
use model::net::reserved::ReservedAddress;
use model::net::vlan::Vlan;
use model::time::Timestamp;
use raft_store::read::{KeyChange, ReadView};
use rpds::{RedBlackTreeMapSync as Map, RedBlackTreeSetSync as Set};

use crate::error::TableError;
use crate::parts::HARDWARE;
use crate::read::{Reads, View, decode};
use crate::row::{
    Row, decode_with, id_of_row_or_part, is_in_parts, is_of_part, prefix, row_id, row_key,
};
use crate::views::intervals::Intervals;
use crate::views::machines::{MachineKey, Machines};
use crate::views::ranges::{Counted, DelegatedRange, DynamicRange, Promised, Ranges};

/// The objects in memory, as they were at one revision.
#[derive(Debug, Clone, Default)]
pub struct State {
    revision: u64,
    machines: Machines,
    devices: Machines,
    jobs: Map<SystemId, Arc<PowerJob>>,
    bindings: Map<IpAddr, Bound>,
    bindings_by_mac: Set<(MacAddress, IpAddr)>,
    bindings_by_end: Set<(Timestamp, IpAddr)>,
    /// How many addresses of a subnet clients have registered.
    registered: Map<SubnetId, u32>,
    /// The addresses in use, by the time until which their clients may use them.
    leases_by_end: Set<(Timestamp, IpAddr)>,
    ranges: Ranges,
    pools: Ranges<PrefixPoolId>,
    /// The blocks by their first address, with how many of their addresses have a binding.
    blocks: Map<IpAddr, (Arc<Block>, u32)>,
    /// The addresses that a row holds, by its key.
    held: Map<Bytes, Vec<IpAddr>>,
    /// How many rows hold an address.
    holders: Map<IpAddr, u32>,
    used_v4: Intervals,
    used_v6: Intervals,
}

/// A binding, as far as the model knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Bound {
    /// The hardware address of its client, if that has one.
    mac: Option<MacAddress>,
    /// Until when nobody else gets the address: never, of one that its client registered.
    promise_until: Timestamp,
    /// When it means nothing any more: neither promised nor told.
    ends: Timestamp,
    /// Until when the client may use it, if it is in use.
    told_until: Option<Timestamp>,
    state: BindingState,
    /// Whether it is a prefix that is bound.
    is_prefix: bool,
    /// The subnet of an address that its client registered.
    registered: Option<SubnetId>,
}

impl Bound {
    fn of(binding: &Binding) -> Self {
        let in_use = binding.state == BindingState::Active;
        let registered = binding.is_registered().then_some(binding.subnet);
        // What was registered was promised by the version before.
        let promised = Some(binding.promise_until).filter(|_| registered.is_none());
        Self {
            mac: binding.mac(),
            promise_until: promised.unwrap_or_default(),
            ends: binding.promise_until.max(binding.told_until),
            told_until: in_use.then_some(binding.told_until),
            state: binding.state,
            is_prefix: !binding.is_of_address(),
            registered,
        }
    }

    fn counted(&self) -> Counted {
        Counted { state: self.state, promise_until: self.promise_until }
    }
}

impl State {
    /// The revision of the model.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// A machine, without the details of its inventory (devices, NUMA nodes, DMI strings), its
    /// annotations and its user data.
    #[must_use]
    pub fn machine(&self, id: &SystemId) -> Option<&Arc<Machine>> {
        self.machines.get(id)
    }

    /// The machines, by everything that they are found by.
    #[must_use]
    pub fn all_machines(&self) -> &Machines {
        &self.machines
    }

    /// The devices, [as machines](Device::as_machine), by everything that they are found by.
    #[must_use]
    pub fn devices(&self) -> &Machines {
        &self.devices
    }

    /// All machines, by their ids, as [`State::machine`] gives them.
    pub fn machines(&self) -> impl Iterator<Item = &Arc<Machine>> {
        self.machines.all()
    }

    /// The machines that can be allocated, the smallest first.
    pub fn ready(&self) -> impl Iterator<Item = &Arc<Machine>> {
        self.machines.ready()
    }

    /// The machines that have one of some keys, in the order of their ids.
    #[must_use]
    pub fn machines_with<'a>(
        &self,
        keys: impl IntoIterator<Item = &'a MachineKey>,
    ) -> Vec<&Arc<Machine>> {
        self.machines.with(keys)
    }

    /// The ids of the machines that have a key: for who changes them.
    #[must_use]
    pub fn ids_with(&self, key: &MachineKey) -> Vec<SystemId> {
        self.machines.ids_with(key)
    }

    /// How many machines have a key.
    #[must_use]
    pub fn count_with(&self, key: &MachineKey) -> usize {
        self.machines.count_with(key)
    }

    /// The machines whose phase has gone on for too long at a time.
    pub fn overdue(&self, now: Timestamp) -> impl Iterator<Item = &SystemId> {
        self.machines.deadlines().take_while(move |(at, _)| *at <= now).map(|(_, id)| id)
    }

    /// When the next phase will have gone on for too long.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.machines.deadlines().next().map(|(at, _)| at)
    }

    /// The machines that somebody can switch and whose power state is older than a time, the oldest
    /// first.
    pub fn observed_before(&self, time: Timestamp) -> impl Iterator<Item = &SystemId> {
        self.machines.observed().take_while(move |(at, _)| *at < time).map(|(_, id)| id)
    }

    /// All power jobs.
    pub fn jobs(&self) -> impl Iterator<Item = &Arc<PowerJob>> {
        self.jobs.values()
    }

    /// A machine's power job.
    #[must_use]
    pub fn job(&self, id: &SystemId) -> Option<&Arc<PowerJob>> {
        self.jobs.get(id)
    }

    /// The addresses that were bound to a client, on any link.
    pub fn bound_to(&self, mac: MacAddress) -> impl Iterator<Item = IpAddr> {
        let is_address = |ip: &IpAddr| self.bindings.get(ip).is_some_and(|it| !it.is_prefix);
        self.leased_to(mac).filter(is_address)
    }

    /// The same, with the first addresses of prefixes that were delegated to it.
    pub fn leased_to(&self, mac: MacAddress) -> impl Iterator<Item = IpAddr> {
        let first = IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED);
        let from = self.bindings_by_mac.range((mac, first)..);
        from.take_while(move |(of, _)| *of == mac).map(|(_, ip)| *ip)
    }

    /// The addresses that were promised and told until a time at most, the oldest first.
    pub fn promised_until(&self, time: Timestamp) -> impl Iterator<Item = IpAddr> {
        self.bindings_by_end.iter().take_while(move |(at, _)| *at <= time).map(|(_, ip)| *ip)
    }

    /// The addresses that count as in use although their clients were told an end that is over, the one
    /// that ended first at first.
    pub fn leases_ended_by(&self, time: Timestamp) -> impl Iterator<Item = IpAddr> {
        self.leases_by_end.iter().take_while(move |(at, _)| *at <= time).map(|(_, ip)| *ip)
    }

    /// All dynamic ranges, in the order of their addresses.
    pub fn dynamic_ranges(&self) -> impl Iterator<Item = &DynamicRange> {
        self.ranges.all()
    }

    /// The dynamic range with that id.
    #[must_use]
    pub fn dynamic_range(&self, id: IpRangeId) -> Option<&DynamicRange> {
        self.ranges.get(id)
    }

    /// How many addresses of a dynamic range are promised to clients at a time.
    #[must_use]
    pub fn promised_of(&self, range: &DynamicRange, at: Timestamp) -> Promised {
        self.ranges.promised(range, at)
    }

    /// All pools of prefixes, in the order of their addresses.
    pub fn prefix_pools(&self) -> impl Iterator<Item = &DelegatedRange> {
        self.pools.all()
    }

    /// How many prefixes of a pool are promised to clients at a time.
    #[must_use]
    pub fn promised_of_pool(&self, pool: &DelegatedRange, at: Timestamp) -> Promised {
        self.pools.promised(pool, at)
    }

    /// All address blocks, in the order of their addresses.
    pub fn blocks(&self) -> impl Iterator<Item = &Arc<Block>> {
        self.blocks.values().map(|(block, _)| block)
    }

    /// All address blocks with how many of their addresses have a binding, in the order of their
    /// addresses.
    pub fn blocks_in_use(&self) -> impl Iterator<Item = (&Arc<Block>, u32)> {
        self.blocks.values().map(|(block, bound)| (block, *bound))
    }

    /// How many addresses from `first` to `last` are bound, but promised to nobody since that time.
    #[must_use]
    pub fn ended_within(&self, first: IpAddr, last: IpAddr, by: Timestamp) -> usize {
        self.bindings.range(first..=last).filter(|(_, bound)| bound.promise_until <= by).count()
    }

    /// The addresses from `first` to `last` that are bound, or were lately, in order.
    pub fn bound_within(&self, first: IpAddr, last: IpAddr) -> impl Iterator<Item = IpAddr> {
        let within = (first <= last).then(|| self.bindings.range(first..=last));
        within.into_iter().flatten().map(|(ip, _)| *ip)
    }

    /// The first addresses of the prefixes from `first` to `last` that are delegated, or were lately, in order.
    pub fn delegated_within(&self, first: IpAddr, last: IpAddr) -> impl Iterator<Item = IpAddr> {
        let within = (first <= last).then(|| self.bindings.range(first..=last));
        within.into_iter().flatten().filter(|(_, bound)| bound.is_prefix).map(|(ip, _)| *ip)
    }

    /// The addresses from `first` to `last` that clients made themselves and registered, in order.
    pub fn registered_within(&self, first: IpAddr, last: IpAddr) -> impl Iterator<Item = IpAddr> {
        let within = (first <= last).then(|| self.bindings.range(first..=last));
        let within = within.into_iter().flatten();
        within.filter(|(_, bound)| bound.registered.is_some()).map(|(ip, _)| *ip)
    }

    /// How many addresses of a subnet clients have registered.
    #[must_use]
    pub fn registered_in(&self, subnet: SubnetId) -> u32 {
        self.registered.get(&subnet).copied().unwrap_or_default()
    }

    /// The block that an address lies in.
    #[must_use]
    pub fn block_of(&self, ip: IpAddr) -> Option<&Arc<Block>> {
        let (_, (block, _)) = self.blocks.range(..=ip).next_back()?;
        (ip <= block.last && ip.is_ipv4() == block.first.is_ipv4()).then_some(block)
    }

    /// Whether a client of DHCP may still use an address, or a rack may give it to one without asking:
    /// `lasts` says so of a time that was promised.
    pub fn is_promised(&self, ip: IpAddr, lasts: impl Fn(Timestamp) -> bool) -> bool {
        let bound = self.bindings.get(&ip).is_some_and(|bound| lasts(bound.promise_until));
        bound
            || self
                .block_of(ip)
                .is_some_and(|block| lasts(block.valid_until) || lasts(block.quarantine_until))
    }

    /// The addresses of a range that machines, devices, users, VLANs, controllers or DNS resources have, as
    /// ranges in order.
    #[must_use]
    pub fn used(&self, within: AddressRange) -> Vec<AddressRange> {
        let like = within.first();
        let intervals = if like.is_ipv4() { &self.used_v4 } else { &self.used_v6 };
        let (first, last) = (number(within.first()), number(within.last()));
        let used = intervals.within(first, last);
        used.filter_map(|(from, to)| {
            AddressRange::new(address(from.max(first), like), address(to.min(last), like))
        })
        .collect()
    }

    /// Reads everything.
    pub(crate) fn read(view: &ReadView) -> Self {
        let mut state = Self { revision: view.revision(), ..Self::default() };
        let tables = [
            prefix::<Machine>(),
            prefix::<Device>(),
            prefix::<PowerJob>(),
            prefix::<IpRange>(),
            prefix::<PrefixPool>(),
            prefix::<Binding>(),
            prefix::<Block>(),
            prefix::<ReservedAddress>(),
            prefix::<Vlan>(),
            prefix::<RackController>(),
            prefix::<RegionController>(),
            prefix::<DnsResource>(),
        ];
        let at = View::of(view.clone());
        for prefix in &tables {
            for (key, stored) in view.range(prefix) {
                state.apply(&at, &key, Some(&stored.value));
            }
        }
        state
    }

    /// Applies what was changed since, up to the revision of a view.
    pub(crate) fn bring_up(&mut self, view: &ReadView, changes: &[KeyChange]) {
        let at = View::of(view.clone());
        let mut machines: BTreeMap<SystemId, bool> = BTreeMap::new();
        // Entries of indexes are not of the model.
        for (key, value) in changes.iter().filter(|(key, _)| key.starts_with(b"t/")) {
            match id_of_row_or_part::<Machine>(key) {
                Some(id) => *machines.entry(id).or_default() |= is_of_part(key, &HARDWARE),
                None => self.apply(&at, key, value.as_ref()),
            }
        }
        for (id, is_inventory_new) in machines {
            let known = self.machines.get(&id).filter(|_| !is_inventory_new);
            let hardware = known.map(|known| known.hardware.clone());
            self.read_machine(&at, &id, hardware);
        }
        self.revision = view.revision();
    }

    /// Whatever part of a machine has changed, it is read whole, but for an inventory that is known: it is much longer
    /// than the rest and seldom changes.
    fn read_machine(&mut self, at: &View, id: &SystemId, hardware: Option<Hardware>) {
        let key = row_key::<Machine>(id);
        let stored = at.uncompared(&key).map(|stored| stored.value);
        let hardware = hardware.filter(|_| stored.as_deref().is_some_and(is_in_parts::<Machine>));
        let machine = stored.and_then(|stored| {
            let machine = decode_with::<Machine>(&key, &stored, |part| {
                let is_known = hardware.is_some() && is_of_part(part, &HARDWARE);
                if is_known { None } else { at.uncompared(part).map(|found| found.value) }
            });
            readable(machine)
        });
        let machine = machine.map(|machine| match hardware {
            Some(hardware) => slim(Machine { hardware, ..machine }),
            None => slim(machine),
        });
        let links = machine.iter().flat_map(|machine: &Machine| &machine.interfaces);
        let links = links.flat_map(|interface| &interface.links);
        self.hold(&key, links.filter_map(|link| link.ip_address).collect());
        self.machines.set(id, machine);
    }

    fn apply(&mut self, at: &View, key: &Bytes, value: Option<&Bytes>) {
        if let Some(id) = row_id::<Machine>(key) {
            self.read_machine(at, &id, None);
        } else if let Some(id) = row_id::<Device>(key) {
            let device = self.row::<Device>(at, key, value);
            let addresses = device.iter().flat_map(Device::links);
            self.hold(key, addresses.filter_map(|link| link.ip_address).collect());
            self.devices.set(&id, device.as_ref().map(Device::as_machine));
        } else if let Some(id) = row_id::<PowerJob>(key) {
            match self.row::<PowerJob>(at, key, value) {
                Some(job) => self.jobs.insert_mut(id, Arc::new(job)),
                None => drop(self.jobs.remove_mut(&id)),
            }
        } else if let Some(ip) = row_id::<Binding>(key) {
            let binding = self.row::<Binding>(at, key, value);
            self.set_binding(ip, binding.as_ref().map(Bound::of));
        } else if row_id::<Block>(key).is_some() {
            self.set_block(at, key, value);
        } else if let Some(id) = row_id::<IpRange>(key) {
            let range = self.row::<IpRange>(at, key, value);
            let bound = |first, last| bound(&self.bindings, false, first, last);
            self.ranges.set(id, range.as_ref().and_then(DynamicRange::of), bound);
        } else if let Some(id) = row_id::<PrefixPool>(key) {
            let pool = self.row::<PrefixPool>(at, key, value);
            let bound = |first, last| bound(&self.bindings, true, first, last);
            self.pools.set(id, pool.as_ref().map(DelegatedRange::of_pool), bound);
        } else if row_id::<ReservedAddress>(key).is_some() {
            let reserved = self.row::<ReservedAddress>(at, key, value);
            self.hold(key, reserved.iter().map(|reserved| reserved.ip).collect());
        } else if row_id::<Vlan>(key).is_some() {
            let vlan = self.row::<Vlan>(at, key, value);
            self.hold(key, vlan.map(|vlan| vlan.service_addresses).unwrap_or_default());
        } else if row_id::<RackController>(key).is_some() {
            let rack = self.row::<RackController>(at, key, value);
            let interfaces = rack.iter().flat_map(|rack| &rack.interfaces);
            let addresses = interfaces.flat_map(|interface| &interface.addresses);
            self.hold(key, addresses.map(ipnet::IpNet::addr).collect());
        } else if row_id::<RegionController>(key).is_some() {
            let region = self.row::<RegionController>(at, key, value);
            self.hold(key, region.iter().map(|region| region.address).collect());
        } else if row_id::<DnsResource>(key).is_some() {
            let resource = self.row::<DnsResource>(at, key, value);
            self.hold(key, resource.iter().flat_map(|found| found.ip_addresses.clone()).collect());
        }
    }

    /// A row that cannot be read is left out here: whoever reads it for its own sake is told.
    fn row<T: Row>(&self, at: &View, key: &Bytes, value: Option<&Bytes>) -> Option<T> {
        readable(decode::<T>(key, value?, at))
    }

    fn set_binding(&mut self, ip: IpAddr, binding: Option<Bound>) {
        if let Some(old) = self.bindings.get(&ip).copied() {
            if let Some(mac) = old.mac {
                self.bindings_by_mac.remove_mut(&(mac, ip));
            }
            self.bindings_by_end.remove_mut(&(old.ends, ip));
            if let Some(told_until) = old.told_until {
                self.leases_by_end.remove_mut(&(told_until, ip));
            }
            self.bindings.remove_mut(&ip);
            self.count_registered(old.registered, false);
            self.count_bound(ip, false);
            self.count_promised(ip, &old, false);
        }
        if let Some(new) = binding {
            self.count_registered(new.registered, true);
            self.count_bound(ip, true);
            self.count_promised(ip, &new, true);
            if let Some(mac) = new.mac {
                self.bindings_by_mac.insert_mut((mac, ip));
            }
            self.bindings_by_end.insert_mut((new.ends, ip));
            if let Some(told_until) = new.told_until {
                self.leases_by_end.insert_mut((told_until, ip));
            }
            self.bindings.insert_mut(ip, new);
        }
    }

    /// An address or a prefix was bound, or is so no more.
    fn count_promised(&mut self, ip: IpAddr, bound: &Bound, more: bool) {
        if bound.is_prefix {
            self.pools.count(ip, bound.counted(), more);
        } else {
            self.ranges.count(ip, bound.counted(), more);
        }
    }

    /// A registration came to a subnet, or went.
    fn count_registered(&mut self, subnet: Option<SubnetId>, more: bool) {
        let Some(subnet) = subnet else { return };
        let count = self.registered_in(subnet);
        match if more { count + 1 } else { count.saturating_sub(1) } {
            0 => drop(self.registered.remove_mut(&subnet)),
            count => self.registered.insert_mut(subnet, count),
        }
    }

    /// A binding of an address came, or went.
    fn count_bound(&mut self, ip: IpAddr, more: bool) {
        let Some(first) = self.block_of(ip).map(|block| block.first) else { return };
        if let Some((_, bound)) = self.blocks.get_mut(&first) {
            *bound = if more { *bound + 1 } else { bound.saturating_sub(1) };
        }
    }

    /// Blocks are found by their first address; a deleted row says only its id.
    fn set_block(&mut self, at: &View, key: &Bytes, value: Option<&Bytes>) {
        let id = row_id::<Block>(key);
        let held = self.held.get(key).and_then(|held| held.first().copied());
        let mut known = None;
        if let Some(first) = held
            && self.blocks.get(&first).is_some_and(|(block, _)| Some(block.id) == id)
        {
            known = self.blocks.get(&first).cloned();
            self.blocks.remove_mut(&first);
        }
        self.held.remove_mut(key);
        if let Some(block) = self.row::<Block>(at, key, value) {
            self.held.insert_mut(key.clone(), vec![block.first]);
            // Most changes prolong a grant.
            let same = known.filter(|(was, _)| (was.first, was.last) == (block.first, block.last));
            let bound = same.map_or_else(
                || self.bindings.range(block.first..=block.last).count(),
                |(_, bound)| bound as usize,
            );
            let bound = u32::try_from(bound).unwrap_or(u32::MAX);
            self.blocks.insert_mut(block.first, (Arc::new(block), bound));
        }
    }

    /// Says which addresses a row holds now.
    fn hold(&mut self, key: &Bytes, addresses: Vec<IpAddr>) {
        let before = self.held.get(key).cloned().unwrap_or_default();
        if before == addresses {
            return;
        }
        for ip in before {
            self.count(ip, false);
        }
        for ip in &addresses {
            self.count(*ip, true);
        }
        if addresses.is_empty() {
            self.held.remove_mut(key);
        } else {
            self.held.insert_mut(key.clone(), addresses);
        }
    }

    fn count(&mut self, ip: IpAddr, more: bool) {
        let before = self.holders.get(&ip).copied().unwrap_or_default();
        let after = if more { before + 1 } else { before.saturating_sub(1) };
        let used = if ip.is_ipv4() { &mut self.used_v4 } else { &mut self.used_v6 };
        if after == 0 {
            self.holders.remove_mut(&ip);
            used.remove(number(ip));
        } else {
            self.holders.insert_mut(ip, after);
            used.insert(number(ip));
        }
    }
}

/// A row that could be read; of one that could not, why.
fn readable<T: Row>(row: Result<T, TableError>) -> Option<T> {
    row.inspect_err(|error| tracing::warn!("left out of the model: {error}")).ok()
}

/// The bindings of addresses from one to another, or those of prefixes.
fn bound(
    bindings: &Map<IpAddr, Bound>,
    prefixes: bool,
    first: IpAddr,
    last: IpAddr,
) -> impl Iterator<Item = (IpAddr, Counted)> {
    let within = bindings.range(first..=last);
    let alike = within.filter(move |(_, bound)| bound.is_prefix == prefixes);
    alike.map(|(ip, bound)| (*ip, bound.counted()))
}

/// A machine without what only its own page shows.
fn slim(mut machine: Machine) -> Machine {
    machine.hardware.devices = Vec::new();
    machine.hardware.numa_nodes = Vec::new();
    machine.hardware.dmi.clear();
    machine.placement.annotations.clear();
    if let Some(deployment) = &mut machine.deployment {
        deployment.user_data = None;
    }
    machine
}
