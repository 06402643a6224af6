//! Settings, and VLANs that are made at a path of their own.

use serde_json::{Value, json};

use crate::harness::{By, Region};

#[tokio::test]
async fn a_setting_is_changed_by_its_name() {
    let region = Region::start().await;
    let body = json!({"value": 45});
    let changed = region.call(By::Admin, "PATCH", "settings/node_timeout", body).await.assert(200);
    assert_eq!(changed.json()["value"], 45);
    let read = region.get(By::User, "settings/node_timeout").await.assert(200);
    assert_eq!((&read.json()["value"], &read.json()["default"]), (&json!(45), &json!(30)));
    assert_eq!(read.header("etag"), changed.header("etag"));
    let body = json!({"value": 50});
    region.call(By::User, "PATCH", "settings/node_timeout", body.clone()).await.assert(403);
    region.call(By::Admin, "PATCH", "settings/colour", body).await.assert(404);
    let missing = region.call(By::Admin, "PATCH", "settings/node_timeout", json!({})).await;
    assert_eq!(missing.assert(400).json()["errors"][0]["pointer"], "/value");
    let wrong = json!({"value": "soon"});
    let wrong = region.call(By::Admin, "PATCH", "settings/node_timeout", wrong).await;
    let wrong = wrong.assert(400).json();
    assert_eq!(wrong["errors"], json!([{"pointer": "/value", "message": "Enter a whole number."}]));
}

#[tokio::test]
async fn a_setting_says_what_values_it_takes() {
    let region = Region::start().await;
    let read = async |name: &str| {
        region.get(By::User, &format!("settings/{name}")).await.assert(200).json()
    };
    let number = read("node_timeout").await;
    assert_eq!(number["type"], "number");
    assert!(number["min"].as_u64() < number["max"].as_u64(), "{number}");
    let boolean = read("enable_http_proxy").await;
    assert_eq!((&boolean["type"], &boolean["choices"]), (&json!("boolean"), &Value::Null));
    let all =
        region.get(By::User, "settings?filter=type:choice&limit=100").await.assert(200).json();
    for setting in all["items"].as_array().unwrap() {
        let choices = setting["choices"].as_array().unwrap();
        assert!(choices.contains(&setting["default"]), "{setting}");
    }
    assert!(all["total"].as_u64() > Some(0), "{all}");
}

#[tokio::test]
async fn a_setting_can_be_planned_and_kept_from_being_overwritten() {
    let region = Region::start().await;
    let path = "settings/maas_name?plan=true";
    let plan = region.call(By::Admin, "PATCH", path, json!({"value": "lab"})).await.assert(200);
    assert_eq!(plan.json()["changes"][0]["resource"], "settings");
    let set = region.call(By::Admin, "PATCH", "settings/maas_name", json!({"value": "lab"})).await;
    let tag = set.assert(200).header("etag").to_owned();
    let set = region.call(By::Admin, "PATCH", "settings/maas_name", json!({"value": "den"})).await;
    set.assert(200);
    let request = region
        .request(By::Admin, "PATCH", "settings/maas_name")
        .header("content-type", "application/json")
        .header("if-match", tag);
    region.answer(request.body(r#"{"value": "attic"}"#.into()).unwrap()).await.assert(412);
}

#[tokio::test]
async fn a_vlan_is_made_in_the_fabric_that_the_body_names() {
    let region = Region::start().await;
    region.post("fabrics", json!({"name": "blue"})).await.assert(201);
    let body = json!({"fabric": "blue", "vid": 7, "name": "seven"});
    let made = region.post("vlans", body).await.assert(201);
    assert_eq!((&made.json()["vid"], &made.json()["fabric"]), (&json!(7), &json!("blue")));
    let found = region.get(By::User, "vlans/seven").await.assert(200);
    assert_eq!(found.json()["id"], made.json()["id"]);
    let missing = region.post("vlans", json!({"vid": 8})).await.assert(400);
    assert_eq!(missing.json()["errors"][0]["pointer"], "/fabric");
    region.post("vlans", json!({"vid": 8, "fabric": "red"})).await.assert(404);
    region.call(By::User, "POST", "vlans", json!({"fabric": "blue", "vid": 9})).await.assert(403);
    let id = made.json()["id"].to_string();
    region.call(By::Admin, "DELETE", &format!("vlans/{id}"), Value::Null).await.assert(204);
}
