//! A system that runs in memory: its agent, its rack and the REST API, from `deploy` to `release`.

use api::agent::{Outcome, RunInMemory, Welcome, Work};
use model::boot::plan::{BootPlan, boot_plan};
use model::id::SystemId;
use model::machine::erasure::ErasureRequest;
use model::machine::power::{PowerAction, PowerState};
use model::machine::status::Status;
use serde_json::Value;

use crate::machines::site::{SimulatedMachine, Site};

/// The machine as the API shows it, or why it refuses.
async fn deploy(site: &Site, id: &SystemId, form: &str) -> Result<Value, String> {
    let (status, body) = site.rest("POST", &format!("machines/{id}/?op=deploy"), form).await;
    if status != 200 {
        return Err(body);
    }
    Ok(serde_json::from_str(&body).expect("JSON"))
}

fn order(welcome: &Welcome) -> &RunInMemory {
    match &welcome.work {
        Work::RunInMemory(order) => order,
        other => panic!("unexpected {other:?}"),
    }
}

fn installed() -> Outcome {
    Outcome::Installed { log: "unpacked".to_owned() }
}

#[tokio::test]
async fn a_machine_without_disks_is_deployed_in_memory_and_every_boot_starts_the_system_anew() {
    let site = Site::new().await;
    let machine = SimulatedMachine::new("52:54:00:00:00:01");
    let id = machine.commissioned(&site).await;
    let mut row = site.machine(&id).await;
    row.block_devices.clear();
    row.storage = model::machine::storage::Storage::default();
    site.tables.update(&site.cause, |tx| tx.put(&row)).await.expect("a write");
    site.upload_image().await;
    let refused = deploy(&site, &id, "").await.expect_err("there is no disk");
    assert!(refused.contains("storage"), "{refused}");
    let deploying = deploy(&site, &id, "ephemeral_deploy=true").await.expect("deploying");
    assert_eq!(deploying["ephemeral_deploy"], true);
    site.rack_does(&id, PowerAction::NetworkBoot, PowerState::On).await;

    let welcome = machine.hello(&site).await;
    let ordered = order(&welcome).clone();
    assert_eq!(ordered.fqdn, format!("{}.maas", welcome.hostname));
    let files: Vec<&str> = ordered.files.keys().map(String::as_str).collect();
    let expected = [
        "/etc/cloud/cloud.cfg.d/50-network.cfg",
        "/etc/cloud/cloud.cfg.d/90_ironraft_datasource.cfg",
    ];
    assert_eq!(files, expected);
    let answer = machine.report(&site, &welcome, installed()).await;
    assert_eq!(order(&answer), &ordered, "the agent goes on with what it has unpacked");
    assert_eq!(site.status(&id).await, Status::Deploying);
    assert_eq!(site.metadata(&id, "user-data").await.0, 404);
    assert_eq!(site.status(&id).await, Status::Deployed);

    // Another boot, with the same credentials.
    let ephemeral = BootPlan::Ephemeral { system_id: Some(id.clone()) };
    assert_eq!(boot_plan(Some(&site.machine(&id).await)), ephemeral);
    let before = site.machine(&id).await.lifecycle;
    let welcome = machine.hello(&site).await;
    assert_eq!(order(&welcome), &ordered);
    let failed = Outcome::Failed { message: "no image".to_owned(), log: String::new() };
    assert_eq!(order(&machine.report(&site, &welcome, failed).await), &ordered, "it tries again");
    assert_eq!(order(&machine.report(&site, &welcome, installed()).await), &ordered);
    assert_eq!(site.metadata(&id, "user-data").await.0, 404);
    assert_eq!(site.machine(&id).await.lifecycle, before);

    site.acting(&id).release(ErasureRequest::default()).await.expect("release");
    assert_eq!(machine.hello(&site).await.work, Work::PowerOff);
    site.rack_does(&id, PowerAction::Off, PowerState::Off).await;
    let (_, body) = site.rest("GET", &format!("machines/{id}/"), "").await;
    let free: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!((&free["status_name"], &free["ephemeral_deploy"]), (&"Ready".into(), &false.into()));
}

#[tokio::test]
async fn a_machine_with_too_little_memory_is_refused_by_name() {
    let site = Site::new().await;
    let machine = SimulatedMachine::new("52:54:00:00:00:02");
    let id = machine.commissioned(&site).await;
    site.upload_image().await;
    let mut row = site.machine(&id).await;
    row.hardware.memory_mib = 256;
    site.tables.update(&site.cause, |tx| tx.put(&row)).await.expect("a write");
    let refused = deploy(&site, &id, "ephemeral_deploy=true").await.expect_err("it does not fit");
    for says in
        ["ephemeral_deploy", "does not fit into the memory of the machine, which has 256 MiB"]
    {
        assert!(refused.contains(says), "{refused}");
    }
    assert_eq!(site.status(&id).await, Status::Ready);
}

#[tokio::test]
async fn what_the_kernel_is_told_besides_is_in_the_order_to_install() {
    let site = Site::new().await;
    let machine = SimulatedMachine::new("52:54:00:00:00:03");
    let id = machine.commissioned(&site).await;
    site.upload_image().await;
    for (path, form) in [
        ("maas/?op=set_config".to_owned(), "name=kernel_opts&value=quiet".to_owned()),
        ("tags/".to_owned(), "name=b&kernel_opts=x%3D2".to_owned()),
        ("tags/".to_owned(), "name=a&kernel_opts=x%3D1".to_owned()),
        ("tags/a/?op=update_nodes".to_owned(), format!("add={id}")),
        ("tags/b/?op=update_nodes".to_owned(), format!("add={id}")),
    ] {
        let (status, body) = site.rest("POST", &path, &form).await;
        assert_eq!(status, 200, "{path}: {body}");
    }
    deploy(&site, &id, "").await.expect("deploying");
    site.rack_does(&id, PowerAction::NetworkBoot, PowerState::On).await;
    let Work::Install(order) = machine.hello(&site).await.work else {
        panic!("no order to install")
    };
    assert_eq!(order.kernel_options, "quiet x=1 x=2");
}
