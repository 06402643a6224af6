//! A region node as a whole: builds the parts and hands each one only what it uses.
//!
//! All tasks run in one set. The first that ends, well or badly, ends the process; a stop that was
//! asked for hands leadership over first, so that the cluster does not wait for an election.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ::ntp::metrics::NtpMetrics;
use http_server::{Limits, OpenFiles};
use identity::server_certificate::{CertificateFiles, ServerCertificate};
use identity::{Identity, IdentityError};
use model::error::with_causes;
use model::webhook::Patience;
use native::webhooks::deliver::Teller;
use raft_store::{Config as StoreConfig, OpenError, Store};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tower::Layer;
use tower::util::MapRequestLayer;

use crate::admission::Admission;
use crate::answers;
use crate::clocks;
use crate::config::{Config, GRPC_PORT, HTTP_PORT, Tls};
use crate::feed::Feed;
use crate::grpc::authority::AuthorityService;
use crate::grpc::cluster::ClusterService;
use crate::grpc::rack::{RackService, RegionEnds};
use crate::grpc::removal::removed;
use crate::grpc::renewal::keep_certificate;
use crate::grpc::server;
use crate::https;
use crate::metadata::{self, MetadataParts};
use crate::ntp;
use crate::reconcile::indexes::{self, Filling};
use crate::reconcile::racks::{self, Sessions};
use crate::reconcile::webhooks::{Delivered, Webhooks};
use crate::reconcile::{
    answered, authority, contents, deploy, discovery, elections, events, image_files,
    images as image_copies, leases, logins, membership, operations, pools, power, presented,
    service_addresses, tags, tokens, usergroups, webhooks, zone_serials,
};
use crate::telemetry::Telemetry;
use crate::vouching::asking;
use crate::vouching::ledger::Ledger;
use images;
use images::Images;
use images::peers::{Peers, Ports};
use rest::call::Parts;
use rest::router::{self, collapse_slashes};
use tables::update::Tables;

/// How often a certificate is looked at.
const RENEWAL_INTERVAL: Duration = Duration::from_secs(2);

/// How many connections the HTTP port has: more than requests run, for those that wait.
const CONNECTIONS_MAX: usize = 4096;

/// How long requests in progress may take when the node stops.
const DRAIN_MAX: Duration = Duration::from_secs(3);

/// Why a region node ended.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Its certificate cannot be used.
    #[error("identity is not usable")]
    Identity(#[from] IdentityError),
    /// The certificate that the API is to be served with cannot be used.
    #[error("the certificate of the API is not usable")]
    Certificate(#[source] IdentityError),
    /// Its store cannot be opened.
    #[error("store {} of region node {node_id} cannot be opened", dir.display())]
    Store {
        /// The folder of the store.
        dir: PathBuf,
        /// The node.
        node_id: u64,
        /// Why not.
        #[source]
        source: OpenError,
    },
    /// Its image folder cannot be used.
    #[error("images are not usable")]
    Images(#[from] images::OpenError),
    /// Certificate and configuration are of different nodes.
    #[error("certificate is of {certificate}, configuration of region node {node_id}")]
    OtherNode {
        /// The name in the certificate.
        certificate: String,
        /// The node id in the configuration.
        node_id: u64,
    },
    /// An address cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The cluster took the node out. It is not to run again.
    #[error(
        "region node {node_id} was removed from cluster {cluster_id}: it stops for good; to join \
         anew, remove {} and use `ironraft region join`, which gives it a new node id",
        data_dir.display()
    )]
    Removed {
        /// The node that was removed.
        node_id: u64,
        /// The cluster it was in.
        cluster_id: String,
        /// Where its data is.
        data_dir: PathBuf,
    },
    /// A part failed.
    #[error("{part} failed: {reason}")]
    Part {
        /// Which.
        part: &'static str,
        /// Why.
        reason: String,
    },
}

/// Opens the store of a node.
///
/// # Errors
/// See [`RunError`].
pub async fn open_store(config: &Config, identity: &Identity) -> Result<Store, RunError> {
    let own = identity.own();
    if own.node_id() != Some(config.node_id) || own.cluster_id != config.cluster_id {
        let (certificate, node_id) = (own.to_string(), config.node_id);
        return Err(RunError::OtherNode { certificate, node_id });
    }
    let (dir, address) = (config.store_dir(), config.grpc().to_string());
    let opened = StoreConfig::new(dir.clone(), config.node_id, address, identity.clone());
    let opened = Store::open(opened).await;
    opened.map_err(|source| RunError::Store { dir, node_id: config.node_id, source })
}

/// The certificate of the API, if it is served over TLS.
fn certificate(config: &Config) -> Result<Option<ServerCertificate>, RunError> {
    let Some(Tls { certificate, key, .. }) = config.tls.clone() else { return Ok(None) };
    let loaded = ServerCertificate::load(CertificateFiles { certificate, key });
    loaded.map(Some).map_err(RunError::Certificate)
}

/// Runs a region node until `shutdown` is cancelled or a part of it fails.
///
/// # Errors
/// See [`RunError`].
pub async fn run(config: Config, shutdown: CancellationToken) -> Result<(), RunError> {
    if config.removed_file().exists() {
        return Err(was_removed(&config));
    }
    let hangups = https::hangups();
    let identity = Identity::load(&config.identity_dir())?;
    let certificate = certificate(&config)?;
    let http = listen(config.http()).await?;
    let https = match &certificate {
        Some(_) => Some(listen(config.https()).await?),
        None => None,
    };
    let grpc = listen(config.grpc()).await?;
    let store = open_store(&config, &identity).await?;
    // Parts stop after leadership was handed over.
    let stop = CancellationToken::new();
    let tables = Tables::new(store.clone());
    tables.clock().begin_judging();
    let ports = Ports { grpc: GRPC_PORT, http: HTTP_PORT };
    let peers = Peers::new(Some(identity.clone()), ports)?;
    let images = Images::open(config.images_dir(), tables.clone(), config.node_id, peers)?;
    let filling = Filling::default();
    let time = NtpMetrics::default();
    let mut tasks = JoinSet::new();
    let feed = Feed::new(tables.clone());
    let routes = {
        let told = webhooks(&tables, &images);
        let delivered = &told.delivered;
        let certificate = certificate.as_ref();
        let routes = routes(&tables, &images, &feed, &filling, delivered, certificate, &time);
        tasks.spawn(finished(webhooks::run(told, stop.clone())));
        routes
    };
    let is_tls_only = config.tls.as_ref().is_some_and(|tls| tls.only);
    let plain = if is_tls_only { https::without_api(routes.clone()) } else { routes.clone() };
    let plain = answers::told(plain, &config.hostname);
    let limits = Limits::of(CONNECTIONS_MAX, &OpenFiles::of_this_process());
    tasks.spawn(serve_http(http, plain, limits.clone(), stop.clone()));
    if let Some((listener, certificate)) = https.zip(certificate.as_ref()) {
        let acceptor = certificate.acceptor().map_err(RunError::Certificate)?;
        let routes = answers::told(https::over_tls(routes), &config.hostname);
        tasks.spawn(serve_https(listener, acceptor, routes, limits, stop.clone()));
    }
    tasks.spawn(finished(https::follow(certificate, hangups, stop.clone())));
    let sessions = Sessions::default();
    tasks.spawn(finished(feed.clone().run(stop.clone())));
    let ledger = Ledger::default();
    let parts = (feed, sessions.clone(), ledger.clone());
    let services = services(&config, tables.clone(), parts, images.clone());
    tasks.spawn(serve_grpc(grpc, identity.clone(), services, stop.clone()));
    spawn_reconcilers(&mut tasks, &tables, images, filling, &stop);
    tasks.spawn(stop_when_removed(config.clone(), tables.clone(), identity.clone(), stop.clone()));
    let compared = clocks::run(tables.clone(), identity.clone(), config.node_id, stop.clone());
    tasks.spawn(finished(compared));
    let named =
        service_addresses::run(tables.clone(), config.node_id, ledger.clone(), stop.clone());
    tasks.spawn(finished(named));
    let asked =
        asking::run(tables.clone(), identity.clone(), sessions.clone(), ledger, stop.clone());
    tasks.spawn(finished(asked));
    let served = ntp::run(config.clone(), tables.clone(), time, stop.clone());
    tasks.spawn(finished(served));
    tasks.spawn(finished(racks::run(tables, config.node_id, sessions, stop.clone())));
    tasks.spawn(renew(identity, config.grpc().to_string(), stop.clone()));
    if config.tls.is_some() {
        tracing::info!("the API is served at https://{}", config.https());
    }
    tracing::info!(
        node.id = config.node_id,
        cluster.id = config.cluster_id,
        "region node {} serves http://{} and gRPC {}",
        config.node_id,
        config.http(),
        config.grpc(),
    );
    let outcome = tokio::select! {
        () = shutdown.cancelled() => Ok(()),
        Some(ended) = tasks.join_next() => Err(ended_early(ended)),
    };
    // While everything is still served: requests under way go on at the next leader.
    store.hand_over().await;
    stop.cancel();
    let drained = async { while tasks.join_next().await.is_some() {} };
    if tokio::time::timeout(DRAIN_MAX, drained).await.is_err() {
        tasks.shutdown().await;
    }
    store.shutdown().await;
    outcome
}

type Ended = Result<(), RunError>;

/// Everything that is served to nodes of the cluster, and to those that join it.
fn services(
    config: &Config,
    tables: Tables,
    (feed, sessions, ledger): (Feed, Sessions, Ledger),
    images: Images,
) -> Routes {
    let mut services = Routes::builder();
    let ends = RegionEnds {
        node_id: config.node_id,
        cluster_id: config.cluster_id.clone(),
        grpc_port: GRPC_PORT,
        http_port: HTTP_PORT,
    };
    services.add_service(RackService::server(tables.clone(), ends, feed, sessions));
    if let Some(raft) = tables.store().service() {
        services.add_service(raft);
    }
    services.add_service(AuthorityService::server(tables.clone()));
    let cluster_id = config.cluster_id.clone();
    services.add_service(ClusterService::server(tables, cluster_id, config.node_id, ledger));
    // Images are files: they go over the same connections as plain HTTP/2.
    services.routes().into_axum_router().merge(images::serve::peer_router(images)).into()
}

/// Everything that is served over HTTP.
fn routes(
    tables: &Tables,
    images: &Images,
    feed: &Feed,
    filling: &Filling,
    delivered: &Delivered,
    certificate: Option<&ServerCertificate>,
    time: &NtpMetrics,
) -> axum::Router {
    let parts = Parts::new(tables.clone()).with_images(images.clone());
    let logins = Arc::clone(&parts.logins);
    let admission = Admission::new(tables.clone());
    let telemetry = Telemetry::new(tables.clone(), &admission, feed, filling)
        .with_logins(logins)
        .with_webhooks(delivered)
        .with_certificate(certificate)
        .with_time_service(time);
    let metadata = MetadataParts { tables: tables.clone(), nonces: Arc::clone(&parts.nonces) };
    let doors = router::router(parts.clone())
        .merge(native::router::router(parts))
        .merge(metadata::router(metadata))
        .merge(images::serve::router(images.clone()));
    // Pages are small, and are what is looked at when all places are taken.
    let pages = web_ui::router(tables.clone());
    telemetry.count(admission.guard(doors).merge(pages)).merge(telemetry.router())
}

/// What tells webhooks: objects are made as the API makes them.
fn webhooks(tables: &Tables, images: &Images) -> Webhooks {
    let parts = Parts::new(tables.clone()).with_images(images.clone());
    Webhooks {
        tables: tables.clone(),
        teller: Teller::new(parts),
        patience: Patience::default(),
        delivered: Delivered::default(),
    }
}

fn spawn_reconcilers(
    tasks: &mut JoinSet<Ended>,
    tables: &Tables,
    images: Images,
    filling: Filling,
    stop: &CancellationToken,
) {
    let (tables, stop) = (tables.clone(), stop.clone());
    tasks.spawn(finished(image_copies::run(images.clone(), stop.clone())));
    tasks.spawn(finished(image_files::run(images.clone(), stop.clone())));
    let parts = Parts::new(tables.clone()).with_images(images);
    tasks.spawn(finished(operations::run(parts, stop.clone())));
    tasks.spawn(finished(operations::run_forgetting(tables.clone(), stop.clone())));
    tasks.spawn(finished(elections::run(tables.clone(), stop.clone())));
    tasks.spawn(finished(events::run(tables.clone(), stop.clone())));
    tasks.spawn(finished(tokens::run(tables.clone(), stop.clone())));
    tasks.spawn(finished(usergroups::run(tables.clone(), stop.clone())));
    tasks.spawn(finished(presented::run(tables.clone(), stop.clone())));
    tasks.spawn(finished(logins::run(tables.clone(), stop.clone())));
    tasks.spawn(finished(answered::run(tables.clone(), stop.clone())));
    tasks.spawn(finished(indexes::run(tables.clone(), filling, stop.clone())));
    tasks.spawn(finished(contents::run(tables.clone(), stop.clone())));
    tasks.spawn(finished(authority::run(tables.clone(), stop.clone())));
    tasks.spawn(finished(membership::run(tables.clone(), stop.clone())));
    tasks.spawn(finished(power::run(tables.clone(), stop.clone())));
    tasks.spawn(finished(leases::run(tables.clone(), stop.clone())));
    tasks.spawn(finished(leases::run_ends(tables.clone(), stop.clone())));
    tasks.spawn(finished(pools::run(tables.clone(), stop.clone())));
    tasks.spawn(finished(discovery::run(tables.clone(), stop.clone())));
    tasks.spawn(finished(discovery::run_forgetting(tables.clone(), stop.clone())));
    tasks.spawn(finished(tags::run(tables.clone(), stop.clone())));
    tasks.spawn(finished(zone_serials::run(tables.clone(), stop.clone())));
    tasks.spawn(finished(deploy::run(tables, stop)));
}

async fn finished(part: impl Future<Output = ()>) -> Ended {
    part.await;
    Ok(())
}

async fn listen(address: SocketAddr) -> Result<TcpListener, RunError> {
    TcpListener::bind(address).await.map_err(|source| RunError::Listen { address, source })
}

async fn serve_http(
    listener: TcpListener,
    routes: axum::Router,
    limits: Limits,
    stop: CancellationToken,
) -> Ended {
    let service = MapRequestLayer::new(collapse_slashes).layer(routes);
    http_server::serve(listener, service, limits, stop).await;
    Ok(())
}

async fn serve_https(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    routes: axum::Router,
    limits: Limits,
    stop: CancellationToken,
) -> Ended {
    let service = MapRequestLayer::new(collapse_slashes).layer(routes);
    http_server::serve_tls(listener, acceptor, service, limits, stop).await;
    Ok(())
}

async fn serve_grpc(
    listener: TcpListener,
    identity: Identity,
    routes: Routes,
    stop: CancellationToken,
) -> Ended {
    // Sessions of racks never end by themselves: they are cut, and go to another region.
    tokio::select! {
        () = stop.cancelled() => Ok(()),
        served = server::serve(listener, &identity, routes) => {
            served.map_err(|error| failed("gRPC", &error))
        }
    }
}

/// Keeps the node's certificate fresh; it asks its own cluster service.
async fn renew(identity: Identity, own_grpc: String, stop: CancellationToken) -> Ended {
    tokio::select! {
        () = stop.cancelled() => {}
        () = keep_certificate(identity, &own_grpc, RENEWAL_INTERVAL) => {}
    }
    Ok(())
}

/// Fails when the cluster took this node out, and remembers it: the node must not come back under
/// the id that it had.
async fn stop_when_removed(
    config: Config,
    tables: Tables,
    identity: Identity,
    stop: CancellationToken,
) -> Ended {
    tokio::select! {
        () = stop.cancelled() => return Ok(()),
        () = removed(tables, identity, config.node_id) => {}
    }
    let error = was_removed(&config);
    if let Err(cause) = std::fs::write(config.removed_file(), format!("{error}\n")) {
        tracing::warn!(%cause, "cannot write {}", config.removed_file().display());
    }
    tracing::error!(node.id = config.node_id, "{error}");
    Err(error)
}

fn was_removed(config: &Config) -> RunError {
    let Config { node_id, cluster_id, data_dir, .. } = config.clone();
    RunError::Removed { node_id, cluster_id, data_dir }
}

fn ended_early(ended: Result<Ended, tokio::task::JoinError>) -> RunError {
    match ended {
        Ok(Ok(())) => RunError::Part { part: "a task", reason: "it ended".to_owned() },
        Ok(Err(error)) => error,
        Err(panic) => failed("a task", &panic),
    }
}

fn failed(part: &'static str, error: &dyn std::error::Error) -> RunError {
    RunError::Part { part, reason: with_causes(error) }
}
