//! Machines and devices.

use serde_json::{Value, json};

use crate::harness::{By, Region};

async fn with_machines() -> Region {
    let region = Region::start().await;
    for number in 1..=12_u8 {
        let body = json!({
            "hostname": format!("node-{number}"),
            "architecture": "amd64/generic",
            "mac_addresses": [format!("52:54:00:00:00:{number:02x}")],
            "power_type": "manual",
            "commission": false,
        });
        region.post("machines", body).await.assert(201);
    }
    region
}

#[tokio::test]
async fn machines_are_filtered_in_memory_and_shown_as_maas_shows_them() {
    let region = with_machines().await;
    let page = region
        .get(
            By::Admin,
            "machines?filter=node-1*%20status:new&sort=hostname&limit=2&facets=status,zone",
        )
        .await
        .assert(200);
    assert_eq!(page.each("hostname"), ["node-1", "node-10"]);
    assert_eq!(page.json()["total"], 4);
    assert_eq!(page.json()["facets"]["status"], json!([{"value": "new", "count": 4}]));
    let one = region.get(By::Admin, "machines/node-7").await.assert(200).json();
    let id = one["system_id"].as_str().unwrap();
    let of_maas = region.get(By::Admin, &format!("/MAAS/api/2.0/machines/{id}/")).await.json();
    let mut same = one.clone();
    for member in ["revision", "created", "updated", "status_changed"] {
        assert!(same.as_object_mut().unwrap().remove(member).is_some(), "{member}");
    }
    assert_eq!(same, of_maas);
    let by_mac = region.get(By::Admin, "machines?filter=mac:525400000007").await.assert(200);
    assert_eq!(by_mac.each("hostname"), ["node-7"]);
}

#[tokio::test]
async fn a_verb_of_a_machine_is_the_operation_of_maas() {
    let region = with_machines().await;
    let body = json!({"comment": "no fan"});
    let broken = region.post("machines/node-3/mark-broken", body).await.assert(200);
    assert_eq!(broken.json()["status_name"], "Broken");
    let refused = region.post("machines/node-3/deploy", Value::Null).await.assert(409);
    assert_eq!(refused.json()["title"], "The object is in a state that does not allow this");
    let interfaces = region.get(By::Admin, "machines/node-3/interfaces").await.assert(200);
    assert_eq!(interfaces.json()[0]["mac_address"], "52:54:00:00:00:03");
    region.post("machines/node-99/deploy", Value::Null).await.assert(404);
}

#[tokio::test]
async fn a_device_is_not_a_machine() {
    let region = with_machines().await;
    let body = json!({"hostname": "printer", "mac_addresses": ["52:54:00:00:01:01"]});
    region.post("devices", body).await.assert(201);
    assert_eq!(region.get(By::User, "devices").await.assert(200).each("hostname"), ["printer"]);
    region.get(By::Admin, "machines/printer").await.assert(404);
    region.get(By::Admin, "devices/printer").await.assert(200);
}
