//! Lists and single objects, now and as they were.

use serde_json::json;

use crate::harness::{By, Region};

async fn with_zones() -> Region {
    let region = Region::start().await;
    for (name, description) in [("rack-9", "old"), ("rack-10", "new"), ("attic", "new")] {
        region.post("zones", json!({"name": name, "description": description})).await.assert(201);
    }
    region
}

#[tokio::test]
async fn every_resource_is_listed_and_says_its_revision() {
    let region = Region::start().await;
    for resource in native::registry::RESOURCES {
        let answer = region.get(By::Admin, resource.name).await.assert(200);
        assert!(answer.json()["revision"].as_u64() > Some(0), "{}: {}", resource.name, answer.text);
        let again = region.get(By::User, resource.name).await;
        assert!([200, 403].contains(&again.status), "{}: {}", resource.name, again.text);
        region.get(By::Nobody, resource.name).await.assert(401);
    }
}

#[tokio::test]
async fn a_list_is_filtered_sorted_counted_and_read_page_by_page() {
    let region = with_zones().await;
    let found = region.get(By::User, "zones?filter=description:new&sort=name").await.assert(200);
    assert_eq!(found.each("name"), ["attic", "rack-10"]);
    let sorted = region.get(By::User, "zones?sort=-name&facets=description").await.assert(200);
    assert_eq!(sorted.each("name"), ["rack-10", "rack-9", "default", "attic"]);
    let facets = &sorted.json()["facets"]["description"];
    assert_eq!(facets[0], json!({"value": "new", "count": 2}));
    let first = region.get(By::User, "zones?sort=name&limit=3&fields=name").await.assert(200);
    assert_eq!(first.json()["items"][0], json!({"name": "attic"}));
    assert_eq!(first.json()["total"], 4);
    let token = first.json()["next"].as_str().unwrap().to_owned();
    let path = format!("zones?sort=name&limit=3&page_token={token}");
    let second = region.get(By::User, &path).await.assert(200);
    assert_eq!(second.each("name"), ["rack-10"]);
    assert_eq!(second.json()["next"], json!(null));
}

#[tokio::test]
async fn an_object_is_found_by_its_key_or_its_name_and_has_an_entity_tag() {
    let region = with_zones().await;
    let by_name = region.get(By::User, "zones/attic").await.assert(200);
    let id = by_name.json()["id"].clone();
    let by_id = region.get(By::User, &format!("zones/{id}")).await.assert(200);
    assert_eq!(by_name.json(), by_id.json());
    let tag = by_id.header("etag").to_owned();
    assert_eq!(tag, format!("\"{}\"", by_id.json()["revision"]));
    let request = region.request(By::User, "GET", "zones/attic").header("if-none-match", &tag);
    let same = region.answer(request.body(axum::body::Body::empty()).unwrap()).await.assert(304);
    assert_eq!(same.text, "");
    let missing = region.get(By::User, "zones/cellar").await.assert(404);
    assert_eq!(missing.json()["detail"], "There is no zone \"cellar\".");
    assert_eq!(missing.header("content-type"), "application/problem+json");
}

#[tokio::test]
async fn what_a_request_asks_wrongly_is_named() {
    let region = with_zones().await;
    for (path, parameter) in [
        ("zones?colour=red", "colour"),
        ("zones?filter=colour:red", "filter"),
        ("zones?at=yesterday", "at"),
        ("zones?stale=perhaps", "stale"),
        ("zones?min_index=x", "min_index"),
        ("zones?min_index=999999999&stale=true", "min_index"),
        ("zones?watch_index=1&wait=301", "wait"),
        ("watch?resources=colours", "resources"),
        ("watch?filter=name:x", "filter"),
    ] {
        let answer = region.get(By::User, path).await.assert(400);
        assert_eq!(answer.json()["errors"][0]["parameter"], parameter, "{path}: {}", answer.text);
    }
    region.get(By::User, "colours").await.assert(404);
    let wrong = region.call(By::Admin, "PUT", "zones", json!({})).await.assert(405);
    assert_eq!(wrong.header("allow"), "GET, POST");
}

#[tokio::test]
async fn a_list_can_be_read_as_it_was_and_waited_for() {
    let region = with_zones().await;
    let then = region.get(By::User, "zones?sort=name").await.assert(200);
    let revision = then.json()["revision"].as_u64().unwrap();
    let waiting = format!("zones?sort=name&watch_index={revision}&wait=60");
    let (waited, made) = tokio::join!(region.get(By::User, &waiting), async {
        region.post("zones", json!({"name": "cellar"})).await
    });
    made.assert(201);
    assert_eq!(waited.assert(200).each("name")[1], "cellar");
    let past = region.get(By::User, &format!("zones?sort=name&at={revision}")).await.assert(200);
    assert_eq!(past.json(), then.json());
    assert_eq!(then.header("x-ironraft-stale-ms"), "");
    let stale = region.get(By::User, "zones?stale=true").await.assert(200);
    assert_eq!(stale.header("x-ironraft-stale-ms"), "0");
}
