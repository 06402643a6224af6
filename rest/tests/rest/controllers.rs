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

    region.put(By::Admin, "vlans/1/", &[("primary_rack", "rack1")]).await.assert(200);
    region.delete(By::Admin, "rackcontrollers/abc123/").await.assert(400);
    region.delete(By::Admin, "rackcontrollers/abc123/?force=true").await.assert(204);
    assert!(region.get(By::User, "vlans/1/").await.json()["primary_rack"].is_null());
    assert_eq!(region.get(By::User, "regioncontrollers/").await.assert(200).text, "[]");
}
