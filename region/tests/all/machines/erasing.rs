//! Erasing disks before a machine is given back: from the parameters of `release` and the settings of the site to the
//! order that the agent gets, through lost power, to the machine that is free or has failed.

use api::agent::{Erasure, Outcome, Welcome, Work};
use model::event::Event;
use model::id::SystemId;
use model::machine::erasure::ErasureRequest;
use model::machine::power::{PowerAction, PowerState};
use model::machine::status::Status;
use tables::read::Reads;

use crate::machines::site::{SimulatedMachine, Site};

/// What the agent is told when nobody asked for another way: what MAAS's settings are by default.
const BY_DEFAULT: Erasure = Erasure { secure: true, quick: false };

/// A machine that is its user's.
async fn allocated(site: &Site, machine: &SimulatedMachine) -> SystemId {
    let id = machine.commissioned(site).await;
    site.allocate().await.expect("a machine");
    id
}

async fn release(site: &Site, id: &SystemId, form: &str) -> Result<(), String> {
    let (status, body) = site.rest("POST", &format!("machines/{id}/?op=release"), form).await;
    if status == 200 { Ok(()) } else { Err(body) }
}

async fn set(site: &Site, name: &str, value: bool) {
    let form = format!("name={name}&value={value}");
    let (status, body) = site.rest("POST", "maas/?op=set_config", &form).await;
    assert_eq!(status, 200, "{body}");
}

fn order(welcome: &Welcome) -> Erasure {
    match &welcome.work {
        Work::Erase(order) => *order,
        other => panic!("unexpected {other:?}"),
    }
}

/// Takes it back from erasing, for another try.
async fn fail(site: &Site, machine: &SimulatedMachine, id: &SystemId) {
    let welcome = machine.hello(site).await;
    let failed = Outcome::Failed { message: "disk vda: no".to_owned(), log: String::new() };
    machine.report(site, &welcome, failed).await;
    assert_eq!(site.status(id).await, Status::FailedDiskErasing);
}

#[tokio::test]
async fn disks_are_erased_before_a_machine_is_given_back() {
    let site = Site::new().await;
    let machine = SimulatedMachine::new("52:54:00:00:00:06");
    let id = allocated(&site, &machine).await;
    site.acting(&id).release(ErasureRequest::ERASE).await.expect("release");
    assert_eq!(site.status(&id).await, Status::DiskErasing);
    site.rack_does(&id, PowerAction::NetworkBoot, PowerState::On).await;
    let welcome = machine.hello(&site).await;
    assert_eq!(order(&welcome), BY_DEFAULT);
    assert!(site.machine(&id).await.placement.owner.is_some(), "not before it is erased");

    let erased = Outcome::Erased { log: "erasing vda".to_owned() };
    for _ in 0..2 {
        // The second time because the answer to the first was lost.
        let answer = machine.report(&site, &welcome, erased.clone()).await;
        assert_eq!(answer.work, Work::PowerOff);
        assert_eq!(site.status(&id).await, Status::Ready);
    }
    assert_eq!(site.machine(&id).await.placement.owner, None);
    site.rack_does(&id, PowerAction::Off, PowerState::Off).await;
}

#[tokio::test]
async fn a_release_says_how_disks_are_erased_and_the_site_has_the_rest() {
    let site = Site::new().await;
    let machine = SimulatedMachine::new("52:54:00:00:00:06");
    let id = allocated(&site, &machine).await;
    for (form, secure, quick) in [
        ("erase=true", true, false),
        ("erase=true&quick_erase=true", true, true),
        ("erase=true&secure_erase=false", false, false),
        ("erase=true&secure_erase=false&quick_erase=true", false, true),
    ] {
        release(&site, &id, form).await.unwrap_or_else(|error| panic!("{form}: {error}"));
        let told = machine.hello(&site).await;
        assert_eq!(order(&told), Erasure { secure, quick }, "{form}");
        fail(&site, &machine, &id).await;
    }
    set(&site, "disk_erase_with_secure_erase", false).await;
    set(&site, "disk_erase_with_quick_erase", true).await;
    release(&site, &id, "erase=true").await.expect("released");
    assert_eq!(order(&machine.hello(&site).await), Erasure { secure: false, quick: true });
    fail(&site, &machine, &id).await;

    for field in ["quick_erase", "secure_erase"] {
        let refused = release(&site, &id, &format!("{field}=true")).await.expect_err("no erase");
        let refused: serde_json::Value = serde_json::from_str(&refused).expect("JSON");
        let told = "Nothing is erased without `erase`: send that as well.";
        assert_eq!(refused, serde_json::json!({ field: [told] }));
    }
    assert_eq!(site.status(&id).await, Status::FailedDiskErasing, "nothing was done");
    set(&site, "enable_disk_erasing_on_release", true).await;
    release(&site, &id, "secure_erase=true").await.expect("the site wants all of them erased");
    assert_eq!(order(&machine.hello(&site).await), Erasure { secure: true, quick: true });
    fail(&site, &machine, &id).await;

    let form = format!("machines={id}&quick_erase=false&comment=fan");
    let (status, body) = site.rest("POST", "machines/?op=release", &form).await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(order(&machine.hello(&site).await), Erasure { secure: false, quick: false });
    let events = site.tables.view().await.expect("a view").list::<Event>().expect("events");
    let said = events.into_iter().filter(|event| event.kind == "User erasing disk");
    let said: Vec<String> = said.map(|event| event.description).collect();
    assert_eq!(said.len(), 7);
    assert_eq!(said[0], "by the disks themselves, and in full where they cannot");
    assert_eq!(said[6], "in full");
}

#[tokio::test]
async fn a_machine_that_lost_power_while_it_was_erased_goes_on_when_it_boots_again() {
    let site = Site::new().await;
    let machine = SimulatedMachine::new("52:54:00:00:00:06");
    let id = allocated(&site, &machine).await;
    release(&site, &id, "erase=true&quick_erase=true").await.expect("released");
    let before = machine.hello(&site).await;
    let message = "erasing vda in full (50 %, 4 of 8 bytes)".to_owned();
    machine.report(&site, &before, Outcome::Progress { message: message.clone() }).await;
    assert_eq!(site.machine(&id).await.lifecycle.progress, message);

    let after = machine.hello(&site).await;
    assert_eq!((after.job, &after.work), (before.job, &before.work));
    let late = machine.try_report(&site, &before, Outcome::Erased { log: String::new() }).await;
    assert!(late.is_err(), "what was before the restart says no more");
    assert_eq!(site.status(&id).await, Status::DiskErasing);
    machine.report(&site, &after, Outcome::Erased { log: String::new() }).await;
    assert_eq!(site.status(&id).await, Status::Ready);
}

#[tokio::test]
async fn machine_whose_disks_cannot_be_erased_stays_its_owner_s() {
    let site = Site::new().await;
    let machine = SimulatedMachine::new("52:54:00:00:00:07");
    let id = allocated(&site, &machine).await;
    site.acting(&id).release(ErasureRequest::ERASE).await.expect("release");
    let welcome = machine.hello(&site).await;
    let message = "disk vda is not erased: byte 4096 is as it was".to_owned();
    let failed = Outcome::Failed { message: message.clone(), log: String::new() };
    machine.report(&site, &welcome, failed).await;
    let known = site.machine(&id).await;
    assert_eq!(Status::of(&known.lifecycle), Status::FailedDiskErasing);
    assert_eq!(known.lifecycle.failure.expect("it failed").message, message);
    assert!(known.placement.owner.is_some());
    // It can be tried again, or released without erasing.
    site.acting(&id).release(ErasureRequest::ERASE).await.expect("release");
    assert_eq!(site.status(&id).await, Status::DiskErasing);
    // One that is silent is not waited for without end.
    site.let_deadline_pass(&id).await;
    region::reconcile::deploy::pass(&site.tables).await.expect("a pass");
    assert_eq!(site.status(&id).await, Status::FailedDiskErasing);
    site.acting(&id).release(ErasureRequest::default()).await.expect("release");
    assert_eq!(site.status(&id).await, Status::Releasing);
}

#[tokio::test]
async fn an_agent_that_erases_quickly_only_is_given_no_other_order() {
    let site = Site::new().await;
    let machine = SimulatedMachine::new("52:54:00:00:00:07");
    let id = allocated(&site, &machine).await;
    release(&site, &id, "erase=true&secure_erase=false&quick_erase=true").await.expect("released");
    assert_eq!(order(&machine.hello_of(&site, false).await), Erasure::default());
    fail(&site, &machine, &id).await;
    release(&site, &id, "erase=true").await.expect("released");
    assert_eq!(machine.hello_of(&site, false).await.work, Work::PowerOff);
    let known = site.machine(&id).await.lifecycle;
    assert_eq!(Status::of(&known), Status::FailedDiskErasing);
    let message = known.failure.expect("it failed").message;
    assert!(message.contains("upload the present one"), "{message}");
}
