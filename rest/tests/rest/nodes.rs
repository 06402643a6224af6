//! Nodes: machines, devices and controllers as one.

use model::controller::{ControllerInterface, RackController};
use model::id::SystemId;
use model::mac::MacAddress;
use serde_json::Value;
use tables::update::{Cause, now};

use crate::harness::{By, Region};

/// A machine, a device and a rack; the ids of the first two.
async fn site() -> (Region, String, String) {
    let region = Region::start().await;
    let machine = [
        ("architecture", "amd64/generic"),
        ("commission", "false"),
        ("hostname", "server"),
        ("mac_addresses", "52:54:00:00:01:01"),
    ];
    let machine = region.post(By::Admin, "machines/", &machine).await.assert(200).json();
    let device = [("hostname", "switch"), ("mac_addresses", "52:54:00:00:00:01")];
    let device = region.post(By::User, "devices/", &device).await.assert(200).json();
    let rack = RackController {
        system_id: SystemId::from_number(7),
        hostname: "k1".to_owned(),
        version: "0.1.0".to_owned(),
        interfaces: vec![ControllerInterface {
            name: "eth0".to_owned(),
            mac: MacAddress([0x52, 0x54, 0, 0, 2, 1]),
            addresses: vec!["10.0.0.2/24".parse().unwrap()],
        }],
        session: None,
        last_seen: now(),
        searches_for_hosts: false,
        holds_service_addresses: false,
    };
    let cause = Cause::new("test", "test");
    region.tables.update(&cause, |tx| tx.put(&rack)).await.unwrap();
    let id = |node: &Value| node["system_id"].as_str().unwrap().to_owned();
    let (machine, device) = (id(&machine), id(&device));
    (region, machine, device)
}

fn names(list: &Value) -> Vec<String> {
    let nodes = list.as_array().unwrap().iter();
    nodes.map(|node| node["hostname"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn nodes_of_every_kind_are_listed_by_the_constraints_of_machines() {
    let (region, machine, _) = site().await;
    for (by, query, found) in [
        (By::Admin, "", vec!["k1", "server", "switch"]),
        (By::User, "", vec!["server", "switch"]),
        (By::Admin, "hostname=switch", vec!["switch"]),
        (By::Admin, "mac_address=52:54:00:00:02:01", vec!["k1"]),
        (By::Admin, "zone=default", vec!["k1", "server", "switch"]),
        (By::Admin, "pool=default", vec!["server"]),
        (By::Admin, "owner=user", vec!["switch"]),
        (By::Admin, "arch=amd64", vec!["server"]),
        (By::Admin, &format!("id={machine}"), vec!["server"]),
    ] {
        let list = region.get(by, &format!("nodes/?{query}")).await.assert(200).json();
        assert_eq!(names(&list), found, "{query}");
    }
    region
        .get(By::User, "nodes/?tags=nosuch")
        .await
        .assert_field("tags", "No such tag(s): 'nosuch'.");
}

#[tokio::test]
async fn a_node_has_the_shape_of_its_kind() {
    let (region, machine, device) = site().await;
    let rack = SystemId::from_number(7);
    for (path, same) in [
        (format!("nodes/{machine}/"), format!("machines/{machine}/")),
        (format!("nodes/{device}/"), format!("devices/{device}/")),
        (format!("nodes/{rack}/"), format!("rackcontrollers/{rack}/")),
    ] {
        let node = region.get(By::Admin, &path).await.assert(200).json();
        assert_eq!(node, region.get(By::Admin, &same).await.assert(200).json(), "{path}");
    }
    region.get(By::User, &format!("nodes/{rack}/")).await.assert(403);
    let of_rack =
        region.get(By::Admin, &format!("nodes/{rack}/interfaces/")).await.assert(200).json();
    assert_eq!(of_rack[0]["mac_address"], "52:54:00:00:02:01");
    let gone = region.get(By::User, "nodes/abcdef/").await.assert(404);
    assert_eq!(gone.text, "No Node matches the given query.");
    for id in [&machine, &device] {
        let parameters = format!("nodes/{id}/?op=power_parameters");
        assert_eq!(region.get(By::Admin, &parameters).await.assert(200).text, "{}");
        region.get(By::User, &parameters).await.assert(403);
    }
}

#[tokio::test]
async fn administrators_delete_nodes_of_every_kind() {
    let (region, machine, device) = site().await;
    region.delete(By::User, &format!("nodes/{device}/")).await.assert(403);
    for id in [machine, device, SystemId::from_number(7).to_string()] {
        region.delete(By::Admin, &format!("nodes/{id}/")).await.assert(204);
        region.delete(By::Admin, &format!("nodes/{id}/")).await.assert(404);
    }
    assert_eq!(region.get(By::Admin, "nodes/").await.text, "[]");
}

#[tokio::test]
async fn anybody_may_ask_whether_an_address_is_known_or_busy() {
    let (region, machine, _) = site().await;
    for (mac, known) in [
        ("52:54:00:00:01:01", "true"),
        ("52-54-00-00-00-01", "true"),
        ("52:54:00:00:02:01", "true"),
        ("52:54:00:00:00:09", "false"),
        ("x", "false"),
    ] {
        let path = format!("nodes/?op=is_registered&mac_address={mac}");
        assert_eq!(region.get(By::Nobody, &path).await.assert(200).text, known, "{mac}");
    }
    let missing = region.get(By::Nobody, "nodes/?op=is_registered").await.assert(400);
    assert_eq!(missing.text, "No provided mac_address!");
    let busy = "nodes/?op=is_action_in_progress&mac_address=52:54:00:00:01:01";
    assert_eq!(region.get(By::Nobody, busy).await.assert(200).text, "false");
    let commission = [("op", "commission")];
    region.post(By::Admin, &format!("machines/{machine}/"), &commission).await.assert(200);
    assert_eq!(region.get(By::Nobody, busy).await.assert(200).text, "true");
    let of_machines = busy.replace("nodes/", "machines/");
    assert_eq!(region.get(By::Nobody, &of_machines).await.assert(200).text, "true");
    let device = "devices/?op=is_action_in_progress&mac_address=52:54:00:00:00:01";
    assert_eq!(region.get(By::Nobody, device).await.assert(200).text, "false");
}

#[tokio::test]
async fn the_zone_of_nodes_is_set_of_all_or_none() {
    let (region, machine, device) = site().await;
    region.post(By::Admin, "zones/", &[("name", "z")]).await.assert(200);
    let invalid = "Some of the given system ids are invalid system ids.";
    let set = |zone, nodes: &[&'static str]| {
        let nodes = nodes.iter().map(|id| ("nodes", *id));
        [("op", "set_zone"), ("zone", zone)].into_iter().chain(nodes).collect::<Vec<_>>()
    };
    let both: Vec<(&str, &str)> =
        vec![("op", "set_zone"), ("zone", "z"), ("nodes", &machine), ("nodes", &device)];
    region.post(By::User, "nodes/", &both).await.assert_field("system_id", invalid);
    let unknown = [both.as_slice(), &[("nodes", "abcdef")]].concat();
    region.post(By::Admin, "nodes/", &unknown).await.assert_field("system_id", invalid);
    let none = set("z", &[]);
    region.post(By::Admin, "nodes/", &none).await.assert_field("system_id", "No node selected.");
    let zone = |path: String| {
        let region = &region;
        async move { region.get(By::Admin, &path).await.json()["zone"]["name"].clone() }
    };
    assert_eq!(zone(format!("nodes/{machine}/")).await, "default", "all or none");
    assert_eq!(region.post(By::Admin, "devices/", &both).await.assert(200).text, "null");
    assert_eq!(zone(format!("nodes/{machine}/")).await, "z");
    assert_eq!(zone(format!("nodes/{device}/")).await, "z");

    let rack = format!("rackcontrollers/{}/", SystemId::from_number(7));
    region.put(By::Admin, &rack, &[("zone", "z")]).await.assert(200);
    for (zone, found) in [("z", vec!["k1", "server", "switch"]), ("default", vec![])] {
        let list = region.get(By::Admin, &format!("nodes/?zone={zone}")).await.json();
        assert_eq!(names(&list), found, "a rack is in the zone that was said");
    }
}
