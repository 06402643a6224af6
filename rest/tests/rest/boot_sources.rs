//! Boot sources, their selections, and imports as states.

use axum::body::Body;
use http::Request;
use serde_json::json;

use crate::harness::{By, Region};

const ALL: &str = "boot-sources/";
const URL: &str = "http://images.example.com/ephemeral-v3/";

#[tokio::test]
async fn a_boot_source_is_kept_and_shown() {
    let region = Region::start().await;
    let form = [("url", URL), ("keyring_filename", "/usr/share/keyrings/x.gpg")];
    let created = region.post(By::Admin, ALL, &form).await.assert(201).json();
    let shape = json!({
        "id": 1, "url": URL, "keyring_filename": "/usr/share/keyrings/x.gpg", "keyring_data": "",
        "created": created["created"], "updated": created["updated"],
        "resource_uri": "/MAAS/api/2.0/boot-sources/1/",
    });
    assert_eq!(created, shape);
    // python-libmaas cannot read a time with a zone.
    assert_eq!(created["created"].as_str().unwrap().len(), "2026-11-22T10:56:29.080".len());
    assert_eq!(region.get(By::Admin, ALL).await.assert(200).json(), json!([shape]));
    let one = "boot-sources/1/";
    let changed = region.put(By::Admin, one, &[("url", "https://other.example.com/")]).await;
    assert_eq!(changed.assert(200).json()["url"], "https://other.example.com/");
    let taken = region.post(By::Admin, ALL, &form).await.assert(201).json();
    assert_eq!(taken["id"], 2);
    let taken = region.post(By::Admin, ALL, &form).await;
    taken.assert_field("url", "Boot source with this Url already exists.");
    region.delete(By::Admin, one).await.assert(204);
    let gone = region.get(By::Admin, one).await.assert(404);
    assert_eq!(gone.text, "No BootSource matches the given query.");
    region.delete(By::Admin, one).await.assert(404);
}

#[tokio::test]
async fn a_keyring_is_a_name_or_a_file() {
    let region = Region::start().await;
    let body = format!(
        "--b\r\nContent-Disposition: form-data; name=\"url\"\r\n\r\n{URL}\r\n\
         --b\r\nContent-Disposition: form-data; name=\"keyring_data\"; filename=\"k\"\r\n\r\nkey\r\n\
         --b--\r\n"
    );
    let request = Request::post("/MAAS/api/2.0/boot-sources/")
        .header("content-type", "multipart/form-data; boundary=b")
        .header("authorization", region.authorization(By::Admin).unwrap());
    let created = region.send(request.body(Body::from(body)).unwrap()).await.assert(201).json();
    assert_eq!(created["keyring_data"], "a2V5");
    let both = region.put(By::Admin, "boot-sources/1/", &[("keyring_filename", "x")]).await;
    both.assert_field("__all__", "Only one of keyring_filename or keyring_data can be set.");
    let none = region.post(By::Admin, ALL, &[("url", "http://a.example.com/")]).await;
    none.assert_field("__all__", "One of keyring_data or keyring_filename must be set.");
    let wrong = region.post(By::Admin, ALL, &[("url", "x"), ("keyring_filename", "x")]).await;
    wrong.assert_field("url", "Enter a valid URL.");
    region.post(By::Admin, ALL, &[]).await.assert_field("url", "This field is required.");
}

#[tokio::test]
async fn selections_belong_to_their_source() {
    let region = Region::start().await;
    for url in [URL, "http://other.example.com/"] {
        let form = [("url", url), ("keyring_filename", "x")];
        region.post(By::Admin, ALL, &form).await.assert(201);
    }
    let all = "boot-sources/1/selections/";
    let form = [("os", "ubuntu"), ("release", "jammy"), ("arches", "amd64"), ("arches", "arm64")];
    let created = region.post(By::Admin, all, &form).await.assert(200).json();
    let shape = json!({
        "boot_source_id": 1, "id": 1, "os": "ubuntu", "release": "jammy",
        "arches": ["amd64", "arm64"], "subarches": [], "labels": [],
        "resource_uri": "/MAAS/api/2.0/boot-sources/1/selections/1/",
    });
    assert_eq!(created, shape);
    assert_eq!(region.get(By::Admin, all).await.json(), json!([shape]));
    let twice = region.post(By::Admin, all, &form).await;
    let message = "Boot source selection with this Boot source, Os and Release already exists.";
    twice.assert_field("__all__", message);
    let one = "boot-sources/1/selections/1/";
    let changed = region.put(By::Admin, one, &[("labels", "*")]).await.assert(200).json();
    assert_eq!(changed["labels"], json!(["*"]));
    let elsewhere = region.get(By::Admin, "boot-sources/2/selections/1/").await.assert(404);
    assert_eq!(elsewhere.text, "No BootSourceSelection matches the given query.");
    let nowhere = region.get(By::Admin, "boot-sources/3/selections/").await.assert(404);
    assert_eq!(nowhere.text, "No BootSource matches the given query.");
    let wordless = region.post(By::Admin, all, &[("os", "a b")]).await;
    wordless.assert_field("os", "Enter one word.");
    region.delete(By::Admin, "boot-sources/1/").await.assert(204);
    let view = region.tables.view().await.unwrap();
    let left = tables::read::Reads::list::<model::boot::source::BootSourceSelection>(&view);
    assert_eq!(left.unwrap(), []);
}

#[tokio::test]
async fn boot_sources_and_sync_progress_are_for_administrators() {
    let region = Region::start().await;
    let denied = region.get(By::User, ALL).await.assert(403);
    assert_eq!(denied.text, "User is not allowed access to this API.");
    region.post(By::User, ALL, &[("url", URL)]).await.assert(403);
    region.get(By::Nobody, ALL).await.assert(401);
    region.get(By::User, "images-sync-progress/").await.assert(403);
    assert_eq!(region.get(By::Admin, "images-sync-progress/").await.assert(200).json(), json!({}));
    region.get(By::Admin, "images-sync-progress/1/abcdef/").await.assert(404);
    region.post(By::Admin, "images-sync-progress/", &[("size", "1")]).await.assert(403);
}

#[tokio::test]
async fn an_import_is_over_when_it_begins() {
    let region = Region::start().await;
    let import = region.post(By::Admin, "boot-resources/?op=import", &[]).await.assert(200);
    assert_eq!(import.text, "Import of boot resources started");
    let stop = region.post(By::Admin, "boot-resources/?op=stop_import", &[]).await.assert(200);
    assert_eq!(stop.text, "Import of boot resources is being stopped");
    let is_importing = region.get(By::User, "boot-resources/?op=is_importing").await.assert(200);
    assert_eq!(is_importing.text, "false");
    region.post(By::User, "boot-resources/?op=import", &[]).await.assert(403);
    let racks = "rackcontrollers/?op=import_boot_images";
    let started = region.post(By::Admin, racks, &[]).await.assert(202);
    assert_eq!(started.text, "Import of boot images started on all rack controllers");
    let rack = "rackcontrollers/abcdef/?op=import_boot_images";
    region.post(By::Admin, rack, &[]).await.assert(404);
}
