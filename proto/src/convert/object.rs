//! `Object`, `ObjectKey` and `Change` on the wire: everything a rack serves from, as one enum.

use std::net::IpAddr;

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
use model::tag::ServedTag;

use super::address::{ip_from_bytes, ip_to_bytes};
use super::error::{ConvertError, parse_text};
use super::unknown::Unknown;
use super::{binding, dnsresource, machine, subnet, vlan};
use crate::rack;
use crate::rack::object::Object as Wire;
use crate::rack::object_key::Key as WireKey;

/// One object of the replicated state that racks serve from.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "each variant is named after what it holds")]
pub enum Served {
    Vlan(Vlan),
    Subnet(Subnet),
    IpRange(IpRange),
    Domain(Domain),
    DnsResource(DnsResource),
    Machine(ServedMachine),
    Binding(Binding),
    Block(Block),
    PowerJob(PowerJob),
    Setting(Setting),
    Rack(ServedRack),
    BootFiles(BootFiles),
    Reserved(ReservedAddress),
    Region(RegionController),
    DhcpSnippet(ServedSnippet),
    StaticRoute(StaticRoute),
    Tag(ServedTag),
    NetworkScan(NetworkScan),
    PrefixPool(PrefixPool),
    ServiceHolder(ServiceHolder),
}

/// What names an object of the replicated state that racks serve from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each variant is named after what it names")]
pub enum Key {
    Vlan(VlanId),
    Subnet(SubnetId),
    IpRange(IpRangeId),
    Domain(DomainId),
    DnsResource(DnsResourceId),
    Machine(SystemId),
    Binding(IpAddr),
    Block(BlockId),
    PowerJob(SystemId),
    Setting(String),
    Rack(SystemId),
    BootFiles(String),
    Reserved(IpAddr),
    Region(SystemId),
    DhcpSnippet(DhcpSnippetId),
    StaticRoute(StaticRouteId),
    Tag(String),
    NetworkScan(SystemId),
    PrefixPool(PrefixPoolId),
    ServiceHolder(VlanId),
}

impl Served {
    /// What names this object.
    #[must_use]
    pub fn key(&self) -> Key {
        match self {
            Self::Vlan(vlan) => Key::Vlan(vlan.id),
            Self::Subnet(subnet) => Key::Subnet(subnet.id),
            Self::IpRange(range) => Key::IpRange(range.id),
            Self::Domain(domain) => Key::Domain(domain.id),
            Self::DnsResource(resource) => Key::DnsResource(resource.id),
            Self::Machine(machine) => Key::Machine(machine.system_id.clone()),
            Self::Binding(binding) => Key::Binding(binding.ip),
            Self::Block(block) => Key::Block(block.id),
            Self::PowerJob(job) => Key::PowerJob(job.machine.clone()),
            Self::Setting(setting) => Key::Setting(setting.name.clone()),
            Self::Rack(rack) => Key::Rack(rack.system_id.clone()),
            Self::BootFiles(files) => Key::BootFiles(files.architecture.clone()),
            Self::Reserved(reserved) => Key::Reserved(reserved.ip),
            Self::Region(region) => Key::Region(region.system_id.clone()),
            Self::DhcpSnippet(snippet) => Key::DhcpSnippet(snippet.id),
            Self::StaticRoute(route) => Key::StaticRoute(route.id),
            Self::Tag(tag) => Key::Tag(tag.name.clone()),
            Self::NetworkScan(scan) => Key::NetworkScan(scan.rack.clone()),
            Self::PrefixPool(pool) => Key::PrefixPool(pool.id),
            Self::ServiceHolder(holder) => Key::ServiceHolder(holder.vlan),
        }
    }
}

impl From<&Served> for rack::Object {
    fn from(served: &Served) -> Self {
        let object = match served {
            Served::Vlan(vlan) => Wire::Vlan(vlan.into()),
            Served::Subnet(subnet) => Wire::Subnet(subnet.into()),
            Served::IpRange(range) => Wire::Iprange(range.into()),
            Served::Domain(domain) => Wire::Domain(domain.into()),
            Served::DnsResource(resource) => Wire::Dnsresource(resource.into()),
            Served::Machine(machine) => Wire::Machine(machine.into()),
            Served::Binding(binding) => Wire::Binding(binding.into()),
            Served::Block(block) => Wire::Block(block.into()),
            Served::PowerJob(job) => Wire::PowerJob(job.into()),
            Served::Setting(setting) => Wire::Setting(setting.into()),
            Served::Rack(rack) => Wire::Rack(rack.into()),
            Served::BootFiles(files) => Wire::BootFiles(files.into()),
            Served::Reserved(reserved) => Wire::UserReserved(reserved.into()),
            Served::Region(region) => Wire::Region(region.into()),
            Served::DhcpSnippet(snippet) => Wire::DhcpSnippet(snippet.into()),
            Served::StaticRoute(route) => Wire::StaticRoute(route.into()),
            Served::Tag(tag) => Wire::Tag(tag.into()),
            Served::NetworkScan(scan) => Wire::NetworkScan(scan.into()),
            Served::PrefixPool(pool) => Wire::PrefixPool(pool.into()),
            Served::ServiceHolder(holder) => Wire::ServiceHolder(holder.into()),
        };
        Self { object: Some(object) }
    }
}

/// An object as it was read, and the values in it that this version does not know.
#[derive(Debug, Clone, PartialEq)]
pub struct Received {
    /// The object, with what is known of it.
    pub served: Served,
    /// What is not known.
    pub unknown: Vec<Unknown>,
}

impl TryFrom<rack::Object> for Received {
    type Error = ConvertError;

    fn try_from(object: rack::Object) -> Result<Self, Self::Error> {
        let mut unknown = Vec::new();
        let served = match object.object.ok_or(NO_OBJECT)? {
            Wire::Vlan(it) => Served::Vlan(vlan::vlan(it, &mut unknown)?),
            Wire::Subnet(it) => Served::Subnet(subnet::subnet(it, &mut unknown)?),
            Wire::Iprange(range) => Served::IpRange(range.try_into()?),
            Wire::Domain(domain) => Served::Domain(domain.into()),
            Wire::Dnsresource(it) => Served::DnsResource(dnsresource::resource(it, &mut unknown)),
            Wire::Machine(it) => Served::Machine(machine::machine(it, &mut unknown)?),
            Wire::Binding(it) => Served::Binding(binding::binding(it, &mut unknown)?),
            Wire::Block(block) => Served::Block(block.try_into()?),
            Wire::PowerJob(job) => Served::PowerJob(job.try_into()?),
            Wire::Setting(setting) => Served::Setting(setting.try_into()?),
            Wire::Rack(rack) => Served::Rack(rack.try_into()?),
            Wire::BootFiles(files) => Served::BootFiles(files.into()),
            Wire::UserReserved(reserved) => Served::Reserved(reserved.try_into()?),
            Wire::Region(region) => Served::Region(region.try_into()?),
            Wire::DhcpSnippet(snippet) => Served::DhcpSnippet(snippet.try_into()?),
            Wire::StaticRoute(route) => Served::StaticRoute(route.try_into()?),
            Wire::Tag(tag) => Served::Tag(tag.into()),
            Wire::NetworkScan(scan) => Served::NetworkScan(scan.try_into()?),
            Wire::PrefixPool(pool) => Served::PrefixPool(pool.try_into()?),
            Wire::ServiceHolder(holder) => Served::ServiceHolder(holder.try_into()?),
        };
        Ok(Self { served, unknown })
    }
}

impl TryFrom<rack::Object> for Served {
    type Error = ConvertError;

    fn try_from(object: rack::Object) -> Result<Self, Self::Error> {
        Ok(Received::try_from(object)?.served)
    }
}

/// What names an object, whether the rest of it can be read or not.
///
/// # Errors
/// [`ConvertError`] when there is no object of a known kind, or its name cannot be read.
pub fn key_of_object(object: &rack::Object) -> Result<Key, ConvertError> {
    let key = match object.object.as_ref().ok_or(NO_OBJECT)? {
        Wire::Vlan(vlan) => WireKey::Vlan(vlan.id),
        Wire::Subnet(subnet) => WireKey::Subnet(subnet.id),
        Wire::Iprange(range) => WireKey::Iprange(range.id),
        Wire::Domain(domain) => WireKey::Domain(domain.id),
        Wire::Dnsresource(resource) => WireKey::Dnsresource(resource.id),
        Wire::Machine(machine) => WireKey::Machine(machine.system_id.clone()),
        Wire::Binding(binding) => WireKey::Binding(binding.ip.clone()),
        Wire::Block(block) => WireKey::Block(block.id),
        Wire::PowerJob(job) => WireKey::PowerJob(job.machine.clone()),
        Wire::Setting(setting) => WireKey::Setting(setting.name.clone()),
        Wire::Rack(rack) => WireKey::Rack(rack.system_id.clone()),
        Wire::BootFiles(files) => WireKey::BootFiles(files.architecture.clone()),
        Wire::UserReserved(reserved) => WireKey::UserReserved(reserved.ip.clone()),
        Wire::Region(region) => WireKey::Region(region.system_id.clone()),
        Wire::DhcpSnippet(snippet) => WireKey::DhcpSnippet(snippet.id),
        Wire::StaticRoute(route) => WireKey::StaticRoute(route.id),
        Wire::Tag(tag) => WireKey::Tag(tag.name.clone()),
        Wire::NetworkScan(scan) => WireKey::NetworkScan(scan.rack.clone()),
        Wire::PrefixPool(pool) => WireKey::PrefixPool(pool.id),
        Wire::ServiceHolder(holder) => WireKey::ServiceHolder(holder.vlan),
    };
    rack::ObjectKey { key: Some(key) }.try_into()
}

const NO_OBJECT: ConvertError = ConvertError::Missing { message: "Object", field: "object" };

impl From<&Key> for rack::ObjectKey {
    fn from(key: &Key) -> Self {
        let key = match key {
            Key::Vlan(id) => WireKey::Vlan(id.0),
            Key::Subnet(id) => WireKey::Subnet(id.0),
            Key::IpRange(id) => WireKey::Iprange(id.0),
            Key::Domain(id) => WireKey::Domain(id.0),
            Key::DnsResource(id) => WireKey::Dnsresource(id.0),
            Key::Machine(id) => WireKey::Machine(id.to_string()),
            Key::Binding(ip) => WireKey::Binding(ip_to_bytes(*ip)),
            Key::Block(id) => WireKey::Block(id.0),
            Key::PowerJob(id) => WireKey::PowerJob(id.to_string()),
            Key::Setting(name) => WireKey::Setting(name.clone()),
            Key::Rack(id) => WireKey::Rack(id.to_string()),
            Key::BootFiles(architecture) => WireKey::BootFiles(architecture.clone()),
            Key::Reserved(ip) => WireKey::UserReserved(ip_to_bytes(*ip)),
            Key::Region(id) => WireKey::Region(id.to_string()),
            Key::DhcpSnippet(id) => WireKey::DhcpSnippet(id.0),
            Key::StaticRoute(id) => WireKey::StaticRoute(id.0),
            Key::Tag(name) => WireKey::Tag(name.clone()),
            Key::NetworkScan(rack) => WireKey::NetworkScan(rack.to_string()),
            Key::PrefixPool(id) => WireKey::PrefixPool(id.0),
            Key::ServiceHolder(vlan) => WireKey::ServiceHolder(vlan.0),
        };
        Self { key: Some(key) }
    }
}

impl TryFrom<rack::ObjectKey> for Key {
    type Error = ConvertError;

    fn try_from(key: rack::ObjectKey) -> Result<Self, Self::Error> {
        const MESSAGE: &str = "ObjectKey";
        let missing = ConvertError::Missing { message: MESSAGE, field: "key" };
        Ok(match key.key.ok_or(missing)? {
            WireKey::Vlan(id) => Self::Vlan(VlanId(id)),
            WireKey::Subnet(id) => Self::Subnet(SubnetId(id)),
            WireKey::Iprange(id) => Self::IpRange(IpRangeId(id)),
            WireKey::Domain(id) => Self::Domain(DomainId(id)),
            WireKey::Dnsresource(id) => Self::DnsResource(DnsResourceId(id)),
            WireKey::Machine(id) => Self::Machine(parse_text(MESSAGE, "machine", &id)?),
            WireKey::Binding(ip) => Self::Binding(ip_from_bytes(MESSAGE, "binding", &ip)?),
            WireKey::Block(id) => Self::Block(BlockId(id)),
            WireKey::PowerJob(id) => Self::PowerJob(parse_text(MESSAGE, "power_job", &id)?),
            WireKey::Setting(name) => Self::Setting(name),
            WireKey::Rack(id) => Self::Rack(parse_text(MESSAGE, "rack", &id)?),
            WireKey::BootFiles(architecture) => Self::BootFiles(architecture),
            WireKey::UserReserved(ip) => {
                Self::Reserved(ip_from_bytes(MESSAGE, "user_reserved", &ip)?)
            }
            WireKey::Region(id) => Self::Region(parse_text(MESSAGE, "region", &id)?),
            WireKey::DhcpSnippet(id) => Self::DhcpSnippet(DhcpSnippetId(id)),
            WireKey::StaticRoute(id) => Self::StaticRoute(StaticRouteId(id)),
            WireKey::Tag(name) => Self::Tag(name),
            WireKey::NetworkScan(rack) => {
                Self::NetworkScan(parse_text(MESSAGE, "network_scan", &rack)?)
            }
            WireKey::PrefixPool(id) => Self::PrefixPool(PrefixPoolId(id)),
            WireKey::ServiceHolder(vlan) => Self::ServiceHolder(VlanId(vlan)),
        })
    }
}
