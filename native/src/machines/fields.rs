//! What machines and devices can be filtered and sorted by.

use model::machine::disk::BlockDevice;
use model::machine::status::Status;
use model::query::field::{Field, FieldKind, Scalar};
use tables::views::machines::MachineKey;

use crate::machines::{Node, status_of};

/// Gives each value of a node.
type Give = fn(&Node, &mut dyn FnMut(Scalar<'_>));

/// A field of nodes.
#[derive(Debug, Clone, Copy)]
pub struct NodeField {
    name: &'static str,
    aliases: &'static [&'static str],
    kind: FieldKind,
    searched: bool,
    doc: &'static str,
    /// What the nodes with a word, in lower case, are found by.
    pub(crate) key: Option<fn(&str) -> Option<MachineKey>>,
    pub(crate) give: Give,
}

impl NodeField {
    const fn new(name: &'static str, kind: FieldKind, doc: &'static str, give: Give) -> Self {
        Self { name, aliases: &[], kind, searched: false, doc, key: None, give }
    }

    const fn text(name: &'static str, doc: &'static str, give: Give) -> Self {
        Self::new(name, FieldKind::Text, doc, give)
    }

    const fn number(name: &'static str, doc: &'static str, give: Give) -> Self {
        Self::new(name, FieldKind::Number, doc, give)
    }

    const fn time(name: &'static str, doc: &'static str, give: Give) -> Self {
        Self::new(name, FieldKind::Time, doc, give)
    }

    const fn boolean(name: &'static str, doc: &'static str, give: Give) -> Self {
        Self::new(name, FieldKind::Boolean, doc, give)
    }

    const fn also(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    const fn searched(mut self) -> Self {
        self.searched = true;
        self
    }

    const fn found_by(mut self, key: fn(&str) -> Option<MachineKey>) -> Self {
        self.key = Some(key);
        self
    }
}

/// The fields as queries know them, in the same order.
#[must_use]
pub fn known() -> Vec<Field> {
    let made = |field: &NodeField| {
        let mut made = Field::new(field.name, field.kind, field.doc);
        for alias in field.aliases {
            made = made.alias(*alias);
        }
        if field.searched { made.searched() } else { made }
    };
    FIELDS.iter().map(made).collect()
}

/// A text that may be missing.
fn some(text: Option<&str>, give: &mut dyn FnMut(Scalar<'_>)) {
    if let Some(text) = text {
        give(Scalar::Text(text));
    }
}

#[expect(clippy::cast_precision_loss, reason = "sizes and times have less than 53 bits")]
fn whole(number: u64, give: &mut dyn FnMut(Scalar<'_>)) {
    give(Scalar::Number(number as f64));
}

fn dmi(node: &Node, name: &str, give: &mut dyn FnMut(Scalar<'_>)) {
    some(node.machine.hardware.dmi.get(name).map(String::as_str), give);
}

/// All fields of nodes.
pub(crate) const FIELDS: &[NodeField] = &[
    NodeField::text("system_id", "Its id.", |node, give| {
        give(Scalar::Text(node.machine.system_id.as_str()));
    })
    .also(&["id"])
    .searched(),
    NodeField::text("hostname", "Its name without the domain.", |node, give| {
        give(Scalar::Text(&node.machine.hostname));
    })
    .also(&["name"])
    .found_by(|word| Some(MachineKey::Hostname(word.into()))),
    NodeField::text("fqdn", "Its full name.", |node, give| {
        give(Scalar::Text(&node.names.full(&node.machine)));
    })
    .searched(),
    NodeField::text(
        "status",
        "Its status, in a word: `ready`, `failed_deployment`.",
        |node, give| {
            give(Scalar::Text(Status::of(&node.machine.lifecycle).filter_name()));
        },
    )
    .found_by(|word| status_of(word).map(MachineKey::Status)),
    NodeField::text("status_name", "Its status in MAAS's words.", |node, give| {
        give(Scalar::Text(Status::of(&node.machine.lifecycle).name()));
    })
    .searched(),
    NodeField::text("error", "Why what it was doing failed.", |node, give| {
        some(node.machine.lifecycle.failure.as_ref().map(|failure| &*failure.message), give);
    })
    .also(&["error_description", "reason"])
    .searched(),
    NodeField::text("progress", "How far it is.", |node, give| {
        give(Scalar::Text(&node.machine.lifecycle.progress));
    })
    .also(&["status_message"]),
    NodeField::text("owner", "Who allocated it.", |node, give| {
        let owner = node.machine.placement.owner;
        some(owner.and_then(|id| node.names.users.get(&id)).map(String::as_str), give);
    })
    .searched(),
    NodeField::text("zone", "Its availability zone.", |node, give| {
        some(node.names.zones.get(&node.machine.placement.zone).map(String::as_str), give);
    }),
    NodeField::text("pool", "Its resource pool.", |node, give| {
        some(node.names.pools.get(&node.machine.placement.pool).map(String::as_str), give);
    }),
    NodeField::text("domain", "The domain of its name.", |node, give| {
        some(node.names.domains.get(&node.machine.placement.domain).map(String::as_str), give);
    }),
    NodeField::text("tag", "Its tags.", |node, give| {
        node.machine.placement.tags.iter().for_each(|tag| give(Scalar::Text(tag)));
    })
    .also(&["tags", "tag_names"])
    .searched(),
    NodeField::boolean("locked", "Whether it is locked against changes.", |node, give| {
        give(Scalar::Boolean(node.machine.placement.locked));
    }),
    NodeField::text("agent", "What its owner's software calls itself.", |node, give| {
        give(Scalar::Text(&node.machine.placement.agent_name));
    })
    .also(&["agent_name"]),
    NodeField::text("description", "Free text.", |node, give| {
        give(Scalar::Text(&node.machine.description));
    })
    .searched(),
    NodeField::text("note", "What its owner noted: `key=value`.", |node, give| {
        for (key, value) in node.machine.placement.annotations.by_key() {
            give(Scalar::Text(&format!("{key}={value}")));
        }
    })
    .also(&["workload_annotations", "owner_data"]),
    NodeField::text("architecture", "`amd64/generic`.", |node, give| {
        give(Scalar::Text(&node.machine.hardware.architecture));
    })
    .also(&["arch"]),
    NodeField::number("cpus", "Logical CPUs.", |node, give| {
        give(Scalar::Number(node.machine.hardware.cpu_count.into()));
    })
    .also(&["cpu_count", "cores"]),
    NodeField::number("memory", "Memory in bytes: `>=64GiB`.", |node, give| {
        whole(node.machine.hardware.memory_mib << 20, give);
    })
    .also(&["mem", "ram"]),
    NodeField::number("storage", "All disks together in bytes: `>1TiB`.", |node, give| {
        let sizes = node.machine.block_devices.iter().map(|disk: &BlockDevice| disk.size_bytes);
        whole(sizes.fold(0, u64::saturating_add), give);
    }),
    NodeField::number("disks", "How many disks it has.", |node, give| {
        whole(node.machine.block_devices.len() as u64, give);
    }),
    NodeField::text("disk_serial", "The serial numbers of its disks.", |node, give| {
        node.machine.block_devices.iter().for_each(|disk| give(Scalar::Text(&disk.serial)));
    }),
    NodeField::text("power", "`on`, `off`, `unknown` or `error`.", |node, give| {
        give(Scalar::Text(rest::machine::shape::power_state(node.machine.power.state)));
    })
    .also(&["power_state"]),
    NodeField::text("power_type", "The driver that switches it.", |node, give| {
        give(Scalar::Text(&node.machine.power.driver));
    }),
    NodeField::text("bmc", "The address of its BMC, for who may read it.", |node, give| {
        some(node.machine.power.address().filter(|_| node.tells_power), give);
    })
    .also(&["power_address"])
    .searched(),
    NodeField::new("mac", FieldKind::Mac, "Hardware addresses.", |node, give| {
        node.machine.interfaces.iter().for_each(|found| give(Scalar::Mac(found.mac)));
    })
    .also(&["mac_address"])
    .searched()
    .found_by(|word| word.parse().ok().map(MachineKey::Mac)),
    NodeField::new(
        "ip",
        FieldKind::Address,
        "IP addresses; a prefix means all within.",
        |node, give| {
            let links = node.machine.interfaces.iter().flat_map(|found| &found.links);
            links.filter_map(|link| link.ip_address).for_each(|ip| give(Scalar::Address(ip)));
        },
    )
    .also(&["ip_address", "ip_addresses"])
    .searched(),
    NodeField::text("subnet", "The prefixes and names of its subnets.", |node, give| {
        for link in node.machine.interfaces.iter().flat_map(|found| &found.links) {
            let Some(subnet) = link.subnet.and_then(|id| node.names.subnets.get(&id)) else {
                continue;
            };
            give(Scalar::Text(&subnet.cidr.to_string()));
            give(Scalar::Text(&subnet.name));
        }
    }),
    NodeField::text("vlan", "The tags and names of its VLANs.", |node, give| {
        for vlan in vlans(node) {
            give(Scalar::Text(&vlan.vid.to_string()));
            give(Scalar::Text(&vlan.name));
        }
    }),
    NodeField::text("fabric", "Its fabrics.", |node, give| {
        for vlan in vlans(node) {
            some(node.names.fabrics.get(&vlan.fabric).map(String::as_str), give);
        }
    }),
    NodeField::text("space", "Its spaces.", |node, give| {
        for vlan in vlans(node) {
            let space = vlan.space.and_then(|id| node.names.spaces.get(&id));
            some(space.map(String::as_str), give);
        }
    }),
    NodeField::text("os", "The operating system that is deployed.", |node, give| {
        some(node.machine.deployment.as_ref().map(|found| &*found.osystem), give);
    })
    .also(&["osystem"]),
    NodeField::text("release", "Its release.", |node, give| {
        some(node.machine.deployment.as_ref().map(|found| &*found.distro_series), give);
    })
    .also(&["distro_series", "series"]),
    NodeField::text("vendor", "Who made it.", |node, give| dmi(node, "system_vendor", give)),
    NodeField::text("product", "What it is sold as.", |node, give| {
        dmi(node, "system_product", give);
    }),
    NodeField::text("serial", "Its serial number.", |node, give| dmi(node, "system_serial", give))
        .searched(),
    NodeField::text("uuid", "Its SMBIOS UUID.", |node, give| {
        give(Scalar::Text(&node.machine.hardware.uuid));
    })
    .also(&["hardware_uuid"]),
    NodeField::time("created", "When it was first seen.", |node, give| {
        give(Scalar::Time(node.machine.created));
    }),
    NodeField::time("updated", "When it last changed.", |node, give| {
        give(Scalar::Time(node.machine.updated));
    }),
    NodeField::time("status_changed", "Since when its status is what it is.", |node, give| {
        if let Some(since) = node.machine.lifecycle.status_since() {
            give(Scalar::Time(since));
        }
    })
    .also(&["since"]),
    NodeField::time("deadline", "When what it does counts as timed out.", |node, give| {
        if let Some(deadline) = node.machine.lifecycle.deadline {
            give(Scalar::Time(deadline));
        }
    }),
    NodeField::time("failed_at", "When it failed.", |node, give| {
        if let Some(failure) = &node.machine.lifecycle.failure {
            give(Scalar::Time(failure.at));
        }
    }),
];

fn vlans(node: &Node) -> impl Iterator<Item = &model::net::vlan::Vlan> {
    let ids = node.machine.interfaces.iter().filter_map(|found| found.vlan);
    ids.filter_map(|id| node.names.vlans.get(&id))
}
