//! Power reports over gRPC: taken only from the rack that has the job.

use identity::peer::Connection;
use identity::{PeerIdentity, Role};
use model::id::SystemId;
use model::machine::power::{PowerAction, PowerJob, PowerState};
use ops::machine::machines::{self, MachineChange};
use proto::convert::power_state_to_wire;
use proto::rack::ReportPowerRequest;
use proto::rack::rack_client::RackClient;
use region::feed::Feed;
use region::grpc::rack::{RackService, RegionEnds};
use region::reconcile::racks::Sessions;
use tonic::{Code, Request, Status};

use crate::machines::site::{SimulatedMachine, Site};

/// A report that the job is done and the machine off, over the connection of a rack.
async fn reported(site: &Site, rack: &str, job: &PowerJob) -> Result<(), Status> {
    let ends = RegionEnds { node_id: 1, cluster_id: "c".to_owned(), grpc_port: 1, http_port: 1 };
    let feed = Feed::new(site.tables.clone());
    let service = RackService::server(site.tables.clone(), ends, feed, Sessions::default());
    let mut request = Request::new(ReportPowerRequest {
        machine: job.machine.to_string(),
        job_id: job.id,
        done: true,
        state: power_state_to_wire(PowerState::Off),
        error: String::new(),
    });
    let role = Role::Rack { system_id: rack.to_owned() };
    let peer = Some(PeerIdentity { role, cluster_id: "c".to_owned() });
    request.extensions_mut().insert(Connection { peer, remote: ([127, 0, 0, 1], 1).into() });
    RackClient::new(service).report_power(request).await.map(|_| ())
}

async fn site_with_job() -> (Site, SystemId, PowerJob) {
    let site = Site::new().await;
    let id = SimulatedMachine::new("52:54:00:00:00:01").enlist(&site).await;
    let job = site.job(&id).await.expect("a job");
    assert_eq!(
        (job.action, job.rack.as_ref().map(SystemId::as_str)),
        (PowerAction::Off, Some("rack34"))
    );
    (site, id, job)
}

#[tokio::test]
async fn a_power_report_counts_only_from_the_rack_that_has_the_job() {
    let (site, id, job) = site_with_job().await;
    let refused = reported(&site, "rack35", &job).await.expect_err("a refusal");
    assert_eq!(refused.code(), Code::PermissionDenied);
    for name in ["rack rack35", "rack rack34", id.as_str()] {
        assert!(refused.message().contains(name), "{}", refused.message());
    }
    assert_eq!(site.job(&id).await, Some(job.clone()));
    assert_ne!(site.machine(&id).await.power.state, PowerState::Off);

    reported(&site, "rack34", &job).await.expect("taken");
    assert_eq!(site.job(&id).await, None);
    assert_eq!(site.machine(&id).await.power.state, PowerState::Off);
    // Its answer was lost: the rack says it again.
    reported(&site, "rack34", &job).await.expect("taken");
}

#[tokio::test]
async fn a_report_of_a_failed_attempt_counts_once() {
    let (site, id, job) = site_with_job().await;
    site.rack_fails(&id, "no answer").await;
    let waiting = site.job(&id).await.expect("a job");
    assert_eq!(waiting.rack, None);
    let again = reported(&site, "rack34", &job).await.expect_err("a refusal");
    assert_eq!(again.code(), Code::PermissionDenied);
    assert_eq!(site.job(&id).await, Some(waiting));
}

#[tokio::test]
async fn an_order_begins_anew_when_the_machine_is_reached_otherwise() {
    let (site, id, job) = site_with_job().await;
    let change = |name: &str, value: &str| MachineChange {
        power_parameters: [(name, value)].into(),
        ..MachineChange::default()
    };
    let update = async |change: &MachineChange| {
        machines::update(&site.tables, &site.actor, &id, change).await.expect("a change");
        site.job(&id).await.expect("a job")
    };
    let again = update(&change("power_address", "10.9.9.9")).await;
    assert_eq!((again.action, again.attempt), (job.action, 1));
    assert_ne!(again.id, job.id);
    assert_eq!(again.parameters.public("power_address"), Some("10.9.9.9"));
    // What is the same begins nothing, and neither does what is no power parameter.
    assert_eq!(update(&change("power_address", "10.9.9.9")).await, again);
    let described = MachineChange { description: Some("x".to_owned()), ..MachineChange::default() };
    assert_eq!(update(&described).await, again);
    // What the rack says of the job before changes nothing.
    reported(&site, "rack34", &job).await.expect("dropped");
    assert_eq!(site.job(&id).await, Some(again));
}
