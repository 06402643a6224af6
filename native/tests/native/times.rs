//! When objects were made and changed.

use model::machine::Machine;
use serde_json::{Value, json};
use tables::read::Reads;
use tables::update::Cause;

use crate::harness::{By, Region};

const HOSTS: [&str; 2] = ["one", "two"];

async fn with_machines() -> Region {
    let region = Region::start().await;
    for (number, hostname) in HOSTS.into_iter().enumerate() {
        let body = json!({
            "hostname": hostname,
            "architecture": "amd64/generic",
            "mac_addresses": [format!("52:54:00:00:00:{number:02x}")],
            "power_type": "manual",
            "commission": false,
        });
        region.post("machines", body).await.assert(201);
    }
    region
}

async fn machine(region: &Region, name: &str) -> Value {
    region.get(By::Admin, &format!("machines/{name}")).await.assert(200).json()
}

/// Has a machine's row be what a version wrote that did not note since when its status is what it is.
async fn forget_since(region: &Region, name: &str) {
    let tables = &region.parts.tables;
    let machines: Vec<Machine> = tables.view().await.unwrap().list().unwrap();
    let mut machine = machines.into_iter().find(|machine| machine.hostname == name).unwrap();
    machine.lifecycle.since = None;
    tables.update(&Cause::new("test", "test"), |tx| tx.put(&machine)).await.unwrap();
}

fn time(object: &Value, member: &str) -> jiff::Timestamp {
    object[member].as_str().unwrap_or_else(|| panic!("{member} of {object}")).parse().unwrap()
}

#[tokio::test]
async fn a_machine_tells_since_when_its_status_is_what_it_is() {
    let region = with_machines().await;
    let new = machine(&region, "one").await;
    assert_eq!(new["status_changed"], new["created"], "{new}");
    region.call(By::Admin, "PATCH", "machines/one", json!({"description": "x"})).await.assert(200);
    let described = machine(&region, "one").await;
    assert_eq!(described["status_changed"], new["status_changed"]);
    assert!(time(&described, "updated") >= time(&new, "updated"));
    let broken = region.post("machines/one/mark-broken", json!({})).await.assert(200).json();
    assert!(time(&broken, "status_changed") >= time(&described, "updated"), "{broken}");
    assert_eq!(broken["status_changed"], broken["updated"]);
    assert_eq!(machine(&region, "one").await, broken, "a change answers what is read then");
}

#[tokio::test]
async fn machines_are_found_and_ordered_by_their_times() {
    let region = with_machines().await;
    region.post("machines/one/mark-broken", json!({})).await.assert(200);
    let sorted = region.get(By::Admin, "machines?sort=-status_changed,hostname").await.assert(200);
    assert_eq!(sorted.each("hostname"), ["one", "two"]);
    let at = machine(&region, "one").await["status_changed"].as_str().unwrap().to_owned();
    let day = &at[..10];
    let of_day = format!("machines?filter=status_changed:{day}%20created:%3C1h&sort=hostname");
    assert_eq!(region.get(By::Admin, &of_day).await.assert(200).each("hostname"), HOSTS);
    let old = region.get(By::Admin, "machines?filter=since:%3E1d").await.assert(200);
    assert_eq!(old.json()["total"], 0);
}

#[tokio::test]
async fn a_row_of_before_says_what_it_knows() {
    let region = with_machines().await;
    forget_since(&region, "two").await;
    let old = machine(&region, "two").await;
    assert_eq!(old["status_changed"], Value::Null);
    assert!(old["created"].is_string(), "{old}");
    let listed = region.get(By::Admin, "machines?sort=-status_changed").await.assert(200);
    assert_eq!(listed.each("hostname"), HOSTS, "what is not known comes last");
}

#[tokio::test]
async fn other_kinds_tell_when_they_were_made_and_are_found_by_it() {
    let region = Region::start().await;
    for name in ["first", "second"] {
        let body = json!({"name": name, "url": "http://archive.example/debian"});
        region.post("package-repositories", body).await.assert(201);
    }
    let path = "package-repositories?filter=created:%3C1h%20name:first,second&sort=-created,name";
    let found = region.get(By::Admin, path).await.assert(200);
    assert_eq!(found.json()["total"], 2, "{}", found.text);
    for object in found.json()["items"].as_array().unwrap() {
        time(object, "created");
        assert_eq!(object.get("updated"), None, "it is not noted");
    }
    let device = json!({"hostname": "printer", "mac_addresses": ["52:54:00:00:01:01"]});
    let device = region.post("devices", device).await.assert(201).json();
    assert_eq!((&device["created"], device.get("status_changed")), (&device["updated"], None));
}
