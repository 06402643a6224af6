//! The watch: order, resumption, filters, rights.

use model::controller::RackController;
use model::id::{SystemId, VlanId};
use model::mac::MacAddress;
use model::net::neighbour::Neighbour;
use model::time::Timestamp;
use serde_json::{Value, json};
use tables::error::TableError;
use tables::row::Row;
use tables::update::Cause;

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
async fn users_are_watched_without_their_passwords() {
    let region = Region::start().await;
    let mut events = Events::open(&region, By::Admin, "?resources=users", None).await;
    let body = json!({
        "username": "anna", "email": "anna@example.com", "password": "correct horse battery",
        "is_superuser": "0",
    });
    region.post("users", body).await.assert(201);
    let made = events.change().await.data["changes"][0].clone();
    assert_eq!((&made["change"], &made["object"]["username"]), (&json!("put"), &json!("anna")));
    assert_eq!(made["object"]["id"].to_string(), made["id"].as_str().unwrap());
    assert!(!made.to_string().contains("argon2"), "{made}");
    let history = region.get(By::Admin, "users/anna/history").await.assert(200);
    assert!(!history.text.contains("argon2"), "{}", history.text);
    region.call(By::Admin, "DELETE", "users/anna", Value::Null).await.assert(204);
    let gone = events.change().await.data["changes"][0].clone();
    assert_eq!((&gone["change"], &gone["id"]), (&json!("deleted"), &made["id"]));
}

async fn stored<T: Row>(region: &Region, row: &T) {
    let cause = Cause::new("test", "test");
    let put: Result<(), TableError> = region.tables.update(&cause, |tx| tx.put(row)).await;
    put.unwrap();
}

#[tokio::test]
async fn hosts_that_racks_see_are_watched_where_that_is_asked_for() {
    let region = Region::start().await;
    let rack = SystemId::from_number(1);
    let host = |last_seen| Neighbour {
        ip: [10, 0, 0, 9].into(),
        vlan: VlanId(1),
        mac: MacAddress([0x52, 0x54, 0, 0, 0, 9]),
        rack: rack.clone(),
        interface: "eth0".to_owned(),
        first_seen: Timestamp::from_unix_ms(1),
        last_seen: Timestamp::from_unix_ms(last_seen),
    };
    let known = RackController {
        system_id: rack.clone(),
        hostname: "k1".to_owned(),
        version: String::new(),
        interfaces: Vec::new(),
        session: None,
        last_seen: Timestamp::default(),
        searches_for_hosts: false,
        holds_service_addresses: false,
    };
    region.post("subnets", json!({"cidr": "10.0.0.0/24"})).await.assert(201);
    stored(&region, &known).await;
    let mut events = Events::open(&region, By::Admin, "?resources=discoveries", None).await;
    for (last_seen, text) in
        [(1_000, "1970-01-01T00:00:01.000Z"), (2_000, "1970-01-01T00:00:02.000Z")]
    {
        stored(&region, &host(last_seen)).await;
        let seen = events.change().await.data["changes"][0].clone();
        assert_eq!((&seen["change"], &seen["id"]), (&json!("put"), &json!("10.0.0.9 1")));
        assert_eq!(seen["object"]["last_seen"], text);
        assert_eq!(seen["object"]["id"], seen["id"]);
    }
    let found = region.get(By::Admin, "discoveries/10.0.0.9").await.assert(200).json();
    assert_eq!(found["id"], "10.0.0.9 1");
    region.get(By::Admin, "discoveries/10.0.0.10").await.assert(404);
    let cause = Cause::new("test", "test");
    let gone: Result<(), TableError> =
        region.tables.update(&cause, |tx| tx.delete::<Neighbour>(&host(1).id()).map(drop)).await;
    gone.unwrap();
    let gone = events.change().await.data["changes"][0].clone();
    assert_eq!((&gone["change"], &gone["id"]), (&json!("deleted"), &json!("10.0.0.9 1")));
}

#[tokio::test]
async fn kinds_that_one_may_not_see_are_not_watched() {
    let region = Region::start().await;
    region.get(By::User, "watch?resources=racks").await.assert(403);
    let mut events = Events::open(&region, By::Admin, "?resources=racks", None).await;
    assert_eq!(events.next().await.name, "open");
}
