//! A deployed machine goes into rescue mode and back: its agent, its rack and the REST API.

use api::agent::{Outcome, Welcome, Work};
use model::boot::plan::{BootPlan, boot_plan};
use model::id::SystemId;
use model::machine::lifecycle::Phase;
use model::machine::power::{Power, PowerAction, PowerState};
use model::machine::status::Status;
use ops::access::sshkeys;
use serde_json::Value;

use crate::machines::site::{SimulatedMachine, Site};

const SSH_KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGDdHbFpgaAPlUwBtLPfcQZq3vMzDP2eEUSmhUvUNXEB";

/// Asks for an operation; the status that the machine is in then, or what was said.
async fn ask(site: &Site, id: &SystemId, op: &str) -> Result<String, String> {
    let (status, body) = site.rest("POST", &format!("machines/{id}/?op={op}"), "").await;
    if status != 200 {
        return Err(body);
    }
    let machine: Value = serde_json::from_str(&body).expect("JSON");
    Ok(machine["status_name"].as_str().expect("a status").to_owned())
}

async fn deployed(site: &Site, id: &SystemId) {
    let mut machine = site.machine(id).await;
    machine.lifecycle.phase = Phase::Deployed;
    machine.lifecycle.netboot = false;
    machine.power.state = PowerState::On;
    site.tables.update(&site.cause, |tx| tx.put(&machine)).await.expect("a write");
}

fn keys(welcome: &Welcome) -> &[String] {
    match &welcome.work {
        Work::Rescue { authorized_keys, .. } => authorized_keys,
        other => panic!("unexpected {other:?}"),
    }
}

#[tokio::test]
async fn a_deployed_machine_is_looked_after_and_runs_again() {
    let site = Site::new().await;
    let machine = SimulatedMachine::new("52:54:00:00:00:01");
    let id = machine.commissioned(&site).await;
    let key = SSH_KEY.parse().expect("a key");
    deployed(&site, &id).await;
    assert_eq!(ask(&site, &id, "rescue_mode").await.as_deref(), Ok("Entering rescue mode"));
    let again = ask(&site, &id, "rescue_mode").await.unwrap_err();
    assert_eq!(again, "Invalid transition: Entering rescue mode -> Entering rescue mode.");
    site.rack_does(&id, PowerAction::NetworkBoot, PowerState::On).await;
    let ephemeral = BootPlan::Ephemeral { system_id: Some(id.clone()) };
    assert_eq!(boot_plan(Some(&site.machine(&id).await)), ephemeral);

    let welcome = machine.hello(&site).await;
    assert_eq!(keys(&welcome), [""; 0]);
    assert_eq!(site.status(&id).await, Status::EnteringRescueMode, "nobody can log in yet");
    let there = Outcome::Progress { message: "in rescue mode".to_owned() };
    sshkeys::create(&site.tables, &site.actor, &key).await.expect("a new key");
    let answer = machine.report(&site, &welcome, there.clone()).await;
    assert_eq!(keys(&answer), [SSH_KEY], "of who asked, as soon as there is one");
    assert_eq!(site.status(&id).await, Status::RescueMode);
    let (status, body) = site.rest("PUT", &format!("machines/{id}/"), "hostname=renamed").await;
    assert_eq!(status, 400, "the system on its disk has a name: {body}");
    let revision = site.tables.view().await.expect("a view").revision();
    machine.report(&site, &welcome, there.clone()).await;
    assert_eq!(site.tables.view().await.expect("a view").revision(), revision, "it idles");

    assert_eq!(ask(&site, &id, "exit_rescue_mode").await.as_deref(), Ok("Exiting rescue mode"));
    assert_eq!(machine.report(&site, &welcome, there).await.work, Work::Reboot);
    assert_eq!(boot_plan(Some(&site.machine(&id).await)), BootPlan::LocalDisk);
    site.rack_does(&id, PowerAction::NetworkBoot, PowerState::On).await;
    let back = site.machine(&id).await;
    assert_eq!((site.status(&id).await, back.lifecycle.netboot), (Status::Deployed, false));
    assert_eq!(back.lifecycle.rescue, None);
    let refused = ask(&site, &id, "exit_rescue_mode").await.unwrap_err();
    assert_eq!(refused, "Invalid transition: Deployed -> Exiting rescue mode.");
    let events = site.events().await;
    for says in [
        "From 'Deployed' to 'Entering rescue mode'",
        "From 'Entering rescue mode' to 'Rescue mode'",
        "From 'Exiting rescue mode' to 'Deployed'",
    ] {
        assert!(events.contains(says), "{events}");
    }
}

#[tokio::test]
async fn a_free_machine_is_off_and_free_again() {
    let site = Site::new().await;
    let machine = SimulatedMachine::new("52:54:00:00:00:02");
    let id = machine.commissioned(&site).await;
    ask(&site, &id, "rescue_mode").await.expect("entered");
    site.let_deadline_pass(&id).await;
    region::reconcile::deploy::pass(&site.tables).await.expect("a pass");
    assert_eq!(site.status(&id).await, Status::FailedEnteringRescueMode);
    ask(&site, &id, "exit_rescue_mode").await.expect("left");
    site.let_deadline_pass(&id).await;
    region::reconcile::deploy::pass(&site.tables).await.expect("a pass");
    assert_eq!(site.status(&id).await, Status::FailedExitingRescueMode);
    ask(&site, &id, "exit_rescue_mode").await.expect("left");
    site.rack_does(&id, PowerAction::Off, PowerState::Off).await;
    assert_eq!(site.status(&id).await, Status::Ready);
    assert_eq!(site.machine(&id).await.placement.owner, None);
}

#[tokio::test]
async fn a_machine_that_nobody_can_switch_goes_back_at_once() {
    let site = Site::new().await;
    let machine = SimulatedMachine::new("52:54:00:00:00:03");
    let id = machine.commissioned(&site).await;
    deployed(&site, &id).await;
    let manual = Power { driver: "manual".to_owned(), ..Power::default() };
    let row = model::machine::Machine { power: manual, ..site.machine(&id).await };
    site.tables.update(&site.cause, |tx| tx.put(&row)).await.expect("a write");
    ask(&site, &id, "rescue_mode").await.expect("entered");
    let welcome = machine.hello(&site).await;
    let failed = Outcome::Failed { message: "no SSH server".to_owned(), log: String::new() };
    assert_eq!(machine.report(&site, &welcome, failed).await.work, Work::PowerOff);
    assert_eq!(site.status(&id).await, Status::FailedEnteringRescueMode);
    assert_eq!(ask(&site, &id, "exit_rescue_mode").await.as_deref(), Ok("Deployed"));
    assert_eq!(machine.hello(&site).await.work, Work::Reboot, "somebody left it running");
}

#[tokio::test]
async fn a_machine_that_nobody_can_switch_any_more_waits_for_no_report() {
    let site = Site::new().await;
    let machine = SimulatedMachine::new("52:54:00:00:00:04");
    let id = machine.commissioned(&site).await;
    let manual = async || {
        let path = format!("machines/{id}/");
        let (status, body) = site.rest("PUT", &path, "power_type=manual").await;
        assert_eq!(status, 200, "{body}");
    };
    let ipmi = site.machine(&id).await.power;
    for is_deployed in [false, true] {
        if is_deployed {
            deployed(&site, &id).await;
        }
        let before = site.status(&id).await;
        ask(&site, &id, "rescue_mode").await.expect("entered");
        manual().await;
        assert_eq!(site.status(&id).await, Status::EnteringRescueMode, "somebody starts it");
        let row = model::machine::Machine { power: ipmi.clone(), ..site.machine(&id).await };
        site.tables.update(&site.cause, |tx| tx.put(&row)).await.expect("a write");
        ask(&site, &id, "exit_rescue_mode").await.expect("left");
        assert_eq!(site.status(&id).await, Status::ExitingRescueMode);
        manual().await;
        assert_eq!(site.status(&id).await, before);
        let row = model::machine::Machine { power: ipmi.clone(), ..site.machine(&id).await };
        site.tables.update(&site.cause, |tx| tx.put(&row)).await.expect("a write");
    }
    ask(&site, &id, "release").await.expect("released");
    assert_eq!(site.status(&id).await, Status::Releasing);
    manual().await;
    assert_eq!(site.status(&id).await, Status::Ready);
}
