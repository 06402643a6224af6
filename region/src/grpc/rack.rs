//! The Rack service: one session per rack, and what racks report.
//!
//! A rack gets what it serves from the node's [`Feed`], at its own pace: a slow rack costs nothing, and a
//! rack that comes back resumes from its revision on any region.
//! Secrets stay here, but for the power jobs of the rack itself.

use std::net::SocketAddr;
use std::pin::Pin;

use futures::Stream;
use model::access::Actor;
use model::controller::RegionController;
use model::id::SystemId;
use proto::convert::{mac_from_bytes, power_state_from_wire};
use proto::rack::rack_server::{Rack, RackServer};
use proto::rack::{
    CommitBindingsReply, CommitBindingsRequest, RackMessage, RegionAddress, RegionMessage,
    ReportBootReply, ReportBootRequest, ReportConflictReply, ReportConflictRequest,
    ReportExternalDhcpReply, ReportExternalDhcpRequest, ReportHeardTwiceReply,
    ReportHeardTwiceRequest, ReportNeighboursReply, ReportNeighboursRequest, ReportPowerReply,
    ReportPowerRequest, ReportTimeServiceReply, ReportTimeServiceRequest, RequestBlocksReply,
    RequestBlocksRequest,
};
use tonic::{Request, Response, Status, Streaming};

use crate::feed::Feed;
use crate::grpc::leases;
use crate::grpc::reports;
use crate::grpc::session;
use crate::reconcile::racks::Sessions;
use ops::cluster::time_services;
use ops::machine::boot_reports::{self, BootReport};
use ops::network::{conflicts, external_dhcp, neighbours, scans};
use ops::power::{self, PowerError, PowerReport};
use tables::read::Reads;
use tables::update::Tables;

/// The largest message that a rack may send, in bytes.
const MESSAGE_BYTES_MAX: usize = 16 << 20;

/// What this node tells racks of itself and the others.
#[derive(Debug, Clone)]
pub struct RegionEnds {
    /// This node's Raft id.
    pub node_id: u64,
    /// The cluster.
    pub cluster_id: String,
    /// The port of gRPC on every region.
    pub grpc_port: u16,
    /// The port of HTTP on every region.
    pub http_port: u16,
}

/// The service.
#[derive(Debug, Clone)]
pub struct RackService {
    pub(super) tables: Tables,
    pub(super) ends: RegionEnds,
    pub(super) feed: Feed,
    pub(super) sessions: Sessions,
}

impl RackService {
    /// The service as tonic mounts it; sessions follow `feed` and are entered into `sessions`.
    #[must_use]
    pub fn server(
        tables: Tables,
        ends: RegionEnds,
        feed: Feed,
        sessions: Sessions,
    ) -> RackServer<Self> {
        RackServer::new(Self { tables, ends, feed, sessions })
            .max_decoding_message_size(MESSAGE_BYTES_MAX)
            .max_encoding_message_size(4 * MESSAGE_BYTES_MAX)
    }

    /// Where all regions are, as this node knows it.
    pub(super) async fn regions(&self) -> Result<Vec<RegionAddress>, Status> {
        let view = self.tables.stale_view().await.map_err(unavailable)?;
        let regions = view.list::<RegionController>().map_err(unavailable)?;
        let address = |region: &RegionController| RegionAddress {
            node_id: region.node_id,
            grpc: SocketAddr::new(region.address, self.ends.grpc_port).to_string(),
            http: SocketAddr::new(region.address, self.ends.http_port).to_string(),
        };
        Ok(regions.iter().map(address).collect())
    }
}

#[tonic::async_trait]
impl Rack for RackService {
    type SessionStream = Pin<Box<dyn Stream<Item = Result<RegionMessage, Status>> + Send>>;

    async fn session(
        &self,
        request: Request<Streaming<RackMessage>>,
    ) -> Result<Response<Self::SessionStream>, Status> {
        let rack = caller(&request)?;
        let feed = session::open(self.clone(), rack, request.into_inner()).await?;
        Ok(Response::new(Box::pin(feed)))
    }

    async fn commit_bindings(
        &self,
        request: Request<CommitBindingsRequest>,
    ) -> Result<Response<CommitBindingsReply>, Status> {
        let rack = caller(&request)?;
        leases::commit_bindings(&self.tables, &rack, request.into_inner()).await.map(Response::new)
    }

    async fn request_blocks(
        &self,
        request: Request<RequestBlocksRequest>,
    ) -> Result<Response<RequestBlocksReply>, Status> {
        let rack = caller(&request)?;
        leases::request_blocks(&self.tables, &rack, request.into_inner()).await.map(Response::new)
    }

    async fn report_power(
        &self,
        request: Request<ReportPowerRequest>,
    ) -> Result<Response<ReportPowerReply>, Status> {
        let rack = caller(&request)?;
        let request = request.into_inner();
        let outcome = if request.done {
            Ok(power_state_from_wire(request.state))
        } else {
            Err(request.error)
        };
        let machine = request.machine.parse().map_err(invalid)?;
        let report = PowerReport { machine, job: request.job_id, outcome };
        power::report(&self.tables, &Actor::Rack(rack), &report).await.map_err(refused_report)?;
        Ok(Response::new(ReportPowerReply {}))
    }

    async fn report_boot(
        &self,
        request: Request<ReportBootRequest>,
    ) -> Result<Response<ReportBootReply>, Status> {
        let rack = caller(&request)?;
        let request = request.into_inner();
        let mac = mac_from_bytes("ReportBootRequest", "mac", &request.mac).map_err(invalid)?;
        let report = BootReport { mac, stage: request.stage, detail: request.detail };
        boot_reports::take_in(&self.tables, &Actor::Rack(rack), &report)
            .await
            .map_err(unavailable)?;
        Ok(Response::new(ReportBootReply {}))
    }

    async fn report_conflict(
        &self,
        request: Request<ReportConflictRequest>,
    ) -> Result<Response<ReportConflictReply>, Status> {
        let rack = caller(&request)?;
        let conflict = reports::conflict(&request.into_inner()).map_err(invalid)?;
        conflicts::take_in(&self.tables, &rack, &conflict).await.map_err(unavailable)?;
        Ok(Response::new(ReportConflictReply {}))
    }

    async fn report_heard_twice(
        &self,
        request: Request<ReportHeardTwiceRequest>,
    ) -> Result<Response<ReportHeardTwiceReply>, Status> {
        let rack = caller(&request)?;
        let heard = reports::heard_twice(request.into_inner()).map_err(invalid)?;
        conflicts::take_in_twice(&self.tables, &rack, &heard).await.map_err(unavailable)?;
        Ok(Response::new(ReportHeardTwiceReply {}))
    }

    async fn report_external_dhcp(
        &self,
        request: Request<ReportExternalDhcpRequest>,
    ) -> Result<Response<ReportExternalDhcpReply>, Status> {
        let rack = caller(&request)?;
        let (vlan, heard) = reports::external_dhcp(&request.into_inner()).map_err(invalid)?;
        external_dhcp::take_in(&self.tables, &rack, vlan, &heard).await.map_err(unavailable)?;
        Ok(Response::new(ReportExternalDhcpReply {}))
    }

    async fn report_neighbours(
        &self,
        request: Request<ReportNeighboursRequest>,
    ) -> Result<Response<ReportNeighboursReply>, Status> {
        let rack = caller(&request)?;
        let ReportNeighboursRequest { neighbours, finished_scan } = request.into_inner();
        let seen = reports::neighbours(neighbours).map_err(invalid)?;
        neighbours::take_in(&self.tables, &rack, &seen).await.map_err(unavailable)?;
        if finished_scan != 0 {
            scans::finish(&self.tables, &rack, finished_scan).await.map_err(unavailable)?;
        }
        Ok(Response::new(ReportNeighboursReply {}))
    }

    async fn report_time_service(
        &self,
        request: Request<ReportTimeServiceRequest>,
    ) -> Result<Response<ReportTimeServiceReply>, Status> {
        let rack = caller(&request)?;
        if let Some(state) = reports::time_service(&request.into_inner()) {
            let taken = time_services::report_of_rack(&self.tables, &rack, &state).await;
            taken.map_err(unavailable)?;
        }
        Ok(Response::new(ReportTimeServiceReply {}))
    }
}

/// The rack that calls, as its certificate proves.
fn caller<T>(request: &Request<T>) -> Result<SystemId, Status> {
    let id = identity::PeerIdentity::rack_of(request)
        .ok_or_else(|| Status::permission_denied("the caller's certificate is not a rack's"))?;
    id.parse().map_err(invalid)
}

/// What a rack is told whose report was not taken. One that does not have the job is told so, and
/// does not repeat it.
fn refused_report(error: PowerError) -> Status {
    match &error {
        PowerError::OtherRack { actor, machine, .. } => {
            tracing::warn!(%actor, machine.id = %machine, "a power report is refused: {error}");
            Status::permission_denied(error.to_string())
        }
        PowerError::NoMachine
        | PowerError::NotSwitchable { .. }
        | PowerError::Denied(_)
        | PowerError::Step(_)
        | PowerError::Table(_) => unavailable(error),
    }
}

fn invalid(error: impl std::fmt::Display) -> Status {
    Status::invalid_argument(error.to_string())
}

/// The rack may ask again, here or elsewhere.
pub(super) fn unavailable(error: impl std::fmt::Display) -> Status {
    Status::unavailable(error.to_string())
}
