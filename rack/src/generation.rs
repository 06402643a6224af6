//! The rack's generation: an immutable copy of the replicated objects it serves from.
//!
//! Readers take the present generation with one atomic load and never wait. The session replaces
//! it with every delta. Its tables are persistent maps: a new generation shares with the one before
//! all but the paths to what changed, so a delta costs what it changes, times the logarithm of what
//! there is. Services that keep something of their own beside it follow the changes by their keys
//! ([`Follower`]).

mod apply;
mod follow;

use std::net::IpAddr;
use std::sync::Arc;

use model::boot::files::BootFiles;
use model::controller::{RegionController, ServedRack};
use model::dhcp::snippet::ServedSnippet;
use model::dns::dnsresource::DnsResource;
use model::dns::domain::Domain;
use model::id::{
    BlockId, DhcpSnippetId, DnsResourceId, DomainId, IpRangeId, PrefixPoolId, StaticRouteId,
    SubnetId, SystemId, VlanId,
};
use model::lease::binding::Binding;
use model::lease::block::Block;
use model::mac::MacAddress;
use model::machine::power::PowerJob;
use model::machine::served::ServedMachine;
use model::net::iprange::IpRange;
use model::net::prefixpool::PrefixPool;
use model::net::reserved::ReservedAddress;
use model::net::scan::NetworkScan;
use model::net::service_address::ServiceHolder;
use model::net::staticroute::StaticRoute;
use model::net::subnet::Subnet;
use model::net::vlan::Vlan;
use model::setting::Setting;
use model::setting::typed::Typed;
use model::tag::ServedTag;
use proto::convert::{Key, Served};
use rpds::RedBlackTreeMapSync;

pub use crate::generation::apply::Intake;
pub use crate::generation::follow::{Follower, Generations, Step};

/// Objects of one kind by their keys; cheap to clone, shared between generations.
pub type Table<K, V> = RedBlackTreeMapSync<K, Arc<V>>;

/// Everything the rack serves from, as of one revision.
#[derive(Debug, Clone, Default)]
pub struct Generation {
    /// The revision it is at; 0 before anything was received.
    pub revision: u64,
    /// VLANs.
    pub vlans: Table<VlanId, Vlan>,
    /// Subnets.
    pub subnets: Table<SubnetId, Subnet>,
    /// IP ranges.
    pub ipranges: Table<IpRangeId, IpRange>,
    /// Addresses that users keep.
    pub reserved: Table<IpAddr, ReservedAddress>,
    /// Domains.
    pub domains: Table<DomainId, Domain>,
    /// DNS resources.
    pub dnsresources: Table<DnsResourceId, DnsResource>,
    /// Machines.
    pub machines: Table<SystemId, ServedMachine>,
    /// Machines by the hardware addresses of their interfaces.
    pub machine_macs: RedBlackTreeMapSync<MacAddress, SystemId>,
    /// Bindings of all racks.
    pub bindings: Table<IpAddr, Binding>,
    /// Address blocks of all racks.
    pub blocks: Table<BlockId, Block>,
    /// Power jobs that this rack shall run.
    pub power_jobs: Table<SystemId, PowerJob>,
    /// Site settings.
    pub settings: Table<String, Setting>,
    /// Racks, this one included.
    pub racks: Table<SystemId, ServedRack>,
    /// Regions.
    pub regions: Table<SystemId, RegionController>,
    /// The ephemeral OS by architecture.
    pub boot_files: Table<String, BootFiles>,
    /// What operators have DHCP clients told.
    pub dhcp_snippets: Table<DhcpSnippetId, ServedSnippet>,
    /// Static routes.
    pub static_routes: Table<StaticRouteId, StaticRoute>,
    /// Tags, by their names.
    pub tags: Table<String, ServedTag>,
    /// The searches for hosts that this rack shall make.
    pub network_scans: Table<SystemId, NetworkScan>,
    /// The pools of prefixes that are delegated.
    pub prefix_pools: Table<PrefixPoolId, PrefixPool>,
    /// Who holds the service addresses of VLANs.
    pub service_holders: Table<VlanId, ServiceHolder>,
    /// The revisions that zones got their content at, by origin ([`model::dns::serial`]).
    pub zone_serials: RedBlackTreeMapSync<String, u64>,
    /// Whether the regions that this copy came from told all of those.
    pub has_zone_serials: bool,
}

impl Generation {
    /// Whether a whole generation was ever received. Before that, what is missing here says
    /// nothing about what exists.
    #[must_use]
    pub fn is_loaded(&self) -> bool {
        self.revision > 0
    }

    /// The machine that has an interface with this hardware address.
    #[must_use]
    pub fn machine_by_mac(&self, mac: MacAddress) -> Option<&ServedMachine> {
        let id = self.machine_macs.get(&mac)?;
        self.machines.get(id).map(AsRef::as_ref)
    }

    /// The value of a setting.
    #[must_use]
    pub fn setting<T: Default>(&self, setting: &Typed<T>) -> T {
        setting.read(self.settings.get(setting.name()).map(AsRef::as_ref))
    }

    /// Sets an object. Returns whether that changed anything.
    pub fn put(&mut self, served: Served) -> bool {
        match served {
            Served::Vlan(vlan) => put(&mut self.vlans, vlan.id, vlan),
            Served::Subnet(subnet) => put(&mut self.subnets, subnet.id, subnet),
            Served::IpRange(range) => put(&mut self.ipranges, range.id, range),
            Served::Domain(domain) => put(&mut self.domains, domain.id, domain),
            Served::DnsResource(resource) => put(&mut self.dnsresources, resource.id, resource),
            Served::Machine(machine) => self.put_machine(machine),
            Served::Binding(binding) => put(&mut self.bindings, binding.ip, binding),
            Served::Block(block) => put(&mut self.blocks, block.id, block),
            Served::PowerJob(job) => put(&mut self.power_jobs, job.machine.clone(), job),
            Served::Setting(setting) => put(&mut self.settings, setting.name.clone(), setting),
            Served::Rack(rack) => put(&mut self.racks, rack.system_id.clone(), rack),
            Served::BootFiles(files) => {
                put(&mut self.boot_files, files.architecture.clone(), files)
            }
            Served::Reserved(reserved) => put(&mut self.reserved, reserved.ip, reserved),
            Served::Region(region) => put(&mut self.regions, region.system_id.clone(), region),
            Served::DhcpSnippet(snippet) => put(&mut self.dhcp_snippets, snippet.id, snippet),
            Served::StaticRoute(route) => put(&mut self.static_routes, route.id, route),
            Served::Tag(tag) => put(&mut self.tags, tag.name.clone(), tag),
            Served::NetworkScan(scan) => put(&mut self.network_scans, scan.rack.clone(), scan),
            Served::PrefixPool(pool) => put(&mut self.prefix_pools, pool.id, pool),
            Served::ServiceHolder(holder) => put(&mut self.service_holders, holder.vlan, holder),
        }
    }

    /// Removes an object. Returns whether it was there.
    pub fn delete(&mut self, key: &Key) -> bool {
        match key {
            Key::Vlan(id) => self.vlans.remove_mut(id),
            Key::Subnet(id) => self.subnets.remove_mut(id),
            Key::IpRange(id) => self.ipranges.remove_mut(id),
            Key::Domain(id) => self.domains.remove_mut(id),
            Key::DnsResource(id) => self.dnsresources.remove_mut(id),
            Key::Machine(id) => self.delete_machine(id),
            Key::Binding(ip) => self.bindings.remove_mut(ip),
            Key::Block(id) => self.blocks.remove_mut(id),
            Key::PowerJob(id) => self.power_jobs.remove_mut(id),
            Key::Setting(name) => self.settings.remove_mut(name),
            Key::Rack(id) => self.racks.remove_mut(id),
            Key::BootFiles(architecture) => self.boot_files.remove_mut(architecture),
            Key::Reserved(ip) => self.reserved.remove_mut(ip),
            Key::Region(id) => self.regions.remove_mut(id),
            Key::DhcpSnippet(id) => self.dhcp_snippets.remove_mut(id),
            Key::StaticRoute(id) => self.static_routes.remove_mut(id),
            Key::Tag(name) => self.tags.remove_mut(name),
            Key::NetworkScan(rack) => self.network_scans.remove_mut(rack),
            Key::PrefixPool(id) => self.prefix_pools.remove_mut(id),
            Key::ServiceHolder(vlan) => self.service_holders.remove_mut(vlan),
        }
    }

    /// Sets the revision that a zone got its content at; 0 when none is kept any more.
    pub fn put_zone_serial(&mut self, origin: String, revision: u64) {
        if revision == 0 {
            self.zone_serials.remove_mut(&origin);
        } else {
            self.zone_serials.insert_mut(origin, revision);
        }
    }

    fn put_machine(&mut self, machine: ServedMachine) -> bool {
        let same_macs = self.machines.get(&machine.system_id).is_some_and(|old| {
            old.interfaces.iter().map(|i| i.mac).eq(machine.interfaces.iter().map(|i| i.mac))
        });
        if !same_macs {
            self.forget_macs(&machine.system_id);
            for interface in &machine.interfaces {
                self.machine_macs.insert_mut(interface.mac, machine.system_id.clone());
            }
        }
        put(&mut self.machines, machine.system_id.clone(), machine)
    }

    fn delete_machine(&mut self, id: &SystemId) -> bool {
        self.forget_macs(id);
        self.machines.remove_mut(id)
    }

    /// An interface may have moved to another machine meanwhile; that entry stays.
    fn forget_macs(&mut self, id: &SystemId) {
        let Some(machine) = self.machines.get(id) else { return };
        for interface in &machine.interfaces {
            if self.machine_macs.get(&interface.mac) == Some(id) {
                self.machine_macs.remove_mut(&interface.mac);
            }
        }
    }

    /// The keys of all objects that are not the same here and in `other`.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<Key> {
        let mut keys = Vec::new();
        differences(&self.vlans, &other.vlans, |id| keys.push(Key::Vlan(*id)));
        differences(&self.subnets, &other.subnets, |id| keys.push(Key::Subnet(*id)));
        differences(&self.ipranges, &other.ipranges, |id| keys.push(Key::IpRange(*id)));
        differences(&self.reserved, &other.reserved, |ip| keys.push(Key::Reserved(*ip)));
        differences(&self.domains, &other.domains, |id| keys.push(Key::Domain(*id)));
        differences(&self.dnsresources, &other.dnsresources, |id| {
            keys.push(Key::DnsResource(*id));
        });
        differences(&self.machines, &other.machines, |id| keys.push(Key::Machine(id.clone())));
        differences(&self.bindings, &other.bindings, |ip| keys.push(Key::Binding(*ip)));
        differences(&self.blocks, &other.blocks, |id| keys.push(Key::Block(*id)));
        differences(&self.power_jobs, &other.power_jobs, |id| {
            keys.push(Key::PowerJob(id.clone()));
        });
        differences(&self.settings, &other.settings, |name| keys.push(Key::Setting(name.clone())));
        differences(&self.racks, &other.racks, |id| keys.push(Key::Rack(id.clone())));
        differences(&self.regions, &other.regions, |id| keys.push(Key::Region(id.clone())));
        differences(&self.boot_files, &other.boot_files, |name| {
            keys.push(Key::BootFiles(name.clone()));
        });
        differences(&self.dhcp_snippets, &other.dhcp_snippets, |id| {
            keys.push(Key::DhcpSnippet(*id));
        });
        differences(&self.static_routes, &other.static_routes, |id| {
            keys.push(Key::StaticRoute(*id));
        });
        differences(&self.tags, &other.tags, |name| keys.push(Key::Tag(name.clone())));
        differences(&self.network_scans, &other.network_scans, |rack| {
            keys.push(Key::NetworkScan(rack.clone()));
        });
        differences(&self.prefix_pools, &other.prefix_pools, |id| {
            keys.push(Key::PrefixPool(*id));
        });
        differences(&self.service_holders, &other.service_holders, |vlan| {
            keys.push(Key::ServiceHolder(*vlan));
        });
        keys
    }
}

fn put<K: Ord, V: PartialEq>(table: &mut Table<K, V>, key: K, value: V) -> bool {
    if table.get(&key).is_some_and(|old| **old == value) {
        return false;
    }
    table.insert_mut(key, Arc::new(value));
    true
}

/// Tells of every key whose values differ.
fn differences<K: Ord, V: PartialEq>(
    one: &Table<K, V>,
    other: &Table<K, V>,
    mut tell: impl FnMut(&K),
) {
    for key in other.keys().filter(|key| !one.contains_key(*key)) {
        tell(key);
    }
    for (key, value) in one {
        if other.get(key).is_none_or(|same| !Arc::ptr_eq(same, value) && same != value) {
            tell(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use model::machine::hardware::Firmware;
    use model::machine::lifecycle::Phase;
    use model::machine::served::{ServedInterface, ServedPhase};

    use super::*;

    fn machine(id: u64, macs: &[u8]) -> ServedMachine {
        let interface = |&last: &u8| ServedInterface {
            name: "eth0".to_owned(),
            mac: MacAddress([0x52, 0x54, 0, 0, 0, last]),
            vlan: None,
            boot: true,
            addresses: Vec::new(),
        };
        ServedMachine {
            system_id: SystemId::from_number(id),
            hostname: format!("m{id}"),
            domain: DomainId(0),
            architecture: "amd64/generic".to_owned(),
            firmware: Firmware::Bios,
            secure_boot: None,
            uuid: String::new(),
            phase: ServedPhase::Known(Phase::Ready),
            boots_own_disk: false,
            interfaces: macs.iter().map(interface).collect(),
            tags: Vec::new(),
        }
    }

    #[test]
    fn machines_are_found_by_the_interfaces_they_have_now() {
        let mac = |last| MacAddress([0x52, 0x54, 0, 0, 0, last]);
        let mut generation = Generation::default();
        generation.put(Served::Machine(machine(1, &[1, 2])));
        generation.put(Served::Machine(machine(2, &[3])));
        generation.put(Served::Machine(machine(1, &[2])));
        let name = |generation: &Generation, last| {
            generation.machine_by_mac(mac(last)).map(|machine| machine.hostname.clone())
        };
        assert_eq!(name(&generation, 1), None);
        assert_eq!(name(&generation, 2).as_deref(), Some("m1"));
        generation.put(Served::Machine(machine(2, &[2, 3])));
        generation.delete(&Key::Machine(SystemId::from_number(1)));
        assert_eq!(name(&generation, 2).as_deref(), Some("m2"));
    }

    #[test]
    fn only_changes_count_as_changes() {
        let mut generation = Generation::default();
        assert!(generation.put(Served::Machine(machine(1, &[1]))));
        let before = generation.clone();
        assert!(!generation.put(Served::Machine(machine(1, &[1]))));
        assert!(!generation.delete(&Key::Vlan(VlanId(7))));
        assert_eq!(generation.differences(&before), []);
        assert!(generation.put(Served::Machine(machine(1, &[2]))));
        assert!(generation.put(Served::Machine(machine(2, &[3]))));
        let ids = [1, 2].map(|id| Key::Machine(SystemId::from_number(id)));
        assert_eq!(generation.differences(&before), ids);
        assert_eq!(before.differences(&generation).len(), 2);
        assert_eq!(before.machines.size(), 1, "a generation does not change");
    }
}
