//! `ip explain` and `mac explain`: everything that the cluster knows of an address, in one answer.

use std::net::IpAddr;

use clap::{Args, Subcommand};
use ipnet::IpNet;
use model::mac::MacAddress;
use serde_json::{Map, Value, json};

use crate::cli::failure::Failure;
use crate::cli::native::exchange::{ConnectionArguments, NativeApi, Reading, Wanted};
use crate::cli::output::{OutputArguments, field, say, text};

/// How many objects of a kind are told of.
const OF_A_KIND: usize = 20;

/// The commands on IP addresses.
#[derive(Debug, Subcommand)]
pub(crate) enum IpCommand {
    /// Say whose an IP address is, and why: subnet, range, reservation, lease, interface, who was seen with it
    #[command(after_help = "Example:\n  ironraft ip explain 10.0.0.17")]
    Explain {
        /// The address
        address: IpAddr,
        #[command(flatten)]
        asking: Asking,
    },
}

/// The commands on hardware addresses.
#[derive(Debug, Subcommand)]
pub(crate) enum MacCommand {
    /// Say whose a hardware address is, and what it has: machine, lease, reservation, what happened to it
    #[command(after_help = "Example:\n  ironraft mac explain 52:54:00:12:34:56")]
    Explain {
        /// The address, in any notation
        address: MacAddress,
        #[command(flatten)]
        asking: Asking,
    },
}

/// Who is asked, and how it is printed.
#[derive(Debug, Args)]
pub(crate) struct Asking {
    #[command(flatten)]
    reading: Reading,
    #[command(flatten)]
    connection: ConnectionArguments,
    #[command(flatten)]
    output: OutputArguments,
}

/// A kind of objects that may know the address: what is asked, and how one is told.
struct Source {
    resource: &'static str,
    /// The field that has it.
    field: &'static str,
    /// What is said of one, `{field}` being what it has there.
    said: fn(&Value) -> String,
}

const OF_IP: &[Source] = &[
    Source { resource: "leases", field: "ip", said: lease },
    Source { resource: "reserved-ips", field: "ip", said: reserved },
    Source {
        resource: "ip-addresses",
        field: "ip",
        said: |it| {
            format!(
                "reserved by {} ({})",
                field(it, "owner.username"),
                field(it, "alloc_type_name")
            )
        },
    },
    Source {
        resource: "machines",
        field: "ip",
        said: |it| {
            format!(
                "an interface of machine {} has it ({})",
                field(it, "fqdn"),
                field(it, "status_name")
            )
        },
    },
    Source {
        resource: "devices",
        field: "ip",
        said: |it| format!("an interface of device {} has it", field(it, "fqdn")),
    },
    Source { resource: "discoveries", field: "ip", said: discovered },
    Source {
        resource: "dns-resources",
        field: "ip_addresses.ip",
        said: |it| format!("the name {} has it", field(it, "fqdn")),
    },
];

const OF_MAC: &[Source] = &[
    Source {
        resource: "machines",
        field: "mac",
        said: |it| {
            format!("an interface of machine {} ({})", field(it, "fqdn"), field(it, "status_name"))
        },
    },
    Source {
        resource: "devices",
        field: "mac",
        said: |it| format!("an interface of device {}", field(it, "fqdn")),
    },
    Source { resource: "leases", field: "mac", said: lease },
    Source { resource: "reserved-ips", field: "mac_address", said: reserved },
    Source { resource: "discoveries", field: "mac_address", said: discovered },
    Source {
        resource: "events",
        field: "description",
        said: |it| {
            format!("{}  {}: {}", field(it, "created"), field(it, "type"), field(it, "description"))
        },
    },
];

fn lease(it: &Value) -> String {
    let until = field(it, "promised_until");
    format!(
        "lease of {} to {} ({}), {}, until {until}",
        field(it, "ip"),
        field(it, "client"),
        field(it, "name"),
        field(it, "state")
    )
}

fn reserved(it: &Value) -> String {
    format!(
        "DHCP keeps {} for {} ({})",
        field(it, "ip"),
        field(it, "mac_address"),
        field(it, "comment")
    )
}

fn discovered(it: &Value) -> String {
    format!(
        "{} was seen with {} at {}",
        field(it, "ip"),
        field(it, "mac_address"),
        field(it, "last_seen")
    )
}

/// Carries it out.
///
/// # Errors
/// It was refused, or nobody answers.
pub(crate) async fn ip(command: IpCommand) -> Result<(), Failure> {
    let IpCommand::Explain { address, asking } = command;
    let what = format!("ip explain {address}");
    explain_ip(address, &asking).await.map_err(|failure| failure.of(&what))
}

/// Carries it out.
///
/// # Errors
/// It was refused, or nobody answers.
pub(crate) async fn mac(command: MacCommand) -> Result<(), Failure> {
    let MacCommand::Explain { address, asking } = command;
    let what = format!("mac explain {address}");
    explain_mac(&address.to_string(), &asking).await.map_err(|failure| failure.of(&what))
}

async fn explain_mac(address: &str, asking: &Asking) -> Result<(), Failure> {
    let api = NativeApi::connect(&asking.connection).await?;
    let known = known(&api, OF_MAC, address, &asking.reading).await?;
    print(&asking.output, &json!({ "mac": address }), Vec::new(), OF_MAC, &known);
    Ok(())
}

async fn explain_ip(address: IpAddr, asking: &Asking) -> Result<(), Failure> {
    let api = NativeApi::connect(&asking.connection).await?;
    let mut whole = known(&api, OF_IP, &address.to_string(), &asking.reading).await?;
    let all = Wanted { reading: asking.reading.clone(), ..Wanted::default() };
    let subnets = api.list("subnets", &all).await?.items;
    let within: Vec<Value> = subnets.into_iter().filter(|subnet| has(subnet, address)).collect();
    let ranges = api.list("ip-ranges", &all).await?.items;
    let ranges: Vec<Value> = ranges.into_iter().filter(|range| spans(range, address)).collect();
    let mut lines: Vec<String> = within
        .iter()
        .map(|it| {
            let (cidr, name) = (field(it, "cidr"), field(it, "name"));
            format!(
                "in subnet {cidr} ({name}), VLAN {} of {}",
                field(it, "vlan.vid"),
                field(it, "vlan.fabric")
            )
        })
        .collect();
    if lines.is_empty() {
        lines.push("in no subnet".to_owned());
    }
    lines.extend(ranges.iter().map(|it| {
        format!(
            "in the {} range {} - {} ({})",
            field(it, "type"),
            field(it, "start_ip"),
            field(it, "end_ip"),
            field(it, "comment")
        )
    }));
    whole.insert("subnets".to_owned(), json!(within));
    whole.insert("ip-ranges".to_owned(), json!(ranges));
    print(&asking.output, &json!({ "ip": address.to_string() }), lines, OF_IP, &whole);
    Ok(())
}

/// What each kind knows of an address.
async fn known(
    api: &NativeApi,
    sources: &[Source],
    address: &str,
    reading: &Reading,
) -> Result<Map<String, Value>, Failure> {
    let mut known = Map::new();
    for source in sources {
        let value =
            if source.field == "description" { format!("*{address}*") } else { address.to_owned() };
        let filter = format!("{}:{value}", source.field);
        let wanted = Wanted {
            filter,
            limit: Some(OF_A_KIND),
            reading: reading.clone(),
            ..Wanted::default()
        };
        let items = match api.list(source.resource, &wanted).await {
            Ok(found) => found.items,
            // Of what one may not see nothing is known.
            Err(Failure::Denied(_)) => Vec::new(),
            Err(other) => return Err(other),
        };
        known.insert(source.resource.to_owned(), Value::Array(items));
    }
    Ok(known)
}

fn print(
    output: &OutputArguments,
    head: &Value,
    lines: Vec<String>,
    sources: &[Source],
    known: &Map<String, Value>,
) {
    if !output.is_columns() {
        let mut whole = head.as_object().cloned().unwrap_or_default();
        whole.extend(known.clone());
        let whole = Value::Object(whole);
        return output.print_answer(std::slice::from_ref(&whole), &whole);
    }
    let address = head.as_object().and_then(|head| head.values().next()).map(text);
    say(format_args!("{}", address.unwrap_or_default()));
    let said = told(lines, sources, known);
    said.iter().for_each(|line| say(format_args!("  {line}")));
}

fn told(mut lines: Vec<String>, sources: &[Source], known: &Map<String, Value>) -> Vec<String> {
    let before = lines.len();
    for source in sources {
        let items = known.get(source.resource).and_then(Value::as_array);
        lines.extend(items.into_iter().flatten().map(source.said));
    }
    if lines.len() == before {
        lines.push("nobody has it, and nobody was seen with it".to_owned());
    }
    lines
}

/// Whether an address is of a subnet.
fn has(subnet: &Value, address: IpAddr) -> bool {
    let cidr: Option<IpNet> = subnet["cidr"].as_str().and_then(|text| text.parse().ok());
    cidr.is_some_and(|cidr| cidr.contains(&address))
}

/// Whether an address is of a range.
fn spans(range: &Value, address: IpAddr) -> bool {
    let of = |name: &str| range[name].as_str().and_then(|text| text.parse::<IpAddr>().ok());
    let ends = of("start_ip").zip(of("end_ip"));
    ends.is_some_and(|(start, end)| {
        start.is_ipv4() == address.is_ipv4() && start <= address && address <= end
    })
}

#[cfg(test)]
mod tests {
    use model::query::Query;
    use model::time::Timestamp;

    use super::*;
    use crate::cli::native::noun;

    #[test]
    fn every_source_has_the_field_that_is_asked_for() {
        for (sources, address) in
            [(OF_IP, "10.0.0.1"), (OF_IP, "fd00::1"), (OF_MAC, "52:54:00:12:34:56")]
        {
            for source in sources {
                let fields = noun::of_resource(source.resource).unwrap().fields();
                let filter = format!("{}:{address}", source.field);
                let read = Query::parse(&filter, fields, Timestamp::default());
                assert!(read.is_ok(), "{}: {read:?}", source.resource);
            }
        }
    }

    #[test]
    fn an_address_is_of_subnets_and_ranges_that_have_it() {
        let address: IpAddr = "10.0.0.17".parse().unwrap();
        assert!(has(&json!({"cidr": "10.0.0.0/24"}), address));
        assert!(!has(&json!({"cidr": "10.0.1.0/24"}), address) && !has(&json!({}), address));
        assert!(
            spans(&json!({"start_ip": "10.0.0.9", "end_ip": "10.0.0.100"}), address),
            "by number"
        );
        assert!(!spans(&json!({"start_ip": "10.0.0.18", "end_ip": "10.0.0.20"}), address));
    }

    #[test]
    fn what_is_known_is_said_in_lines() {
        let known = json!({"leases": [{"ip": "10.0.0.17", "client": "52:54:00:12:34:56", "name": "web", "state": "active",
            "promised_until": "2026-11-30T12:00:00Z"}]});
        let lines = told(vec!["in no subnet".to_owned()], OF_IP, known.as_object().unwrap());
        assert_eq!(
            lines[1],
            "lease of 10.0.0.17 to 52:54:00:12:34:56 (web), active, until 2026-11-30T12:00:00Z"
        );
        let none = told(vec!["in no subnet".to_owned()], OF_IP, &Map::new());
        assert_eq!(none[1], "nobody has it, and nobody was seen with it");
    }
}
