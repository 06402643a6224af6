//! Devices: made by any user, changed by who made them, found as machines are.

use serde_json::Value;

use crate::harness::{By, Region};

async fn made(region: &Region, by: By, form: &[(&str, &str)]) -> Value {
    region.post(by, "devices/", form).await.assert(200).json()
}

fn path_of(device: &Value) -> String {
    format!("devices/{}/", device["system_id"].as_str().unwrap())
}

fn names(list: &Value) -> Vec<String> {
    let devices = list.as_array().unwrap().iter();
    devices.map(|device| device["hostname"].as_str().unwrap().to_owned()).collect()
}

/// The calls of the Terraform provider for `maas_device`, and what it reads of the answers.
#[tokio::test]
async fn a_device_of_terraform_is_made_read_changed_and_destroyed() {
    let region = Region::start().await;
    region.post(By::Admin, "domains/", &[("name", "lab"), ("ttl", "3600")]).await.assert(200);
    region.post(By::Admin, "zones/", &[("name", "rack-1")]).await.assert(200);

    let create = [
        ("description", "Test description"),
        ("domain", "lab"),
        ("hostname", "test-device"),
        ("mac_addresses", "12:23:45:67:89:DE"),
    ];
    let device = made(&region, By::User, &create).await;
    let path = path_of(&device);
    // It reads what it made from the list.
    let list = region.get(By::User, "devices/").await.assert(200).json();
    let read = &list[0];
    assert_eq!(read, &device);
    for (field, value) in [
        ("description", "Test description"),
        ("fqdn", "test-device.lab"),
        ("hostname", "test-device"),
        ("owner", "user"),
    ] {
        assert_eq!(read[field], value, "{field}");
    }
    assert_eq!(
        (&read["domain"]["name"], &read["zone"]["name"]),
        (&"lab".into(), &"default".into())
    );
    assert_eq!(read["ip_addresses"], serde_json::json!([]));
    let interface = &read["interface_set"][0];
    assert_eq!(
        (&interface["mac_address"], &interface["name"]),
        (&"12:23:45:67:89:de".into(), &"eth0".into())
    );
    assert!(interface["id"].as_u64().is_some_and(|id| id > 0));

    let again = region.post(By::User, "devices/", &create).await.assert(400);
    let message = "MAC address 12:23:45:67:89:de already in use on test-device.";
    assert_eq!(again.json()["mac_addresses"][0], message);
    assert_eq!(again.json()["hostname"][0], "Node with this Hostname already exists.");

    let update = [("domain", "nosuch"), ("hostname", "test-device"), ("zone", "rack-1")];
    let refused = region.put(By::User, &path, &update).await.assert(400).json();
    assert!(refused["domain"][0].as_str().unwrap().starts_with("Select a valid choice."));
    let update = [("description", "other"), ("hostname", "test-device"), ("zone", "rack-1")];
    let updated = region.put(By::User, &path, &update).await.assert(200).json();
    assert_eq!(
        (&updated["zone"]["name"], &updated["description"]),
        (&"rack-1".into(), &"other".into())
    );
    assert_eq!(
        (&updated["domain"]["name"], &updated["system_id"]),
        (&"lab".into(), &device["system_id"])
    );

    region.delete(By::User, &path).await.assert(204);
    let gone = region.get(By::User, &path).await.assert(404);
    assert_eq!(gone.text, "No Device matches the given query.");
    region.delete(By::User, &path).await.assert(404);
    // Terraform makes it anew with the same name and address.
    made(&region, By::User, &create).await;
}

#[tokio::test]
async fn a_device_has_maas_shape() {
    let region = Region::start().await;
    let form =
        [("hostname", "switch"), ("mac_addresses", "52:54:00:00:00:01"), ("zone", "default")];
    let device = made(&region, By::Admin, &form).await;
    let text = serde_json::to_string_pretty(&device).unwrap();
    let text = text.replace(device["system_id"].as_str().unwrap(), "abcdef");
    insta::assert_snapshot!(text);
}

#[tokio::test]
async fn what_is_wrong_with_a_new_device_is_said_by_field() {
    let region = Region::start().await;
    let mac = ("mac_addresses", "52:54:00:00:00:01");
    let no_choice = "Select a valid choice. That choice is not one of the available choices.";
    for (form, field, message) in [
        (vec![("hostname", "a")], "mac_addresses", "This field is required."),
        (vec![("mac_addresses", "x")], "mac_addresses", "'x' is not a valid MAC address."),
        (
            vec![("mac_addresses", "ff:ff:ff:ff:ff:ff")],
            "mac_addresses",
            "'ff:ff:ff:ff:ff:ff' is not a valid MAC address.",
        ),
        (vec![mac, mac], "mac_addresses", "MAC address 52:54:00:00:00:01 is given twice."),
        (
            vec![mac, ("hostname", "a.b")],
            "hostname",
            "DNS name contains an invalid character or is too long.",
        ),
        (vec![mac, ("domain", "nosuch")], "domain", no_choice),
        (vec![mac, ("zone", "nosuch")], "zone", no_choice),
        (vec![mac, ("parent", "abcdef")], "parent", no_choice),
        (vec![mac, ("swap_size", "1G")], "swap_size", "Devices are not deployed: leave it out."),
    ] {
        region.post(By::User, "devices/", &form).await.assert_field(field, message);
    }
    assert_eq!(region.get(By::User, "devices/").await.text, "[]");
    region.post(By::Nobody, "devices/", &[mac]).await.assert(400);
}

#[tokio::test]
async fn machines_and_devices_share_names_and_hardware_addresses() {
    let region = Region::start().await;
    made(&region, By::User, &[("hostname", "one"), ("mac_addresses", "52:54:00:00:00:01")]).await;
    let machine = [("architecture", "amd64/generic"), ("commission", "false")];
    let mac = ("mac_addresses", "52:54:00:00:00:01");
    let message = "MAC address 52:54:00:00:00:01 already in use on one.";
    let form = [machine.as_slice(), &[mac]].concat();
    region.post(By::Admin, "machines/", &form).await.assert_field("mac_addresses", message);
    let other = ("mac_addresses", "52:54:00:00:00:02");
    let form = [machine.as_slice(), &[other, ("hostname", "ONE")]].concat();
    let message = "Node with this Hostname already exists.";
    region.post(By::Admin, "machines/", &form).await.assert_field("hostname", message);
    let form = [machine.as_slice(), &[other, ("hostname", "two")]].concat();
    region.post(By::Admin, "machines/", &form).await.assert(200);
    let form = [("hostname", "two"), ("mac_addresses", "52:54:00:00:00:03")];
    region.post(By::User, "devices/", &form).await.assert_field("hostname", message);
    for (path, known) in [
        ("devices/?op=is_registered&mac_address=52:54:00:00:00:01", "true"),
        ("machines/?op=is_registered&mac_address=52:54:00:00:00:01", "true"),
        ("devices/?op=is_registered&mac_address=52:54:00:00:00:03", "false"),
    ] {
        assert_eq!(region.get(By::Nobody, path).await.assert(200).text, known, "{path}");
    }
}

#[tokio::test]
async fn only_who_made_a_device_or_an_administrator_changes_it() {
    let region = Region::start().await;
    let form = [("hostname", "of-admin"), ("mac_addresses", "52:54:00:00:00:01")];
    let path = path_of(&made(&region, By::Admin, &form).await);
    region.get(By::User, &path).await.assert(200);
    region.put(By::User, &path, &[("description", "mine")]).await.assert(403);
    region.delete(By::User, &path).await.assert(403);
    let note = [("op", "set_workload_annotations"), ("a", "b")];
    region.post(By::User, &path, &note).await.assert(403);
    let form = [("hostname", "of-user"), ("mac_addresses", "52:54:00:00:00:02")];
    let path = path_of(&made(&region, By::User, &form).await);
    region.put(By::Admin, &path, &[("description", "seen")]).await.assert(200);
    let restore = [("op", "restore_networking_configuration")];
    region.post(By::User, &path, &restore).await.assert(403);
    region.post(By::Admin, &path, &restore).await.assert(200);
    let user = region.delete(By::Admin, "users/user/").await.assert(400);
    assert_eq!(user.text, "User user cannot be deleted: 1 node(s) are still allocated");
    region.delete(By::User, &path).await.assert(204);
    region.delete(By::Admin, "users/user/").await.assert(204);
}

#[tokio::test]
async fn devices_are_found_by_the_constraints_of_machines() {
    let region = Region::start().await;
    region.post(By::Admin, "zones/", &[("name", "z")]).await.assert(200);
    for (name, mac, zone, by) in [
        ("b", "52:54:00:00:00:01", "default", By::User),
        ("a", "52:54:00:00:00:02", "z", By::Admin),
        ("c", "52:54:00:00:00:03", "z", By::Admin),
    ] {
        made(&region, by, &[("hostname", name), ("mac_addresses", mac), ("zone", zone)]).await;
    }
    for (query, found) in [
        ("", vec!["a", "b", "c"]),
        ("hostname=a&hostname=b", vec!["a", "b"]),
        ("mac_address=52-54-00-00-00-03", vec!["c"]),
        ("zone=z", vec!["a", "c"]),
        ("not_in_zone=z", vec!["b"]),
        ("owner=user", vec!["b"]),
        ("pool=default", vec![]),
        ("status=new", vec!["a", "b", "c"]),
        ("status=deployed", vec![]),
        ("domain=maas", vec!["a", "b", "c"]),
    ] {
        let list = region.get(By::User, &format!("devices/?{query}")).await.assert(200).json();
        let mut names = names(&list);
        // Two that were made in one millisecond are in either order.
        names.sort_unstable();
        assert_eq!(names, found, "{query}");
    }
    region
        .get(By::User, "devices/?zone=nosuch")
        .await
        .assert_field("zone", "No such zone(s): nosuch.");
    region.get(By::User, "devices/?bogus=1").await.assert_field("bogus", "No such constraint.");
    assert_eq!(region.get(By::User, "machines/").await.text, "[]", "no device is a machine");
}

#[tokio::test]
async fn devices_go_with_their_parent() {
    let region = Region::start().await;
    region.post(By::Admin, "domains/", &[("name", "lab")]).await.assert(200);
    let machine = [
        ("architecture", "amd64/generic"),
        ("commission", "false"),
        ("mac_addresses", "52:54:00:00:01:01"),
        ("domain", "lab"),
    ];
    let machine = region.post(By::Admin, "machines/", &machine).await.assert(200).json();
    let machine = machine["system_id"].as_str().unwrap();
    let form = [("hostname", "lxd"), ("mac_addresses", "52:54:00:00:00:01"), ("parent", machine)];
    let child = made(&region, By::User, &form).await;
    assert_eq!((&child["parent"], &child["domain"]["name"]), (&machine.into(), &"lab".into()));
    let child_id = child["system_id"].as_str().unwrap();
    let form =
        [("hostname", "inner"), ("mac_addresses", "52:54:00:00:00:02"), ("parent", child_id)];
    let inner = made(&region, By::User, &form).await;
    let other =
        made(&region, By::User, &[("hostname", "other"), ("mac_addresses", "52:54:00:00:00:03")])
            .await;

    // Nothing goes with itself, nor with what goes with it.
    for parent in [child_id, inner["system_id"].as_str().unwrap()] {
        let refused = region.put(By::User, &path_of(&child), &[("parent", parent)]).await;
        refused.assert_field(
            "parent",
            "Select a valid choice. That choice is not one of the available choices.",
        );
    }
    let moved = region.put(By::User, &path_of(&other), &[("parent", machine)]).await.assert(200);
    assert_eq!(moved.json()["parent"], machine);
    let name = [("parent", "lxd.lab")];
    let moved = region.put(By::User, &path_of(&other), &name).await.assert(200);
    assert_eq!(moved.json()["parent"], child_id, "by its name");
    let freed = region.put(By::User, &path_of(&other), &[("parent", "")]).await.assert(200).json();
    assert_eq!(freed["parent"], Value::Null);

    region.delete(By::Admin, &format!("machines/{machine}/")).await.assert(204);
    let left = region.get(By::User, "devices/").await.assert(200).json();
    assert_eq!(names(&left), ["other"]);
}

#[tokio::test]
async fn notes_are_kept_until_they_are_empty() {
    let region = Region::start().await;
    let path = path_of(&made(&region, By::User, &[("mac_addresses", "52:54:00:00:00:01")]).await);
    let note = [("op", "set_workload_annotations"), ("app", "db"), ("tier", "1")];
    let noted = region.post(By::User, &path, &note).await.assert(200).json();
    assert_eq!(noted["workload_annotations"], serde_json::json!({"app": "db", "tier": "1"}));
    let note = [("op", "set_owner_data"), ("app", ""), ("tier", "2")];
    let noted = region.post(By::User, &path, &note).await.assert(200).json();
    assert_eq!(noted["owner_data"], serde_json::json!({"tier": "2"}));
    assert_eq!(noted["workload_annotations"], noted["owner_data"]);
    let note = [("op", "set_workload_annotations"), ("a b", "c")];
    let refused = region.post(By::User, &path, &note).await.assert(400);
    assert_eq!(refused.text, "Invalid character in key name");
    let large = "v".repeat(64 * 1024);
    let note = [("op", "set_workload_annotations"), ("app", large.as_str())];
    let refused = region.post(By::User, &path, &note).await.assert(400);
    assert!(refused.text.contains("have at most 65536 bytes"), "{}", refused.text);
    assert_eq!(region.get(By::User, &path).await.json()["owner_data"], noted["owner_data"]);
}

#[tokio::test]
async fn what_devices_are_in_moves_them_or_stays() {
    let region = Region::start().await;
    region.post(By::Admin, "zones/", &[("name", "z")]).await.assert(200);
    region.post(By::Admin, "domains/", &[("name", "lab")]).await.assert(200);
    let form = [
        ("hostname", "switch"),
        ("mac_addresses", "52:54:00:00:00:01"),
        ("zone", "z"),
        ("domain", "lab"),
    ];
    let path = path_of(&made(&region, By::User, &form).await);
    let refused = region.delete(By::Admin, "domains/lab/").await.assert(400);
    assert_eq!(refused.text, "Domain lab cannot be deleted: device switch is in it.");
    region.delete(By::Admin, "zones/z/").await.assert(204);
    assert_eq!(region.get(By::User, &path).await.json()["zone"]["name"], "default");
}
