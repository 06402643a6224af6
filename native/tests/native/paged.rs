//! Events and leases: lists of what is too much to be read at once.

use model::event::EventLevel;
use model::lease::binding::{Binding, BindingState};
use model::lease::client::ClientId;
use model::time::Timestamp;
use ops::site::events::{NewEvent, record_of_site};
use serde_json::json;
use tables::error::TableError;
use tables::update::{Cause, now};

use crate::events::Events;
use crate::harness::{By, Region};

/// Thirty events of the site, every tenth of which is an error.
async fn with_events() -> Region {
    let region = Region::start().await;
    for number in 1..=30 {
        let level = if number % 10 == 0 { EventLevel::Error } else { EventLevel::Info };
        let description = format!("number {number}");
        let event = NewEvent { kind: "Counted", level, description };
        let cause = Cause::new("test", "event.record");
        let written = region
            .tables
            .update(&cause, |tx| -> Result<(), TableError> { record_of_site(tx, event.clone()) });
        written.await.unwrap();
    }
    region
}

#[tokio::test]
async fn events_come_newest_first_page_by_page() {
    let region = with_events().await;
    let mut path = "events?limit=12&filter=type:Counted".to_owned();
    let (mut seen, mut ids) = (Vec::new(), Vec::new());
    loop {
        let page = region.get(By::User, &path).await.assert(200);
        assert!(page.each("id").len() <= 12);
        let texts = page.each("description").into_iter();
        seen.extend(texts.map(|text| text.as_str().unwrap().to_owned()));
        ids.extend(page.each("id").iter().map(|id| id.as_u64().unwrap()));
        let Some(next) = page.json()["next"].as_str().map(str::to_owned) else { break };
        path = format!("events?limit=12&filter=type:Counted&page_token={next}");
    }
    // Those of one millisecond have no order but that of their ids.
    assert!(ids.is_sorted_by(|one, next| one > next), "{ids:?}");
    seen.sort_unstable();
    let mut expected: Vec<String> = (1..=30).map(|number| format!("number {number}")).collect();
    expected.sort_unstable();
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn a_filter_finds_events_by_their_indexes_and_by_anything_else() {
    let region = with_events().await;
    let found = async |by, filter: &str| {
        let filter = filter.replace(' ', "%20").replace('"', "%22");
        let page = region.get(by, &format!("events?filter={filter}")).await.assert(200);
        let mut found = page.each("description");
        found.sort_by_key(ToString::to_string);
        found
    };
    let errors = ["number 10", "number 20", "number 30"].map(|text| json!(text));
    assert_eq!(found(By::User, "level:error").await, errors);
    assert_eq!(found(By::User, "level:error number 2*").await, [json!("number 20")]);
    assert_eq!(found(By::User, "level:error level:info").await, Vec::<serde_json::Value>::new());
    assert_eq!(found(By::User, "\"number 17\"").await, [json!("number 17")]);
    assert_eq!(found(By::User, "node:abcdef").await, Vec::<serde_json::Value>::new());
    region.post("zones", json!({"name": "attic"})).await.assert(201);
    let audited = region.get(By::Admin, "events?filter=level:audit").await.assert(200);
    assert_eq!(audited.json()["items"][0]["audit"]["operation"], "zone.create");
    region.get(By::User, "events?filter=level:audit").await.assert(403);
    let id = audited.each("id")[0].to_string();
    region.get(By::Admin, &format!("events/{id}")).await.assert(200);
    region.get(By::User, &format!("events/{id}")).await.assert(404);
}

#[tokio::test]
async fn what_indexes_cannot_answer_is_refused_by_name() {
    let region = Region::start().await;
    for (path, parameter) in [
        ("events?sort=created", "sort"),
        ("events?facets=level", "facets"),
        ("events?limit=0", "limit"),
        ("events?page_token=x", "page_token"),
        ("events?filter=level:loud", "filter"),
        ("events?colour=red", "colour"),
        ("leases?group=state", "group"),
        ("leases?page_token=x", "page_token"),
        ("leases?filter=state:broken", "filter"),
        ("leases?filter=-state:active", "filter"),
        ("leases?filter=10.0.0", "filter"),
        ("leases?filter=state:active%20state:kept", "filter"),
        ("leases?filter=subnet:nowhere", "filter"),
        ("leases?filter=client:x", "filter"),
    ] {
        let answer = region.get(By::User, path).await.assert(400);
        assert_eq!(answer.json()["errors"][0]["parameter"], parameter, "{path}: {}", answer.text);
    }
    region.get(By::User, "leases/10.0.0.1").await.assert(404);
}

#[tokio::test]
async fn leases_are_found_by_what_their_indexes_know() {
    let region = Region::start().await;
    region.post("subnets", json!({"cidr": "10.1.0.0/24", "name": "Lab"})).await.assert(201);
    for filter in
        ["ip:10.1.0.5", "mac:52:54:00:00:00:01", "subnet:Lab", "subnet:10.1.0.0/24", "state:active"]
    {
        let page = region.get(By::User, &format!("leases?filter={filter}")).await.assert(200);
        assert_eq!(page.json()["items"], json!([]), "{filter}");
        assert_eq!(page.json()["total"], json!(null));
    }
}

#[tokio::test]
async fn a_lease_has_a_revision_a_history_and_a_watch() {
    let region = Region::start().await;
    let subnet = json!({"cidr": "10.1.0.0/24", "name": "lab"});
    let subnet = region.post("subnets", subnet).await.assert(201).json();
    let range = json!({"type": "dynamic", "start_ip": "10.1.0.100", "end_ip": "10.1.0.199"});
    region.post("ip-ranges", range).await.assert(201);
    let mut events = Events::open(&region, By::User, "?resources=leases", None).await;
    let binding = Binding {
        ip: "10.1.0.100".parse().unwrap(),
        subnet: serde_json::from_value(subnet["id"].clone()).unwrap(),
        vlan: serde_json::from_value(subnet["vlan"]["id"].clone()).unwrap(),
        client: ClientId::Hardware("52:54:00:00:00:01".parse().unwrap()),
        hardware: None,
        prefix_length: None,
        state: BindingState::Active,
        hostname: None,
        told_until: Timestamp::from_unix_ms(now().unix_ms + 600_000),
        promise_until: Timestamp::from_unix_ms(now().unix_ms + 600_000),
        rack: "abcdef".parse().unwrap(),
    };
    let cause = Cause::new("rack:abcdef", "lease.grant");
    region.parts.tables.update(&cause, |tx| tx.put(&binding)).await.unwrap();
    let lease = region.get(By::User, "leases/10.1.0.100").await.assert(200);
    let revision = lease.json()["revision"].clone();
    assert!(revision.is_u64(), "{}", lease.text);
    assert_eq!(lease.header("etag"), format!("\"{revision}\""));
    let history = region.get(By::User, "leases/10.1.0.100/history").await.assert(200).json();
    assert_eq!(history["changes"][0]["actor"], "rack:abcdef", "{history}");
    let told = events.change().await.data;
    assert_eq!(told["changes"][0]["object"]["ip"], "10.1.0.100", "{told}");
    let filtered = region.get(By::User, "watch?resources=leases&filter=state:active").await;
    assert_eq!(filtered.assert(400).json()["errors"][0]["parameter"], "filter");
    let used = region.get(By::User, "subnets/lab").await.assert(200).json();
    assert_eq!(used["addresses_used"], 1, "{used}");
}
