//! The rack's generation: an immutable copy of the replicated objects it serves from.
//!
//! Readers take the present generation with one atomic load and never wait. The session replaces
//! it with every delta; tables that a delta does not touch are shared with the one before, so a
//! reader sees by [`Arc::ptr_eq`] which of them changed.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use arc_swap::ArcSwap;
use model::boot::files::BootFiles;
use model::controller::{RegionController, ServedRack};
use model::dns::dnsresource::DnsResource;
use model::dns::domain::Domain;
use model::id::{BlockId, DnsResourceId, DomainId, IpRangeId, SubnetId, SystemId, VlanId};
use model::lease::binding::Binding;
use model::lease::block::Block;
use model::mac::MacAddress;
use model::machine::power::PowerJob;
use model::machine::served::ServedMachine;
use model::net::iprange::IpRange;
use model::net::reserved::ReservedAddress;
use model::net::subnet::Subnet;
use model::net::vlan::Vlan;
use model::setting::Setting;
use model::setting::typed::Typed;
use proto::convert::{Key, Served};
use tokio::sync::watch;

/// Objects of one kind by their keys; cheap to clone, shared between generations.
pub type Table<K, V> = Arc<BTreeMap<K, Arc<V>>>;

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
    pub machine_macs: Arc<BTreeMap<MacAddress, SystemId>>,
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

    /// Sets an object.
    pub fn put(&mut self, served: Served) {
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
                put(&mut self.boot_files, files.architecture.clone(), files);
            }
            Served::Reserved(reserved) => put(&mut self.reserved, reserved.ip, reserved),
            Served::Region(region) => put(&mut self.regions, region.system_id.clone(), region),
        }
    }

    /// Removes an object; no effect when it is absent.
    pub fn delete(&mut self, key: &Key) {
        match key {
            Key::Vlan(id) => delete(&mut self.vlans, id),
            Key::Subnet(id) => delete(&mut self.subnets, id),
            Key::IpRange(id) => delete(&mut self.ipranges, id),
            Key::Domain(id) => delete(&mut self.domains, id),
            Key::DnsResource(id) => delete(&mut self.dnsresources, id),
            Key::Machine(id) => self.delete_machine(id),
            Key::Binding(ip) => delete(&mut self.bindings, ip),
            Key::Block(id) => delete(&mut self.blocks, id),
            Key::PowerJob(id) => delete(&mut self.power_jobs, id),
            Key::Setting(name) => delete(&mut self.settings, name),
            Key::Rack(id) => delete(&mut self.racks, id),
            Key::BootFiles(architecture) => delete(&mut self.boot_files, architecture),
            Key::Reserved(ip) => delete(&mut self.reserved, ip),
            Key::Region(id) => delete(&mut self.regions, id),
        }
    }

    fn put_machine(&mut self, machine: ServedMachine) {
        let same_macs = self.machines.get(&machine.system_id).is_some_and(|old| {
            old.interfaces.iter().map(|i| i.mac).eq(machine.interfaces.iter().map(|i| i.mac))
        });
        if !same_macs {
            self.forget_macs(&machine.system_id);
            let macs = Arc::make_mut(&mut self.machine_macs);
            for interface in &machine.interfaces {
                macs.insert(interface.mac, machine.system_id.clone());
            }
        }
        put(&mut self.machines, machine.system_id.clone(), machine);
    }

    fn delete_machine(&mut self, id: &SystemId) {
        self.forget_macs(id);
        delete(&mut self.machines, id);
    }

    /// An interface may have moved to another machine meanwhile; that entry stays.
    fn forget_macs(&mut self, id: &SystemId) {
        let Some(machine) = self.machines.get(id) else { return };
        let macs = Arc::make_mut(&mut self.machine_macs);
        for interface in &machine.interfaces {
            if macs.get(&interface.mac) == Some(id) {
                macs.remove(&interface.mac);
            }
        }
    }
}

fn put<K: Ord + Clone, V: PartialEq>(table: &mut Table<K, V>, key: K, value: V) {
    if table.get(&key).is_some_and(|old| **old == value) {
        return;
    }
    Arc::make_mut(table).insert(key, Arc::new(value));
}

fn delete<K: Ord + Clone, V>(table: &mut Table<K, V>, key: &K) {
    if table.contains_key(key) {
        Arc::make_mut(table).remove(key);
    }
}

/// The present generation, for all parts of the rack; clones share it.
#[derive(Debug, Clone)]
pub struct Generations {
    present: Arc<ArcSwap<Generation>>,
    revision: watch::Sender<u64>,
}

impl Default for Generations {
    fn default() -> Self {
        Self { present: Arc::default(), revision: watch::Sender::new(0) }
    }
}

impl Generations {
    /// The present generation.
    #[must_use]
    pub fn load(&self) -> Arc<Generation> {
        self.present.load_full()
    }

    /// Tells of every new generation, by its revision.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.revision.subscribe()
    }

    /// Makes `generation` the present one.
    pub fn publish(&self, generation: Generation) {
        let revision = generation.revision;
        self.present.store(Arc::new(generation));
        self.revision.send_replace(revision);
    }
}

#[cfg(test)]
mod tests {
    use model::machine::hardware::Firmware;
    use model::machine::lifecycle::Phase;
    use model::machine::served::ServedInterface;

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
            uuid: String::new(),
            phase: Phase::Ready,
            boots_own_disk: false,
            interfaces: macs.iter().map(interface).collect(),
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
    fn unchanged_tables_are_shared_with_the_generation_before() {
        let mut generation = Generation::default();
        generation.put(Served::Machine(machine(1, &[1])));
        let before = generation.clone();
        generation.put(Served::Machine(machine(1, &[1])));
        generation.delete(&Key::Vlan(VlanId(7)));
        assert!(Arc::ptr_eq(&before.machines, &generation.machines));
        assert!(Arc::ptr_eq(&before.vlans, &generation.vlans));
        generation.put(Served::Machine(machine(1, &[2])));
        assert!(!Arc::ptr_eq(&before.machines, &generation.machines));
    }
}
