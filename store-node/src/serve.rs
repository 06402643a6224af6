//! The store process: opens the store and serves peers and clients until a signal ends it.

use anyhow::Context;
use identity::{Identity, Role};
use raft_store::{Config, Store};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use tonic::transport::Server;
use tonic::transport::server::{Router, TcpIncoming};

use crate::options::Options;
use crate::service::Service;
use crate::wire::admin_server::AdminServer;
use crate::wire::kv_server::KvServer;

/// The greatest message of a client; a range can be long.
const MESSAGE_BYTES_MAX: usize = 64 << 20;
/// HTTP/2 windows of clients, so that they do not limit a range.
const WINDOW_BYTES: u32 = 1 << 20;

/// Serves until SIGTERM or SIGINT, and then stops cleanly.
///
/// # Errors
/// When the identity or the folder cannot be used, or an address is in use.
pub async fn run(options: Options) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
    let identity = Identity::load(&options.identity).context("cannot read the identity")?;
    let peers = TcpListener::bind(options.peer)
        .await
        .with_context(|| format!("cannot listen on {}", options.peer))?;
    let clients = TcpListener::bind(options.client)
        .await
        .with_context(|| format!("cannot listen on {}", options.client))?;
    let store = Store::open(config(&options, &identity)?).await.context("cannot open the store")?;
    let service = store.service().context("the store is not in memory")?;
    let peer_server = Server::builder()
        .add_service(service)
        .serve_with_incoming(identity::incoming(peers, &identity));
    let router = client_router(&store);
    let client_server = async {
        if options.client_tls {
            router.serve_with_incoming(identity::incoming(clients, &identity)).await
        } else {
            let incoming = TcpIncoming::from(clients).with_nodelay(Some(true));
            router.serve_with_incoming(incoming).await
        }
    };
    tracing::info!(peer = %options.peer, client = %options.client, "serving");
    tokio::select! {
        served = peer_server => served.context("cannot serve peers"),
        served = client_server => served.context("cannot serve clients"),
        // The servers go on while the store stops, so that it can hand over to another node.
        () = async {
            tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
            store.shutdown().await;
        } => Ok(()),
    }
}

fn config(options: &Options, identity: &Identity) -> anyhow::Result<Config> {
    let Role::Region { node_id } = identity.own().role else {
        anyhow::bail!("the certificate is of {} and not of a region node", identity.own());
    };
    let (folder, address) = (options.folder.clone(), options.peer.to_string());
    Ok(Config {
        timers: options.timers(),
        retention: options.retention(),
        snapshots: options.snapshots(),
        ..Config::new(folder, node_id, address, identity.clone())
    })
}

fn client_router(store: &Store) -> Router {
    let service = Service::new(store.clone());
    let kv = KvServer::new(service.clone())
        .max_decoding_message_size(MESSAGE_BYTES_MAX)
        .max_encoding_message_size(MESSAGE_BYTES_MAX);
    Server::builder()
        .initial_stream_window_size(WINDOW_BYTES)
        .initial_connection_window_size(4 * WINDOW_BYTES)
        .add_service(kv)
        .add_service(AdminServer::new(service))
}
