//! Fabrics.

use crate::harness::{By, Region};

#[tokio::test]
async fn a_fabric_comes_with_its_untagged_vlan() {
    let region = Region::start().await;
    let fabric = region.post(By::Admin, "fabrics/", &[]).await.assert(200).json();
    assert_eq!(fabric["name"], "fabric-1");
    assert_eq!(fabric["vlans"][0]["vid"], 0);
    assert_eq!(fabric["vlans"][0]["name"], "untagged");
    assert_eq!(fabric["vlans"][0]["space"], "undefined");
    let read = region.get(By::User, "fabrics/fabric-1/").await.assert(200).json();
    assert_eq!(read, fabric);
    let all = region.get(By::User, "fabrics/").await.json();
    assert_eq!(all.as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn names_are_unique_and_numbered_ones_reserved() {
    let region = Region::start().await;
    region.post(By::Admin, "fabrics/", &[("name", "a")]).await.assert(200);
    let again = region.post(By::Admin, "fabrics/", &[("name", "a")]).await;
    again.assert_field("name", "Fabric with this Name already exists.");
    let reserved = region.post(By::Admin, "fabrics/", &[("name", "fabric-77")]).await;
    reserved.assert_field("name", "Reserved fabric name.");
    let renamed =
        region.put(By::Admin, "fabrics/a/", &[("name", "b"), ("class_type", "10g")]).await;
    assert_eq!(renamed.assert(200).json()["class_type"], "10g");
}

#[tokio::test]
async fn only_unused_fabrics_other_than_the_first_are_deleted() {
    let region = Region::start().await;
    region
        .delete(By::Admin, "fabrics/0/")
        .await
        .assert_field("__all__", "This fabric is the default fabric, it cannot be deleted.");
    let fabric = region.post(By::Admin, "fabrics/", &[("name", "a")]).await.json();
    let vlan = fabric["vlans"][0]["id"].to_string();
    let subnet = [("cidr", "10.1.0.0/24"), ("vlan", vlan.as_str())];
    region.post(By::Admin, "subnets/", &subnet).await.assert(200);
    region.delete(By::Admin, "fabrics/a/").await.assert_field(
        "__all__",
        "Can't delete fabric; the following subnets are still present: 10.1.0.0/24",
    );
    region.delete(By::Admin, "subnets/10.1.0.0/24/").await.assert(204);
    region.delete(By::Admin, "fabrics/a/").await.assert(204);
    let gone = region.get(By::Admin, "fabrics/a/").await.assert(404);
    assert_eq!(gone.text, "No Fabric matches the given query.");
    region.get(By::User, &format!("vlans/{vlan}/")).await.assert(404);
}

#[tokio::test]
async fn ordinary_users_only_read() {
    let region = Region::start().await;
    let create = region.post(By::User, "fabrics/", &[]).await.assert(403);
    assert_eq!(create.text, "This method is reserved for admin users.");
    assert_eq!(region.put(By::User, "fabrics/0/", &[]).await.assert(403).text, "");
    region.delete(By::User, "fabrics/0/").await.assert(403);
}
