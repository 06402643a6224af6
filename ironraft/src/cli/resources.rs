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
    /// The answer, which is one value.
    Value,
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
    verb(
        "list",
        "List them; fields filter machines, devices, events and rack controllers",
        Method::GET,
        path,
        Shows::List,
    )
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
const DEVICE: &str = "devices/{device}/";
const INTERFACES: &str = "nodes/{node}/interfaces/";
const INTERFACE: &str = "nodes/{node}/interfaces/{interface}/";
const DISCOVERIES: &str = "discovery/";
const TAG: &str = "tags/{tag}/";
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
            operation("annotate", "Note FIELD=VALUE on it", MACHINE, "set_workload_annotations"),
            operation("lock", "Let nobody change it", MACHINE, "lock"),
            operation("unlock", "Let it be changed again", MACHINE, "unlock"),
            operation(
                "override-failed-testing",
                "Use it although its tests failed",
                MACHINE,
                "override_failed_testing",
            ),
            verb("clone", "Copy networks to others", Method::POST, "machines/", Shows::Nothing)
                .with_op("clone"),
            operation("rescue", "Let its owner log in to the ephemeral OS", MACHINE, "rescue_mode"),
            operation("end-rescue", "End that, and go back", MACHINE, "exit_rescue_mode"),
            operation("mark-broken", "Take it out of use", MACHINE, "mark_broken"),
            operation("mark-fixed", "Put it back into use", MACHINE, "mark_fixed"),
            operation("power on", "Switch it on", MACHINE, "power_on"),
            operation("power off", "Switch it off", MACHINE, "power_off"),
            verb("power query", "Ask whether it is on", Method::GET, MACHINE, Shows::Fields)
                .with_op("query_power_state"),
        ],
    },
    Resource {
        name: "device",
        about: "Look after what has a name and addresses and is never deployed",
        columns: &[
            ("ID", "system_id"),
            ("NAME", "fqdn"),
            ("OWNER", "owner"),
            ("PARENT", "parent"),
            ("ZONE", "zone.name"),
            ("ADDRESSES", "ip_addresses"),
        ],
        verbs: &[
            list("devices/"),
            describe(DEVICE),
            create("devices/"),
            update(DEVICE),
            delete(DEVICE),
            operation("annotate", "Note something of it", DEVICE, "set_workload_annotations"),
        ],
    },
    Resource {
        name: "interface",
        about: "Look after the interfaces of a device, and see those of a machine",
        columns: &[
            ("ID", "id"),
            ("NAME", "name"),
            ("MAC", "mac_address"),
            ("VLAN", "vlan.id"),
            ("LINKS", "links.id"),
            ("MODES", "links.mode"),
            ("ADDRESSES", "links.ip_address"),
        ],
        verbs: &[
            list(INTERFACES),
            describe(INTERFACE),
            operation("create", "Make one", INTERFACES, "create_physical"),
            update(INTERFACE),
            delete(INTERFACE),
            operation(
                "link",
                "Give it an address of a subnet, which it keeps: mode=static subnet=SUBNET",
                INTERFACE,
                "link_subnet",
            ),
            operation("unlink", "Take a link away: id=LINK", INTERFACE, "unlink_subnet"),
            operation("disconnect", "Take all links and the VLAN away", INTERFACE, "disconnect"),
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
        name: "reservedip",
        about: "Look after addresses that are kept for one client",
        columns: &[
            ("ID", "id"),
            ("ADDRESS", "ip"),
            ("MAC", "mac_address"),
            ("SUBNET", "subnet.cidr"),
            ("COMMENT", "comment"),
        ],
        verbs: &[
            list("reservedips/"),
            describe("reservedips/{id}/"),
            create("reservedips/"),
            update("reservedips/{id}/"),
            delete("reservedips/{id}/"),
        ],
    },
    Resource {
        name: "discovery",
        about: "See which hosts use addresses on the racks' links, and search for them",
        columns: &[
            ("ID", "discovery_id"),
            ("ADDRESS", "ip"),
            ("MAC", "mac_address"),
            ("FABRIC", "fabric_name"),
            ("VID", "vid"),
            ("LAST-SEEN", "last_seen"),
            ("SEEN-BY", "observer.hostname"),
            ("AT", "observer.interface_name"),
        ],
        verbs: &[
            list(DISCOVERIES),
            verb("unknown", "List those that nobody knows", Method::GET, DISCOVERIES, Shows::List)
                .with_op("by_unknown_ip_and_mac"),
            verb(
                "unknown-mac",
                "List those whose hardware address nobody has",
                Method::GET,
                DISCOVERIES,
                Shows::List,
            )
            .with_op("by_unknown_mac"),
            verb(
                "unknown-ip",
                "List those whose address nobody has",
                Method::GET,
                DISCOVERIES,
                Shows::List,
            )
            .with_op("by_unknown_ip"),
            describe("discovery/{id}/"),
            verb(
                "scan",
                "Have racks search for hosts: cidr=NETWORK, or force=true for all networks",
                Method::POST,
                DISCOVERIES,
                Shows::Fields,
            )
            .with_op("scan"),
            verb("clear", "Forget them: all=true", Method::POST, DISCOVERIES, Shows::Nothing)
                .with_op("clear"),
            verb(
                "forget",
                "Forget one: ip=ADDRESS mac=ADDRESS",
                Method::POST,
                DISCOVERIES,
                Shows::Nothing,
            )
            .with_op("clear_by_mac_and_ip"),
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
            operation(
                "set-default",
                "Have names be in it by default",
                "domains/{id}/",
                "set_default",
            ),
            verb(
                "set-serial",
                "Set the serial of all zones: serial=NUMBER",
                Method::POST,
                "domains/",
                Shows::Nothing,
            )
            .with_op("set_serial"),
        ],
    },
    Resource {
        name: "tag",
        about: "Look after tags of machines",
        columns: &[
            ("NAME", "name"),
            ("DEFINITION", "definition"),
            ("KERNEL-OPTIONS", "kernel_opts"),
            ("COMMENT", "comment"),
        ],
        verbs: &[
            list("tags/"),
            describe(TAG),
            create("tags/"),
            update(TAG),
            delete(TAG),
            verb(
                "update-nodes",
                "Give it to machines, or take it from them: add=ID, remove=ID",
                Method::POST,
                TAG,
                Shows::Fields,
            )
            .with_op("update_nodes"),
            verb("rebuild", "Evaluate its definition anew", Method::POST, TAG, Shows::Nothing)
                .with_op("rebuild"),
        ],
    },
    Resource {
        name: "user",
        about: "Look after users",
        columns: &[("NAME", "username"), ("MAIL", "email"), ("ADMINISTRATOR", "is_superuser")],
        verbs: &[
            list("users/"),
            describe("users/{user}/"),
            create("users/"),
            delete("users/{user}/"),
        ],
    },
    Resource {
        name: "setting",
        about: "Look after settings of the site",
        columns: &[],
        verbs: &[
            verb("get", "Show one: name=NAME", Method::GET, "maas/", Shows::Value)
                .with_op("get_config"),
            verb("set", "Change one: name=NAME value=VALUE", Method::POST, "maas/", Shows::Nothing)
                .with_op("set_config"),
        ],
    },
    Resource {
        name: "package-repository",
        about: "Look after where deployed systems get packages from",
        columns: &[
            ("ID", "id"),
            ("NAME", "name"),
            ("URL", "url"),
            ("ARCHITECTURES", "arches"),
            ("ENABLED", "enabled"),
        ],
        verbs: &[
            list("package-repositories/"),
            describe("package-repositories/{id}/"),
            create("package-repositories/"),
            update("package-repositories/{id}/"),
            delete("package-repositories/{id}/"),
        ],
    },
    Resource {
        name: "notification",
        about: "Read messages to you, and write them to others",
        columns: &[("ID", "id"), ("CATEGORY", "category"), ("MESSAGE", "message")],
        verbs: &[
            list("notifications/"),
            describe("notifications/{id}/"),
            create("notifications/"),
            update("notifications/{id}/"),
            delete("notifications/{id}/"),
            operation("dismiss", "Have it go away for you", "notifications/{id}/", "dismiss"),
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
        verbs: &[
            list("rackcontrollers/"),
            describe("rackcontrollers/{id}/"),
            update("rackcontrollers/{id}/"),
            delete("rackcontrollers/{id}/"),
        ],
    },
    Resource {
        name: "region-controller",
        about: "Look after region controllers",
        columns: &[("ID", "system_id"), ("NAME", "hostname"), ("VERSION", "version")],
        verbs: &[
            list("regioncontrollers/"),
            describe("regioncontrollers/{id}/"),
            update("regioncontrollers/{id}/"),
        ],
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
