//! Machines that are made and edited by hand: what is accepted has an effect.

use crate::harness::{By, Region};

const MACHINE: [(&str, &str); 3] = [
    ("architecture", "amd64/generic"),
    ("mac_addresses", "52:54:00:00:01:01"),
    ("commission", "false"),
];

#[tokio::test]
async fn drivers_and_architectures_that_nobody_has_are_refused_by_field() {
    let region = Region::start().await;
    for (name, value, message) in [
        (
            "power_type",
            "virsh",
            "'virsh' is not a valid power type.  It should be one of: 'ipmi', 'manual'.",
        ),
        (
            "architecture",
            "foo",
            "'foo' is not a valid architecture.  It should be one of: 'amd64/generic', \
             'arm64/generic', 'armhf/generic', 'i386/generic', 'ppc64el/generic', \
             'riscv64/generic', 's390x/generic'.",
        ),
    ] {
        let mut form: Vec<_> = MACHINE.into_iter().filter(|(known, _)| *known != name).collect();
        form.push((name, value));
        region.post(By::Admin, "machines/", &form).await.assert_field(name, message);
        let made = region.post(By::Admin, "machines/", &MACHINE).await.assert(200).json();
        let path = format!("machines/{}/", made["system_id"].as_str().unwrap());
        region.put(By::Admin, &path, &[(name, value)]).await.assert_field(name, message);
        assert_eq!(region.get(By::Admin, &path).await.json()[name], made[name]);
        region.delete(By::Admin, &path).await.assert(204);
    }
}

#[tokio::test]
async fn a_machine_is_made_in_the_zone_and_the_pool_that_are_named() {
    let region = Region::start().await;
    region.post(By::Admin, "zones/", &[("name", "z")]).await.assert(200);
    region.post(By::Admin, "resourcepools/", &[("name", "p")]).await.assert(200);
    let form = [MACHINE.as_slice(), &[("zone", "z"), ("pool", "p")]].concat();
    let made = region.post(By::Admin, "machines/", &form).await.assert(200).json();
    assert_eq!((&made["zone"]["name"], &made["pool"]["name"]), (&"z".into(), &"p".into()));
    for name in ["zone", "pool"] {
        let form = [&MACHINE[..1], &[("mac_addresses", "52:54:00:00:01:02"), (name, "nosuch")]];
        let form = form.concat();
        let refused = region.post(By::Admin, "machines/", &form).await;
        assert!(refused.assert(400).text.contains("Select a valid choice"), "{name}");
    }
}

#[tokio::test]
async fn names_in_filters_that_there_are_not_are_refused_by_field() {
    let region = Region::start().await;
    for (name, word, message) in [
        ("zone", "nosuch", "No such zone(s): nosuch."),
        ("not_in_pool", "nosuch", "No such pool(s): nosuch."),
        ("domain", "nosuch", "No such domain(s): 'nosuch'."),
        ("not_tags", "nosuch", "No such tag(s): 'nosuch'."),
        ("status", "bogus", "Invalid status: 'bogus' is none."),
    ] {
        let refused = region.get(By::User, &format!("machines/?{name}={word}")).await;
        refused.assert_field(name, message);
    }
    region.get(By::User, "machines/?zone=default&pool=default&domain=0").await.assert(200);
    region.get(By::User, "machines/?domain=nosuch").await.assert(400);
}

#[tokio::test]
async fn what_maas_has_and_this_api_has_not_is_said_to_be_that() {
    let region = Region::start().await;
    let scripts = region.get(By::User, "scripts/").await.assert(404);
    assert!(scripts.text.ends_with("MAAS has it, Ironraft does not."), "{}", scripts.text);
    let made = region.post(By::Admin, "machines/", &MACHINE).await.assert(200).json();
    let path = format!("machines/{}/", made["system_id"].as_str().unwrap());
    let test = region.post(By::Admin, &path, &[("op", "test")]).await.assert(400);
    assert!(test.text.contains("op=test. MAAS has it, Ironraft does not."), "{}", test.text);
}

#[tokio::test]
async fn power_parameters_are_checked_and_completed() {
    let region = Region::start().await;
    let with = |more: &[(&'static str, &'static str)]| [MACHINE.as_slice(), more].concat();
    let missing = region.post(By::Admin, "machines/", &with(&[("power_type", "ipmi")])).await;
    missing.assert_field("power_parameters", "IP address: This field is required.");
    let ghost = [
        ("power_type", "ipmi"),
        ("power_parameters_power_address", "10.0.0.9"),
        ("power_parameters_ghost", "1"),
    ];
    let ghost = region.post(By::Admin, "machines/", &with(&ghost)).await;
    ghost.assert_field("power_parameters", "ghost: power type ipmi has no such parameter.");
    let ipmi = [("power_type", "ipmi"), ("power_parameters_power_address", "10.0.0.9")];
    let made = region.post(By::Admin, "machines/", &with(&ipmi)).await.assert(200).json();
    let path = format!("machines/{}/", made["system_id"].as_str().unwrap());
    let read = async || {
        let path = format!("{path}?op=power_parameters");
        region.get(By::Admin, &path).await.assert(200).json()
    };
    let expected = serde_json::json!({
        "power_address": "10.0.0.9",
        "power_driver": "LAN_2_0",
        "power_boot_type": "auto",
        "cipher_suite_id": "3",
        "privilege_level": "OPERATOR",
        "workaround_flags": "opensesspriv",
    });
    assert_eq!(read().await, expected);
    let user = [("power_parameters_power_user", "root")];
    region.put(By::Admin, &path, &user).await.assert(200);
    assert_eq!(read().await["power_user"], "root");
    let none = region.put(By::Admin, &path, &[("power_parameters_power_address", "")]).await;
    none.assert_field("power_parameters", "IP address: This field is required.");
    region.put(By::Admin, &path, &[("power_type", "manual")]).await.assert(200);
    assert_eq!(read().await, serde_json::json!({}));
    let back = region.put(By::Admin, &path, &[("power_type", "ipmi")]).await;
    back.assert_field("power_parameters", "IP address: This field is required.");
}

#[tokio::test]
async fn hardware_addresses_are_those_of_one_interface_each() {
    let region = Region::start().await;
    let made = async |macs: &[&'static str]| {
        let macs = macs.iter().map(|mac| ("mac_addresses", *mac));
        let form: Vec<_> = [MACHINE[0], MACHINE[2]].into_iter().chain(macs).collect();
        region.post(By::Admin, "machines/", &form).await
    };
    for broadcast in ["ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:01", "00:00:00:00:00:00"] {
        let refused = made(&[broadcast]).await;
        let message = format!("'{broadcast}' is not the address of one interface.");
        refused.assert_field("mac_addresses", &message);
    }
    let twice = made(&["52:54:00:00:01:01", "52:54:00:00:01:02", "52:54:00:00:01:01"]).await;
    twice.assert_field("mac_addresses", "MAC address 52:54:00:00:01:01 is given twice.");
    made(&["52:54:00:00:01:01", "52:54:00:00:01:02"]).await.assert(200);
}

#[tokio::test]
async fn a_deployment_that_cannot_be_says_why() {
    let region = Region::start().await;
    let form = [MACHINE.as_slice(), &[("hostname", "web")]].concat();
    let made = region.post(By::Admin, "machines/", &form).await.assert(200).json();
    let deploy = format!("machines/{}/?op=deploy", made["system_id"].as_str().unwrap());
    let refused = region.post(By::Admin, &deploy, &[("user_data", "user-data.yaml")]).await;
    let message = "It has to be base64 of what cloud-init reads, as `base64 -w0 FILE` prints it.";
    refused.assert_field("user_data", message);
    for data in ["I2Nsb3VkLWNvbmZpZw==", "#cloud-config\nusers: []", ""] {
        let refused = region.post(By::Admin, &deploy, &[("user_data", data)]).await.assert(409);
        assert_eq!(refused.text, "Can't deploy a machine that is in the 'New' state", "{data}");
    }
}
