//! A simulated machine goes through its whole life over an in-memory store: enlisted by its agent,
//! commissioned, allocated, deployed by its own first boot, released.

use api::agent::{Outcome, Work};
use model::machine::erasure::ErasureRequest;
use model::machine::lifecycle::{Kept, Phase};
use model::machine::power::{PowerAction, PowerState};
use model::machine::status::Status;
use model::machine::storage::curtin::Item;
use ops::access::{sshkeys, sslkeys};
use ops::machine::actions::DeployRequest;

use crate::machines::site::{SimulatedMachine, Site};

const SSH_KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGDdHbFpgaAPlUwBtLPfcQZq3vMzDP2eEUSmhUvUNXEB";
const OTHER_SSH_KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIM/XMu6TaIBE4IRYwJIDc8zdXYFp1jHJwtLEMrUdw7Qm";

const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\n\
    MIIBcjCCARmgAwIBAgIUZ48Etz/P4FWG7HSadgkdf1veWFEwCgYIKoZIzj0EAwIw\n\
    DjEMMAoGA1UEAwwDYWRhMCAXDTI2MTEyOTE3MDk0M1oYDzIxMjYxMTA1MTcwOTQz\n\
    WjAOMQwwCgYDVQQDDANhZGEwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATVPfTa\n\
    7jVDWTcL1zDbKHamOxWBPcyAS5o5mEESrNzXtKdF+WLnBxra8r3f0yIHYrlSqMfI\n\
    8ui2q5Sh3imHZmmpo1MwUTAdBgNVHQ4EFgQU4P1KCwWvCSqrgUhbxIKznYlLMz8w\n\
    HwYDVR0jBBgwFoAU4P1KCwWvCSqrgUhbxIKznYlLMz8wDwYDVR0TAQH/BAUwAwEB\n\
    /zAKBggqhkjOPQQDAgNHADBEAiAEuMl4vBfexvOib0G1eSgJWsILa8s3OocDsS2D\n\
    Wd6hbwIgXhYqG4FY0YNYo2xDY2+cqJ1n4/t043Ll18oYv7LHRSs=\n\
    -----END CERTIFICATE-----";

#[tokio::test]
async fn machine_goes_from_power_on_to_deployed_and_back() {
    let site = Site::new().await;
    let machine = SimulatedMachine::new("52:54:00:00:00:01");

    // It boots for the first time, and is enlisted with its inventory.
    let welcome = machine.hello(&site).await;
    let Work::Inventory { bmc_account: Some(account) } = welcome.work.clone() else {
        panic!("unexpected {:?}", welcome.work)
    };
    let answer = machine.report(&site, &welcome, machine.inventory(Some(&account))).await;
    assert_eq!(answer.work, Work::PowerOff);
    let id = welcome.system_id.parse().expect("a system id");
    assert_eq!(site.status(&id).await, Status::New);
    let known = site.machine(&id).await;
    assert_eq!(known.power.driver, "ipmi");
    assert_eq!(known.power.parameters.get("power_pass"), Some(&account.password));
    assert_eq!(known.interfaces[0].vlan, Some(site.vlan));
    site.rack_does(&id, PowerAction::Off, PowerState::Off).await;

    // Commissioning.
    site.acting(&id).commission(Kept::default()).await.expect("commission");
    site.rack_does(&id, PowerAction::NetworkBoot, PowerState::On).await;
    let welcome = machine.hello(&site).await;
    assert_eq!(welcome.work, Work::Inventory { bmc_account: None });
    let answer = machine.report(&site, &welcome, machine.inventory(None)).await;
    assert_eq!(answer.work, Work::PowerOff);
    assert_eq!(site.status(&id).await, Status::Ready);
    site.rack_does(&id, PowerAction::Off, PowerState::Off).await;

    // Allocation and deployment.
    for key in [format!("{SSH_KEY} a"), OTHER_SSH_KEY.to_owned()] {
        let key = key.parse().expect("a key");
        sshkeys::create(&site.tables, &site.actor, &key).await.expect("a new key");
    }
    sslkeys::create(&site.tables, &site.actor, CERTIFICATE).await.expect("a certificate");
    site.upload_image().await;
    site.route_to("10.7.0.0/16", "10.0.0.253").await;
    let allocated = site.allocate().await.expect("a machine");
    assert_eq!(allocated.system_id, id);
    let deploying = site.acting(&id).deploy(&DeployRequest::default()).await.expect("deploy");
    let address = deploying.interfaces[0].links[0].ip_address.expect("an address");
    // The first of the smallest free range (MAAS).
    assert_eq!(address.to_string(), "10.0.0.201");
    site.rack_does(&id, PowerAction::NetworkBoot, PowerState::On).await;
    let welcome = machine.hello(&site).await;
    let Work::Install(install) = welcome.work.clone() else {
        panic!("unexpected {:?}", welcome.work)
    };
    assert_eq!(install.disk, "vda");
    let made = install.storage.iter().filter(|item| matches!(item, Item::Mount(_)));
    let made: Vec<&str> = made.map(Item::id).collect();
    assert_eq!(made, ["vda-part2_mount"], "as commissioning laid it out");
    insta::assert_snapshot!(site.without_secrets(&install.files).await);
    let installed = Outcome::Installed { log: "done".to_owned() };
    let answer = machine.report(&site, &welcome, installed.clone()).await;
    assert_eq!(answer.work, Work::Reboot);
    // The answer was lost: the agent says it again.
    assert_eq!(machine.report(&site, &welcome, installed).await.work, Work::Reboot);
    assert_eq!(site.status(&id).await, Status::Deploying);
    assert!(!site.machine(&id).await.lifecycle.netboot);

    // Its own system boots; only that ends the deployment.
    assert_eq!(site.metadata(&id, "meta-data/instance-id").await, (200, id.to_string()));
    let fqdn = format!("{}.maas", welcome.hostname);
    assert_eq!(site.metadata(&id, "meta-data/local-hostname").await, (200, fqdn));
    let keys = "instance-id\nlocal-hostname\npublic-keys\nvendor-data\nx509".to_owned();
    assert_eq!(site.metadata(&id, "meta-data/").await, (200, keys));
    let lines = format!("{SSH_KEY} a\n{OTHER_SSH_KEY}");
    assert_eq!(site.metadata(&id, "meta-data/public-keys").await, (200, lines));
    let certificate = (200, CERTIFICATE.to_owned());
    assert_eq!(site.metadata(&id, "meta-data/x509").await, certificate);
    let vendor_data = site.metadata(&id, "meta-data/vendor-data").await.1;
    let time = r#"\"ntp\":{\"enabled\":true,\"servers\":[\"10.0.0.1\"]}"#;
    assert!(vendor_data.contains(time), "its rack gives it the time: {vendor_data}");
    assert_eq!(site.status(&id).await, Status::Deploying);
    assert_eq!(site.metadata(&id, "user-data").await.0, 404);
    assert_eq!(site.status(&id).await, Status::Deployed);

    // Release: off, and everything is given back.
    site.acting(&id).release(ErasureRequest::default()).await.expect("release");
    assert_eq!(site.status(&id).await, Status::Releasing);
    site.rack_does(&id, PowerAction::Off, PowerState::Off).await;
    let released = site.machine(&id).await;
    assert_eq!(released.lifecycle.phase, Phase::Ready);
    assert_eq!(released.interfaces[0].links[0].ip_address, None);
    assert_eq!((released.placement.owner, released.deployment), (None, None));
    insta::assert_snapshot!(site.events().await);
}

#[tokio::test]
async fn order_that_no_rack_can_carry_out_fails_the_machine() {
    let site = Site::new().await;
    let machine = SimulatedMachine::new("52:54:00:00:00:02");
    let id = machine.enlist(&site).await;
    site.acting(&id).commission(Kept::default()).await.expect("commission");
    for _ in 0..ops::power::ATTEMPTS_MAX {
        site.rack_fails(&id, "no route to BMC").await;
        region::reconcile::power::pass(&site.tables).await.expect("a pass");
        site.hand_out_now(&id).await;
    }
    assert_eq!(site.status(&id).await, Status::FailedCommissioning);
    assert_eq!(site.machine(&id).await.power.state, PowerState::Error);
    assert_eq!(site.job(&id).await, None);
}

#[tokio::test]
async fn agent_without_the_token_of_its_boot_is_refused() {
    let site = Site::new().await;
    let machine = SimulatedMachine::new("52:54:00:00:00:03");
    let first = machine.hello(&site).await;
    let second = machine.hello(&site).await;
    assert_ne!(first.token, second.token);
    let progress = Outcome::Progress { message: "x".to_owned() };
    assert!(machine.try_report(&site, &first, progress.clone()).await.is_err());
    assert!(machine.try_report(&site, &second, progress).await.is_ok());
}

#[tokio::test]
async fn two_users_never_get_the_same_machine() {
    let site = Site::new().await;
    site.upload_image().await;
    let machine = SimulatedMachine::new("52:54:00:00:00:04");
    machine.commissioned(&site).await;
    assert!(site.allocate().await.is_ok());
    let refused = site.allocate().await.expect_err("none is left");
    assert_eq!(refused.to_string(), "No machine available.");
}

#[tokio::test]
async fn every_machine_gets_an_address_of_its_own() {
    let site = Site::new().await;
    site.upload_image().await;
    let mut addresses = std::collections::BTreeSet::new();
    for number in 0..5 {
        let machine = SimulatedMachine::new(&format!("52:54:00:00:01:0{number}"));
        let id = machine.commissioned(&site).await;
        let deployed = site.acting(&id).deploy(&DeployRequest::default()).await.expect("deploy");
        addresses.extend(deployed.interfaces[0].links[0].ip_address);
    }
    assert_eq!(addresses.len(), 5);
}

#[tokio::test]
async fn machine_gets_the_address_that_is_kept_for_it_and_leaves_it_kept() {
    let site = Site::new().await;
    site.upload_image().await;
    let machine = SimulatedMachine::new("52:54:00:00:00:01");
    let id = machine.commissioned(&site).await;
    // It is the one that any machine would get.
    let kept = "10.0.0.201";
    let form = format!("ip={kept}&mac_address=52:54:00:00:00:01");
    let (status, text) = site.rest("POST", "reservedips/", &form).await;
    assert_eq!(status, 200, "{text}");
    let other = SimulatedMachine::new("52:54:00:00:00:02").commissioned(&site).await;
    for round in 0..2 {
        for _ in 0..2 {
            site.allocate().await.expect("a machine");
        }
        for (id, is_client) in [(&other, false), (&id, true)] {
            let deploying = site.acting(id).deploy(&DeployRequest::default()).await;
            let deploying = deploying.unwrap_or_else(|error| panic!("{id}, {round}: {error}"));
            let got = deploying.interfaces[0].links[0].ip_address.expect("an address");
            assert_eq!(got.to_string() == kept, is_client, "{id}, {round}: {got}");
        }
        let form = format!("ip={kept}&mac_address=52:54:00:00:00:0{}", 3 + round);
        assert_eq!(site.rest("POST", "reservedips/", &form).await.0, 400);
        for id in [&id, &other] {
            site.acting(id).abort().await.expect("abort");
            site.acting(id).release(ErasureRequest::default()).await.expect("release");
            site.rack_does(id, PowerAction::Off, PowerState::Off).await;
        }
    }
}

#[tokio::test]
async fn machine_that_says_nothing_times_out() {
    let site = Site::new().await;
    let machine = SimulatedMachine::new("52:54:00:00:00:05");
    let id = machine.enlist(&site).await;
    site.acting(&id).commission(Kept::default()).await.expect("commission");
    machine.hello(&site).await;
    assert_eq!(site.machine(&id).await.hardware.secure_boot, Some(false));
    region::reconcile::deploy::pass(&site.tables).await.expect("a pass");
    assert_eq!(site.status(&id).await, Status::Commissioning);
    site.let_deadline_pass(&id).await;
    region::reconcile::deploy::pass(&site.tables).await.expect("a pass");
    assert_eq!(site.status(&id).await, Status::FailedCommissioning);
    // Its firmware may refuse by now what it was told to boot.
    assert_eq!(site.machine(&id).await.hardware.secure_boot, None);
}
