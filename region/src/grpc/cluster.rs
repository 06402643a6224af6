//! The cluster service: joining, renewing certificates, status. Unpacks, calls `ops`, packs.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use identity::token::JoinRole;
use identity::{JoinToken, PeerIdentity};
use model::controller::RegionController;
use proto::cluster::cluster_server::{Cluster, ClusterServer};
use proto::cluster::{
    ApiKeyReply, ApiKeyRequest, Certificate, ClockReply, ClockRequest, CreateTokenReply,
    CreateTokenRequest, HeardRack, IsRemovedReply, IsRemovedRequest, JoinReply, JoinRequest,
    Member, Peer, RemoveRegionReply, RemoveRegionRequest, RenewRequest, StatusReply, StatusRequest,
    TransferLeaderReply, TransferLeaderRequest, VouchReply, VouchRequest, create_token_request,
    join_request,
};
use tonic::{Request, Response, Status};

use crate::config::{GRPC_PORT, HTTP_PORT};
use crate::grpc::status::{any_node, of_kind, on_behalf, only_regions};
use crate::standing;
use crate::vouching::asking::{Vouched, apart, vouch};
use crate::vouching::ledger::{Ledger, RackProcess};
use ops::access::account;
use ops::cluster::leadership;
use ops::cluster::nodes::{self, JoinError, NewRack, NewRegion};
use tables::error::TableError;
use tables::peers::Standing;
use tables::read::Reads;
use tables::update::{Tables, now};

/// Answers the cluster service on one region node.
#[derive(Debug, Clone)]
pub struct ClusterService {
    tables: Tables,
    cluster_id: String,
    node_id: u64,
    ledger: Ledger,
}

impl ClusterService {
    /// The service over these tables, of the node with this id.
    #[must_use]
    pub fn server(
        tables: Tables,
        cluster_id: String,
        node_id: u64,
        ledger: Ledger,
    ) -> ClusterServer<Self> {
        ClusterServer::new(Self { tables, cluster_id, node_id, ledger })
    }

    async fn peers(&self) -> Result<Vec<Peer>, TableError> {
        let view = self.tables.stale_view().await?;
        Ok(view.list::<RegionController>()?.iter().map(peer_of).collect())
    }
}

#[tonic::async_trait]
impl Cluster for ClusterService {
    async fn join(&self, request: Request<JoinRequest>) -> Result<Response<JoinReply>, Status> {
        let request = request.into_inner();
        let token: JoinToken =
            request.token.parse().map_err(|_| refused(&JoinError::UnknownToken))?;
        let mut reply = JoinReply { cluster_id: self.cluster_id.clone(), ..JoinReply::default() };
        let issued = match request.node {
            None => return Err(Status::invalid_argument("neither a region nor a rack")),
            Some(join_request::Node::Region(new)) => {
                let new = new_region(new)?;
                let pem = &request.request_pem;
                let admitted = nodes::admit_region(&self.tables, &token, pem, &new).await;
                let (region, issued) = admitted.map_err(|error| refused(&error))?;
                tracing::info!(node.id = region.node_id, "region {} joined", region.hostname);
                reply.node_id = region.node_id;
                reply.system_id = region.system_id.to_string();
                issued
            }
            Some(join_request::Node::Rack(new)) => {
                let new = NewRack { hostname: new.hostname, version: new.version };
                let pem = &request.request_pem;
                let admitted = nodes::admit_rack(&self.tables, &token, pem, &new).await;
                let (rack, issued) = admitted.map_err(|error| refused(&error))?;
                tracing::info!(rack.id = %rack.system_id, "rack {} joined", rack.hostname);
                reply.system_id = rack.system_id.to_string();
                issued
            }
        };
        reply.certificate = Some(certificate(issued));
        reply.regions = self.peers().await.map_err(|error| refused(&error.into()))?;
        Ok(Response::new(reply))
    }

    async fn renew(&self, request: Request<RenewRequest>) -> Result<Response<Certificate>, Status> {
        let (actor, peer) = any_node(&request)?;
        let pem = &request.get_ref().request_pem;
        let issued = nodes::renew(&self.tables, &actor, &peer, pem).await;
        Ok(Response::new(certificate(issued.map_err(|error| refused(&error))?)))
    }

    async fn status(
        &self,
        request: Request<StatusRequest>,
    ) -> Result<Response<StatusReply>, Status> {
        only_regions(&request)?;
        let peers = self.peers().await.map_err(|error| refused(&error.into()))?;
        let known: BTreeMap<u64, Peer> =
            peers.into_iter().map(|peer| (peer.node_id, peer)).collect();
        let offsets_ms = self.tables.clock().offsets_ms();
        let Some(status) = self.tables.store().status() else {
            return Err(Status::unavailable("the store is not replicated"));
        };
        let members = status.members.into_iter().map(|member| Member {
            peer: Some(known.get(&member.id).cloned().unwrap_or_else(|| Peer {
                node_id: member.id,
                grpc: member.address.clone(),
                ..Peer::default()
            })),
            voter: member.voter,
            lag: member.lag,
            clock_offset_ms: offsets_ms.get(&member.id).copied(),
        });
        Ok(Response::new(StatusReply {
            node_id: self.node_id,
            cluster_id: self.cluster_id.clone(),
            term: status.term,
            leader: status.leader,
            applied: status.applied,
            members: members.collect(),
            clock_refusal: self.tables.clock().refusal(),
        }))
    }

    async fn create_token(
        &self,
        request: Request<CreateTokenRequest>,
    ) -> Result<Response<CreateTokenReply>, Status> {
        let actor = only_regions(&request)?;
        let role = match request.get_ref().role() {
            create_token_request::Role::Region => JoinRole::Region,
            create_token_request::Role::Rack => JoinRole::Rack,
        };
        let valid = Duration::from_millis(request.get_ref().valid_ms);
        let tables = on_behalf(&self.tables, &actor, &request);
        let token = nodes::create_token(&tables, &actor, role, valid).await;
        let token = token.map_err(|error| refused(&error))?.to_string();
        Ok(Response::new(CreateTokenReply { token }))
    }

    async fn remove_region(
        &self,
        request: Request<RemoveRegionRequest>,
    ) -> Result<Response<RemoveRegionReply>, Status> {
        let actor = only_regions(&request)?;
        let node_id = request.get_ref().node_id;
        let tables = on_behalf(&self.tables, &actor, &request);
        let removed = nodes::remove_region(&tables, &actor, node_id).await;
        let region = removed.map_err(|error| of_kind(error.kind(), error.to_string()))?;
        tracing::info!(node.id = region.node_id, "region {} is taken out", region.hostname);
        Ok(Response::new(RemoveRegionReply { hostname: region.hostname }))
    }

    async fn is_removed(
        &self,
        request: Request<IsRemovedRequest>,
    ) -> Result<Response<IsRemovedReply>, Status> {
        only_regions(&request)?;
        let caller = PeerIdentity::region_of(&request);
        let removed = caller.is_some_and(|id| self.tables.store().is_removed(id));
        Ok(Response::new(IsRemovedReply { removed }))
    }

    async fn transfer_leader(
        &self,
        request: Request<TransferLeaderRequest>,
    ) -> Result<Response<TransferLeaderReply>, Status> {
        let actor = only_regions(&request)?;
        let (from, to) = (PeerIdentity::address_of(&request), request.get_ref().node_id);
        let moved = leadership::transfer(&self.tables, &actor, from, to).await;
        moved.map_err(|error| of_kind(error.kind(), error.to_string()))?;
        Ok(Response::new(TransferLeaderReply {}))
    }

    async fn vouch(&self, request: Request<VouchRequest>) -> Result<Response<VouchReply>, Status> {
        only_regions(&request)?;
        let read = |heard: &HeardRack| Some((process(heard)?, heard.gave_up));
        let heard: Option<Vec<_>> = request.get_ref().racks.iter().map(read).collect();
        let heard = heard.ok_or_else(|| Status::invalid_argument("the id of a rack is none"))?;
        let (gave_up, heard) = apart(heard.iter().map(|(process, gave_up)| (process, *gave_up)));
        let vouched = vouch(&self.tables, &self.ledger, &heard, &gave_up).await;
        let Vouched { racks, revision } = vouched.map_err(|error| refused(&error.into()))?;
        let racks = racks.iter().map(ToString::to_string).collect();
        Ok(Response::new(VouchReply { racks, revision }))
    }

    async fn clock(&self, request: Request<ClockRequest>) -> Result<Response<ClockReply>, Status> {
        only_regions(&request)?;
        let standing =
            self.tables.store().status().map(|status| standing::message(&Standing::from(&status)));
        Ok(Response::new(ClockReply { now_ms: now().unix_ms, standing }))
    }

    async fn api_key(
        &self,
        request: Request<ApiKeyRequest>,
    ) -> Result<Response<ApiKeyReply>, Status> {
        let actor = only_regions(&request)?;
        let ApiKeyRequest { username, new_name } = request.into_inner();
        let of = Some(username.as_str()).filter(|name| !name.is_empty());
        let name = Some(new_name.as_str()).filter(|name| !name.is_empty());
        let given = account::key_for_operator(&self.tables, &actor, of, name).await;
        let (user, token) = given.map_err(|error| of_kind(error.kind(), error.to_string()))?;
        let api_key = token.api_key().expose().clone();
        Ok(Response::new(ApiKeyReply { username: user.username, api_key }))
    }
}

fn process(heard: &HeardRack) -> Option<RackProcess> {
    let rack = heard.rack.parse().ok()?;
    Some(RackProcess { rack, incarnation: heard.incarnation })
}

/// How others reach a region.
#[must_use]
pub fn peer_of(region: &RegionController) -> Peer {
    Peer {
        node_id: region.node_id,
        hostname: region.hostname.clone(),
        grpc: SocketAddr::new(region.address, GRPC_PORT).to_string(),
        http: SocketAddr::new(region.address, HTTP_PORT).to_string(),
    }
}

fn new_region(new: proto::cluster::NewRegion) -> Result<NewRegion, Status> {
    let address: IpAddr = new
        .address
        .parse()
        .map_err(|_| Status::invalid_argument(format!("`{}` is no IP address", new.address)))?;
    Ok(NewRegion { hostname: new.hostname, address, version: new.version })
}

fn certificate(issued: identity::authority::IssuedCertificate) -> Certificate {
    Certificate { chain_pem: issued.chain_pem, authorities_pem: issued.authorities_pem }
}

fn refused(error: &JoinError) -> Status {
    of_kind(error.kind(), error.to_string())
}
