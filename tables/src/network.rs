//! Fabrics, VLANs, spaces, subnets, IP ranges, pools of prefixes and reserved addresses.

use std::net::IpAddr;

use model::id::{FabricId, IpRangeId, PrefixPoolId, ReservedIpId, SpaceId, SubnetId, VlanId};
use model::net::fabric::Fabric;
use model::net::iprange::IpRange;
use model::net::prefixpool::PrefixPool;
use model::net::range::{AddressRange, number};
use model::net::reserved::{ReservedAddress, ReservedIp};
use model::net::service_address::{ServiceHolder, Voucher};
use model::net::space::Space;
use model::net::subnet::Subnet;
use model::net::vlan::Vlan;
use raft_store::version::FIRST;

use crate::key::encoded;
use crate::read::Reads;
use crate::row::{Index, Row, Unique, unique_key};

/// The index name under which machines, devices, users and VLANs claim addresses: nobody has another's.
pub const ADDRESS: &str = "address";

/// Taken by whoever adds or moves a subnet, IP range or pool of prefixes, because overlap rules are about the whole
/// set; who gives an address away depends on it.
pub const SUBNETS_GUARD: &str = "subnets";

/// Into how many parts the addresses of a subnet are divided, of which each has a guard.
const SLOTS: u128 = 64;

/// The guard of the part of a subnet that an address lies in: marked by whoever gives the address away, and
/// depended on by who changes what may be given away.
#[must_use]
pub fn addresses_guard(subnet: &Subnet, ip: IpAddr) -> String {
    format!("addresses/{}/{}", subnet.id, slot(subnet, ip))
}

/// The guards of the parts of a subnet that a range reaches into.
pub fn addresses_guards(subnet: &Subnet, range: AddressRange) -> impl Iterator<Item = String> {
    let id = subnet.id;
    let slots = slot(subnet, range.first())..=slot(subnet, range.last());
    slots.map(move |slot| format!("addresses/{id}/{slot}"))
}

fn slot(subnet: &Subnet, ip: IpAddr) -> u128 {
    let all = AddressRange::of(subnet.cidr);
    let of_slot = all.size().div_ceil(SLOTS);
    number(ip).saturating_sub(number(all.first())).min(all.size() - 1) / of_slot
}

/// Whether a row holds an address: a machine, a device, a user's reservation, or a VLAN as its service address.
pub fn is_held(reads: &impl Reads, ip: IpAddr) -> bool {
    reads.value(&unique_key(ADDRESS, &encoded(&ip))).is_some()
}

/// Fabrics by name (a [`String`]).
pub const FABRIC_BY_NAME: Unique<Fabric> =
    Unique { name: "fabric.name", keys: |fabric| vec![encoded(&fabric.name)] };

/// VLANs by fabric and tag (a [`FabricId`] and a `u16`).
pub const VLAN_BY_VID: Unique<Vlan> =
    Unique { name: "vlan.vid", keys: |vlan| vec![encoded(&(vlan.fabric, vlan.vid))] };

/// VLANs by service address (an [`IpAddr`]).
pub const VLAN_BY_ADDRESS: Unique<Vlan> =
    Unique { name: ADDRESS, keys: |vlan| vlan.service_addresses.iter().map(encoded).collect() };

/// The VLANs of a fabric (a [`FabricId`]).
pub const VLANS_OF_FABRIC: Index<Vlan> =
    Index { name: "vlan.fabric", keys: |vlan| vec![encoded(&vlan.fabric)], since: FIRST };

/// Spaces by name (a [`String`]).
pub const SPACE_BY_NAME: Unique<Space> =
    Unique { name: "space.name", keys: |space| vec![encoded(&space.name)] };

/// Subnets by prefix (an [`ipnet::IpNet`]).
pub const SUBNET_BY_CIDR: Unique<Subnet> =
    Unique { name: "subnet.cidr", keys: |subnet| vec![encoded(&subnet.cidr)] };

/// The subnets of a VLAN (a [`VlanId`]).
pub const SUBNETS_OF_VLAN: Index<Subnet> =
    Index { name: "subnet.vlan", keys: |subnet| vec![encoded(&subnet.vlan)], since: FIRST };

/// The ranges of a subnet (a [`SubnetId`]).
pub const IPRANGES_OF_SUBNET: Index<IpRange> =
    Index { name: "iprange.subnet", keys: |range| vec![encoded(&range.subnet)], since: FIRST };

/// The pools of prefixes of a subnet (a [`SubnetId`]).
pub const PREFIX_POOLS_OF_SUBNET: Index<PrefixPool> =
    Index { name: "prefixpool.subnet", keys: |pool| vec![encoded(&pool.subnet)], since: FIRST };

/// The reserved addresses of a subnet (a [`SubnetId`]).
pub const RESERVED_OF_SUBNET: Index<ReservedAddress> = Index {
    name: "reserved.subnet",
    keys: |reserved| vec![encoded(&reserved.subnet)],
    since: FIRST,
};

/// Reserved IPs by address (an [`IpAddr`]).
pub const RESERVEDIP_BY_ADDRESS: Unique<ReservedIp> =
    Unique { name: "reservedip.ip", keys: |reserved| vec![encoded(&reserved.ip)] };

/// Reserved IPs by subnet and client (a [`SubnetId`] and a [`model::mac::MacAddress`]).
pub const RESERVEDIP_OF_CLIENT: Unique<ReservedIp> = Unique {
    name: "reservedip.client",
    keys: |reserved| vec![encoded(&(reserved.subnet, reserved.mac))],
};

/// The reserved IPs of a subnet (a [`SubnetId`]).
pub const RESERVEDIPS_OF_SUBNET: Index<ReservedIp> = Index {
    name: "reservedip.subnet",
    keys: |reserved| vec![encoded(&reserved.subnet)],
    since: FIRST,
};

impl Row for Fabric {
    type Id = FabricId;
    const TABLE: &'static str = "fabric";
    const UNIQUE: &'static [Unique<Self>] = &[FABRIC_BY_NAME];

    fn id(&self) -> FabricId {
        self.id
    }
}

impl Row for Vlan {
    type Id = VlanId;
    const TABLE: &'static str = "vlan";
    const UNIQUE: &'static [Unique<Self>] = &[VLAN_BY_VID, VLAN_BY_ADDRESS];
    const INDEXES: &'static [Index<Self>] = &[VLANS_OF_FABRIC];

    fn id(&self) -> VlanId {
        self.id
    }
}

impl Row for ServiceHolder {
    type Id = VlanId;
    const TABLE: &'static str = "service-holder";

    fn id(&self) -> VlanId {
        self.vlan
    }
}

/// There is one.
impl Row for Voucher {
    type Id = u32;
    const TABLE: &'static str = "voucher";

    fn id(&self) -> u32 {
        0
    }
}

impl Row for Space {
    type Id = SpaceId;
    const TABLE: &'static str = "space";
    const UNIQUE: &'static [Unique<Self>] = &[SPACE_BY_NAME];

    fn id(&self) -> SpaceId {
        self.id
    }
}

impl Row for Subnet {
    type Id = SubnetId;
    const TABLE: &'static str = "subnet";
    const UNIQUE: &'static [Unique<Self>] = &[SUBNET_BY_CIDR];
    const INDEXES: &'static [Index<Self>] = &[SUBNETS_OF_VLAN];

    fn id(&self) -> SubnetId {
        self.id
    }
}

impl Row for IpRange {
    type Id = IpRangeId;
    const TABLE: &'static str = "iprange";
    const INDEXES: &'static [Index<Self>] = &[IPRANGES_OF_SUBNET];

    fn id(&self) -> IpRangeId {
        self.id
    }
}

impl Row for PrefixPool {
    type Id = PrefixPoolId;
    const TABLE: &'static str = "prefixpool";
    const INDEXES: &'static [Index<Self>] = &[PREFIX_POOLS_OF_SUBNET];

    fn id(&self) -> PrefixPoolId {
        self.id
    }
}

impl Row for ReservedAddress {
    type Id = IpAddr;
    const TABLE: &'static str = "reserved";
    // The address of a reserved IP may be a machine's as well, which then claims it.
    const UNIQUE: &'static [Unique<Self>] = &[Unique {
        name: ADDRESS,
        keys: |reserved| match reserved.reserved_ip {
            None => vec![encoded(&reserved.ip)],
            Some(_) => Vec::new(),
        },
    }];
    const INDEXES: &'static [Index<Self>] = &[RESERVED_OF_SUBNET];

    fn id(&self) -> IpAddr {
        self.ip
    }
}

impl Row for ReservedIp {
    type Id = ReservedIpId;
    const TABLE: &'static str = "reservedip";
    const UNIQUE: &'static [Unique<Self>] = &[RESERVEDIP_BY_ADDRESS, RESERVEDIP_OF_CLIENT];
    const INDEXES: &'static [Index<Self>] = &[RESERVEDIPS_OF_SUBNET];

    fn id(&self) -> ReservedIpId {
        self.id
    }
}
