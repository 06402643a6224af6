//! Zones, resource pools and tags.

use crate::harness::{By, Region};

#[tokio::test]
async fn zones_are_made_renamed_and_deleted_but_not_the_default_one() {
    let region = Region::start().await;
    region.post(By::Admin, "zones/", &[("name", "a")]).await.assert(200);
    let again = region.post(By::Admin, "zones/", &[("name", "a")]).await;
    again.assert_field("name", "Physical zone with this Name already exists.");
    let zone = region.put(By::Admin, "zones/a/", &[("name", "b")]).await.assert(200).json();
    assert_eq!(zone["resource_uri"], "/MAAS/api/2.0/zones/b/");
    region.delete(By::Admin, "zones/b/").await.assert(204);
    region.delete(By::Admin, "zones/b/").await.assert(204);
    let default = region.delete(By::Admin, "zones/default/").await.assert(400);
    assert_eq!(default.text, "This zone is the default zone, it cannot be deleted.");
}

#[tokio::test]
async fn pools_are_made_renamed_and_deleted_but_not_the_default_one() {
    let region = Region::start().await;
    let pools = region.get(By::User, "resourcepools/").await.assert(200).json();
    assert_eq!((&pools[0]["id"], &pools[0]["name"]), (&0.into(), &"default".into()));
    let pool = region.post(By::Admin, "resourcepools/", &[("name", "a")]).await.assert(200).json();
    let path = format!("resourcepool/{}/", pool["id"]);
    let renamed = region.put(By::Admin, &path, &[("name", "b")]).await.assert(200).json();
    assert_eq!(renamed["name"], "b");
    region.delete(By::Admin, &path).await.assert(204);
    region.delete(By::Admin, "resourcepool/0/").await.assert(400);
}

#[tokio::test]
async fn tags_have_names_of_their_own() {
    let region = Region::start().await;
    let form = [("name", "virtual"), ("comment", "c")];
    let tag = region.post(By::Admin, "tags/", &form).await.assert(200).json();
    assert_eq!(region.get(By::User, "tags/virtual/").await.json(), tag);
    let again = region.post(By::Admin, "tags/", &form).await;
    again.assert_field("name", "Tag with this Name already exists.");
    region.post(By::Admin, "tags/", &[("name", "a b")]).await.assert(400);
    let renamed = region.put(By::Admin, "tags/virtual/", &[("name", "kvm")]).await.assert(200);
    assert_eq!(renamed.json()["comment"], "c");
    region.get(By::User, "tags/virtual/").await.assert(404);
    let updated = region.post(By::Admin, "tags/kvm/", &[("op", "update_nodes"), ("add", "zzzzzz")]);
    assert_eq!(updated.await.assert(200).json(), serde_json::json!({"added": 0, "removed": 0}));
    assert_eq!(region.get(By::User, "tags/kvm/?op=machines").await.assert(200).text, "[]");
    region.delete(By::Admin, "tags/kvm/").await.assert(204);
}
