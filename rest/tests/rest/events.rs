//! The event query.

use model::event::{Event, EventLevel};
use model::id::SystemId;
use serde_json::Value;
use tables::error::TableError;
use tables::update::Cause;

use crate::harness::{By, Region};

const QUERY: &str = "events/?op=query";

/// A machine in another zone and one in the default zone, and three events of each.
async fn with_events() -> (Region, Vec<String>) {
    let region = Region::start().await;
    region.post(By::Admin, "zones/", &[("name", "cellar")]).await.assert(200);
    let mut ids = Vec::new();
    for (number, zone) in [("1", "cellar"), ("2", "default")] {
        let mac = format!("52:54:00:00:00:0{number}");
        let hostname = format!("web-{number}");
        let form = [
            ("hostname", hostname.as_str()),
            ("architecture", "amd64/generic"),
            ("mac_addresses", mac.as_str()),
            ("power_type", "manual"),
            ("commission", "false"),
        ];
        let machine = region.post(By::Admin, "machines/", &form).await.assert(200).json();
        let id = machine["system_id"].as_str().unwrap().to_owned();
        region.put(By::Admin, &format!("machines/{id}/"), &[("zone", zone)]).await.assert(200);
        ids.push(id);
    }
    let cause = Cause::new("test", "test");
    let put = region.tables.update(&cause, |tx| -> Result<(), TableError> {
        for number in 0..6 {
            let id: SystemId = ids[number % 2].parse().expect("an id");
            tx.put(&Event {
                id: 100 + number as u64,
                node: Some(id),
                hostname: format!("web-{}", 1 + number % 2),
                kind: "Node powered on".to_owned(),
                level: EventLevel::Critical,
                description: String::new(),
                username: None,
                created: tx.now(),
                audit: None,
            })?;
        }
        Ok(())
    });
    put.await.unwrap();
    (region, ids)
}

async fn numbers(region: &Region, uri: &str) -> Vec<u64> {
    numbers_of(&region.get(By::User, uri).await.assert(200).json())
}

fn numbers_of(page: &Value) -> Vec<u64> {
    page["events"].as_array().unwrap().iter().map(|event| event["id"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn events_are_found_by_what_their_machines_are_now() {
    let (region, ids) = with_events().await;
    let critical = format!("{QUERY}&level=CRITICAL");
    assert_eq!(numbers(&region, &critical).await, [105, 104, 103, 102, 101, 100]);
    for filter in ["zone=cellar", "hostname=web-1", "mac_address=52:54:00:00:00:01"] {
        assert_eq!(numbers(&region, &format!("{critical}&{filter}")).await, [104, 102, 100]);
    }
    assert_eq!(numbers(&region, &format!("{critical}&id={}", ids[1])).await, [105, 103, 101]);
    let both = format!("{critical}&zone=cellar&hostname=web-2");
    assert_eq!(numbers(&region, &both).await, [0; 0]);
    assert_eq!(numbers(&region, &format!("{critical}&domain=maas")).await.len(), 6);
    assert_eq!(numbers(&region, &format!("{critical}&domain=maas&zone=cellar")).await.len(), 3);
    assert_eq!(numbers(&region, &format!("{critical}&agent_name=juju")).await, [0; 0]);
    let unknown = region.get(By::User, &format!("{critical}&zone=attic")).await;
    unknown.assert_field("zone", "No such zone.");
}

#[tokio::test]
async fn the_links_of_a_page_ask_the_same_question() {
    let (region, _) = with_events().await;
    let asked = format!("{QUERY}&zone=cellar&level=CRITICAL&limit=2");
    let page = region.get(By::User, &asked).await.assert(200).json();
    assert_eq!(numbers_of(&page), [104, 102]);
    let same = "/MAAS/api/2.0/events/?op=query&zone=cellar&level=CRITICAL&limit=2";
    assert_eq!(page["prev_uri"], format!("{same}&before=102"));
    assert_eq!(page["next_uri"], format!("{same}&after=104"));
    let page = region.get(By::User, page["prev_uri"].as_str().unwrap()).await.json();
    assert_eq!(numbers_of(&page), [100]);
    let page = region.get(By::User, page["prev_uri"].as_str().unwrap()).await.json();
    assert_eq!(numbers_of(&page), [0; 0]);
    // Nothing is before: the next page begins where this one would have ended.
    assert_eq!(
        (&page["prev_uri"], &page["next_uri"]),
        (&Value::Null, &format!("{same}&after=99").into())
    );
    let page = region.get(By::User, &format!("{same}&after=104")).await.json();
    assert_eq!(
        (&page["count"], &page["prev_uri"]),
        (&0.into(), &format!("{same}&before=105").into())
    );
    assert_eq!(page["next_uri"], same);
    assert_eq!(numbers(&region, &format!("{QUERY}&level=CRITICAL&limit=0")).await, [105]);
    let both = region.get(By::User, &format!("{QUERY}&before=1&after=1")).await.assert(400);
    let text = "There is undetermined behaviour when both `after` and `before` are specified.";
    assert_eq!(both.text, text);
}

#[tokio::test]
async fn page_links_of_events_keep_every_filter() {
    let (region, ids) = with_events().await;
    let all = rest::operations();
    let query = all.iter().find(|found| found.op == Some("query")).unwrap();
    for name in query.params.iter().map(|spec| spec.name) {
        let value = match name {
            "before" | "after" => continue,
            "id" => ids[0].as_str(),
            "mac_address" => "52:54:00:00:00:01",
            "zone" => "cellar",
            "domain" => "maas",
            "level" => "CRITICAL",
            "limit" => "2",
            _ => "web-1",
        };
        let page = region.get(By::User, &format!("{QUERY}&{name}={value}")).await.assert(200);
        let asked = serde_urlencoded::to_string([(name, value)]).unwrap();
        for link in ["next_uri", "prev_uri"] {
            let link = page.json()[link].clone();
            let kept = link.as_str().is_none_or(|uri| uri.contains(&asked));
            assert!(kept, "{link} does not ask for {asked}");
        }
    }
}
