//! Where the id of a request is found again.

use axum::body::Body;
use model::request::RequestId;
use serde_json::{Value, json};

use crate::harness::{Answer, By, Region};

const ID: &str = "of the client";

/// Sends JSON as the request of that id, as the region's own layer passes it on.
async fn send(region: &Region, method: &str, path: &str, body: &Value) -> Answer {
    let id: RequestId = ID.parse().unwrap();
    let request = region.request(By::Admin, method, path).extension(id);
    let request = request.header("content-type", "application/json");
    region.answer(request.body(Body::from(body.to_string())).unwrap()).await
}

#[tokio::test]
async fn a_problem_has_it() {
    let region = Region::start().await;
    let refused = send(&region, "POST", "zones", &json!({})).await.assert(400).json();
    assert_eq!(refused["request_id"], ID);
    let without = region.post("zones", json!({})).await.assert(400).json();
    assert_eq!(without.get("request_id"), None);
}

#[tokio::test]
async fn what_a_request_changed_is_told_with_it() {
    let region = Region::start().await;
    let machine = json!({
        "hostname": "node-1",
        "architecture": "amd64/generic",
        "mac_addresses": ["52:54:00:00:00:01"],
        "power_type": "manual",
        "commission": false,
    });
    send(&region, "POST", "machines", &machine).await.assert(201);
    let events = region.get(By::Admin, "events?filter=level:audit").await.assert(200).json();
    assert_eq!(events["items"][0]["audit"]["request_id"], ID, "{events}");
    let of_maas = region.get(By::Admin, "/MAAS/api/2.0/events/?op=query&level=AUDIT").await;
    let of_maas = of_maas.assert(200).json();
    let mut told = of_maas["events"].as_array().unwrap().iter();
    assert!(told.any(|event| event["audit"]["request_id"] == ID), "{of_maas}");
    let timeline = region.get(By::Admin, "machines/node-1/timeline").await.assert(200).json();
    assert_eq!(timeline["entries"][0]["request_id"], ID, "{timeline}");
}

#[tokio::test]
async fn an_operation_on_many_has_it_and_so_has_what_it_does() {
    let region = Region::start().await;
    region.post("zones", json!({"name": "lab"})).await.assert(201);
    let order = json!({"verb": "update", "ids": ["lab"], "parameters": {"description": "x"}});
    let made = send(&region, "POST", "zones/actions", &order).await.assert(202).json();
    assert_eq!(made["request_id"], ID, "{made}");
    let id = made["id"].as_str().unwrap();
    assert!(native::operations::carry_out::go_on(&region.parts, id).await.unwrap());
    let events = region.get(By::Admin, "events?filter=level:audit").await.assert(200).json();
    let of_zone = events["items"].as_array().unwrap().iter().find(|event| {
        event["description"].as_str().unwrap().contains("changed availabilityzone")
            || event["description"].as_str().unwrap().contains("changed zone")
    });
    assert_eq!(of_zone.unwrap()["audit"]["request_id"], ID, "{events}");
}
