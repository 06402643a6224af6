//! `ironraft rack join|run`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Subcommand;
use identity::authority::IssuedCertificate;
use identity::node::NodeRequest;
use identity::{Identity, JoinToken};
use model::secret::Secret;
use ntp::mode::Mode;
use proto::cluster::cluster_client::ClusterClient;
use proto::cluster::{JoinRequest, NewRack, join_request};
use rack::RackConfig;
use region::init::SetupError;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::cli::output::say;
use crate::serve::{absolute_path, grpc_address, name_or_hostname, until_stopped};
use crate::telemetry;

const FILE: &str = "rack.toml";
const IDENTITY: &str = "identity";

/// The commands on a rack node.
#[derive(Debug, Subcommand)]
pub(crate) enum RackCommand {
    /// Join a cluster; run the node afterwards
    #[command(
        after_help = "Example:\n  sudo ironraft rack join 10.0.0.1:5241 --data-dir /var/lib/ironraft-rack"
    )]
    Join {
        /// A region node of the cluster, `ip:port` of gRPC (5241)
        #[arg(value_parser = grpc_address)]
        at: String,
        /// A token for racks
        #[arg(long, env = "IRONRAFT_JOIN_TOKEN", hide_env_values = true)]
        token: Secret,
        /// Where the node keeps its certificate and its cache; made if it is not there
        #[arg(long, env = "IRONRAFT_DATA_DIR", value_parser = absolute_path())]
        data_dir: PathBuf,
        /// The node's name; the host's by default
        #[arg(long)]
        name: Option<String>,
    },
    /// Run the node in a data folder
    #[command(after_help = "Example:\n  sudo ironraft rack run --data-dir /var/lib/ironraft-rack")]
    Run {
        /// The node's data folder
        #[arg(long, env = "IRONRAFT_DATA_DIR", value_parser = absolute_path())]
        data_dir: PathBuf,
        /// The folder of network boot programs (undionly.kpxe, snponly.efi, …)
        #[arg(long, value_parser = absolute_path())]
        boot_files: Option<PathBuf>,
    },
}

/// What a rack knows before it reaches a region: `rack.toml` in its data folder.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RackFile {
    /// Its system id.
    system_id: String,
    /// Its name.
    name: String,
    /// gRPC of the regions that were there when it joined; the rest it hears from them, and keeps in
    /// the file `regions`.
    regions: Vec<String>,
    /// What it does with time: `serve`, `steer` or `off`.
    #[serde(default, skip_serializing_if = "is_default")]
    ntp: Mode,
}

fn is_default(mode: &Mode) -> bool {
    *mode == Mode::default()
}

pub(crate) async fn run(command: RackCommand) -> anyhow::Result<()> {
    telemetry::start();
    match command {
        RackCommand::Join { at, token, data_dir, name } => {
            let name = name_or_hostname(name)?;
            let system_id = join(&at, &token.expose().parse()?, &data_dir, &name).await?;
            say(format_args!("joined as rack {system_id}"));
            say(format_args!("run it with: ironraft rack run --data-dir {}", data_dir.display()));
            Ok(())
        }
        RackCommand::Run { data_dir, boot_files } => {
            until_stopped(|stop| serve(data_dir, boot_files, stop)).await
        }
    }
}

/// Whether a rack node is in a folder.
pub(crate) fn exists(data_dir: &Path) -> bool {
    data_dir.join(FILE).exists()
}

/// Becomes a rack of the cluster that `at` belongs to; returns the system id.
pub(crate) async fn join(
    at: &str,
    token: &JoinToken,
    data_dir: &Path,
    name: &str,
) -> anyhow::Result<String> {
    if exists(data_dir) {
        bail!(
            "{} belongs to a rack already: run it by `ironraft rack run`, or name another folder",
            data_dir.display()
        );
    }
    let request = NodeRequest::create()?;
    let mut client = ClusterClient::new(identity::connect::joining_channel(at, token));
    let rack = NewRack { hostname: name.to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() };
    let joined = client.join(JoinRequest {
        token: token.to_string(),
        request_pem: request.request_pem.clone(),
        node: Some(join_request::Node::Rack(rack)),
    });
    let reply = match joined.await {
        Ok(reply) => reply.into_inner(),
        Err(status) => return Err(SetupError::refused(at, &status).into()),
    };
    let certificate = reply.certificate.context("the answer has no certificate")?;
    let issued = IssuedCertificate {
        chain_pem: certificate.chain_pem,
        authorities_pem: certificate.authorities_pem,
    };
    Identity::install(&data_dir.join(IDENTITY), &request, &issued)?;
    let mut regions: Vec<String> = reply.regions.into_iter().map(|region| region.grpc).collect();
    if !regions.iter().any(|known| known == at) {
        regions.push(at.to_owned());
    }
    let (system_id, name) = (reply.system_id.clone(), name.to_owned());
    let file = RackFile { system_id, name, regions, ntp: Mode::default() };
    fs::write(data_dir.join(FILE), toml::to_string(&file)?)
        .with_context(|| format!("cannot write {}", data_dir.join(FILE).display()))?;
    Ok(reply.system_id)
}

/// Runs the rack in a folder until `stop`.
pub(crate) async fn serve(
    data_dir: PathBuf,
    boot_files: Option<PathBuf>,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let text = fs::read_to_string(data_dir.join(FILE))
        .with_context(|| format!("no rack node in {}; join first", data_dir.display()))?;
    let file: RackFile = toml::from_str(&text).context("cannot read rack.toml")?;
    let identity = Identity::load(&data_dir.join(IDENTITY))?;
    if identity.own().system_id() != Some(&file.system_id) {
        bail!("the certificate is for {}, but rack.toml is for {}", identity.own(), file.system_id);
    }
    let mut config = RackConfig::new(data_dir, identity, file.regions);
    config.hostname = file.name;
    config.ntp = file.ntp;
    if let Some(boot_files) = boot_files {
        if !boot_files.is_dir() {
            bail!("--boot-files {} is no folder", boot_files.display());
        }
        config.boot_files = boot_files;
    }
    rack::run(config, stop).await
}
