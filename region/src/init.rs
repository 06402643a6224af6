//! Making a cluster, and becoming a node of one: what `region init` and `region join` do before
//! the node runs for the first time.

use std::error::Error;
use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use identity::authority::IssuedCertificate;
use identity::node::NodeRequest;
use identity::server_certificate::CertificateFiles;
use identity::token::JoinRole;
use identity::{CertificateAuthority, Identity, IdentityError, JoinToken, Role};
use model::secret::Secret;
use proto::cluster::cluster_client::ClusterClient;
use proto::cluster::{self as wire, join_request};
use raft_store::Store;
use raft_store::store::InitError;

use crate::app::{RunError, open_store};
use crate::config::{Config, ConfigError, Tls};
use model::access::Actor;
use ntp::mode::Mode;
use ops::access::users::{self, NewUser};
use ops::cluster::bootstrap::bootstrap;
use ops::cluster::nodes::{JoinError, NewRegion, create_token, init_cluster};
use ops::error::Refusal;
use tables::update::Tables;

/// How long the tokens that `init` prints let nodes in.
pub const FIRST_TOKENS_VALID: Duration = Duration::from_secs(24 * 3600);

/// How long a new single node may take to lead.
const LEADING_MAX: Duration = Duration::from_secs(30);

/// Why no cluster was made, or a node did not join.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The data folder.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Keys and certificates.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The store.
    #[error(transparent)]
    Run(#[from] RunError),
    /// Raft refused the first membership.
    #[error(transparent)]
    Init(#[from] InitError),
    /// The first node did not come to lead.
    #[error("the first node does not lead after {} s", LEADING_MAX.as_secs())]
    NoLeader,
    /// The authority or tokens.
    #[error(transparent)]
    Join(#[from] JoinError),
    /// The administrator or the default objects.
    #[error(transparent)]
    Bootstrap(#[from] Refusal),
    /// The cluster did not let the node in, or was not reached.
    #[error("cannot join at {at}: {reason}")]
    Refused {
        /// The region that was asked, `ip:port`.
        at: String,
        /// What kind of refusal it is; unavailable where it was not reached.
        code: tonic::Code,
        /// What it said, or why it was not reached.
        reason: String,
    },
}

impl SetupError {
    /// The failure of a call to `at` that should have let a node in.
    #[must_use]
    pub fn refused(at: &str, status: &tonic::Status) -> Self {
        // What has a source was not said by the other side.
        let is_reached = status.source().is_none();
        Self::Refused {
            at: at.to_owned(),
            code: if is_reached { status.code() } else { tonic::Code::Unavailable },
            reason: identity::reason::of_status(status),
        }
    }
}

/// A cluster that was made; what its operator needs to go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCluster {
    /// The first node.
    pub config: Config,
    /// The administrator's key, `consumer:token:secret`.
    pub api_key: Secret,
    /// Lets regions in.
    pub region_token: Secret,
    /// Lets racks in.
    pub rack_token: Secret,
}

/// Makes a cluster of one node in a data folder. The node does not run yet.
///
/// # Errors
/// See [`SetupError`]. A folder that was left half made has to be removed first.
pub async fn init(
    data_dir: &Path,
    address: IpAddr,
    hostname: &str,
    admin: &NewUser,
) -> Result<NewCluster, SetupError> {
    // Before anything is made.
    Config::require_fresh(data_dir)?;
    users::check(admin).map_err(Refusal::from)?;
    let authority = CertificateAuthority::create()?;
    let config = Config {
        node_id: 1,
        cluster_id: authority.cluster_id.clone(),
        hostname: hostname.to_owned(),
        address,
        tls: None,
        ntp: Mode::default(),
        data_dir: data_dir.to_owned(),
    };
    let request = NodeRequest::create()?;
    let issued = authority.issue(&request.request_pem, Role::Region { node_id: 1 })?;
    let identity = Identity::install(&config.identity_dir(), &request, &issued)?;
    let store = open_store(&config, &identity).await?;
    let made = fill(&store, &config, &authority, admin).await;
    store.shutdown().await;
    let made = made?;
    config.save()?;
    Ok(made)
}

async fn fill(
    store: &Store,
    config: &Config,
    authority: &CertificateAuthority,
    admin: &NewUser,
) -> Result<NewCluster, SetupError> {
    store.init().await?;
    let mut leadership = store.leadership();
    let leading = leadership.wait_for(|known| known.leading);
    if !matches!(tokio::time::timeout(LEADING_MAX, leading).await, Ok(Ok(_))) {
        return Err(SetupError::NoLeader);
    }
    let tables = Tables::new(store.clone());
    init_cluster(&tables, authority, &own(config)).await?;
    let key = bootstrap(&tables, admin).await?;
    let token = async |role| create_token(&tables, &Actor::Setup, role, FIRST_TOKENS_VALID).await;
    Ok(NewCluster {
        config: config.clone(),
        api_key: key.api_key(),
        region_token: token(JoinRole::Region).await?.to_string().into(),
        rack_token: token(JoinRole::Rack).await?.to_string().into(),
    })
}

/// Becomes a node of the cluster that `at` (`ip:port`) belongs to. The node does not run yet.
///
/// # Errors
/// See [`SetupError`].
pub async fn join(
    data_dir: &Path,
    at: &str,
    token: &JoinToken,
    address: IpAddr,
    hostname: &str,
) -> Result<Config, SetupError> {
    Config::require_fresh(data_dir)?;
    let request = NodeRequest::create()?;
    let node = wire::NewRegion {
        hostname: hostname.to_owned(),
        address: address.to_string(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let mut client = ClusterClient::new(identity::connect::joining_channel(at, token));
    let joined = client.join(wire::JoinRequest {
        token: token.to_string(),
        request_pem: request.request_pem.clone(),
        node: Some(join_request::Node::Region(node)),
    });
    let reply = joined.await.map_err(|status| SetupError::refused(at, &status))?.into_inner();
    let certificate = reply.certificate.ok_or_else(|| {
        SetupError::refused(at, &tonic::Status::internal("the answer has no certificate"))
    })?;
    let issued = IssuedCertificate {
        chain_pem: certificate.chain_pem,
        authorities_pem: certificate.authorities_pem,
    };
    let config = Config {
        node_id: reply.node_id,
        cluster_id: reply.cluster_id,
        hostname: hostname.to_owned(),
        address,
        tls: None,
        ntp: Mode::default(),
        data_dir: data_dir.to_owned(),
    };
    Identity::install(&config.identity_dir(), &request, &issued)?;
    config.save()?;
    Ok(config)
}

/// Makes a certificate for the API of a node that was made or has joined, which serves it over TLS from now on.
///
/// # Errors
/// See [`SetupError`].
pub fn make_certificate(config: &mut Config) -> Result<(), SetupError> {
    // The node may be run from another folder.
    let folder = std::path::absolute(config.tls_dir());
    let folder = folder.map_err(|source| ConfigError::File { path: config.tls_dir(), source })?;
    let made = CertificateFiles::make(&folder, config.address, &config.hostname)?;
    config.tls = Some(Tls { certificate: made.certificate, key: made.key, only: false });
    Ok(config.save()?)
}

fn own(config: &Config) -> NewRegion {
    NewRegion {
        hostname: config.hostname.clone(),
        address: config.address,
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}
