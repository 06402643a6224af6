//! What is printed, from answers of the API.

use clap::{CommandFactory, FromArgMatches, Parser};
use serde_json::json;

use super::*;
use crate::cli::output::plain_lines;

#[derive(Debug, Parser)]
struct Cli {
    #[command(subcommand)]
    command: DhcpCommand,
}

fn parse(arguments: &str) -> Result<DhcpCommand, clap::Error> {
    let arguments = ["dhcp"].into_iter().chain(arguments.split_whitespace());
    let matches = Cli::command().try_get_matches_from(arguments)?;
    Ok(Cli::from_arg_matches(&matches)?.command)
}

fn plain_lines_of(leases: &[Lease]) -> Vec<String> {
    let sheet = lease_sheet(leases, true);
    let headers: Vec<&str> = sheet.headers.iter().map(String::as_str).collect();
    plain_lines(&headers, &sheet.rows)
}

fn lease(ip: &str, state: &str) -> Value {
    json!({
        "ip": ip,
        "client": "52:54:00:00:00:01",
        "name": null,
        "state": state,
        "told_until": "2026-11-22T10:35:26.080Z",
        "promised_until": "2026-11-22T10:45:26.080Z",
        "rack": {"system_id": "rbezqh", "hostname": "k1"},
        "subnet": {"id": 1, "cidr": "10.1.0.0/24"},
        "vlan": {"id": 1, "fabric": "fabric-0", "vid": 0},
    })
}

#[test]
fn leases_are_a_table() {
    let mut forgotten = lease("10.1.0.101", "declined");
    forgotten["rack"]["hostname"] = Value::Null;
    forgotten["subnet"]["cidr"] = Value::Null;
    forgotten["vlan"] = json!({"id": 7, "fabric": null, "vid": null});
    let leases: Vec<Lease> =
        serde_json::from_value(json!([lease("10.1.0.100", "active"), forgotten])).unwrap();
    insta::assert_snapshot!(plain_lines_of(&leases).join("\n"));
}

fn explanation() -> Value {
    json!({
        "client": "52:54:00:00:00:01",
        "link": {
            "vlan": {"id": 2, "fabric": "fabric-0", "vid": 5},
            "by": {"word": "giaddr", "text": "the relay's address 10.5.0.1 lies in 10.5.0.0/24"},
            "relayed_to": {"id": 1, "fabric": "fabric-0", "vid": 0},
            "subnets": [{"id": 2, "cidr": "10.5.0.0/24"}],
        },
        "racks": [
            {"rack": {"system_id": "rbezqh", "hostname": "k1"}, "connected": true, "transmission": 1},
            {"rack": {"system_id": "hb4m6t", "hostname": "k2"}, "connected": true, "transmission": 2},
            {"rack": {"system_id": "aaaaaa", "hostname": null}, "connected": false, "transmission": null},
        ],
        "known": {"machine": null, "reserved": [], "leases": []},
        "requested": null,
        "offer": null,
        "silence": {"word": "no-range", "text": "no subnet of the VLAN has a dynamic range"},
        "assumed": [],
        "not_seen": ["offers of the last minute", "limits"],
    })
}

#[test]
fn silence_is_explained_in_lines() {
    let explanation: Explanation = serde_json::from_value(explanation()).unwrap();
    insta::assert_snapshot!(explained::lines(&explanation).join("\n"));
}

#[test]
fn an_offer_is_explained_in_lines() {
    let mut explanation = explanation();
    explanation["silence"] = Value::Null;
    explanation["assumed"] = json!(["the client is where it was told 10.5.0.100 last"]);
    explanation["known"] = json!({
        "machine": {"system_id": "4y3h7n", "hostname": "web-1"},
        "reserved": ["10.5.0.20"],
        "leases": [lease("10.5.0.100", "kept")],
    });
    explanation["requested"] =
        json!({"ip": "10.5.0.7", "outcome": {"word": "taken", "text": "somebody else has it"}});
    explanation["offer"] = json!({
        "ip": "10.5.0.20",
        "why": {"word": "reserved", "text": "it is kept for this client"},
        "subnet": {"id": 2, "cidr": "10.5.0.0/24"},
        "range": {"id": 3, "first": "10.5.0.10", "last": "10.5.0.200"},
        "block": {"id": 9, "first": "10.5.0.10", "last": "10.5.0.25"},
        "lease_seconds": 600,
        "server": "10.1.0.2",
        "boot": {"file": "snponly.efi", "next_server": "10.1.0.2", "why": "PXE of UEFI on x86-64"},
        "options": [
            {"code": 54, "name": "server identifier", "value": "10.1.0.2", "source": "rack that answers"},
            {"code": 3, "name": "routers", "value": "10.5.0.1", "source": "subnet"},
        ],
    });
    let explanation: Explanation = serde_json::from_value(explanation).unwrap();
    insta::assert_snapshot!(explained::lines(&explanation).join("\n"));
}

#[test]
fn arguments_that_contradict_each_other_are_refused() {
    Cli::command().debug_assert();
    assert!(parse("leases --vlan fabric-0 0 --state kept --limit 5").is_ok());
    assert!(parse("explain --mac 52:54:00:00:00:01 --relay 10.5.0.1 --arch 7").is_ok());
    assert!(parse("explain --mac 52:54:00:00:00:01 --client-id 01:52:54:00:00:00:01").is_ok());
    for wrong in [
        "explain --mac 52:54:00:00:00:01 --client-id laptop",
        "leases --limit 0",
        "leases --state free",
        "leases --vlan fabric-0",
        "explain",
        "explain --mac 52:54:00:00:00:01 --link-selection 10.5.0.0",
        "explain --mac 52:54:00:00:00:01 --relay 10.5.0.1 --vlan fabric-0 0",
    ] {
        assert!(parse(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_long_client_does_not_widen_the_table() {
    assert_eq!(shortened("52:54:00:12:34:56"), "52:54:00:12:34:56");
    let long = "ff:".repeat(254);
    assert_eq!(shortened(&long).chars().count(), CLIENT_MAX + 1);
}
