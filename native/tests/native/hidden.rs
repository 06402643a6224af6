//! What one may not see stays hidden: in histories, in the past, and in what is told after rights were taken.

use std::time::Duration;

use model::id::{SystemId, UserId};
use model::machine::Machine;
use model::user::User;
use serde_json::{Value, json};
use tables::error::TableError;
use tables::read::Reads;
use tables::site::USER_BY_NAME;
use tables::update::Cause;

use crate::events::Events;
use crate::harness::{By, Region};

/// A region with a machine that nobody has, and its id.
async fn with_machine() -> (Region, SystemId) {
    let region = Region::start().await;
    let body = json!({
        "hostname": "web",
        "architecture": "amd64/generic",
        "mac_addresses": ["52:54:00:00:00:01"],
        "power_type": "ipmi",
        "power_parameters": {"power_address": "10.9.9.9", "power_user": "root", "power_pass": "hidden"},
        "commission": false,
    });
    let made = region.post("machines", body).await.assert(201).json();
    let id = made["system_id"].as_str().unwrap().parse().unwrap();
    (region, id)
}

async fn user(region: &Region) -> User {
    let view = region.tables.view().await.unwrap();
    view.find(&USER_BY_NAME, &"user".to_owned()).unwrap().unwrap()
}

/// Gives a machine to somebody with a description that says so; returns the revision.
async fn give(region: &Region, id: &SystemId, owner: Option<UserId>, described: &str) -> u64 {
    let cause = Cause::new("test", "test.give");
    let put = region.tables.update(&cause, |tx| {
        let mut machine = tx.get::<Machine>(id)?.unwrap();
        machine.placement.owner = owner;
        described.clone_into(&mut machine.description);
        tx.put(&machine)?;
        Ok::<_, TableError>(())
    });
    put.await.unwrap();
    region.tables.view().await.unwrap().revision()
}

async fn leave_users(region: &Region) {
    region.post("groups/2/remove-member", json!({"username": "user"})).await.assert(204);
}

#[tokio::test]
async fn the_history_of_a_machine_has_what_its_reader_might_have_seen_then() {
    let (region, id) = with_machine().await;
    give(&region, &id, Some(UserId(1)), "of-admin").await;
    give(&region, &id, Some(UserId(1)), "still of admin").await;
    give(&region, &id, None, "free").await;
    let path = format!("machines/{id}/history");
    let all = region.get(By::Admin, &path).await.assert(200);
    assert!(all.text.contains("still of admin"), "{}", all.text);
    let seen = region.get(By::User, &path).await.assert(200);
    for text in ["of-admin", "10.9.9.9", "hidden"] {
        assert!(!seen.text.contains(text), "{text}: {}", seen.text);
    }
    let kinds: Vec<Value> =
        seen.json()["changes"].as_array().unwrap().iter().map(|it| it["change"].clone()).collect();
    assert_eq!(kinds, ["update", "update", "create"], "{}", seen.text);
}

#[tokio::test]
async fn what_one_may_not_see_now_is_not_seen_in_the_past() {
    let (region, id) = with_machine().await;
    let then = give(&region, &id, Some(user(&region).await.id), "of-user").await;
    give(&region, &id, Some(UserId(1)), "of-admin").await;
    for path in ["", "/history", "/interfaces", "/details"] {
        let path = format!("machines/{id}{path}?at={then}");
        region.get(By::User, &path).await.assert(404);
        region.get(By::Admin, &path).await.assert(200);
    }
    let path = format!("machines?at={then}&facets=status");
    let page = region.get(By::User, &path).await.assert(200).json();
    assert_eq!((&page["total"], &page["facets"]["status"]), (&json!(0), &json!([])));
    for path in ["machines/list-allocated", "machines/power-parameters"] {
        let refused = region.get(By::Admin, &format!("{path}?at={then}")).await.assert(400);
        assert!(refused.text.contains("what there is now only"), "{}", refused.text);
    }
    let path = format!("machines/{id}/power-parameters?at={then}");
    region.get(By::Admin, &path).await.assert(400);
    let path = format!("machines/{id}/power-parameters");
    assert!(region.get(By::Admin, &path).await.assert(200).text.contains("hidden"));
}

#[tokio::test]
async fn an_address_has_no_history_for_whom_it_was_not() {
    let region = Region::start().await;
    region.post("subnets", json!({"cidr": "10.1.0.0/24"})).await.assert(201);
    let reserve = json!({"ip": "10.1.0.9", "hostname": "of-admin"});
    region.post("ip-addresses/reserve", reserve).await.assert(200);
    region.post("ip-addresses/release", json!({"ip": "10.1.0.9"})).await;
    let reserve = json!({"ip": "10.1.0.9", "hostname": "of-user"});
    region.call(By::User, "POST", "ip-addresses/reserve", reserve).await.assert(200);
    let past = region.get(By::User, "ip-addresses/10.1.0.9/history").await.assert(200);
    assert!(past.text.contains("of-user") && !past.text.contains("of-admin"), "{}", past.text);
    let past = region.get(By::Admin, "ip-addresses/10.1.0.9/history").await.assert(200);
    assert!(past.text.contains("of-user") && past.text.contains("of-admin"), "{}", past.text);
}

#[tokio::test]
async fn passwords_in_addresses_are_not_read_from_the_past() {
    let region = Region::start().await;
    let body = json!({"name": "own", "url": "http://anna:hidden@archive.example/"});
    region.post("package-repositories", body).await.assert(201);
    let then = region.tables.view().await.unwrap().revision();
    let body = json!({"url": "http://archive.example/"});
    region.call(By::Admin, "PATCH", "package-repositories/own", body).await.assert(200);
    for path in ["package-repositories", "package-repositories/own"] {
        let past = region.get(By::Admin, &format!("{path}?at={then}")).await.assert(200);
        assert!(past.text.contains("anna") && !past.text.contains("hidden"), "{}", past.text);
    }
}

#[tokio::test]
async fn who_waits_for_a_change_is_answered_with_the_rights_of_then() {
    let region = Region::start().await;
    let since = region.tables.view().await.unwrap().revision();
    let path = format!("zones?watch_index={since}&wait=20");
    let waiting = region.get(By::User, &path);
    let changing = async {
        leave_users(&region).await;
        region.post("zones", json!({"name": "attic"})).await.assert(201);
    };
    let (answer, ()) = tokio::join!(waiting, changing);
    answer.assert(403);
}

#[tokio::test]
async fn who_lost_rights_is_told_nothing_more_by_a_watch() {
    let region = Region::start().await;
    let mut events = Events::open(&region, By::User, "?resources=zones", None).await;
    assert_eq!(events.next().await.name, "open");
    // It waits for the next change before its rights are taken.
    let early = tokio::time::timeout(Duration::from_millis(50), events.next_if_any()).await;
    assert!(early.is_err(), "{early:?}");
    leave_users(&region).await;
    region.post("zones", json!({"name": "attic"})).await.assert(201);
    while let Some(event) = events.next_if_any().await {
        assert!(!event.data.to_string().contains("attic"), "{event:?}");
    }
}

#[tokio::test]
async fn a_watch_names_no_machine_that_its_reader_never_saw() {
    let (region, id) = with_machine().await;
    give(&region, &id, Some(UserId(1)), "of-admin").await;
    let mut events = Events::open(&region, By::User, "?resources=machines,zones", None).await;
    give(&region, &id, Some(UserId(1)), "changed").await;
    region.post("zones", json!({"name": "attic"})).await.assert(201);
    let first = events.change().await;
    assert!(!first.data.to_string().contains(id.as_str()), "{first:?}");
    give(&region, &id, None, "free").await;
    assert_eq!(events.change().await.data["changes"][0]["change"], "put");
    give(&region, &id, Some(UserId(1)), "taken").await;
    assert_eq!(events.change().await.data["changes"][0]["change"], "left");
}

#[tokio::test]
async fn an_event_of_a_machine_in_a_hidden_pool_is_not_there() {
    let (region, id) = with_machine().await;
    leave_users(&region).await;
    let mut events = Events::open(&region, By::User, "?resources=events", None).await;
    region.post("machines/web/mark-broken", json!({"comment": "no fan"})).await.assert(200);
    let of_machine = format!("events?filter=node:{id}");
    let all = region.get(By::Admin, &of_machine).await.assert(200);
    let event = all.json()["items"][0]["id"].clone();
    region.get(By::Admin, &format!("events/{event}")).await.assert(200);
    assert_eq!(region.get(By::User, &of_machine).await.assert(200).json()["items"], json!([]));
    for path in [format!("events/{event}"), format!("events/{event}/history")] {
        region.get(By::User, &path).await.assert(404);
    }
    region.post("machines/web/mark-fixed", json!({})).await.assert(200);
    let early = tokio::time::timeout(Duration::from_millis(300), events.change()).await;
    assert!(early.is_err(), "{early:?}");
}

#[tokio::test]
async fn vlans_are_for_those_who_may_see_networks() {
    let region = Region::start().await;
    region.get(By::User, "vlans").await.assert(200);
    leave_users(&region).await;
    for kind in ["vlans", "fabrics", "zones", "domains", "settings", "leases", "discoveries"] {
        region.get(By::User, kind).await.assert(403);
    }
    region.get(By::User, "watch?resources=vlans").await.assert(403);
}

#[tokio::test]
async fn the_past_is_asked_for_by_users_where_it_is_told() {
    let region = Region::start().await;
    let now = region.tables.view().await.unwrap().revision();
    let later = region.get(By::User, &format!("zones?at={}", now + 1)).await.assert(400);
    assert!(later.text.contains("in the future"), "{}", later.text);
    for path in ["watch", "resources", "files/get-by-key", "revisions"] {
        let path = format!("{path}?at={now}");
        region.get(By::Admin, &path).await.assert(400);
    }
    region.get(By::Nobody, &format!("machines/is-registered?at={now}")).await.assert(401);
    let body = json!({"name": "attic"});
    region.post(&format!("zones?at={now}"), body).await.assert(400);
}

#[tokio::test]
async fn who_may_not_read_power_parameters_finds_nothing_by_them() {
    let (region, _) = with_machine().await;
    for (by, found) in [(By::Admin, 1), (By::User, 0)] {
        let by_bmc = region.get(by, "machines?filter=bmc:10.9.*").await.assert(200).json();
        assert_eq!(by_bmc["total"], found);
        let page = region.get(by, "machines?facets=bmc&group=bmc").await.assert(200);
        assert_eq!(page.text.contains("10.9.9.9"), found == 1, "{}", page.text);
        assert_eq!(page.json()["total"], 1);
    }
}
