//! `subnets/`: subnets and what is known of their addresses.

use std::net::IpAddr;

use crate::problem::Problem;
use api::field_errors::FieldErrors;
use api::subnets::{AddressSpan, Statistics};
use model::net::iprange::IpRange;
use model::net::occupancy::{Occupancy, UsedRange};
use model::net::range::AddressRange;
use model::net::subnet::{ReverseDns, Subnet};

use crate::call::Call;
use crate::operation::Operation;
use crate::params::Params;
use crate::reply::Reply;
use crate::shapes::Shapes;
use ops::network::specifiers;
use ops::network::subnet_addresses;
use ops::network::subnets::{self, SubnetChange};
use tables::network::IPRANGES_OF_SUBNET;
use tables::read::Reads;

const ONE: &str = "subnets/{id}/";

/// The operations of this resource.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("SubnetsHandler", "subnets/", |call| Box::pin(list(call)))
        .doc("List all subnets."),
    Operation::post("SubnetsHandler", "subnets/", |call| Box::pin(create(call))).admin().doc(
        "Create a subnet.\n\n\
         :param cidr: The subnet's prefix.\n\
         :param name: The subnet's name; the prefix by default. Optional.\n\
         :param description: Free text. Optional.\n\
         :param vlan: The id of its VLAN. Optional.\n\
         :param fabric: The fabric of its VLAN, if that is given by vid. Optional.\n\
         :param vid: The tag of its VLAN. Optional.\n\
         :param gateway_ip: The gateway. Optional.\n\
         :param dns_servers: DNS servers, separated by commas. Optional.\n\
         :param rdns_mode: Reverse zones: 0 none, 1 whole, 2 also classless. Optional.\n\
         :param allow_dns: Whether its hosts may use the racks' DNS. Optional.\n\
         :param allow_proxy: Whether its hosts may use the proxy. Optional.\n\
         :param active_discovery: Whether it is scanned for neighbours. Optional.\n\
         :param managed: Whether addresses are allocated in it. Optional.\n\
         :param disabled_boot_architectures: Boot methods not to answer. Optional.",
    ),
    Operation::get("SubnetHandler", ONE, |call| Box::pin(read(call)))
        .doc("Read a subnet, by id, prefix or name."),
    Operation::put("SubnetHandler", ONE, |call| Box::pin(update(call))).doc(
        "Update a subnet.\n\n\
         :param cidr: The subnet's prefix. Optional.\n\
         :param name: The subnet's name. Optional.\n\
         :param description: Free text. Optional.\n\
         :param vlan: The id of its VLAN. Optional.\n\
         :param fabric: The fabric of its VLAN. Optional.\n\
         :param vid: The tag of its VLAN. Optional.\n\
         :param gateway_ip: The gateway; empty for none. Optional.\n\
         :param dns_servers: DNS servers, separated by commas. Optional.\n\
         :param rdns_mode: Reverse zones: 0 none, 1 whole, 2 also classless. Optional.\n\
         :param allow_dns: Whether its hosts may use the racks' DNS. Optional.\n\
         :param allow_proxy: Whether its hosts may use the proxy. Optional.\n\
         :param active_discovery: Whether it is scanned for neighbours. Optional.\n\
         :param managed: Whether addresses are allocated in it. Optional.\n\
         :param disabled_boot_architectures: Boot methods not to answer. Optional.",
    ),
    Operation::delete("SubnetHandler", ONE, |call| Box::pin(delete(call))).doc(
        "Delete a subnet that no machine uses.\n\n\
         :param force: Whether reserved addresses are given up. Optional.",
    ),
    Operation::get("SubnetHandler", ONE, |call| Box::pin(reserved_ip_ranges(call)))
        .op("reserved_ip_ranges")
        .doc("List the addresses that are used or kept."),
    Operation::get("SubnetHandler", ONE, |call| Box::pin(unreserved_ip_ranges(call)))
        .op("unreserved_ip_ranges")
        .doc("List the addresses that can be assigned."),
    Operation::get("SubnetHandler", ONE, |call| Box::pin(statistics(call))).op("statistics").doc(
        "Count the addresses by use.\n\n\
         :param include_ranges: Whether to list them as well. Optional.\n\
         :param include_suggestions: Whether to suggest a gateway and a dynamic range. Optional.",
    ),
    Operation::get("SubnetHandler", ONE, |call| Box::pin(ip_addresses(call)))
        .op("ip_addresses")
        .doc(
            "List the addresses that somebody has.\n\n\
             :param with_username: Whether to name users; 1 by default. Optional.\n\
             :param with_summary: Whether to name machines; 1 by default. Optional.\n\
             :param with_node_summary: The same. Optional.",
        ),
];

async fn list(call: Call) -> Result<Reply, Problem> {
    let view = call.view().await?;
    let shapes = Shapes::new(&view);
    let subnets = view.list::<Subnet>()?;
    let subnets = subnets.iter().filter_map(|subnet| shapes.subnet_of(subnet).transpose());
    Ok(Reply::json(&subnets.collect::<Result<Vec<_>, _>>()?))
}

async fn create(call: Call) -> Result<Reply, Problem> {
    let (cause, change) = (call.cause("subnet.create"), change(&call.params)?);
    let subnet = subnets::create(&call.parts.tables, &cause, &change).await?;
    answer(&call, &subnet).await
}

async fn read(call: Call) -> Result<Reply, Problem> {
    let subnet = specifiers::subnet(&call.view().await?, call.segment("id"))?;
    answer(&call, &subnet).await
}

async fn update(call: Call) -> Result<Reply, Problem> {
    call.admin()?;
    let (cause, change) = (call.cause("subnet.update"), change(&call.params)?);
    let subnet = subnets::update(&call.parts.tables, &cause, call.segment("id"), &change).await?;
    answer(&call, &subnet).await
}

async fn delete(call: Call) -> Result<Reply, Problem> {
    call.admin()?;
    let force = call.params.boolean("force")?.unwrap_or(false);
    let cause = call.cause("subnet.delete");
    subnets::delete(&call.parts.tables, &cause, call.segment("id"), force).await?;
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
    let ranges = call.params.boolean("include_ranges")?.unwrap_or(false);
    let suggestions = call.params.boolean("include_suggestions")?.unwrap_or(false);
    with_occupancy(&call, |occupancy| count(occupancy, ranges, suggestions)).await
}

async fn ip_addresses(call: Call) -> Result<Reply, Problem> {
    let view = call.view().await?;
    let subnet = specifiers::subnet(&view, call.segment("id"))?;
    let users = call.params.boolean("with_username")?.unwrap_or(true);
    let summaries = call.params.boolean("with_summary")?.unwrap_or(true)
        && call.params.boolean("with_node_summary")?.unwrap_or(true);
    let mut addresses = subnet_addresses::used(&view, &subnet)?;
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

async fn answer(call: &Call, subnet: &Subnet) -> Result<Reply, Problem> {
    let view = call.view().await?;
    let shape = Shapes::new(&view).subnet_of(subnet)?;
    shape.map(|shape| Reply::json(&shape)).ok_or_else(|| Problem::not_found("Subnet"))
}

async fn with_occupancy<T: serde::Serialize>(
    call: &Call,
    question: impl FnOnce(&Occupancy<'_>) -> T,
) -> Result<Reply, Problem> {
    let view = call.view().await?;
    let subnet = specifiers::subnet(&view, call.segment("id"))?;
    let ranges: Vec<IpRange> = view.list_by(&IPRANGES_OF_SUBNET, &subnet.id)?;
    let assigned = subnets::assigned(&view, &subnet);
    let occupancy = Occupancy { subnet: &subnet, ranges: &ranges, assigned: &assigned };
    Ok(Reply::json(&question(&occupancy)))
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
    let text = |name| params.get(name).map(str::to_owned);
    let named = |name| text(name).filter(|text| !text.is_empty());
    let mut errors = FieldErrors::default();
    let gateway_ip = address(params, "gateway_ip", &mut errors);
    let dns_servers = addresses(params, "dns_servers", &mut errors);
    errors.finish()?;
    Ok(SubnetChange {
        cidr: params.parsed("cidr", "Required format: <network>/<prefixlen>.")?,
        name: text("name"),
        description: text("description"),
        vlan: named("vlan"),
        fabric: named("fabric"),
        vid: params.parsed("vid", "Enter a whole number.")?,
        gateway_ip,
        dns_servers,
        rdns_mode: rdns_mode(params)?,
        allow_dns: params.boolean("allow_dns")?,
        allow_proxy: params.boolean("allow_proxy")?,
        active_discovery: params.boolean("active_discovery")?,
        managed: params.boolean("managed")?,
        disabled_boot_architectures: params.items("disabled_boot_architectures"),
    })
}

fn rdns_mode(params: &Params) -> Result<Option<ReverseDns>, Problem> {
    match params.get("rdns_mode") {
        None | Some("") => Ok(None),
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

fn address(params: &Params, name: &str, errors: &mut FieldErrors) -> Option<Option<IpAddr>> {
    match params.get(name)?.trim() {
        "" => Some(None),
        text => match text.parse() {
            Ok(address) => Some(Some(address)),
            Err(_) => {
                errors.add(name, "Enter a valid IPv4 or IPv6 address.");
                None
            }
        },
    }
}

fn addresses(params: &Params, name: &str, errors: &mut FieldErrors) -> Option<Vec<IpAddr>> {
    let items = params.items(name)?;
    let mut addresses = Vec::new();
    for item in items {
        match item.parse() {
            Ok(address) => addresses.push(address),
            Err(_) => errors.add(name, format!("Invalid IP address: {item}.")),
        }
    }
    Some(addresses)
}
