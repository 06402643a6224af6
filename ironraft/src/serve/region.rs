//! `ironraft region init|join|run`.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Subcommand};
use identity::JoinToken;
use model::secret::Secret;
use ops::access::users::NewUser;
use region::config::{Config, Tls};
use region::init::{self, NewCluster};

use crate::cli::output::say;
use crate::serve::{absolute_path, grpc_address, name_or_hostname, rack, until_stopped};
use crate::telemetry;

/// The commands on a region node.
#[derive(Debug, Subcommand)]
pub(crate) enum RegionCommand {
    /// Make a new cluster with this node as its first
    #[command(
        after_help = "Example:\n  sudo ironraft region init --data-dir /var/lib/ironraft --address 10.0.0.1"
    )]
    Init(InitArguments),
    /// Join a cluster; run the node afterwards
    #[command(
        after_help = "Example:\n  sudo ironraft region join 10.0.0.1:5241 --data-dir /var/lib/ironraft --address 10.0.0.2"
    )]
    Join(JoinArguments),
    /// Run the node in a data folder
    #[command(after_help = "Example:\n  sudo ironraft region run --data-dir /var/lib/ironraft")]
    Run {
        /// The node's data folder
        #[arg(long, env = "IRONRAFT_DATA_DIR", value_parser = absolute_path())]
        data_dir: PathBuf,
        #[command(flatten)]
        tls: TlsArguments,
    },
}

/// How the API is served over TLS, at port 5443; it is at 5240 without.
#[derive(Debug, Args)]
pub(crate) struct TlsArguments {
    /// A file with the certificate of the API and those between it and its authority (PEM)
    #[arg(long, env = "IRONRAFT_TLS_CERT", value_parser = absolute_path(), requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// A file with the key of that certificate (PEM), which others must not be able to read
    #[arg(long, env = "IRONRAFT_TLS_KEY", value_parser = absolute_path(), requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Serve the API over TLS only; machines and racks go on without
    #[arg(long)]
    tls_only: bool,
}

impl TlsArguments {
    /// The configuration with what these say instead.
    fn applied(self, mut config: Config) -> anyhow::Result<Config> {
        if let (Some(certificate), Some(key)) = (self.tls_cert, self.tls_key) {
            config.tls = Some(Tls { certificate, key, only: false });
        }
        match &mut config.tls {
            Some(tls) => tls.only |= self.tls_only,
            None if self.tls_only => anyhow::bail!(
                "--tls-only wants a certificate: give --tls-cert and --tls-key, or make one with \
                 `region init --tls-self-made`"
            ),
            None => {}
        }
        Ok(config)
    }
}

/// How a cluster is made.
#[derive(Debug, Args)]
pub(crate) struct InitArguments {
    /// Where the node keeps its data; made if it is not there
    #[arg(long, env = "IRONRAFT_DATA_DIR", value_parser = absolute_path())]
    data_dir: PathBuf,
    /// The IP address that the other nodes and clients reach this node at
    #[arg(long, value_parser = own_address)]
    address: IpAddr,
    /// The node's name; the host's by default
    #[arg(long)]
    name: Option<String>,
    /// The administrator's name
    #[arg(long, default_value = "admin")]
    admin: String,
    /// The administrator's mail address
    #[arg(long, default_value = "admin@localhost.localdomain")]
    admin_email: String,
    /// The administrator's password; without one only the API key works
    #[arg(long, env = "IRONRAFT_ADMIN_PASSWORD", hide_env_values = true, default_value = "")]
    admin_password: Secret,
    /// Make a certificate for the API, and serve it over TLS at port 5443
    #[arg(long)]
    tls_self_made: bool,
}

/// An address that others can reach a node at.
fn own_address(text: &str) -> Result<IpAddr, String> {
    let address: IpAddr = text.parse().map_err(|_| "it is not an IP address".to_owned())?;
    if address.is_unspecified() || address.is_multicast() {
        return Err("the other nodes connect to it: give an address of this host".to_owned());
    }
    if let IpAddr::V6(address) = address
        && address.is_unicast_link_local()
    {
        return Err("it means something on its own link alone: give another one".to_owned());
    }
    Ok(address)
}

/// How a cluster is joined.
#[derive(Debug, Args)]
pub(crate) struct JoinArguments {
    /// A region node of the cluster, `ip:port` of gRPC (5241)
    #[arg(value_parser = grpc_address)]
    at: String,
    /// A token for regions
    #[arg(long, env = "IRONRAFT_JOIN_TOKEN", hide_env_values = true)]
    token: Secret,
    /// Where the node keeps its data; made if it is not there
    #[arg(long, env = "IRONRAFT_DATA_DIR", value_parser = absolute_path())]
    data_dir: PathBuf,
    /// The IP address that the other nodes and clients reach this node at
    #[arg(long, value_parser = own_address)]
    address: IpAddr,
    /// The node's name; the host's by default
    #[arg(long)]
    name: Option<String>,
    /// Make a certificate for the API, and serve it over TLS at port 5443
    #[arg(long)]
    tls_self_made: bool,
}

pub(crate) async fn run(command: RegionCommand) -> anyhow::Result<()> {
    telemetry::start();
    match command {
        RegionCommand::Init(arguments) => {
            let made = found(arguments).await?;
            show(&made);
            Ok(())
        }
        RegionCommand::Join(arguments) => join(arguments).await,
        RegionCommand::Run { data_dir, tls } => {
            let config = tls.applied(load(&data_dir)?)?;
            until_stopped(async |stop| Ok(region::app::run(config, stop).await?)).await
        }
    }
}

/// The configuration of the node in a folder.
pub(crate) fn load(data_dir: &Path) -> anyhow::Result<Config> {
    Config::load(data_dir).with_context(|| {
        let folder = data_dir.display();
        if rack::exists(data_dir) {
            return format!("{folder} belongs to a rack node: give the folder of a region node");
        }
        format!("no region node in {folder}; init or join first")
    })
}

/// Makes a cluster.
async fn found(arguments: InitArguments) -> anyhow::Result<NewCluster> {
    let name = name_or_hostname(arguments.name)?;
    let admin = NewUser {
        username: arguments.admin,
        email: arguments.admin_email,
        password: arguments.admin_password,
        is_superuser: true,
        ssh_key: None,
    };
    let mut made = init::init(&arguments.data_dir, arguments.address, &name, &admin).await?;
    if arguments.tls_self_made {
        init::make_certificate(&mut made.config)?;
    }
    Ok(made)
}

/// Makes a cluster for a look around, with the usual administrator.
pub(crate) async fn found_at(data_dir: &Path, address: IpAddr) -> anyhow::Result<NewCluster> {
    let arguments = InitArguments {
        data_dir: data_dir.to_owned(),
        address,
        name: None,
        admin: "admin".to_owned(),
        admin_email: "admin@localhost.localdomain".to_owned(),
        admin_password: Secret::default(),
        tls_self_made: false,
    };
    found(arguments).await
}

/// Prints what the operator needs to go on; each value is the last word of its line.
pub(crate) fn show(made: &NewCluster) {
    say(format_args!("cluster       {}", made.config.cluster_id));
    say(format_args!("api           http://{}/MAAS", made.config.http()));
    if let Some(tls) = &made.config.tls {
        say(format_args!("api over tls  https://{}/MAAS", made.config.https()));
        say(format_args!("certificate   {}", tls.certificate.display()));
    }
    say(format_args!("api key       {}", made.api_key.expose()));
    say(format_args!("region token  {}", made.region_token.expose()));
    say(format_args!("rack token    {}", made.rack_token.expose()));
    eprintln!(
        "when the node runs, `ironraft` needs no login on this host for who can read {}; elsewhere: ironraft login http://{}",
        made.config.data_dir.display(),
        made.config.http()
    );
}

async fn join(arguments: JoinArguments) -> anyhow::Result<()> {
    let token: JoinToken = arguments.token.expose().parse()?;
    let name = name_or_hostname(arguments.name)?;
    let (folder, at) = (&arguments.data_dir, &arguments.at);
    let mut config = init::join(folder, at, &token, arguments.address, &name).await?;
    if arguments.tls_self_made {
        init::make_certificate(&mut config)?;
    }
    say(format_args!("joined cluster {} as region node {}", config.cluster_id, config.node_id));
    say(format_args!("run it with: ironraft region run --data-dir {}", folder.display()));
    Ok(())
}
