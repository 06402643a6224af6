//! The resources that the operator's commands know, as tables.

use reqwest::Method;

/// A resource of the API as a command.
#[derive(Debug)]
pub(crate) struct Resource {
    /// The command's name.
    pub(crate) name: &'static str,
    /// What it is about.
    pub(crate) about: &'static str,
    /// The columns of its table: header, and the path of the field.
    pub(crate) columns: &'static [(&'static str, &'static str)],
    /// What can be done.
    pub(crate) verbs: &'static [Verb],
}

/// Something that can be done with a resource.
#[derive(Debug)]
pub(crate) struct Verb {
    /// The sub-command's name; with a space, a sub-command of a sub-command.
    pub(crate) name: &'static str,
    /// What it does.
    pub(crate) about: &'static str,
    /// The HTTP method.
    pub(crate) method: Method,
    /// The path below the API's root; a `{placeholder}` becomes an argument.
    pub(crate) path: &'static str,
    /// MAAS's `op`.
    pub(crate) op: Option<&'static str>,
    /// Where the objects are in the answer.
    pub(crate) shows: Shows,
}

impl Verb {
    /// The verb with MAAS's `op`.
    pub(crate) const fn with_op(mut self, op: &'static str) -> Self {
        self.op = Some(op);
        self
    }
}

/// What is printed of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shows {
    /// A row for each object of the list.
    List,
    /// A row for each object of a list in this field.
    ListIn(&'static str),
    /// One row.
    Row,
    /// Every field.
    Fields,
    /// That it was done.
    Nothing,
}

const fn verb(
    name: &'static str,
    about: &'static str,
    method: Method,
    path: &'static str,
    shows: Shows,
) -> Verb {
    Verb { name, about, method, path, op: None, shows }
}

const fn list(path: &'static str) -> Verb {
    verb("list", "List them; fields filter", Method::GET, path, Shows::List)
}

const fn describe(path: &'static str) -> Verb {
    verb("describe", "Show every field of one", Method::GET, path, Shows::Fields)
}

const fn create(path: &'static str) -> Verb {
    verb("create", "Make one", Method::POST, path, Shows::Row)
}

const fn update(path: &'static str) -> Verb {
    verb("update", "Change fields of one", Method::PUT, path, Shows::Row)
}

const fn delete(path: &'static str) -> Verb {
    verb("delete", "Remove one", Method::DELETE, path, Shows::Nothing)
}

const fn operation(
    name: &'static str,
    about: &'static str,
    path: &'static str,
    op: &'static str,
) -> Verb {
    verb(name, about, Method::POST, path, Shows::Row).with_op(op)
}

const MACHINE: &str = "machines/{machine}/";
const VLAN: &str = "fabrics/{fabric}/vlans/{vid}/";

/// The resource that a command is named after.
pub(crate) fn find(name: &str) -> Option<&'static Resource> {
    RESOURCES.iter().find(|resource| resource.name == name)
}

/// All of them.
pub(crate) const RESOURCES: &[Resource] = &[
    Resource {
        name: "machine",
        about: "Look after machines",
        columns: &[
            ("ID", "system_id"),
            ("NAME", "fqdn"),
            ("STATUS", "status_name"),
            ("POWER", "power_state"),
            ("ARCHITECTURE", "architecture"),
            ("CPUS", "cpu_count"),
            ("MEMORY-MB", "memory"),
            ("ADDRESSES", "ip_addresses"),
        ],
        verbs: &[
            list("machines/"),
            describe(MACHINE),
            create("machines/"),
            update(MACHINE),
            delete(MACHINE),
            operation("commission", "Examine it", MACHINE, "commission"),
            operation("allocate", "Take a free one for yourself", "machines/", "allocate"),
            operation("deploy", "Install an operating system on it", MACHINE, "deploy"),
            operation("release", "Give it back", MACHINE, "release"),
            operation("abort", "Stop what it is doing", MACHINE, "abort"),
            operation("mark-broken", "Take it out of use", MACHINE, "mark_broken"),
            operation("mark-fixed", "Put it back into use", MACHINE, "mark_fixed"),
            operation("power on", "Switch it on", MACHINE, "power_on"),
            operation("power off", "Switch it off", MACHINE, "power_off"),
            verb("power query", "Ask whether it is on", Method::GET, MACHINE, Shows::Fields)
                .with_op("query_power_state"),
        ],
    },
    Resource {
        name: "fabric",
        about: "Look after fabrics",
        columns: &[("ID", "id"), ("NAME", "name"), ("CLASS", "class_type")],
        verbs: &[
            list("fabrics/"),
            describe("fabrics/{id}/"),
            create("fabrics/"),
            update("fabrics/{id}/"),
            delete("fabrics/{id}/"),
        ],
    },
    Resource {
        name: "vlan",
        about: "Look after the VLANs of a fabric",
        columns: &[
            ("ID", "id"),
            ("FABRIC", "fabric"),
            ("VID", "vid"),
            ("NAME", "name"),
            ("DHCP", "dhcp_on"),
            ("PRIMARY-RACK", "primary_rack"),
            ("SECONDARY-RACK", "secondary_rack"),
        ],
        verbs: &[
            list("fabrics/{fabric}/vlans/"),
            describe(VLAN),
            create("fabrics/{fabric}/vlans/"),
            update(VLAN),
            delete(VLAN),
        ],
    },
    Resource {
        name: "subnet",
        about: "Look after subnets",
        columns: &[
            ("ID", "id"),
            ("CIDR", "cidr"),
            ("NAME", "name"),
            ("VLAN", "vlan.id"),
            ("VID", "vlan.vid"),
            ("GATEWAY", "gateway_ip"),
            ("DNS", "dns_servers"),
        ],
        verbs: &[
            list("subnets/"),
            describe("subnets/{subnet}/"),
            create("subnets/"),
            update("subnets/{subnet}/"),
            delete("subnets/{subnet}/"),
        ],
    },
    Resource {
        name: "iprange",
        about: "Look after the ranges of subnets",
        columns: &[
            ("ID", "id"),
            ("TYPE", "type"),
            ("FIRST", "start_ip"),
            ("LAST", "end_ip"),
            ("SUBNET", "subnet.cidr"),
        ],
        verbs: &[
            list("ipranges/"),
            describe("ipranges/{id}/"),
            create("ipranges/"),
            update("ipranges/{id}/"),
            delete("ipranges/{id}/"),
        ],
    },
    Resource {
        name: "dhcp-snippet",
        about: "Look after what DHCP clients are told beyond what follows from the network",
        columns: &[
            ("ID", "id"),
            ("NAME", "name"),
            ("ENABLED", "enabled"),
            ("GLOBAL", "global_snippet"),
            ("SUBNET", "subnet.cidr"),
            ("MACHINE", "node.fqdn"),
            ("DESCRIPTION", "description"),
        ],
        verbs: &[
            list("dhcp-snippets/"),
            describe("dhcp-snippets/{id}/"),
            create("dhcp-snippets/"),
            update("dhcp-snippets/{id}/"),
            delete("dhcp-snippets/{id}/"),
            operation(
                "revert",
                "Give it an earlier text again: to=ID, or to=-1 for the one before",
                "dhcp-snippets/{id}/",
                "revert",
            ),
        ],
    },
    Resource {
        name: "static-route",
        about: "Look after routes between subnets",
        columns: &[
            ("ID", "id"),
            ("SOURCE", "source.cidr"),
            ("DESTINATION", "destination.cidr"),
            ("GATEWAY", "gateway_ip"),
            ("METRIC", "metric"),
        ],
        verbs: &[
            list("static-routes/"),
            describe("static-routes/{id}/"),
            create("static-routes/"),
            update("static-routes/{id}/"),
            delete("static-routes/{id}/"),
        ],
    },
    Resource {
        name: "domain",
        about: "Look after DNS domains",
        columns: &[
            ("ID", "id"),
            ("NAME", "name"),
            ("AUTHORITATIVE", "authoritative"),
            ("TTL", "ttl"),
            ("DEFAULT", "is_default"),
        ],
        verbs: &[
            list("domains/"),
            describe("domains/{id}/"),
            create("domains/"),
            update("domains/{id}/"),
            delete("domains/{id}/"),
        ],
    },
    Resource {
        name: "rack-controller",
        about: "Look after rack controllers",
        columns: &[
            ("ID", "system_id"),
            ("NAME", "hostname"),
            ("VERSION", "version"),
            ("RACKD", "service_set.rackd.status"),
        ],
        verbs: &[list("rackcontrollers/"), describe("rackcontrollers/{id}/")],
    },
    Resource {
        name: "region-controller",
        about: "Look after region controllers",
        columns: &[("ID", "system_id"), ("NAME", "hostname"), ("VERSION", "version")],
        verbs: &[list("regioncontrollers/"), describe("regioncontrollers/{id}/")],
    },
    Resource {
        name: "event",
        about: "Look at what happened",
        columns: &[
            ("TIME", "created"),
            ("LEVEL", "level"),
            ("NODE", "hostname"),
            ("TYPE", "type"),
            ("DESCRIPTION", "description"),
        ],
        verbs: &[verb("list", "Newest first", Method::GET, "events/", Shows::ListIn("events"))
            .with_op("query")],
    },
];
