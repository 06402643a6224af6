//! Why a machine is as it is.

use model::access::Actor;
use model::id::SystemId;
use ops::machine::boot_reports::{BootReport, take_in};
use serde_json::{Value, json};
use tables::indexes::{ADDED, Filled};
use tables::machines::EVENTS_OF_LEVEL;

use crate::harness::{By, Region};

const MAC: &str = "52:54:00:00:00:01";

/// A region with a machine that is to be examined, and nobody can switch.
async fn commissioning() -> (Region, String) {
    let region = Region::start().await;
    let body = json!({
        "hostname": "node-1",
        "architecture": "amd64/generic",
        "mac_addresses": [MAC],
        "power_type": "manual",
        "commission": false,
    });
    let made = region.post("machines", body).await.assert(201).json();
    region.post("machines/node-1/commission", json!({})).await.assert(200);
    (region, made["system_id"].as_str().unwrap().to_owned())
}

async fn seen(region: &Region, stage: &str) {
    let rack: SystemId = "abcdef".parse().unwrap();
    let (mac, detail) = (MAC.parse().unwrap(), format!("by {stage}"));
    let report = BootReport { mac, stage: stage.to_owned(), detail };
    take_in(&region.parts.tables, &Actor::Rack(rack), &report).await.unwrap();
}

async fn timeline(region: &Region) -> Value {
    region.get(By::Admin, "machines/node-1/timeline").await.assert(200).json()
}

/// What happened of a kind, oldest first.
fn happened(timeline: &Value, kind: &str) -> Vec<String> {
    let entries = timeline["entries"].as_array().unwrap().iter().rev();
    let items = entries.flat_map(|entry| entry["happened"].as_array().unwrap());
    let of_kind = items.filter(|item| item["kind"] == kind);
    of_kind.map(|item| item["text"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn it_says_what_a_machine_waits_for_and_what_happened_in_order() {
    let (region, id) = commissioning().await;
    let first = timeline(&region).await;
    assert_eq!(first["waits_for"]["what"], "address");
    let help = first["waits_for"]["help"]["path"].as_str().unwrap();
    assert!(help.starts_with("/api/v1/dhcp/explain?mac=52:54:00:00:00:01"), "{help}");
    for (stage, what) in [
        ("dhcp", "boot-program"),
        ("tftp", "boot-script"),
        ("http", "boot-script"),
        ("script", "agent"),
    ] {
        seen(&region, stage).await;
        assert_eq!(timeline(&region).await["waits_for"]["what"], what, "after {stage}");
    }
    let found = timeline(&region).await;
    let boots = ["dhcp: by dhcp", "tftp: by tftp", "http: by http", "script: by script"];
    assert_eq!(happened(&found, "boot"), boots);
    assert!(happened(&found, "call").contains(&"machine.commission".to_owned()), "{found}");
    assert_eq!(happened(&found, "phase"), ["From 'New' to 'Commissioning'"]);
    let revisions: Vec<u64> = found["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["revision"].as_u64().unwrap())
        .collect();
    assert!(revisions.is_sorted_by(|newer, older| newer > older), "{revisions:?}");
    let call = found["entries"]
        .as_array()
        .unwrap()
        .iter()
        .find(|entry| entry["reason"] == "machine.commission");
    assert_eq!(call.unwrap()["actor"], "user:admin");
    let present = found["phases"].as_array().unwrap().last().unwrap();
    assert_eq!((&present["status"], &present["ended"]), (&json!("commissioning"), &Value::Null));
    assert_eq!(present["usual_seconds"], Value::Null, "too few are known");
    assert_eq!(found["system_id"], json!(id));
}

#[tokio::test]
async fn it_comes_in_pages_without_a_gap() {
    let (region, _) = commissioning().await;
    for _ in 0..5 {
        seen(&region, "dhcp").await;
    }
    let whole = timeline(&region).await;
    assert_eq!(whole["next"], Value::Null);
    let mut entries = Vec::new();
    let mut path = "machines/node-1/timeline?limit=2".to_owned();
    loop {
        let page = region.get(By::Admin, &path).await.assert(200).json();
        entries.extend(page["entries"].as_array().unwrap().clone());
        if page["next"].is_null() {
            break;
        }
        path = format!("machines/node-1/timeline?limit=2&before={}", page["next"]);
    }
    assert_eq!(json!(entries), whole["entries"]);
    for path in ["limit=0", "limit=201", "before=x", "colour=red"] {
        region.get(By::Admin, &format!("machines/node-1/timeline?{path}")).await.assert(400);
    }
    region.get(By::Admin, "machines/node-9/timeline").await.assert(404);
    region.get(By::Nobody, "machines/node-1/timeline").await.assert(401);
}

#[tokio::test]
async fn it_says_how_long_a_status_usually_takes() {
    let (region, _) = commissioning().await;
    for _ in 0..3 {
        region.post("machines/node-1/abort", json!({})).await.assert(200);
        region.post("machines/node-1/commission", json!({})).await.assert(200);
    }
    let found = timeline(&region).await;
    let present = found["phases"].as_array().unwrap().last().unwrap();
    assert_eq!(present["usual_seconds"], Value::Null, "the index of levels is not filled yet");
    let by_level = ADDED.iter().find(|added| added.name == EVENTS_OF_LEVEL.name).unwrap();
    while region.parts.tables.fill_index(by_level, 500).await != Ok(Filled::Complete) {}
    let found = timeline(&region).await;
    let present = found["phases"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(
        (&present["status"], &present["usual_seconds"]),
        (&json!("commissioning"), &json!(0))
    );
    region.post("machines/node-1/mark-broken", json!({"comment": "no fan"})).await.assert(200);
    let broken = timeline(&region).await["waits_for"].take();
    assert_eq!(broken["what"], "operator");
    assert!(broken["text"].as_str().unwrap().contains("no fan"), "{broken}");
    assert!(broken["help"]["path"].as_str().unwrap().ends_with("/mark-fixed"));
}
