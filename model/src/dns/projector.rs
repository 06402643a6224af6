//! Follows everything that has a name, change by change: what [`super::project`] gives from
//! scratch, for the price of what a change touches.
//!
//! Each object keeps the claims that it has in force. A change takes back the old claims and makes
//! the new ones; where a name or an address thereby passes to somebody of another rank, those that
//! wait for it are looked at again: controllers and leases that want the name, the lease of the
//! address. Ranks are settled from the highest down, and none looks at a lower one, so every object
//! is looked at once.
//!
//! # When the serial of a zone moves
//! [`ZoneHead::changed`] is the revision of the last change that gave the zone another content, as
//! far as this projector has seen. It is not yet a serial that all racks agree on: a rack that gets
//! a fresh copy cannot know when a record vanished that is not in its copy. Nor can any rule over
//! the present objects and their revisions say so: with and without the vanished object the objects
//! are the same, and a lease that is renewed has a new revision while its zone is as it was. So the
//! serial has to be remembered, and in one place: see [`super::serial`].

mod content;
mod leases;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

pub use content::{Names, ZoneHead};

use crate::controller::{RegionController, ServedRack};
use crate::dns::dnsresource::DnsResource;
use crate::dns::domain::Domain;
use crate::dns::name::{DnsName, NamedRecord, RecordData, RecordKind};
use crate::dns::project::{TTL_DEFAULT, Zone, pointer_record};
use crate::dns::projector::content::Content;
use crate::dns::projector::leases::Leases;
use crate::dns::rules::{self, Claims, Domains};
use crate::id::{DnsResourceId, DomainId, SubnetId, SystemId};
use crate::mac::MacAddress;
use crate::machine::served::ServedMachine;
use crate::net::subnet::Subnet;

/// A controller that has a name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Controller {
    Rack(SystemId),
    Region(SystemId),
}

/// Who calls an address by a name, the highest rank first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Claimant {
    /// Of two machines the one with the greater id.
    Machine(Reverse<SystemId>),
    User(DnsResourceId),
    Controller(DnsName, Controller),
    Lease,
}

/// What a zone is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum ZoneSource {
    Domain(DomainId),
    Subnet(SubnetId),
}

/// An object and what it has now.
#[derive(Debug)]
struct Source<T> {
    object: T,
    claims: Claims,
}

#[derive(Debug)]
struct NamedController {
    hostname: String,
    addresses: Vec<IpAddr>,
    /// The name it has if nobody of higher rank has it.
    wanted: Option<DnsName>,
}

/// A zone's name servers and TTL, as they stand in its NS records.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Served {
    servers: Arc<[DnsName]>,
    ttl: u32,
}

/// What must be looked at again.
#[derive(Debug, Default)]
struct Stale {
    servers: bool,
    zones: BTreeSet<DnsName>,
    resources: BTreeSet<DnsResourceId>,
    machines: BTreeSet<SystemId>,
    controllers: BTreeSet<Controller>,
    leases: BTreeSet<IpAddr>,
}

/// All names of a site.
#[derive(Debug)]
pub struct Projector {
    domains: Domains,
    resources: BTreeMap<DnsResourceId, Source<Arc<DnsResource>>>,
    resources_in: BTreeMap<DomainId, BTreeSet<DnsResourceId>>,
    machines: BTreeMap<SystemId, Source<Arc<ServedMachine>>>,
    machines_in: BTreeMap<DomainId, BTreeSet<SystemId>>,
    machines_with: BTreeMap<MacAddress, BTreeSet<SystemId>>,
    controllers: BTreeMap<Controller, Source<NamedController>>,
    controllers_wanting: BTreeMap<DnsName, BTreeSet<Controller>>,
    leases: Leases,
    /// How many users and machines have a name, and how many controllers.
    taken: BTreeMap<DnsName, usize>,
    held: BTreeMap<DnsName, usize>,
    /// What each address is called, the highest rank first.
    pointers: BTreeMap<IpAddr, Vec<(Claimant, DnsName, u32)>>,
    reverse: BTreeMap<SubnetId, Vec<DnsName>>,
    forward: BTreeMap<DomainId, DnsName>,
    zones: BTreeMap<DnsName, BTreeSet<ZoneSource>>,
    served: BTreeMap<DnsName, Served>,
    servers: Arc<[DnsName]>,
    stale: Stale,
    content: Content,
}

impl Default for Projector {
    fn default() -> Self {
        Self {
            domains: Domains::new(TTL_DEFAULT),
            resources: BTreeMap::new(),
            resources_in: BTreeMap::new(),
            machines: BTreeMap::new(),
            machines_in: BTreeMap::new(),
            machines_with: BTreeMap::new(),
            controllers: BTreeMap::new(),
            controllers_wanting: BTreeMap::new(),
            leases: Leases::default(),
            taken: BTreeMap::new(),
            held: BTreeMap::new(),
            pointers: BTreeMap::new(),
            reverse: BTreeMap::new(),
            forward: BTreeMap::new(),
            zones: BTreeMap::new(),
            served: BTreeMap::new(),
            servers: Arc::from([]),
            stale: Stale::default(),
            content: Content::default(),
        }
    }
}

/// Changes of objects. They show once they are settled.
impl Projector {
    /// Sets the TTL of records whose domain does not say, in seconds.
    pub fn set_ttl(&mut self, ttl: u32) {
        if std::mem::replace(&mut self.domains.ttl, ttl) != ttl {
            self.stale.resources.extend(self.resources.keys().copied());
            self.stale.machines.extend(self.machines.keys().cloned());
            self.stale.controllers.extend(self.controllers.keys().cloned());
            self.stale.leases.extend(self.leases.addresses());
            self.stale.zones.extend(self.zones.keys().cloned());
        }
    }

    /// Adds or replaces a domain.
    pub fn put_domain(&mut self, domain: &Domain) {
        if self.domains.get(domain.id) != Some(domain) {
            self.change_domain(domain.id, |domains| domains.put(domain.clone()));
        }
    }

    /// Removes a domain.
    pub fn remove_domain(&mut self, id: DomainId) {
        self.change_domain(id, |domains| domains.remove(id));
    }

    /// Adds or replaces a user's record.
    pub fn put_resource(&mut self, resource: &Arc<DnsResource>) {
        let id = resource.id;
        let claims = match self.resources.remove(&id) {
            Some(old) if old.object == *resource => old.claims,
            Some(old) => {
                leave(&mut self.resources_in, &old.object.domain, &id);
                old.claims
            }
            None => Claims::default(),
        };
        self.resources_in.entry(resource.domain).or_default().insert(id);
        self.resources.insert(id, Source { object: Arc::clone(resource), claims });
        self.stale.resources.insert(id);
    }

    /// Removes a user's record.
    pub fn remove_resource(&mut self, id: DnsResourceId) {
        let Some(old) = self.resources.remove(&id) else { return };
        leave(&mut self.resources_in, &old.object.domain, &id);
        self.replace(&Claimant::User(id), &old.claims, &Claims::default());
    }

    /// Adds or replaces a machine.
    pub fn put_machine(&mut self, machine: &Arc<ServedMachine>) {
        let id = machine.system_id.clone();
        let claims = self.machines.remove(&id).map(|old| {
            self.forget_places(&old.object);
            old.claims
        });
        self.machines_in.entry(machine.domain).or_default().insert(id.clone());
        for interface in &machine.interfaces {
            self.machines_with.entry(interface.mac).or_default().insert(id.clone());
        }
        let claims = claims.unwrap_or_default();
        self.machines.insert(id.clone(), Source { object: Arc::clone(machine), claims });
        self.stale.machines.insert(id);
    }

    /// Removes a machine.
    pub fn remove_machine(&mut self, id: &SystemId) {
        let Some(old) = self.machines.remove(id) else { return };
        self.forget_places(&old.object);
        self.replace(&Claimant::Machine(Reverse(id.clone())), &old.claims, &Claims::default());
    }

    /// Adds or replaces a rack: a name server of all zones.
    pub fn put_rack(&mut self, rack: &ServedRack) {
        let id = Controller::Rack(rack.system_id.clone());
        self.put_controller(id, &rack.hostname, rules::addresses(&rack.interfaces));
        self.stale.servers = true;
    }

    /// Removes a rack.
    pub fn remove_rack(&mut self, id: &SystemId) {
        self.remove_controller(&Controller::Rack(id.clone()));
        self.stale.servers = true;
    }

    /// Adds or replaces a region.
    pub fn put_region(&mut self, region: &RegionController) {
        let id = Controller::Region(region.system_id.clone());
        self.put_controller(id, &region.hostname, vec![region.address]);
    }

    /// Removes a region.
    pub fn remove_region(&mut self, id: &SystemId) {
        self.remove_controller(&Controller::Region(id.clone()));
    }

    /// Adds or replaces a subnet.
    pub fn put_subnet(&mut self, subnet: &Subnet) {
        let origins = rules::reverse_zones(subnet);
        if self.reverse.get(&subnet.id) != Some(&origins) {
            self.remove_subnet(subnet.id);
            for origin in &origins {
                self.give_zone(origin, ZoneSource::Subnet(subnet.id));
            }
            self.reverse.insert(subnet.id, origins);
        }
    }

    /// Removes a subnet.
    pub fn remove_subnet(&mut self, id: SubnetId) {
        for origin in self.reverse.remove(&id).unwrap_or_default() {
            self.take_zone(&origin, &ZoneSource::Subnet(id));
        }
    }

    fn change_domain(&mut self, id: DomainId, change: impl FnOnce(&mut Domains) -> Option<Domain>) {
        let default = self.domains.default().cloned();
        change(&mut self.domains);
        self.stale.resources.extend(self.resources_in.get(&id).into_iter().flatten());
        self.stale.machines.extend(self.machines_in.get(&id).into_iter().flatten().cloned());
        if let Some(origin) = self.forward.remove(&id) {
            self.take_zone(&origin, &ZoneSource::Domain(id));
        }
        if let Some(origin) = self.domains.get(id).and_then(rules::forward_zone) {
            self.give_zone(&origin, ZoneSource::Domain(id));
            self.forward.insert(id, origin);
        }
        self.follow_default(default.as_ref());
    }

    /// Who is in the default domain by default sees it change.
    fn follow_default(&mut self, before: Option<&Domain>) {
        let default = self.domains.default();
        if default == before {
            return;
        }
        let homeless = self.machines_in.iter().filter(|(id, _)| self.domains.get(**id).is_none());
        self.stale.machines.extend(homeless.flat_map(|(_, machines)| machines.iter().cloned()));
        if default.map(|domain| &domain.name) != before.map(|domain| &domain.name) {
            self.stale.servers = true;
            self.stale.controllers.extend(self.controllers.keys().cloned());
            self.stale.leases.extend(self.leases.rename(&self.domains));
        }
    }

    fn forget_places(&mut self, machine: &ServedMachine) {
        leave(&mut self.machines_in, &machine.domain, &machine.system_id);
        for interface in &machine.interfaces {
            leave(&mut self.machines_with, &interface.mac, &machine.system_id);
        }
    }

    fn put_controller(&mut self, id: Controller, hostname: &str, addresses: Vec<IpAddr>) {
        let old = self.controllers.remove(&id);
        let (wanted, claims) =
            old.map_or_else(Default::default, |old| (old.object.wanted, old.claims));
        let object = NamedController { hostname: hostname.to_owned(), addresses, wanted };
        self.controllers.insert(id.clone(), Source { object, claims });
        self.stale.controllers.insert(id);
    }

    fn remove_controller(&mut self, id: &Controller) {
        let Some(old) = self.controllers.remove(id) else { return };
        if let Some(wanted) = old.object.wanted {
            leave(&mut self.controllers_wanting, &wanted, id);
        }
        self.replace_controller(id, &old.claims, &Claims::default());
    }

    fn give_zone(&mut self, origin: &DnsName, source: ZoneSource) {
        self.zones.entry(origin.clone()).or_default().insert(source);
        self.stale.zones.insert(origin.clone());
    }

    fn take_zone(&mut self, origin: &DnsName, source: &ZoneSource) {
        leave(&mut self.zones, origin, source);
        self.stale.zones.insert(origin.clone());
    }
}

/// Settling, and what came of it.
impl Projector {
    /// Makes all changes until now show, as those of one revision. Returns the origins of the
    /// zones whose content they changed; of those that ended nothing is said.
    pub fn settle(&mut self, revision: u64) -> Vec<DnsName> {
        self.settle_zones();
        for id in std::mem::take(&mut self.stale.resources) {
            self.settle_resource(id);
        }
        for id in std::mem::take(&mut self.stale.machines) {
            self.settle_machine(&id);
        }
        for id in std::mem::take(&mut self.stale.controllers) {
            self.settle_controller(&id);
        }
        for ip in std::mem::take(&mut self.stale.leases) {
            self.settle_lease(ip);
        }
        self.content.finish(revision)
    }

    /// All names as of the last revision that was settled.
    #[must_use]
    pub fn names(&self) -> &Names {
        self.content.names()
    }

    /// All zones with their records, as [`super::project::project`] gives them.
    #[must_use]
    pub fn to_zones(&self) -> Vec<Zone> {
        let names = self.names();
        let zone = |(origin, head): (&DnsName, &ZoneHead)| {
            let mut zone = Zone {
                origin: origin.to_string(),
                primary: head.primary.to_string(),
                ttl: head.ttl,
                names: BTreeMap::new(),
            };
            for record in names.records_of(origin) {
                zone.add(record.clone());
            }
            zone
        };
        let mut zones: Vec<Zone> = names.zones().map(zone).collect();
        zones.sort_by_key(|zone| zone.origin.split('.').count());
        zones
    }

    fn settle_zones(&mut self) {
        if std::mem::take(&mut self.stale.servers) {
            let racks = self.controllers.iter();
            let racks = racks.filter(|(id, _)| matches!(id, Controller::Rack(_)));
            let named =
                racks.filter_map(|(_, rack)| self.domains.in_default(&rack.object.hostname));
            let servers: Arc<[DnsName]> = named.collect();
            if servers != self.servers {
                self.servers = servers;
                self.stale.zones.extend(self.zones.keys().cloned());
            }
        }
        for origin in std::mem::take(&mut self.stale.zones) {
            self.settle_zone(&origin);
        }
    }

    fn settle_zone(&mut self, origin: &DnsName) {
        let sources = self.zones.get(origin);
        let ttl = sources.and_then(BTreeSet::last).map(|source| match source {
            ZoneSource::Domain(id) => {
                self.domains.get(*id).map_or(self.domains.ttl, |it| self.domains.ttl_of(it))
            }
            ZoneSource::Subnet(_) => self.domains.ttl,
        });
        let new = ttl.map(|ttl| Served { servers: Arc::clone(&self.servers), ttl });
        let old = match new.clone() {
            Some(served) => self.served.insert(origin.clone(), served),
            None => self.served.remove(origin),
        };
        if let Some(new) = &new {
            let primary = new.servers.first().unwrap_or(origin).clone();
            self.content.put_zone(origin, primary, new.ttl);
        }
        for record in new.iter().flat_map(|served| served.records(origin)) {
            self.content.add(record);
        }
        for record in old.iter().flat_map(|served| served.records(origin)) {
            self.content.remove(&record);
        }
        if new.is_none() {
            self.content.remove_zone(origin);
        }
    }

    fn settle_resource(&mut self, id: DnsResourceId) {
        let Some(source) = self.resources.get_mut(&id) else { return };
        let claims = rules::claims_of_resource(&self.domains, &source.object);
        let old = std::mem::replace(&mut source.claims, claims.clone());
        self.replace(&Claimant::User(id), &old, &claims);
    }

    fn settle_machine(&mut self, id: &SystemId) {
        let Some(source) = self.machines.get_mut(id) else { return };
        let leased = |mac| self.leases.of_client(mac);
        let claims = rules::claims_of_machine(&self.domains, &source.object, leased);
        let old = std::mem::replace(&mut source.claims, claims.clone());
        self.replace(&Claimant::Machine(Reverse(id.clone())), &old, &claims);
    }

    fn settle_controller(&mut self, id: &Controller) {
        let Some(source) = self.controllers.get_mut(id) else { return };
        let NamedController { hostname, addresses, .. } = &source.object;
        let claims = rules::claims_of_controller(&self.domains, hostname, addresses);
        if source.object.wanted != claims.name {
            if let Some(before) = &source.object.wanted {
                leave(&mut self.controllers_wanting, before, id);
            }
            if let Some(name) = &claims.name {
                self.controllers_wanting.entry(name.clone()).or_default().insert(id.clone());
            }
            source.object.wanted.clone_from(&claims.name);
        }
        let taken = claims.name.as_ref().is_some_and(|name| self.taken.contains_key(name));
        let claims = if taken { Claims::default() } else { claims };
        let old = std::mem::replace(&mut source.claims, claims.clone());
        self.replace_controller(id, &old, &claims);
    }

    /// Takes back what a user or a machine had, and gives what it has.
    fn replace(&mut self, claimant: &Claimant, old: &Claims, new: &Claims) {
        if old == new {
            return;
        }
        if old.name != new.name {
            for name in moved(&mut self.taken, old.name.as_ref(), new.name.as_ref()) {
                let waiting = self.controllers_wanting.get(&name).into_iter().flatten();
                self.stale.controllers.extend(waiting.cloned());
                self.stale.leases.extend(self.leases.wanting(&name));
            }
        }
        self.replace_records(old, new);
        self.replace_pointers(claimant, claimant, old, new);
    }

    fn replace_controller(&mut self, id: &Controller, old: &Claims, new: &Claims) {
        if old == new {
            return;
        }
        if old.name != new.name {
            for name in moved(&mut self.held, old.name.as_ref(), new.name.as_ref()) {
                self.stale.leases.extend(self.leases.wanting(&name));
            }
        }
        self.replace_records(old, new);
        let claimant = |claims: &Claims| {
            let name = claims.name.clone();
            name.map(|name| Claimant::Controller(name, id.clone()))
        };
        match (claimant(old), claimant(new)) {
            (Some(before), Some(now)) => self.replace_pointers(&before, &now, old, new),
            (Some(one), None) | (None, Some(one)) => self.replace_pointers(&one, &one, old, new),
            (None, None) => {}
        }
    }

    /// What stays is wanted twice for a moment, so nothing comes and goes.
    fn replace_records(&mut self, old: &Claims, new: &Claims) {
        for record in &new.records {
            self.content.add(record.clone());
        }
        for record in &old.records {
            self.content.remove(record);
        }
    }

    fn replace_pointers(&mut self, before: &Claimant, now: &Claimant, old: &Claims, new: &Claims) {
        for ip in old.pointers.keys() {
            if before != now || !new.pointers.contains_key(ip) {
                self.point(*ip, before, None);
            }
        }
        for (ip, pointer) in &new.pointers {
            if before != now || old.pointers.get(ip) != Some(pointer) {
                self.point(*ip, now, Some(pointer.clone()));
            }
        }
    }

    /// Somebody calls an address by a name, or no longer.
    fn point(&mut self, ip: IpAddr, claimant: &Claimant, pointer: Option<(DnsName, u32)>) {
        let all = self.pointers.entry(ip).or_default();
        let before = all.first().map(|(_, name, ttl)| (name.clone(), *ttl));
        let place = all.binary_search_by(|(other, ..)| other.cmp(claimant));
        match (place, pointer) {
            (Ok(at), Some((name, ttl))) => all[at] = (claimant.clone(), name, ttl),
            (Err(at), Some((name, ttl))) => all.insert(at, (claimant.clone(), name, ttl)),
            (Ok(at), None) => {
                all.remove(at);
            }
            (Err(_), None) => {}
        }
        let after = all.first().map(|(_, name, ttl)| (name.clone(), *ttl));
        if all.is_empty() {
            self.pointers.remove(&ip);
        }
        if *claimant != Claimant::Lease && self.leases.contains(ip) {
            self.stale.leases.insert(ip);
        }
        if before != after {
            let record = |(name, ttl)| pointer_record(ip, &name, ttl);
            if let Some(record) = after.and_then(record) {
                self.content.add(record);
            }
            if let Some(record) = before.and_then(record) {
                self.content.remove(&record);
            }
        }
    }

    /// Whether somebody of higher rank than a lease calls an address by a name.
    fn is_pointed_to(&self, ip: IpAddr) -> bool {
        let first = self.pointers.get(&ip).and_then(|all| all.first());
        first.is_some_and(|(claimant, ..)| *claimant != Claimant::Lease)
    }
}

impl Served {
    fn records(&self, origin: &DnsName) -> impl Iterator<Item = NamedRecord> {
        self.servers.iter().map(|server| NamedRecord {
            name: origin.clone(),
            kind: RecordKind::Ns,
            ttl: self.ttl,
            data: RecordData::Name(server.to_string().into()),
        })
    }
}

/// Takes one from a group, and the group away when it is empty.
fn leave<K: Ord, V: Ord>(groups: &mut BTreeMap<K, BTreeSet<V>>, key: &K, member: &V) {
    if let Some(group) = groups.get_mut(key) {
        group.remove(member);
        if group.is_empty() {
            groups.remove(key);
        }
    }
}

/// Counts one name down and another one up; returns those that became free, or nobody's before.
fn moved(
    counts: &mut BTreeMap<DnsName, usize>,
    from: Option<&DnsName>,
    to: Option<&DnsName>,
) -> Vec<DnsName> {
    let mut passed = Vec::new();
    if let Some(name) = to {
        let count = counts.entry(name.clone()).or_default();
        *count += 1;
        if *count == 1 {
            passed.push(name.clone());
        }
    }
    if let Some(name) = from
        && let Some(count) = counts.get_mut(name)
    {
        *count -= 1;
        if *count == 0 {
            counts.remove(name);
            passed.push(name.clone());
        }
    }
    passed
}

#[cfg(test)]
mod tests;
