//! What machines, devices and nodes are chosen by: each constraint of MAAS and its opposite, as `describe` lists
//! them. `ops` reads them, so that all are understood and others refused by name.

use crate::param::{Param, Spec, joined};

const BY_ID: Param<String> = Param::text("id", "Only those with this id.");

/// The one machine that an allocation asks for.
pub(crate) const BY_SYSTEM_ID: Param<String> = Param::text("system_id", "Only those with this id.");

const fn any(name: &'static str, doc: &'static str) -> Spec {
    Param::text(name, doc).repeated()
}

const fn one(name: &'static str, doc: &'static str) -> Spec {
    Param::text(name, doc).optional()
}

/// Constraints of lists and allocations alike.
pub(crate) const CONSTRAINTS: [Spec; 47] = joined::<28, 19, 47>(MEANT, OPPOSITES);

/// The parameters of a list.
pub(crate) const LIST: &[Spec] = &joined::<47, 1, 48>(
    CONSTRAINTS,
    [any("agent_name", "Only those that such software allocated.")],
);

const MEANT: [Spec; 28] = [
    BY_ID.repeated(),
    BY_SYSTEM_ID.repeated(),
    any("name", "Only those with this name."),
    any("hostname", "Only those with this name."),
    any("mac_address", "Only those with this hardware address."),
    any("domain", "Only those in this domain."),
    any("zone", "Only those in this zone."),
    any("pool", "Only those in this resource pool."),
    any("arch", "Only those of this architecture."),
    one("cpu_count", "Only those with at least so many CPUs."),
    one("cpu_speed", "Only those with CPUs at least so fast, in MHz."),
    one("mem", "Only those with at least so much memory in MiB."),
    one("link_speed", "With an interface at least so fast, in Mbit/s."),
    any("tags", "Only those with all of these tags."),
    any("fabrics", "On one of these fabrics."),
    any("fabric_classes", "On a fabric of one of these classes."),
    any("subnets", "On all of these subnets."),
    any("vlans", "On one of these VLANs."),
    one("storage", "Its disks, `label:size(tag,tag),…` in GB."),
    one("interfaces", "Its interfaces, `label:key=value,…;…`."),
    one("devices", "With these PCI or USB devices."),
    any("owner", "Only those of this user."),
    any("power_state", "Only those in this power state, `off`."),
    any("status", "Only those in this status, `ready`."),
    any("simple_status", "Only those in a status of this group."),
    any("deployment_target", "Only machines deployed so; all are, to `disk`."),
    any("pod", "Only those of this host; there are none."),
    any("pod_type", "Only those of such hosts; there are none."),
];

const OPPOSITES: [Spec; 19] = [
    any("not_agent_name", "Not of this software's."),
    any("not_arch", "Not of this architecture."),
    any("not_deployment_target", "Not deployed so."),
    any("not_domain", "Not in this domain."),
    any("not_fabric_classes", "Not on a fabric of these classes."),
    any("not_fabrics", "Not on these fabrics."),
    any("not_hostname", "Not with this name."),
    any("not_id", "Not with this id."),
    any("not_in_pool", "Not in this resource pool."),
    any("not_in_zone", "Not in this zone."),
    any("not_owner", "Not of this user."),
    any("not_pod", "Not of this host."),
    any("not_pod_type", "Not of such hosts."),
    any("not_power_state", "Not in this power state."),
    any("not_simple_status", "Not in a status of this group."),
    any("not_status", "Not in this status."),
    any("not_subnets", "Not on these subnets."),
    any("not_tags", "With none of these tags."),
    any("not_vlans", "Not on these VLANs."),
];
