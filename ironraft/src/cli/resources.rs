//! The resources that the operator's commands know, as tables.

use reqwest::Method;

use crate::cli::output::Columns;

/// A resource of the API as a command.
#[derive(Debug)]
pub(crate) struct Resource {
    /// The command's name.
    pub(crate) name: &'static str,
    /// What it is about.
    pub(crate) about: &'static str,
    /// One of them and several, in the middle of a sentence.
    pub(crate) nouns: (&'static str, &'static str),
    /// The columns of its table: header, and the path of the field.
    pub(crate) columns: &'static [(&'static str, &'static str)],
    /// The columns that a wide table has beside them.
    pub(crate) more: &'static [(&'static str, &'static str)],
    /// What can be done.
    pub(crate) verbs: &'static [Verb],
    /// An example of each verb: its name, and what stands behind it.
    pub(crate) examples: &'static [(&'static str, &'static str)],
}

impl Resource {
    /// All its columns.
    pub(crate) const fn all_columns(&self) -> Columns<'static> {
        Columns { usual: self.columns, more: self.more }
    }

    /// What a verb does.
    pub(crate) fn about(&self, verb: &Verb) -> String {
        let (one, several) = self.nouns;
        match verb.name {
            _ if !verb.about.is_empty() => verb.about.to_owned(),
            "list" => format!("List {several}"),
            "describe" => format!("Show every field of {one}"),
            "create" => format!("Make {one}"),
            "update" => format!("Change fields of {one}"),
            _ => format!("Delete {one}"),
        }
    }

    /// The example of a verb.
    pub(crate) fn example(&self, verb: &str) -> String {
        let found = self.examples.iter().find(|(name, _)| *name == verb);
        let line = format!("ironraft {} {verb} {}", self.name, found.map_or("", |it| it.1));
        line.trim_end().to_owned()
    }
}

/// Something that can be done with a resource.
#[derive(Debug)]
pub(crate) struct Verb {
    /// The sub-command's name; with a space, a sub-command of a sub-command.
    pub(crate) name: &'static str,
    /// What it does; empty for the usual verbs, which say so by their names.
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
    verb("list", "", Method::GET, path, Shows::List)
}

const fn describe(path: &'static str) -> Verb {
    verb("describe", "", Method::GET, path, Shows::Fields)
}

const fn create(path: &'static str) -> Verb {
    verb("create", "", Method::POST, path, Shows::Row)
}

const fn update(path: &'static str) -> Verb {
    verb("update", "", Method::PUT, path, Shows::Row)
}

const fn delete(path: &'static str) -> Verb {
    verb("delete", "", Method::DELETE, path, Shows::Nothing)
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
const USER_GROUP: &str = "groups/{group}/";
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
        nouns: ("a machine", "machines"),
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
        more: &[
            ("OWNER", "owner"),
            ("POOL", "pool.name"),
            ("ZONE", "zone.name"),
            ("TAGS", "tag_names"),
            ("OS", "osystem"),
            ("SERIES", "distro_series"),
            ("MESSAGE", "status_message"),
        ],
        verbs: &[
            list("machines/"),
            describe(MACHINE),
            create("machines/"),
            update(MACHINE),
            delete(MACHINE),
            operation(
                "commission",
                "Boot a machine to look at its hardware",
                MACHINE,
                "commission",
            ),
            operation("allocate", "Take a free machine for yourself", "machines/", "allocate"),
            operation("deploy", "Install an operating system on a machine", MACHINE, "deploy"),
            operation(
                "release",
                "Give a machine back, so that others can have it",
                MACHINE,
                "release",
            ),
            operation("abort", "Stop what a machine is doing", MACHINE, "abort"),
            operation(
                "annotate",
                "Note FIELD=VALUE on a machine; an empty value takes it away",
                MACHINE,
                "set_workload_annotations",
            ),
            operation("lock", "Let nobody change or release a machine", MACHINE, "lock"),
            operation("unlock", "Let a machine be changed again", MACHINE, "unlock"),
            operation(
                "override-failed-testing",
                "Use a machine although its tests failed",
                MACHINE,
                "override_failed_testing",
            ),
            verb(
                "clone",
                "Copy the networks of a machine to others",
                Method::POST,
                "machines/",
                Shows::Nothing,
            )
            .with_op("clone"),
            operation(
                "rescue",
                "Boot a machine into the ephemeral system, for its owner to log in",
                MACHINE,
                "rescue_mode",
            ),
            operation(
                "end-rescue",
                "End rescue mode, and go back to what was before",
                MACHINE,
                "exit_rescue_mode",
            ),
            operation("mark-broken", "Take a machine out of use", MACHINE, "mark_broken"),
            operation("mark-fixed", "Put a machine back into use", MACHINE, "mark_fixed"),
            operation("power on", "Switch a machine on", MACHINE, "power_on"),
            operation("power off", "Switch a machine off", MACHINE, "power_off"),
            verb(
                "power query",
                "Ask the BMC whether a machine is on",
                Method::GET,
                MACHINE,
                Shows::Fields,
            )
            .with_op("query_power_state"),
        ],
        examples: &[
            ("list", "zone=cellar"),
            ("describe", "web-01"),
            (
                "create",
                "hostname=web-01 architecture=amd64 mac_addresses=52:54:00:12:34:56 power_type=manual",
            ),
            ("update", "web-01 zone=cellar --check"),
            ("delete", "web-01 web-02"),
            ("commission", "web-01"),
            ("allocate", "name=web-01"),
            ("deploy", "web-01 distro_series=debian/bookworm"),
            ("release", "web-01 web-02 comment=done"),
            ("abort", "web-01"),
            ("annotate", "web-01 team=storage"),
            ("lock", "web-01"),
            ("unlock", "web-01"),
            ("override-failed-testing", "web-01"),
            ("clone", "source=4y3h7n destinations=abc123 interfaces=true"),
            ("rescue", "web-01"),
            ("end-rescue", "web-01"),
            ("mark-broken", "web-01 comment='no fan'"),
            ("mark-fixed", "web-01"),
            ("power on", "web-01 web-02"),
            ("power off", "web-01 stop_mode=soft"),
            ("power query", "web-01"),
        ],
    },
    Resource {
        name: "device",
        about: "Look after what has a name and addresses and is never deployed",
        nouns: ("a device", "devices"),
        columns: &[
            ("ID", "system_id"),
            ("NAME", "fqdn"),
            ("OWNER", "owner"),
            ("PARENT", "parent"),
            ("ZONE", "zone.name"),
            ("ADDRESSES", "ip_addresses"),
        ],
        more: &[("DOMAIN", "domain.name"), ("TAGS", "tag_names")],
        verbs: &[
            list("devices/"),
            describe(DEVICE),
            create("devices/"),
            update(DEVICE),
            delete(DEVICE),
            operation(
                "annotate",
                "Note FIELD=VALUE on a device",
                DEVICE,
                "set_workload_annotations",
            ),
        ],
        examples: &[
            ("list", ""),
            ("describe", "printer"),
            ("create", "hostname=printer mac_addresses=52:54:00:12:34:57"),
            ("update", "printer zone=cellar"),
            ("delete", "printer"),
            ("annotate", "printer floor=2"),
        ],
    },
    Resource {
        name: "interface",
        about: "Look after the interfaces of a device, and see those of a machine",
        nouns: ("an interface", "the interfaces of a node"),
        columns: &[
            ("ID", "id"),
            ("NAME", "name"),
            ("MAC", "mac_address"),
            ("VLAN", "vlan.id"),
            ("LINKS", "links.id"),
            ("MODES", "links.mode"),
            ("ADDRESSES", "links.ip_address"),
        ],
        more: &[("TYPE", "type"), ("MTU", "effective_mtu"), ("TAGS", "tags")],
        verbs: &[
            list(INTERFACES),
            describe(INTERFACE),
            operation("create", "", INTERFACES, "create_physical"),
            update(INTERFACE),
            delete(INTERFACE),
            operation(
                "link",
                "Give an interface an address of a subnet, which it keeps",
                INTERFACE,
                "link_subnet",
            ),
            operation("unlink", "Take a link away from an interface", INTERFACE, "unlink_subnet"),
            operation(
                "disconnect",
                "Take all links and the VLAN away from an interface",
                INTERFACE,
                "disconnect",
            ),
        ],
        examples: &[
            ("list", "web-01"),
            ("describe", "web-01 5"),
            ("create", "printer name=eth1 mac_address=52:54:00:12:34:58"),
            ("update", "printer 5 vlan=1"),
            ("delete", "printer 5"),
            ("link", "printer 5 mode=static subnet=10.0.0.0/24 ip_address=10.0.0.9"),
            ("unlink", "printer 5 id=7"),
            ("disconnect", "printer 5"),
        ],
    },
    Resource {
        name: "fabric",
        about: "Look after fabrics",
        nouns: ("a fabric", "fabrics"),
        columns: &[("ID", "id"), ("NAME", "name"), ("CLASS", "class_type")],
        more: &[],
        verbs: &[
            list("fabrics/"),
            describe("fabrics/{id}/"),
            create("fabrics/"),
            update("fabrics/{id}/"),
            delete("fabrics/{id}/"),
        ],
        examples: &[
            ("list", ""),
            ("describe", "fabric-0"),
            ("create", "name=plant"),
            ("update", "plant class_type=10g"),
            ("delete", "plant"),
        ],
    },
    Resource {
        name: "vlan",
        about: "Look after the VLANs of a fabric",
        nouns: ("a VLAN", "the VLANs of a fabric"),
        columns: &[
            ("ID", "id"),
            ("FABRIC", "fabric"),
            ("VID", "vid"),
            ("NAME", "name"),
            ("DHCP", "dhcp_on"),
            ("PRIMARY-RACK", "primary_rack"),
            ("SECONDARY-RACK", "secondary_rack"),
        ],
        more: &[("MTU", "mtu"), ("SPACE", "space"), ("RELAY", "relay_vlan")],
        verbs: &[
            list("fabrics/{fabric}/vlans/"),
            describe(VLAN),
            create("fabrics/{fabric}/vlans/"),
            update(VLAN),
            delete(VLAN),
        ],
        examples: &[
            ("list", "fabric-0"),
            ("describe", "fabric-0 101"),
            ("create", "fabric-0 vid=101 name=machines"),
            ("update", "fabric-0 101 dhcp_on=true primary_rack=rbezqh"),
            ("delete", "fabric-0 101"),
        ],
    },
    Resource {
        name: "subnet",
        about: "Look after subnets",
        nouns: ("a subnet", "subnets"),
        columns: &[
            ("ID", "id"),
            ("CIDR", "cidr"),
            ("NAME", "name"),
            ("VLAN", "vlan.id"),
            ("VID", "vlan.vid"),
            ("GATEWAY", "gateway_ip"),
            ("DNS", "dns_servers"),
        ],
        more: &[
            ("FABRIC", "vlan.fabric"),
            ("SPACE", "space"),
            ("MANAGED", "managed"),
            ("DISCOVERY", "active_discovery"),
        ],
        verbs: &[
            list("subnets/"),
            describe("subnets/{subnet}/"),
            create("subnets/"),
            update("subnets/{subnet}/"),
            delete("subnets/{subnet}/"),
        ],
        examples: &[
            ("list", "vid=101"),
            ("describe", "10.0.0.0/24"),
            ("create", "cidr=10.0.0.0/24 gateway_ip=10.0.0.1 vlan=1"),
            ("update", "10.0.0.0/24 name=machines dns_servers=10.0.0.53"),
            ("delete", "10.0.0.0/24"),
        ],
    },
    Resource {
        name: "iprange",
        about: "Look after the ranges of subnets",
        nouns: ("a range of addresses", "ranges of addresses"),
        columns: &[
            ("ID", "id"),
            ("TYPE", "type"),
            ("FIRST", "start_ip"),
            ("LAST", "end_ip"),
            ("SUBNET", "subnet.cidr"),
        ],
        more: &[("COMMENT", "comment"), ("USER", "user.username")],
        verbs: &[
            list("ipranges/"),
            describe("ipranges/{id}/"),
            create("ipranges/"),
            update("ipranges/{id}/"),
            delete("ipranges/{id}/"),
        ],
        examples: &[
            ("list", "subnet=10.0.0.0/24"),
            ("describe", "1"),
            ("create", "type=dynamic start_ip=10.0.0.100 end_ip=10.0.0.200"),
            ("update", "1 comment=guests"),
            ("delete", "1"),
        ],
    },
    Resource {
        name: "reservedip",
        about: "Look after addresses that are kept for one client",
        nouns: ("a kept address", "kept addresses"),
        columns: &[
            ("ID", "id"),
            ("ADDRESS", "ip"),
            ("MAC", "mac_address"),
            ("SUBNET", "subnet.cidr"),
            ("COMMENT", "comment"),
        ],
        more: &[("VLAN", "vlan")],
        verbs: &[
            list("reservedips/"),
            describe("reservedips/{id}/"),
            create("reservedips/"),
            update("reservedips/{id}/"),
            delete("reservedips/{id}/"),
        ],
        examples: &[
            ("list", "subnet=10.0.0.0/24"),
            ("describe", "1"),
            ("create", "ip=10.0.0.20 mac_address=52:54:00:12:34:56"),
            ("update", "1 comment=printer"),
            ("delete", "1"),
        ],
    },
    Resource {
        name: "discovery",
        about: "See which hosts use addresses on the racks' links, and search for them",
        nouns: ("a host that was found", "hosts that were found"),
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
        more: &[("SUBNET", "subnet.cidr")],
        verbs: &[
            list(DISCOVERIES),
            verb("unknown", "List hosts that nobody knows", Method::GET, DISCOVERIES, Shows::List)
                .with_op("by_unknown_ip_and_mac"),
            verb(
                "unknown-mac",
                "List hosts whose hardware address nobody has",
                Method::GET,
                DISCOVERIES,
                Shows::List,
            )
            .with_op("by_unknown_mac"),
            verb(
                "unknown-ip",
                "List hosts whose IP address nobody has",
                Method::GET,
                DISCOVERIES,
                Shows::List,
            )
            .with_op("by_unknown_ip"),
            describe("discovery/{id}/"),
            verb(
                "scan",
                "Have racks search networks for hosts",
                Method::POST,
                DISCOVERIES,
                Shows::Fields,
            )
            .with_op("scan"),
            verb(
                "clear",
                "Forget all hosts that were found",
                Method::POST,
                DISCOVERIES,
                Shows::Nothing,
            )
            .with_op("clear"),
            verb(
                "forget",
                "Forget one host that was found",
                Method::POST,
                DISCOVERIES,
                Shows::Nothing,
            )
            .with_op("clear_by_mac_and_ip"),
        ],
        examples: &[
            ("list", "vid=0"),
            ("unknown", ""),
            ("unknown-mac", ""),
            ("unknown-ip", ""),
            ("describe", "MTAuMC4wLjksNTI="),
            ("scan", "cidr=10.0.0.0/24"),
            ("clear", "all=true"),
            ("forget", "ip=10.0.0.9 mac=52:54:00:12:34:59"),
        ],
    },
    Resource {
        name: "dhcp-snippet",
        about: "Look after what DHCP clients are told beyond what follows from the network",
        nouns: ("a DHCP snippet", "DHCP snippets"),
        columns: &[
            ("ID", "id"),
            ("NAME", "name"),
            ("ENABLED", "enabled"),
            ("GLOBAL", "global_snippet"),
            ("SUBNET", "subnet.cidr"),
            ("MACHINE", "node.fqdn"),
            ("DESCRIPTION", "description"),
        ],
        more: &[],
        verbs: &[
            list("dhcp-snippets/"),
            describe("dhcp-snippets/{id}/"),
            create("dhcp-snippets/"),
            update("dhcp-snippets/{id}/"),
            delete("dhcp-snippets/{id}/"),
            operation(
                "revert",
                "Give a snippet an earlier text again",
                "dhcp-snippets/{id}/",
                "revert",
            ),
        ],
        examples: &[
            ("list", "enabled=true"),
            ("describe", "1"),
            ("create", "name=ntp value='option ntp-servers 10.0.0.2;' subnet=10.0.0.0/24"),
            ("update", "ntp enabled=false"),
            ("delete", "ntp"),
            ("revert", "ntp to=-1"),
        ],
    },
    Resource {
        name: "static-route",
        about: "Look after routes between subnets",
        nouns: ("a route", "routes"),
        columns: &[
            ("ID", "id"),
            ("SOURCE", "source.cidr"),
            ("DESTINATION", "destination.cidr"),
            ("GATEWAY", "gateway_ip"),
            ("METRIC", "metric"),
        ],
        more: &[],
        verbs: &[
            list("static-routes/"),
            describe("static-routes/{id}/"),
            create("static-routes/"),
            update("static-routes/{id}/"),
            delete("static-routes/{id}/"),
        ],
        examples: &[
            ("list", ""),
            ("describe", "1"),
            ("create", "source=10.0.0.0/24 destination=10.1.0.0/24 gateway_ip=10.0.0.254"),
            ("update", "1 metric=100"),
            ("delete", "1"),
        ],
    },
    Resource {
        name: "domain",
        about: "Look after DNS domains",
        nouns: ("a DNS domain", "DNS domains"),
        columns: &[
            ("ID", "id"),
            ("NAME", "name"),
            ("AUTHORITATIVE", "authoritative"),
            ("TTL", "ttl"),
            ("DEFAULT", "is_default"),
        ],
        more: &[("RECORDS", "resource_record_count")],
        verbs: &[
            list("domains/"),
            describe("domains/{id}/"),
            create("domains/"),
            update("domains/{id}/"),
            delete("domains/{id}/"),
            operation(
                "set-default",
                "Have names be in a domain by default",
                "domains/{id}/",
                "set_default",
            ),
            verb(
                "set-serial",
                "Set the serial of all zones",
                Method::POST,
                "domains/",
                Shows::Nothing,
            )
            .with_op("set_serial"),
        ],
        examples: &[
            ("list", ""),
            ("describe", "maas"),
            ("create", "name=example.com"),
            ("update", "example.com ttl=300"),
            ("delete", "example.com"),
            ("set-default", "example.com"),
            ("set-serial", "serial=2026112900"),
        ],
    },
    Resource {
        name: "tag",
        about: "Look after tags of machines",
        nouns: ("a tag", "tags"),
        columns: &[
            ("NAME", "name"),
            ("DEFINITION", "definition"),
            ("KERNEL-OPTIONS", "kernel_opts"),
            ("COMMENT", "comment"),
        ],
        more: &[],
        verbs: &[
            list("tags/"),
            describe(TAG),
            create("tags/"),
            update(TAG),
            delete(TAG),
            verb(
                "update-nodes",
                "Give a tag to machines, or take it from them",
                Method::POST,
                TAG,
                Shows::Fields,
            )
            .with_op("update_nodes"),
            verb("rebuild", "Evaluate a tag's definition anew", Method::POST, TAG, Shows::Nothing)
                .with_op("rebuild"),
        ],
        examples: &[
            ("list", ""),
            ("describe", "gpu"),
            ("create", "name=gpu comment='has a GPU'"),
            ("update", "gpu comment='has two'"),
            ("delete", "gpu"),
            ("update-nodes", "gpu add=4y3h7n remove=abc123"),
            ("rebuild", "gpu"),
        ],
    },
    Resource {
        name: "user",
        about: "Look after users",
        nouns: ("a user", "users"),
        columns: &[("NAME", "username"), ("MAIL", "email"), ("ADMINISTRATOR", "is_superuser")],
        more: &[],
        verbs: &[
            list("users/"),
            describe("users/{user}/"),
            create("users/"),
            delete("users/{user}/"),
        ],
        examples: &[
            ("list", ""),
            ("describe", "alice"),
            (
                "create",
                "username=alice email=alice@example.com password=correct-horse is_superuser=false",
            ),
            ("delete", "alice"),
        ],
    },
    Resource {
        name: "user-group",
        about: "Look after groups of users, and what they give",
        nouns: ("a group of users", "groups of users"),
        columns: &[("ID", "id"), ("NAME", "name"), ("DESCRIPTION", "description")],
        more: &[],
        verbs: &[
            list("groups/"),
            describe(USER_GROUP),
            create("groups/"),
            update(USER_GROUP),
            delete(USER_GROUP),
            verb("list-members", "List the users in it", Method::GET, USER_GROUP, Shows::Value)
                .with_op("list_members"),
            verb(
                "add-member",
                "Put a user into it: username=NAME",
                Method::POST,
                USER_GROUP,
                Shows::Nothing,
            )
            .with_op("add_member"),
            verb(
                "remove-member",
                "Take a user out of it: username=NAME",
                Method::POST,
                USER_GROUP,
                Shows::Nothing,
            )
            .with_op("remove_member"),
            verb(
                "list-entitlements",
                "List what it gives to its members",
                Method::GET,
                USER_GROUP,
                Shows::Value,
            )
            .with_op("list_entitlements"),
            verb(
                "add-entitlement",
                "Have it give something: resource_type=maas|pool resource_id=ID entitlement=NAME",
                Method::POST,
                USER_GROUP,
                Shows::Nothing,
            )
            .with_op("add_entitlement"),
            verb(
                "remove-entitlement",
                "Have it not give something: resource_type=maas|pool resource_id=ID entitlement=NAME",
                Method::POST,
                USER_GROUP,
                Shows::Nothing,
            )
            .with_op("remove_entitlement"),
        ],
        examples: &[
            ("list", ""),
            ("describe", "operators"),
            ("create", "name=operators description='run the lab'"),
            ("update", "operators description='run the site'"),
            ("delete", "operators"),
            ("list-members", "operators"),
            ("add-member", "operators username=alice"),
            ("remove-member", "operators username=alice"),
            ("list-entitlements", "operators"),
            (
                "add-entitlement",
                "operators resource_type=pool resource_id=1 entitlement=can_deploy_machines",
            ),
            (
                "remove-entitlement",
                "operators resource_type=pool resource_id=1 entitlement=can_deploy_machines",
            ),
        ],
    },
    Resource {
        name: "oidc-provider",
        about: "Look after where users log in besides here",
        nouns: ("a provider", "providers"),
        columns: &[
            ("ID", "id"),
            ("NAME", "name"),
            ("ISSUER", "issuer_url"),
            ("ENABLED", "enabled"),
            ("ADMIN-GROUPS", "admin_groups"),
            ("USER-GROUPS", "user_groups"),
        ],
        more: &[],
        verbs: &[
            list("oidc-providers/"),
            describe("oidc-providers/{provider}/"),
            create("oidc-providers/"),
            update("oidc-providers/{provider}/"),
            delete("oidc-providers/{provider}/"),
            verb(
                "active",
                "Show every field of the one that users log in at",
                Method::GET,
                "oidc-providers/",
                Shows::Fields,
            )
            .with_op("get_active"),
        ],
        examples: &[
            ("list", ""),
            ("describe", "1"),
            (
                "create",
                "name=corp issuer_url=https://id.example.com client_id=maas client_secret=SECRET \
                 redirect_uri=https://maas.example.com/MAAS/r/login/oidc/callback",
            ),
            ("update", "1 enabled=true"),
            ("delete", "1"),
            ("active", ""),
        ],
    },
    Resource {
        name: "setting",
        about: "Look after settings of the site",
        nouns: ("a setting", "settings"),
        columns: &[],
        more: &[],
        verbs: &[
            verb("get", "Show a setting", Method::GET, "maas/", Shows::Value).with_op("get_config"),
            verb("set", "Change a setting", Method::POST, "maas/", Shows::Nothing)
                .with_op("set_config"),
        ],
        examples: &[("get", "name=ntp_servers"), ("set", "name=ntp_servers value=10.0.0.2")],
    },
    Resource {
        name: "package-repository",
        about: "Look after where deployed systems get packages from",
        nouns: ("a package repository", "package repositories"),
        columns: &[
            ("ID", "id"),
            ("NAME", "name"),
            ("URL", "url"),
            ("ARCHITECTURES", "arches"),
            ("ENABLED", "enabled"),
        ],
        more: &[("DISTRIBUTIONS", "distributions"), ("COMPONENTS", "components")],
        verbs: &[
            list("package-repositories/"),
            describe("package-repositories/{id}/"),
            create("package-repositories/"),
            update("package-repositories/{id}/"),
            delete("package-repositories/{id}/"),
        ],
        examples: &[
            ("list", ""),
            ("describe", "1"),
            ("create", "name=local url=http://10.0.0.3/debian"),
            ("update", "local enabled=false"),
            ("delete", "local"),
        ],
    },
    Resource {
        name: "notification",
        about: "Read messages to you, and write them to others",
        nouns: ("a notification", "notifications"),
        columns: &[("ID", "id"), ("CATEGORY", "category"), ("MESSAGE", "message")],
        more: &[("USER", "user"), ("ADMINS", "admins")],
        verbs: &[
            list("notifications/"),
            describe("notifications/{id}/"),
            create("notifications/"),
            update("notifications/{id}/"),
            delete("notifications/{id}/"),
            operation(
                "dismiss",
                "Have a notification go away for yourself",
                "notifications/{id}/",
                "dismiss",
            ),
        ],
        examples: &[
            ("list", ""),
            ("describe", "1"),
            ("create", "message='maintenance at noon' category=info"),
            ("update", "1 message='maintenance at one'"),
            ("delete", "1"),
            ("dismiss", "1"),
        ],
    },
    Resource {
        name: "rack-controller",
        about: "Look after rack controllers",
        nouns: ("a rack controller", "rack controllers"),
        columns: &[
            ("ID", "system_id"),
            ("NAME", "hostname"),
            ("VERSION", "version"),
            ("RACKD", "service_set.rackd.status"),
        ],
        more: &[("ADDRESSES", "ip_addresses"), ("ZONE", "zone.name")],
        verbs: &[
            list("rackcontrollers/"),
            describe("rackcontrollers/{id}/"),
            update("rackcontrollers/{id}/"),
            delete("rackcontrollers/{id}/"),
        ],
        examples: &[
            ("list", ""),
            ("describe", "rbezqh"),
            ("update", "rbezqh description='row 3'"),
            ("delete", "rbezqh"),
        ],
    },
    Resource {
        name: "region-controller",
        about: "Look after region controllers",
        nouns: ("a region controller", "region controllers"),
        columns: &[("ID", "system_id"), ("NAME", "hostname"), ("VERSION", "version")],
        more: &[("ADDRESSES", "ip_addresses"), ("ZONE", "zone.name")],
        verbs: &[
            list("regioncontrollers/"),
            describe("regioncontrollers/{id}/"),
            update("regioncontrollers/{id}/"),
        ],
        examples: &[("list", ""), ("describe", "abc123"), ("update", "abc123 description='row 1'")],
    },
    Resource {
        name: "event",
        about: "Look at what happened",
        nouns: ("an event", "events"),
        columns: &[
            ("TIME", "created"),
            ("LEVEL", "level"),
            ("NODE", "hostname"),
            ("TYPE", "type"),
            ("DESCRIPTION", "description"),
        ],
        more: &[("ID", "id"), ("USER", "username")],
        verbs: &[verb(
            "list",
            "List events, the newest first",
            Method::GET,
            "events/",
            Shows::ListIn("events"),
        )
        .with_op("query")],
        examples: &[("list", "level=WARNING hostname=web-01 limit=20")],
    },
];
