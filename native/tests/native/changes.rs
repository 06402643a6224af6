//! What changes something: bodies, conditions, plans, and the history that is left.

use axum::body::Body;
use http::HeaderValue;
use serde_json::{Value, json};

use crate::harness::{Answer, By, Region};

#[tokio::test]
async fn an_object_is_made_changed_and_removed_by_json() {
    let region = Region::start().await;
    let made =
        region.post("zones", json!({"name": "attic", "description": "dry"})).await.assert(201);
    assert_eq!(made.json()["name"], "attic");
    assert_eq!(made.header("etag"), format!("\"{}\"", made.json()["revision"]));
    let changed =
        region.call(By::Admin, "PATCH", "zones/attic", json!({"description": null})).await;
    assert_eq!(changed.assert(200).json()["description"], "");
    region.call(By::Admin, "DELETE", "zones/attic", json!(null)).await.assert(204);
    region.get(By::Admin, "zones/attic").await.assert(404);
}

#[tokio::test]
async fn what_has_nothing_to_say_says_so_by_its_status() {
    let region = Region::start().await;
    region
        .post("devices", json!({"hostname": "printer", "mac_addresses": "52:54:00:00:00:01"}))
        .await
        .assert(201);
    let id = region.get(By::Admin, "devices/printer").await.json()["system_id"].clone();
    let moved = region.post("devices/set-zone", json!({"nodes": [id], "zone": "default"})).await;
    assert_eq!(moved.assert(204).text, "");
}

#[tokio::test]
async fn what_a_body_has_wrong_is_named_by_a_pointer() {
    let region = Region::start().await;
    let pointer = |answer: &Answer| answer.json()["errors"][0]["pointer"].clone();
    let unknown = region.post("zones", json!({"name": "a", "colour": "red"})).await.assert(400);
    assert_eq!(pointer(&unknown), "/colour");
    let missing = region.post("zones", json!({})).await.assert(400);
    assert_eq!(pointer(&missing), "/name");
    let nested = region.post("zones", json!({"name": {"first": "a"}})).await.assert(400);
    assert_eq!(pointer(&nested), "/name");
    let request =
        region.request(By::Admin, "POST", "zones").header("content-type", "application/json");
    region.answer(request.body("[1]".into()).unwrap()).await.assert(400);
    let request = region.request(By::Admin, "POST", "zones").header("content-type", "text/plain");
    region.answer(request.body("name=a".into()).unwrap()).await.assert(415);
    assert_eq!(region.get(By::Admin, "zones").await.json()["total"], 1);
}

#[tokio::test]
async fn who_may_not_change_is_told_so_and_changes_nothing() {
    let region = Region::start().await;
    region.call(By::User, "POST", "zones", json!({"name": "attic"})).await.assert(403);
    region.call(By::Nobody, "POST", "zones", json!({"name": "attic"})).await.assert(401);
    assert_eq!(region.get(By::Admin, "zones").await.json()["total"], 1);
}

#[tokio::test]
async fn both_apis_show_the_same_objects() {
    let region = Region::start().await;
    region.post("fabrics", json!({"name": "blue"})).await.assert(201);
    region.post("subnets", json!({"cidr": "10.1.0.0/24", "name": "lab"})).await.assert(201);
    let of_maas = region.get(By::Admin, "/MAAS/api/2.0/subnets/").await;
    assert_eq!(of_maas.status, 200, "MAAS's API takes the same keys: {}", of_maas.text);
    let mut native = region.get(By::Admin, "subnets").await.assert(200).json()["items"].take();
    for subnet in native.as_array_mut().unwrap() {
        let subnet = subnet.as_object_mut().unwrap();
        subnet.remove("revision");
        assert_eq!(subnet.remove("addresses_total"), Some(json!(254)));
        assert_eq!(subnet.remove("addresses_used"), Some(json!(0)));
    }
    assert_eq!(native, of_maas.json());
    let by_cidr = region.get(By::Admin, "subnets/10.1.0.0%2F24").await.assert(200);
    assert_eq!(by_cidr.json()["name"], "lab");
    let statistics = region.get(By::Admin, "subnets/lab/statistics").await.assert(200);
    assert_eq!(statistics.json()["total_addresses"], 254);
}

/// A change with a header.
async fn with_header(
    region: &Region,
    (method, path): (&str, &str),
    (name, value): (&str, &str),
    body: Value,
) -> Answer {
    let request = region
        .request(By::Admin, method, path)
        .header("content-type", "application/json")
        .header(name, value);
    let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
    region.answer(request.body(body).unwrap()).await
}

#[tokio::test]
async fn what_changed_since_it_was_read_is_not_changed() {
    let region = Region::start().await;
    let made = region.post("zones", json!({"name": "attic"})).await.assert(201);
    let first = made.header("etag").to_owned();
    let path = ("PATCH", "zones/attic");
    let tag = ("if-match", first.as_str());
    let changed = with_header(&region, path, tag, json!({"description": "dry"})).await.assert(200);
    assert_ne!(changed.header("etag"), first);
    let late = with_header(&region, path, tag, json!({"description": "wet"})).await.assert(412);
    assert_eq!(late.json()["revision"], changed.json()["revision"]);
    assert_eq!(region.get(By::Admin, "zones/attic").await.json()["description"], "dry");
    with_header(&region, path, ("if-match", "\"x\""), json!({})).await.assert(400);
    with_header(&region, ("DELETE", "zones/attic"), tag, Value::Null).await.assert(412);
}

#[tokio::test]
async fn a_request_that_is_sent_again_is_answered_and_not_done_again() {
    let region = Region::start().await;
    let name = ("idempotency-key", "one");
    let body = json!({"name": "attic"});
    let first = with_header(&region, ("POST", "zones"), name, body.clone()).await.assert(201);
    let changed = json!({"description": "later"});
    region.call(By::Admin, "PATCH", "zones/attic", changed).await.assert(200);
    let again = with_header(&region, ("POST", "zones"), name, body).await.assert(201);
    assert_eq!(again.json(), first.json(), "the answer is the first one");
    assert_eq!(again.header("idempotent-replay"), "true");
    let other = with_header(&region, ("POST", "zones"), name, json!({"name": "cellar"})).await;
    other.assert(422);
    let gone = ("idempotency-key", "two");
    with_header(&region, ("DELETE", "zones/attic"), gone, Value::Null).await.assert(204);
    region.post("zones", json!({"name": "attic"})).await.assert(201);
    assert_eq!(region.get(By::Admin, "zones").await.json()["total"], 2);
}

#[tokio::test]
async fn a_plan_changes_nothing_and_is_carried_out_only_as_it_was_shown() {
    let region = Region::start().await;
    region.post("zones", json!({"name": "attic"})).await.assert(201);
    let body = json!({"name": "loft", "description": "dry"});
    let path = "zones/attic?plan=true";
    let plan = region.call(By::Admin, "PATCH", path, body.clone()).await.assert(200).json();
    let changes = &plan["changes"][0];
    assert_eq!(changes["resource"], "zones");
    assert_eq!(changes["change"], "update");
    let differences = json!([
        {"pointer": "/description", "before": "", "after": "dry"},
        {"pointer": "/name", "before": "attic", "after": "loft"},
    ]);
    assert_eq!(changes["differences"], differences);
    region.get(By::Admin, "zones/loft").await.assert(404);
    let path = format!("zones/attic?if_plan={}", plan["plan"].as_str().unwrap());
    region.call(By::Admin, "PATCH", &path, body.clone()).await.assert(200);
    region.get(By::Admin, "zones/loft").await.assert(200);
    let path = path.replace("attic", "loft");
    let late = region.call(By::Admin, "PATCH", &path, json!({"name": "roof"})).await.assert(412);
    assert!(late.json()["detail"].as_str().unwrap().contains("zone"), "{}", late.text);
    region.call(By::Admin, "PATCH", "zones/loft?if_plan=x", body).await.assert(400);
    let refused = region.call(By::Admin, "DELETE", "zones/default?plan=true", Value::Null).await;
    refused.assert(400);
}

#[tokio::test]
async fn the_history_of_an_object_says_when_by_whom_and_why() {
    let region = Region::start().await;
    region.post("zones", json!({"name": "attic"})).await.assert(201);
    let dry = json!({"description": "dry"});
    region.call(By::Admin, "PATCH", "zones/attic", dry).await.assert(200);
    let past = region.get(By::User, "zones/attic/history").await.assert(200).json();
    let told: Vec<(Value, Value, Value)> = past["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| (change["change"].clone(), change["actor"].clone(), change["reason"].clone()))
        .collect();
    assert_eq!(
        told,
        [
            (json!("update"), json!("user:admin"), json!("zone.update")),
            (json!("create"), json!("user:admin"), json!("zone.create")),
        ]
    );
    let difference = json!([{"pointer": "/description", "before": "", "after": "dry"}]);
    assert_eq!(past["changes"][0]["differences"], difference);
    let page = region.get(By::User, "zones/attic/history?limit=1").await.assert(200).json();
    let path = format!("zones/attic/history?before={}", page["next"]);
    let rest = region.get(By::User, &path).await.assert(200).json();
    assert_eq!(rest["changes"][0], past["changes"][1]);
}

#[tokio::test]
async fn a_repeated_removal_is_answered_although_the_object_is_gone() {
    let region = Region::start().await;
    region.post("zones", json!({"name": "attic"})).await.assert(201);
    let remove = async || {
        let request = region.request(By::Admin, "DELETE", "zones/attic");
        let request = request.header("idempotency-key", "one");
        region.answer(request.body(Body::empty()).unwrap()).await
    };
    remove().await.assert(204);
    let again = remove().await.assert(204);
    assert_eq!(again.header("idempotent-replay"), "true");
    let renamed = async || {
        let request =
            region.request(By::Admin, "PATCH", "tags/gpu").header("idempotency-key", "two");
        let body = json!({"name": "fast"}).to_string();
        region.answer(request.body(Body::from(body)).unwrap()).await
    };
    region.post("tags", json!({"name": "gpu"})).await.assert(201);
    renamed().await.assert(200);
    let again = renamed().await.assert(200);
    assert_eq!(again.json()["name"], "fast");
}

#[tokio::test]
async fn a_condition_that_cannot_be_read_is_not_overlooked() {
    let region = Region::start().await;
    region.post("zones", json!({"name": "attic"})).await.assert(201);
    for name in ["if-match", "idempotency-key"] {
        let twice = ["\"1\"", "\"2\""].map(HeaderValue::from_static);
        let no_text = HeaderValue::from_bytes(b"\xe9").unwrap();
        for values in [vec![no_text], twice.to_vec()] {
            let mut request = region.request(By::Admin, "PATCH", "zones/attic");
            for value in values {
                request = request.header(name, value);
            }
            let body = Body::from(json!({"description": "dry"}).to_string());
            let refused = region.answer(request.body(body).unwrap()).await.assert(400);
            assert!(refused.text.contains(name), "{}", refused.text);
        }
    }
    assert_eq!(region.get(By::Admin, "zones/attic").await.json()["description"], "");
}

#[tokio::test]
async fn a_plan_does_not_tell_whether_a_password_is_right() {
    let region = Region::start().await;
    let set = json!({"new_password": "correct horse"});
    region.post("users/user/set-password", set).await.assert(204);
    for query in ["plan=true", "if_plan=1-0000000000000000"] {
        for old in ["wrong", "correct horse"] {
            let body = json!({"old_password": old, "new_password": "battery staple"});
            let path = format!("account/change-password?{query}");
            let refused = region.call(By::User, "POST", &path, body).await.assert(400);
            assert!(refused.text.contains("cannot be planned"), "{}", refused.text);
        }
    }
}
