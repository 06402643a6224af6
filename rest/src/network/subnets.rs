//! `subnets/`: subnets and what is known of their addresses.

use std::net::IpAddr;

use api::field_errors::FieldErrors;
use api::subnets::{AddressSpan, Statistics};
use ipnet::IpNet;
use model::access::Permission;
use model::boot::method;
use model::net::occupancy::{Occupancy, UsedRange};
use model::net::range::AddressRange;
use model::net::subnet::ReverseDns;
use ops::network::subnets::{self, SubnetChange};

use crate::call::Call;
use crate::operation::Operation;
use crate::param::{Param, Spec, joined};
use crate::params::Params;
use crate::problem::Problem;
use crate::refused::Refused;
use crate::reply::Reply;
use crate::shapes;

const ONE: &str = "subnets/{id}/";

const CIDR: Param<IpNet> =
    Param::parsed("cidr", "The subnet's prefix.", "Required format: <network>/<prefixlen>.");
const NAME: Param<String> = Param::text("name", "The subnet's name.");
const DESCRIPTION: Param<String> = Param::text("description", "Free text.");
const VLAN: Param<String> = Param::text("vlan", "Its VLAN, by id or name.");
const FABRIC: Param<String> =
    Param::text("fabric", "The fabric of its VLAN, if that is given by vid.");
const VID: Param<u16> = Param::number("vid", "The tag of its VLAN.");
const GATEWAY_IP: Param<IpAddr> = Param::address("gateway_ip", "The gateway; empty for none.");
const DNS_SERVERS: Param<String> = Param::text("dns_servers", "DNS servers, separated by commas.");
const DISABLED_BOOT_ARCHITECTURES: Param<String> = Param::text(
    "disabled_boot_architectures",
    "Ways to boot that are not answered, by name (pxe, uefi_amd64_tftp) or code (0x10, 00:10), \
     separated by commas or spaces; empty for none.",
);
const RDNS_MODE: Param<String> =
    Param::text("rdns_mode", "Reverse zones: 0 none, 1 whole, 2 also classless.");
const ALLOW_DNS: Param<bool> =
    Param::boolean("allow_dns", "Whether its hosts may use the racks' DNS.");
const MANAGED: Param<bool> = Param::boolean("managed", "Whether addresses are allocated in it.");
const ACTIVE_DISCOVERY: Param<bool> = Param::boolean(
    "active_discovery",
    "Whether racks search it for hosts every active_discovery_interval.",
);
const FORCE: Param<bool> = Param::boolean("force", "Whether reserved addresses are given up.");
const INCLUDE_RANGES: Param<bool> =
    Param::boolean("include_ranges", "Whether to list them as well.");
const INCLUDE_SUGGESTIONS: Param<bool> =
    Param::boolean("include_suggestions", "Whether to suggest a gateway and a dynamic range.");
const WITH_USERNAME: Param<bool> =
    Param::boolean("with_username", "Whether to name users; 1 by default.");
const WITH_SUMMARY: Param<bool> =
    Param::boolean("with_summary", "Whether to name machines; 1 by default.");
const WITH_NODE_SUMMARY: Param<bool> = Param::boolean("with_node_summary", "The same.");

/// What can be set of a subnet besides its prefix and name.
const SETTINGS: [Spec; 11] = [
    DESCRIPTION.optional(),
    VLAN.optional(),
    FABRIC.optional(),
    VID.optional(),
    GATEWAY_IP.optional(),
    DNS_SERVERS.optional(),
    DISABLED_BOOT_ARCHITECTURES.optional(),
    RDNS_MODE.optional(),
    ALLOW_DNS.optional(),
    MANAGED.optional(),
    ACTIVE_DISCOVERY.optional(),
];

/// The parameters of a creation.
const CREATE: &[Spec] = &joined::<2, 11, 13>(
    [CIDR.needed(), NAME.described("The subnet's name; the prefix by default.").optional()],
    SETTINGS,
);

/// The parameters of a change.
const UPDATE: &[Spec] = &joined::<2, 11, 13>([CIDR.optional(), NAME.optional()], SETTINGS);

/// What nothing here does with a subnet.
const REFUSED: &[Refused] =
    &[Refused::new(&["allow_proxy"], "Racks run no proxy that it could allow: leave it out.")
        .unless("true")];

/// The operations of this resource.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("SubnetsHandler", "subnets/", |call| Box::pin(list(call)))
        .doc("List all subnets."),
    Operation::post("SubnetsHandler", "subnets/", |call| Box::pin(create(call)))
        .reserved(Permission::ManageNetwork)
        .doc("Create a subnet.")
        .params(CREATE)
        .refuses(REFUSED),
    Operation::get("SubnetHandler", ONE, |call| Box::pin(read(call)))
        .doc("Read a subnet, by id, prefix or name."),
    Operation::put("SubnetHandler", ONE, |call| Box::pin(update(call)))
        .requires(Permission::ManageNetwork)
        .doc("Update a subnet.")
        .params(UPDATE)
        .refuses(REFUSED),
    Operation::delete("SubnetHandler", ONE, |call| Box::pin(delete(call)))
        .requires(Permission::ManageNetwork)
        .doc("Delete a subnet that no machine uses.")
        .params(&[FORCE.optional()]),
    Operation::get("SubnetHandler", ONE, |call| Box::pin(reserved_ip_ranges(call)))
        .op("reserved_ip_ranges")
        .doc("List the addresses that are used or kept."),
    Operation::get("SubnetHandler", ONE, |call| Box::pin(unreserved_ip_ranges(call)))
        .op("unreserved_ip_ranges")
        .doc("List the addresses that can be assigned."),
    Operation::get("SubnetHandler", ONE, |call| Box::pin(statistics(call)))
        .op("statistics")
        .doc("Count the addresses by use.")
        .params(&[INCLUDE_RANGES.optional(), INCLUDE_SUGGESTIONS.optional()]),
    Operation::get("SubnetHandler", ONE, |call| Box::pin(ip_addresses(call)))
        .op("ip_addresses")
        .doc("List the addresses that somebody has.")
        .params(&[WITH_USERNAME.optional(), WITH_SUMMARY.optional(), WITH_NODE_SUMMARY.optional()]),
];

async fn list(call: Call) -> Result<Reply, Problem> {
    let subnets = subnets::list(&call.parts.tables, &call.actor).await?;
    Ok(Reply::json(&subnets.iter().map(|subnet| shapes::subnet(subnet)).collect::<Vec<_>>()))
}

async fn create(call: Call) -> Result<Reply, Problem> {
    let change = change(&call.params)?;
    let subnet = subnets::create(&call.parts.tables, &call.actor, &change).await?;
    Ok(Reply::json(&shapes::subnet(&subnet)))
}

async fn read(call: Call) -> Result<Reply, Problem> {
    let subnet = subnets::get(&call.parts.tables, &call.actor, call.segment("id")).await?;
    Ok(Reply::json(&shapes::subnet(&subnet)))
}

async fn update(call: Call) -> Result<Reply, Problem> {
    let (id, change) = (call.segment("id"), change(&call.params)?);
    let subnet = subnets::update(&call.parts.tables, &call.actor, id, &change).await?;
    Ok(Reply::json(&shapes::subnet(&subnet)))
}

async fn delete(call: Call) -> Result<Reply, Problem> {
    let (id, force) = (call.segment("id"), FORCE.is_set(&call.params)?);
    subnets::delete(&call.parts.tables, &call.actor, id, force).await?;
    Ok(Reply::no_content())
}

async fn reserved_ip_ranges(call: Call) -> Result<Reply, Problem> {
    with_occupancy(&call, |occupancy| {
        occupancy.used().iter().map(used_span).collect::<Vec<AddressSpan>>()
    })
    .await
}

async fn unreserved_ip_ranges(call: Call) -> Result<Reply, Problem> {
    with_occupancy(&call, |occupancy| {
        occupancy.unused().iter().map(|range| span(range, None)).collect::<Vec<AddressSpan>>()
    })
    .await
}

async fn statistics(call: Call) -> Result<Reply, Problem> {
    let ranges = INCLUDE_RANGES.is_set(&call.params)?;
    let suggestions = INCLUDE_SUGGESTIONS.is_set(&call.params)?;
    with_occupancy(&call, |occupancy| count(occupancy, ranges, suggestions)).await
}

async fn ip_addresses(call: Call) -> Result<Reply, Problem> {
    let (id, params) = (call.segment("id"), &call.params);
    let users = WITH_USERNAME.of(params)?.unwrap_or(true);
    let summaries =
        WITH_SUMMARY.of(params)?.unwrap_or(true) && WITH_NODE_SUMMARY.of(params)?.unwrap_or(true);
    let mut addresses = subnets::used_addresses(&call.parts.tables, &call.actor, id).await?;
    for address in &mut addresses {
        if !users {
            address.user = None;
        }
        if !summaries {
            address.node_summary = None;
        }
    }
    Ok(Reply::json(&addresses))
}

async fn with_occupancy<T: serde::Serialize>(
    call: &Call,
    question: impl FnOnce(&Occupancy<'_>) -> T,
) -> Result<Reply, Problem> {
    let id = call.segment("id");
    let found = subnets::occupancy(&call.parts.tables, &call.actor, id).await?;
    let (subnet, ranges, assigned) = (&found.subnet, &found.ranges[..], &found.assigned);
    Ok(Reply::json(&question(&Occupancy { subnet, ranges, assigned })))
}

fn span(range: &AddressRange, purpose: Option<Vec<String>>) -> AddressSpan {
    AddressSpan { start: range.first(), end: range.last(), num_addresses: range.size(), purpose }
}

fn used_span(used: &UsedRange) -> AddressSpan {
    span(&used.range, Some(used.uses.iter().map(|purpose| purpose.word().to_owned()).collect()))
}

#[expect(clippy::cast_precision_loss, reason = "a share for people")]
fn count(occupancy: &Occupancy<'_>, ranges: bool, suggestions: bool) -> Statistics {
    let hosts = occupancy.hosts();
    let unused = occupancy.unused();
    let available: u128 = unused.iter().map(AddressRange::size).sum();
    let total = hosts.size();
    let usage = (total - available) as f64 / total as f64;
    let largest = unused.iter().max_by_key(|range| range.size());
    let mut all: Vec<AddressSpan> = occupancy.used().iter().map(used_span).collect();
    all.extend(unused.iter().map(|range| span(range, Some(vec!["unused".to_owned()]))));
    all.sort_by_key(|span| span.start);
    // A quarter of a subnet, at its end, is what MAAS suggests for DHCP.
    let dynamic = largest.filter(|range| range.size() >= total / 4).and_then(|range| {
        let last = model::net::range::number(range.last());
        let first = model::net::range::address(last - (total / 4).saturating_sub(1), range.last());
        AddressRange::new(first, range.last())
    });
    Statistics {
        num_available: available,
        largest_available: largest.map_or(0, AddressRange::size),
        num_unavailable: total - available,
        total_addresses: total,
        usage,
        usage_string: format!("{:.0}%", usage * 100.0),
        available_string: format!("{:.0}%", (1.0 - usage) * 100.0),
        first_address: hosts.first(),
        last_address: hosts.last(),
        ip_version: if hosts.first().is_ipv4() { 4 } else { 6 },
        ranges: ranges.then_some(all),
        suggested_gateway: unused.first().filter(|_| suggestions).map(AddressRange::first),
        suggested_dynamic_range: dynamic.filter(|_| suggestions).map(|range| span(&range, None)),
    }
}

fn change(params: &Params) -> Result<SubnetChange, Problem> {
    let mut errors = FieldErrors::default();
    let gateway_ip = gateway(params, &mut errors);
    let dns_servers = addresses(params, &mut errors);
    let disabled_boot_architectures = boot_methods(params, &mut errors);
    errors.finish()?;
    Ok(SubnetChange {
        cidr: CIDR.of(params)?,
        name: NAME.given(params),
        description: DESCRIPTION.given(params),
        vlan: VLAN.named(params),
        fabric: FABRIC.named(params),
        vid: VID.of(params)?,
        gateway_ip,
        dns_servers,
        disabled_boot_architectures,
        rdns_mode: rdns_mode(params)?,
        allow_dns: ALLOW_DNS.of(params)?,
        managed: MANAGED.of(params)?,
        active_discovery: ACTIVE_DISCOVERY.of(params)?,
    })
}

fn rdns_mode(params: &Params) -> Result<Option<ReverseDns>, Problem> {
    match RDNS_MODE.named(params).as_deref() {
        None => Ok(None),
        Some("0") => Ok(Some(ReverseDns::Disabled)),
        Some("1") => Ok(Some(ReverseDns::Enabled)),
        Some("2") => Ok(Some(ReverseDns::Classless)),
        Some(other) => {
            let message =
                format!("Select a valid choice. {other} is not one of the available choices.");
            Err(Problem::field("rdns_mode", message))
        }
    }
}

/// The gateway; what is wrong with it is told together with what is wrong with the servers.
fn gateway(params: &Params, errors: &mut FieldErrors) -> Option<Option<IpAddr>> {
    GATEWAY_IP.clearable(params).unwrap_or_else(|_| {
        errors.add("gateway_ip", "Enter a valid IPv4 or IPv6 address.");
        None
    })
}

fn addresses(params: &Params, errors: &mut FieldErrors) -> Option<Vec<IpAddr>> {
    let mut addresses = Vec::new();
    for item in DNS_SERVERS.items(params)? {
        match item.parse() {
            Ok(address) => addresses.push(address),
            Err(_) => errors.add("dns_servers", format!("Invalid IP address: {item}.")),
        }
    }
    Some(addresses)
}

fn boot_methods(params: &Params, errors: &mut FieldErrors) -> Option<Vec<String>> {
    let mut methods = Vec::new();
    for item in DISABLED_BOOT_ARCHITECTURES.items(params)? {
        match method::named(&item) {
            Some(name) => methods.push(name.to_owned()),
            None => {
                let message = format!("Unknown boot architecture {item}");
                errors.add("disabled_boot_architectures", message);
            }
        }
    }
    methods.sort();
    methods.dedup();
    Some(methods)
}
