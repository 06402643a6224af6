//! Whose an IP address is: the subnet and ranges that it is in, and who has it.

use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::{Value, json};

use crate::cli::failure::Failure;
use crate::cli::native::exchange::{NativeApi, Wanted};
use crate::cli::native::explained::source::{Source, discovered, known, lease, reserved};
use crate::cli::native::explained::told::{Asking, print};
use crate::cli::output::field;

/// Who may know one.
pub(super) const SOURCES: &[Source] = &[
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

/// Says what is known of one.
///
/// # Errors
/// It was refused, or nobody answers.
pub(super) async fn explain(address: IpAddr, asking: &Asking) -> Result<(), Failure> {
    let api = NativeApi::connect(&asking.connection).await?;
    let mut whole = known(&api, SOURCES, &address.to_string(), &asking.reading).await?;
    let all = Wanted { reading: asking.reading.clone(), ..Wanted::default() };
    let subnets = api.list("subnets", &all).await?.items;
    let subnets: Vec<Value> = subnets.into_iter().filter(|subnet| has(subnet, address)).collect();
    let ranges = api.list("ip-ranges", &all).await?.items;
    let ranges: Vec<Value> = ranges.into_iter().filter(|range| spans(range, address)).collect();
    let lines = places(&subnets, &ranges);
    whole.insert("subnets".to_owned(), json!(subnets));
    whole.insert("ip-ranges".to_owned(), json!(ranges));
    print(&asking.output, &json!({ "ip": address.to_string() }), lines, SOURCES, &whole);
    Ok(())
}

/// The subnets and ranges that it is in, in lines.
fn places(subnets: &[Value], ranges: &[Value]) -> Vec<String> {
    let subnet = |it: &Value| {
        let (cidr, name) = (field(it, "cidr"), field(it, "name"));
        let (vid, fabric) = (field(it, "vlan.vid"), field(it, "vlan.fabric"));
        format!("in subnet {cidr} ({name}), VLAN {vid} of {fabric}")
    };
    let range = |it: &Value| {
        let (kind, comment) = (field(it, "type"), field(it, "comment"));
        let (start, end) = (field(it, "start_ip"), field(it, "end_ip"));
        format!("in the {kind} range {start} - {end} ({comment})")
    };
    let mut lines: Vec<String> = subnets.iter().map(subnet).collect();
    if lines.is_empty() {
        lines.push("in no subnet".to_owned());
    }
    lines.extend(ranges.iter().map(range));
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
    use super::*;

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
    fn its_places_are_said_before_who_has_it() {
        let subnet =
            json!({"cidr": "10.0.0.0/24", "name": "lab", "vlan": {"vid": 5, "fabric": "plant"}});
        let range = json!({"type": "dynamic", "start_ip": "10.0.0.9", "end_ip": "10.0.0.20", "comment": ""});
        assert_eq!(
            places(&[subnet], &[range]),
            [
                "in subnet 10.0.0.0/24 (lab), VLAN 5 of plant",
                "in the dynamic range 10.0.0.9 - 10.0.0.20 (-)"
            ]
        );
        assert_eq!(places(&[], &[]), ["in no subnet"]);
    }
}
