//! Which names one object has, and which records it gives them.
//!
//! Who may use a name is decided in this order: users and machines (who share it), controllers,
//! leases. An address has one canonical name: its machine's, else the user's, else the others'. The
//! rules here look at one object at a time; who is before whom is decided where all are known
//! ([`super::project`] for all at once, [`super::projector`] change by change).

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::controller::ControllerInterface;
use crate::dns::dnsresource::DnsResource;
use crate::dns::domain::Domain;
use crate::dns::name::{DnsName, NamedRecord, RecordData, RecordKind};
use crate::dns::reverse::reverse_origins;
use crate::id::DomainId;
use crate::lease::binding::{Binding, BindingState};
use crate::mac::MacAddress;
use crate::machine::served::{ServedInterface, ServedMachine};
use crate::net::subnet::{ReverseDns, Subnet};

/// The domains of the site, and what holds for names of all of them.
#[derive(Debug, Clone)]
pub(crate) struct Domains {
    all: BTreeMap<DomainId, Domain>,
    /// TTL of records whose domain does not say, in seconds.
    pub(crate) ttl: u32,
}

impl Domains {
    pub(crate) fn new(ttl: u32) -> Self {
        Self { all: BTreeMap::new(), ttl }
    }

    pub(crate) fn put(&mut self, domain: Domain) -> Option<Domain> {
        self.all.insert(domain.id, domain)
    }

    pub(crate) fn remove(&mut self, id: DomainId) -> Option<Domain> {
        self.all.remove(&id)
    }

    pub(crate) fn get(&self, id: DomainId) -> Option<&Domain> {
        self.all.get(&id)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Domain> {
        self.all.values()
    }

    /// The domain of machines without one, of controllers and of leases.
    pub(crate) fn default(&self) -> Option<&Domain> {
        self.all.values().find(|domain| domain.is_default).or_else(|| self.all.values().next())
    }

    pub(crate) fn ttl_of(&self, domain: &Domain) -> u32 {
        domain.ttl.unwrap_or(self.ttl)
    }

    /// `hostname` as a name of the default domain, if it is a label.
    pub(crate) fn in_default(&self, hostname: &str) -> Option<DnsName> {
        let label = hostname.split('.').next().filter(|label| is_label(label))?;
        DnsName::parse(&format!("{label}.{}", self.default()?.name))
    }
}

/// What one object has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Claims {
    /// The name that it has for itself.
    pub(crate) name: Option<DnsName>,
    /// The records it gives.
    pub(crate) records: Vec<NamedRecord>,
    /// The addresses that it calls by a name, with the TTL. Of two with one address the last counts.
    pub(crate) pointers: BTreeMap<IpAddr, (DnsName, u32)>,
}

impl Claims {
    fn of(name: DnsName) -> Self {
        Self { name: Some(name), ..Self::default() }
    }

    fn add_address(&mut self, name: &DnsName, ip: IpAddr, ttl: u32) {
        self.pointers.insert(ip, (name.clone(), ttl));
        self.records.push(address_record(name, ip, ttl));
    }
}

/// The record that gives a name an address.
pub(crate) fn address_record(name: &DnsName, ip: IpAddr, ttl: u32) -> NamedRecord {
    let (name, kind) = (name.clone(), RecordKind::of_address(ip));
    NamedRecord { name, kind, ttl, data: RecordData::Address(ip) }
}

/// What a user's record has: its name in its domain, with its addresses and other records.
pub(crate) fn claims_of_resource(domains: &Domains, resource: &DnsResource) -> Claims {
    let Some(domain) = domains.get(resource.domain) else { return Claims::default() };
    let name = match resource.name.as_str() {
        "@" | "" => DnsName::parse(&domain.name),
        label => DnsName::parse(&format!("{label}.{}", domain.name)),
    };
    let Some(name) = name else { return Claims::default() };
    let mut claims = Claims::of(name.clone());
    let ttl = resource.address_ttl.unwrap_or_else(|| domains.ttl_of(domain));
    for &ip in &resource.ip_addresses {
        claims.add_address(&name, ip, ttl);
    }
    for record in &resource.records {
        let kind = RecordKind::of(&record.rrtype);
        claims.records.push(NamedRecord {
            name: name.clone(),
            ttl: record.ttl.unwrap_or_else(|| domains.ttl_of(domain)),
            data: user_data(&kind, &record.rrdata, &domain.name),
            kind,
        });
    }
    claims
}

/// What a machine has: its name, which means the addresses of its primary interface, and a name
/// for each other interface. `leased` says which addresses a client has leases of.
pub(crate) fn claims_of_machine(
    domains: &Domains,
    machine: &ServedMachine,
    leased: impl Fn(MacAddress) -> Vec<IpAddr>,
) -> Claims {
    let Some(domain) = domains.get(machine.domain).or_else(|| domains.default()) else {
        return Claims::default();
    };
    if !is_label(&machine.hostname) {
        return Claims::default();
    }
    let text = format!("{}.{}", machine.hostname, domain.name);
    let Some(name) = DnsName::parse(&text) else { return Claims::default() };
    let mut claims = Claims::of(name.clone());
    // What was assigned to an interface; of a family that nothing is assigned of, what it leased.
    let addresses = |interface: &ServedInterface| {
        // Those with one hardware address, a VLAN interface and what it is on, are told apart by what was assigned.
        let lacks = |one: &&ServedInterface, ip: &IpAddr| {
            one.mac == interface.mac
                && one.addresses.iter().all(|own| own.is_ipv4() != ip.is_ipv4())
        };
        let is_its = |ip: &IpAddr| {
            let first = machine.interfaces.iter().find(|one| lacks(one, ip));
            first.is_some_and(|first| first.name == interface.name)
        };
        let leased = leased(interface.mac).into_iter().filter(is_its);
        interface.addresses.iter().copied().chain(leased).collect::<Vec<IpAddr>>()
    };
    // The interface it boots from, if that has an address, else the first that has.
    let mut candidates = machine.boot_interface().into_iter().chain(&machine.interfaces);
    let primary = candidates.find(|interface| !addresses(interface).is_empty());
    let is_same = |one: &ServedInterface, other: &ServedInterface| {
        (one.mac, &one.name) == (other.mac, &other.name)
    };
    for interface in &machine.interfaces {
        let owner = match primary {
            Some(primary) if is_same(primary, interface) => Some(name.clone()),
            Some(_) | None => DnsName::parse(&format!("{}.{text}", interface.name)),
        };
        let Some(owner) = owner else { continue };
        for ip in addresses(interface) {
            claims.add_address(&owner, ip, domains.ttl_of(domain));
        }
    }
    claims
}

/// What a controller has, if nobody of higher rank has its name.
pub(crate) fn claims_of_controller(
    domains: &Domains,
    hostname: &str,
    addresses: &[IpAddr],
) -> Claims {
    let Some(name) = domains.in_default(hostname) else { return Claims::default() };
    let mut claims = Claims::of(name.clone());
    for &ip in addresses {
        claims.add_address(&name, ip, domains.ttl);
    }
    claims
}

/// What the lease of an address has, if nobody of higher rank has its name or calls its address by
/// another name.
pub(crate) fn claims_of_lease(domains: &Domains, ip: IpAddr, hostname: &str) -> Claims {
    claims_of_controller(domains, hostname, &[ip])
}

/// The name that the client of a binding wants, while the binding is in use.
pub(crate) fn wanted_name(binding: &Binding) -> Option<&str> {
    binding.hostname.as_deref().filter(|_| is_active(binding))
}

/// The origins of the reverse zones of a subnet.
pub(crate) fn reverse_zones(subnet: &Subnet) -> Vec<DnsName> {
    match subnet.rdns_mode {
        ReverseDns::Disabled => Vec::new(),
        ReverseDns::Enabled | ReverseDns::Classless => {
            let origins = reverse_origins(&subnet.cidr);
            origins.iter().filter_map(|origin| DnsName::parse(origin)).collect()
        }
    }
}

/// The origin of the zone of a domain that racks answer for.
pub(crate) fn forward_zone(domain: &Domain) -> Option<DnsName> {
    domain.authoritative.then(|| DnsName::parse(&domain.name)).flatten()
}

/// Addresses that others can reach: link-local ones need an interface.
pub(crate) fn addresses(interfaces: &[ControllerInterface]) -> Vec<IpAddr> {
    let all = interfaces.iter().flat_map(|interface| &interface.addresses);
    all.map(ipnet::IpNet::addr).filter(|ip| !is_link_local(*ip)).collect()
}

pub(crate) fn is_active(binding: &Binding) -> bool {
    binding.state == BindingState::Active && binding.is_of_address()
}

/// Names in user records: with a trailing dot or a dot inside they are absolute, else relative to
/// the domain.
fn user_data(kind: &RecordKind, rrdata: &str, domain: &str) -> RecordData {
    match kind {
        RecordKind::Cname | RecordKind::Ns | RecordKind::Ptr => {
            RecordData::Name(absolute(rrdata.trim(), domain).into())
        }
        RecordKind::Mx | RecordKind::Srv => {
            let mut words: Vec<String> = rrdata.split_whitespace().map(str::to_owned).collect();
            if let Some(target) = words.last_mut() {
                *target = format!("{}.", absolute(target, domain));
            }
            RecordData::Text(words.join(" ").into())
        }
        RecordKind::A
        | RecordKind::Aaaa
        | RecordKind::Sshfp
        | RecordKind::Txt
        | RecordKind::Other(_) => RecordData::Text(rrdata.into()),
    }
}

fn absolute(name: &str, domain: &str) -> String {
    let name = name.to_ascii_lowercase();
    match name.strip_suffix('.') {
        Some(absolute) => absolute.to_owned(),
        None if name == "@" => domain.to_ascii_lowercase(),
        None if name.contains('.') => name,
        None => format!("{name}.{}", domain.to_ascii_lowercase()),
    }
}

fn is_link_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    }
}

fn is_label(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=63).contains(&text.len()) && !text.starts_with('-') && text.bytes().all(allowed)
}
