//! The watch: order, resumption, filters, rights.

use serde_json::{Value, json};

use crate::events::Events;
use crate::harness::{By, Region};

#[tokio::test]
async fn changes_come_in_order_and_go_on_behind_the_last_one() {
    let region = Region::start().await;
    let mut events = Events::open(&region, By::User, "?resources=zones,tags", None).await;
    assert_eq!(events.next().await.name, "open");
    region.post("zones", json!({"name": "attic"})).await.assert(201);
    let made = events.change().await;
    assert_eq!(made.data["changes"][0]["change"], "put");
    assert_eq!(made.data["changes"][0]["object"]["name"], "attic");
    drop(events);
    region.post("tags", json!({"name": "gpu"})).await.assert(201);
    region.call(By::Admin, "DELETE", "zones/attic", Value::Null).await.assert(204);
    let mut again =
        Events::open(&region, By::User, "?resources=zones,tags", made.id.as_deref()).await;
    let mut seen = Vec::new();
    while seen.len() < 2 {
        let event = again.change().await;
        for change in event.data["changes"].as_array().unwrap() {
            seen.push((change["resource"].clone(), change["change"].clone()));
        }
    }
    seen.sort_by_key(|(resource, _)| resource.to_string());
    assert_eq!(seen, [(json!("tags"), json!("put")), (json!("zones"), json!("deleted"))]);
}

#[tokio::test]
async fn what_a_filter_no_longer_means_has_left() {
    let region = Region::start().await;
    region.post("zones", json!({"name": "attic", "description": "dry"})).await.assert(201);
    let query = "?resources=zones&filter=description:dry";
    let mut events = Events::open(&region, By::Admin, query, None).await;
    region.call(By::Admin, "PATCH", "zones/attic", json!({"description": "wet"})).await.assert(200);
    let left = events.change().await;
    assert_eq!(left.data["changes"][0]["change"], "left");
    assert_eq!(left.data["changes"][0].get("object"), None);
}

#[tokio::test]
async fn who_may_not_see_an_object_is_not_shown_it() {
    let region = Region::start().await;
    let mut of_user = Events::open(&region, By::User, "?resources=notifications", None).await;
    let mut of_admin = Events::open(&region, By::Admin, "?resources=notifications", None).await;
    let body = json!({"message": "for administrators", "admins": true});
    region.post("notifications", body).await.assert(201);
    assert_eq!(of_admin.change().await.data["changes"][0]["change"], "put");
    let body = json!({"message": "for users", "users": true});
    region.post("notifications", body).await.assert(201);
    let changes = of_user.change().await.data["changes"].clone();
    assert_eq!(changes.as_array().unwrap().len(), 1, "{changes}");
    assert_eq!(changes[0]["object"]["message"], "for users");
}

#[tokio::test]
async fn kinds_that_one_may_not_see_are_not_watched() {
    let region = Region::start().await;
    region.get(By::User, "watch?resources=racks").await.assert(403);
    let mut events = Events::open(&region, By::Admin, "?resources=racks", None).await;
    assert_eq!(events.next().await.name, "open");
}
