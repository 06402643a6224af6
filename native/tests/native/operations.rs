//! Operations on many objects: asked for at the door, and carried out as the leader does.

use axum::body::Body;
use model::id::{SystemId, UserId};
use model::machine::Machine;
use model::machine::lifecycle::Phase;
use model::machine::power::PowerState;
use model::operation::BulkOperation;
use model::user::User;
use model::usergroup::Membership;
use native::operations::carry_out::go_on;
use serde_json::{Value, json};
use tables::error::TableError;
use tables::read::Reads;
use tables::update::Cause;

use crate::harness::{Answer, By, Region};

/// A region with so many zones besides the default one.
async fn with_zones(count: usize) -> Region {
    let region = Region::start().await;
    for number in 1..=count {
        region.post("zones", json!({"name": format!("zone-{number}")})).await.assert(201);
    }
    region
}

/// A region with machines that the administrator has deployed, and that are on.
async fn with_deployed(count: usize) -> Region {
    with_deployed_in(count, PowerState::On).await
}

async fn with_deployed_in(count: usize, power: PowerState) -> Region {
    let region = Region::start().await;
    let body = json!({
        "hostname": "node-0",
        "architecture": "amd64/generic",
        "mac_addresses": ["52:54:00:00:00:01"],
        "power_type": "manual",
        "commission": false,
    });
    let made = region.post("machines", body).await.assert(201).json();
    let id: SystemId = made["system_id"].as_str().unwrap().parse().unwrap();
    let view = region.parts.tables.view().await.unwrap();
    let mut first = view.get::<Machine>(&id).unwrap().unwrap();
    first.lifecycle.phase = Phase::Deployed;
    first.placement.owner = Some(UserId(1));
    first.power.driver = "redfish".to_owned();
    first.power.state = power;
    let cause = Cause::new("test", "test");
    for from in (0..count).step_by(64) {
        let put = region.parts.tables.update(&cause, |tx| {
            for number in from..count.min(from + 64) {
                let mut machine = first.clone();
                if number > 0 {
                    machine.system_id = SystemId::from_number(number as u64 + 10_000);
                    machine.hostname = format!("node-{number}");
                    machine.interfaces.clear();
                }
                tx.put(&machine)?;
            }
            Ok::<_, TableError>(())
        });
        put.await.unwrap();
    }
    region
}

/// Does all that is due of an operation, and reads it.
async fn carried_out(region: &Region, operation: &Value) -> Value {
    let id = operation["id"].as_str().unwrap();
    while go_on(&region.parts, id).await.unwrap() {}
    region.get(By::Admin, &format!("operations/{id}")).await.assert(200).json()
}

/// What became of the targets, by their names.
fn outcomes(operation: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let targets = operation["targets"].as_array().unwrap();
    targets.iter().map(|target| (text(&target["name"]), text(&target["outcome"]))).collect()
}

fn pair(name: &str, outcome: &str) -> (String, String) {
    (name.to_owned(), outcome.to_owned())
}

#[tokio::test]
async fn a_verb_is_done_to_all_that_a_filter_means() {
    let region = with_zones(3).await;
    let order = json!({
        "verb": "update", "filter": "name:zone-*", "parameters": {"description": "dry"},
    });
    let made = region.post("zones/actions", order).await.assert(202);
    let operation = made.json();
    let path = format!("/api/v1/operations/{}", operation["id"].as_str().unwrap());
    assert_eq!(made.header("location"), path);
    assert_eq!((&operation["state"], &operation["waiting"]), (&json!("running"), &json!(3)));
    // What comes later is not meant.
    region.post("zones", json!({"name": "zone-9"})).await.assert(201);
    let done = carried_out(&region, &operation).await;
    assert_eq!(
        (&done["state"], &done["done"], &done["total"]),
        (&json!("done"), &json!(3), &json!(3))
    );
    let zones = region.get(By::Admin, "zones?filter=description:dry&sort=name").await;
    assert_eq!(zones.each("name"), ["zone-1", "zone-2", "zone-3"]);
    let revision = &region.get(By::Admin, "zones/zone-1").await.json()["revision"];
    assert_eq!(&done["targets"][0]["revision"], revision);
    let history = region.get(By::Admin, "zones/zone-1/history").await.json();
    assert_eq!(history["changes"][0]["actor"], "user:admin", "it is who asked for it");
    let page = region.get(By::Admin, "operations?filter=state:done%20verb:update").await;
    assert_eq!(page.json()["total"], 1);
}

#[tokio::test]
async fn what_is_refused_keeps_nothing_else_from_being_done() {
    let region = with_zones(2).await;
    let default = region.get(By::Admin, "zones/default").await.json()["id"].clone();
    let order = json!({"verb": "delete", "ids": ["zone-1", default, "zone-2", "zone-1"]});
    let operation = region.post("zones/actions", order).await.assert(202).json();
    region.call(By::Admin, "DELETE", "zones/zone-2", Value::Null).await.assert(204);
    let done = carried_out(&region, &operation).await;
    assert_eq!(done["state"], "failed");
    let expected = [pair("zone-1", "done"), pair("default", "failed"), pair("zone-2", "failed")];
    assert_eq!(outcomes(&done), expected);
    assert_eq!(done["targets"][1]["status"], 400);
    assert_eq!(done["targets"][2]["status"], 404);
}

#[tokio::test]
async fn no_target_is_done_twice() {
    let region = with_zones(3).await;
    let order =
        json!({"verb": "update", "filter": "name:zone-*", "parameters": {"description": "x"}});
    let operation = region.post("zones/actions", order).await.assert(202).json();
    let id = operation["id"].as_str().unwrap().to_owned();
    let waiting = region.parts.tables.view().await.unwrap();
    let waiting = waiting.get::<BulkOperation>(&id).unwrap().unwrap();
    let first = carried_out(&region, &operation).await;
    // A leader that died before it noted what it had done leaves the row as it was.
    let cause = Cause::new("test", "test");
    region.parts.tables.update(&cause, |tx| tx.put(&waiting)).await.unwrap();
    let zone = region.get(By::Admin, "zones/zone-1").await.json();
    let again = carried_out(&region, &operation).await;
    assert_eq!(region.get(By::Admin, "zones/zone-1").await.json(), zone);
    for at in 0..3 {
        assert_eq!(again["targets"][at]["revision"], first["targets"][at]["revision"]);
    }
    // Two leaders at once.
    let order = json!({"verb": "delete", "filter": "name:zone-*"});
    let operation = region.post("zones/actions", order).await.assert(202).json();
    let id = operation["id"].as_str().unwrap();
    let both = tokio::join!(go_on(&region.parts, id), go_on(&region.parts, id));
    assert!(both.0.is_ok() && both.1.is_ok());
    assert_eq!(carried_out(&region, &operation).await["done"], 3);
}

#[tokio::test]
async fn what_waits_is_cancelled_by_its_user_and_administrators() {
    let region = with_zones(2).await;
    let order = json!({"verb": "delete", "filter": "name:zone-*"});
    let operation = region.post("zones/actions", order).await.assert(202).json();
    let path = format!("operations/{}/cancel", operation["id"].as_str().unwrap());
    region.call(By::User, "POST", &path, Value::Null).await.assert(404);
    let seen = region.get(By::User, "operations").await.assert(200).json();
    assert_eq!(seen["total"], 0, "others do not see it");
    let cancelled = region.post(&path, Value::Null).await.assert(200).json();
    assert_eq!((&cancelled["state"], &cancelled["cancelled"]), (&json!("cancelled"), &json!(2)));
    region.post(&path, Value::Null).await.assert(409);
    assert_eq!(carried_out(&region, &operation).await["cancelled"], 2);
    assert_eq!(region.get(By::Admin, "zones").await.json()["total"], 3);
}

#[tokio::test]
async fn wrong_orders_are_refused_by_name() {
    let region = with_zones(3).await;
    let refused = async |order: Value, status: u16, pointer: &str| {
        let answer = region.post("zones/actions", order).await.assert(status);
        assert_eq!(answer.json()["errors"][0]["pointer"], pointer, "{}", answer.text);
        answer.json()
    };
    refused(json!({"verb": "explode", "filter": "zone"}), 400, "/verb").await;
    refused(json!({"verb": "delete"}), 400, "/filter").await;
    refused(json!({"verb": "delete", "filter": " "}), 400, "/filter").await;
    refused(json!({"verb": "delete", "filter": "a", "ids": []}), 400, "/filter").await;
    refused(json!({"verb": "delete", "filter": "nothing:x"}), 400, "/filter").await;
    refused(json!({"verb": "delete", "ids": ["attic"]}), 400, "/ids").await;
    let wrong = json!({"verb": "update", "filter": "zone", "parameters": {"colour": "red"}});
    refused(wrong, 400, "/parameters/colour").await;
    let order = json!({"verb": "delete", "filter": "name:zone-*", "max": 2});
    let many = refused(order, 400, "/max").await;
    assert_eq!(many["targets"], 3);
    let order = json!({"verb": "delete", "filter": "name:attic"});
    region.post("zones/actions", order).await.assert(404);
    region.post("zones/actions", json!({"verb": "delete", "colour": 1})).await.assert(400);
    let order = json!({"verb": "delete", "filter": "name:zone-*"});
    region.call(By::User, "POST", "zones/actions", order.clone()).await.assert(403);
    region.post("zones/actions?colour=red", order).await.assert(400);
    region.get(By::Admin, "zones/actions").await.assert(404);
    assert_eq!(region.get(By::Admin, "operations").await.json()["total"], 0);
}

#[tokio::test]
async fn rights_are_asked_again_when_a_target_is_done() {
    let region = with_deployed(2).await;
    let order = json!({"verb": "lock", "filter": "node-*", "parameters": {"comment": "mine"}});
    let none = region.call(By::User, "POST", "machines/actions", order).await;
    none.assert(404);
    let order = json!({"verb": "lock", "filter": "hostname:node-*"});
    let operation = region.post("machines/actions", order).await.assert(202).json();
    let id = operation["id"].as_str().unwrap().to_owned();
    let cause = Cause::new("test", "test");
    let demote = region.parts.tables.update(&cause, |tx| {
        let mut admin = tx.get::<User>(&UserId(1))?.unwrap();
        admin.is_superuser = false;
        tx.put(&admin)?;
        tx.delete::<Membership>(&UserId(1))?;
        let mut other = tx.list::<Machine>()?.pop().unwrap();
        other.placement.owner = Some(UserId(99));
        tx.put(&other)
    });
    demote.await.unwrap();
    while go_on(&region.parts, &id).await.unwrap() {}
    let view = region.parts.tables.view().await.unwrap();
    let counts = view.get::<BulkOperation>(&id).unwrap().unwrap().counts();
    assert_eq!((counts.done, counts.failed), (1, 1));
}

async fn with_key(region: &Region, key: &str, order: &Value) -> Answer {
    let request = region
        .request(By::Admin, "POST", "zones/actions")
        .header("content-type", "application/json")
        .header("idempotency-key", key);
    region.answer(request.body(Body::from(order.to_string())).unwrap()).await
}

#[tokio::test]
async fn a_request_that_is_sent_again_makes_no_second_operation() {
    let region = with_zones(2).await;
    let order = json!({"verb": "delete", "filter": "name:zone-*"});
    let first = with_key(&region, "one", &order).await.assert(202).json();
    carried_out(&region, &first).await;
    let again = with_key(&region, "one", &order).await.assert(202);
    assert_eq!(again.json()["id"], first["id"]);
    assert_eq!(again.json()["state"], "done");
    assert_eq!(again.header("idempotent-replay"), "true");
    let other = json!({"verb": "delete", "filter": "name:default"});
    with_key(&region, "one", &other).await.assert(422);
    assert_eq!(region.get(By::Admin, "operations").await.json()["total"], 1);
}

#[tokio::test]
async fn secrets_are_kept_until_they_are_not_needed_and_shown_to_nobody() {
    let region = with_deployed(1).await;
    let parameters = json!({"power_parameters": {"power_pass": "hidden"}, "description": "x"});
    let order = json!({"verb": "update", "filter": "hostname:node-*", "parameters": parameters});
    let made = region.post("machines/actions", order).await.assert(202);
    assert!(!made.text.contains("hidden"), "{}", made.text);
    let operation = made.json();
    assert_eq!(operation["parameters"]["power_parameters_power_pass"], json!(["***"]));
    let id = operation["id"].as_str().unwrap();
    let history = region.get(By::Admin, &format!("operations/{id}/history")).await.assert(200);
    assert!(!history.text.contains("hidden"), "{}", history.text);
    let events = region.get(By::Admin, "/MAAS/api/2.0/events/?op=query&level=AUDIT").await;
    assert!(!events.assert(200).text.contains("hidden"));
    carried_out(&region, &operation).await;
    let view = region.parts.tables.view().await.unwrap();
    let row = view.get::<BulkOperation>(&id.to_owned()).unwrap().unwrap();
    assert!(row.secrets.is_empty());
}

#[tokio::test]
async fn a_plan_of_many_is_one_and_holds_only_while_it_is_so() {
    let region = with_deployed(3).await;
    let order = json!({"verb": "release", "filter": "hostname:node-*"});
    let plan = region.post("machines/actions?plan=true", order.clone()).await.assert(200).json();
    assert_eq!(plan["targets"], 3);
    assert_eq!(plan["refused"], json!([]));
    let machines = plan["effects"]["machines"].as_array().unwrap();
    assert_eq!(machines.len(), 3);
    assert!(machines.iter().all(|machine| machine["loses_power"] == true), "{machines:?}");
    assert_eq!(region.get(By::Admin, "operations").await.json()["total"], 0);
    let again = region.post("machines/actions?plan=true", order.clone()).await.assert(200).json();
    assert_eq!(again["plan"], plan["plan"]);
    let path = format!("machines/actions?if_plan={}", plan["plan"].as_str().unwrap());
    region.post("machines/node-1/lock", json!({})).await.assert(200);
    region.post(&path, order.clone()).await.assert(412);
    let plan = region.post("machines/actions?plan=true", order.clone()).await.assert(200).json();
    assert_eq!(plan["refused"][0]["name"], "node-1");
    let path = format!("machines/actions?if_plan={}", plan["plan"].as_str().unwrap());
    region.post(&path, order).await.assert(202);
}

#[tokio::test]
async fn only_a_machine_that_may_be_on_loses_power() {
    for (state, loses) in [
        (PowerState::On, 2),
        (PowerState::Unknown, 2),
        (PowerState::Error, 2),
        (PowerState::Off, 0),
    ] {
        let region = with_deployed_in(2, state).await;
        for verb in ["release", "power-off"] {
            let order = json!({"verb": verb, "filter": "hostname:node-*"});
            let plan = region.post("machines/actions?plan=true", order).await.assert(200).json();
            let machines = plan["effects"]["machines"].as_array().unwrap();
            let name = |machine: &Value| machine["hostname"].as_str().unwrap().to_owned();
            let mut names: Vec<String> = machines.iter().map(name).collect();
            names.sort_unstable();
            assert_eq!(names, ["node-0", "node-1"][..loses], "{state:?}: {verb}");
            assert!(machines.iter().all(|machine| machine["loses_power"] == true));
        }
    }
}

#[tokio::test]
async fn a_site_limits_how_many_machines_lose_power_at_once() {
    let region = with_deployed(3).await;
    let limit = json!({"name": "operation_disrupted_machines_max", "value": "2"});
    region.post("maas/set-config", limit).await.assert(200);
    let order = json!({"verb": "release", "filter": "hostname:node-*"});
    let refused = region.post("machines/actions", order).await.assert(409).json();
    assert_eq!(refused["machines"], 3);
    let order = json!({"verb": "lock", "filter": "hostname:node-*"});
    region.post("machines/actions", order).await.assert(202);
    let order = json!({"verb": "release", "ids": ["node-1", "node-2"]});
    region.post("machines/actions", order).await.assert(202);
}

#[tokio::test]
async fn five_hundred_machines_are_planned_and_released_as_one_operation() {
    let region = with_deployed(500).await;
    let order = json!({"verb": "release", "filter": "hostname:node-*", "max": 500});
    let plan = region.post("machines/actions?plan=true", order.clone()).await.assert(200).json();
    assert_eq!(plan["effects"]["machines"].as_array().unwrap().len(), 500);
    let operation = region.post("machines/actions", order).await.assert(202).json();
    let done = carried_out(&region, &operation).await;
    assert_eq!((&done["state"], &done["done"]), (&json!("done"), &json!(500)));
}

#[tokio::test]
async fn more_ids_than_an_operation_has_targets_are_not_looked_for() {
    let region = with_zones(1).await;
    let order = json!({"verb": "delete", "ids": vec!["zone-1"; 1001], "max": 1000});
    let refused = region.post("zones/actions", order).await.assert(400);
    assert!(refused.text.contains("at most 1000"), "{}", refused.text);
    let order = json!({"verb": "delete", "ids": vec!["zone-1"; 1000]});
    let made = region.post("zones/actions", order).await.assert(202).json();
    assert_eq!(made["total"], 1);
}

#[tokio::test]
async fn lists_count_targets_and_name_them_when_that_is_asked_for() {
    let region = with_zones(2).await;
    let order =
        json!({"verb": "update", "filter": "name:zone-*", "parameters": {"description": "x"}});
    let made = region.post("zones/actions", order).await.assert(202).json();
    let id = made["id"].as_str().unwrap();
    let read = async |path: String| region.get(By::Admin, &path).await.assert(200).json();
    let listed = read("operations".to_owned()).await;
    let listed = &listed["items"][0];
    assert_eq!((&listed["total"], listed.get("targets")), (&json!(2), None), "{listed}");
    let asked = read("operations?fields=id,targets".to_owned()).await;
    assert_eq!(asked["items"][0]["targets"].as_array().unwrap().len(), 2, "{asked}");
    let one = read(format!("operations/{id}")).await;
    assert_eq!(one["targets"].as_array().unwrap().len(), 2, "{one}");
    let found = read("operations?filter=targets.name:zone-1".to_owned()).await;
    assert_eq!(found["total"], 1, "they are found by their targets all the same");
}
