//! The sections of a site file, in the order in which they depend on each other: what does not follow from the API.

use ops::cluster::bootstrap::{DEFAULT_FABRIC, DEFAULT_POOL, DEFAULT_ZONE};
use serde_json::Value;

use crate::cli::site::kind::{Form, Kind, Verb, field, kind};

/// The kinds of nodes that a field may name.
const NODES: &[&str] = &["machines", "devices"];

/// All kinds. What refers to another kind stands behind it, unless it is set late.
pub(crate) const KINDS: &[Kind] = &[
    kind("racks", &["hostname"]).id("system_id").only_named(),
    kind("settings", &["name"])
        .id("name")
        .with(&[field("value").form(Form::Any)])
        .staying(|setting| setting.get("value") == setting.get("default")),
    kind("zones", &["name"]).staying(|zone| is_id(zone, &[DEFAULT_ZONE.0])),
    kind("pools", &["name"]).staying(|pool| is_id(pool, &[DEFAULT_POOL.0])),
    kind("spaces", &["name"]),
    // The first fabric is that of networks nobody put elsewhere.
    kind("fabrics", &["name"]).staying(|fabric| is_id(fabric, &[DEFAULT_FABRIC.0])),
    kind("vlans", &["fabric", "vid"])
        .with(&[
            field("fabric").refers(&["fabrics"]),
            field("dhcp_on").late(),
            field("primary_rack").refers(&["racks"]).late(),
            field("secondary_rack").refers(&["racks"]).late(),
            field("further_racks").refers(&["racks"]).form(Form::Texts).late(),
            field("relay_vlan").refers(&["vlans"]).late(),
            field("router_advertisements").late(),
            field("relay_agent").late(),
            field("relay_to").form(Form::Set).late(),
            field("proxy_dhcp").late(),
            field("service_addresses").form(Form::Set).late(),
            field("space").refers(&["spaces"]),
        ])
        .staying(|vlan| vlan.get("vid").and_then(Value::as_u64) == Some(0)),
    kind("subnets", &["cidr"])
        .with(&[
            field("vlan").refers(&["vlans"]),
            field("disabled_boot_architectures").form(Form::Set),
        ])
        .without(&["fabric", "vid"]),
    kind("ip-ranges", &["start_ip"]).with(&[field("subnet").refers(&["subnets"])]).leaf(),
    kind("prefix-pools", &["prefix"]).with(&[field("subnet").refers(&["subnets"])]).leaf(),
    kind("reserved-ips", &["ip"]).with(&[field("subnet").refers(&["subnets"])]).leaf(),
    kind("static-routes", &["source", "destination", "gateway_ip"])
        .with(&[field("source").refers(&["subnets"]), field("destination").refers(&["subnets"])])
        .leaf(),
    kind("domains", &["name"])
        .with(&[field("is_default").by(Verb::SetDefault)])
        .staying(|domain| domain.get("is_default") == Some(&Value::Bool(true))),
    kind("dns-resources", &["fqdn"])
        .with(&[field("ip_addresses").at("ip_addresses.ip").form(Form::Set)])
        .without(&["name", "domain"])
        .leaf(),
    kind("dns-records", &["fqdn", "rrtype", "rrdata"]).without(&["name", "domain"]).leaf(),
    kind("tags", &["name"]).id("name"),
    // The first two are the archives of Ubuntu.
    kind("package-repositories", &["name"]).staying(|archive| is_id(archive, &[1, 2])),
    kind("boot-sources", &["url"]),
    kind("boot-source-selections", &["boot_source", "os", "release"])
        .under("boot-sources/{boot_source}/selections")
        .with(&[
            field("boot_source").at("boot_source_id").refers(&["boot-sources"]),
            field("arches").form(Form::Texts),
            field("subarches").form(Form::Texts),
            field("labels").form(Form::Texts),
        ])
        .leaf(),
    kind("groups", &["name"]).with(&[
        field("members").form(Form::Set).by(Verb::Members),
        field("entitlements").form(Form::Set).by(Verb::Entitlements),
    ]),
    kind("machines", &["hostname"])
        .id("system_id")
        .with(&[
            field("mac_addresses").at("interface_set.mac_address").form(Form::Texts),
            field("domain").refers(&["domains"]),
            field("zone").refers(&["zones"]),
            field("pool").refers(&["pools"]),
            field("power_parameters").form(Form::Map),
            field("tags").at("tag_names").refers(&["tags"]).form(Form::Set).by(Verb::Tags),
            field("annotations").at("workload_annotations").form(Form::Map).by(Verb::Annotations),
        ])
        .without(&["subarchitecture", "deployed", "cpu_count", "memory"])
        // They come by themselves, and what is on their disks is not for a file to give up.
        .staying(|_| true)
        .besides(&[("commission", "false")]),
    kind("devices", &["hostname"]).id("system_id").with(&[
        field("mac_addresses").at("interface_set.mac_address").form(Form::Texts),
        field("domain").refers(&["domains"]),
        field("zone").refers(&["zones"]),
        field("parent").refers(NODES).late(),
        field("annotations").at("workload_annotations").form(Form::Map).by(Verb::Annotations),
    ]),
    kind("dhcp-snippets", &["name"])
        .with(&[field("node").refers(NODES), field("subnet").refers(&["subnets"])])
        .without(&["global_snippet", "iprange"])
        .leaf(),
];

fn is_id(object: &Value, ids: &[u32]) -> bool {
    let id = object.get("id").and_then(Value::as_u64);
    id.is_some_and(|id| ids.iter().any(|known| u64::from(*known) == id))
}
