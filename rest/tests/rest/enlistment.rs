//! Who makes machines: administrators as they want them, everybody else by presenting them.

use api::agent::{Hello, ReportedInterface};
use model::access::Actor;
use model::machine::Machine;
use model::machine::lifecycle::Phase;
use ops::machine::agent;

use crate::harness::{Answer, By, Region};
use crate::stock::machine;

const MAC: (&str, &str) = ("mac_addresses", "52:54:00:00:00:71");
const AMD64: (&str, &str) = ("architecture", "amd64");
const RESERVED: &str = "Only administrators set this: leave it out.";
const POWER_RESERVED: &str = "Only users say how a machine is switched: leave it out.";

async fn post(region: &Region, by: By, form: &[(&str, &str)]) -> Answer {
    region.post(by, "machines/", form).await
}

async fn of(region: &Region, answer: &Answer) -> Machine {
    let id = answer.json()["system_id"].as_str().unwrap().to_owned();
    let mut wanted = machine(1);
    wanted.system_id = id.parse().unwrap();
    region.stored(&wanted).await
}

#[tokio::test]
async fn a_machine_of_a_user_waits_to_be_accepted_by_an_administrator() {
    let region = Region::start().await;
    let form = [AMD64, MAC, ("hostname", "new"), ("commission", "true"), ("power_type", "manual")];
    let made = post(&region, By::User, &form).await.assert(200);
    assert_eq!(made.json()["status_name"], "New");
    assert!(made.json()["owner"].is_null());
    let id = made.json()["system_id"].as_str().unwrap().to_owned();
    for field in ["zone", "pool", "deployed"] {
        let value = if field == "deployed" { "true" } else { "default" };
        let form = [AMD64, ("mac_addresses", "52:54:00:00:00:72"), (field, value)];
        post(&region, By::User, &form).await.assert_field(field, RESERVED);
    }
    let accept = [("machines", id.as_str())];
    region.post(By::User, "machines/?op=accept", &accept).await.assert(403);
    assert_eq!(region.post(By::User, "machines/?op=accept_all", &[]).await.assert(200).text, "[]");
    region.put(By::User, &format!("machines/{id}/"), &[("description", "x")]).await.assert(403);
    let accepted = region.post(By::Admin, "machines/?op=accept_all", &[]).await.assert(200);
    assert_eq!(accepted.json()[0]["status_name"], "Commissioning");
}

#[tokio::test]
async fn whoever_has_no_key_presents_a_machine_and_is_told_little_of_it() {
    let region = Region::start().await;
    let form = [AMD64, MAC, ("hostname", "new")];
    let made = post(&region, By::Nobody, &form).await.assert(200);
    let shown = made.json();
    let names: Vec<&str> = shown.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = "architecture domain fqdn hostname node_type power_state power_type resource_uri \
        status status_action status_message status_name system_id zone";
    assert_eq!(names.join(" "), expected);
    assert_eq!((&shown["status_name"], &shown["power_type"]), (&"New".into(), &"".into()));
    let stored = of(&region, &made).await;
    assert_eq!((stored.lifecycle.phase, stored.placement.owner), (Phase::New, None));

    let other = [("architecture", "arm64"), MAC, ("mac_addresses", "52:54:00:00:00:73")];
    let known = post(&region, By::Nobody, &other).await.assert(200);
    assert_eq!(known.json()["system_id"], made.json()["system_id"], "it is known by its interface");
    assert_eq!(of(&region, &made).await, stored, "what is known of it stays");
    for driver in ["manual", "ipmi"] {
        let stolen = [AMD64, MAC, ("power_type", driver)];
        post(&region, By::Nobody, &stolen).await.assert_field("power_type", POWER_RESERVED);
    }
    let macs: Vec<String> = (0..33).map(|at| format!("52:54:00:00:09:{at:02x}")).collect();
    let many: Vec<_> = std::iter::once(AMD64)
        .chain(macs.iter().map(|mac| ("mac_addresses", mac.as_str())))
        .collect();
    let message = "At most 32 of a machine are presented.";
    post(&region, By::User, &many).await.assert_field("mac_addresses", message);
    for field in ["zone", "pool", "deployed"] {
        let form = [AMD64, ("mac_addresses", "52:54:00:00:00:72"), (field, "1")];
        post(&region, By::Nobody, &form).await.assert_field(field, RESERVED);
    }

    let mut ready = machine(5);
    ready.lifecycle.phase = Phase::Ready;
    region.store(&ready).await;
    let taken = [AMD64, ("mac_addresses", "52:54:00:00:05:00")];
    let message = "MAC address 52:54:00:00:05:00 already in use on web-5.";
    post(&region, By::Nobody, &taken).await.assert_field("mac_addresses", message);
}

#[tokio::test]
async fn a_machine_is_made_from_the_address_of_its_bmc_alone() {
    let region = Region::start().await;
    let bmc = [("power_type", "ipmi"), ("power_parameters_power_address", "10.9.0.1")];
    let made = post(&region, By::Admin, &bmc).await.assert(200);
    assert_eq!(made.json()["status_name"], "Commissioning");
    assert_eq!(made.json()["interface_set"], serde_json::json!([]));
    let message = "This field is required.";
    let other = [("power_type", "ipmi"), ("power_parameters_power_address", "10.9.0.2")];
    post(&region, By::Nobody, &other).await.assert_field("power_parameters", POWER_RESERVED);
    let manual = [("power_type", "manual")];
    let refused = post(&region, By::Admin, &manual).await.assert(400).json();
    assert_eq!(refused["architecture"][0], message);
    assert_eq!(refused["mac_addresses"][0], "One or more MAC addresses is invalid.");
    let no_address = [("power_type", "ipmi")];
    let refused = post(&region, By::Admin, &no_address).await.assert(400).json();
    assert_eq!(refused["power_parameters"][0], "IP address: This field is required.");
}

/// A machine that boots the ephemeral OS, with an address and the address of its BMC.
async fn boots(region: &Region, address: &str, bmc_address: &str) -> String {
    let mac = "52:54:00:00:00:71".to_owned();
    let interface = ReportedInterface {
        name: "eth0".to_owned(),
        mac: mac.clone(),
        addresses: vec![address.to_owned()],
        ..ReportedInterface::default()
    };
    let hello = Hello {
        interfaces: vec![interface],
        boot_mac: mac.clone(),
        architecture: "amd64/generic".to_owned(),
        uuid: String::new(),
        firmware: "uefi".to_owned(),
        secure_boot: Some(false),
        erases_as_told: true,
        bmc_address: bmc_address.to_owned(),
    };
    let welcome = agent::hello(&region.tables, &Actor::Agent(mac), &hello, "10.0.0.2:5248").await;
    welcome.unwrap().system_id
}

#[tokio::test]
async fn a_machine_made_from_its_bmc_is_known_when_it_boots() {
    let region = Region::start().await;
    let bmc = [("power_type", "ipmi"), ("power_parameters_power_address", "10.9.0.1")];
    let made = post(&region, By::Admin, &bmc).await.assert(200).json();
    assert_ne!(boots(&region, "10.0.0.9/24", "10.9.0.2").await, made["system_id"]);
    let region = Region::start().await;
    let made = post(&region, By::Admin, &bmc).await.assert(200).json();
    assert_eq!(boots(&region, "10.0.0.9/24", "10.9.0.1").await, made["system_id"]);
    let path = format!("machines/{}/", made["system_id"].as_str().unwrap());
    let shown = region.get(By::Admin, &path).await.assert(200).json();
    assert_eq!(shown["boot_interface"]["mac_address"], "52:54:00:00:00:71");
    assert_eq!(shown["architecture"], "amd64/generic");
    assert_eq!(shown["bios_boot_method"], "uefi");
    assert_eq!(shown["hardware_info"]["secure_boot"], "off");
}

#[tokio::test]
async fn a_machine_found_on_an_address_is_linked_in_its_subnet() {
    let region = Region::start().await;
    for cidr in ["10.0.0.0/24", "10.5.0.0/16"] {
        region.post(By::Admin, "subnets/", &[("cidr", cidr)]).await.assert(200);
    }
    let id = boots(&region, "10.5.0.9/16", "").await;
    let shown = region.get(By::Admin, &format!("machines/{id}/")).await.assert(200).json();
    assert_eq!(shown["boot_interface"]["links"][0]["subnet"]["cidr"], "10.5.0.0/16");
}
