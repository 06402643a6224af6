//! `discovery/`: hosts that racks saw use addresses on their links, and searches for them.

use std::net::IpAddr;

use api::discoveries::{Discovery as Shape, Observer, ScanFailure, ScanRack, ScanResult};
use ipnet::IpNet;
use model::access::Permission;
use model::error::Kind;
use model::mac::MacAddress;
use ops::network::discoveries::{self, Discovery, Unknown};
use ops::network::scans::{self, AskedRack, ScanRequest, ScanStarted};
use ops::site::dates;

use crate::call::Call;
use crate::operation::Operation;
use crate::param::Param;
use crate::problem::Problem;
use crate::refused::Refused;
use crate::reply::Reply;

const ALL: &str = "discovery/";
const ONE: &str = "discovery/{discovery_id}/";
const HANDLER: &str = "DiscoveriesHandler";

const MDNS: Param<bool> = Param::boolean("mdns", "Whether to forget names; hosts tell none here.");
const NEIGHBOURS: Param<bool> = Param::boolean("neighbours", "Whether to forget hosts.");
const EVERYTHING: Param<bool> = Param::boolean("all", "Whether to forget both.");
const IP: Param<IpAddr> = Param::address("ip", "The host's address.");
const MAC: Param<MacAddress> =
    Param::parsed("mac", "The host's hardware address.", "'{}' is not a valid MAC address.");
const CIDR: Param<String> =
    Param::text("cidr", "Networks to search; with none of them, all that racks have addresses on.");
const FORCE: Param<bool> = Param::boolean("force", "Whether all networks may be searched.");
const SLOW: Param<bool> =
    Param::boolean("slow", "Whether nine addresses a second are asked for, instead of a hundred.");

/// How racks search is not to be chosen.
const HOW: &[Refused] = &[
    Refused::new(
        &["always_use_ping"],
        "Racks ask by ARP, which every host of a link answers, and never by ping: leave it out.",
    ),
    Refused::new(
        &["threads"],
        "A search asks for a hundred addresses a second, or nine with slow=true: leave it out.",
    ),
];

/// The operations of this resource.
pub const OPERATIONS: &[Operation] = &[
    Operation::get(HANDLER, ALL, |call| Box::pin(list(call, Unknown::default())))
        .doc("List the hosts that racks saw, the one first that was seen last."),
    Operation::get(HANDLER, ALL, |call| Box::pin(list(call, Unknown { mac: true, ip: false })))
        .op("by_unknown_mac")
        .doc("List those whose hardware address no machine, device or rack has."),
    Operation::get(HANDLER, ALL, |call| Box::pin(list(call, Unknown { mac: false, ip: true })))
        .op("by_unknown_ip")
        .doc("List those whose address nobody has."),
    Operation::get(HANDLER, ALL, |call| Box::pin(list(call, Unknown { mac: true, ip: true })))
        .op("by_unknown_ip_and_mac")
        .doc("List those of which neither is known."),
    Operation::post(HANDLER, ALL, |call| Box::pin(clear(call)))
        .op("clear")
        .requires(Permission::ClearDiscoveries)
        .doc("Forget the hosts that racks saw. Those that are still there come back.")
        .params(&[MDNS.optional(), NEIGHBOURS.optional(), EVERYTHING.optional()]),
    Operation::post(HANDLER, ALL, |call| Box::pin(clear_by_mac_and_ip(call)))
        .op("clear_by_mac_and_ip")
        .requires(Permission::ClearDiscoveries)
        .doc("Forget a host.")
        .params(&[IP.needed(), MAC.needed()]),
    Operation::post(HANDLER, ALL, |call| Box::pin(scan(call)))
        .op("scan")
        .requires(Permission::ScanNetworks)
        .doc("Have racks search networks for hosts.")
        .params(&[CIDR.repeated(), FORCE.optional(), SLOW.optional()])
        .refuses(HOW),
    Operation::get("DiscoveryHandler", ONE, |call| Box::pin(read(call)))
        .doc("Read a host that racks saw: by its id, or by ip: or mac: and an address."),
];

async fn list(call: Call, unknown: Unknown) -> Result<Reply, Problem> {
    let found = discoveries::list(&call.parts.tables, &call.actor, unknown).await?;
    Ok(Reply::json_list(found.into_iter().map(|found| Ok::<_, Problem>(shape(&found)))))
}

async fn read(call: Call) -> Result<Reply, Problem> {
    let name = call.segment("discovery_id");
    let found = discoveries::get(&call.parts.tables, &call.actor, name).await?;
    Ok(Reply::json(&shape(&found)))
}

async fn clear(call: Call) -> Result<Reply, Problem> {
    let params = &call.params;
    let (mdns, neighbours) = (MDNS.is_set(params)?, NEIGHBOURS.is_set(params)?);
    let everything = EVERYTHING.is_set(params)?;
    if !(mdns || neighbours || everything) {
        let message = "Bad request: could not determine what data to clear.\n\
                       Must specify mdns=True, neighbours=True, or all=True.";
        return Err(Problem::text(Kind::Invalid, message));
    }
    // There are no names to forget.
    if neighbours || everything {
        discoveries::clear(&call.parts.tables, &call.actor).await?;
    }
    Ok(Reply::no_content())
}

async fn clear_by_mac_and_ip(call: Call) -> Result<Reply, Problem> {
    let (ip, mac) = (IP.required(&call.params), MAC.required(&call.params));
    let (ip, mac) = (ip?, mac?);
    if discoveries::clear_one(&call.parts.tables, &call.actor, ip, mac).await? {
        Ok(Reply::no_content())
    } else {
        Err(Problem::status(410, "Gone"))
    }
}

async fn scan(call: Call) -> Result<Reply, Problem> {
    let params = &call.params;
    let (force, slow) = (FORCE.is_set(params)?, SLOW.is_set(params)?);
    let cidrs = CIDR.items(params).unwrap_or_default();
    let networks = cidrs.iter().map(|text| network(text)).collect::<Result<Vec<IpNet>, _>>()?;
    if networks.is_empty() && !force {
        return Err(Problem::text(Kind::Invalid, NOT_FORCED));
    }
    let request = ScanRequest { networks, slow };
    let outcome = scans::start(&call.parts.tables, &call.actor, &request).await?;
    Ok(Reply::json(&result(outcome)))
}

/// What MAAS says of a search of all networks.
const NOT_FORCED: &str = "Bad request: scanning all subnets is not allowed unless force=True is \
    specified.\n\n**WARNING: This will scan ALL networks attached to MAAS rack controllers.\nCheck \
    with your internet service provider or IT department to be sure this is\nallowed before \
    proceeding.**\n";

/// A network, or the network of one address.
fn network(text: &str) -> Result<IpNet, Problem> {
    let network = text.parse::<IpNet>().ok();
    let network = network.or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
    network.ok_or_else(|| Problem::field("cidr", format!("{text} is no network.")))
}

fn result(outcome: ScanStarted) -> ScanResult {
    let ScanStarted { started, busy, away, unable } = outcome;
    let racks = |racks: &[AskedRack]| racks.iter().map(rack).collect::<Vec<_>>();
    let failures: Vec<ScanFailure> = unable.iter().map(too_old).collect();
    let mut words = in_words(started.len() + busy.len(), busy.len(), away.len());
    for failure in &failures {
        words = format!("{words} {}", failure.message);
    }
    ScanResult {
        result: words,
        scan_started_on: racks(&started),
        scan_failed_on: racks(&busy),
        scan_attempted_on: racks(&started).into_iter().chain(racks(&busy)).collect(),
        failed_to_connect_to: racks(&away),
        rpc_call_timed_out_on: Vec::new(),
        failures,
    }
}

/// MAAS's answer has a place for what went wrong at a rack.
fn too_old(rack: &AskedRack) -> ScanFailure {
    let AskedRack { system_id, hostname, version } = rack;
    let message = format!(
        "Rack controller {hostname} ({system_id}, version {version}) cannot search for hosts: upgrade it."
    );
    ScanFailure { kind: "TooOld".to_owned(), message }
}

/// What MAAS says of racks that were reached, that search already, and that were not reached.
fn in_words(reached: usize, busy: usize, away: usize) -> String {
    if reached == 0 {
        return "Unable to initiate network scanning on any rack controller. Verify that the rack \
                controllers are started and have connected to the region."
            .to_owned();
    }
    let not_started = format!(
        "Scanning could not be started on {away} rack controller(s). Verify that all rack \
         controllers are connected to the region."
    );
    let running = format!(
        "a scan was already in-progress on {busy} rack controller(s); another scan cannot be \
         started until the current scan finishes."
    );
    match (away, busy) {
        (0, 0) => "Scanning is in-progress on all rack controllers.".to_owned(),
        (0, _) => format!("A{}", &running[1..]),
        (_, 0) => not_started,
        (_, _) => format!("{not_started} In addition, {running}"),
    }
}

fn rack(rack: &AskedRack) -> ScanRack {
    ScanRack { system_id: rack.system_id.to_string(), hostname: rack.hostname.clone() }
}

fn shape(found: &Discovery) -> Shape {
    let (neighbour, vlan, id) = (&found.neighbour, &found.vlan, found.id());
    Shape {
        ip: neighbour.ip,
        mac_address: neighbour.mac.to_string(),
        mac_organization: found.organization.map(str::to_owned),
        last_seen: dates::rfc3339_ms(neighbour.last_seen),
        hostname: None,
        fabric_name: vlan.fabric.clone(),
        vid: Some(vlan.vlan.vid).filter(|vid| *vid != 0),
        observer: Observer {
            system_id: found.rack.system_id.to_string(),
            hostname: found.rack.hostname.clone(),
            interface_id: found.interface_id(),
            interface_name: neighbour.interface.clone(),
        },
        is_external_dhcp: found.is_external_dhcp,
        resource_uri: format!("/MAAS/api/2.0/discovery/{id}/"),
        discovery_id: id,
    }
}
