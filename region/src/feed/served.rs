//! What racks serve from: the tables, and the form in which racks see their rows. A device is to them a machine that
//! boots by itself, so that racks of every version know its name, its addresses and its boot.

use bytes::Bytes;
use model::boot::files::BootFiles;
use model::controller::{RackController, RegionController, ServedRack};
use model::device::Device;
use model::dhcp::program::Program;
use model::dhcp::snippet::{DhcpSnippet, ServedSnippet};
use model::dns::dnsresource::DnsResource;
use model::dns::domain::Domain;
use model::dns::serial::ZoneSerial;
use model::lease::binding::Binding;
use model::lease::block::Block;
use model::lease::policy::Policy;
use model::machine::Machine;
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
use model::tag::{ServedTag, Tag};
use proto::convert::{Key, Served};
use proto::rack::ZoneSerial as WireZoneSerial;
use tables::object::{Object, ObjectId};
use tables::read::{View, decode};
use tables::row::{self, prefix, row_id};
use tracing::error;

/// The tables that racks serve from.
pub(super) fn prefixes() -> Vec<Bytes> {
    rows_by_table().into_iter().chain(row::prefixes::<Machine>()).collect()
}

/// Those of them whose objects are one row each.
pub(super) fn rows_by_table() -> [Bytes; 21] {
    [
        prefix::<Vlan>(),
        prefix::<Subnet>(),
        prefix::<IpRange>(),
        prefix::<ReservedAddress>(),
        prefix::<Domain>(),
        prefix::<DnsResource>(),
        prefix::<Binding>(),
        prefix::<Block>(),
        prefix::<PowerJob>(),
        prefix::<Setting>(),
        prefix::<RackController>(),
        prefix::<RegionController>(),
        prefix::<BootFiles>(),
        prefix::<DhcpSnippet>(),
        prefix::<StaticRoute>(),
        prefix::<Tag>(),
        prefix::<ZoneSerial>(),
        prefix::<Device>(),
        prefix::<NetworkScan>(),
        prefix::<PrefixPool>(),
        prefix::<ServiceHolder>(),
    ]
}

/// An object as racks see it; none of tables that they do not serve from.
pub(super) fn served(object: Object) -> Option<Served> {
    Some(match object {
        Object::Vlan(vlan) => Served::Vlan(*vlan),
        Object::Subnet(subnet) => Served::Subnet(*subnet),
        Object::IpRange(range) => Served::IpRange(*range),
        Object::Reserved(reserved) => Served::Reserved(*reserved),
        Object::Domain(domain) => Served::Domain(*domain),
        Object::DnsResource(resource) => Served::DnsResource(*resource),
        Object::Machine(machine) => Served::Machine(ServedMachine::of(&machine)),
        Object::Binding(binding) => Served::Binding(*binding),
        Object::Block(block) => Served::Block(*block),
        Object::PowerJob(job) => Served::PowerJob(*job),
        Object::Setting(setting) => Served::Setting(*setting),
        Object::Rack(controller) => Served::Rack(ServedRack::of(&controller)),
        Object::Region(region) => Served::Region(*region),
        Object::BootFiles(files) => Served::BootFiles(*files),
        Object::DhcpSnippet(snippet) => Served::DhcpSnippet(snippet_of(&snippet)),
        Object::StaticRoute(route) => Served::StaticRoute(*route),
        Object::Device(device) => Served::Machine(device.served()),
        Object::Tag(tag) => Served::Tag(ServedTag::of(&tag)),
        Object::NetworkScan(scan) => Served::NetworkScan(*scan),
        Object::PrefixPool(pool) => Served::PrefixPool(*pool),
        Object::ServiceHolder(holder) => Served::ServiceHolder(*holder),
        Object::Fabric(_)
        | Object::Space(_)
        | Object::Event(_)
        | Object::Zone(_)
        | Object::Pool(_) => return None,
    })
}

/// What a snippet says; nothing when it is switched off, or a newer version wrote what this one cannot
/// read.
fn snippet_of(snippet: &DhcpSnippet) -> ServedSnippet {
    let program = snippet.program(&Policy::default()).unwrap_or_else(|error| {
        error!("racks are not told of DHCP snippet {}: {error}", snippet.id);
        Program::default()
    });
    ServedSnippet { id: snippet.id, scope: snippet.scope.clone(), program }
}

/// What names an object to racks; none of tables that they do not serve from.
pub(super) fn key(id: ObjectId) -> Option<Key> {
    Some(match id {
        ObjectId::Vlan(id) => Key::Vlan(id),
        ObjectId::Subnet(id) => Key::Subnet(id),
        ObjectId::IpRange(id) => Key::IpRange(id),
        ObjectId::Reserved(ip) => Key::Reserved(ip),
        ObjectId::Domain(id) => Key::Domain(id),
        ObjectId::DnsResource(id) => Key::DnsResource(id),
        ObjectId::Machine(id) | ObjectId::Device(id) => Key::Machine(id),
        ObjectId::Binding(ip) => Key::Binding(ip),
        ObjectId::Block(id) => Key::Block(id),
        ObjectId::PowerJob(id) => Key::PowerJob(id),
        ObjectId::Setting(name) => Key::Setting(name),
        ObjectId::Rack(id) => Key::Rack(id),
        ObjectId::Region(id) => Key::Region(id),
        ObjectId::BootFiles(architecture) => Key::BootFiles(architecture),
        ObjectId::DhcpSnippet(id) => Key::DhcpSnippet(id),
        ObjectId::StaticRoute(id) => Key::StaticRoute(id),
        ObjectId::Tag(name) => Key::Tag(name),
        ObjectId::NetworkScan(rack) => Key::NetworkScan(rack),
        ObjectId::PrefixPool(id) => Key::PrefixPool(id),
        ObjectId::ServiceHolder(vlan) => Key::ServiceHolder(vlan),
        ObjectId::Fabric(_)
        | ObjectId::Space(_)
        | ObjectId::Event(_)
        | ObjectId::Zone(_)
        | ObjectId::Pool(_) => return None,
    })
}

/// The serial of a zone as racks see it; none for all other rows.
pub(super) fn zone_serial(at: &View, key: &[u8], value: Option<&[u8]>) -> Option<WireZoneSerial> {
    let origin = row_id::<ZoneSerial>(key)?;
    let revision = match value.map(|value| decode::<ZoneSerial>(key, value, at)) {
        Some(Ok(serial)) => serial.revision,
        Some(Err(error)) => {
            error!("racks are not told of a row: {error}");
            return None;
        }
        None => 0,
    };
    Some(WireZoneSerial { origin, revision })
}
