//! A machine that is worked on has as long as it makes progress: what racks, its agent and its system tell moves the
//! deadline, and what they only repeat does not.

use api::agent::Outcome;
use model::access::Actor;
use model::id::SystemId;
use model::time::Timestamp;
use ops::machine::actions::DeployRequest;
use ops::machine::boot_reports::{self, BootReport};
use ops::machine::metadata::{self, BootStatus};

use crate::machines::site::{SimulatedMachine, Site};

const MAC: &str = "52:54:00:00:00:08";

async fn boot(site: &Site, stage: &str) {
    let rack = Actor::Rack("rack34".parse().expect("an id"));
    let mac = MAC.parse().expect("an address");
    let report = BootReport { mac, stage: stage.to_owned(), detail: "x".to_owned() };
    boot_reports::take_in(&site.tables, &rack, &report).await.expect("taken in");
}

/// Whether the deadline moved since it was looked at last. It was nearly over then.
async fn moved(site: &Site, id: &SystemId) -> bool {
    let mut machine = site.machine(id).await;
    let nearly = Some(Timestamp::from_unix_ms(1));
    let has_moved = machine.lifecycle.deadline != nearly;
    machine.lifecycle.deadline = nearly;
    site.tables.update(&site.cause, |tx| tx.put(&machine)).await.expect("a write");
    has_moved
}

#[tokio::test]
async fn a_deployment_has_as_long_as_it_goes_on() {
    let site = Site::new().await;
    site.upload_image().await;
    let machine = SimulatedMachine::new(MAC);
    let id = machine.commissioned(&site).await;
    site.acting(&id).deploy(&DeployRequest::default()).await.expect("deploy");
    assert!(moved(&site, &id).await, "it has begun");
    for (stage, is_progress) in [("dhcp", true), ("tftp", true), ("http", false), ("script", true)]
    {
        boot(&site, stage).await;
        assert_eq!(moved(&site, &id).await, is_progress, "{stage}");
        boot(&site, stage).await;
        assert!(!moved(&site, &id).await, "{stage} again: it boots over and over");
    }
    let welcome = machine.hello(&site).await;
    assert!(moved(&site, &id).await, "the agent is there");
    for (message, is_progress) in [
        ("unpacking (1 of 9 MiB)", true),
        ("unpacking (1 of 9 MiB)", false),
        ("unpacking (2 of 9 MiB)", true),
    ] {
        let told = Outcome::Progress { message: message.to_owned() };
        machine.report(&site, &welcome, told).await;
        assert_eq!(moved(&site, &id).await, is_progress, "{message}");
    }
    machine.report(&site, &welcome, Outcome::Installed { log: String::new() }).await;
    assert!(moved(&site, &id).await, "it is installed");
    boot(&site, "script").await;
    assert!(moved(&site, &id).await, "it starts from its disk");
    let status = BootStatus {
        stage: "init-local".to_owned(),
        description: "searching for local datasources".to_owned(),
        finished: true,
        failed: false,
    };
    let system = Actor::Machine(id.clone());
    metadata::status(&site.tables, &system, &id, &status).await.expect("taken in");
    assert!(moved(&site, &id).await, "its system starts");
}
