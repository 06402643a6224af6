//! Interfaces of nodes: the addresses that devices keep, and what racks give to their hardware addresses.

use model::device::Device;
use model::id::SystemId;
use serde_json::{Value, json};
use tables::devices::{DEVICE_BY_ADDRESS, DEVICE_BY_MAC};
use tables::read::Reads;

use crate::harness::{By, Region};

/// A region with two subnets, of two VLANs, and a device; the path of its interfaces, and the first one's.
async fn site() -> (Region, String, String) {
    let region = Region::start().await;
    let form = [("cidr", "10.0.0.0/24"), ("gateway_ip", "10.0.0.1"), ("name", "first")];
    region.post(By::Admin, "subnets/", &form).await.assert(200);
    let vlan = region.post(By::Admin, "fabrics/0/vlans/", &[("vid", "5")]).await.assert(200).json();
    let vlan = vlan["id"].to_string();
    let form = [("cidr", "10.5.0.0/24"), ("vlan", vlan.as_str())];
    region.post(By::Admin, "subnets/", &form).await.assert(200);
    let form = [("type", "dynamic"), ("start_ip", "10.0.0.100"), ("end_ip", "10.0.0.200")];
    region.post(By::Admin, "ipranges/", &form).await.assert(200);
    let form = [("hostname", "switch"), ("mac_addresses", "52:54:00:00:00:01")];
    let device = region.post(By::User, "devices/", &form).await.assert(200).json();
    let all = format!("nodes/{}/interfaces/", device["system_id"].as_str().unwrap());
    let first = format!("{all}{}/", device["interface_set"][0]["id"]);
    (region, all, first)
}

fn link<'a>(subnet: &'a str, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    [&[("op", "link_subnet"), ("mode", "STATIC"), ("subnet", subnet)], more].concat()
}

#[tokio::test]
async fn a_static_link_keeps_a_free_or_a_named_address_until_it_is_unlinked() {
    let (region, all, first) = site().await;
    let linked = region.post(By::User, &first, &link("1", &[])).await.assert(200).json();
    assert_eq!(linked["links"][0]["mode"], "static");
    assert_eq!(linked["links"][0]["ip_address"], "10.0.0.201");
    assert_eq!(
        (&linked["links"][0]["subnet"]["id"], &linked["vlan"]["id"]),
        (&1.into(), &1.into())
    );
    let named = link("10.0.0.0/24", &[("ip_address", "10.0.0.9"), ("default_gateway", "false")]);
    let linked = region.post(By::User, &first, &named).await.assert(200).json();
    assert_eq!(linked["links"][1]["ip_address"], "10.0.0.9");
    let again = region.post(By::User, &first, &named).await.assert(404);
    assert_eq!(again.text, "The IP address 10.0.0.9 is already in use.");

    let device = all.replace("nodes/", "devices/").replace("interfaces/", "");
    let read = region.get(By::User, &device).await.assert(200).json();
    assert_eq!(read["ip_addresses"], json!(["10.0.0.201", "10.0.0.9"]));
    assert_eq!(region.get(By::User, &first).await.assert(200).json(), linked);
    assert_eq!(region.get(By::User, &format!("{all}eth0/")).await.assert(200).json(), linked);
    assert_eq!(region.get(By::User, &all).await.assert(200).json(), json!([linked]));
    let used = region.get(By::User, "subnets/1/?op=ip_addresses").await.assert(200).json();
    let summary = &used[0]["node_summary"];
    assert_eq!((&used[0]["ip"], &used[0]["alloc_type"]), (&"10.0.0.9".into(), &1.into()));
    assert_eq!((&summary["hostname"], &summary["node_type"]), (&"switch".into(), &1.into()));

    // Nobody else gets the addresses, and the subnet stays.
    let gateway = region.put(By::Admin, "subnets/1/", &[("gateway_ip", "10.0.0.9")]).await;
    gateway.assert_field("gateway_ip", "The IP address 10.0.0.9 is already in use by switch.");
    let reserve = [("op", "reserve"), ("ip", "10.0.0.9")];
    region.post(By::Admin, "ipaddresses/", &reserve).await.assert(404);
    let reserve = [("op", "reserve"), ("subnet", "1")];
    let reserved = region.post(By::Admin, "ipaddresses/", &reserve).await.assert(200).json();
    assert_eq!(reserved["ip"], "10.0.0.2");
    let kept = region.delete(By::Admin, "subnets/1/").await.assert(409);
    assert_eq!(kept.text, "Cannot delete subnet 10.0.0.0/24: device switch has a link to it.");
    region
        .put(By::Admin, "subnets/1/", &[("cidr", "10.0.0.0/29"), ("gateway_ip", "")])
        .await
        .assert(400);

    for (id, left) in [(&linked["links"][1]["id"], 1), (&linked["links"][0]["id"], 1)] {
        let id = id.to_string();
        let unlink = [("op", "unlink_subnet"), ("id", id.as_str())];
        let unlinked = region.post(By::User, &first, &unlink).await.assert(200).json();
        assert_eq!(unlinked["links"].as_array().unwrap().len(), left);
    }
    let links = region.get(By::User, &first).await.json()["links"].clone();
    assert_eq!(links[0]["mode"], "link_up", "what is on a VLAN is up at least");
    assert_eq!(links[0].get("ip_address"), None);
    let reserve = [("op", "reserve"), ("ip", "10.0.0.9")];
    region.post(By::Admin, "ipaddresses/", &reserve).await.assert(200);
}

#[tokio::test]
async fn a_device_gets_the_address_that_is_reserved_for_its_interface() {
    let (region, _, first) = site().await;
    let reserve = [("ip", "10.0.0.77"), ("mac_address", "52:54:00:00:00:01")];
    region.post(By::Admin, "reservedips/", &reserve).await.assert(200);
    for named in [link("1", &[]), link("1", &[("ip_address", "10.0.0.77")])] {
        let linked = region.post(By::User, &first, &named).await.assert(200).json();
        assert_eq!(linked["links"][0]["ip_address"], "10.0.0.77");
        let id = linked["links"][0]["id"].to_string();
        let unlink = [("op", "unlink_subnet"), ("id", id.as_str())];
        region.post(By::User, &first, &unlink).await.assert(200);
    }
    let form = [("hostname", "other"), ("mac_addresses", "52:54:00:00:00:02")];
    let device = region.post(By::User, "devices/", &form).await.assert(200).json();
    let id = device["system_id"].as_str().unwrap();
    let other = format!("nodes/{id}/interfaces/{}/", device["interface_set"][0]["id"]);
    let taken = link("1", &[("ip_address", "10.0.0.77")]);
    region.post(By::User, &other, &taken).await.assert(404);
}

#[tokio::test]
async fn what_is_wrong_with_a_link_is_said_by_field() {
    let (region, _, first) = site().await;
    let no_choice = "Select a valid choice. That choice is not one of the available choices.";
    let outside = "IP address is not in the given subnet 'first:10.0.0.0/24(vid=0)'.";
    let dynamic = "IP address is inside a dynamic range 10.0.0.100 to 10.0.0.200.";
    for (form, field, message) in [
        (vec![("subnet", "1")], "mode", "This field is required."),
        (
            vec![("subnet", "1"), ("mode", "DHCP")],
            "mode",
            "'dhcp' is not a valid mode.  It should be one of: 'static'.",
        ),
        (vec![("mode", "static")], "subnet", "This field is required."),
        (vec![("mode", "static"), ("subnet", "9")], "subnet", no_choice),
        (link("1", &[("ip_address", "10.0.1.9")]), "ip_address", outside),
        (link("1", &[("ip_address", "10.0.0.255")]), "ip_address", outside),
        (link("1", &[("ip_address", "10.0.0.150")]), "ip_address", dynamic),
        (link("1", &[("ip_address", "x")]), "ip_address", "Enter a valid IPv4 or IPv6 address."),
        (
            link("1", &[("default_gateway", "true")]),
            "default_gateway",
            "Devices are not configured: leave it out, and set the gateway on the device itself.",
        ),
    ] {
        let form = [form.as_slice(), &[("op", "link_subnet")]].concat();
        region.post(By::User, &first, &form).await.assert_field(field, message);
    }
    region.post(By::User, &first, &link("1", &[])).await.assert(200);
    // It is on the first subnet's VLAN now, unless it is forced to the other one.
    region.post(By::User, &first, &link("2", &[])).await.assert_field("subnet", no_choice);
    let forced = region.post(By::User, &first, &link("2", &[("force", "true")])).await;
    let forced = forced.assert(200).json();
    assert_eq!(forced["links"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&forced["vlan"]["vid"], &forced["links"][0]["ip_address"]),
        (&5.into(), &"10.5.0.1".into())
    );
    let unlink = [("op", "unlink_subnet"), ("id", "7777")];
    let id = forced["links"][0]["id"].to_string();
    let message = format!("'7777' is not a valid id.  It should be one of: '{id}'.");
    region.post(By::User, &first, &unlink).await.assert_field("id", &message);
    let unlink = [("op", "unlink_subnet")];
    region.post(By::User, &first, &unlink).await.assert_field("id", "This field is required.");
}

#[tokio::test]
async fn interfaces_of_a_device_are_added_changed_and_removed() {
    let (region, all, first) = site().await;
    let create = [
        ("op", "create_physical"),
        ("mac_address", "52:54:00:00:00:02"),
        ("vlan", "1"),
        ("tags", "uplink,blue"),
    ];
    let second = region.post(By::User, &all, &create).await.assert(200).json();
    assert_eq!((&second["name"], &second["type"]), (&"eth1".into(), &"physical".into()));
    assert_eq!((&second["tags"], &second["vlan"]["id"]), (&json!(["uplink", "blue"]), &1.into()));
    assert_eq!(second["links"][0]["mode"], "link_up");
    let path = format!("{all}{}/", second["id"]);
    let link_both = region.post(By::User, &path, &link("1", &[])).await.assert(200).json();
    assert_eq!(link_both["links"].as_array().unwrap().len(), 1, "link_up gives way");

    let again = [("op", "create_physical"), ("mac_address", "52:54:00:00:00:01")];
    let message = "This MAC address is already in use by eth0 (physical) on switch.";
    region.post(By::User, &all, &again).await.assert_field("mac_address", message);
    let nothing = [("op", "create_physical"), ("name", "eth7")];
    region
        .post(By::User, &all, &nothing)
        .await
        .assert_field("mac_address", "This field is required.");
    let mtu = [create[0], ("mac_address", "52:54:00:00:00:03"), ("mtu", "9000")];
    let message = "Devices are not configured: leave it out, and set it on the device itself.";
    region.post(By::User, &all, &mtu).await.assert_field("mtu", message);

    let id = all.split('/').nth(1).unwrap();
    let message = format!("Node {id} (switch.maas) already has an interface named 'eth0'.");
    region.put(By::User, &path, &[("name", "eth0")]).await.assert_field("name", &message);
    let change = [("name", "bmc"), ("mac_address", "52:54:00:00:00:04"), ("tags", "green")];
    let changed = region.put(By::User, &path, &change).await.assert(200).json();
    assert_eq!((&changed["name"], &changed["tags"]), (&"bmc".into(), &json!(["green"])));
    assert_eq!(changed["links"], link_both["links"], "what is not named stays");
    let moved = region.put(By::User, &path, &[("vlan", "2")]).await.assert(200).json();
    assert_eq!((&moved["vlan"]["vid"], &moved["links"][0]["mode"]), (&5.into(), &"link_up".into()));
    let tagged = region.post(By::User, &path, &[("op", "add_tag"), ("tag", "x")]).await.assert(200);
    assert_eq!(tagged.json()["tags"], json!(["green", "x"]));
    let freed = [("op", "remove_tag"), ("tag", "green")];
    assert_eq!(region.post(By::User, &path, &freed).await.json()["tags"], json!(["x"]));
    let cut = region.post(By::User, &path, &[("op", "disconnect")]).await.assert(200).json();
    assert_eq!((&cut["vlan"], &cut["links"]), (&Value::Null, &json!([])));

    region.delete(By::User, &path).await.assert(204);
    let gone = region.get(By::User, &path).await.assert(404);
    assert_eq!(gone.text, "No Interface matches the given query.");
    assert_eq!(region.get(By::User, &all).await.json().as_array().unwrap().len(), 1);
    region.get(By::User, &first).await.assert(200);
}

#[tokio::test]
async fn what_machines_have_only_is_refused_of_devices() {
    let (region, all, first) = site().await;
    let of_machines = region.post(By::Admin, &all, &[("op", "create_bond"), ("name", "b")]).await;
    assert_eq!(of_machines.assert(404).text, "No Machine matches the given query.");
    let gateway = region.post(By::Admin, &first, &[("op", "set_default_gateway")]).await;
    assert_eq!(gateway.assert(404).text, "No Machine matches the given query.");
    let message = "Devices are not configured: leave it out, and set it on the device itself.";
    region.put(By::User, &first, &[("mtu", "9000")]).await.assert_field("mtu", message);
    let message = "Interfaces of devices are enabled: leave it out.";
    region.put(By::User, &first, &[("enabled", "false")]).await.assert_field("enabled", message);
    region.put(By::User, &first, &[("enabled", "true"), ("mtu", "")]).await.assert(200);
    let nobody = region.get(By::User, "nodes/abcdef/interfaces/").await.assert(404);
    assert_eq!(nobody.text, "No Node matches the given query.");
    let create = [("op", "create_physical"), ("mac_address", "52:54:00:00:00:09")];
    region.post(By::Admin, "nodes/abcdef/interfaces/", &create).await.assert(404);
}

#[tokio::test]
async fn only_who_made_a_device_links_it() {
    let (region, all, _) = site().await;
    let form = [("hostname", "of-admin"), ("mac_addresses", "52:54:00:00:00:07")];
    let other = region.post(By::Admin, "devices/", &form).await.assert(200).json();
    let path = format!(
        "nodes/{}/interfaces/{}/",
        other["system_id"].as_str().unwrap(),
        other["interface_set"][0]["id"]
    );
    region.post(By::User, &path, &link("1", &[])).await.assert(403);
    region.delete(By::User, &path).await.assert(403);
    region.get(By::User, &path).await.assert(200);
    region.get(By::Nobody, &all).await.assert(401);
}

#[tokio::test]
async fn a_devices_addresses_are_found_by_index_and_taken_back_with_it() {
    let (region, all, first) = site().await;
    region.post(By::User, &first, &link("1", &[("ip_address", "10.0.0.9")])).await.assert(200);
    let id: SystemId = all.split('/').nth(1).unwrap().parse().unwrap();
    let ip: std::net::IpAddr = "10.0.0.9".parse().unwrap();
    let mac: model::mac::MacAddress = "52:54:00:00:00:01".parse().unwrap();
    let view = region.tables.view().await.unwrap();
    let of_mac = view.find(&DEVICE_BY_MAC, &mac).unwrap().map(|device: Device| device.system_id);
    let of_ip = view.find(&DEVICE_BY_ADDRESS, &ip).unwrap().map(|device: Device| device.system_id);
    assert_eq!((of_mac, of_ip), (Some(id.clone()), Some(id)));
    let device = all.replace("nodes/", "devices/").replace("interfaces/", "");
    region.delete(By::User, &device).await.assert(204);
    let form = [("op", "reserve"), ("ip", "10.0.0.9")];
    region.post(By::User, "ipaddresses/", &form).await.assert(200);
    region.delete(By::Admin, "fabrics/0/vlans/5/").await.assert(400);
}

#[tokio::test]
async fn racing_links_never_share_an_address() {
    let (region, _, _) = site().await;
    let mut paths = Vec::new();
    for number in 0..6 {
        let mac = format!("52:54:00:00:02:0{number}");
        let form = [("mac_addresses", mac.as_str())];
        let device = region.post(By::User, "devices/", &form).await.assert(200).json();
        let id = device["system_id"].as_str().unwrap();
        paths.push(format!("nodes/{id}/interfaces/{}/", device["interface_set"][0]["id"]));
    }
    let form = link("1", &[]);
    let all = paths.iter().map(|path| region.post(By::User, path, &form));
    let mut given: Vec<String> = Vec::new();
    for answer in futures::future::join_all(all).await {
        let linked = answer.assert(200).json();
        given.push(linked["links"][0]["ip_address"].as_str().unwrap().to_owned());
    }
    given.sort();
    given.dedup();
    assert_eq!(given.len(), paths.len());
}
