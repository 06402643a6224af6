//! Reserved IPs.

use serde_json::{Value, json};

use crate::harness::{By, Region};

const ALL: &str = "reservedips/";
const MAC: &str = "52:54:00:00:00:09";

async fn with_subnet() -> Region {
    let region = Region::start().await;
    let form = [("cidr", "10.0.0.0/28"), ("gateway_ip", "10.0.0.1")];
    region.post(By::Admin, "subnets/", &form).await.assert(200);
    let range = [("type", "dynamic"), ("start_ip", "10.0.0.8"), ("end_ip", "10.0.0.10")];
    region.post(By::Admin, "ipranges/", &range).await.assert(200);
    region
}

async fn create(region: &Region, ip: &str, mac: &str) -> Value {
    let form = [("ip", ip), ("mac_address", mac)];
    region.post(By::Admin, ALL, &form).await.assert(200).json()
}

#[tokio::test]
async fn a_reserved_ip_is_created_listed_read_updated_and_deleted() {
    let region = with_subnet().await;
    let form = [("ip", "10.0.0.5"), ("mac_address", MAC), ("subnet", "1"), ("comment", "printer")];
    let created = region.post(By::Admin, ALL, &form).await.assert(200).json();
    let mut shape = json!({
        "id": 1, "ip": "10.0.0.5", "mac_address": MAC, "comment": "printer",
        "subnet": region.get(By::User, "subnets/1/").await.json(),
        "resource_uri": "/MAAS/api/2.0/reservedips/1/",
    });
    assert_eq!(created, shape);
    assert_eq!(region.get(By::User, ALL).await.assert(200).json(), json!([shape]));
    let one = "reservedips/1/";
    let same = [("ip", "10.0.0.5"), ("mac_address", MAC), ("subnet", "1"), ("comment", "z")];
    let updated = region.put(By::Admin, one, &same).await.assert(200).json();
    shape["comment"] = json!("z");
    assert_eq!(updated, shape);
    assert_eq!(region.get(By::User, one).await.assert(200).json(), shape);
    let fixed = "The ip, mac_address and the subnet of a reserved ip are immutable. Please delete the entry and recreate it.";
    for other in [("ip", "10.0.0.6"), ("mac_address", "52:54:00:00:00:08")] {
        region.put(By::Admin, one, &[other]).await.assert_field("__all__", fixed);
    }
    region.delete(By::Admin, one).await.assert(204);
    let gone = region.get(By::User, one).await.assert(404);
    assert_eq!(gone.text, "No ReservedIP matches the given query.");
    create(&region, "10.0.0.5", MAC).await;
}

#[tokio::test]
async fn only_administrators_reserve_ips() {
    let region = with_subnet().await;
    let form = [("ip", "10.0.0.5"), ("mac_address", MAC)];
    region.post(By::User, ALL, &form).await.assert(403);
    create(&region, "10.0.0.5", MAC).await;
    region.put(By::User, "reservedips/1/", &[("comment", "x")]).await.assert(403);
    region.delete(By::User, "reservedips/1/").await.assert(403);
    region.get(By::Nobody, ALL).await.assert(401);
}

#[tokio::test]
async fn an_address_that_cannot_be_kept_is_refused() {
    let region = with_subnet().await;
    let check = async |form: &[(&str, &str)], field: &str, message: &str| {
        region.post(By::Admin, ALL, form).await.assert_field(field, message);
    };
    let mac = ("mac_address", MAC);
    check(&[mac], "ip", "This field is required.").await;
    check(&[("ip", "10.0.0.5")], "mac_address", "This field is required.").await;
    check(&[("ip", "x"), mac], "ip", "Enter a valid IPv4 or IPv6 address.").await;
    let no_mac = "'x' is not a valid MAC address.";
    check(&[("ip", "10.0.0.5"), ("mac_address", "x")], "mac_address", no_mac).await;
    let nowhere = "Could not find a suitable subnet for 10.9.0.5. Please create the subnet first.";
    check(&[("ip", "10.9.0.5"), mac], "subnet", nowhere).await;
    let outside = "The provided IP is not part of the subnet.";
    check(&[("ip", "10.9.0.5"), mac, ("subnet", "1")], "ip", outside).await;
    let network = "The network address cannot be a reserved IP.";
    check(&[("ip", "10.0.0.0"), mac], "ip", network).await;
    let broadcast = "The broadcast address cannot be a reserved IP.";
    check(&[("ip", "10.0.0.15"), mac], "ip", broadcast).await;
    let dynamic = "The ip 10.0.0.9 must be outside the dynamic range 10.0.0.8 - 10.0.0.10.";
    check(&[("ip", "10.0.0.9"), mac], "ip", dynamic).await;
    let long = "x".repeat(256);
    let most = "Ensure this value has at most 255 characters (it has 256).";
    check(&[("ip", "10.0.0.5"), mac, ("comment", long.as_str())], "comment", most).await;
    create(&region, "10.0.0.5", MAC).await;
    let again = "Reserved IP with this IP address already exists.";
    check(&[("ip", "10.0.0.5"), ("mac_address", "52:54:00:00:00:08")], "ip", again).await;
    let twice = "Reserved IP with this MAC address and Subnet already exists.";
    check(&[("ip", "10.0.0.6"), mac], "__all__", twice).await;
    let reserve = [("op", "reserve"), ("ip", "10.0.0.6")];
    region.post(By::User, "ipaddresses/", &reserve).await.assert(200);
    let taken = "The ip 10.0.0.6 is already in use by another machine.";
    check(&[("ip", "10.0.0.6"), ("mac_address", "52:54:00:00:00:08")], "ip", taken).await;
}

#[tokio::test]
async fn a_reserved_ip_is_given_to_nobody_else() {
    let region = with_subnet().await;
    create(&region, "10.0.0.11", MAC).await;
    let reserve = [("op", "reserve"), ("ip", "10.0.0.11")];
    region.post(By::User, "ipaddresses/", &reserve).await.assert(404);
    let any = [("op", "reserve"), ("subnet", "1")];
    // Addresses are given from the smallest free range, whose first it is.
    let given = region.post(By::User, "ipaddresses/", &any).await.assert(200).json();
    assert_eq!(given["ip"], "10.0.0.12");
    // It is no user's, so none lists it or gives it back.
    let all = region.get(By::Admin, "ipaddresses/?all=1").await.assert(200).json();
    assert_eq!(all.as_array().unwrap().len(), 1);
    let release = [("op", "release"), ("ip", "10.0.0.11"), ("force", "1")];
    region.post(By::Admin, "ipaddresses/", &release).await.assert(400);
    let range = [("type", "dynamic"), ("start_ip", "10.0.0.11"), ("end_ip", "10.0.0.11")];
    region.post(By::Admin, "ipranges/", &range).await.assert(400);
    region.delete(By::Admin, "subnets/1/").await.assert(409);
    region.delete(By::Admin, "subnets/1/?force=1").await.assert(204);
    assert_eq!(region.get(By::User, ALL).await.json(), json!([]));
}
