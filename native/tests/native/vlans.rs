//! The racks of VLANs: as many as serve one, and by what people call them.

use model::controller::RackController;
use model::id::SystemId;
use model::time::Timestamp;
use serde_json::{Value, json};
use tables::error::TableError;
use tables::tx::Tx;
use tables::update::Cause;

use crate::harness::{By, Region};

/// A region that knows racks k1 to k4.
async fn with_racks() -> Region {
    let region = Region::start().await;
    let racks = |tx: &mut Tx| -> Result<(), TableError> {
        (1..=4).try_for_each(|number| {
            tx.insert(&RackController {
                system_id: SystemId::from_number(number),
                hostname: format!("k{number}"),
                version: String::new(),
                interfaces: Vec::new(),
                session: None,
                last_seen: Timestamp::default(),
                searches_for_hosts: false,
                holds_service_addresses: true,
            })
        })
    };
    region.tables.update(&Cause::new("test", "test"), racks).await.unwrap();
    region
}

#[tokio::test]
async fn further_racks_are_planned_by_name_set_as_a_list_or_a_text_and_taken_back() {
    let region = with_racks().await;
    let id = |number| json!(SystemId::from_number(number).to_string());
    let body = json!({"primary_rack": "k1", "secondary_rack": "k2", "further_racks": ["k4", "k3"]});
    let path = "vlans/1?plan=true";
    let plan = region.call(By::Admin, "PATCH", path, body.clone()).await.assert(200).json();
    let further = json!({"pointer": "/further_racks", "before": null, "after": ["k4", "k3"]});
    let differences = plan["changes"][0]["differences"].as_array().unwrap();
    assert!(differences.contains(&further), "{differences:?}");
    let set = region.call(By::Admin, "PATCH", "vlans/1", body).await.assert(200).json();
    assert_eq!(set["further_racks"], json!([id(4), id(3)]));
    let text = json!({"further_racks": "k3,k4"});
    let set = region.call(By::Admin, "PATCH", "vlans/1", text).await.assert(200).json();
    assert_eq!(set["further_racks"], json!([id(3), id(4)]));
    let twice = json!({"further_racks": "k3,k1"});
    let twice = region.call(By::Admin, "PATCH", "vlans/1", twice).await.assert(400).json();
    assert_eq!(twice["errors"][0]["pointer"], "/further_racks", "{twice}");
    let none = json!({"further_racks": null});
    let set = region.call(By::Admin, "PATCH", "vlans/1", none).await.assert(200).json();
    assert_eq!(set["further_racks"], json!([]));
    let undo = format!("revisions/{}/undo", set["revision"]);
    region.post(&undo, Value::Null).await.assert(200);
    let back = region.get(By::User, "vlans/1").await.assert(200).json();
    assert_eq!(back["further_racks"], json!([id(3), id(4)]));
}

#[tokio::test]
async fn a_choice_that_is_none_is_named() {
    let region = with_racks().await;
    for (field, value) in [("secondary_rack", "k9"), ("relay_vlan", "9"), ("space", "dmz")] {
        let body = json!({ field: value });
        let refused = region.call(By::Admin, "PATCH", "vlans/1", body).await.assert(400).json();
        let says = format!("Select a valid choice. {value} is not one of the available choices.");
        assert_eq!(refused["detail"], format!("{field}: {says}"));
        assert_eq!(refused["errors"][0]["message"], says);
    }
    let body = json!({"primary_rack": "k1", "secondary_rack": "k1"});
    let refused = region.call(By::Admin, "PATCH", "vlans/1", body).await.assert(400).json();
    let says = "The primary and secondary rack must be different (both are k1)";
    assert_eq!(refused["detail"], says);
}
