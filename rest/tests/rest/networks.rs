//! Subnets as MAAS showed them before 2.0.

use serde_json::json;

use crate::harness::{By, Region};

#[tokio::test]
async fn networks_are_subnets_with_the_machines_on_them() {
    let region = Region::start().await;
    for form in [
        [("cidr", "10.0.0.0/24"), ("gateway_ip", "10.0.0.1")],
        [("cidr", "10.5.0.0/16"), ("gateway_ip", "10.5.0.1")],
    ] {
        region.post(By::Admin, "subnets/", &form).await.assert(200);
    }
    let shape = json!({
        "name": "subnet-1", "ip": "10.0.0.0", "netmask": "255.255.255.0", "vlan_tag": 0,
        "description": "10.0.0.0/24", "default_gateway": "10.0.0.1", "dns_servers": [],
        "resource_uri": "/MAAS/api/2.0/networks/subnet-1/",
    });
    let all = region.get(By::User, "networks/").await.assert(200).json();
    assert_eq!((&all[0], all.as_array().unwrap().len()), (&shape, 2));
    assert_eq!(region.get(By::User, "networks/subnet-1/").await.assert(200).json(), shape);
    region.get(By::User, "networks/subnet-9/").await.assert(404);
    let machine = [
        ("architecture", "amd64/generic"),
        ("mac_addresses", "52:54:00:00:00:02"),
        ("power_type", "manual"),
        ("commission", "false"),
    ];
    let machine = region.post(By::Admin, "machines/", &machine).await.assert(200).json();
    let of_machine = format!("networks/?node={}", machine["system_id"].as_str().unwrap());
    assert_eq!(region.get(By::User, &of_machine).await.assert(200).json(), json!([]));
    let unknown = region.get(By::User, "networks/?node=abcdef&node=x").await;
    unknown.assert_field("node", "Unknown node(s): abcdef, x.");
    let macs = "networks/subnet-1/?op=list_connected_macs";
    assert_eq!(region.get(By::User, macs).await.assert(200).json(), json!([]));
    let gone = region.post(By::Admin, "networks/", &[("name", "x")]).await.assert(410);
    assert_eq!(gone.text, "Gone");
    region.delete(By::Admin, "networks/subnet-1/").await.assert(410);
    region.post(By::Admin, "networks/subnet-1/?op=connect_macs", &[]).await.assert(410);
    region.delete(By::User, "networks/subnet-1/").await.assert(403);
}
