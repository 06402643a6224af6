//! The REST API of machines and images: shapes, filters and refusals as MAAS's.

use images::files::hash_of_bytes;
use model::id::SystemId;
use model::machine::status::Status;
use serde_json::Value;

use crate::machines::site::{SimulatedMachine, Site};

/// Answers as JSON, with names instead of what is random.
async fn shown(site: &Site, text: &str) -> String {
    let mut text = site.without_secrets(&[(String::new(), text.into())].into()).await;
    for machine in site.machines().await {
        text = text.replace(&machine.hostname, "<hostname>");
    }
    text
}

/// The same JSON with its keys in alphabetical order: their order means nothing.
fn sorted(json: &str) -> String {
    let value: Value = serde_json::from_str(json).expect("JSON");
    let formatter = serde_json::ser::PrettyFormatter::with_indent(b"    ");
    let mut out = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, formatter);
    serde::Serialize::serialize(&value, &mut serializer).expect("JSON");
    String::from_utf8(out).expect("text")
}

#[tokio::test]
async fn machine_has_every_field_of_maas() {
    let site = Site::new().await;
    let id = SimulatedMachine::new("52:54:00:00:00:01").commissioned(&site).await;
    let (status, body) = site.rest("GET", &format!("machines/{id}/"), "").await;
    assert_eq!(status, 200);
    insta::assert_snapshot!(without_uuids(&shown(&site, &sorted(&body)).await));
}

/// A shape without the UUIDs of what is made of disks, which are random.
fn without_uuids(shape: &str) -> String {
    let mut parts = shape.split("\"uuid\": \"");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |shown, part| format!("{shown}\"uuid\": \"UUID{}", &part[36..]))
}

#[tokio::test]
async fn list_is_sent_in_pieces_while_it_is_made() {
    let site = Site::new().await;
    let id = SimulatedMachine::new("52:54:00:00:00:01").commissioned(&site).await;
    site.multiply(&id, 100).await;
    let pieces = site.rest_pieces("machines/?mem=1024").await;
    assert!(pieces.len() > 10, "{} pieces", pieces.len());
    assert!(pieces.iter().all(|piece| piece.len() < 128 * 1024));
    let list: Vec<api::machines::Machine> =
        serde_json::from_slice(&pieces.concat()).expect("machines");
    assert_eq!(list.len(), 101);
    assert_eq!(list[0].system_id, id, "the oldest comes first");
    let order: Vec<&SystemId> = list[1..].iter().map(|machine| &machine.system_id).collect();
    assert!(order.is_sorted(), "equally old machines come in the order of their ids");
}

#[tokio::test]
async fn list_is_filtered_by_maas_constraints() {
    let site = Site::new().await;
    let id = SimulatedMachine::new("52:54:00:00:00:01").commissioned(&site).await;
    for (query, found) in [
        ("", 1),
        ("?status=ready", 1),
        ("?status=deployed", 0),
        ("?not_status=ready", 0),
        ("?mac_address=52-54-00-00-00-01", 1),
        ("?cpu_count=2&mem=1024", 1),
        ("?cpu_count=4", 0),
        ("?zone=default&pool=default&arch=amd64", 1),
        ("?not_in_zone=default", 0),
        ("?subnets=cidr:10.0.0.0/24", 1),
        ("?storage=root:7", 1),
        ("?storage=root:9", 0),
        ("?owner=admin", 0),
        ("?power_state=unknown&simple_status=ready", 1),
    ] {
        let (status, body) = site.rest("GET", &format!("machines/{query}"), "").await;
        let list: Vec<Value> = serde_json::from_str(&body).expect("a list");
        assert_eq!((status, list.len()), (200, found), "{query}");
        assert!(list.iter().all(|machine| machine["system_id"] == id.as_str()));
    }
    let (status, body) = site.rest("GET", "machines/?bogus=1", "").await;
    assert_eq!(status, 400);
    assert!(body.contains("No such constraint."), "{body}");
}

#[tokio::test]
async fn machine_is_allocated_deployed_and_released_by_rest() {
    let site = Site::new().await;
    let machine = SimulatedMachine::new("52:54:00:00:00:01");
    let id = machine.commissioned(&site).await;
    let one = format!("machines/{id}/");
    let (status, body) = site.rest("POST", &one, "op=deploy").await;
    assert_eq!(status, 400);
    assert!(body.contains("distro_series"), "{body}");
    site.upload_image().await;
    let (status, body) = site.rest("POST", "machines/", "op=allocate&name=nobody").await;
    assert_eq!(status, 409);
    assert!(body.starts_with("No available machine matches constraints: [('name'"), "{body}");
    let (status, body) = site.rest("POST", "machines/", "op=allocate&mem=1024").await;
    assert_eq!(status, 200, "{body}");
    let (status, body) = site.rest("POST", &one, "op=deploy&distro_series=bookworm").await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(site.status(&id).await, Status::Deploying);
    let (status, body) = site.rest("POST", &one, "op=commission").await;
    assert_eq!(status, 400, "{body}");
    assert!(body.contains("Commission is not available"), "{body}");
    let (status, body) = site.rest("POST", &one, "op=release").await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(site.status(&id).await, Status::Releasing);
    let (status, body) = site.rest("GET", "events/?op=query&level=INFO", "").await;
    assert_eq!(status, 200);
    assert!(body.contains("Node changed status"), "{body}");
}

#[tokio::test]
async fn image_is_uploaded_in_parts() {
    let site = Site::new().await;
    let content = b"an image in two parts";
    let form = format!(
        "name=custom/web&architecture=amd64/generic&filetype=tgz&sha256={}&size={}",
        hash_of_bytes(content),
        content.len()
    );
    let (status, body) = site.rest("POST", "boot-resources/", &form).await;
    assert_eq!(status, 201, "{body}");
    let created: Value = serde_json::from_str(&body).expect("a resource");
    let sets = created["sets"].as_object().expect("sets");
    let file = &sets.values().next().expect("a set")["files"]["root-tgz"];
    assert_eq!(file["complete"], false);
    let uri = file["upload_uri"].as_str().expect("a path");
    assert_eq!(site.rest_put(uri, &content[..10]).await, (200, "OK".to_owned()));
    assert_eq!(site.rest_put(uri, &content[10..]).await, (200, "OK".to_owned()));
    assert_eq!(site.rest_put(uri, b"more").await.0, 400);
    let (_, body) = site.rest("GET", "boot-resources/1/", "").await;
    assert!(!body.contains("upload_uri"), "{body}");
    let (status, body) = site.rest("GET", "boot-resources/?type=synced", "").await;
    assert_eq!((status, body.as_str()), (200, "[]"));
}

#[tokio::test]
async fn ephemeral_os_is_set_from_uploaded_contents() {
    let site = Site::new().await;
    let form =
        format!("kernel_sha256={}&initrd_sha256={}", hash_of_bytes(b"k"), hash_of_bytes(b"i"));
    let (status, body) = site.rest("PUT", "boot-files/amd64/", &form).await;
    assert_eq!(status, 400, "{body}");
    for content in [b"k", b"i"] {
        let form = format!("sha256={}&size=1", hash_of_bytes(content));
        let (_, body) = site.rest("POST", "contents/", &form).await;
        let begun: Value = serde_json::from_str(&body).expect("an upload");
        let uri = begun["upload_uri"].as_str().expect("a path");
        assert_eq!(site.rest_put(uri, content).await.0, 200);
    }
    let (status, body) = site.rest("PUT", "boot-files/amd64/", &form).await;
    assert_eq!(status, 200, "{body}");
}

#[tokio::test]
async fn unknown_machines_and_wrong_values_are_refused() {
    let site = Site::new().await;
    assert_eq!(site.rest("GET", "machines/abcdef/", "").await.0, 404);
    let (status, body) = site.rest("POST", "machines/", "architecture=amd64/generic").await;
    assert_eq!(status, 400);
    assert!(body.contains("mac_addresses"), "{body}");
    let form = "architecture=amd64/generic&mac_addresses=52:54:00:00:00:09&commission=false\
                &power_type=manual&hostname=web-1";
    assert_eq!(site.rest("POST", "machines/", form).await.0, 200);
    let (status, body) = site.rest("POST", "machines/", form).await;
    assert_eq!(status, 400);
    assert!(body.contains("already in use on web-1."), "{body}");
    assert!(body.contains("Node with this Hostname already exists."), "{body}");
}
