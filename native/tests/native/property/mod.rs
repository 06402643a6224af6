//! Operations at random on sites at random: a plan says what is done, undo gives back what was, the past is read as it was, and
//! both APIs agree on every object.
//!
//! Seeds that found something stay in `seeds.txt`, and are tried first. `PROPERTY_SECONDS` goes on for so long.

mod operation;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::test_runner::{Config, FileFailurePersistence, TestRunner};
use serde_json::{Value, json};

use crate::harness::{Answer, By, Region};
use crate::property::operation::{Draw, KINDS, Request, operation};

/// Where seeds are kept.
const SEEDS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/native/property/seeds.txt");

/// How many sites are tried at least, and how many operations on each.
const CASES: u32 = 5;
const OPERATIONS_MAX: usize = 24;

/// What undo may say no for right after a change: all else has to be given back.
const NOT_UNDONE: &[&str] =
    &["release and deploy again", "is not made again", "no user changed anything"];

/// Kinds of objects, and where MAAS's API lists them.
const KINDS_OF_OBJECTS: &[(&str, &str)] = &[
    ("spaces", "spaces/"),
    ("fabrics", "fabrics/"),
    ("vlans", ""),
    ("subnets", "subnets/"),
    ("ip-ranges", "ipranges/"),
    ("prefix-pools", ""),
    ("static-routes", "static-routes/"),
    ("reserved-ips", "reservedips/"),
    ("ip-addresses", ""),
    ("dhcp-snippets", "dhcp-snippets/"),
    ("domains", "domains/"),
    ("dns-resources", "dnsresources/"),
    ("zones", "zones/"),
    ("pools", "resourcepools/"),
    ("tags", "tags/"),
    ("devices", "devices/"),
    ("notifications", "notifications/"),
    ("machines", "machines/"),
    ("settings", ""),
];

type Site = BTreeMap<&'static str, Value>;

/// All objects, as they are or were, without their revisions.
async fn site(region: &Region, at: Option<u64>) -> Site {
    let at = at.map(|at| format!("&at={at}")).unwrap_or_default();
    let mut all = Site::new();
    for (resource, _) in KINDS_OF_OBJECTS {
        let path = format!("{resource}?limit=1000{at}");
        let mut page = region.get(By::Admin, &path).await.assert(200).json();
        for item in page["items"].as_array_mut().unwrap() {
            item.as_object_mut().unwrap().remove("revision");
        }
        all.insert(resource, page["items"].take());
    }
    all
}

/// The same without times, which an undo does not turn back for machines.
fn without_times(site: &Site) -> Site {
    let mut site = site.clone();
    for item in site.values_mut().filter_map(Value::as_array_mut).flatten() {
        item.as_object_mut().unwrap().remove("updated");
    }
    site
}

fn assert_same(expected: &Site, found: &Site, what: &str) {
    for (resource, objects) in expected {
        let differing = native::difference::differences(objects, &found[resource]);
        assert!(objects == &found[resource], "{what}: {resource} {differing:#?}");
    }
}

async fn send(region: &Region, request: &Request, query: &str) -> Answer {
    let path = format!("{}{query}", request.path);
    region.call(By::Admin, request.method, &path, request.body.clone()).await
}

async fn revision(region: &Region) -> u64 {
    region.get(By::Admin, "zones?limit=1").await.json()["revision"].as_u64().unwrap()
}

/// What became of rows, in a form in which a plan and what was done are the same: numbers and times of new ones may differ.
fn changes(objects: &Value) -> Vec<(Value, Value, Vec<Value>)> {
    let is_lasting = |difference: &&Value| {
        let pointer = difference["pointer"].as_str().unwrap();
        !["/updated", "/created", "/lifecycle/since"].contains(&pointer)
            && !pointer.starts_with("/versions")
    };
    let of = |object: &Value| {
        let is_update = object["change"] == "update";
        let differences = object["differences"].as_array().unwrap().iter().filter(is_lasting);
        let mut differences: Vec<Value> = differences.filter(|_| is_update).cloned().collect();
        for difference in &mut differences {
            // When something failed is when it is done.
            difference["after"].as_object_mut().and_then(|after| after.remove("at"));
        }
        (object["table"].clone(), object["change"].clone(), differences)
    };
    let mut found: Vec<_> = objects.as_array().unwrap().iter().map(of).collect();
    found.retain(|(_, change, differences)| change != "update" || !differences.is_empty());
    found.sort_by_key(|(table, change, differences)| format!("{table} {change} {differences:?}"));
    found
}

/// What was done after a revision.
async fn done_since(region: &Region, before: u64) -> (Value, Vec<u64>) {
    let path = "revisions?limit=500&actor=user:admin";
    let page = region.get(By::Admin, path).await.assert(200).json();
    let mut revisions: Vec<u64> = Vec::new();
    let mut objects = Vec::new();
    for item in page["items"].as_array().unwrap() {
        let at = item["revision"].as_u64().unwrap();
        if at > before {
            let one = region.get(By::Admin, &format!("revisions/{at}")).await.assert(200).json();
            objects.extend(one["items"][0]["objects"].as_array().unwrap().clone());
            revisions.push(at);
        }
    }
    (Value::Array(objects), revisions)
}

/// One operation: planned, done, taken back, and done again by taking that back.
async fn step(region: &Region, request: &Request, before: &Site) {
    let told = format!("{} {} {}", request.method, request.path, request.body);
    let at = revision(region).await;
    let plan = send(region, request, "?plan=true").await;
    assert_same(before, &site(region, None).await, &format!("a plan changes: {told}"));
    let done = send(region, request, "").await;
    if plan.status != 200 {
        assert_eq!((plan.status, &plan.text), (done.status, &done.text), "{told}");
        return;
    }
    assert!(done.status < 300, "{told} is planned and refused: {}", done.text);
    let (objects, revisions) = done_since(region, at).await;
    let (planned, found) = (changes(&plan.json()["changes"]), changes(&objects));
    assert_eq!(planned, found, "{told}");
    let [at] = revisions.as_slice() else { return };
    let after = site(region, None).await;
    let undone = region.post(&format!("revisions/{at}/undo"), Value::Null).await;
    if undone.status != 200 {
        let is_known = NOT_UNDONE.iter().any(|reason| undone.text.contains(reason));
        assert!(undone.status == 409 && is_known, "{told} is not undone: {}", undone.text);
        return;
    }
    let back = site(region, None).await;
    assert_same(&without_times(before), &without_times(&back), &format!("undone {told}"));
    let (_, again) = done_since(region, *at).await;
    let redo = region.post(&format!("revisions/{}/undo", again[0]), Value::Null).await;
    if redo.status == 200 {
        let again = site(region, None).await;
        assert_same(&without_times(&after), &without_times(&again), &format!("redone {told}"));
    } else {
        // A machine that was made, and removed again, is not made a third time.
        assert!(redo.text.contains("is not made again"), "{told} is not redone: {}", redo.text);
    }
}

async fn both_agree(region: &Region, now: &Site) {
    for (resource, collection) in KINDS_OF_OBJECTS.iter().filter(|(_, path)| !path.is_empty()) {
        let of_maas = region.get(By::Admin, &format!("/MAAS/api/2.0/{collection}")).await;
        let mut of_maas = of_maas.assert(200).json().as_array().unwrap().clone();
        let mut natively = now[resource].as_array().unwrap().clone();
        // MAAS's objects say nothing of these.
        let times = native::registry::find(resource).unwrap().times;
        for object in natively.iter_mut().filter_map(Value::as_object_mut) {
            object.retain(|name, _| {
                times.iter().all(|moment| moment.name() != name) && !name.starts_with("addresses_")
            });
        }
        of_maas.sort_by_key(Value::to_string);
        natively.sort_by_key(Value::to_string);
        assert_eq!(of_maas, natively, "{resource}");
    }
}

async fn try_site(draws: Vec<Draw>) {
    let region = Region::start().await;
    let mut then = Vec::new();
    for number in 0..2 {
        let body = json!({"hostname": format!("node-{number}"), "architecture": "amd64/generic",
            "mac_addresses": [format!("52:54:00:00:00:0{number}")], "power_type": "manual", "commission": false});
        region.post("machines", body).await.assert(201);
        region.post("subnets", json!({"cidr": format!("10.{number}.0.0/24")})).await.assert(201);
        region.post("zones", json!({"name": format!("zone-{number}")})).await.assert(201);
        region.post("domains", json!({"name": format!("lab-{number}.example")})).await.assert(201);
    }
    let mut now = site(&region, None).await;
    for draw in draws {
        let machines = now["machines"].as_array().unwrap().iter();
        let machines: Vec<String> =
            machines.map(|found| found["system_id"].as_str().unwrap().to_owned()).collect();
        step(&region, &operation(draw, &machines), &now).await;
        now = site(&region, None).await;
        then.push((revision(&region).await, now.clone()));
    }
    for (at, was) in then.iter().step_by(7) {
        assert_same(was, &site(&region, Some(*at)).await, &format!("at revision {at}"));
    }
    both_agree(&region, &now).await;
}

#[test]
fn plans_undo_the_past_and_both_apis_agree_on_sites_at_random() {
    let started = Instant::now();
    let seconds = std::env::var("PROPERTY_SECONDS").ok().and_then(|text| text.parse().ok());
    let lasts = Duration::from_secs(seconds.unwrap_or(0));
    let draws = prop::collection::vec((0..KINDS, 0..3_u8, 0..4_u8), 1..=OPERATIONS_MAX);
    loop {
        let config = Config {
            cases: CASES,
            max_shrink_iters: 200,
            failure_persistence: Some(Box::new(FileFailurePersistence::Direct(SEEDS))),
            ..Config::default()
        };
        let mut runner = TestRunner::new(config);
        let tried = runner.run(&draws, |draws| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(try_site(draws));
            Ok(())
        });
        if let Err(error) = tried {
            panic!("{error}");
        }
        if started.elapsed() >= lasts {
            return;
        }
    }
}
