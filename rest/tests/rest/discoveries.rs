//! Hosts that racks saw, and searches for them.

use model::access::Actor;
use model::controller::{ControllerInterface, RackController};
use model::id::{SystemId, VlanId};
use model::mac::MacAddress;
use model::net::neighbour::{KEPT_MS, Neighbour, Sighting};
use model::net::scan::{LastScan, NetworkScan};
use model::time::Timestamp;
use ops::authorize::cause;
use ops::network::{neighbours, scans};
use serde_json::{Value, json};
use tables::error::TableError;
use tables::read::Reads;
use tables::tx::Tx;
use tables::update::now;

use crate::harness::{By, Region};

const RACK: &str = "rack34";

fn rack() -> SystemId {
    RACK.parse().unwrap()
}

async fn change(region: &Region, change: impl FnMut(&mut Tx) -> Result<(), TableError>) {
    let cause = cause(&Actor::Reconciler("test"), "test");
    region.tables.update(&cause, change).await.unwrap();
}

async fn put_rack(region: &Region, system_id: &str, address: &str, session: Option<u64>) {
    let row = RackController {
        system_id: system_id.parse().unwrap(),
        hostname: format!("host-of-{system_id}"),
        version: String::new(),
        interfaces: vec![ControllerInterface {
            name: "eth7".to_owned(),
            mac: MacAddress([2, 0, 0, 0, 1, 1]),
            addresses: vec![address.parse().unwrap()],
        }],
        session,
        last_seen: now(),
        searches_for_hosts: true,
        holds_service_addresses: false,
    };
    change(region, |tx| tx.put(&row)).await;
}

/// A region with a subnet and a rack on it.
async fn with_rack() -> Region {
    let region = Region::start().await;
    region.post(By::Admin, "subnets/", &[("cidr", "10.0.0.0/24")]).await.assert(200);
    put_rack(&region, RACK, "10.0.0.2/24", Some(1)).await;
    region
}

fn seen(ip: [u8; 4], last: u8) -> Sighting {
    let mac = MacAddress([0x52, 0x54, 0, 0, 0, last]);
    Sighting { ip: ip.into(), vlan: VlanId(1), mac, interface: "eth7".to_owned() }
}

async fn see(region: &Region, sightings: &[Sighting]) {
    neighbours::take_in(&region.tables, &rack(), sightings).await.unwrap();
}

/// The addresses of a list.
async fn listed(region: &Region, op: &str) -> Vec<String> {
    let found = region.get(By::User, &format!("discovery/{op}")).await.assert(200).json();
    let ips = found.as_array().unwrap().iter().map(|host| host["ip"].as_str().unwrap().to_owned());
    ips.collect()
}

#[tokio::test]
async fn a_host_has_maass_shape_and_is_read_by_its_id_and_addresses() {
    let region = with_rack().await;
    see(&region, &[seen([10, 0, 0, 9], 9)]).await;
    let found = region.get(By::User, "discovery/").await.assert(200).json();
    let mut host = found[0].clone();
    assert!(host["last_seen"].as_str().unwrap().ends_with('Z'));
    host["last_seen"] = Value::Null;
    let id = "MTAuMC4wLjksNTI6NTQ6MDA6MDA6MDA6MDk=";
    let observer = json!({
        "system_id": RACK,
        "hostname": "host-of-rack34",
        "interface_id": 0,
        "interface_name": "eth7",
    });
    assert_eq!(
        host,
        json!({
            "discovery_id": id,
            "ip": "10.0.0.9",
            "mac_address": "52:54:00:00:00:09",
            "mac_organization": null,
            "last_seen": null,
            "hostname": null,
            "fabric_name": "fabric-0",
            "vid": null,
            "observer": observer,
            "is_external_dhcp": false,
            "resource_uri": format!("/MAAS/api/2.0/discovery/{id}/"),
        })
    );
    for name in [id, "ip:10.0.0.9", "mac:52:54:00:00:00:09"] {
        let read = region.get(By::User, &format!("discovery/{name}/")).await.assert(200).json();
        assert_eq!(read, found[0], "{name}");
    }
    for name in ["ip:10.0.0.8", "x", "MTAuMC4wLjksNTI6NTQ6MDA6MDA6MDA6MDg="] {
        let missing = region.get(By::User, &format!("discovery/{name}/")).await.assert(404);
        assert_eq!(missing.text, "No Discovery matches the given query.");
    }
}

#[tokio::test]
async fn what_is_on_no_link_of_the_rack_is_left_out() {
    let region = with_rack().await;
    region.post(By::Admin, "fabrics/0/vlans/", &[("vid", "7")]).await.assert(200);
    let other = [("cidr", "10.7.0.0/24"), ("vid", "7"), ("fabric", "0")];
    let other = region.post(By::Admin, "subnets/", &other).await.assert(200).json();
    let vlan = VlanId(other["vlan"]["id"].as_u64().unwrap().try_into().unwrap());
    let elsewhere = Sighting { vlan, ..seen([10, 7, 0, 9], 8) };
    let nowhere = Sighting { vlan: VlanId(99), ..seen([10, 0, 0, 7], 7) };
    see(&region, &[seen([10, 9, 0, 9], 9), elsewhere, nowhere, seen([10, 0, 0, 6], 6)]).await;
    assert_eq!(listed(&region, "").await, ["10.0.0.6"]);
    let at = region.tables.view().await.unwrap().revision();
    see(&region, &[seen([10, 0, 0, 6], 6)]).await;
    assert_eq!(region.tables.view().await.unwrap().revision(), at, "what is known writes nothing");
    see(&region, &[seen([10, 0, 0, 6], 5)]).await;
    let moved = region.get(By::User, "discovery/ip:10.0.0.6/").await.assert(200).json();
    assert_eq!(moved["mac_address"], "52:54:00:00:00:05", "one host has an address");
}

#[tokio::test]
async fn hosts_are_told_apart_by_what_is_known_of_them() {
    let region = with_rack().await;
    let device = [("hostname", "sw1"), ("mac_addresses", "52:54:00:00:00:01")];
    region.post(By::User, "devices/", &device).await.assert(200);
    let reserve = [("op", "reserve"), ("ip", "10.0.0.12")];
    region.post(By::User, "ipaddresses/", &reserve).await.assert(200);
    let rack = Sighting { mac: MacAddress([2, 0, 0, 0, 1, 1]), ..seen([10, 0, 0, 2], 0) };
    let hosts = [seen([10, 0, 0, 11], 1), seen([10, 0, 0, 12], 2), seen([10, 0, 0, 13], 3), rack];
    for host in hosts {
        see(&region, &[host]).await;
    }
    assert_eq!(listed(&region, "").await.len(), 4);
    let sorted = async |op: &str| {
        let mut found = listed(&region, op).await;
        found.sort();
        found
    };
    assert_eq!(sorted("?op=by_unknown_mac").await, ["10.0.0.12", "10.0.0.13"]);
    assert_eq!(sorted("?op=by_unknown_ip").await, ["10.0.0.11", "10.0.0.13"]);
    assert_eq!(sorted("?op=by_unknown_ip_and_mac").await, ["10.0.0.13"]);
}

#[tokio::test]
async fn an_address_that_a_host_uses_is_given_when_there_is_no_other() {
    let region = Region::start().await;
    region.post(By::Admin, "subnets/", &[("cidr", "10.0.0.0/29")]).await.assert(200);
    put_rack(&region, RACK, "10.0.0.6/29", Some(1)).await;
    see(&region, &[seen([10, 0, 0, 1], 1), seen([10, 0, 0, 2], 2)]).await;
    change(&region, |tx| {
        let row = tx.list::<Neighbour>()?.remove(1);
        tx.put(&Neighbour { last_seen: now().minus_ms(3 * 3_600_000), ..row })
    })
    .await;
    let mut given = Vec::new();
    for _ in 0..5 {
        let form = [("op", "reserve"), ("subnet", "1")];
        let reserved = region.post(By::User, "ipaddresses/", &form).await.assert(200).json();
        given.push(reserved["ip"].as_str().unwrap().to_owned());
    }
    let expected = ["10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.1"];
    assert_eq!(given, expected, "the first is in use, and given last");
}

#[tokio::test]
async fn administrators_forget_hosts() {
    let region = with_rack().await;
    see(&region, &[seen([10, 0, 0, 8], 8), seen([10, 0, 0, 9], 9)]).await;
    let one = [("op", "clear_by_mac_and_ip"), ("ip", "10.0.0.9"), ("mac", "52:54:00:00:00:09")];
    let clear = [("op", "clear"), ("all", "true")];
    for form in [&one[..], &clear[..]] {
        let refused = region.post(By::User, "discovery/", form).await.assert(403);
        assert_eq!(refused.text, "Must be an administrator to clear discovery entries.");
    }
    region.post(By::Admin, "discovery/", &one).await.assert(204);
    let gone = region.post(By::Admin, "discovery/", &one).await.assert(410);
    assert_eq!(gone.text, "Gone");
    let what = region.post(By::Admin, "discovery/", &[("op", "clear")]).await.assert(400);
    assert!(what.text.starts_with("Bad request: could not determine what data to clear."));
    region.post(By::Admin, "discovery/", &[("op", "clear"), ("mdns", "1")]).await.assert(204);
    assert_eq!(listed(&region, "").await, ["10.0.0.8"]);
    region.post(By::Admin, "discovery/", &clear).await.assert(204);
    assert_eq!(listed(&region, "").await, [""; 0]);
}

#[tokio::test]
async fn old_hosts_and_those_of_racks_that_are_gone_are_forgotten() {
    let region = with_rack().await;
    see(&region, &[seen([10, 0, 0, 8], 8), seen([10, 0, 0, 9], 9)]).await;
    assert_eq!(neighbours::remove_old(&region.tables).await, Ok(0));
    change(&region, |tx| {
        let row = tx.list::<Neighbour>()?.remove(0);
        tx.put(&Neighbour { last_seen: now().minus_ms(KEPT_MS), ..row })
    })
    .await;
    assert_eq!(neighbours::remove_old(&region.tables).await, Ok(1));
    assert_eq!(listed(&region, "").await, ["10.0.0.9"]);
    region.delete(By::Admin, "rackcontrollers/rack34/").await.assert(204);
    assert_eq!(listed(&region, "").await, [""; 0]);
    assert_eq!(neighbours::remove_old(&region.tables).await, Ok(1));
}

async fn scan(region: &Region, form: &[(&str, &str)]) -> Value {
    let form = [&[("op", "scan")], form].concat();
    region.post(By::User, "discovery/", &form).await.assert(200).json()
}

async fn asked(region: &Region) -> Vec<NetworkScan> {
    region.tables.view().await.unwrap().list::<NetworkScan>().unwrap()
}

#[tokio::test]
async fn racks_search_the_networks_that_they_are_on() {
    let region = with_rack().await;
    put_rack(&region, "rack37", "10.1.0.2/24", None).await;
    let all = [("op", "scan")];
    let refused = region.post(By::User, "discovery/", &all).await.assert(400);
    assert!(refused.text.starts_with("Bad request: scanning all subnets is not allowed unless"));
    let first = json!([{ "system_id": RACK, "hostname": "host-of-rack34" }]);
    let other = json!([{ "system_id": "rack37", "hostname": "host-of-rack37" }]);
    let started = scan(&region, &[("cidr", "10.0.0.0/28"), ("slow", "true")]).await;
    assert_eq!(started["scan_started_on"], first);
    assert_eq!(started["result"], "Scanning is in-progress on all rack controllers.");
    let [row] = &asked(&region).await[..] else { panic!("one search") };
    assert_eq!((row.networks[0].to_string().as_str(), row.slow), ("10.0.0.0/28", true));

    let again = scan(&region, &[("force", "true")]).await;
    assert_eq!((&again["scan_failed_on"], &again["failed_to_connect_to"]), (&first, &other));
    assert_eq!((&again["scan_attempted_on"], &again["scan_started_on"]), (&first, &json!([])));
    assert!(again["result"].as_str().unwrap().contains("In addition, a scan was already"));
    scans::finish(&region.tables, &rack(), row.id).await.unwrap();
    assert_eq!(scan(&region, &[("force", "true")]).await["scan_started_on"], first);
    assert_eq!(asked(&region).await[0].networks[0].to_string(), "10.0.0.0/24");
}

#[tokio::test]
async fn a_rack_of_a_version_before_is_not_asked_and_named() {
    let region = with_rack().await;
    change(&region, |tx| {
        let row = tx.get::<RackController>(&rack())?.unwrap();
        tx.put(&RackController { searches_for_hosts: false, version: "0.0.9".to_owned(), ..row })
    })
    .await;
    let told = scan(&region, &[("force", "true")]).await;
    let message = "Rack controller host-of-rack34 (rack34, version 0.0.9) cannot search for hosts: upgrade it.";
    assert_eq!(told["failures"], json!([{ "type": "TooOld", "message": message }]));
    assert!(told["result"].as_str().unwrap().ends_with(message), "{told}");
    assert_eq!((&told["scan_started_on"], &told["scan_failed_on"]), (&json!([]), &json!([])));
    let on = [("active_discovery", "true")];
    region.put(By::Admin, "subnets/1/", &on).await.assert(200);
    scans::keep_up(&region.tables).await.unwrap();
    assert_eq!(asked(&region).await, [], "nor from time to time");
}

#[tokio::test]
async fn a_search_without_effect_is_refused_by_name() {
    let region = with_rack().await;
    for (field, value, says) in [
        ("cidr", "10.9.0.0/24", "no rack has an address there"),
        ("cidr", "10.0.0.0/8", "larger than a /16"),
        ("cidr", "fd00::/64", "IPv6"),
        ("cidr", "x", "x is no network."),
        ("always_use_ping", "true", "never by ping"),
        ("threads", "4", "leave it out"),
    ] {
        let form = [("op", "scan"), ("force", "true"), (field, value)];
        let refused = region.post(By::User, "discovery/", &form).await.assert(400);
        let text = refused.json()[field][0].as_str().unwrap_or_default().to_owned();
        assert!(text.contains(says), "{field}={value}: {}", refused.text);
    }
    let off = [("op", "set_config"), ("name", "network_discovery"), ("value", "disabled")];
    region.post(By::Admin, "maas/", &off).await.assert(200);
    let form = [("op", "scan"), ("force", "true")];
    let refused = region.post(By::User, "discovery/", &form).await.assert(400);
    assert!(refused.text.contains("network_discovery=enabled"), "{}", refused.text);
    assert_eq!(asked(&region).await, []);
}

#[tokio::test]
async fn subnets_with_active_discovery_are_searched_in_time() {
    let region = with_rack().await;
    scans::keep_up(&region.tables).await.unwrap();
    assert_eq!(asked(&region).await, [], "none asks for it");
    let on = [("active_discovery", "true")];
    let subnet = region.put(By::Admin, "subnets/1/", &on).await.assert(200).json();
    assert_eq!(subnet["active_discovery"], true);
    scans::keep_up(&region.tables).await.unwrap();
    let [first] = &asked(&region).await[..] else { panic!("one search") };
    assert_eq!((first.rack.as_str(), first.networks.len()), (RACK, 1));
    scans::finish(&region.tables, &rack(), first.id).await.unwrap();
    scans::keep_up(&region.tables).await.unwrap();
    assert_eq!(asked(&region).await[0].id, first.id, "not yet again");

    change(&region, |tx| tx.put(&LastScan { at: now().minus_ms(10_800_000) })).await;
    scans::keep_up(&region.tables).await.unwrap();
    let second = asked(&region).await[0].clone();
    assert!(second.id > first.id);
    change(&region, |tx| tx.put(&NetworkScan { asked: Timestamp::default(), ..second.clone() }))
        .await;
    scans::keep_up(&region.tables).await.unwrap();
    assert!(asked(&region).await[0].finished.is_some(), "it should have ended long ago");

    // Terraform asks for it with every subnet.
    for cidr in ["10.64.0.0/10", "fd00::/64"] {
        let form = [("cidr", cidr), ("active_discovery", "true")];
        let made = region.post(By::Admin, "subnets/", &form).await.assert(200).json();
        assert_eq!(made["active_discovery"], true);
    }
    let known = asked(&region).await;
    change(&region, |tx| tx.put(&LastScan { at: now().minus_ms(10_800_000) })).await;
    scans::keep_up(&region.tables).await.unwrap();
    let networks = asked(&region).await[0].networks.clone();
    assert_eq!(networks, known[0].networks, "what is too large is not searched");
}
