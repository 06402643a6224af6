//! The authority service: what nodes have of the cluster's authorities, and how one takes the place
//! of another. Unpacks, calls `ops`, packs.

use identity::rotation::{Phase, short};
use proto::authority::authority_server::{Authority, AuthorityServer};
use proto::authority::{
    Holding, Node, ReportReply, RetireRequest, RotateRequest, StatusReply, StatusRequest,
    status_reply,
};
use tonic::{Request, Response, Status};

use crate::grpc::status::{any_node, of_kind, on_behalf, only_regions};
use ops::cluster::authority::{self, AuthorityError, AuthorityStatus, NodeStatus};
use tables::update::Tables;

/// Answers the authority service on one region node.
#[derive(Debug, Clone)]
pub struct AuthorityService {
    tables: Tables,
}

impl AuthorityService {
    /// The service over these tables.
    #[must_use]
    pub fn server(tables: Tables) -> AuthorityServer<Self> {
        AuthorityServer::new(Self { tables })
    }
}

#[tonic::async_trait]
impl Authority for AuthorityService {
    async fn report(&self, request: Request<Holding>) -> Result<Response<ReportReply>, Status> {
        let (actor, peer) = any_node(&request)?;
        let holding = unpack(request.into_inner());
        let renew = authority::report(&self.tables, &actor, &peer, &holding).await;
        let renew = renew.map_err(refused)?;
        Ok(Response::new(ReportReply { renew }))
    }

    async fn status(
        &self,
        request: Request<StatusRequest>,
    ) -> Result<Response<StatusReply>, Status> {
        let actor = only_regions(&request)?;
        answer(authority::status(&self.tables, &actor).await)
    }

    async fn rotate(
        &self,
        request: Request<RotateRequest>,
    ) -> Result<Response<StatusReply>, Status> {
        let actor = only_regions(&request)?;
        let status = authority::rotate(&on_behalf(&self.tables, &actor, &request), &actor).await;
        if let Ok(AuthorityStatus { phase, .. }) = &status
            && let Some(leaving) = phase.leaving()
        {
            tracing::info!(phase = phase.name(), "authority {} is to go", short(leaving));
        }
        answer(status)
    }

    async fn retire(
        &self,
        request: Request<RetireRequest>,
    ) -> Result<Response<StatusReply>, Status> {
        let actor = only_regions(&request)?;
        let tables = on_behalf(&self.tables, &actor, &request);
        answer(authority::retire(&tables, &actor, request.get_ref().force).await)
    }
}

fn answer(
    status: Result<AuthorityStatus, AuthorityError>,
) -> Result<Response<StatusReply>, Status> {
    let AuthorityStatus { phase, nodes } = status.map_err(refused)?;
    let wire_phase = match phase {
        Phase::Settled { .. } => status_reply::Phase::Settled,
        Phase::Distributing { .. } => status_reply::Phase::Distributing,
        Phase::Renewing { .. } => status_reply::Phase::Renewing,
    };
    Ok(Response::new(StatusReply {
        phase: wire_phase.into(),
        signing: phase.signing().to_owned(),
        also_trusted: phase.also_trusted().unwrap_or_default().to_owned(),
        nodes: nodes.into_iter().map(node).collect(),
    }))
}

fn node(node: NodeStatus) -> Node {
    Node {
        name: node.role.to_string(),
        hostname: node.hostname,
        holding: node.holding.map(pack),
        lack: node.lack.map(|lack| lack.to_string()).unwrap_or_default(),
        excused: node.excused,
    }
}

/// What a node has, as it goes over the wire.
pub(crate) fn pack(holding: identity::rotation::Holding) -> Holding {
    let trusted = holding.trusted.into_iter().collect();
    Holding { issuer: holding.issuer, trusted, expires_ms: holding.expires_ms }
}

fn unpack(holding: Holding) -> identity::rotation::Holding {
    let trusted = holding.trusted.into_iter().collect();
    let Holding { issuer, expires_ms, .. } = holding;
    identity::rotation::Holding { issuer, trusted, expires_ms }
}

#[expect(clippy::needless_pass_by_value, reason = "a function for `map_err`")]
fn refused(error: AuthorityError) -> Status {
    of_kind(error.kind(), error.to_string())
}
