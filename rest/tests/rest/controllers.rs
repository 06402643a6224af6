//! Rack and region controllers.

use model::controller::{ControllerInterface, RackController};
use tables::error::TableError;
use tables::update::{Cause, now};

use crate::harness::{By, Region};

#[tokio::test]
async fn a_rack_is_shown_with_the_networks_it_is_on() {
    let region = Region::start().await;
    region.post(By::Admin, "subnets/", &[("cidr", "10.0.0.0/24")]).await.assert(200);
    let rack = RackController {
        system_id: "abc123".parse().unwrap(),
        hostname: "rack1".to_owned(),
        version: "0.1.0".to_owned(),
        interfaces: vec![ControllerInterface {
            name: "eth0".to_owned(),
            mac: "52:54:00:00:00:01".parse().unwrap(),
            addresses: vec!["10.0.0.2/24".parse().unwrap()],
        }],
        session: Some(1),
        last_seen: now(),
        searches_for_hosts: false,
        holds_service_addresses: false,
    };
    let cause = Cause::new("test", "test");
    let put = region.tables.update(&cause, |tx| -> Result<(), TableError> { tx.put(&rack) });
    put.await.unwrap();

    let shown = region.get(By::Admin, "rackcontrollers/abc123/").await.assert(200).json();
    assert_eq!(shown["fqdn"], "rack1.maas");
    assert_eq!(shown["ip_addresses"][0], "10.0.0.2");
    assert_eq!(shown["interface_set"][0]["vlan"]["name"], "untagged");
    assert_eq!(shown["interface_set"][0]["links"][0]["subnet"]["cidr"], "10.0.0.0/24");
    let services = &shown["service_set"];
    assert_eq!(
        (&services[0]["name"], &services[0]["status"]),
        (&"rackd".into(), &"running".into())
    );
    assert_eq!(
        (&services[1]["name"], &services[1]["status"]),
        (&"dhcpd".into(), &"unknown".into())
    );
    assert_eq!(shown["architecture"], "", "nobody has said it");
    assert_eq!(shown["cpu_test_status_name"], "Unknown");
    region.get(By::User, "rackcontrollers/abc123/").await.assert(403);
    assert_eq!(region.get(By::User, "rackcontrollers/").await.assert(200).text, "[]");
    assert_eq!(region.get(By::Admin, "rackcontrollers/").await.json()[0]["hostname"], "rack1");
    let known = "rackcontrollers/?op=is_registered&mac_address=52:54:00:00:00:01";
    assert_eq!(region.get(By::User, known).await.assert(200).text, "true");

    let change = [("description", "in the cellar"), ("zone", "cellar"), ("power_type", "manual")];
    let one = "rackcontrollers/abc123/";
    let nowhere = region.put(By::Admin, one, &change).await;
    let message = "Select a valid choice. That choice is not one of the available choices.";
    nowhere.assert_field("zone", message);
    region.post(By::Admin, "zones/", &[("name", "cellar")]).await.assert(200);
    let changed = region.put(By::Admin, one, &change).await.assert(200).json();
    assert_eq!(changed["description"], "in the cellar");
    assert_eq!(changed["zone"]["name"], "cellar");
    region.put(By::User, one, &change).await.assert(403);
    region.put(By::Admin, one, &[("power_type", "ipmi")]).await.assert(400);
    region.put(By::Admin, one, &[("domain", "x")]).await.assert(400);
    let zone = [("zone", "default"), ("nodes", "abc123")];
    let racks = "rackcontrollers/?op=set_zone";
    assert_eq!(region.post(By::Admin, racks, &zone).await.assert(200).text, "null");
    region.post(By::Admin, racks, &[("zone", "cellar"), ("nodes", "abcdef")]).await.assert(400);
    assert_eq!(region.get(By::Admin, one).await.json()["zone"]["name"], "default");
    region.post(By::Admin, racks, &[("zone", "cellar"), ("nodes", "abc123")]).await.assert(200);
    region.delete(By::Admin, "zones/cellar/").await.assert(204);
    assert_eq!(region.get(By::Admin, one).await.json()["zone"]["name"], "default");
    let images = region.get(By::Admin, &format!("{one}?op=list_boot_images")).await.assert(200);
    let expected = serde_json::json!({ "images": [], "connected": true, "status": "synced" });
    assert_eq!(images.json(), expected);
    let power = region.get(By::Admin, &format!("{one}?op=query_power_state")).await.assert(200);
    assert_eq!(power.json(), serde_json::json!({ "state": "unknown" }));
    region.get(By::User, &format!("{one}?op=power_parameters")).await.assert(403);
    let all = region.get(By::Admin, "rackcontrollers/?op=power_parameters").await.assert(200);
    assert_eq!(all.json(), serde_json::json!({ "abc123": {} }));
    let others = "rackcontrollers/?op=power_parameters&id=abcdef";
    assert_eq!(region.get(By::Admin, others).await.assert(200).text, "{}");
    for op in ["power_on", "power_off", "abort", "override_failed_testing"] {
        let refused = region.post(By::Admin, &format!("{one}?op={op}"), &[]).await.assert(409);
        assert!(refused.text.starts_with("rack1 is a rack controller: "), "{}", refused.text);
        region.post(By::User, &format!("{one}?op={op}"), &[]).await.assert(403);
    }
    let details = region.get(By::Admin, &format!("{one}?op=details")).await.assert(200);
    assert_eq!(details.headers["content-type"], "application/bson");
    let known = "regioncontrollers/?op=is_registered&mac_address=52:54:00:00:00:01";
    assert_eq!(region.get(By::User, known).await.assert(200).text, "true");
    let types = region.get(By::Admin, "rackcontrollers/?op=describe_power_types").await;
    assert_eq!(types.assert(200).json()[0]["fields"][0]["default"], "LAN_2_0");
    region.put(By::Admin, "vlans/1/", &[("primary_rack", "rack1")]).await.assert(200);
    region.delete(By::Admin, "rackcontrollers/abc123/").await.assert(400);
    region.delete(By::Admin, "rackcontrollers/abc123/?force=true").await.assert(204);
    assert!(region.get(By::User, "vlans/1/").await.json()["primary_rack"].is_null());
    assert_eq!(region.get(By::User, "regioncontrollers/").await.assert(200).text, "[]");
}
