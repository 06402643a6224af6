//! Operations at random: what a draw of numbers asks for. Names come from a few, so that objects meet each other.

use serde_json::{Value, json};

/// What is drawn for an operation: its kind, which object, and how.
pub(super) type Draw = (u8, u8, u8);

/// How many kinds there are.
pub(super) const KINDS: u8 = 58;

/// A request of the native API.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) method: &'static str,
    pub(super) path: String,
    pub(super) body: Value,
}

fn request(method: &'static str, path: impl Into<String>, body: Value) -> Request {
    Request { method, path: path.into(), body }
}

/// The operation that a draw stands for. `machines` are the ids of those that there are.
pub(super) fn operation((kind, a, b): Draw, machines: &[String]) -> Request {
    match kind {
        0..=11 => group(kind, a, b, machines),
        12..=34 => network(kind, a, b),
        35..=43 => name(kind, a, b),
        44..=57 => node(kind, a, b),
        _ => unreachable!("there is no kind {kind}"),
    }
}

fn group(kind: u8, a: u8, b: u8, machines: &[String]) -> Request {
    let text = format!("text {b}");
    match kind {
        0 => request("POST", "zones", json!({"name": format!("zone-{a}"), "description": text})),
        1 => request("PATCH", format!("zones/zone-{a}"), json!({"name": format!("zone-{b}")})),
        2 => request("PATCH", format!("zones/zone-{a}"), json!({"description": text})),
        3 => request("DELETE", format!("zones/zone-{a}"), Value::Null),
        4 => request("POST", "pools", json!({"name": format!("pool-{a}")})),
        5 => request(
            "PATCH",
            format!("pools/pool-{a}"),
            json!({"name": format!("pool-{b}"), "description": text}),
        ),
        6 => request("DELETE", format!("pools/pool-{a}"), Value::Null),
        7 => request("POST", "tags", json!({"name": format!("tag-{a}"), "comment": text})),
        8 => request("PATCH", format!("tags/tag-{a}"), json!({"name": format!("tag-{b}")})),
        9 => request("DELETE", format!("tags/tag-{a}"), Value::Null),
        10 | 11 => {
            let id = machines.get(usize::from(b) % machines.len().max(1)).cloned();
            let which = if kind == 10 { "add" } else { "remove" };
            request(
                "POST",
                format!("tags/tag-{a}/update-nodes"),
                json!({which: id.unwrap_or_default()}),
            )
        }
        _ => unreachable!(),
    }
}

fn network(kind: u8, a: u8, b: u8) -> Request {
    let (id, text) = (1 + b, format!("text {b}"));
    match kind {
        12 => request("POST", "fabrics", json!({"name": format!("net-{a}"), "description": text})),
        13 => request("PATCH", format!("fabrics/net-{a}"), json!({"name": format!("net-{b}")})),
        14 => request("DELETE", format!("fabrics/net-{a}"), Value::Null),
        15 => request(
            "POST",
            format!("fabrics/net-{a}/vlans"),
            json!({"vid": 10 + b, "name": format!("link-{b}")}),
        ),
        16 => request(
            "PATCH",
            format!("fabrics/net-{a}/vlans/{}", 10 + b),
            json!({"mtu": 9000, "space": "room-1"}),
        ),
        17 => request("DELETE", format!("fabrics/net-{a}/vlans/{}", 10 + b), Value::Null),
        18 => request("POST", "spaces", json!({"name": format!("room-{a}")})),
        19 => request("DELETE", format!("spaces/room-{a}"), Value::Null),
        20 => request(
            "POST",
            "subnets",
            json!({"cidr": format!("10.{a}.0.0/24"), "gateway_ip": format!("10.{a}.0.1")}),
        ),
        21 => request(
            "PATCH",
            format!("subnets/10.{a}.0.0%2F24"),
            json!({"gateway_ip": format!("10.{a}.0.{}", 1 + 20 * b), "description": text}),
        ),
        22 => request(
            "PATCH",
            format!("subnets/10.{a}.0.0%2F24"),
            json!({"cidr": format!("10.{b}.0.0/25")}),
        ),
        23 => {
            request("PATCH", format!("subnets/10.{a}.0.0%2F24"), json!({"vlan": format!("{id}")}))
        }
        24 => request("DELETE", format!("subnets/10.{a}.0.0%2F24"), Value::Null),
        25 => {
            let kind = if b.is_multiple_of(2) { "dynamic" } else { "reserved" };
            let (first, last) = (20 * b + 10, 20 * b + 35);
            request(
                "POST",
                "ip-ranges",
                json!({"type": kind, "start_ip": format!("10.{a}.0.{first}"), "end_ip": format!("10.{a}.0.{last}")}),
            )
        }
        26 => request(
            "PATCH",
            format!("ip-ranges/{id}"),
            json!({"end_ip": format!("10.{a}.0.{}", 20 * b + 20), "comment": text}),
        ),
        27 => request("DELETE", format!("ip-ranges/{id}"), Value::Null),
        28 => request(
            "POST",
            "reserved-ips",
            json!({"ip": format!("10.{a}.0.{}", 20 * b + 5), "mac_address": format!("52:54:00:00:02:0{b}")}),
        ),
        29 => request("DELETE", format!("reserved-ips/{id}"), Value::Null),
        30 => request(
            "POST",
            "static-routes",
            json!({"source": format!("10.{a}.0.0/24"), "destination": format!("10.{b}.0.0/24"), "gateway_ip": format!("10.{a}.0.3")}),
        ),
        31 => request("DELETE", format!("static-routes/{id}"), Value::Null),
        32 => request(
            "POST",
            "dhcp-snippets",
            json!({"name": format!("options-{a}"), "value": format!("option ntp-servers 10.9.9.{b};"), "subnet": format!("10.{a}.0.0/24")}),
        ),
        33 => request(
            "PATCH",
            format!("dhcp-snippets/options-{a}"),
            json!({"value": format!("option ntp-servers 10.9.8.{b};"), "enabled": b.is_multiple_of(2)}),
        ),
        34 => request("DELETE", format!("dhcp-snippets/options-{a}"), Value::Null),
        _ => unreachable!(),
    }
}

fn name(kind: u8, a: u8, b: u8) -> Request {
    let id = 1 + b;
    match kind {
        35 => request("POST", "domains", json!({"name": format!("lab-{a}.example")})),
        36 => request(
            "PATCH",
            format!("domains/lab-{a}.example"),
            json!({"name": format!("lab-{b}.example"), "ttl": 30 + b}),
        ),
        37 => request("POST", format!("domains/lab-{a}.example/set-default"), Value::Null),
        38 => request("DELETE", format!("domains/lab-{a}.example"), Value::Null),
        39 => request(
            "POST",
            "dns-resources",
            json!({"fqdn": format!("host-{b}.lab-{a}.example"), "ip_addresses": format!("10.{a}.0.{}", 20 * b + 6)}),
        ),
        40 => request(
            "PATCH",
            format!("dns-resources/{id}"),
            json!({"ip_addresses": format!("10.{a}.0.{}", 20 * b + 7)}),
        ),
        41 => request("DELETE", format!("dns-resources/{id}"), Value::Null),
        42 => request(
            "POST",
            "dns-records",
            json!({"fqdn": format!("text-{b}.lab-{a}.example"), "rrtype": "TXT", "rrdata": "hello"}),
        ),
        43 => request("DELETE", format!("dns-records/{id}"), Value::Null),
        _ => unreachable!(),
    }
}

fn node(kind: u8, a: u8, b: u8) -> Request {
    let id = 1 + b;
    match kind {
        44 => request(
            "POST",
            "devices",
            json!({"hostname": format!("thing-{a}"), "mac_addresses": [format!("52:54:00:00:01:0{b}")]}),
        ),
        45 => request(
            "PATCH",
            format!("devices/thing-{a}"),
            json!({"hostname": format!("thing-{b}"), "zone": "zone-1"}),
        ),
        46 => request("DELETE", format!("devices/thing-{a}"), Value::Null),
        47 => request(
            "POST",
            "machines",
            json!({"hostname": format!("node-{a}"), "architecture": "amd64/generic",
            "mac_addresses": [format!("52:54:00:00:00:0{b}")], "power_type": "manual", "commission": false}),
        ),
        48 => request(
            "PATCH",
            format!("machines/node-{a}"),
            json!({"zone": format!("zone-{b}"), "pool": "pool-1"}),
        ),
        49 => request(
            "PATCH",
            format!("machines/node-{a}"),
            json!({"hostname": format!("node-{b}"), "description": format!("text {b}")}),
        ),
        50 => request(
            "POST",
            format!("machines/node-{a}/{}", if b.is_multiple_of(2) { "lock" } else { "unlock" }),
            Value::Null,
        ),
        51 => request(
            "POST",
            format!(
                "machines/node-{a}/{}",
                if b.is_multiple_of(2) { "mark-broken" } else { "mark-fixed" }
            ),
            Value::Null,
        ),
        52 => request("DELETE", format!("machines/node-{a}"), Value::Null),
        53 => request(
            "POST",
            "maas/set-config",
            json!({"name": "ntp_servers", "value": format!("10.9.9.{b}")}),
        ),
        54 => request(
            "POST",
            "notifications",
            json!({"message": format!("message {a}"), "admins": b.is_multiple_of(2)}),
        ),
        55 => match b {
            0 | 1 => request(
                "PATCH",
                format!("notifications/{id}"),
                json!({"message": format!("message {a}")}),
            ),
            _ => request("DELETE", format!("notifications/{}", 1 + a), Value::Null),
        },
        56 => request(
            "POST",
            "ip-addresses/reserve",
            json!({"ip": format!("10.{a}.0.{}", 20 * b + 8)}),
        ),
        57 => request(
            "POST",
            "ip-addresses/release",
            json!({"ip": format!("10.{a}.0.{}", 20 * b + 8)}),
        ),
        _ => unreachable!(),
    }
}
