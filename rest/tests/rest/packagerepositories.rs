//! Package repositories.

use serde_json::json;

use crate::harness::{By, Region};

const ALL: &str = "package-repositories/";

#[tokio::test]
async fn the_archives_of_ubuntu_are_there_from_the_start_and_stay() {
    let region = Region::start().await;
    let all = region.get(By::User, ALL).await.assert(200).json();
    let main = json!({
        "id": 1, "name": "main_archive", "url": "http://archive.ubuntu.com/ubuntu",
        "distributions": [], "disabled_pockets": [], "disabled_components": [],
        "disable_sources": true, "components": [], "arches": ["amd64", "i386"], "key": "",
        "enabled": true, "resource_uri": "/MAAS/api/2.0/package-repositories/1/",
    });
    assert_eq!(all[0], main);
    assert_eq!(all[1]["name"], "ports_archive");
    assert_eq!(region.get(By::User, "package-repositories/main_archive/").await.json(), main);
    let deleted = region.delete(By::Admin, "package-repositories/1/").await.assert(400);
    assert_eq!(deleted.text, "Cannot delete default Ubuntu archives.");
    let off = region.put(By::Admin, "package-repositories/1/", &[("enabled", "false")]).await;
    off.assert_field("__all__", "Default repositories may not be disabled.");
    let change = [
        ("url", "http://mirror.example.com/ubuntu"),
        ("disabled_pockets", "backports, updates"),
        ("disabled_components", "universe"),
        ("disabled_components", "multiverse"),
    ];
    let changed = region.put(By::Admin, "package-repositories/1/", &change).await.assert(200);
    assert_eq!(changed.json()["disabled_pockets"], json!(["backports", "updates"]));
    assert_eq!(changed.json()["disabled_components"], json!(["universe", "multiverse"]));
    let none = [("disabled_pockets", ""), ("disabled_components", "[]")];
    let changed = region.put(By::Admin, "package-repositories/1/", &none).await.assert(200).json();
    assert_eq!(changed["disabled_pockets"], json!([]));
    assert_eq!(changed["disabled_components"], json!([]));
    assert_eq!(changed["url"], "http://mirror.example.com/ubuntu");
    let all = region.get(By::User, ALL).await.assert(200).json();
    assert_eq!((all.as_array().unwrap().len(), &all[0]), (2, &changed));
}

#[tokio::test]
async fn a_repository_is_created_read_updated_and_deleted() {
    let region = Region::start().await;
    let form = [
        ("name", "tools"),
        ("url", "http://repo.example.com/apt"),
        ("distributions", "jammy,noble"),
        ("components", "main"),
        ("arches", "amd64"),
        ("arches", "arm64"),
        ("key", "a key"),
    ];
    let created = region.post(By::Admin, ALL, &form).await.assert(200).json();
    let shape = json!({
        "id": 3, "name": "tools", "url": "http://repo.example.com/apt",
        "distributions": ["jammy", "noble"], "disabled_pockets": [], "disabled_components": [],
        "disable_sources": true, "components": ["main"], "arches": ["amd64", "arm64"],
        "key": "a key", "enabled": true,
        "resource_uri": "/MAAS/api/2.0/package-repositories/3/",
    });
    assert_eq!(created, shape);
    assert_eq!(region.get(By::User, "package-repositories/tools/").await.json(), shape);
    let change = [("enabled", "false"), ("arches", ""), ("disable_sources", "0")];
    let changed = region.put(By::Admin, "package-repositories/tools/", &change).await.assert(200);
    let changed = changed.json();
    let values = (&changed["enabled"], &changed["disable_sources"], &changed["arches"]);
    assert_eq!(values, (&json!(false), &json!(false), &json!(["amd64", "i386"])));
    region.delete(By::Admin, "package-repositories/3/").await.assert(204);
    let gone = region.get(By::User, "package-repositories/3/").await.assert(404);
    assert_eq!(gone.text, "No PackageRepository matches the given query.");
}

#[tokio::test]
async fn only_administrators_change_repositories_and_two_have_no_name_in_common() {
    let region = Region::start().await;
    let form = [("name", "tools"), ("url", "ppa:owner/name")];
    region.post(By::User, ALL, &form).await.assert(403);
    region.post(By::Admin, ALL, &form).await.assert(200);
    region.put(By::User, "package-repositories/3/", &[("name", "x")]).await.assert(403);
    region.delete(By::User, "package-repositories/3/").await.assert(403);
    let taken = "Package repository with this Name already exists.";
    region.post(By::Admin, ALL, &form).await.assert_field("name", taken);
    let change = [("name", "main_archive")];
    let renamed = region.put(By::Admin, "package-repositories/3/", &change).await;
    renamed.assert_field("name", taken);
    region.post(By::Admin, ALL, &[]).await.assert_field("url", "This field is required.");
    let wrong = [("name", "x"), ("url", "file:///etc")];
    let wrong = region.post(By::Admin, ALL, &wrong).await;
    wrong.assert_field("url", "Enter a valid repository URL or PPA location.");
}
