//! `ironraft dhcp leases|explain`: who has which address, and why a client gets the one that it gets.

mod explained;

use std::net::{IpAddr, Ipv4Addr};

use api::dhcp::{Explanation, Lease, LeasePage, OptionBytes};
use clap::{Args, Subcommand};
use ipnet::IpNet;
use model::lease::standing::Standing;
use model::mac::MacAddress;
use serde_json::Value;

use crate::cli::failure::Failure;
use crate::cli::native::exchange::{ConnectionArguments, NativeApi};
use crate::cli::output::{OutputArguments, Sheet, say};

/// What is asked, as elements of its path.
const LEASES: &[&str] = &["dhcp", "leases"];
const EXPLAIN: &[&str] = &["dhcp", "explain"];

/// How many leases are asked for at once.
const PAGE: usize = 1_000;

/// The commands on DHCP.
#[derive(Debug, Subcommand)]
pub(crate) enum DhcpCommand {
    /// List leases in the order of their addresses
    #[command(after_help = "Example:\n  ironraft dhcp leases --subnet 10.0.0.0/24 --state active")]
    Leases(LeasesArguments),
    /// Say what a client of DHCP over IPv4 would be answered, and why
    #[command(
        after_help = "Example:\n  ironraft dhcp explain --mac 52:54:00:12:34:56 --relay 10.5.0.1"
    )]
    Explain(ExplainArguments),
}

/// A VLAN.
#[derive(Debug, Args)]
pub(crate) struct VlanArgument {
    /// A VLAN, by its fabric's name or id and its VID (0 for untagged)
    #[arg(long, num_args = 2, value_names = ["FABRIC", "VID"])]
    vlan: Option<Vec<String>>,
}

/// Which leases are listed: those for which everything that is given holds.
#[derive(Debug, Args)]
pub(crate) struct LeasesArguments {
    #[command(flatten)]
    vlan: VlanArgument,
    /// Only of this subnet
    #[arg(long, value_name = "CIDR")]
    subnet: Option<IpNet>,
    /// Only of this client
    #[arg(long)]
    mac: Option<MacAddress>,
    /// Only of this address
    #[arg(long)]
    ip: Option<IpAddr>,
    /// Only in this state: active, kept (for its client), ended or declined
    #[arg(long)]
    state: Option<Standing>,
    /// Only behind this address
    #[arg(long, value_name = "IP")]
    after: Option<IpAddr>,
    /// At most so many
    #[arg(long, default_value_t = PAGE, value_parser = at_least_one)]
    limit: usize,
    #[command(flatten)]
    connection: ConnectionArguments,
    #[command(flatten)]
    output: OutputArguments,
}

/// The client that is asked about.
#[derive(Debug, Args)]
pub(crate) struct ExplainArguments {
    /// Its hardware address
    #[arg(long)]
    mac: MacAddress,
    #[command(flatten)]
    vlan: VlanArgument,
    /// The address of its relay; with neither this nor a VLAN, where it is known to be
    #[arg(long, value_name = "IP", conflicts_with = "vlan")]
    relay: Option<Ipv4Addr>,
    /// The relay's link selection (RFC 3527)
    #[arg(long, value_name = "IP", requires = "relay")]
    link_selection: Option<Ipv4Addr>,
    /// Its architecture (option 93): 0 BIOS, 7 UEFI x86-64, 11 UEFI ARM, 16 UEFI HTTP x86-64, …
    #[arg(long, value_name = "N")]
    arch: Option<u16>,
    /// Its vendor class (option 60); with an architecture, `PXEClient` by default
    #[arg(long, value_name = "TEXT")]
    vendor: Option<String>,
    /// Its user class (option 77), such as iPXE
    #[arg(long, value_name = "TEXT")]
    user_class: Option<String>,
    /// The address that it asks for (option 50)
    #[arg(long, value_name = "IP")]
    requested: Option<Ipv4Addr>,
    /// What it calls itself (option 61), in hexadecimal: 01:52:54:00:12:34:56, ff00000001000300…
    #[arg(long, value_name = "HEX")]
    client_id: Option<OptionBytes>,
    #[command(flatten)]
    connection: ConnectionArguments,
    #[command(flatten)]
    output: OutputArguments,
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err("it is a number from 1 on".to_owned()),
        Ok(number) => Ok(number),
    }
}

pub(crate) async fn run(command: DhcpCommand) -> Result<(), Failure> {
    match command {
        DhcpCommand::Leases(arguments) => leases(&arguments).await,
        DhcpCommand::Explain(arguments) => explain(&arguments).await,
    }
}

/// Parameters of a request, of those that are given.
#[derive(Default)]
struct Query(Vec<(String, String)>);

impl Query {
    fn with(mut self, name: &'static str, value: Option<impl ToString>) -> Self {
        self.0.extend(value.map(|value| (name.to_owned(), value.to_string())));
        self
    }

    fn with_vlan(self, argument: &VlanArgument) -> Self {
        let named = argument.vlan.as_deref().and_then(|given| given.first().zip(given.get(1)));
        self.with("fabric", named.map(|(fabric, _)| fabric)).with("vid", named.map(|(_, vid)| vid))
    }

    async fn ask(self, api: &NativeApi, elements: &[&str]) -> Result<Value, Failure> {
        Ok(api.get(elements, self.0).await?.body)
    }
}

async fn leases(arguments: &LeasesArguments) -> Result<(), Failure> {
    let api = NativeApi::connect(&arguments.connection).await?;
    let mut page = LeasePage { leases: Vec::new(), next: arguments.after };
    loop {
        let wanted = (arguments.limit - page.leases.len()).min(PAGE);
        let query = Query::default()
            .with_vlan(&arguments.vlan)
            .with("subnet", arguments.subnet)
            .with("mac", arguments.mac)
            .with("ip", arguments.ip)
            .with("state", arguments.state)
            .with("after", page.next)
            .with("limit", Some(wanted));
        let answer = query.ask(&api, LEASES).await?;
        let more: LeasePage = serde_json::from_value(answer).map_err(Failure::other)?;
        page.leases.extend(more.leases);
        page.next = more.next;
        if page.next.is_none() || page.leases.len() >= arguments.limit {
            break;
        }
    }
    if arguments.output.is_columns() {
        arguments
            .output
            .print_sheet(&lease_sheet(&page.leases, arguments.output.is_for_people()))?;
        if let Some(next) = page.next {
            eprintln!("ironraft: there are more: --after {next}");
        }
        return Ok(());
    }
    let answer = serde_json::to_value(&page).map_err(Failure::other)?;
    let rows = answer["leases"].as_array().map_or(&[][..], Vec::as_slice);
    arguments.output.print_answer(rows, &answer);
    Ok(())
}

async fn explain(arguments: &ExplainArguments) -> Result<(), Failure> {
    let api = NativeApi::connect(&arguments.connection).await?;
    let answer = Query::default()
        .with("mac", Some(arguments.mac))
        .with_vlan(&arguments.vlan)
        .with("relay", arguments.relay)
        .with("link_selection", arguments.link_selection)
        .with("arch", arguments.arch)
        .with("vendor", arguments.vendor.as_ref())
        .with("user_class", arguments.user_class.as_ref())
        .with("requested", arguments.requested)
        .with("client_id", arguments.client_id.as_ref())
        .ask(&api, EXPLAIN)
        .await?;
    if !arguments.output.is_columns() {
        arguments.output.print_answer(std::slice::from_ref(&answer), &answer);
        return Ok(());
    }
    let explanation: Explanation = serde_json::from_value(answer).map_err(Failure::other)?;
    explained::lines(&explanation).iter().for_each(|line| say(format_args!("{line}")));
    Ok(())
}

/// Leases as a table. For people what a client calls itself is cut where it is very long.
fn lease_sheet(leases: &[Lease], is_for_people: bool) -> Sheet {
    let unknown = || "-".to_owned();
    let row = |lease: &Lease| {
        let rack = &lease.rack;
        let subnet = lease.subnet.cidr.map_or_else(unknown, |cidr| cidr.to_string());
        vec![
            lease.what(),
            if is_for_people { shortened(&lease.client) } else { lease.client.clone() },
            lease.name.clone().unwrap_or_else(unknown),
            lease.state.to_string(),
            seconds(&lease.told_until),
            seconds(&lease.promised_until),
            rack.hostname.clone().unwrap_or_else(|| rack.system_id.clone()),
            subnet,
            explained::vlan(&lease.vlan),
        ]
    };
    let header =
        ["IP", "CLIENT", "NAME", "STATE", "TOLD-UNTIL", "PROMISED-UNTIL", "RACK", "SUBNET", "VLAN"];
    Sheet::new(&header, leases.iter().map(row).collect())
}

/// How much of a client is shown: an identifier may have 254 bytes, and `-o json` shows all.
const CLIENT_MAX: usize = 48;

fn shortened(client: &str) -> String {
    match client.char_indices().nth(CLIENT_MAX) {
        Some((end, _)) => format!("{}…", &client[..end]),
        None => client.to_owned(),
    }
}

/// A time to the second: `2026-11-22T10:56:29Z`.
fn seconds(time: &str) -> String {
    match time.split_once('.') {
        Some((whole, _)) => format!("{whole}Z"),
        None => time.to_owned(),
    }
}

#[cfg(test)]
mod tests;
