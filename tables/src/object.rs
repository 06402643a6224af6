//! Any row by its key: turns the changes of a watch into model objects.

use std::net::IpAddr;

use model::boot::files::BootFiles;
use model::controller::{RackController, RegionController};
use model::device::Device;
use model::dhcp::snippet::DhcpSnippet;
use model::dns::dnsresource::DnsResource;
use model::dns::domain::Domain;
use model::event::Event;
use model::id::{
    AvailabilityZoneId, BlockId, DhcpSnippetId, DnsResourceId, DomainId, FabricId, IpRangeId,
    PrefixPoolId, ResourcePoolId, SpaceId, StaticRouteId, SubnetId, SystemId, VlanId,
};
use model::lease::binding::Binding;
use model::lease::block::Block;
use model::machine::Machine;
use model::machine::power::PowerJob;
use model::net::fabric::Fabric;
use model::net::iprange::IpRange;
use model::net::prefixpool::PrefixPool;
use model::net::reserved::ReservedAddress;
use model::net::scan::NetworkScan;
use model::net::service_address::ServiceHolder;
use model::net::space::Space;
use model::net::staticroute::StaticRoute;
use model::net::subnet::Subnet;
use model::net::vlan::Vlan;
use model::pool::ResourcePool;
use model::setting::Setting;
use model::tag::Tag;
use model::zone::AvailabilityZone;

use crate::error::TableError;
use crate::read::{Reads, decode};
use crate::row::{id_of_row_or_part, row_id};

/// What became of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum ObjectChange {
    /// It is this now.
    Put(Object),
    /// It is gone.
    Delete(ObjectId),
}

macro_rules! objects {
    ($($(#[$doc:meta])* $name:ident($row:ty, $id:ty)),+ $(,)?) => {
        /// A row of one of the tables that others follow. Users and their keys are not among them.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Object {
            $($(#[$doc])* $name(Box<$row>),)+
        }

        /// What identifies such a row.
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
        pub enum ObjectId {
            $($(#[$doc])* $name($id),)+
        }

        impl ObjectId {
            /// The identity in a key of the store; none for keys of other tables and indexes.
            #[must_use]
            pub fn of_key(key: &[u8]) -> Option<Self> {
                $(if let Some(id) = id_of_row_or_part::<$row>(key) {
                    return Some(Self::$name(id));
                })+
                None
            }
        }

        impl ObjectChange {
            /// What a changed key changed; none for keys of other tables and indexes. What is stored
            /// elsewhere of a row is read at `at`, which must not be older than the change.
            ///
            /// # Errors
            /// [`TableError::Corrupt`] when the bytes are no row of that table, and
            /// [`TableError::Newer`].
            pub fn of(
                at: &impl Reads,
                key: &[u8],
                stored: Option<&[u8]>,
            ) -> Result<Option<Self>, TableError> {
                Ok(match ObjectId::of_key(key) {
                    None => None,
                    $(Some(ObjectId::$name(id)) => {
                        let row: Option<$row> = match stored {
                            Some(stored) if row_id::<$row>(key).is_some() => {
                                Some(decode(key, stored, at)?)
                            }
                            None if row_id::<$row>(key).is_some() => None,
                            // A part of it, which says nothing of the rest.
                            Some(_) | None => at.get(&id)?,
                        };
                        Some(match row {
                            Some(row) => Self::Put(Object::$name(Box::new(row))),
                            None => Self::Delete(ObjectId::$name(id)),
                        })
                    })+
                })
            }
        }
    };
}

objects! {
    /// A fabric.
    Fabric(Fabric, FabricId),
    /// A VLAN.
    Vlan(Vlan, VlanId),
    /// A space.
    Space(Space, SpaceId),
    /// A subnet.
    Subnet(Subnet, SubnetId),
    /// An IP range.
    IpRange(IpRange, IpRangeId),
    /// An address that a user reserved.
    Reserved(ReservedAddress, IpAddr),
    /// A domain.
    Domain(Domain, DomainId),
    /// A DNS resource.
    DnsResource(DnsResource, DnsResourceId),
    /// A machine.
    Machine(Machine, SystemId),
    /// A power job, by its machine.
    PowerJob(PowerJob, SystemId),
    /// An event.
    Event(Event, u64),
    /// A binding.
    Binding(Binding, IpAddr),
    /// An address block.
    Block(Block, BlockId),
    /// A rack controller.
    Rack(RackController, SystemId),
    /// A region controller.
    Region(RegionController, SystemId),
    /// A setting.
    Setting(Setting, String),
    /// An availability zone.
    Zone(AvailabilityZone, AvailabilityZoneId),
    /// A resource pool.
    Pool(ResourcePool, ResourcePoolId),
    /// A tag.
    Tag(Tag, String),
    /// The ephemeral OS of an architecture.
    BootFiles(BootFiles, String),
    /// A snippet of DHCP configuration.
    DhcpSnippet(DhcpSnippet, DhcpSnippetId),
    /// A static route.
    StaticRoute(StaticRoute, StaticRouteId),
    /// A device.
    Device(Device, SystemId),
    /// A search for hosts, by its rack.
    NetworkScan(NetworkScan, SystemId),
    /// A pool of prefixes.
    PrefixPool(PrefixPool, PrefixPoolId),
    /// Who holds the service addresses of a VLAN.
    ServiceHolder(ServiceHolder, VlanId),
}
