//! gomaasapi, juju's library, kind by kind: what its readers demand, devices for containers, and files. What juju does
//! with machines by it is in `juju.rs`.
//!
//! Not served: interfaces of machines are read and not changed.

use axum::body::Body;
use http::Request;
use serde_json::{Value, json};

use crate::clients::reads::{
    BOOT_RESOURCE, DEVICE, DOMAIN, FABRIC, INTERFACE, SPACE, STATIC_ROUTE, SUBNET, TAG, VLAN, ZONE,
    each_reads, reads, reads_machine,
};
use crate::harness::{By, Region};
use crate::stock::machine;

async fn site() -> Region {
    let region = Region::start().await;
    region.post(By::Admin, "spaces/", &[("name", "alpha")]).await.assert(200);
    region.put(By::Admin, "fabrics/0/vlans/0/", &[("space", "alpha")]).await.assert(200);
    for cidr in ["10.0.0.0/24", "10.1.0.0/24"] {
        region.post(By::Admin, "subnets/", &[("cidr", cidr), ("vlan", "1")]).await.assert(200);
    }
    let route =
        [("source", "1"), ("destination", "2"), ("gateway_ip", "10.0.0.9"), ("metric", "7")];
    region.post(By::Admin, "static-routes/", &route).await.assert(200);
    region.post(By::Admin, "tags/", &[("name", "fast")]).await.assert(200);
    region.put_image().await;
    region.store(&machine(2)).await;
    region
}

#[tokio::test]
async fn every_list_has_what_its_reader_demands() {
    let region = site().await;
    let list = async |path: &str| region.get(By::User, path).await.assert(200).json();
    each_reads(&list("zones/").await, ZONE);
    each_reads(&list("domains/").await, DOMAIN);
    each_reads(&list("tags/").await, TAG);
    each_reads(&list("static-routes/").await, STATIC_ROUTE);
    each_reads(&list("boot-resources/").await, BOOT_RESOURCE);
    let fabrics = list("fabrics/").await;
    each_reads(&fabrics, FABRIC);
    each_reads(&fabrics[0]["vlans"], VLAN);
    let spaces = list("spaces/").await;
    each_reads(&spaces, SPACE);
    let alpha = spaces.as_array().unwrap().iter().find(|space| space["name"] == "alpha").unwrap();
    each_reads(&alpha["subnets"], SUBNET);
    for one in list("machines/").await.as_array().unwrap() {
        reads_machine(one);
    }
}

#[tokio::test]
async fn a_container_gets_a_device_with_addresses_and_loses_it() {
    let region = site().await;
    let parent = machine(2).system_id.to_string();
    let form = [
        ("domain", "maas"),
        ("hostname", "juju-0-lxd-0"),
        ("mac_addresses", "00:16:3e:00:00:01"),
        ("parent", &parent),
    ];
    let device = region.post(By::Admin, "devices/?op=", &form).await.assert(200).json();
    reads(&device, DEVICE);
    assert_eq!(device["parent"], parent.as_str());
    let device_path = device["resource_uri"].as_str().unwrap();
    let interfaces = format!("nodes/{}/interfaces/", device["system_id"].as_str().unwrap());

    // The first port exists already: it is named, and linked.
    let first = device["interface_set"][0].clone();
    reads(&first, INTERFACE);
    let path = first["resource_uri"].as_str().unwrap();
    let form = [("mac_address", "00:16:3e:00:00:01"), ("name", "eth0"), ("vlan", "1")];
    reads(&region.put(By::Admin, path, &form).await.assert(200).json(), INTERFACE);
    let form = [("mode", "STATIC"), ("subnet", "1")];
    let linked = region.post(By::Admin, &format!("{path}?op=link_subnet"), &form).await;
    let linked = linked.assert(200).json();
    reads(&linked, INTERFACE);
    let link = &linked["links"][0];
    assert!(link["ip_address"].as_str().unwrap().starts_with("10.0.0."), "{link}");

    let form =
        [("mac_address", "00:16:3e:00:00:02"), ("name", "eth1"), ("tags", "juju"), ("vlan", "1")];
    let create = format!("{interfaces}?op=create_physical");
    let second = region.post(By::Admin, &create, &form).await.assert(200).json();
    reads(&second, INTERFACE);
    let second_path = second["resource_uri"].as_str().unwrap();
    let form = [("ip_address", "10.1.0.7"), ("mode", "STATIC"), ("subnet", "2")];
    region.post(By::Admin, &format!("{second_path}?op=link_subnet"), &form).await.assert(200);
    let read = region.get(By::Admin, device_path).await.assert(200).json();
    assert_eq!(read["ip_addresses"].as_array().unwrap().len(), 2);
    let link_id = link["id"].to_string();
    let unlink = [("id", link_id.as_str())];
    region.post(By::Admin, &format!("{path}?op=unlink_subnet"), &unlink).await.assert(200);
    region.delete(By::Admin, second_path).await.assert(204);

    // It looks for the devices of a machine and of an agent by asking for lists.
    for query in
        ["devices/", "devices/?hostname=juju-0-lxd-0", "devices/?mac_address=00:16:3e:00:00:01"]
    {
        each_reads(&region.get(By::Admin, query).await.assert(200).json(), DEVICE);
    }
    let query = format!("devices/?id={}", device["system_id"].as_str().unwrap());
    each_reads(&region.get(By::Admin, &query).await.assert(200).json(), DEVICE);
    region.delete(By::Admin, device_path).await.assert(204);
    assert_eq!(region.get(By::Admin, "devices/").await.json(), json!([]));
}

/// Adds a file as gomaasapi sends it: a part of a form with a file's name.
async fn add_file(region: &Region, name: &str, content: &str) {
    let body = format!(
        "--b0\r\nContent-Disposition: form-data; name=\"filename\"\r\n\r\n{name}\r\n\
         --b0\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n{content}\r\n--b0--\r\n"
    );
    let request = Request::builder()
        .method("POST")
        .uri("/MAAS/api/2.0/files/?op=")
        .header("authorization", region.authorization(By::User).unwrap())
        .header("content-type", "multipart/form-data; boundary=b0");
    region.send(request.body(Body::from(body)).unwrap()).await.assert(201);
}

#[tokio::test]
async fn files_are_added_found_read_and_deleted() {
    let region = Region::start().await;
    add_file(&region, "provider-state", "instances: []").await;
    add_file(&region, "other", "o").await;
    let listed = region.get(By::User, "files/?prefix=provider").await.assert(200).json();
    each_reads(&listed, "filename:text anon_resource_uri:text resource_uri:text");
    assert_eq!(listed.as_array().unwrap().len(), 1);
    let one = region.get(By::User, "files/provider-state/").await.assert(200).json();
    reads(&one, "filename:text anon_resource_uri:text content:text resource_uri:text");
    let raw = region.get(By::User, "files/?filename=provider-state&op=get").await.assert(200);
    assert_eq!(raw.text, "instances: []");
    let anonymous = one["anon_resource_uri"].as_str().unwrap();
    assert_eq!(region.get(By::Nobody, anonymous).await.assert(200).text, "instances: []");
    region.delete(By::User, "files/provider-state/").await.assert(204);
    region.get(By::User, "files/provider-state/").await.assert(404);
    let none: Value = region.get(By::User, "files/?prefix=provider").await.json();
    assert_eq!(none, json!([]));
}
