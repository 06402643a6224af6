//! `ironraft dev`: a region and a rack in one process and one data folder.

use std::net::{IpAddr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ::rack::config as rack_ports;
use anyhow::Context;
use clap::Args;
use identity::token::JoinRole;
use identity::{ExpectedPeer, Identity, JoinToken};
use ntp::mode::Mode;
use proto::cluster::cluster_client::ClusterClient;
use proto::cluster::{CreateTokenRequest, create_token_request};
use region::config::{Config, GRPC_PORT, HTTP_PORT};
use tokio_util::sync::CancellationToken;

use crate::serve::{absolute_path, rack, region as region_node, until_stopped};
use crate::telemetry;

/// How long the region may take until it lets the rack in.
const JOIN_MAX: Duration = Duration::from_secs(30);
const JOIN_PAUSE: Duration = Duration::from_millis(200);

/// How a node for a look around is run.
#[derive(Debug, Args)]
pub(crate) struct DevArguments {
    /// Where everything is kept; made, with a new cluster in it, if it is not there
    #[arg(long, env = "IRONRAFT_DATA_DIR", value_parser = absolute_path())]
    data_dir: PathBuf,
    /// The IP address that machines and clients reach this host at
    #[arg(long, default_value = "127.0.0.1")]
    address: IpAddr,
}

pub(crate) async fn run(arguments: DevArguments) -> anyhow::Result<()> {
    telemetry::start();
    require_free(arguments.address)?;
    let folder = arguments.data_dir.join("region");
    let config = if folder.exists() {
        region_node::load(&folder)?
    } else {
        let made = region_node::found_at(&folder, arguments.address).await?;
        region_node::show(&made);
        made.config
    };
    let rack_folder = arguments.data_dir.join("rack");
    until_stopped(|stop| both(config, rack_folder, stop)).await
}

/// Refuses to begin where a port of the two nodes is in use, before anything is made.
fn require_free(address: IpAddr) -> anyhow::Result<()> {
    let any = IpAddr::from([0, 0, 0, 0]);
    let tcp = [(address, HTTP_PORT), (address, GRPC_PORT), (any, rack_ports::HTTP_PORT), (any, 53)];
    for at in tcp {
        drop(TcpListener::bind(at).with_context(|| in_use("TCP", at))?);
    }
    for at in [(any, 53), (any, 69)] {
        drop(UdpSocket::bind(at).with_context(|| in_use("UDP", at))?);
    }
    Ok(())
}

fn in_use(protocol: &str, (address, port): (IpAddr, u16)) -> String {
    format!("{protocol} port {port} of {address} is needed: does another node run on this host?")
}

/// The region, and the rack beside it; the end of one stops the other.
async fn both(config: Config, rack_folder: PathBuf, stop: CancellationToken) -> anyhow::Result<()> {
    let (rack_stop, region_stop) = (stop.child_token(), CancellationToken::new());
    let rack = async {
        let outcome = run_rack(&config, rack_folder, rack_stop).await;
        region_stop.cancel();
        outcome
    };
    let region = async {
        // The rack serves time on this host.
        let config = Config { ntp: Mode::Off, ..config.clone() };
        let outcome = region::app::run(config, region_stop.clone()).await;
        stop.cancel();
        outcome.map_err(anyhow::Error::from)
    };
    let (rack, region) = tokio::join!(rack, region);
    region.and(rack)
}

async fn run_rack(config: &Config, folder: PathBuf, stop: CancellationToken) -> anyhow::Result<()> {
    if !rack::exists(&folder) {
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            joined = tokio::time::timeout(JOIN_MAX, join_own(config, &folder)) => {
                joined.context("the region did not accept the rack in time")??;
            }
        }
    }
    rack::serve(folder, None, stop).await
}

/// Joins the rack to the region of this process, as soon as that answers.
async fn join_own(config: &Config, folder: &Path) -> anyhow::Result<()> {
    let identity = Identity::load(&config.identity_dir())?;
    let at = config.grpc().to_string();
    let token = loop {
        match create_token(&identity, &at, JoinRole::Rack, Duration::from_secs(60)).await {
            Ok(token) => break token,
            Err(status) => {
                tracing::debug!(%status, "the region is not ready for the rack");
                tokio::time::sleep(JOIN_PAUSE).await;
            }
        }
    };
    rack::join(&at, &token, folder, &config.hostname).await?;
    Ok(())
}

/// Makes a join token at a region, as one of its peers.
pub(crate) async fn create_token(
    identity: &Identity,
    at: &str,
    role: JoinRole,
    valid: Duration,
) -> Result<JoinToken, tonic::Status> {
    let role = match role {
        JoinRole::Region => create_token_request::Role::Region,
        JoinRole::Rack => create_token_request::Role::Rack,
    };
    let valid_ms = u64::try_from(valid.as_millis()).unwrap_or(u64::MAX);
    let mut client = ClusterClient::new(identity.channel(at, ExpectedPeer::AnyRegion));
    let request = CreateTokenRequest { role: role.into(), valid_ms };
    let reply = client.create_token(request).await?.into_inner();
    reply.token.parse().map_err(|_| tonic::Status::internal("the region sent no token"))
}
