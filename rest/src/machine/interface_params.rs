//! Parameters of operations on interfaces.

use std::net::IpAddr;

use ops::machine::interfaces::wanted::{BondChange, BridgeChange, CardChange, InterfaceChange};

use crate::param::{Param, Spec, joined};
use crate::params::Params;
use crate::problem::Problem;
use crate::refused::Refused;

pub(super) const NAME: Param<String> =
    Param::text("name", "Its name; the next `ethN` if it is absent.");
pub(super) const MAC_ADDRESS: Param<String> = Param::text("mac_address", "Its hardware address.");
pub(super) const TAGS: Param<String> = Param::text("tags", "What it is marked with.");
pub(super) const VLAN: Param<String> =
    Param::text("vlan", "The VLAN it is on, by id or name; without one it is not connected.");
pub(super) const MTU: Param<u16> =
    Param::number("mtu", "Its largest packet in bytes; that of its VLAN if it is absent.")
        .at_least::<552>();
pub(super) const ACCEPT_RA: Param<bool> =
    Param::boolean("accept_ra", "Whether it heeds router advertisements.");
pub(super) const ENABLED: Param<bool> =
    Param::boolean("enabled", "Whether it takes part in a deployment.");
pub(super) const LINK_CONNECTED: Param<bool> =
    Param::boolean("link_connected", "Whether a cable is plugged in; true by default.");
pub(super) const LINK_SPEED: Param<u32> = Param::number("link_speed", "Mbit/s that it does.");
pub(super) const INTERFACE_SPEED: Param<u32> =
    Param::number("interface_speed", "Mbit/s that it could do.");
pub(super) const NUMA_NODE: Param<u32> =
    Param::number("numa_node", "The NUMA node that it is attached to.");
pub(super) const PARENTS: Param<String> =
    Param::text("parents", "The interfaces that it is made of, by id or name.");
pub(super) const PARENT: Param<String> =
    Param::text("parent", "The interface that it is on, by id or name.");
pub(super) const BOND_MODE: Param<String> =
    Param::text("bond_mode", "How a bond spreads packets, `balance-rr` by default.");
pub(super) const BOND_MIIMON: Param<u32> =
    Param::number("bond_miimon", "How often a bond looks at links, in ms; 100 by default.");
pub(super) const BOND_DOWNDELAY: Param<u32> =
    Param::number("bond_downdelay", "How long a link is down before it is left, in ms.");
pub(super) const BOND_UPDELAY: Param<u32> =
    Param::number("bond_updelay", "How long a link is up before it is used again, in ms.");
pub(super) const BOND_NUM_GRAT_ARP: Param<u8> =
    Param::number("bond_num_grat_arp", "How often neighbours are told of a failover.");
pub(super) const BOND_LACP_RATE: Param<String> =
    Param::text("bond_lacp_rate", "How often the switch tells its side of LACP: `fast` or `slow`.");
pub(super) const BOND_XMIT_HASH_POLICY: Param<String> =
    Param::text("bond_xmit_hash_policy", "What a bond chooses links by, `layer2` by default.");
pub(super) const MODE: Param<String> = Param::text(
    "mode",
    "How it gets its address: `auto`, `dhcp`, `static` or `link_up`; `static` of a device.",
);
pub(super) const SUBNET: Param<String> = Param::text("subnet", "The subnet, by id, name or CIDR.");
pub(super) const IP_ADDRESS: Param<IpAddr> = Param::address(
    "ip_address",
    "The address of a `static` link; a free one of the subnet if it is absent.",
);
pub(super) const FORCE: Param<bool> =
    Param::boolean("force", "Whether the link replaces all others, also on another VLAN.");
pub(super) const DEFAULT_GATEWAY: Param<bool> =
    Param::boolean("default_gateway", "Whether the subnet's gateway shall be the machine's.");
pub(super) const LINK_ID: Param<String> = Param::text("id", "The id of the link.");
pub(super) const GATEWAY_LINK_ID: Param<String> = Param::text(
    "link_id",
    "The link whose gateway is meant; needed where it has several of an address family.",
);
pub(super) const TAG: Param<String> = Param::text("tag", "The tag.");

/// What bridges over all interfaces are made of, too.
pub(super) const BRIDGE_TYPE: Param<String> =
    Param::text("bridge_type", "What a bridge is made by: `standard` or `ovs`.");
/// See [`BRIDGE_TYPE`].
pub(super) const BRIDGE_STP: Param<bool> =
    Param::boolean("bridge_stp", "Whether a bridge takes part in the spanning tree protocol.");
/// See [`BRIDGE_TYPE`].
pub(super) const BRIDGE_FD: Param<u32> =
    Param::number("bridge_fd", "The forward delay of a bridge in seconds, 15 by default.");

/// What all interfaces have.
pub(super) const COMMON: [Spec; 7] = [
    TAGS.repeated(),
    VLAN.optional(),
    MTU.optional(),
    ACCEPT_RA.optional(),
    LINK_CONNECTED.optional(),
    LINK_SPEED.optional(),
    INTERFACE_SPEED.optional(),
];

pub(super) const OF_BOND: [Spec; 7] = [
    BOND_MODE.optional(),
    BOND_MIIMON.optional(),
    BOND_DOWNDELAY.optional(),
    BOND_UPDELAY.optional(),
    BOND_NUM_GRAT_ARP.optional(),
    BOND_LACP_RATE.optional(),
    BOND_XMIT_HASH_POLICY.optional(),
];

pub(super) const OF_BRIDGE: [Spec; 3] =
    [BRIDGE_TYPE.optional(), BRIDGE_STP.optional(), BRIDGE_FD.optional()];

pub(super) const PHYSICAL: &[Spec] = &joined::<7, 4, 11>(
    COMMON,
    [MAC_ADDRESS.needed(), NAME.optional(), ENABLED.optional(), NUMA_NODE.optional()],
);

pub(super) const FIRST_MAC: Param<String> =
    MAC_ADDRESS.described("Its hardware address; that of the first parent if it is absent.");

pub(super) const BOND: &[Spec] = &joined::<14, 3, 17>(
    joined::<7, 7, 14>(COMMON, OF_BOND),
    [NAME.described("Its name.").needed(), FIRST_MAC.optional(), PARENTS.repeated()],
);

pub(super) const BRIDGE: &[Spec] = &joined::<10, 4, 14>(
    joined::<7, 3, 10>(COMMON, OF_BRIDGE),
    [
        NAME.described("Its name; `br-` and that of its parent if it is absent.").optional(),
        FIRST_MAC.optional(),
        PARENT.optional(),
        PARENTS.described("Another name of `parent`.").repeated(),
    ],
);

pub(super) const TAGGED: &[Spec] = &joined::<7, 3, 10>(
    COMMON,
    [
        NAME.described("Its name; its parent's and the tag, `eth0.5`, if it is absent.").optional(),
        PARENT.optional(),
        PARENTS.described("Another name of `parent`.").repeated(),
    ],
);

pub(super) const CHANGED: &[Spec] = &joined::<17, 6, 23>(
    joined::<7, 10, 17>(COMMON, joined::<7, 3, 10>(OF_BOND, OF_BRIDGE)),
    [
        MAC_ADDRESS.optional(),
        NAME.described("Its name.").optional(),
        ENABLED.optional(),
        NUMA_NODE.optional(),
        PARENT.optional(),
        PARENTS.repeated(),
    ],
);

/// What interfaces get otherwise.
pub(super) const NOT_SET: &[Refused] = &[LINKED, AUTOCONF];

pub(super) const LINKED: Refused = Refused::new(
    &["ip_assignment", "ip_address"],
    "An interface gets its address by a link: leave it out, and use link_subnet.",
);

pub(super) const AUTOCONF: Refused = Refused::new(
    &["autoconf"],
    "Systems make addresses of what routers advertise: leave it out, and use accept_ra.",
);

/// What hardware is not made of.
pub(super) const OF_HARDWARE: &[Refused] = &[
    LINKED,
    AUTOCONF,
    Refused::new(
        &[
            "parent",
            "parents",
            "bridge_type",
            "bridge_stp",
            "bridge_fd",
            "bond_mode",
            "bond_miimon",
            "bond_downdelay",
            "bond_updelay",
            "bond_lacp_rate",
            "bond_xmit_hash_policy",
            "bond_num_grat_arp",
        ],
        "A physical interface is made of no others: leave it out, or use create_bond, create_bridge or create_vlan.",
    ),
];

/// What is wanted of an interface.
///
/// # Errors
/// 400 that names the field.
pub(super) fn change_of(params: &Params) -> Result<InterfaceChange, Problem> {
    let (parents, parent) = (PARENTS.items(params), PARENT.items(params));
    Ok(InterfaceChange {
        name: NAME.given(params),
        mac: MAC_ADDRESS.given(params),
        tags: TAGS.items(params),
        vlan: VLAN.given(params).map(|vlan| Some(vlan).filter(|vlan| !vlan.is_empty())),
        enabled: ENABLED.of(params)?,
        parents: parents.or(parent),
        mtu: MTU.clearable(params)?,
        accept_ra: ACCEPT_RA.of(params)?.map(Some),
        card: CardChange {
            link_connected: LINK_CONNECTED.of(params)?,
            link_speed: LINK_SPEED.of(params)?,
            interface_speed: INTERFACE_SPEED.of(params)?,
            numa_node: NUMA_NODE.of(params)?,
        },
        bond: BondChange {
            mode: BOND_MODE.named(params),
            miimon_ms: BOND_MIIMON.of(params)?,
            down_delay_ms: BOND_DOWNDELAY.of(params)?,
            up_delay_ms: BOND_UPDELAY.of(params)?,
            peer_notifications: BOND_NUM_GRAT_ARP.of(params)?,
            lacp_rate: BOND_LACP_RATE.named(params),
            hash_policy: BOND_XMIT_HASH_POLICY.named(params),
        },
        bridge: bridge_of(params)?,
    })
}

/// What is wanted of a bridge.
///
/// # Errors
/// 400 that names the field.
pub(super) fn bridge_of(params: &Params) -> Result<BridgeChange, Problem> {
    Ok(BridgeChange {
        made_by: BRIDGE_TYPE.named(params),
        stp: BRIDGE_STP.of(params)?,
        forward_delay_s: BRIDGE_FD.of(params)?,
    })
}
